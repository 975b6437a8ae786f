"""The Fréchet distance of Heusel et al. 2017, arXiv:1706.08500, equation 6."""

import numpy as np


def frechet_distance(a, b) -> float:
    """Squared Fréchet distance between Gaussians fitted to two sets of features.

        |mu_a - mu_b|^2 + trace(S_a + S_b - 2 (S_a S_b)^(1/2))

    Over a small classifier's features it is a Fréchet classifier distance, not an FID. It falls
    with the number of samples (Chong & Forsyth 2020, arXiv:1911.07023), so compare at equal
    numbers, and say what real data score against real data.

    Args:
        a, b: features (n, d), each with n > d.

    Raises:
        ValueError: if the feature dimensions differ, a set has too few samples for a covariance
            of full rank, or there are values that are not finite.
    """
    a, b = check_features(a, b)
    for x in (a, b):
        if len(x) <= x.shape[1]:
            raise ValueError(
                f"{len(x)} samples are too few for {x.shape[1]} features: give at least "
                f"{x.shape[1] + 1}."
            )
    cov_a, cov_b = (np.atleast_2d(np.cov(x, rowvar=False)) for x in (a, b))
    # trace((S_a S_b)^(1/2)) by the symmetric S_a^(1/2) S_b S_a^(1/2), which has the same
    # eigenvalues and no complex ones.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    eigenvalues = np.linalg.eigvalsh(root @ cov_b @ root)
    cross = np.sqrt(np.maximum(eigenvalues, 0)).sum()
    shift = np.square(a.mean(0) - b.mean(0)).sum()
    return float(shift + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def check_features(a, b, at_least: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of features as float64, refused with a ValueError unless they can be compared."""
    a, b = (np.asarray(x, np.float64) for x in (a, b))
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            f"The features have shapes {a.shape} and {b.shape}; they must be (n, d) with equal d."
        )
    for x in (a, b):
        if len(x) < at_least:
            raise ValueError(f"{len(x)} samples are too few: give at least {at_least}.")
        if not np.isfinite(x).all():
            raise ValueError("There are NaN or infinite values among the features.")
    return a, b
