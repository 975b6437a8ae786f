import gan_keras
from gan_keras.models import cgan
from gan_keras.models.acgan import cross_entropy

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import (
    LABELS,
    SHAPE,
    conv_discriminator,
    conv_generator,
    small_acgan,
    small_cgan,
    told_discriminator,
)

CONDITIONAL = pytest.mark.parametrize("build", [small_cgan, small_acgan])


@CONDITIONAL
@pytest.mark.parametrize(
    "labels, message",
    [
        (None, "labels are missing"),
        (LABELS - 1, r"span \[-1, 1\].*num_classes=3.*0 to 2"),
        (LABELS + 1, r"span \[1, 3\]"),
        (LABELS.astype("float32"), "float32; they must be integers"),
        (np.eye(3)[LABELS], "as if one-hot"),
        (LABELS[:, None], r"must be \(batch,\)"),
        (LABELS[:5], "5 labels for 64 images"),
    ],
)
def test_bad_labels_are_refused_and_nothing_is_learned(build, images, labels, message):
    model = build()
    model.compile()
    with pytest.raises(ValueError, match=message):
        model.fit(images, labels, verbose=0)
    assert int(model.step) == 0


@pytest.mark.parametrize("labels, message", [(LABELS + 1, r"\[1, 3\]"), (LABELS - 1, r"\[-1, 1\]")])
def test_labels_out_of_range_inside_a_data_set(images, labels, message):
    model = small_cgan()
    model.compile()
    data = tf.data.Dataset.from_tensor_slices((images, labels)).batch(64)
    with pytest.raises(ValueError, match=f"The labels span {message}"):
        model.fit(data, verbose=0)
    with pytest.raises(ValueError, match="labels are missing"):
        model.fit(data.map(lambda x, y: x), verbose=0)
    with pytest.raises(ValueError, match="must be integers"):
        model.fit(data.map(lambda x, y: (x, tf.cast(y, tf.float32))), verbose=0)


def test_labels_of_eight_bits_serve_as_many_classes_as_they_can_name(images):
    generator, discriminator = conv_generator(256), told_discriminator(256)
    model = gan_keras.CGAN(SHAPE, 256, latent_dim=4, generator=generator,
                           discriminator=discriminator)  # fmt: skip
    model.compile()
    labels = np.arange(192, 256, dtype="uint8")
    model.fit(tf.data.Dataset.from_tensor_slices((images, labels)).batch(32), verbose=0)
    assert model.step == 2


@CONDITIONAL
def test_what_can_be_ordered(build):
    model = build()
    in_turn = model.generate(6, seed=0)
    np.testing.assert_array_equal(in_turn, model.generate(6, labels=[0, 1, 2, 0, 1, 2], seed=0))
    twos = model.generate(6, labels=2, seed=0)
    np.testing.assert_array_equal(twos, model.generate(6, labels=np.full(6, 2), seed=0))
    shares = np.eye(3)[[2] * 6]
    np.testing.assert_array_equal(twos, model.generate(6, labels=shares, seed=0))
    half = model.generate(6, labels=np.tile([0, 0.5, 0.5], (6, 1)), seed=0)
    assert np.abs(half - twos).max() > 1e-4
    assert half.shape == (6, *SHAPE)


@pytest.mark.parametrize(
    "labels, message",
    [
        (3, r"span \[3, 3\]"),
        ([0, 1], "2 labels for 4 images"),
        ([0.5, 1, 1, 1], "must be integers"),
        (np.ones((4, 3)), "must sum to 1"),
        (np.tile([1.5, -0.5, 0], (4, 1)), "not be negative"),
        (np.ones((4, 2)) / 2, r"must be \(4, 3\)"),
    ],
)
def test_what_cannot_be_ordered(labels, message):
    with pytest.raises(ValueError, match=message):
        small_cgan().generate(4, labels=labels)


def test_concatenation_shows_the_discriminator_a_learned_picture():
    d = cgan.build_discriminator(num_classes=4, width=4)
    picture = np.random.default_rng(0).normal(size=(4, 28 * 28)).astype("float32")
    d.get_layer("embedding").set_weights([picture])
    first = next(layer for layer in d.layers if isinstance(layer, keras.layers.Conv2D))
    seen = keras.Model(d.input, first.input)
    image = np.zeros((1, 28, 28, 1), "float32")
    channels = seen.predict([image, np.eye(4, dtype="float32")[[3]]], verbose=0)
    np.testing.assert_allclose(channels[0, ..., 1], picture[3].reshape(28, 28), rtol=1e-6)


def test_projection_is_the_papers_formula():
    """logit(x, y) = w . f(x) + b + embed(y) . f(x)"""
    d = cgan.build_discriminator(num_classes=4, conditioning="projection", width=4)
    image = np.random.default_rng(0).uniform(-1, 1, (5, 28, 28, 1)).astype("float32")
    y = np.array([0, 1, 2, 3, 0])
    flat = next(layer for layer in d.layers if isinstance(layer, keras.layers.Flatten))
    f = keras.Model(d.input[0], flat.output).predict(image, verbose=0)
    dense = [x for x in d.layers if isinstance(x, keras.layers.Dense) and x.name != "embedding"]
    w, b = dense[0].get_weights()
    embedded = d.get_layer("embedding").get_weights()[0][y]
    expected = f @ w + b + (embedded * f).sum(axis=1, keepdims=True)
    found = d.predict([image, np.eye(4, dtype="float32")[y]], verbose=0)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_unknown_conditioning():
    with pytest.raises(ValueError, match='"concatenation" or "projection"'):
        gan_keras.CGAN(conditioning="addition", width=2)


