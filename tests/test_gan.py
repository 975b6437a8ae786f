import inspect

import gan_keras
from gan_keras.models import gan as module

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import SHAPE, small_gan


def network(takes, gives, activation=None):
    return keras.Sequential(
        [
            keras.Input(takes),
            layers.Flatten(),
            layers.Dense(int(np.prod(gives))),
            layers.Reshape(gives),
            *([layers.Activation(activation)] if activation else []),
        ]
    )


@pytest.mark.parametrize(
    "networks, message",
    [
        ((network((5,), SHAPE), None), r"generator must take a batch of shape \(batch, 4\)"),
        ((network((4,), (7, 7, 1)), None), r"maps \(4,\) to \(7, 7, 1\); it must give \(8, 8, 1\)"),
        ((None, network((8, 8, 3), (1,))), r"takes \(8, 8, 3\); it must take \(batch, 8, 8, 1\)"),
        ((None, network(SHAPE, (2,))), r"it must give \(1,\)"),
        ((None, network(SHAPE, (1,), "sigmoid")), "ends in a sigmoid"),
    ],
)
def test_networks_that_do_not_fit_are_named(networks, message):
    with pytest.raises(ValueError, match=message):
        gan_keras.GAN(SHAPE, 4, *networks)


def test_any_two_networks_that_fit_will_do():
    model = gan_keras.GAN(SHAPE, 4, network((4,), SHAPE), network(SHAPE, (1,)))
    model.compile()
    model.fit(np.zeros((8, *SHAPE), "float32"), verbose=0)


def test_networks_not_yet_built_are_built():
    generator = keras.Sequential([layers.Dense(64), layers.Reshape(SHAPE)])
    discriminator = keras.Sequential([layers.Flatten(), layers.Dense(1)])
    model = gan_keras.GAN(SHAPE, 4, generator, discriminator)
    model.compile()
    assert len(model.g_optimizer.variables) > 2  # moments, not only iterations and rate


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"latent_dim": 0}, "latent_dim is 0"),
        ({"image_shape": (28, 28)}, "image_shape"),
        ({"image_shape": (28, 0, 1)}, "image_shape"),
        ({"average": 1.0}, "average is 1.0"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gan_keras.GAN(**arguments)


def test_unknown_loss_names_those_that_are_known():
    with pytest.raises(ValueError, match="'non_saturating'.*'hinge'"):
        small_gan().compile(loss="wasserstine")


@pytest.mark.parametrize("n", [0, -1, 2.5])
def test_generate_needs_a_whole_number(n):
    with pytest.raises(ValueError, match="whole number"):
        small_gan().generate(n)


@pytest.mark.parametrize("loss", gan_keras.losses.GAMES)
def test_every_game_moves_a_point_generator_towards_the_data(loss):
    """A generator of one point must find the one place where all data lie."""
    data = np.full((256, 1), 3.0, "float32")
    generator = keras.Sequential([keras.Input((1,)), layers.Dense(1, kernel_initializer="zeros")])
    discriminator = keras.Sequential([keras.Input((1,)), layers.Dense(16, "tanh"), layers.Dense(1)])
    model = gan_keras.GAN((1,), 1, generator, discriminator, seed=0)
    model.compile(keras.optimizers.Adam(0.02, 0.5), keras.optimizers.Adam(0.02, 0.5), loss=loss)
    start = abs(model.generate(1, seed=0).item() - 3)
    model.fit(data, batch_size=64, epochs=60, verbose=0)
    assert abs(model.generate(1, seed=0).item() - 3) < start / 2


def test_a_step_is_the_papers_two_gradients(images):
    """The weights after one step of SGD, against both gradients written out here."""
    model = gan_keras.GAN(
        SHAPE, 4, network((4,), SHAPE, "tanh"), network(SHAPE, (1,)), average=None, seed=3
    )
    rate = 0.1
    model.compile(keras.optimizers.SGD(rate), keras.optimizers.SGD(rate), loss="minimax")
    generator, discriminator = model.generator, model.discriminator
    z = model.sample_latent(images)

    with tf.GradientTape() as tape:
        d_real, d_fake = (tf.sigmoid(discriminator(x)) for x in (images, generator(z)))
        value = tf.reduce_mean(tf.math.log(d_real)) + tf.reduce_mean(tf.math.log(1 - d_fake))
    d_vars = [v.value for v in discriminator.trainable_variables]
    d_new = [v + rate * g for v, g in zip(d_vars, tape.gradient(value, d_vars), strict=True)]

    improved = keras.models.clone_model(discriminator)
    improved.set_weights(d_new)
    with tf.GradientTape() as tape:
        value = tf.reduce_mean(tf.math.log(1 - tf.sigmoid(improved(generator(z)))))
    g_vars = [v.value for v in generator.trainable_variables]
    g_new = [v - rate * g for v, g in zip(g_vars, tape.gradient(value, g_vars), strict=True)]

    model.fit(images, batch_size=64, verbose=0, shuffle=False)
    for expected, variable in zip(
        d_new + g_new, discriminator.trainable_variables + generator.trainable_variables,
        strict=True,
    ):  # fmt: skip
        np.testing.assert_allclose(variable.numpy(), expected, rtol=1e-4, atol=1e-6)


def test_the_average_follows_the_generator(images):
    model = small_gan(average=0.9)
    model.compile()
    expected = [w.numpy() for w in model.generator.weights]
    for step in range(1, 6):
        model.fit(images[:16], batch_size=16, verbose=0)
        decay = min(0.9, (1 + step) / (10 + step))
        for i, w in enumerate(model.generator.weights):
            rate = 1 - decay if w.trainable else 1.0
            expected[i] = expected[i] + rate * (w.numpy() - expected[i])
    for mean, value in zip(model.averaged_generator.weights, expected, strict=True):
        np.testing.assert_allclose(mean.numpy(), value, rtol=1e-4, atol=1e-6)
    z = gan_keras.latent.normal(2, 4, seed=0)
    np.testing.assert_allclose(model.generate(2, seed=0), model.averaged_generator(z), atol=1e-6)


def test_without_average_the_trained_generator_draws(images):
    model = small_gan(average=None)
    assert model.averaged_generator is model.generator
    model.compile()
    model.fit(images, verbose=0)
    z = gan_keras.latent.normal(2, 4, seed=0)
    np.testing.assert_allclose(model.generate(2, seed=0), model.generator(z), atol=1e-6)


def test_displayed_values_of_a_guessing_discriminator(images):
    discriminator = keras.Sequential(
        [keras.Input(SHAPE), layers.Flatten(), layers.Dense(1, kernel_initializer="zeros")]
    )
    model = gan_keras.GAN(SHAPE, 4, network((4,), SHAPE, "tanh"), discriminator)
    model.compile()
    result = model.evaluate(images, verbose=0, return_dict=True)
    assert result["d_loss"] == pytest.approx(2 * np.log(2), rel=1e-5)
    assert result["g_loss"] == pytest.approx(np.log(2), rel=1e-5)
    assert result["d_real"] == result["d_fake"] == pytest.approx(0.5)


def test_the_step_is_short_enough_to_read_at_once():
    assert len(inspect.getsource(module.GAN.train_step).splitlines()) <= 30
