"""Input checks: what is wrong with a batch of images, said in one sentence that tells what to do.

Shapes and types are known when a step is traced and are checked there. Values are not: arrays are
checked as they come in, a `tf.data.Dataset` by an assertion on every batch inside its pipeline,
which runs on the host and so costs an accelerator nothing.
"""

import contextlib
import numbers
import operator
import re
import types
from pathlib import PurePath

from gan_keras import guards

import keras
import numpy as np
import tensorflow as tf

_MARK = "gan-keras image range"
_SHAPE_MARK = "gan-keras image shape"
_LABEL_MARK = "gan-keras label range"
_LABELS_MARK = "gan-keras label numbers"
_NUMBER_MARK = "gan-keras pair numbers"
_TOLERANCE = 1e-3
# A batch of this many images without one value below 0 is taken for [0, 1]; in [-1, 1] it would
# mean that no pixel of any of them is darker than mid-grey.
_SURE = 16


def check_whole(argument: str, value, at_least: int = 1) -> None:
    """Raises ValueError unless `value` is a whole number, not below `at_least`."""
    try:
        fits = not isinstance(value, bool) and operator.index(value) >= at_least
    except TypeError:
        fits = False
    if not fits:
        raise ValueError(
            f"{argument} is {value!r}; it must be a whole number of at least {at_least}."
        )


def check_image_shape(image_shape, argument="image_shape") -> None:
    """Raises ValueError unless it is (height, width, channels) or, for points, (dimensions,)."""
    try:
        if isinstance(image_shape, str) or len(image_shape) not in (1, 3):
            raise ValueError
        for side in image_shape:
            check_whole(argument, side)
    except (TypeError, ValueError):
        raise ValueError(
            f"{argument} is {image_shape!r}; it must be (height, width, channels), or "
            "(dimensions,) for points, in whole numbers of at least 1."
        ) from None


def unpack(data):
    """The images of a batch that may come as images, (images,) or (images, labels).

    Raises:
        ValueError: for a third part, which Keras takes for weights.
    """
    if isinstance(data, (tuple, list)) and len(data) > 2 and data[2] is not None:
        raise ValueError(
            "Weights of examples or of classes were given, which these losses do not take. Leave "
            "them out, and repeat the examples that shall count for more."
        )
    return data[0] if isinstance(data, (tuple, list)) else data


def unpack_labels(data):
    """The labels of a batch (images, labels).

    Raises:
        ValueError: if there are none.
    """
    if not isinstance(data, (tuple, list)) or len(data) < 2 or data[1] is None:
        raise ValueError(
            "The labels are missing: this model learns from images and their classes. Give "
            "load_dataset(..., labels=True), batches of (images, labels), or fit(images, labels)."
        )
    return data[1]


def check_labels_type(labels) -> None:
    """Refuses labels (tensor, array or `tf.TensorSpec`) that are not one integer an image.

    Raises:
        ValueError: says what was given and what to do.
    """
    if getattr(labels.shape, "rank", 0) is None:
        raise ValueError(
            "The shape of the labels is not known; it must be (batch,). Say it: "
            "data.map(lambda x, y: (x, tf.ensure_shape(y, (None,))))."
        )
    shape = tuple(labels.shape)
    if len(shape) == 2 and shape[1] != 1:
        raise ValueError(
            f"The labels have shape {shape}: one row each, as if one-hot. Give one integer for "
            "each image: labels.argmax(axis=1)."
        )
    if len(shape) != 1:
        raise ValueError(f"The labels have shape {shape}; they must be (batch,).")
    if not _is(labels, "is_integer"):
        raise ValueError(
            f"The labels are {_dtype_name(labels)}; they must be integers: labels.astype('int32')."
        )


def _is(array, kind):
    """Whether the dtype is of a kind of TensorFlow's; False for dtypes that it does not know."""
    try:
        return getattr(tf.as_dtype(array.dtype), kind)
    except TypeError:
        return False


