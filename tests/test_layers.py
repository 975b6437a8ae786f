from gan_keras.layers import (
    BatchNormalization,
    Conv2D,
    Dense,
    DifferentiableAugment,
    ImagePool,
    InstanceNormalization,
    ReflectionPadding2D,
    UpsampledConv2D,
    normalize,
)

import keras
import numpy as np
import pytest
import tensorflow as tf


def test_reflection_padding_is_numpys_and_comes_back_from_its_config():
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype("float32")
    layer = ReflectionPadding2D(3)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    expected = np.pad(x, [(0, 0), (3, 3), (3, 3), (0, 0)], mode="reflect")
    np.testing.assert_array_equal(again(x), expected)
    assert layer.compute_output_shape((None, 5, 4, 3)) == (None, 11, 10, 3)


def test_reflection_padding_of_a_small_image_is_refused():
    with pytest.raises(ValueError, match="5 x 3 cannot be reflected by 3 pixels.*at least 4"):
        ReflectionPadding2D(3)(np.zeros((1, 5, 3, 1)))


@pytest.mark.parametrize("kind, axes", [("instance", (1, 2)), ("batch", (0, 1, 2))])
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_normalize_equals_its_formula(kind, axes, policy):
    keras.config.set_dtype_policy(policy)
    x = np.random.default_rng(0).normal(3, 40, (4, 6, 5, 2)).astype("float32")
    image = keras.Input(x.shape[1:])
    network = keras.Model(image, normalize(image, kind))
    expected = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
    atol = 1e-4 if policy == "float32" else 5e-3
    for jit_compile in (False, True):
        run = tf.function(lambda x: network(x, training=True), jit_compile=jit_compile)
        np.testing.assert_allclose(run(x).numpy(), expected, atol=atol)


def test_normalize_can_be_left_out_and_knows_its_names():
    image = keras.Input((4, 4, 1))
    assert normalize(image, None) is image
    with pytest.raises(ValueError, match="'layer'; it must be"):
        normalize(image, "layer")


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("jit_compile", [False, True])
def test_fused_batch_normalization_is_keras(policy, jit_compile):
    keras.config.set_dtype_policy(policy)
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(1, 3, (3, 5, 7, 4)), tf.float32)
    up = tf.constant(rng.normal(size=x.shape), tf.float32)
    found = []
    for kind in (BatchNormalization, keras.layers.BatchNormalization):
        layer = kind(momentum=0.8, gamma_initializer=keras.initializers.RandomNormal(seed=1))
        layer.build(x.shape)

        @tf.function(jit_compile=jit_compile)
        def run(layer=layer):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=True)
                loss = tf.reduce_sum(tf.cast(y, tf.float32) * up)
            return y, tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])

        y, gradients = run()
        assert y.dtype == layer.compute_dtype
        found.append([y, *gradients, *layer.weights, layer(x)])
    atol = 1e-4 if policy == "float32" else 0.2
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(tf.cast(a, "float32"), tf.cast(b, "float32"), atol, atol)
    layer = BatchNormalization.from_config(BatchNormalization(momentum=0.8).get_config())
    assert layer.momentum == 0.8


