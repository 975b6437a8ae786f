"""How near translated images come to the pictures they should have become, where these are known.

The partners may be hidden from the model, as a CycleGAN's are: they then measure what it could not
learn by heart. All measures take both sets in the same order.
"""

from typing import NamedTuple

from gan_keras.metrics.extractors import check_images
from gan_keras.metrics.frechet import check_features, frechet_distance

import numpy as np
import tensorflow as tf
from sklearn.metrics import pairwise_distances_chunked

SSIM_WINDOW = 11  # pixels; Wang et al. 2004, section III.C


class PixelErrors(NamedTuple):
    """What `pixel_errors` measures."""

    mean_absolute: float
    psnr: float
    ssim: float


def pixel_errors(translated, targets, batch_size: int = 100) -> PixelErrors:
    """Compares each image with its target, pixel by pixel.

    - mean_absolute: mean |translated - target| on the scale [-1, 1]: from 0, the same, to 2
    - psnr: 10 log10(range^2 / mean squared error) in dB, the mean taken over all images; as a mean
      of each image's own value, a single exact answer would make it infinite
    - ssim: structural similarity of Wang et al. 2004 (IEEE Trans. Image Processing 13), equation
      13, with their window of 11 pixels, on the scale [0, 1]; a mean over colours; 1 is the same

    Args:
        translated, targets: (n, height, width, 1 or 3) in [-1, 1], of the same shape.

    Raises:
        ValueError: if the shapes differ, values lie outside [-1, 1] or are NaN, or a side has fewer
            than 11 pixels, the window of SSIM.
    """
    translated, targets = (np.asarray(images, np.float32) for images in (translated, targets))
    if translated.shape != targets.shape:
        raise ValueError(
            f"The translated images have shape {translated.shape}, their targets {targets.shape}; "
            "they must be the same, one target for each image, in the same order."
        )
    for images in (translated, targets):
        check_images(images)
    if min(targets.shape[1:3]) < SSIM_WINDOW:
        raise ValueError(
            f"The images are {targets.shape[1]} x {targets.shape[2]} pixels; SSIM looks through a "
            f"window of {SSIM_WINDOW} x {SSIM_WINDOW}. Enlarge both sets first."
        )
    absolute, squared, ssim = [], [], []
    for start in range(0, len(targets), batch_size):
        # SSIM is made for values from 0: it compares means by their ratio.
        a, b = ((x[start : start + batch_size] + 1) / 2 for x in (translated, targets))
        absolute.append(2 * np.abs(a - b).mean(axis=(1, 2, 3)))
        squared.append(np.square(a - b).mean(axis=(1, 2, 3)))
        ssim.append(tf.image.ssim(a, b, max_val=1.0, filter_size=SSIM_WINDOW).numpy())
    absolute, squared, ssim = (np.concatenate(x).mean() for x in (absolute, squared, ssim))
    psnr = -10 * np.log10(squared) if squared else np.inf
    return PixelErrors(float(absolute), float(psnr), float(ssim))


class Retrieval(NamedTuple):
    """How often an image finds its own partner, and at which place; see `retrieval`."""

    top1: float
    top5: float
    median_rank: float


def retrieval(translated, targets) -> Retrieval:
    """Is a translated image nearer to its own partner than to the other images' partners?

    All `targets` are ordered by their Euclidean distance from a translated image; the rank of its
    partner is its place among them, from 1. Ties count half, so that equal images find nothing.

    - top1, top5: shares of the images whose partner has rank 1, or at most 5
    - median_rank

    Chance is 1 / n, 5 / n and (n + 1) / 2. Handing back the input is no chance: say what it scores.

    Args:
        translated, targets: (n, ...): features, as `Extractor` gives them, or images compared pixel
            by pixel; n > 1.

    Raises:
        ValueError: if the two differ in number or shape, there is only one, or there are values
            that are not finite.
    """
    a, b = (np.reshape(x, (len(x), -1)) for x in (translated, targets))
    a, b = check_features(a, b, at_least=2)
    if len(a) != len(b):
        raise ValueError(
            f"There are {len(a)} translated images and {len(b)} targets; give one target for each, "
            "in the same order."
        )
    ranks = []
    for distances in pairwise_distances_chunked(a, b, working_memory=128):
        rows = np.arange(len(distances))
        own = distances[rows, len(ranks) + rows][:, None]
        equal = np.isclose(distances, own, rtol=1e-9)  # Sums of products differ in the last bits.
        nearer, equal = ((distances < own) & ~equal).sum(axis=1), equal.sum(axis=1) - 1
        ranks.extend(1 + nearer + equal / 2)
    ranks = np.array(ranks)
    return Retrieval(
        float((ranks <= 1).mean()), float((ranks <= 5).mean()), float(np.median(ranks))
    )


class TranslationScores(NamedTuple):
    """What `translation_scores` measures."""

    mean_absolute: float
    psnr: float
    ssim: float
    frechet: float
    top1: float
    top5: float


def translation_scores(translated, targets, extractor) -> TranslationScores:
    """All figures for translated images whose partners are known.

    - mean_absolute, psnr, ssim: of the pixels; see `pixel_errors`
    - frechet: between the features of all translated images and of all targets, whoever belongs to
      whom: are these pictures of that kind?
    - top1, top5: does each image find its partner by its features? See `retrieval`

    Say beside them what the untranslated input scores, and what other real images of the targets'
    kind score in `frechet`.

    Args:
        translated, targets: (n, height, width, 1 or 3) in [-1, 1], in the same order; n larger than
            the number of features.
        extractor: an `Extractor`.

    Raises:
        ValueError: see the three.
    """
    pixels = pixel_errors(translated, targets)
    a, b = (extractor(images)[0] for images in (translated, targets))
    found = retrieval(a, b)
    return TranslationScores(*pixels, frechet_distance(a, b), found.top1, found.top5)
