"""All measures of a set of images at once, beside what real images score."""

from dataclasses import asdict, dataclass, fields
from functools import cache, cached_property

from gan_keras.datasets import load_dataset
from gan_keras.metrics.classes import conditional_accuracy, modes
from gan_keras.metrics.extractors import Extractor, load_extractor
from gan_keras.metrics.frechet import frechet_distance
from gan_keras.metrics.kernel import kernel_distance
from gan_keras.metrics.neighbours import manifold_overlap

import numpy as np

# Reference images, then other real images: of mnist and fashion_mnist some that the extractor has
# not seen. The emoji are too few for that: the extractor has seen its other real images.
_SPLITS = {
    "mnist": ("test", "train[50000:]"),
    "fashion_mnist": ("test", "train[50000:]"),
    "emoji": ("validation+test", "train"),
}


@dataclass(frozen=True)
class Scores:
    """What `Reference.measure` found; printed as a table beside what real images score.

    Attributes:
        n: number of images measured.
        frechet: Fréchet distance; lower is better, as for `kernel`.
        kernel, kernel_sd: kernel distance, and its standard deviation over subsets.
        precision, recall, density, coverage: see `manifold_overlap`; higher is better.
        modes, entropy: classes found, and the entropy of their shares in nats.
        accuracy: share of images classified as ordered; None without labels.
        real: the same for as many real images; None for these themselves.
        against: says what was compared with what, by which extractor.
    """

    n: int
    frechet: float
    kernel: float
    kernel_sd: float
    precision: float
    recall: float
    density: float
    coverage: float
    modes: int
    entropy: float
    accuracy: float | None = None
    real: "Scores | None" = None
    against: str = ""

    def as_dict(self) -> dict:
        """For JSON: plain numbers, rounded to five decimals."""
        values = asdict(self)
        values["real"] = self.real.as_dict() if self.real else None
        return {k: round(v, 5) if isinstance(v, float) else v for k, v in values.items()}

    def __str__(self):
        lines = [f"{self.n:,} images against {self.against}"]
        lines.append(f"{'':18}{'measured':>10}{'real':>10}" if self.real else "")
        for field in fields(self)[1:11]:
            values = [getattr(self, field.name)]
            values += [getattr(self.real, field.name)] if self.real else []
            if values[0] is not None:
                cells = ("" if v is None else f"{v:.4g}" for v in values)
                lines.append(f"{field.name:18}" + "".join(f"{cell:>10}" for cell in cells))
        return "\n".join(lines)


class Reference:
    """Real images that generated ones are compared with, seen through one extractor.

    Args:
        images: reference images (n, H, W, C) in [-1, 1].
        extractor: an `Extractor`.
        real: other real images of the same kind, and their labels or None: the measure of what
            can be reached.
        name: of the data, for the reports.
        labels: of the reference images; what a conditional model should be asked for.
    """

    def __init__(self, images, extractor: Extractor, real=None, name="reference", labels=None):
        self.extractor, self.name, self.labels = extractor, name, labels
        self.features, _ = extractor(images)
        self._real, self._real_scores = real, {}

    @cached_property
    def _real_outputs(self):
        return self.extractor(self._real[0])

    def frechet(self, images) -> float:
        """The Fréchet distance alone, at a fraction of the time of `measure`."""
        return frechet_distance(self.extractor(images)[0], self.features)

    def measure(self, images, labels=None) -> Scores:
        """All figures for images (n, H, W, C) in [-1, 1].

        Args:
            labels: (n,) classes that were ordered, for a conditional model.

        Raises:
            ValueError: if there are no more images than features; see also `Extractor`.
        """
        n = len(images)
        values = self._values(*self.extractor(images), labels)
        against = (
            f"{len(self.features):,} real ones of {self.name}; {self.extractor}, "
            f"{self.features.shape[1]} features"
        )
        return Scores(**values, real=self.real_scores(n), against=against)

    def real_scores(self, n: int) -> Scores | None:
        """What `n` real images score, or as many as there are; None if none were given."""
        if self._real is None:
            return None
        n = min(n, len(self._real[0]))
        if n not in self._real_scores:
            # Of all parts, as images from a folder come class by class.
            rows = np.arange(n) * len(self._real[0]) // n
            features, probabilities = (output[rows] for output in self._real_outputs)
            labels = None if self._real[1] is None else np.asarray(self._real[1])[rows]
            self._real_scores[n] = Scores(**self._values(features, probabilities, labels))
        return self._real_scores[n]

    def _values(self, features, probabilities, labels):
        kernel = kernel_distance(features, self.features)
        found = modes(probabilities)
        return {
            "n": len(features),
            "frechet": frechet_distance(features, self.features),
            "kernel": kernel.mean,
            "kernel_sd": kernel.sd,
            **manifold_overlap(self.features, features)._asdict(),
            "modes": found.found,
            "entropy": found.entropy,
            "accuracy": None if labels is None else conditional_accuracy(probabilities, labels),
        }


@cache
def load_reference(name: str, limit: int | None = None, image_size=None) -> Reference:
    """The reference of an embedded data set: its test images, seen by its own extractor.

    Real against real: images that neither extractor nor reference holds, the last 10,000 of the
    training split. The emoji are few: 485 of validation and test, and, as real ones, training
    images, which their extractor has learned from.

    Args:
        name: "mnist", "fashion_mnist" or "emoji" (OpenMoji's colour drawings).
        limit: use no more than this many images of each; figures then compare with none but those
            of the same limit.
        image_size: side of the images that are measured, or (height, width), where it is not that
            of the data (28, of emoji 64). Otherwise the distance is mostly that of sharp images
            from enlarged ones.

    Raises:
        ValueError: for another name.
    """
    if name not in _SPLITS:
        known = ", ".join(map(repr, _SPLITS))
        raise ValueError(
            f"There is no reference {name!r}. Choose one of {known}, or build one from your own "
            "images: Reference(images, extractor)."
        )
    (images, labels), real = (_arrays(name, split, limit, image_size) for split in _SPLITS[name])
    return Reference(images, load_extractor(name), real, name, labels)


def _arrays(name, split, limit, image_size=None):
    data = load_dataset(
        name, split, labels=True, shuffle=False, batch_size=min(50, limit or 50), limit=limit,
        image_size=image_size,
    )  # fmt: skip
    return tuple(np.concatenate(part) for part in zip(*data.as_numpy_iterator(), strict=True))
