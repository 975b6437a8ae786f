from gan_keras.metrics import frechet_distance

import numpy as np
import pytest
from scipy.linalg import sqrtm


def gaussian(mean, covariance, n=200_000, seed=0):
    return np.random.default_rng(seed).multivariate_normal(mean, covariance, n)


def test_equals_the_closed_form_for_two_gaussians():
    mean_a, cov_a = [0, 1, 2], np.diag([1.0, 4.0, 9.0])
    mean_b, cov_b = [1, 1, 0], np.array([[2, 0.5, 0], [0.5, 1, 0.2], [0, 0.2, 3]])
    exact = 5 + np.trace(cov_a + cov_b - 2 * sqrtm(cov_a @ cov_b).real)
    found = frechet_distance(gaussian(mean_a, cov_a), gaussian(mean_b, cov_b, seed=1))
    assert found == pytest.approx(exact, rel=0.02)


def test_is_zero_on_itself_symmetric_and_blind_to_rotation():
    a, b = gaussian([0, 0], np.eye(2), 500), gaussian([1, 2], [[2, 1], [1, 3]], 400, seed=1)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9)
    assert frechet_distance(a @ turn, b @ turn) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(a + 7, a) == pytest.approx(98, rel=1e-9)


def test_features_that_are_constant_or_repeated_do_no_harm():
    a = gaussian([0, 0], np.eye(2), 300)
    flat = np.column_stack([a, a[:, 0], np.zeros(300)])
    assert frechet_distance(flat, flat) == pytest.approx(0, abs=1e-6)


def test_one_feature():
    a, b = gaussian([0], [[1]], 100_000), gaussian([3], [[4]], 100_000, seed=1)
    assert frechet_distance(a, b) == pytest.approx(9 + (2 - 1) ** 2, rel=0.02)


@pytest.mark.parametrize(
    "a, b, message",
    [
        (np.zeros((5, 5)), np.zeros((9, 5)), "5 samples are too few for 5 features"),
        (np.zeros((9, 2)), np.zeros((9, 3)), "equal d"),
        (np.full((9, 2), np.nan), np.zeros((9, 2)), "NaN"),
        (np.zeros(9), np.zeros(9), r"\(n, d\)"),
    ],
)
def test_bad_features(a, b, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(a, b)
