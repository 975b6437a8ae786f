"""Latent vectors: where a generator's pictures come from."""

import numpy as np


def normal(n: int, latent_dim: int, seed: int | None = None) -> np.ndarray:
    """`n` standard normal vectors, (n, latent_dim) float32.

    Drawn by NumPy on the host, so that one seed gives the same vectors on every device, and the
    first rows do not depend on `n`.

    Raises:
        ValueError: if `n` is not a positive integer.
    """
    if int(n) != n or n < 1:
        raise ValueError(f"n is {n}; it must be a whole number of at least 1.")
    return np.random.default_rng(seed).standard_normal((int(n), latent_dim), dtype=np.float32)


def check_dim(latent_dim: int) -> None:
    """Raises ValueError unless `latent_dim` is a positive whole number."""
    if int(latent_dim) != latent_dim or latent_dim < 1:
        raise ValueError(f"latent_dim is {latent_dim}; it must be a whole number of at least 1.")
