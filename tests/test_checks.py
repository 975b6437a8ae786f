"""What a reader is told about data that do not fit."""

import gan_keras
from gan_keras import checks

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import SHAPE, small_cgan, small_gan, small_pix2pix

GOOD = np.random.default_rng(0).uniform(-1, 1, (32, *SHAPE)).astype("float32")


def with_one(value):
    images = GOOD.copy()
    images[5, 0, 0, 0] = value
    return images


BAD = {
    "[0, 1]": ((GOOD + 1) / 2, r"look scaled to \[0, 1\]: use images \* 2 - 1"),
    "[0, 255]": ((GOOD + 1) * 127.5, r"look scaled to \[0, 255\]: use images / 127.5 - 1"),
    "uint8": (np.uint8((GOOD + 1) * 127), "are uint8; the model needs floats"),
    "standardised": (GOOD * 3, "Scale them to"),
    "NaN": (with_one(np.nan), "NaN or infinite"),
    "infinite": (with_one(np.inf), "NaN or infinite"),
    "no channel axis": (GOOD[..., 0], r"images\[\.\.\., None\]"),
    "no batch axis": (GOOD[0], r"images\[None\]"),
    "other size": (np.tile(GOOD, (1, 2, 2, 1)), r"image_shape=\(16, 16, 1\)"),
    "colour": (np.repeat(GOOD, 3, axis=-1), r"\(batch, 8, 8, 3\); the model needs"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("form", ["array", "dataset", "labelled"])
def test_bad_images_are_refused_and_the_weights_kept(case, form):
    images, message = BAD[case]
    if form == "dataset":
        images = tf.data.Dataset.from_tensor_slices(images).batch(16)
    elif form == "labelled":
        labels = np.zeros(len(images), "int32")
        images = tf.data.Dataset.from_tensor_slices((images, labels)).batch(16)
    model = small_gan()
    model.compile()
    before = model.get_weights()
    with pytest.raises(ValueError, match=message):
        model.fit(images, verbose=0)
    if case not in ("NaN", "infinite"):  # Found in a later batch perhaps; the first is trained on.
        for a, b in zip(before, model.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("case", ["[0, 1]", "[0, 255]", "NaN"])
def test_evaluate_and_validation_data_are_checked_too(case):
    images, message = BAD[case]
    model = small_gan()
    model.compile()
    bad = tf.data.Dataset.from_tensor_slices(images).batch(16)
    with pytest.raises(ValueError, match=message):
        model.evaluate(bad, verbose=0)
    with pytest.raises(ValueError, match=message):
        model.fit(GOOD, validation_data=bad, verbose=0)


def test_channels_first_is_recognised():
    model = gan_keras.GAN((8, 6, 3), latent_dim=2)
    model.compile()
    images = np.zeros((4, 3, 8, 6), "float32")
    with pytest.raises(ValueError, match="channels first"):
        model.fit(images, verbose=0)


@pytest.mark.parametrize("empty", [GOOD[:0], tf.data.Dataset.from_tensor_slices(GOOD[:0]).batch(4)])
def test_no_images_at_all(empty):
    model = small_gan()
    model.compile()
    with pytest.raises(ValueError, match="no images|is empty"):
        model.fit(empty, verbose=0)


def test_a_generator_of_bad_shapes_is_refused_when_traced():
    model = small_gan()
    model.compile()
    with pytest.raises(ValueError, match="the model needs"):
        model.fit(((GOOD[:, :4],) for _ in range(2)), verbose=0)


def test_good_images_pass_unchanged():
    dataset = tf.data.Dataset.from_tensor_slices((GOOD, np.arange(32))).batch(16)
    passed = list(checks.checked(dataset, SHAPE)[0])
    np.testing.assert_array_equal(np.concatenate([x for x, _ in passed]), GOOD)
    np.testing.assert_array_equal(np.concatenate([y for _, y in passed]), np.arange(32))
    assert checks.checked(GOOD, SHAPE)[0] is GOOD


def test_a_few_bright_images_are_not_taken_for_unscaled_ones():
    bright = np.full((8, *SHAPE), 0.5, "float32")
    assert checks.checked(bright, SHAPE)[0] is bright


@pytest.mark.parametrize("made", [None, lambda *x: x[0] * 2, lambda *x: x[0] * np.nan])
@pytest.mark.parametrize("build, options", [
    (small_gan, {}),
    (small_pix2pix, {"pair": "denoise"}),
])  # fmt: skip
def test_what_load_dataset_gives_is_in_range_and_what_is_made_of_it_checked(build, options, made):
    data = gan_keras.load_dataset("mnist", batch_size=16, limit=32, image_size=8, **options)
    model = build()
    model.compile()
    if made is None:
        assert model._checked(data)[0] is data
        model.fit(data, verbose=0)
    else:
        data = data.map((lambda *x: (made(*x), x[1])) if options else made)
        with pytest.raises(ValueError, match=r"must lie in \[-1, 1\]"):
            model.fit(data, verbose=0)


def test_labels_of_load_dataset_are_checked_for_the_models_classes():
    data = gan_keras.load_dataset("mnist", batch_size=16, limit=64, image_size=8, labels=True)
    model = small_cgan()  # Of 3 classes.
    model.compile()
    with pytest.raises(ValueError, match="num_classes=3"):
        model.fit(data, verbose=0)


def test_points_may_have_any_value():
    points = np.random.default_rng(0).normal(0, 100, (64, 2)).astype("float32")
    model = gan_keras.GAN((2,), latent_dim=2)
    model.compile()
    model.fit(points, verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices(points).batch(16), verbose=0)


def test_errors_that_are_not_ours_are_passed_on():
    error = tf.errors.InvalidArgumentError(None, None, "something else")
    assert checks.explained(error) is error
