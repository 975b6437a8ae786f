"""Latent vectors: where a generator's pictures come from, and ways through their space.

Vectors are rows of standard normal numbers. In many dimensions they lie close to a sphere of radius
sqrt(latent_dim): the straight line between two of them passes nearer to the origin than almost any
vector that the generator has seen, the great circle does not (White 2016, arXiv:1609.04468).
"""

from gan_keras import checks

import numpy as np
import tensorflow as tf
from scipy.stats import truncnorm


def normal(n: int, latent_dim: int, seed: int | None = None) -> np.ndarray:
    """`n` standard normal vectors, (n, latent_dim) float32.

    Drawn by NumPy on the host, so that one seed gives the same vectors on every device, and the
    first rows do not depend on `n`.

    Raises:
        ValueError: if `n` is not a positive integer.
    """
    checks.check_whole("n", n)
    return _random(seed).standard_normal((int(n), latent_dim), dtype=np.float32)


def normal_like(images, latent_dim: int, seed):
    """Standard normal vectors, one for each image: (batch, latent_dim) float32.

    Args:
        images: (batch, ...), inside a training step.
        seed: a pair of int32, as `GenerativeModel.step_seed` gives it.
    """
    return tf.random.stateless_normal((tf.shape(images)[0], latent_dim), seed)


def truncated(n: int, latent_dim: int, threshold: float, seed: int | None = None) -> np.ndarray:
    """Like `normal`, every component beyond +-threshold drawn again: (n, latent_dim) float32.

    The truncation trick of Brock et al. 2019, arXiv:1809.11096, section 3.1: a smaller threshold
    gives more typical and less varied images.

    Raises:
        ValueError: if `threshold` is not positive.
    """
    checks.check_whole("n", n)
    if not threshold > 0:
        raise ValueError(f"threshold is {threshold}; it must be positive. 2 changes little.")
    uniform = _random(seed).uniform(size=(n, latent_dim))
    return truncnorm.ppf(uniform, -threshold, threshold).astype(np.float32)


def lerp(start, end, steps: int) -> np.ndarray:
    """The straight line from `start` to `end`, both included: (steps, latent_dim) float32.

    Args:
        start, end: (latent_dim,).
    """
    t = _times(start, end, steps)
    start, end = (np.asarray(v, np.float64) for v in (start, end))
    return ((1 - t) * start + t * end).astype(np.float32)


def slerp(start, end, steps: int) -> np.ndarray:
    """The great circle from `start` to `end`, both included: (steps, latent_dim) float32.

        sin((1 - t) w) / sin(w) start + sin(t w) / sin(w) end,   w the angle between the two

    (Shoemake 1985). Along it the length goes evenly from one's to the other's, and does not dip as
    on the straight line.

    Args:
        start, end: (latent_dim,), neither zero nor opposite to each other.

    Raises:
        ValueError: if no single great circle joins the two.
    """
    t = _times(start, end, steps)
    start, end = (np.asarray(v, np.float64) for v in (start, end))
    lengths = np.linalg.norm(start), np.linalg.norm(end)
    if min(lengths) == 0:
        raise ValueError("start or end is zero: it has no direction to turn from. Use lerp.")
    a, b = start / lengths[0], end / lengths[1]
    angle = np.arccos(np.clip(a @ b, -1, 1))
    if np.pi - angle < 1e-6:
        raise ValueError("start and end point in opposite directions: go by a third vector.")
    if angle < 1e-6:
        return lerp(start, end, steps)
    direction = (np.sin((1 - t) * angle) * a + np.sin(t * angle) * b) / np.sin(angle)
    return (((1 - t) * lengths[0] + t * lengths[1]) * direction).astype(np.float32)


def walk(stations, steps: int, between=slerp) -> np.ndarray:
    """A path through all `stations` and back to the first: (len(stations) * steps, latent_dim).

    Args:
        stations: (k, latent_dim), k > 1.
        steps: images from one station to the next.
        between: `slerp` or `lerp`.

    Raises:
        ValueError: for fewer than two stations.
    """
    if len(stations) < 2:
        raise ValueError(f"There are {len(stations)} stations; a walk needs at least 2.")
    checks.check_whole("steps", steps)
    legs = zip(stations, np.roll(stations, -1, axis=0), strict=True)
    return np.concatenate([between(a, b, steps + 1)[:-1] for a, b in legs])


def direction(z, has) -> np.ndarray:
    """The direction in which an attribute grows, (latent_dim,) float32.

    The mean of the vectors whose images have it, less the mean of the others: the vector
    arithmetic of Radford et al. 2015, section 6.3.2, on as many vectors as are given.

    Args:
        z: (n, latent_dim).
        has: (n,) bool.

    Raises:
        ValueError: if all or none have it.
    """
    has = np.asarray(has, bool)
    if has.shape != (len(z),) or has.all() or not has.any():
        raise ValueError(
            f"has is of shape {has.shape} with {has.sum()} True; it must be ({len(z)},), with some "
            "True and some False."
        )
    return np.mean(z[has], axis=0) - np.mean(z[~has], axis=0)


def _times(start, end, steps):
    if np.shape(start) != np.shape(end) or np.ndim(start) != 1:
        raise ValueError(
            f"start and end have shapes {np.shape(start)} and {np.shape(end)}; both must be "
            "(latent_dim,)."
        )
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        raise ValueError("There are NaN or infinite values in start or end.")
    checks.check_whole("steps", steps, at_least=2)  # The two ends.
    return np.linspace(0, 1, steps)[:, None]


def check_dim(latent_dim: int) -> None:
    """Raises ValueError unless `latent_dim` is a positive whole number."""
    checks.check_whole("latent_dim", latent_dim)


def _random(seed):
    if seed is not None:
        checks.check_whole("seed", seed, at_least=0)
    return np.random.default_rng(seed)