def _dtype_name(array):
    return getattr(array.dtype, "name", array.dtype)


def check_labels(labels, n: int, num_classes: int) -> None:
    """Refuses labels that are not `n` integers from 0 to num_classes - 1.

    Raises:
        ValueError: says what was given and what is needed.
    """
    check_labels_type(labels)
    if len(labels) != n:
        raise _labels_error(len(labels), n)
    if n and not 0 <= np.min(labels) <= np.max(labels) < num_classes:
        raise _label_error(np.min(labels), np.max(labels), num_classes)


def check_shares(shares, n: int, num_classes: int) -> None:
    """Refuses mixtures of classes unless they are (n, num_classes), none negative, rows sum to 1.

    Raises:
        ValueError: says what was given and what is needed.
    """
    if shares.shape != (n, num_classes):
        raise ValueError(
            f"The labels have shape {shares.shape}; mixtures of classes must be ({n}, "
            f"{num_classes}): one row for each image, one share for each class."
        )
    if not (_is(shares, "is_integer") or _is(shares, "is_floating")):
        raise ValueError(
            f"The shares of the classes are {_dtype_name(shares)}; they must be numbers that sum "
            "to 1 in each row."
        )
    if not (np.min(shares) >= 0 and np.allclose(shares.sum(axis=1), 1, atol=1e-3)):
        raise ValueError(
            "The shares of each row of labels must not be negative and must sum to 1; the sums "
            f"span [{shares.sum(axis=1).min():.4g}, {shares.sum(axis=1).max():.4g}], the smallest "
            f"share is {np.min(shares):.4g}."
        )


def _labels_error(labels: float, images: float) -> ValueError:
    return ValueError(f"There are {labels:.0f} labels for {images:.0f} images; give one for each.")


def _label_error(low, high, num_classes) -> ValueError:
    return ValueError(
        f"The labels span [{low:.0f}, {high:.0f}]; the model has num_classes={num_classes:.0f}, so "
        f"that they must lie in 0 to {num_classes - 1:.0f}."
    )


def check_shape(images, image_shape: tuple[int, ...], argument="image_shape") -> None:
    """Refuses a batch (tensor, array or `tf.TensorSpec`) of the wrong rank, shape or dtype.

    Args:
        argument: of the model, which says what it was built for.

    Raises:
        ValueError: says what was given and what the model was built for.
    """
    if isinstance(images, dict):
        raise ValueError(
            f"The images come in a dict with the keys {list(images)}; the model needs the images "
            f"alone: data.map(lambda batch: batch[{next(iter(images), 'image')!r}])."
        )
    if not hasattr(images, "shape") or not hasattr(images, "dtype"):
        raise ValueError(
            f"The images are given as {type(images).__name__}; the model needs one array of "
            "floats in [-1, 1], as np.asarray(images) makes it."
        )
    if isinstance(images, (tf.RaggedTensor, tf.RaggedTensorSpec)):
        raise ValueError("The images differ in size (ragged): resize them to one size first.")
    wanted = tuple(image_shape)
    needed = _batch_shape(wanted)
    if getattr(images.shape, "rank", 0) is None:
        raise ValueError(
            f"The shape of the images is not known; the model needs {needed}. Say it: data.map("
            f"lambda images: tf.ensure_shape(images, {(None, *wanted)}))."
        )
    shape = tuple(images.shape)
    if len(shape) == len(wanted):
        raise ValueError(
            f"The images have shape {shape}; the model needs {needed}. If that is one image, add "
            "the batch axis with images[None], or to a data set's with data.batch(64); if the "
            "channel axis is missing, add it with images[..., None]."
        )
    if len(shape) != len(wanted) + 1:
        raise ValueError(
            f"The images have shape {shape}, of {len(shape)} axes; the model needs {needed}, of "
            f"{len(wanted) + 1}. Reshape them."
        )
    fits = all(a is None or a == b for a, b in zip(shape[1:], wanted, strict=True))
    if not fits:
        if len(wanted) == 3 and shape[1:] == (wanted[2], *wanted[:2]):
            advice = "They are channels first: use np.transpose(images, (0, 2, 3, 1))."
        else:
            advice = f"Resize them, or build the model with {argument}={shape[1:]}."
        given = _batch_shape(shape[1:])
        raise ValueError(f"The images have shape {given}; the model needs {needed}. {advice}")
    if not _is(images, "is_floating"):
        advice = "Make them such with images.astype('float32')."
        if _is(images, "is_integer"):
            advice = "From whole numbers in [0, 255] they are images.astype('float32') / 127.5 - 1."
        raise ValueError(
            f"The images are {_dtype_name(images)}; the model needs floats in [-1, 1]. {advice}"
        )


