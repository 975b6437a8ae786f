"""Adam in one operation is Keras' Adam."""

from gan_keras.optimizers import Adam

import keras
import numpy as np
import pytest
import tensorflow as tf

SETTINGS = {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3}


@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize(
    "extra",
    [
        {},
        {"amsgrad": True},
        {"clipnorm": 0.5},
        {"use_ema": True},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)},
    ],
    ids=lambda extra: next(iter(extra), "plain"),
)
def test_steps_are_keras(jit_compile, extra):
    gradients = tf.constant(np.random.default_rng(0).normal(size=(20, 3, 2)), tf.float32)
    ends = []
    for kind in (Adam, keras.optimizers.Adam):
        weight = keras.Variable(np.ones((3, 2)))
        optimizer = kind(**SETTINGS | extra)
        optimizer.build([weight])
        step = tf.function(lambda g, o=optimizer: o.apply([g]), jit_compile=jit_compile)
        for gradient in gradients:
            step(gradient)
        ends.append([weight.numpy(), *(v.numpy() for v in optimizer.variables)])
    assert np.abs(ends[0][0] - 1).min() > 1e-3
    for a, b in zip(*ends, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_a_rate_that_is_set_later_is_taken():
    weight = keras.Variable(np.ones(3))
    optimizer = Adam(**SETTINGS)
    optimizer.build([weight])
    step = tf.function(lambda: optimizer.apply([tf.ones(3)]))
    step()
    before = weight.numpy()
    optimizer.learning_rate = 0.0
    step()
    assert (before != 1).all()
    np.testing.assert_array_equal(weight.numpy(), before)


def test_a_weight_costs_two_operations():
    """Many make a first step slow: the update, and what Keras puts around the gradient."""
    counts = []
    for n in (1, 11):
        weights = [keras.Variable(np.ones(3, "float32")) for _ in range(n)]
        optimizer = Adam(**SETTINGS)
        optimizer.build(weights)
        step = tf.function(lambda *g, o=optimizer: o.apply(list(g)))
        traced = step.get_concrete_function(*[tf.ones(3)] * n)
        made = [x for x in traced.graph.get_operations() if x.type != "Placeholder"]
        counts.append(len(made))
    assert counts[1] - counts[0] == 10 * 2


def test_rows_of_an_embedding_are_updated():
    ends = []
    for kind in (Adam, keras.optimizers.Adam):
        embedding = keras.layers.Embedding(5, 2, embeddings_initializer="ones")
        embedding.build()
        optimizer = kind(**SETTINGS)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(embedding(tf.constant([1, 3])))
        weight = embedding.trainable_variables[0]
        optimizer.apply([tape.gradient(loss, weight.value)], [weight])
        ends.append(weight.numpy())
    np.testing.assert_allclose(*ends)
    assert (ends[0] != 1).any()


def test_moments_go_from_the_one_to_the_other():
    weights = keras.Variable(np.ones(3)), keras.Variable(np.ones(3))
    one, other = Adam(**SETTINGS), keras.optimizers.Adam(**SETTINGS)
    gradient = tf.constant([1.0, -2.0, 3.0])
    one.apply([gradient], [weights[0]])
    other.build([weights[1]])
    for a, b in zip(other.variables, one.variables, strict=True):
        a.assign(b)
    weights[1].assign(weights[0])
    one.apply([gradient]), other.apply([gradient])
    np.testing.assert_allclose(weights[0].numpy(), weights[1].numpy(), rtol=1e-5)
    again = keras.optimizers.deserialize(keras.optimizers.serialize(one))
    assert type(again) is Adam and again.beta_1 == 0.5
