"""Exercises of chapter 6: CycleGAN."""

import itertools

from gan_keras.exercises.answers import close, number, numbers, require, table
from gan_keras.exercises.registry import exercise, unchecked

import numpy as np


@exercise(
    "6.1",
    takes="two numbers: the smallest cycle loss, and how many pairs (G, F) reach it.",
    hint="How many different subjects can F return at all? Then count: the ways for G to send two "
    "subjects to each side, and for each of these the choices of F.",
)
def four_and_two(answer):
    loss, pairs = numbers(answer, 2)
    losses = [
        np.mean([f[g[a]] != a for a in range(4)])
        for g in itertools.product(range(2), repeat=4) if sum(g) == 2  # G spreads a evenly over b.
        for f in itertools.product(range(4), repeat=2)
    ]  # fmt: skip
    require(close(loss, min(losses)), f"the smallest cycle loss is not {loss:.4g}.")
    require(pairs == losses.count(min(losses)), f"not {pairs:g} pairs (G, F) reach that loss.")
    return "Found by trying all that are possible. Where less fits, something has to be lost."


@exercise(
    "6.2",
    takes="three numbers: the best D, `d_loss` and `g_loss` when nothing can be told apart.",
    hint="A regression predicts the mean of its targets. d_loss is the mean of the squared errors "
    "over both kinds, halved as in section 6.4; the generator aims at 1.",
)
def another_target(answer):
    d, d_loss, g_loss = numbers(answer, 3)
    best = 0.9 / 2
    require(close(d, best), f"the best D is not {d:.4g} then.")
    loss = (best**2 + (0.9 - best) ** 2) / 2
    require(not close(d_loss, 2 * loss), "d_loss is twice what the library's shows.")
    require(close(d_loss, loss), f"d_loss is not {d_loss:.5g} then.")
    loss = (1 - best) ** 2 / 2
    require(not close(g_loss, 2 * loss), "g_loss is twice what the library's shows.")
    require(close(g_loss, loss), f"g_loss is not {g_loss:.5g} then.")
    return "The target moves the numbers. Is the game still won at q = p?"


@exercise(
    "6.3",
    takes="a dict `{weight: heaps}` for the cycle weights 0 and 10 at least; heaps are four "
    "numbers, 0 to 3: where heap 0 goes, where heap 1 goes, and so on.",
    hint="Translate the centres of side a and look for the nearest centre of side b of each.",
)
def weight_of_cycle(answer):
    goes = table(answer, 4)
    require({0.0, 10.0} <= set(goes), f"there are entries for {sorted(goes)}, not for 0 and 10.")
    for weight, heaps in goes.items():
        require(
            set(heaps) <= {0, 1, 2, 3}, f"at weight {weight:g} there are heaps {heaps.tolist()}."
        )
        # The solution: with 1, 10 and 100 all of three seeds are one-to-one, with 0 none is.
        if weight >= 1:
            require(
                len(set(heaps)) == 4,
                f"at weight {weight:g} two heaps go to the same one: {heaps.astype(int).tolist()}; "
                "was it trained for long enough?",
            )
    require(
        len(set(goes[0.0])) < 4,
        "without the cycle loss different heaps went to different heaps, which none of the "
        "solution's three runs did. Try another seed.",
    )
    return "The cycle holds from some weight below 1 on. Which permutation it is, the seed decides."


@exercise(
    "6.4",
    takes="two numbers: the mean age, in images, of what comes out of a full pool of 50 by way of "
    "the pool, and the same for a pool of 1,000.",
    hint="With what probability is a given stored image thrown out when one image comes in? A "
    "waiting time of constant probability is geometric.",
)
def age_of_pool(answer):
    small, large = numbers(answer, 2)
    for size, said in ((50, small), (1000, large)):
        require(
            not close(said, size, 0.05 * size),
            f"{said:g} would be right for a pool of {size} if every image went into the pool.",
        )
        require(
            close(said, 2 * size, 0.1 * size), f"in a pool of {size} the mean age is not {said:g}."
        )
    return "Divided by the size of a batch, that is in steps. How stale may a mistake be?"


@exercise(
    "6.5",
    takes="one number: what `steps` has to be in this code, if the data set has 250 batches.",
    hint="Print model.g_optimizer.learning_rate after the first epoch. How many steps does the "
    "whole training make?",
)
def schedule_over(answer):
    given = number(answer)
    require(given != 250, "250 is one epoch: that is the mistake.")
    require(given == 100 * 250, f"{given:,.0f} is not the number of steps of the whole training.")
    return "The rate falls to 0 at the end of the training, and not of its first epoch."


@exercise(
    "6.6",
    takes="two numbers: the colour error from generated lines of the plain model and of the noisy "
    "one.",
    hint="layers.GaussianNoise stands before F's other layers, the magnifying glass included. It "
    "acts in training alone, so that translate sees clean lines.",
)
def no_message(answer):
    plain, noisy = numbers(answer, 2)
    require(min(plain, noisy) > 0, "an error is above 0.")
    # The solution: 0.70 and 1.21.
    require(plain < 1, f"with {plain:.3g} the plain model returns no more colour than grey would.")
    require(
        noisy > 1.15 * plain,
        f"the noisy model's error ({noisy:.3g}) is hardly above the plain one's ({plain:.3g}): the "
        "message still comes through. Is the noise in front of the magnifying glass?",
    )
    return "The message is gone. A guess is left, which may be worse than grey."


unchecked(
    "6.7",
    hint="What share of the photographs, and of the emoji, is of each kind of thing? The "
    "marginals are matched at any price.",
    instead="A good report says what is in the two piles and in which shares, which losses were "
    "kept and why, how the result was scored, and what the score does not see.",
)