def _batch_shape(shape):
    return f"({', '.join(['batch', *map(str, shape)])})"


def _range_error(low: float, high: float) -> ValueError:
    if not np.isfinite([low, high]).all():
        advice = "There are NaN or infinite values among them: find and remove those images."
    elif low >= 0 and high <= 1 + _TOLERANCE:
        advice = "They look scaled to [0, 1]: use images * 2 - 1."
    elif low >= 0 and high <= 255:
        advice = "They look scaled to [0, 255]: use images / 127.5 - 1."
    else:
        advice = "Scale them to [-1, 1] first."
    return ValueError(f"The images must lie in [-1, 1], but span [{low:.4g}, {high:.4g}]. {advice}")


def _check_range(images) -> None:
    """Refuses an array with values outside [-1, 1], NaN among them, or no images at all."""
    if len(images) == 0:
        raise ValueError("There are no images: the first axis has length 0.")
    low, high = float(np.min(images)), float(np.max(images))
    inside = low >= -1 - _TOLERANCE and high <= 1 + _TOLERANCE
    if not inside or (low >= 0 and len(images) >= _SURE):
        raise _range_error(low, high)


def _shape_error(number: float, *sides: float) -> ValueError:
    if number == 0:
        return ValueError("There are no images in a batch of the data set: leave out such batches.")
    given, needed = (
        _batch_shape(f"{side:.0f}" for side in part) for part in (sides[:3], sides[3:])
    )
    return ValueError(
        f"The images have shape {given}; the model needs {needed}. Resize them, with image_size= "
        "of load_dataset, say."
    )


def _assert_shape(images, image_shape, side=""):
    """For what is not known before: that there are images, and their size."""
    shape = tf.shape(images)
    fits = (shape[0] > 0) & tf.reduce_all(shape[1:] == image_shape)
    given = tf.unstack(shape, num=1 + len(image_shape))
    return tf.debugging.Assert(fits, [_SHAPE_MARK + side, *given, *image_shape])


def _assert_range(images, mark=_MARK):
    # Few operations, and none of `tf.debugging`, which hides its own in functions: all are made
    # ready anew with each iterator, before every epoch.
    images = tf.cast(images, tf.float32)
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    # Both are NaN if one value is, which makes every comparison false, as it should here.
    inside = (low >= -1 - _TOLERANCE) & (high <= 1 + _TOLERANCE)
    inside &= (low < 0) | (tf.shape(images)[0] < _SURE)
    return tf.raw_ops.Assert(condition=inside, data=[mark, low, high])


