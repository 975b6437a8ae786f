from gan_keras import losses

import numpy as np
import pytest
import tensorflow as tf

REAL = np.array([[2.0], [-1.0], [0.5]])
FAKE = np.array([[-2.0], [1.5], [0.0]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


EXPECTED = {
    "minimax_d": -(np.log(sigmoid(REAL)).mean() + np.log(1 - sigmoid(FAKE)).mean()),
    "least_squares_d": (((REAL - 1) ** 2).mean() + (FAKE**2).mean()) / 2,
    "hinge_d": np.maximum(0, 1 - REAL).mean() + np.maximum(0, 1 + FAKE).mean(),
    "minimax_g": np.log(1 - sigmoid(FAKE)).mean(),
    "non_saturating_g": -np.log(sigmoid(FAKE)).mean(),
    "least_squares_g": ((FAKE - 1) ** 2).mean() / 2,
    "hinge_g": -FAKE.mean(),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_losses_equal_their_formulas(name):
    arguments = (REAL, FAKE) if name.endswith("_d") else (FAKE,)
    loss = getattr(losses, name)(*(tf.constant(a, tf.float32) for a in arguments))
    assert loss.dtype == tf.float32
    assert float(loss) == pytest.approx(EXPECTED[name], rel=1e-5)


@pytest.mark.parametrize("name", losses.GAMES)
def test_losses_stay_finite_where_probabilities_round_to_0_and_1(name):
    d_loss, g_loss = losses.get(name)
    for logit in (-200.0, 200.0):
        logits = tf.fill((4, 1), logit)
        assert np.isfinite(d_loss(logits, logits)) and np.isfinite(g_loss(logits))


def test_half_precision_logits_give_a_float32_loss():
    logits = tf.constant([[1.0], [2.0]], tf.float16)
    for d_loss, g_loss in losses.GAMES.values():
        assert d_loss(logits, logits).dtype == g_loss(logits).dtype == tf.float32


def test_saturation_is_the_minimax_generators():
    """Where D is sure that an image is generated, only one of the two has a gradient."""
    logits = tf.Variable([[-10.0]])
    gradients = {}
    for name in ("minimax_g", "non_saturating_g"):
        with tf.GradientTape() as tape:
            loss = getattr(losses, name)(logits)
        gradients[name] = abs(tape.gradient(loss, logits).numpy().item())
    assert gradients["minimax_g"] < 1e-4
    assert gradients["non_saturating_g"] == pytest.approx(1, rel=1e-3)


def test_a_pair_of_callables_is_a_game():
    pair = (losses.hinge_d, losses.non_saturating_g)
    assert losses.get(pair) == pair


@pytest.mark.parametrize("bad", ["jensen", None, (losses.hinge_d,), ("a", "b"), 3])
def test_anything_else_is_refused(bad):
    with pytest.raises(ValueError, match="'minimax', 'non_saturating'"):
        losses.get(bad)