@keras.saving.register_keras_serializable("tests")
class Resized(keras.layers.Conv2D):
    """What `UpsampledConv2D` does in one step, in the three that it stands for."""

    def __init__(self, filters, kernel_size=3, **kwargs):
        super().__init__(filters, kernel_size, **kwargs)

    def build(self, input_shape):
        super().build((None, None, None, input_shape[-1]))

    def call(self, x):
        return super().call(ReflectionPadding2D(1)(keras.layers.UpSampling2D()(x)))


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
@pytest.mark.parametrize("jit_compile", [False, True])
@pytest.mark.parametrize("kind, shape, options", [
    (Dense, (3, 5), {"units": 4, "activation": "tanh"}),
    (Dense, (3, 5), {"units": 4, "use_bias": False}),
    (Dense, (2, 3, 5), {"units": 4}),
    (Conv2D, (2, 9, 8, 5), {"filters": 1, "kernel_size": 7, "padding": "same"}),
    (Conv2D, (2, 9, 8, 5), {"filters": 3, "kernel_size": (6, 3), "activation": "tanh"}),
    (Conv2D, (2, 9, 8, 5), {"filters": 2, "kernel_size": 5, "strides": (2, 2), "padding": "same"}),
    (Conv2D, (2, 9, 8, 5), {"filters": 2, "kernel_size": 5, "use_bias": False}),
    (Conv2D, (2, 9, 8, 5), {"filters": 2, "kernel_size": 5, "dilation_rate": 2, "padding": "same"}),
    (Conv2D, (2, 9, 8, 5), {"filters": 9, "kernel_size": 3}),
    (InstanceNormalization, (2, 9, 8, 5), {"epsilon": 0.1}),
    (UpsampledConv2D, (2, 5, 4, 3), {"filters": 6}),
    (UpsampledConv2D, (2, 2, 3, 3), {"filters": 2, "use_bias": False, "activation": "tanh"}),
])  # fmt: skip
def test_layers_are_keras_and_so_are_their_first_and_second_gradients(
    policy, jit_compile, kind, shape, options
):
    keras.config.set_dtype_policy(policy)
    found = []
    for which in (kind, Resized if kind is UpsampledConv2D else kind.__base__):
        if which is keras.layers.GroupNormalization:
            options = {**options, "groups": -1, "scale": False, "center": False}
        rng, layer = np.random.default_rng(0), which(**options)
        x = tf.constant(rng.normal(1, 2, shape), tf.float32)
        layer.build(shape)
        layer.set_weights([rng.normal(0, 0.2, w.shape) for w in layer.weights])
        up = tf.constant(rng.normal(size=layer(x).shape), tf.float32)

        @tf.function(jit_compile=jit_compile)
        def run(x, layer=layer, up=up):
            weights = [w.value for w in layer.weights]
            with tf.GradientTape() as second:
                second.watch(x)
                with tf.GradientTape() as first:
                    first.watch(x)
                    y = layer(x)
                    loss = tf.reduce_sum(tf.cast(y, tf.float32) * up)
                gradients = first.gradient(loss, [x, *weights])
                # As a gradient penalty has it.
                penalty = tf.reduce_sum(tf.cast(gradients[0], tf.float32) ** 2)
            of_penalty = second.gradient(penalty, [x, *weights[:1]], unconnected_gradients="zero")
            return y, *gradients, *of_penalty

        results = run(x)
        assert results[0].dtype == layer.compute_dtype
        found.append([tf.cast(value, tf.float32).numpy() for value in results])
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
        assert type(again) is which and again.get_config() == layer.get_config()
    for a, b in zip(*found, strict=True):
        scale = np.abs(b).max() or 1
        np.testing.assert_allclose(a / scale, b / scale, 0, 1e-5 if policy == "float32" else 0.1)


def test_instance_normalization_says_what_it_lacks():
    for option in ({"scale": True}, {"center": True}, {"axis": 1}):
        with pytest.raises(ValueError, match="takes axis=-1, scale=False and center=False; use ke"):
            InstanceNormalization(**option)
    with pytest.raises(TypeError, match="groups"):
        InstanceNormalization(groups=4)
    with pytest.raises(
        ValueError, match="has shape \\(8, 4\\); InstanceNormalization needs .batch, h"
    ):
        InstanceNormalization()(np.zeros((8, 4), "float32"))


def test_fused_batch_normalization_says_what_it_lacks():
    with pytest.raises(ValueError, match="takes axis=-1, scale=True"):
        BatchNormalization(scale=False)
    with pytest.raises(ValueError, match="renorm=False; use keras"):
        BatchNormalization(renorm=True)
    with pytest.raises(ValueError, match="has shape \\(8, 4\\); .* needs"):
        BatchNormalization()(np.zeros((8, 4), "float32"))


def query(size, pool, images, u):
    """One image after the other, as the paper's code has it; `pool` is changed in place."""
    shown = []
    for x, coin, place in zip(images, *u, strict=True):
        if len(pool) < size:
            pool.append(x)
            shown.append(x)
        elif coin < 0.5:
            shown.append(pool[int(place * size)])
            pool[int(place * size)] = x
        else:
            shown.append(x)
    return np.array(shown)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_pool_answers_as_if_asked_for_one_image_after_the_other(jit_compile):
    layer, pool = ImagePool((1, 2, 1), size=5), []
    images = np.random.default_rng(0).normal(size=(12, 7, 1, 2, 1)).astype("float32")

    @tf.function(jit_compile=jit_compile)
    def ask(images, seed):
        return layer(images, seed), tf.random.stateless_uniform((2, 7), seed)

    old = 0
    for step, batch in enumerate(images):
        shown, u = ask(batch, tf.constant([3, step]))
        np.testing.assert_array_equal(shown, query(5, pool, batch, u.numpy()))
        np.testing.assert_array_equal(layer.images, pool)
        old += sum(not (x == batch).all(axis=(1, 2, 3)).any() for x in shown.numpy())
    assert 10 < old < 50  # of 79 that came to a full pool
    assert int(layer.count.value) == 5


def test_pool_of_no_size_and_of_a_wrong_one():
    images = np.random.default_rng(0).normal(size=(3, 1, 2, 1)).astype("float32")
    empty = ImagePool((1, 2, 1), size=0)
    for step in range(3):
        np.testing.assert_array_equal(empty(images, tf.constant([0, step])), images)
    with pytest.raises(ValueError, match="size of the pool is -1"):
        ImagePool((1, 2, 1), size=-1)


