from gan_keras.metrics import manifold_overlap, nearest

import numpy as np
import pytest


def normal(n, d=3, shift=0.0, seed=0):
    return np.random.default_rng(seed).normal(shift, 1, (n, d))


def test_three_points_by_hand():
    # With k = 1 the real balls are [-1, 1], [0, 2] and [1, 11]; the fake ones are [-0.5, 1.5],
    # [0.5, 2.5] and [1.5, 38.5].
    found = manifold_overlap([[0.0], [1.0], [6.0]], [[0.5], [1.5], [20.0]], k=1)
    assert found.precision == pytest.approx(2 / 3)  # 20 is in no real ball
    assert found.recall == 1
    assert found.density == pytest.approx((2 + 2 + 0) / 3)
    assert found.coverage == 1
    found = manifold_overlap([[0.5], [1.5], [20.0]], [[0.0], [1.0], [6.0]], k=1)
    assert found == (1, pytest.approx(2 / 3), pytest.approx((1 + 2 + 1) / 3), 1)


def test_far_apart_is_zero_and_identical_is_one():
    a = normal(300)
    assert manifold_overlap(a, a + 100) == (0, 0, 0, 0)
    same = manifold_overlap(a, a)
    assert (same.precision, same.recall, same.coverage) == (1, 1, 1)


def test_missing_modes_lower_recall_and_coverage_not_precision():
    real = np.concatenate([normal(400), normal(400, shift=30, seed=1)])
    found = manifold_overlap(real, normal(800, seed=2))
    assert found.precision > 0.9
    assert found.recall < 0.55 and found.coverage < 0.55


def test_bad_samples_lower_precision_and_density():
    real = normal(800)
    fake = np.concatenate([normal(400, seed=1), normal(400, shift=30, seed=2)])
    good, mixed = manifold_overlap(real, normal(800, seed=3)), manifold_overlap(real, fake)
    assert mixed.precision == pytest.approx(good.precision / 2, abs=0.05)
    assert mixed.density == pytest.approx(good.density / 2, abs=0.08)


def test_an_outlier_among_the_real_raises_precision_but_not_density():
    real = np.concatenate([normal(500), [[60, 60, 60]]])
    fake = normal(500, shift=30, seed=1)  # all of them inside the outlier's large ball
    found = manifold_overlap(real, fake)
    assert found.precision == 1
    assert found.density == pytest.approx(0.2, abs=0.01)
    assert found.coverage < 0.01


def test_blind_to_shift_rotation_and_scale():
    a, b = normal(200), normal(250, shift=0.5, seed=1)
    turn = np.linalg.qr(normal(3, seed=2))[0]
    moved = manifold_overlap(3 * a @ turn + 7, 3 * b @ turn + 7)
    np.testing.assert_allclose(moved, manifold_overlap(a, b), atol=1e-9)


def test_nearest_finds_the_copy():
    training = np.random.default_rng(0).uniform(-1, 1, (50, 4, 4, 1))
    queries = training[[7, 30]] + 0.01
    distances, indices = nearest(queries, training, k=2)
    np.testing.assert_array_equal(indices[:, 0], [7, 30])
    np.testing.assert_allclose(distances[:, 0], 0.04, rtol=1e-6)
    assert (distances[:, 1] > distances[:, 0]).all()
    with pytest.raises(ValueError, match="k is 60"):
        nearest(queries, training, k=60)


def test_too_few_samples():
    with pytest.raises(ValueError, match="at least 6"):
        manifold_overlap(normal(5), normal(50))
