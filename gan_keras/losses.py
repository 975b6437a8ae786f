"""The adversarial games: what the discriminator and the generator each minimise.

All functions take logits of shape (batch, ...), the discriminator's raw output, and return a
float32 scalar, the mean over all elements. With D = sigmoid(logit):

    -log D       = softplus(-logit)
    -log (1 - D) = softplus(logit)

which stays finite where log(sigmoid(logit)) does not.
"""

from collections.abc import Callable

import tensorflow as tf

Game = tuple[Callable, Callable]


def _mean(x):
    return tf.reduce_mean(tf.cast(x, tf.float32))


def minimax_d(real_logits, fake_logits):
    """-E[log D(x)] - E[log(1 - D(G(z)))], the negative of V(D, G): Goodfellow et al. 2014, eq. 1.

    A discriminator that guesses (D = 1/2) scores 2 log 2 = 1.386.
    """
    return _mean(tf.nn.softplus(-real_logits)) + _mean(tf.nn.softplus(fake_logits))


def minimax_g(fake_logits):
    """E[log(1 - D(G(z)))]: the generator's side of the same V. Goodfellow et al. 2014, eq. 1."""
    return -_mean(tf.nn.softplus(fake_logits))


def non_saturating_g(fake_logits):
    """-E[log D(G(z))]: Goodfellow et al. 2014, section 3. log 2 = 0.693 where D = 1/2."""
    return _mean(tf.nn.softplus(-fake_logits))


def least_squares_d(real_logits, fake_logits):
    """E[(D(x) - 1)^2] / 2 + E[D(G(z))^2] / 2 on the raw output: Mao et al. 2017, eq. 9."""
    return (_mean(tf.square(real_logits - 1.0)) + _mean(tf.square(fake_logits))) / 2.0


def least_squares_g(fake_logits):
    """E[(D(G(z)) - 1)^2] / 2 on the raw output: Mao et al. 2017, eq. 9."""
    return _mean(tf.square(fake_logits - 1.0)) / 2.0


def hinge_d(real_logits, fake_logits):
    """E[max(0, 1 - D(x))] + E[max(0, 1 + D(G(z)))]: Lim & Ye 2017; Miyato et al. 2018, eq. 16."""
    return _mean(tf.nn.relu(1.0 - real_logits)) + _mean(tf.nn.relu(1.0 + fake_logits))


def hinge_g(fake_logits):
    """-E[D(G(z))]: Lim & Ye 2017; Miyato et al. 2018, eq. 17."""
    return -_mean(fake_logits)


GAMES: dict[str, Game] = {
    "minimax": (minimax_d, minimax_g),
    "non_saturating": (minimax_d, non_saturating_g),
    "least_squares": (least_squares_d, least_squares_g),
    "hinge": (hinge_d, hinge_g),
}

# The games in which sigmoid(logit) is the probability of being real.
PROBABILISTIC = ("minimax", "non_saturating")


def get(loss: str | Game) -> Game:
    """The pair (d_loss(real_logits, fake_logits), g_loss(fake_logits)) of a game.

    Args:
        loss: a name in `GAMES`, or such a pair of callables.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(loss, str) and loss in GAMES:
        return GAMES[loss]
    if isinstance(loss, (tuple, list)) and len(loss) == 2 and all(map(callable, loss)):
        return tuple(loss)
    raise ValueError(
        f"Unknown adversarial loss {loss!r}. Give one of {', '.join(map(repr, GAMES))}, or a pair "
        "of callables: d_loss(real_logits, fake_logits) and g_loss(fake_logits)."
    )
