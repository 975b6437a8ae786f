"""Exercises of chapter 2: The first GAN."""

import math

from gan_keras import toys
from gan_keras.datasets import load_dataset
from gan_keras.exercises.answers import (
    NotAnAnswer,
    call,
    close,
    floats,
    number,
    require,
    returned,
    table,
)
from gan_keras.exercises.registry import exercise, unchecked
from gan_keras.pretrained import load_pretrained

import numpy as np


@exercise(
    "2.1",
    takes="the best discriminator as a function of the two densities, `best(p_data, p_g)`.",
    hint="In the integrand of section 2.3, how often does each of the two logarithms now count?",
)
def three_of_four(answer):
    p, q = np.random.default_rng(0).uniform(0.01, 1, (2, 100))
    given = returned(call(answer, p, q))
    require(given.shape == p.shape, f"for 100 points it returned shape {given.shape}.")
    require(not close(given, p / (p + q)), "that is the one for as many real as generated images.")
    equal = returned(call(answer, p, p))
    require(
        close(equal, 0.75),
        f"where the densities are equal it says {equal.flat[0]:.4g}, and knowing only how many of "
        "the images are real would do better.",
    )
    require(
        close(given, 0.75 * p / (0.75 * p + 0.25 * q)),
        "it is right where the two densities are equal, and not where they differ.",
    )
    return "Where the densities are equal, it can only say how many of the images are real."


@exercise(
    "2.2",
    takes='the two letters, such as `"ab"`, of the runs that their curves cannot tell apart.',
    hint="A loss is a mean over single images. What of a set of images does such a mean not see?",
)
def four_endings(answer):
    try:
        given = {letter.strip(" ()").lower() for letter in answer if letter.strip(" ,()")}
    except (AttributeError, TypeError):
        given = set()
    if len(given) != 2 or not given <= set("abcd"):
        raise NotAnAnswer("that is not two of the letters a, b, c and d.")
    require(given == set("cd"), f"the figures of {' and '.join(sorted(given))} are far apart.")
    return "A loss does not see variety; look at the pictures, or count what they show."


@exercise(
    "2.3",
    takes="your discriminator loss, a function `smoothed_d(real_logits, fake_logits)`, both "
    "`(batch, 1)`, that returns one number.",
    hint="Write the cross-entropy of a real image with the target 0.9: a share of log D and a "
    "share of log(1 - D). Of generated images nothing changes.",
)
def one_sided_smoothing(answer):
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(2, 32, 1)).astype("float32") * 3

    def loss(real_target, fake_target):
        def cross_entropy(logits, target):
            return np.mean(target * softplus(-logits) + (1 - target) * softplus(logits))

        return cross_entropy(real, real_target) + cross_entropy(fake, fake_target)

    given = returned(call(answer, real, fake))
    require(given.size == 1, f"it returned shape {given.shape}, and not one number.")
    given = float(given.reshape(()))
    require(not close(given, loss(1, 0)), "that is the usual loss: nothing is smoothed.")
    require(not close(given, loss(0.9, 0.1)), "generated images are smoothed as well.")
    require(
        not close(given, loss(0.9, 0) / 2),
        "that is half of it: the library's losses add the means over real and generated images.",
    )
    require(
        close(given, loss(0.9, 0)),
        f"for logits drawn at random it gives {given:.4f}, and the formula {loss(0.9, 0):.4f}.",
    )
    return "It agrees with the cross-entropy for the targets 0.9 and 0. Now what is its best D?"


def softplus(logits):
    return np.logaddexp(0, logits)


