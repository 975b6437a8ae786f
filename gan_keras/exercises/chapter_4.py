"""Exercises of chapter 4: Conditional GAN."""

from gan_keras import latent, metrics
from gan_keras.datasets import load_dataset
from gan_keras.exercises.answers import (
    NotAnAnswer,
    close,
    floats,
    number,
    numbers,
    require,
)
from gan_keras.exercises.registry import exercise, unchecked
from gan_keras.pretrained import load_pretrained

import numpy as np
import tensorflow as tf


@exercise(
    "4.1",
    takes="two numbers: the best D where the two densities are equal, for a seven and for any "
    "other digit.",
    hint="Of a hundred real and a hundred generated images, how many of each are sevens? D sees a "
    "seven that tells it nothing else.",
)
def uneven_shares(answer):
    seven, other = numbers(answer, 2)
    right = [real / (real + ordered) for real, ordered in ((0.75, 0.5), (0.25, 0.5))]
    require(not close([seven, other], right[::-1]), "the two are in the other order.")
    require(close(seven, right[0], 5e-3), f"for a seven it is not {seven:.4g}.")
    require(close(other, right[1], 5e-3), f"for another digit it is not {other:.4g}.")
    return "Of a perfect seven D says more than a half, so the curves rest at other values."


@exercise(
    "4.2",
    takes="the powers of x that the features have to hold for the projection logit to be exact, "
    "as whole numbers from 0: `(1,)` stands for x alone.",
    hint="Write the logit of the best discriminator as log p(x|y) - log p_g(x|y), put in two "
    "normal densities, and sort by powers of x. Which coefficients depend on y?",
)
def exact_projection(answer):
    powers = floats(answer).reshape(-1)
    if not len(powers) or np.any(powers < 0) or np.any(powers % 1):
        raise NotAnAnswer("powers are whole numbers from 0.")
    # One row for each of a grid of x, of each class; the logits of section 4.4.
    x = np.linspace(-3, 3, 61)
    real, fake = ((-1.5, 0.5), (1.5, 0.8)), ((-1, 1.0), (0, 1.0))
    logit = np.concatenate(
        [log_normal(x, *r) - log_normal(x, *f) for r, f in zip(real, fake, strict=True)]
    )
    phi = np.stack([x**k for k in powers], axis=1)
    shared = np.concatenate([phi, np.ones((len(x), 1))], axis=1)  # w . phi(x) + b
    none = np.zeros_like(phi)
    design = np.block([[phi, none, shared], [none, phi, shared]])
    error = np.abs(design @ np.linalg.lstsq(design, logit, rcond=None)[0] - logit).max()
    named = ", ".join(f"{k:g}" for k in powers)
    require(error < 1e-6, f"with the powers {named} the best fit is off by up to {error:.2g}.")
    if len(powers) > 3:
        return f"The fit is exact. Fewer than {len(powers)} powers would do as well: which?"
    return "The fit is exact: a normal density is a quadratic function of x in its logarithm."


def log_normal(x, mean, std):
    return -0.5 * ((x - mean) / std) ** 2 - np.log(std)


@exercise(
    "4.3",
    takes="pictures drawn on the orders thin, medium and bold, `(3, n, 28, 28, 1)` in [-1, 1].",
    hint="np.quantile of the ink, the mean of (x + 1) / 2 over an image, gives the bounds of the "
    "three classes, np.digitize the classes; CGAN(num_classes=3) learns them.",
)
def by_ink(answer):
    drawn = floats(answer)
    if drawn.ndim != 5 or drawn.shape[0] != 3 or drawn.shape[2:] != (28, 28, 1):
        raise NotAnAnswer(f"its shape is {drawn.shape}.")
    require(np.abs(drawn).max() <= 1.001, f"values reach {np.abs(drawn).max():.3g}.")
    digits = load_dataset("mnist", batch_size=5000, limit=5000)
    bounds = np.quantile(ink(next(digits.as_numpy_iterator())), (1 / 3, 2 / 3))
    inside = [np.mean(np.digitize(ink(x), bounds) == c) for c, x in enumerate(drawn)]
    said = ", ".join(
        f"{s:.0%} {n}" for s, n in zip(inside, ("thin", "medium", "bold"), strict=True)
    )
    # The solution: 94, 75 and 92 %.
    require(min(inside) > 0.5, f"of the pictures ordered, these are of their third: {said}.")
    return f"Of the pictures ordered, these have the ink of their third of the real ones: {said}."