@pytest.mark.parametrize("conditioning", ["concatenation", "projection"])
def test_default_networks_learn_from_labels(conditioning):
    model = gan_keras.CGAN((32, 32, 3), 5, conditioning, width=4, seed=0)
    model.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (32, 32, 32, 3)).astype("float32")
    history = model.fit(images, np.arange(32) % 5, batch_size=16, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert model.get_config()["conditioning"] == conditioning


def plain(model):
    """No averaging and plain descent, so that one step can be written out beside it."""
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return model


def test_acgan_step_is_the_papers_two_ascents(images):
    model = plain(small_acgan(average=None))
    twin = plain(small_acgan(average=None))
    twin.set_weights(model.get_weights())
    real, y = tf.constant(images[:16]), tf.one_hot(LABELS[:16], 3)
    z = twin.sample_latent(real)
    model.train_step((images[:16], LABELS[:16]))

    g, d = twin.generator, twin.discriminator
    # The statistics of batch normalisation count every pass: the same passes in the same order.
    with tf.GradientTape(persistent=True) as tape:
        fake = g([z, y], training=True)
        real_logits, real_classes = d(real, training=True)
        fake_logits, fake_classes = d(fake, training=True)
        source = tf.reduce_mean(tf.math.log_sigmoid(real_logits)) + tf.reduce_mean(
            tf.math.log_sigmoid(-fake_logits)
        )
        named = -cross_entropy(y, real_classes) - cross_entropy(y, fake_classes)
        ascent = source + named
    for v, gradient in zip(
        d.trainable_variables, tape.gradient(ascent, d.trainable_variables), strict=True
    ):
        v.assign_add(0.1 * gradient)
    with tf.GradientTape() as tape:
        logits, classes = d(g([z, y], training=True), training=True)
        ascent = tf.reduce_mean(tf.math.log_sigmoid(logits)) - cross_entropy(y, classes)
    for v, gradient in zip(
        g.trainable_variables, tape.gradient(ascent, g.trainable_variables), strict=True
    ):
        v.assign_add(0.1 * gradient)
    for a, b in zip(model.trainable_variables, twin.trainable_variables, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-3, atol=1e-5)


def test_cgan_tells_both_networks_the_class_of_the_real_image(images):
    model = plain(small_cgan(average=None))
    told = {"generator": [], "discriminator": []}
    for role, seen in told.items():
        network = getattr(model, role)
        call = network.call
        network.call = lambda inputs, call=call, seen=seen, **kwargs: (
            seen.append(inputs[1].numpy()) or call(inputs, **kwargs)
        )
    model.train_step((images[:16], LABELS[:16]))
    assert len(told["generator"]) == 1 and len(told["discriminator"]) == 3
    for y in told["generator"] + told["discriminator"]:
        np.testing.assert_array_equal(y, np.eye(3)[LABELS[:16]])


@pytest.mark.parametrize(
    "model, generator, discriminator, message",
    [
        ("CGAN", conv_generator(), None, r"must take a batch of shape \(batch, 4\) and \(batch, 3"),
        ("CGAN", None, conv_discriminator(), "discriminator must take a batch of shape"),
        ("CGAN", conv_generator(2), None, r"and \(batch, 3\).*expected shape=\(None, 2\)"),
        ("ACGAN", None, conv_discriminator(), "must give two outputs"),
        ("ACGAN", None, conv_discriminator((1, 4)), r"num_classes=3 they must be \(batch, 3\)"),
    ],
)
def test_networks_that_do_not_fit_are_named(model, generator, discriminator, message):
    default = told_discriminator(3) if model == "CGAN" else conv_discriminator((1, 3))
    with pytest.raises(ValueError, match=message):
        getattr(gan_keras, model)(
            SHAPE, 3, latent_dim=4, generator=generator or conv_generator(3),
            discriminator=discriminator or default,
        )  # fmt: skip


def test_a_label_can_be_learned():
    """Grey level 0.8 for class 1, -0.8 for class 0: after training an order is followed."""
    labels = np.arange(256) % 2
    images = np.where(labels, 0.8, -0.8)[:, None, None, None] * np.ones((1, *SHAPE))
    images += np.random.default_rng(0).normal(0, 0.05, images.shape)
    networks = dict(generator=conv_generator(2), discriminator=told_discriminator(2))
    model = gan_keras.CGAN(SHAPE, 2, latent_dim=4, **networks, seed=0)
    model.compile(*(keras.optimizers.Adam(5e-3, 0.5) for _ in range(2)))
    model.fit(images.astype("float32"), labels, batch_size=32, epochs=30, verbose=0)
    dark, light = (model.generate(20, labels=k, seed=0).mean() for k in (0, 1))
    assert dark < -0.3 and light > 0.3
