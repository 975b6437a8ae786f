"""The kernel distance of Bińkowski et al. 2018, arXiv:1801.01401, section 4."""

from typing import NamedTuple

from gan_keras import checks
from gan_keras.metrics.frechet import check_features

import numpy as np


class KernelDistance(NamedTuple):
    """Mean over subsets, and the standard deviation of one subset's value around it."""

    mean: float
    sd: float


def kernel_distance(
    a, b, subsets: int = 100, size: int | None = None, seed: int = 0
) -> KernelDistance:
    """Squared maximum mean discrepancy between two sets of features, unbiased at any size.

        k(x, y) = (x . y / d + 1)^3
        MMD^2 = mean_{i != j} k(a_i, a_j) + mean_{i != j} k(b_i, b_j) - 2 mean_{i, j} k(a_i, b_j)

    Being unbiased it may be negative where the two agree. Over Inception's features it is the KID.

    Args:
        a, b: features (n, d) and (m, d).
        subsets: random subsets over which the estimate is repeated.
        size: members of a subset, drawn without replacement; no more than the smaller set has. By
            default 1000, or half of the smaller set: subsets that are nearly the whole hardly
            differ, and their standard deviation would say nothing.
        seed: of the draws.

    Returns:
        (mean, sd).

    Raises:
        ValueError: if the feature dimensions differ, a set or a subset has fewer than 2 samples, or
            there are values that are not finite.
    """
    a, b = check_features(a, b, at_least=2)
    checks.check_whole("subsets", subsets)
    if size is not None:
        checks.check_whole("size", size, at_least=2)
    fewest = min(len(a), len(b))
    size = max(min(1000, fewest // 2), 2) if size is None else min(size, fewest)
    random = np.random.default_rng(seed)
    values = []
    for _ in range(subsets):
        x = a[random.choice(len(a), size, replace=False)]
        y = b[random.choice(len(b), size, replace=False)]
        within = [_kernel(s, s) for s in (x, y)]
        off_diagonal = [(k.sum() - np.trace(k)) / (size * (size - 1)) for k in within]
        values.append(sum(off_diagonal) - 2 * _kernel(x, y).mean())
    return KernelDistance(
        float(np.mean(values)), float(np.std(values, ddof=1 if subsets > 1 else 0))
    )


def _kernel(x, y):
    base = x @ y.T / x.shape[1] + 1
    return base * base * base