def ink(images):
    return (images / 2 + 0.5).mean(axis=(1, 2, 3))


@exercise(
    "4.4",
    takes="two numbers: the median share of the new digit at which the classifier changes its "
    "mind, from 3 to 8 and from 1 to 7.",
    hint="Draw the same z with (1 - s) times one row and s times the other, for s from 0 to 1, "
    "and find for each z the first s at which the second digit is the more probable one.",
)
def change_of_mind(answer):
    given = numbers(answer, 2)
    cgan, extractor = load_pretrained("cgan-mnist"), metrics.load_extractor("mnist")
    z, shares = latent.normal(50, cgan.latent_dim, seed=0), np.linspace(0, 1, 21)
    for (a, b), said in zip(((3, 8), (1, 7)), given, strict=True):
        rows = (1 - shares[:, None]) * np.eye(10)[a] + shares[:, None] * np.eye(10)[b]
        orders = np.repeat(rows, len(z), axis=0).astype("float32")
        drawn = cgan.predict([np.tile(z, (21, 1)), orders], verbose=0, batch_size=210)
        named = extractor(drawn)[1].reshape(21, len(z), 10)
        ahead = named[:, :, b] > named[:, :, a]
        median = np.median(np.where(ahead.any(axis=0), shares[ahead.argmax(axis=0)], 1))
        require(
            abs(said - median) <= 0.1 + 1e-6,
            f"from {a} to {b} the median is not {said:.3g}, for 50 vectors drawn here.",
        )
    return "Within 0.1 of what 50 other vectors give here. How wide are the distributions?"


@exercise(
    "4.5",
    takes="the repaired data set, of batches `(images, labels)`.",
    hint="Look at twelve images with their labels. What does each of the two data sets do before "
    "they are zipped?",
)
def labels_of_others(answer):
    if not isinstance(answer, tf.data.Dataset):
        raise NotAnAnswer("that is no tf.data.Dataset.")
    if not (isinstance(answer.element_spec, tuple) and len(answer.element_spec) == 2):
        raise NotAnAnswer("its batches are not pairs (images, labels).")
    images, labels = next(answer.as_numpy_iterator())
    if images.shape[1:] != (28, 28, 1) or labels.shape != images.shape[:1]:
        raise NotAnAnswer(f"the first batch has shapes {images.shape} and {labels.shape}.")
    _, named = metrics.load_extractor("mnist")(images)
    fit = metrics.conditional_accuracy(named, labels)
    require(fit > 0.85, f"of the labels of the first batch, {fit:.0%} fit their images.")
    first, second = (next(answer.as_numpy_iterator())[0] for _ in range(2))
    shuffled = (
        "" if not np.array_equal(first, second) else " Is it still shuffled, every epoch anew?"
    )
    return f"Of the labels of the first batch, {fit:.0%} fit their images.{shuffled}"


@exercise(
    "4.6",
    takes="one number: the share of orders that the theory says the generator will follow.",
    hint="A label drawn at random from eight is sometimes right by chance.",
)
def wrong_labels(answer):
    given = number(answer)
    given = given / 100 if given > 1 else given
    require(not close(given, 0.8), "0.8 counts every label drawn at random as wrong.")
    require(close(given, 0.8 + 0.2 / 8, 1e-3), f"{given:.4g} is not the share of right labels.")
    return "The theory's generator copies the errors of the labels. Does yours?"


unchecked(
    "4.7",
    hint="On the line first: print the means and the standard deviations of each class for some "
    "factors, beside the true ones.",
    instead="A good report shows for each factor how well orders are followed and how much "
    "variety is left, beside CGAN and ACGAN, on the line and on images, and over several seeds.",
)