def recoloured(x):
    return DifferentiableAugment(seed=0)._recolour(tf.constant(x)).numpy()


def test_augmentation_is_for_training_alone_and_comes_back_from_its_config():
    x = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
    layer = DifferentiableAugment(seed=3)
    np.testing.assert_array_equal(layer(x), x)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    np.testing.assert_array_equal(again(x, training=True), layer(x, training=True))


def test_each_image_is_shifted_by_whole_pixels_with_its_edge_continued():
    rows, columns = np.meshgrid(np.arange(16), np.arange(24), indexing="ij")
    place = np.stack([rows, columns, rows], axis=-1).astype("float32")
    x = DifferentiableAugment(seed=0)._shift(tf.constant(np.repeat(place[None], 200, axis=0)))
    seen = set()
    for image in x.numpy():
        down, right = image[8, 12, :2] - (8, 12)
        seen.add((int(down), int(right)))
        np.testing.assert_array_equal(image[..., 0], np.clip(rows + down, 0, 15))
        np.testing.assert_array_equal(image[..., 1], np.clip(columns + right, 0, 23))
    assert {down for down, _ in seen} == set(range(-2, 3))
    assert {right for _, right in seen} == set(range(-3, 4))


def test_colours_change_by_the_papers_amounts():
    # One colour everywhere: its grey is the image's mean and moves by the brightness alone; the
    # distance of each channel from it is scaled by saturation and contrast, 0 to 2 and 0.5 to 1.5.
    colour = np.float32([0.3, -0.3, 0.0])
    x = recoloured(np.broadcast_to(colour, (500, 8, 8, 3)))
    assert x.std(axis=(1, 2)).max() < 1e-5
    x = x[:, 0, 0]
    grey, factor = x.mean(axis=1), (x[:, 0] - x[:, 1]) / 0.6
    assert -0.5 <= grey.min() < -0.45 and 0.45 < grey.max() <= 0.5
    assert 0 <= factor.min() < 0.1 and 2 < factor.max() <= 3
    np.testing.assert_allclose(x - grey[:, None], factor[:, None] * colour, atol=1e-5)
    half = np.repeat(np.float32([0.4, -0.4]), 8)[:, None, None]
    x = recoloured(np.broadcast_to(half, (500, 16, 16, 1)))
    contrast = (x.max(axis=(1, 2, 3)) - x.min(axis=(1, 2, 3))) / 0.8
    assert 0.5 <= contrast.min() < 0.55 and 1.45 < contrast.max() <= 1.5


def test_a_rectangle_of_half_the_sides_is_hidden_around_any_pixel():
    x = DifferentiableAugment(seed=0)._cut_out(tf.ones((500, 8, 16, 2))).numpy()
    np.testing.assert_array_equal(x[..., 0], x[..., 1])
    hidden = x[..., 0] == 0
    rows, columns = hidden.any(axis=2), hidden.any(axis=1)
    np.testing.assert_array_equal(hidden, rows[:, :, None] & columns[:, None])
    # Halves of them, or less at the rim.
    assert set(rows.sum(axis=1)) == {2, 3, 4} and set(columns.sum(axis=1)) == {4, 5, 6, 7, 8}
    assert hidden.any(axis=0).all()


def test_all_three_changes_are_made():
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (200, 16, 16, 3)).astype("float32")
    layer, parts = DifferentiableAugment(seed=0), DifferentiableAugment(seed=0)
    expected = parts._cut_out(parts._shift(parts._recolour(tf.constant(x))))
    np.testing.assert_array_equal(layer(x, training=True), expected)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_the_gradient_reaches_the_images(jit_compile):
    layer, x = DifferentiableAugment(seed=0), tf.random.normal((3, 16, 16, 3), seed=0)

    @tf.function(jit_compile=jit_compile)
    def gradient(x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = tf.reduce_sum(layer(x, training=True) ** 2)
        return tape.gradient(total, x)

    found = gradient(x).numpy()
    assert np.isfinite(found).all() and (np.abs(found).sum(axis=(1, 2, 3)) > 1).all()


def test_upsampled_convolution_says_its_shape_and_refuses_what_it_cannot_do():
    layer = UpsampledConv2D(7)
    assert layer.compute_output_shape((None, None, 3, 5)) == (None, None, 6, 7)
    assert layer(np.zeros((2, 3, 4, 5), "float32")).shape == (2, 6, 8, 7)
    for options in ({"kernel_size": 5}, {"strides": 2}, {"padding": "same"}, {"groups": 2}):
        with pytest.raises(ValueError, match="needs a kernel of 3 x 3"):
            UpsampledConv2D(4, **options)