def checked(data, image_shape: tuple[int, ...], labels=None, num_classes: int = 0):
    """(data, labels) for `fit` or `evaluate`, checked: shapes and types now, values now or later.

    Args:
        data: array or tensor of images, `tf.data.Dataset` of batches, or anything else that Keras
            takes (a generator, a `PyDataset`), which passes through unchecked here.
        image_shape: (height, width, channels), or (dimensions,) for points, whose values are free.
        labels: array or tensor of labels, beside an array of images.
        num_classes: if not 0, there must be labels, from 0 to num_classes - 1.

    Raises:
        ValueError: see `check_shape`, `check_labels`; and for values outside [-1, 1].
    """
    if isinstance(data, tf.data.Dataset):
        return _checked_dataset(data, image_shape, num_classes), labels
    if isinstance(data, (np.ndarray, tf.Tensor)):
        check_shape(data, image_shape)
        if len(data) == 0 or len(image_shape) == 3:
            _check_range(data)
        if num_classes:
            labels = np.asarray(unpack_labels((data, labels)))
            check_labels(labels, len(data), num_classes)
    return _checked_kind(data), labels


def _checked_kind(data):
    """Refuses what Keras refuses with a print of all of it, or not in words."""
    kind = f"The images are {data if data is None else type(data).__name__}"
    if data is None or isinstance(data, (str, bytes, PurePath, dict, set, numbers.Number)):
        raise ValueError(
            f"{kind}. Give an array of images in [-1, 1], or a data set: load_dataset(...)."
        )
    if isinstance(data, (list, tuple)):
        raise ValueError(f"{kind}; give one array: np.asarray(images, 'float32').")
    if isinstance(data, types.GeneratorType):
        # Keras wants tuples, and shows every number of what is none.
        return (batch if isinstance(batch, tuple) else (batch,) for batch in data)
    return data


def _checked_dataset(data, image_shape, num_classes):
    spec = unpack(data.element_spec)
    check_shape(spec, image_shape)
    if num_classes:
        labels = unpack_labels(data.element_spec)
        check_labels_type(labels)
        _check_numbers(labels, spec, _labels_error)
    elif spec.shape[0] == 0:
        raise _shape_error(0)
    if data.cardinality() == 0:
        raise ValueError("The data set is empty: give one with at least one batch.")
    seen = len(image_shape) != 3 or _is_certain(data)
    if seen and not num_classes:
        return data

    def check(*batch):
        images = unpack(batch)
        assertions = []
        if not seen:
            assertions += [_assert_shape(images, image_shape), _assert_range(images)]
        if num_classes:
            labels = batch[1]
            numbers = tf.shape(labels)[0], tf.shape(images)[0]
            equal = tf.debugging.Assert(numbers[0] == numbers[1], [_LABELS_MARK, *numbers])
            assertions += [equal, _assert_labels(labels, num_classes)]
        with tf.control_dependencies(assertions):
            batch = keras.tree.map_structure(tf.identity, batch)
        return batch if len(batch) > 1 else batch[0]

    return data.map(check, num_parallel_calls=tf.data.AUTOTUNE)


def _is_certain(data):
    """Whether it is as `load_dataset` gave it: of known sizes, and in [-1, 1] by its making.

    To check every batch anew would cost time, above all before an epoch.
    """
    shapes = [spec.shape for spec in keras.tree.flatten(data.element_spec)]
    return getattr(data, "in_range", False) and all(x[1:].is_fully_defined() for x in shapes)


def _check_numbers(a, b, error):
    """Refuses batches that are known to be empty or to differ in length before one is drawn.

    An assertion would come too late for them: TensorFlow computes what depends on shapes alone,
    pools and statistics among it, without waiting for the data.
    """
    if a.shape[0] == 0:
        raise _shape_error(0)
    if None not in (a.shape[0], b.shape[0]) and a.shape[0] != b.shape[0]:
        raise error(a.shape[0], b.shape[0])


def _assert_labels(labels, num_classes):
    labels = tf.cast(labels, tf.int64)  # One of eight bits cannot hold a large number of classes.
    low, high = tf.reduce_min(labels), tf.reduce_max(labels)
    inside = (low >= 0) & (high < num_classes)
    return tf.debugging.Assert(inside, [_LABEL_MARK, low, high, num_classes])


