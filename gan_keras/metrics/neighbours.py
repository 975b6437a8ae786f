"""Measures on nearest neighbours: what is drawn well, what is missing, what is copied.

Precision and recall: Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2. Density and
coverage: Naeem et al. 2020, arXiv:2002.09797, equations 3 and 4.
"""

from typing import NamedTuple

from gan_keras.metrics.frechet import check_features

import numpy as np
from sklearn.metrics import pairwise_distances_chunked
from sklearn.neighbors import NearestNeighbors


class Manifold(NamedTuple):
    """How two sets of features overlap, in four numbers; see `manifold_overlap`."""

    precision: float
    recall: float
    density: float
    coverage: float


def manifold_overlap(real, fake, k: int = 5) -> Manifold:
    """How much of `fake` lies among `real`, and the other way round.

    The ball of a sample reaches to its k-th nearest neighbour in its own set.

    - precision: share of fake samples inside some real ball (are they good?)
    - recall: share of real samples inside some fake ball (is nothing missing?)
    - density: mean number of real balls around a fake sample, divided by k; may exceed 1, and one
      outlier among the real does not raise it as it raises precision
    - coverage: share of real balls with a fake sample inside

    Two sets from one distribution do not score 1 but a value that depends on n and k, so look at
    what real samples score against real ones.

    Args:
        real, fake: features (n, d) and (m, d).

    Raises:
        ValueError: if the feature dimensions differ, a set has no more than k samples, or there
            are values that are not finite.
    """
    real, fake = check_features(real, fake, at_least=k + 1)
    real_radius, fake_radius = (_radius(x, k) for x in (real, fake))
    in_real_balls = np.zeros(len(fake))
    in_fake_ball = np.zeros(len(real), bool)
    covered = np.zeros(len(real), bool)
    start = 0
    for distances in pairwise_distances_chunked(real, fake, working_memory=128):
        rows = slice(start, start + len(distances))
        inside = distances <= real_radius[rows, None]
        in_real_balls += inside.sum(axis=0)
        covered[rows] = inside.any(axis=1)
        in_fake_ball[rows] = (distances <= fake_radius).any(axis=1)
        start = rows.stop
    return Manifold(
        precision=float((in_real_balls > 0).mean()),
        recall=float(in_fake_ball.mean()),
        density=float(in_real_balls.mean() / k),
        coverage=float(covered.mean()),
    )


def _radius(x, k):
    # A sample is its own nearest neighbour, so the k-th other one is in column k.
    return NearestNeighbors(n_neighbors=k + 1).fit(x).kneighbors(x)[0][:, k]


def nearest(queries, candidates, k: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest candidates of each query: was something copied from the training images?

    Args:
        queries, candidates: (n, ...) and (m, ...): features, or images compared pixel by pixel.

    Returns:
        (distances, indices), each (n, k), nearest first; Euclidean.

    Raises:
        ValueError: see `manifold_overlap`.
    """
    flat = [np.reshape(x, (len(x), -1)) for x in (queries, candidates)]
    flat = check_features(*flat)
    if k > len(candidates):
        raise ValueError(f"k is {k}, but there are only {len(candidates)} candidates.")
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(flat[1]).kneighbors(flat[0])
