"""Exercises of chapter 5: Pix2Pix."""

from gan_keras.exercises.answers import (
    NotAnAnswer,
    call,
    floats,
    numbers,
    require,
    returned,
    table,
)
from gan_keras.exercises.registry import exercise, unchecked
from gan_keras.models import pix2pix

import numpy as np
import tensorflow as tf

RED, YELLOW, BLUE, GREEN = (1, -1, -1), (1, 1, -1), (-1, -1, 1), (-1, 1, -1)


@exercise(
    "5.1",
    takes="six colours, `(2, 3, 3)`: for each of the two cases the best by the absolute error, by "
    "the squared error and by exact answers.",
    hint="Each channel has an answer of its own. Which number has the least absolute distance to "
    "many, which the least squared one?",
)
def best_colour(answer):
    given = floats(answer)
    if given.shape not in ((2, 3, 3), (6, 3)):
        raise NotAnAnswer(f"its shape is {given.shape}, and not (2, 3, 3).")
    given = given.reshape(2, 3, 3)
    cases = (
        ("first", np.float64([RED, YELLOW, BLUE]), np.array([5, 3, 2])),
        ("second", np.float64([RED, YELLOW, GREEN]), np.array([4, 3, 3])),
    )
    for (name, colours, tenths), three in zip(cases, given, strict=True):
        drawings = np.repeat(colours, tenths, axis=0)
        best = {
            "the absolute error": np.median(drawings, axis=0),
            "the squared error": drawings.mean(axis=0),
            "exact answers": colours[tenths.argmax()],
        }
        for (measure, colour), said in zip(best.items(), three, strict=True):
            require(
                np.allclose(said, colour, atol=0.02),
                f"in the {name} case, by {measure}, another colour than {said.tolist()} is better.",
            )
    return "Note which of the six occur in no drawing, and which is not the most frequent colour."


@exercise(
    "5.2",
    takes="two whole numbers: how many logits see the pixel (32, 32), and how many the pixel (0, "
    "0).",
    hint="gan_keras.models.pix2pix.receptive_field gives the size of a patch, the step to the "
    "next one and where the first begins. Count the rows of logits first.",
)
def judges(answer):
    given = numbers(answer, 2)
    network = pix2pix.build_discriminator((64, 64, 1), (64, 64, 3), patch_size=34)
    patch, rows = pix2pix.receptive_field(network), network.output_shape[1]
    first = patch.start + patch.stride * np.arange(rows)
    for said, place in zip(given, (32, 0), strict=True):
        seen = np.sum((first <= place) & (place < first + patch.size))
        require(
            said != seen, f"{said:g} rows of logits see row {place}; the question is for logits."
        )
        require(said == seen**2, f"the pixel ({place}, {place}) is not seen by {said:g} logits.")
    return "The rims are judged by fewer, and that shows in pictures."


@exercise(
    "5.3",
    takes="a dict `{lambda: error}` of the mean absolute error on the test pairs, for 1, 10, 100 "
    "and 1000, or two of them at least.",
    hint="Pix2Pix(l1_weight=...) takes lambda. The same seed, data and number of steps for all; "
    "images not seen in training.",
)
def weight_of_l1(answer):
    errors = {weight: value[0] for weight, value in table(answer).items()}
    for weight, error in errors.items():
        # The solution, after 10 epochs: 0.133 at 1 to 0.112 at 1000.
        require(
            0 < error < 0.4, f"an error of {error:.3g} at {weight:g} is not what training gives."
        )
    values = list(errors.values())
    require(
        values[0] > values[-1],
        f"the error does not rise with lambda, from {values[0]:.4f} at {min(errors):g} to "
        f"{values[-1]:.4f} at {max(errors):g}: an L1 term asks for just this error.",
    )
    return "The error falls as lambda grows. Now see what the Fréchet distance says of the same."


@exercise(
    "5.4",
    takes="two numbers: the mean absolute error on the test pairs from lines alone, and with the "
    "mean colour.",
    hint="tf.reduce_mean over the two sides of b, broadcast to its size and put behind a: "
    "Pix2Pix((32, 32, 4), (32, 32, 3)). The hint has to be given in the test, too.",
)
def hint_of_colour(answer):
    alone, hinted = numbers(answer, 2)
    require(min(alone, hinted) > 0, "an error is above 0.")
    ratio = hinted / alone
    # The solution: 0.1209 and 0.0724, a ratio of 0.60.
    require(ratio < 0.85, f"with the hint, {ratio:.0%} of the error is left: it helps more.")
    require(ratio > 0.35, f"with the hint, only {ratio:.0%} of the error is left: is b leaking in?")
    return f"Three numbers take away {1 - ratio:.0%} of the error: the rest is where colours go."


@exercise(
    "5.5",
    takes="the repaired function `mirror(a, b)`, for batches `(n, h, w, 1)` and `(n, h, w, 3)`.",
    hint="How often is a coin tossed for a pair, and how often should it be?",
)
def mirrored_apart(answer):
    random = np.random.default_rng(0)
    b = tf.constant(random.uniform(-1, 1, (64, 8, 8, 3)), "float32")
    a = b[..., :1]
    result = call(answer, a, b)
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        require(False, "it does not return a pair (a, b).")
    new_a, new_b = map(returned, result)
    require(
        new_a.shape == a.shape and new_b.shape == b.shape,
        f"it returned the shapes {new_a.shape} and {new_b.shape}.",
    )
    torn = np.mean(np.any(new_a != new_b[..., :1], axis=(1, 2, 3)))
    require(torn == 0, f"of 64 pairs {torn:.0%} have one side mirrored and the other not.")
    kept = np.all(new_b == b.numpy(), axis=(1, 2, 3))
    flipped = np.all(new_b == b.numpy()[:, :, ::-1], axis=(1, 2, 3))
    require(np.all(kept | flipped), "some pairs are neither as they were nor mirrored.")
    require(flipped.any(), "no pair is mirrored: the data are not enlarged.")
    # All 64 alike by chance: 1 of 2**63.
    require(kept.any(), "every pair is mirrored: the data are other data, and not more.")
    return f"Of 64 pairs {flipped.mean():.0%} are mirrored, all of them on both sides."


unchecked(
    "5.6",
    hint="Look at an input of each kind, large: what is one stroke of the pen in computed edges?",
    instead="A good report has the error on both kinds of input, beside that of a model trained "
    "on line art, pictures of where it fails, and a remedy that was tried.",
)
unchecked(
    "5.7",
    hint="Four means of D: on true pairs trained on, on true new ones, on pictures drawn from "
    "training lines and from new ones. Ask D with training=True, or with a copy.",
    instead="What D says of new pairs depends on how long it was trained. Compare the distance of "
    "the first two means with that of the second and fourth, and with the solution's, which is "
    "from ten epochs.",
)