def checked_pairs(a, shapes, b=None):
    """(a, b) for `fit` or `evaluate` of a model that translates: as `checked`, for both sides.

    Args:
        a: array or tensor of images, `tf.data.Dataset` of batches (a, b), or anything else that
            Keras takes, which passes through unchecked here.
        shapes: {"image_shape": (height, width, channels) of a, "target_shape": of b}.
        b: array or tensor of images, beside an array.

    Raises:
        ValueError: names the side, a or b; see `checked`. Also for sides that differ in number.
    """
    if isinstance(a, tf.data.Dataset):
        return _checked_pairs_dataset(a, shapes), b
    if isinstance(a, (np.ndarray, tf.Tensor)):
        check_pair_shapes((a, b), shapes)
        for side, images in zip("ab", (a, b), strict=True):
            with _naming(side):
                _check_range(images)
        if len(a) != len(b):
            raise _number_error(len(a), len(b))
    return _checked_kind(a), b


def unpack_pair(data):
    """The two sides of a batch (a, b).

    Raises:
        ValueError: if there are not two.
    """
    if not isinstance(data, (tuple, list)) or len(data) != 2 or data[1] is None:
        raise ValueError(
            "The pairs are missing: this model learns from two sides. Give load_dataset(..., "
            "pair=...), batches of (a, b), or fit(a, b)."
        )
    return data


def check_pair_shapes(data, shapes) -> None:
    """Refuses a batch (a, b) unless each side has its shape and dtype; see `check_shape`.

    Raises:
        ValueError: names the side.
    """
    sides = zip("ab", unpack_pair(data), shapes.items(), strict=True)
    for side, images, (argument, shape) in sides:
        with _naming(side):
            check_shape(images, shape, argument)


def _checked_pairs_dataset(data, shapes):
    check_pair_shapes(data.element_spec, shapes)
    _check_numbers(*data.element_spec, _number_error)
    if data.cardinality() == 0:
        raise ValueError("The data set is empty: give one with at least one batch.")
    if _is_certain(data):
        return data

    def check(a, b):
        numbers = tf.shape(a)[0], tf.shape(b)[0]
        equal = tf.debugging.Assert(numbers[0] == numbers[1], [_NUMBER_MARK, *numbers])
        sides = []
        for side, images, shape in zip("ab", (a, b), shapes.values(), strict=True):
            sides.append(_assert_shape(images, shape, f", side {side}"))
            sides.append(_assert_range(images, f"{_MARK}, side {side}"))
        with tf.control_dependencies([equal, *sides]):
            return tf.identity(a), tf.identity(b)

    return data.map(check, num_parallel_calls=tf.data.AUTOTUNE)


@contextlib.contextmanager
def _naming(side):
    """Names the side of the pair in an error about its images."""
    try:
        yield
    except ValueError as error:
        raise _of_side(side, error) from None


def _of_side(side, error) -> ValueError:
    return ValueError(f"Side {side} of the pairs: {error}")


def _number_error(a: float, b: float) -> ValueError:
    return ValueError(
        f"Side a of the pairs has {a:.0f} images, side b has {b:.0f}; each image needs a partner. "
        "Where the sides are not pairs, cut the longer, or zip two data sets."
    )


def explained(error: tf.errors.InvalidArgumentError) -> Exception:
    """The error that a reader should see: ours in plain words where ours it is, else itself."""
    builds = {
        _MARK: (_range_error, 2),
        _SHAPE_MARK: (_shape_error, 7),
        _LABEL_MARK: (_label_error, 3),
        _LABELS_MARK: (_labels_error, 2),
        _NUMBER_MARK: (_number_error, 2),
        guards.LOST: (guards.lost, 1),
    }
    for mark, (build, count) in builds.items():
        found = re.search(rf"\[{mark}(?:, side ([ab]))?\](.*)", error.message, re.DOTALL)
        if found:
            numbers = re.findall(r"\[([^\]]*)\]", found[2])[:count]
            explanation = build(*map(float, numbers))
            return _of_side(found[1], explanation) if found[1] else explanation
    return error
