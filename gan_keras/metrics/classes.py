"""What a classifier says of generated images: which classes, how evenly, and whether as ordered."""

from typing import NamedTuple

import numpy as np


class Modes(NamedTuple):
    """How many classes were found, and the entropy of their shares in nats."""

    found: int
    entropy: float


def modes(probabilities, at_least: float = 0.1) -> Modes:
    """Counts the classes that a set of images holds, by the most probable class of each.

    Args:
        probabilities: (n, classes), rows that sum to 1.
        at_least: a class is found if its share is this part of an even share, 1 / classes. Single
            images may be misread by the classifier.

    Returns:
        (found, entropy); entropy is log(classes) where all are equally frequent, and 0 for one.
    """
    probabilities = _check(probabilities)
    classes = probabilities.shape[1]
    shares = np.bincount(probabilities.argmax(axis=1), minlength=classes) / len(probabilities)
    present = shares[shares > 0]
    found = int((shares >= at_least / classes).sum())
    return Modes(found, float(abs((present * np.log(present)).sum())))


def conditional_accuracy(probabilities, labels) -> float:
    """Share of images that the classifier takes for the class that was asked for.

    Args:
        probabilities: (n, classes).
        labels: (n,) integers.

    Raises:
        ValueError: if the two differ in length.
    """
    probabilities, labels = _check(probabilities), np.asarray(labels)
    if labels.shape != (len(probabilities),):
        raise ValueError(
            f"The labels have shape {labels.shape}; they must be ({len(probabilities)},), one "
            "for each image."
        )
    return float((probabilities.argmax(axis=1) == labels).mean())


def inception_score(probabilities) -> float:
    """exp(E[KL(p(y|x) || p(y))]): Salimans et al. 2016, arXiv:1606.03498, section 4.

    Between 1 and the number of classes. It never looks at a real image. It is called Inception
    score over Inception's probabilities alone.

    Args:
        probabilities: (n, classes).
    """
    p = np.maximum(_check(probabilities).astype(np.float64), 1e-16)
    return float(np.exp((p * (np.log(p) - np.log(p.mean(axis=0)))).sum(axis=1).mean()))


def _check(probabilities):
    probabilities = np.asarray(probabilities)
    sums = probabilities.sum(axis=-1)
    if probabilities.ndim != 2 or len(probabilities) == 0 or not np.allclose(sums, 1, atol=1e-3):
        raise ValueError(
            f"The probabilities have shape {probabilities.shape}; they must be (n, classes), n > "
            "0, with rows that sum to 1. From logits, take the softmax first."
        )
    return probabilities
