import gan_keras
from gan_keras.models import pix2pix

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import SHAPE, small_pix2pix


def kinds(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


def test_paper_recipe_is_the_papers_appendix():
    model = gan_keras.Pix2Pix((256, 256, 3), recipe="paper", average=None)
    g, d = model.generator, model.discriminator
    encoder = [64, 128, 256, 512, 512, 512, 512, 512]
    assert [x.filters for x in kinds(g, layers.Conv2D)] == encoder
    decoder = kinds(g, layers.Conv2DTranspose)
    assert [x.filters for x in decoder] == [512, 512, 512, 512, 256, 128, 64, 3]
    handed = [x.output.shape[-1] for x in kinds(g, layers.Concatenate)]
    assert handed == [1024, 1024, 1024, 1024, 512, 256, 128]  # appendix 6.1.1, "U-Net decoder"
    assert [x.output.shape[1] for x in kinds(g, layers.Dropout)] == [2, 4, 8]
    assert {x.rate for x in kinds(g, layers.Dropout)} == {0.5}
    assert [x.filters for x in kinds(d, layers.Conv2D)] == [64, 128, 256, 512, 1]
    assert len(kinds(d, layers.BatchNormalization)) == 3  # not after the first, nor the last
    # A normalisation would take the others' away.
    assert [x.use_bias for x in kinds(g, layers.Conv2D)] == [True, *[False] * 6, True]
    assert [x.use_bias for x in decoder] == [*[False] * 7, True]
    assert [x.use_bias for x in kinds(d, layers.Conv2D)] == [True, *[False] * 3, True]
    assert d.output_shape == (None, 30, 30, 1)
    assert pix2pix.receptive_field(d).size == 70
    optimizer = pix2pix.build_optimizer(**model.optimizer_options)
    assert float(optimizer.learning_rate) == pytest.approx(2e-4)
    assert (optimizer.beta_1, optimizer.beta_2) == (0.5, 0.999)
    spread = np.std(decoder[2].get_weights()[0])
    assert spread == pytest.approx(0.02, rel=0.02)
    assert (model.l1_weight, model.as_in_training) == (100, True)


@pytest.mark.parametrize(
    "shape, depth", [((256, 256), 8), ((64, 64), 6), ((64, 128), 6), ((96, 96), 5), ((40, 72), 3)]
)
def test_depth_follows_from_the_image_size(shape, depth):
    assert pix2pix.halvings(shape) == depth
    network = pix2pix.build_generator((*shape, 1), (*shape, 3), width=1)
    assert len(kinds(network, layers.Conv2D)) == depth
    assert network.output_shape == (None, *shape, 3)


@pytest.mark.parametrize(
    "shape, depth, message",
    [
        ((30, 32, 3), None, "30 x 32; the U-Net needs.*multiples of 8.*image_size=24"),
        ((32, 4, 3), None, "multiples of 8"),
        ((40, 40, 3), 4, "with depth=4 needs.*multiples of 16.*image_size=32"),
    ],
)
def test_sizes_that_cannot_be_halved_are_refused(shape, depth, message):
    with pytest.raises(ValueError, match=message):
        pix2pix.build_generator(shape, depth=depth)


@pytest.mark.parametrize("patch_size", [1, 16, 34, 70, 142, 286])
def test_receptive_field_is_the_footprint_of_a_logits_gradient(patch_size):
    """Weights of 1 and no normalisation: a pixel has a gradient if, and only if, it is seen."""
    size = 320
    image = keras.Input((size, size, 1))
    x = image
    for layer in pix2pix.build_discriminator(
        (size, size, 1), patch_size=patch_size, width=1, normalization=None
    ).layers[3:]:
        if isinstance(layer, layers.Conv2D):
            layer = layers.Conv2D(
                1, layer.kernel_size, layer.strides, kernel_initializer="ones", use_bias=False
            )
        elif isinstance(layer, layers.LeakyReLU):
            continue
        x = layer(x)
    network = keras.Model(image, x)
    found = pix2pix.receptive_field(network)
    assert found.size == patch_size

    middle = network.output_shape[1] // 2
    pixels = tf.ones((1, size, size, 1))
    with tf.GradientTape() as tape:
        tape.watch(pixels)
        logit = network(pixels)[0, middle, middle, 0]
    rows = np.flatnonzero(tape.gradient(logit, pixels).numpy().any(axis=(0, 2, 3)))
    first = found.start + middle * found.stride
    assert rows[0] == first
    assert rows[-1] == first + found.size - 1


def test_receptive_field_of_padding_same_pooling_and_what_it_cannot_tell():
    image = keras.Input((33, 33, 1))
    x = layers.AveragePooling2D(2)(layers.Conv2D(1, 5, padding="same", dilation_rate=2)(image))
    # 9 of the dilated convolution, which reaches 4 beyond the edge, and 1 more of the pooling.
    assert pix2pix.receptive_field(keras.Model(image, x)) == (10, 2, -4)
    with pytest.raises(ValueError, match="cannot be told beyond.*Flatten"):
        pix2pix.receptive_field(keras.Model(image, layers.Flatten()(x)))


@pytest.mark.parametrize(
    "patch_size, size, message",
    [(50, 64, "50; it must be one of 1, 16, 34"), (286, 64, "at least 96 pixels.*64 x 64")],
)
def test_patches_there_are_not(patch_size, size, message):
    with pytest.raises(ValueError, match=message):
        pix2pix.build_discriminator((size, size, 3), patch_size=patch_size)


@pytest.mark.parametrize("size, expected", [(8, 16), (64, 70), (128, 142), (256, 286)])
def test_the_patch_of_a_whole_image(size, expected):
    network = pix2pix.build_discriminator((size, size, 1), patch_size="image", width=1)
    assert pix2pix.receptive_field(network).size == expected >= size


def test_without_skips_all_goes_through_the_bottleneck():
    with_, without = (
        pix2pix.build_generator((16, 16, 1), width=2, skips=skips) for skips in (True, False)
    )
    assert kinds(with_, layers.Concatenate) and not kinds(without, layers.Concatenate)


def plain(model):
    model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    for layer in kinds(model.generator, layers.Dropout):
        layer.rate = 0.0
    return model


@pytest.mark.parametrize("l1, adversarial", [(100.0, 1.0), (0.0, 1.0), (100.0, 0.0)])
def test_one_step_is_the_papers_two(images, l1, adversarial):
    weights = dict(l1_weight=l1, adversarial_weight=adversarial, average=None)
    model, twin = plain(small_pix2pix(**weights)), plain(small_pix2pix(**weights))
    twin.set_weights(model.get_weights())
    a, b = tf.constant(images[:16]), tf.constant(-images[16:32])
    tracked = model.train_step((a, b))

    g, d = twin.generator, twin.discriminator
    with tf.GradientTape() as tape:
        fake = g(a, training=True)
        real_logits, fake_logits = d([a, b], training=True), d([a, fake], training=True)
        value = tf.reduce_mean(tf.math.log(tf.sigmoid(real_logits)))
        value += tf.reduce_mean(tf.math.log(1 - tf.sigmoid(fake_logits)))  # eq. 1
    gradients = tape.gradient(value, d.trainable_variables)
    for v, gradient in zip(d.trainable_variables, gradients, strict=True):
        v.assign_add(0.1 * gradient / 2)  # "we divide the objective by 2 while optimizing D"
    with tf.GradientTape() as tape:
        fake = g(a, training=True)
        game = -tf.reduce_mean(tf.math.log(tf.sigmoid(d([a, fake], training=True))))
        error = tf.reduce_mean(tf.abs(b - fake))  # eq. 3
        total = adversarial * game + l1 * error
    gradients = tape.gradient(total, g.trainable_variables)
    for v, gradient in zip(g.trainable_variables, gradients, strict=True):
        v.assign_sub(0.1 * gradient)
    for x, y in zip(model.trainable_variables, twin.trainable_variables, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-3, atol=1e-5)
    assert float(tracked["l1"]) == pytest.approx(float(error), rel=1e-5)
    assert float(tracked["d_loss"]) == pytest.approx(-float(value), rel=1e-5)


def test_translations_follow_the_seed_and_leave_no_trace(images):
    model = small_pix2pix()
    before = [v.numpy() for v in model.variables]
    first = model.translate(images[:5], seed=3)
    assert first.shape == (5, *SHAPE) and first.dtype == np.float32 and np.abs(first).max() <= 1
    np.testing.assert_array_equal(first, model.translate(images[:5], seed=3))
    assert np.abs(first - model.translate(images[:5], seed=4)).max() > 1e-3
    assert np.abs(model.translate(images[:5]) - model.translate(images[:5])).max() > 1e-3
    assert model.translate(images[:5], batch_size=2).shape == first.shape
    for x, v in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(x, v.numpy())


def test_inference_as_in_training_or_not(images):
    """In training mode with the batch's statistics, else with those of training, without noise."""
    model = small_pix2pix(as_in_training=False)
    one = model.translate(images[:4])
    np.testing.assert_array_equal(one, model.translate(images[:4], seed=1))
    np.testing.assert_allclose(one[:1], model.translate(images[:1]), atol=1e-5)
    for layer in kinds(model.generator, layers.Dropout):
        layer.rate = 0.0
    noiseless = model.translate(images[:4], as_in_training=True)
    assert np.abs(noiseless - one).max() > 1e-2
    expected = model.generator(images[:4], training=True)  # Untrained, it equals its average.
    np.testing.assert_allclose(noiseless, expected, atol=1e-5)


@pytest.mark.parametrize("as_in_training", [True, False])
def test_evaluate_gives_the_mean_absolute_error_of_pairs(images, as_in_training):
    model = small_pix2pix(as_in_training=as_in_training)
    model.compile()
    for layer in kinds(model.generator, layers.Dropout):
        layer.rate = 0.0
    found = model.evaluate(images, -images, batch_size=16, verbose=0, return_dict=True)["l1"]
    error = np.abs(model.translate(images, batch_size=16) + images).mean()
    assert found == pytest.approx(error, rel=1e-4)


@pytest.mark.parametrize("shape, target", [((16, 24, 1), (16, 24, 3)), ((40, 8, 3), (40, 8, 1))])
def test_rectangles_and_other_channels_on_each_side(shape, target):
    model = gan_keras.Pix2Pix(shape, target, patch_size=1, recipe="fast", width=2, seed=0)
    model.compile(steps=10)
    a, b = (
        np.random.default_rng(0).uniform(-1, 1, (5, *s)).astype("float32") for s in (shape, target)
    )
    history = model.fit(a, b, batch_size=4, verbose=0).history  # The last batch has 1 pair.
    assert np.isfinite(list(history.values())).all()
    assert model.translate(a).shape == b.shape


BAD = np.full((4, *SHAPE), 2.0, "float32")
GOOD = np.zeros((4, *SHAPE), "float32")


@pytest.mark.parametrize("form", ["arrays", "dataset"])
@pytest.mark.parametrize(
    "a, b, message",
    [
        (GOOD, BAD, r"Side b of the pairs: The images must lie in \[-1, 1\], but span \[2, 2\]"),
        (BAD * np.nan, GOOD, "Side a of the pairs:.*NaN"),
        (GOOD[:, :4], GOOD, r"Side a.*\(batch, 4, 8, 1\).*image_shape=\(4, 8, 1\)"),
        (GOOD, GOOD[:, :4], r"Side b.*target_shape=\(4, 8, 1\)"),
        (GOOD, np.uint8(GOOD), "Side b.*uint8"),
        (GOOD, None, "The pairs are missing"),
    ],
)
def test_bad_pairs_are_refused_by_side_and_nothing_is_learned(form, a, b, message):
    model = small_pix2pix()
    model.compile()
    data = (a, b)
    if form == "dataset":
        data = (tf.data.Dataset.from_tensor_slices((a, b) if b is not None else a).batch(2),)
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(*data, verbose=0)
    for x, y in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
    with pytest.raises(ValueError, match=message):
        model.evaluate(*data, verbose=0)


def test_sides_of_different_number_or_size_are_named():
    model = small_pix2pix()
    model.compile()
    with pytest.raises(ValueError, match="Side a of the pairs has 4 images, side b has 3"):
        model.fit(GOOD, GOOD[:3], verbose=0)
    uneven = tf.data.Dataset.zip(
        tf.data.Dataset.from_tensor_slices(GOOD).batch(4),
        tf.data.Dataset.from_tensor_slices(GOOD).batch(2),
    )
    with pytest.raises(ValueError, match="Side a of the pairs has 4 images, side b has 2"):
        model.fit(uneven, verbose=0)
    with pytest.raises(ValueError, match="of the same height and width"):
        gan_keras.Pix2Pix((16, 16, 3), (16, 32, 3))
    with pytest.raises(ValueError, match="must lie in"):
        model.translate(BAD)
    with pytest.raises(ValueError, match="the model needs"):
        model.translate(GOOD[0])


def test_networks_that_do_not_fit_are_named():
    wide = pix2pix.build_generator((8, 8, 1), (8, 8, 3), width=1)
    with pytest.raises(ValueError, match=r"generator.*\(8, 8, 3\); it must give \(8, 8, 1\)"):
        small_pix2pix(generator=wide)
    image = [keras.Input(SHAPE), keras.Input(SHAPE)]
    x = layers.Concatenate()(image)
    flat = keras.Model(image, layers.Dense(1)(layers.Flatten()(x)))
    with pytest.raises(ValueError, match=r"to \(1,\); it must give \(None, None, 1\)"):
        small_pix2pix(discriminator=flat)
    sure = keras.Model(image, layers.Conv2D(1, 3, activation="sigmoid")(x))
    with pytest.raises(ValueError, match="ends in a sigmoid"):
        small_pix2pix(discriminator=sure)


def test_a_translation_can_be_learned():
    """b is a with its sign turned, of one grey each; G then turns greys that it has not seen."""
    rng = np.random.default_rng(0)
    a = rng.uniform(-0.9, 0.9, (80, 1, 1, 1)) + rng.normal(0, 0.02, (80, *SHAPE))
    a = a.astype("float32")
    model = gan_keras.Pix2Pix(SHAPE, recipe="fast", patch_size=16, width=8, seed=0)
    model.compile()
    model.fit(a[:64], -a[:64], batch_size=8, epochs=25, verbose=0)
    found = model.translate(a[64:], as_in_training=False)
    assert np.abs(found + a[64:]).mean() < np.abs(a[64:]).mean() / 2  # Grey 0 would leave it all.
