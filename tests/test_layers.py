import keras
import numpy as np
import pytest
import tensorflow as tf

from gan_keras.layers import ImagePool, ReflectionPadding2D, normalize


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