@exercise(
    "2.4",
    takes="a GAN that you trained on the ring with another loss, or anything with `generate(n, "
    "seed)` that gives points `(n, 2)`.",
    hint='GAN.compile(loss="minimax"); the networks and rates of section 2.8 do for all games.',
)
def other_games(answer):
    if not callable(getattr(answer, "generate", None)):
        raise NotAnAnswer("that has no method generate.")
    points = returned(call(answer.generate, 2000, 0))
    require(points.shape == (2000, 2), f"generate(2000, 0) gave the shape {points.shape}.")
    found, good = toys.ring().count_modes(points)
    require(found >= 7, f"it finds {found} of the 8 modes.")
    # The solution: 59 to 86 %.
    require(good > 0.4, f"only {good:.0%} of its points lie within three deviations of a mode.")
    return f"It finds {found} of the 8 modes, {good:.0%} of the points are good. And on the grid?"


@exercise(
    "2.5",
    takes="the latent vectors that you found for the first test digits, `(n, latent_dim)`: row i "
    'for image i of `load_dataset("mnist", "test", shuffle=False)`.',
    hint="z is a tf.Variable and an optimizer moves it, not the weights. Start from several z for "
    "each image and keep the best: the error has many valleys.",
)
def backwards(answer):
    generator = load_pretrained("gan-mnist").generator
    z = floats(answer).astype("float32")
    latent_dim = generator.input_shape[1]
    if z.ndim != 2 or z.shape[1] != latent_dim or not len(z):
        raise NotAnAnswer(f"its shape is {z.shape}, and not (n, {latent_dim}).")
    wanted = load_dataset("mnist", "test", shuffle=False, batch_size=len(z), limit=len(z))
    wanted = next(wanted.as_numpy_iterator())
    error = np.mean((generator.predict(z, verbose=0) - wanted) ** 2, axis=(1, 2, 3))
    # The solution: 0.029 over 24 digits. A vector drawn at random: more than 0.3.
    require(
        error.mean() < 0.06,
        f"drawn from your z, the pictures differ from the digits by a mean squared error of "
        f"{error.mean():.3f}; less than 0.06 can be reached.",
    )
    return (
        f"Mean squared error {error.mean():.3f}, between {error.min():.3f} and {error.max():.3f}. "
        "The digit restored worst is the one that the generator knows least."
    )


@exercise(
    "2.6",
    takes="one number, to three decimals: the smallest `d_loss` that this step can reach.",
    hint="Between which two numbers does the network's output lie, and what does the loss do with "
    "them? Put in the best case for each of its two halves.",
)
def sigmoid_too_many(answer):
    given = number(answer)
    least = softplus(-1.0) + softplus(0.0)
    require(not close(given, 0, 5e-4), "0 is what it would reach without the mistake.")
    require(
        not close(given, 2 * math.log(2)), "that is what it costs to know nothing, not to be right."
    )
    require(close(given, least, 6e-4), f"{given:.6g} is not it, or not to three decimals.")
    return "Where d_loss stops at just this number, look for a second sigmoid."


@exercise(
    "2.7",
    takes="a dict `{latent_dim: modes}` of how many of the ring's eight modes were found, for 1, "
    "2 and 16.",
    hint="Change latent_dim in the generator and in GAN alike; toys.ring().count_modes(points) "
    "counts.",
)
def length_of_z(answer):
    found = {int(dim): value[0] for dim, value in table(answer).items()}
    if set(found) != {1, 2, 16}:
        raise NotAnAnswer(f"its keys are {sorted(found)}, and not 1, 2 and 16.")
    for dim, modes in found.items():
        require(0 <= modes <= 8, f"{modes:g} modes of 8 with latent_dim {dim} cannot be.")
        # The solution: 7, 8 and 8, from one run each.
        require(
            modes >= 5, f"{modes:g} modes with latent_dim {dim} are fewer than training brings."
        )
    return "All three get most of the ring: the data have two dimensions, and little is needed."


unchecked(
    "2.8",
    hint="First find out which parts of the present setting earn their keep: take one away at a "
    "time. Then try a falling learning rate.",
    instead="A good report gives the same number of steps for both runs, the distance with its "
    "number of images and extractor, one difference at a time, and what another seed changes.",
)
