"""Teaching distributions: points whose density is known, so that a generator can be marked."""

import math

import numpy as np
from sklearn.datasets import make_moons


class GaussianMixture:
    """A mixture of round Gaussians, p(x) = sum_k w_k N(x; mean_k, std_k^2 I).

    Args:
        means: The modes, (modes, d); (modes,) is taken for d = 1.
        std: Standard deviation of every mode, or one for each, (modes,).
        weights: Share of each mode, (modes,), summing to 1. None makes them equal.

    Raises:
        ValueError: if the shapes disagree, a standard deviation is not positive, or the weights
            are negative or do not sum to 1.
    """

    def __init__(self, means, std, weights=None):
        means = np.asarray(means, dtype=np.float64)
        self.means = means[:, np.newaxis] if means.ndim == 1 else means
        if self.means.ndim != 2 or not self.means.size:
            raise ValueError(f"means has the shape {means.shape}; it must be (modes, d).")
        modes = len(self.means)
        self.std = np.asarray(std, dtype=np.float64)
        if self.std.shape not in ((), (modes,)):
            raise ValueError(
                f"std has the shape {self.std.shape}; it must be one number, or one for each of "
                f"the {modes} modes."
            )
        if not np.all(self.std > 0):
            raise ValueError(f"std is {std}; it must be positive.")
        self.std = np.broadcast_to(self.std, modes)
        if weights is None:
            weights = np.full(modes, 1 / modes)
        self.weights = np.asarray(weights, dtype=np.float64)
        if self.weights.shape != (modes,):
            raise ValueError(
                f"weights has the shape {self.weights.shape}; it must be ({modes},), one for each "
                "mode."
            )
        # As near as float32 comes.
        if np.any(self.weights < 0) or not math.isclose(self.weights.sum(), 1, rel_tol=1e-5):
            raise ValueError(f"weights is {weights}; it must be positive numbers that sum to 1.")
        self.weights = self.weights / self.weights.sum()

    @property
    def dimension(self) -> int:
        return self.means.shape[1]

    def sample(self, n: int, seed: int | None = None) -> np.ndarray:
        """Draw `n` points, (n, d) float32; the same ones for the same seed."""
        rng = np.random.default_rng(seed)
        mode = rng.choice(len(self.means), size=n, p=self.weights)
        noise = rng.standard_normal((n, self.dimension))
        return (self.means[mode] + self.std[mode, np.newaxis] * noise).astype(np.float32)

    def density(self, x) -> np.ndarray:
        """Return p(x), (n,) float32, at the points `x`, (n, d)."""
        scaled = self._distances(x) / self.std
        peak = (math.sqrt(2 * math.pi) * self.std) ** self.dimension
        return (np.exp(-0.5 * scaled**2) / peak @ self.weights).astype(np.float32)

    def count_modes(self, points, within: float = 3.0) -> tuple[int, float]:
        """Count the modes that `points`, (n, d), reach, and the share of good points.

        A point is of high quality if it lies within `within` standard deviations of its nearest
        mode; a mode is found if it is nearest to at least one such point. These are the measures
        that VEEGAN (Srivastava et al. 2017, arXiv:1705.07761) and PacGAN (Lin et al. 2018,
        arXiv:1712.04086) report in their experiments on synthetic data. Of true samples in two
        dimensions a share of 1 - exp(-9 / 2) = 0.989 lies within 3.

        Returns:
            (modes found, an int; share of high-quality points, in [0, 1]).
        """
        scaled = self._distances(points) / self.std
        nearest = scaled.argmin(axis=1)
        good = scaled.min(axis=1) <= within
        return len(np.unique(nearest[good])), float(good.mean())

    def _distances(self, x):
        """Euclidean distance of each point to each mode, (n, modes)."""
        x = np.asarray(x, dtype=np.float64)
        if x.ndim == 1 and self.dimension == 1:
            x = x[:, np.newaxis]
        if x.ndim != 2 or x.shape[1] != self.dimension or not len(x):
            raise ValueError(
                f"The points have the shape {x.shape}; they must be (n, {self.dimension}), with n "
                "at least 1."
            )
        return np.linalg.norm(x[:, np.newaxis] - self.means, axis=2)


def mixture_1d(means=(-2.0, 2.0), stds=0.5) -> GaussianMixture:
    """A mixture on the line, equal shares; `stds` is one number or one for each mode."""
    return GaussianMixture(means, stds)


def ring(modes: int = 8, radius: float = 2.0, std: float = 0.05) -> GaussianMixture:
    """Gaussians at equal distances on a circle in the plane, the first on the positive x axis.

    The ring of 8 modes on which mode collapse is commonly shown, after Metz et al. 2017,
    "Unrolled Generative Adversarial Networks", arXiv:1611.02163.
    """
    angles = 2 * np.pi * np.arange(modes) / modes
    return GaussianMixture(radius * np.stack([np.cos(angles), np.sin(angles)], axis=1), std)


def grid(side: int = 5, spacing: float = 2.0, std: float = 0.05) -> GaussianMixture:
    """`side` x `side` Gaussians on a square grid around the origin.

    The defaults are the 25 modes of PacGAN's experiments (Lin et al. 2018, arXiv:1712.04086).
    """
    axis = spacing * (np.arange(side) - (side - 1) / 2)
    return GaussianMixture(np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2), std)


def two_moons(n: int, noise: float = 0.08, seed: int | None = None) -> np.ndarray:
    """Draw `n` points of two interleaved half circles of radius 1, (n, 2) float32.

    `noise` is the standard deviation of the Gaussian added to each coordinate.
    """
    return make_moons(n, noise=noise, random_state=seed)[0].astype(np.float32)
