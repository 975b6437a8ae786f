from gan_keras import toys

import numpy as np
import pytest


def test_same_seed_same_points():
    for sample in (
        toys.ring().sample,
        toys.grid().sample,
        toys.mixture_1d([-1, 3], [0.1, 0.5]).sample,
        lambda n, seed: toys.two_moons(n, seed=seed),
    ):
        points = sample(50, seed=3)
        assert points.dtype == np.float32
        np.testing.assert_array_equal(points, sample(50, seed=3))
        assert not np.array_equal(points, sample(50, seed=4))


@pytest.mark.parametrize(
    ("toy", "modes", "dimension"),
    [(toys.ring(), 8, 2), (toys.grid(), 25, 2), (toys.mixture_1d([0, 1, 4]), 3, 1)],
)
def test_shapes(toy, modes, dimension):
    assert toy.means.shape == (modes, dimension)
    assert toy.sample(7, seed=0).shape == (7, dimension)
    assert toy.density(toy.sample(7, seed=0)).shape == (7,)


def test_geometry():
    ring = toys.ring(modes=4, radius=3.0)
    np.testing.assert_allclose(ring.means, [[3, 0], [0, 3], [-3, 0], [0, -3]], atol=1e-12)
    grid = toys.grid(side=5, spacing=2.0)
    assert {tuple(mean) for mean in grid.means} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }


def test_density_by_hand():
    mixture = toys.GaussianMixture([[0.0, 0.0], [3.0, 4.0]], std=[1.0, 2.0], weights=[0.25, 0.75])
    at_origin = 0.25 / (2 * np.pi) + 0.75 / (2 * np.pi * 4) * np.exp(-25 / 8)
    np.testing.assert_allclose(mixture.density([[0.0, 0.0]]), [at_origin], rtol=1e-6)


def test_density_integrates_to_one():
    x = np.linspace(-6, 6, 4001)
    line = toys.mixture_1d([-1.0, 2.0], [0.3, 0.6])
    assert line.density(x[:, np.newaxis]).sum() * (x[1] - x[0]) == pytest.approx(1, abs=1e-5)

    x = np.linspace(-4, 4, 801)
    points = np.stack(np.meshgrid(x, x), axis=-1).reshape(-1, 2)
    assert toys.ring().density(points).sum() * (x[1] - x[0]) ** 2 == pytest.approx(1, abs=1e-4)


def test_weights_need_to_sum_to_1_as_float32_can():
    weights = np.full(10, 0.1, np.float32)  # 1.0000000149.
    mixture = toys.GaussianMixture(np.arange(10.0), std=1, weights=weights)
    assert mixture.weights.sum() == pytest.approx(1, abs=1e-12)
    assert mixture.sample(5, seed=0).shape == (5, 1)
    with pytest.raises(ValueError, match="sum to 1"):
        toys.GaussianMixture(np.arange(10.0), std=1, weights=1.001 * weights)


def test_samples_follow_weights_and_stds():
    mixture = toys.GaussianMixture([-5.0, 5.0], std=[0.5, 1.0], weights=[0.2, 0.8])
    points = mixture.sample(20000, seed=0)[:, 0]
    left, right = points[points < 0], points[points > 0]
    assert len(left) / len(points) == pytest.approx(0.2, abs=0.01)
    assert left.mean() == pytest.approx(-5, abs=0.03)
    assert left.std() == pytest.approx(0.5, abs=0.02)
    assert right.std() == pytest.approx(1.0, abs=0.02)


def test_true_samples_reach_every_mode():
    for toy in (toys.ring(), toys.grid()):
        modes, quality = toy.count_modes(toy.sample(10000, seed=0))
        assert modes == len(toy.means)
        assert quality == pytest.approx(1 - np.exp(-9 / 2), abs=0.005)


def test_collapse_and_stray_points_are_seen():
    ring = toys.ring(modes=8, radius=2.0, std=0.1)
    points = np.concatenate([np.tile(ring.means[:2], (3, 1)), [[0.0, 0.0], [2.0, 0.31]]])
    assert ring.count_modes(points) == (2, 6 / 8)
    assert ring.count_modes(points, within=3.2) == (2, 7 / 8)
    assert ring.count_modes([[0.0, 0.0]]) == (0, 0.0)


def test_two_moons_lie_on_half_circles():
    points = toys.two_moons(400, noise=0.0, seed=0)
    upper = np.abs(np.linalg.norm(points, axis=1) - 1)
    lower = np.abs(np.linalg.norm(points - [1.0, 0.5], axis=1) - 1)
    assert np.minimum(upper, lower).max() < 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(means=[0.0, 1.0], std=0.0), "std is 0.0; it must be positive"),
        (dict(means=[0.0, 1.0], std=[1, 1, 1]), "one for each of the 2 modes"),
        (dict(means=[0.0, 1.0], std=1.0, weights=[0.5, 0.6]), "sum to 1"),
        (dict(means=[0.0, 1.0], std=1.0, weights=[1.0]), r"must be \(2,\)"),
        (dict(means=np.zeros((2, 2, 2)), std=1.0), r"must be \(modes, d\)"),
    ],
)
def test_bad_mixtures(arguments, message):
    with pytest.raises(ValueError, match=message):
        toys.GaussianMixture(**arguments)


@pytest.mark.parametrize("points", [np.zeros((4, 3)), np.zeros(4), np.zeros((0, 2))])
def test_bad_points(points):
    with pytest.raises(ValueError, match=r"they must be \(n, 2\)"):
        toys.ring().count_modes(points)
