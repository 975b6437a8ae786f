from gan_keras import latent

import numpy as np
import pytest
import tensorflow as tf


def test_latent_vectors_are_standard_normal_and_prefix_stable():
    z = latent.normal(20_000, 3, seed=0)
    assert z.dtype == np.float32 and z.shape == (20_000, 3)
    np.testing.assert_allclose(z.mean(0), 0, atol=0.03)
    np.testing.assert_allclose(np.cov(z.T), np.eye(3), atol=0.03)
    np.testing.assert_array_equal(latent.normal(10, 3, seed=0), z[:10])


def test_truncated_keeps_within_the_threshold():
    z = latent.truncated(5000, 4, threshold=0.7, seed=0)
    assert z.dtype == np.float32 and z.shape == (5000, 4)
    assert np.abs(z).max() <= 0.7 and np.abs(z).max() > 0.69
    # The variance of a standard normal cut at 0.7, from its density and distribution function.
    density, mass = np.exp(-0.245) / np.sqrt(2 * np.pi), 0.5160727
    assert z.var() == pytest.approx(1 - 2 * 0.7 * density / mass, rel=0.03)
    np.testing.assert_array_equal(z, latent.truncated(5000, 4, threshold=0.7, seed=0))
    with pytest.raises(ValueError, match="threshold is 0"):
        latent.truncated(5, 4, threshold=0)


@pytest.mark.parametrize("between", [latent.lerp, latent.slerp])
def test_paths_begin_and_end_where_they_should(between):
    a, b = latent.normal(2, 64, seed=0)
    path = between(a, b, 9)
    assert path.shape == (9, 64) and path.dtype == np.float32
    np.testing.assert_allclose(path[[0, -1]], [a, b], atol=1e-5)
    np.testing.assert_array_equal(between(tf.constant(a), tf.constant(b), 9), path)


def test_the_straight_line_dips_and_the_great_circle_does_not():
    a, b = latent.normal(2, 64, seed=0)
    lengths = np.linalg.norm([a, b], axis=1)
    assert np.linalg.norm(latent.lerp(a, b, 9), axis=1).min() < 0.85 * lengths.min()
    circle = np.linalg.norm(latent.slerp(a, b, 9), axis=1)
    np.testing.assert_allclose(circle, np.linspace(*lengths, 9), rtol=1e-5)


def test_slerp_turns_by_equal_angles():
    path = latent.slerp([3.0, 0], [0, 3.0], 4)
    angles = np.degrees(np.arctan2(path[:, 1], path[:, 0]))
    np.testing.assert_allclose(angles, [0, 30, 60, 90], atol=1e-4)
    same = latent.slerp([1.0, 2.0], [2.0, 4.0], 3)  # one direction: a straight line
    np.testing.assert_allclose(same, [[1, 2], [1.5, 3], [2, 4]])


def test_a_walk_visits_every_station_and_comes_back():
    stations = latent.normal(3, 8, seed=1)
    path = latent.walk(stations, steps=5)
    assert path.shape == (15, 8)
    np.testing.assert_allclose(path[::5], stations, atol=1e-5)
    back = latent.walk(stations, steps=5, between=latent.lerp)[-1]
    np.testing.assert_allclose(back, 0.2 * stations[2] + 0.8 * stations[0], atol=1e-5)


def test_direction_is_the_difference_of_means():
    z = np.array([[0.0, 0], [2, 0], [10, 4], [12, 4]], np.float32)
    np.testing.assert_allclose(latent.direction(z, [False, False, True, True]), [10, 4])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: latent.slerp([0.0, 0], [1, 0], 3), "zero"),
        (lambda: latent.slerp([1.0, 0], [-1, 0], 3), "opposite"),
        (lambda: latent.lerp([1.0], [1.0, 2.0], 3), r"both must be \(latent_dim,\)"),
        (lambda: latent.lerp([1.0], [2.0], 1), "at least 2"),
        (lambda: latent.walk(np.ones((1, 3)), 4), "1 stations"),
        (lambda: latent.direction(np.ones((3, 2)), [True] * 3), "some True and some False"),
        (lambda: latent.direction(np.ones((3, 2)), [True, False]), r"must be \(3,\)"),
    ],
)
def test_paths_that_cannot_be_walked(call, message):
    with pytest.raises(ValueError, match=message):
        call()
