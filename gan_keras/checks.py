"""Input checks: what is wrong with a batch of images, said in one sentence that tells what to do.

Shapes and types are known when a step is traced and are checked there. Values are not: arrays are
checked as they come in, a `tf.data.Dataset` by an assertion on every batch inside its pipeline,
which runs on the host and so costs an accelerator nothing.
"""

import re

import keras
import numpy as np
import tensorflow as tf

_MARK = "gan-keras image range"
_TOLERANCE = 1e-3
# A batch of this many images without one value below 0 is taken for [0, 1]; in [-1, 1] it would
# mean that no pixel of any of them is darker than mid-grey.
_SURE = 16


def unpack(data):
    """The images of a batch that may come as images, (images,) or (images, labels)."""
    return data[0] if isinstance(data, (tuple, list)) else data


def check_shape(images, image_shape: tuple[int, ...]) -> None:
    """Refuses a batch (tensor, array or `tf.TensorSpec`) of the wrong rank, shape or dtype.

    Raises:
        ValueError: says what was given and what the model was built for.
    """
    shape, wanted = tuple(images.shape), tuple(image_shape)
    given, needed = f"(batch, {str(shape[1:])[1:]}", f"(batch, {str(wanted)[1:]}"
    if len(shape) == len(wanted):
        raise ValueError(
            f"The images have shape {shape}; the model needs {needed}. If that is one image, add "
            "the batch axis with images[None]; if the channel axis is missing, add it with "
            "images[..., None]."
        )
    fits = len(shape) == len(wanted) + 1 and all(
        a is None or a == b for a, b in zip(shape[1:], wanted, strict=True)
    )
    if not fits:
        if len(wanted) == 3 and shape[1:] == (wanted[2], *wanted[:2]):
            advice = "They are channels first: use np.transpose(images, (0, 2, 3, 1))."
        else:
            advice = f"Resize them, or build the model with image_shape={shape[1:]}."
        raise ValueError(f"The images have shape {given}; the model needs {needed}. {advice}")
    dtype = tf.as_dtype(images.dtype)
    if not dtype.is_floating:
        raise ValueError(
            f"The images are {dtype.name}; the model needs floats in [-1, 1]. From whole numbers "
            "in [0, 255] they are images.astype('float32') / 127.5 - 1."
        )


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


def _assert_range(images):
    images = tf.cast(images, tf.float32)
    low, high = tf.reduce_min(images), tf.reduce_max(images)
    # NaN makes every comparison false, as it should here.
    inside = (low >= -1 - _TOLERANCE) & (high <= 1 + _TOLERANCE)
    finite = tf.reduce_all(tf.math.is_finite(images))
    shifted = (low >= 0) & (tf.shape(images)[0] >= _SURE)
    low, high = (tf.where(finite, value, np.nan) for value in (low, high))
    return tf.debugging.Assert(finite & inside & ~shifted, [_MARK, low, high])


def checked(data, image_shape: tuple[int, ...]):
    """`data` for `fit` or `evaluate`, checked: shape and type now, values now or batch by batch.

    Args:
        data: array or tensor of images, `tf.data.Dataset` of batches, or anything else that Keras
            takes (a generator, a `PyDataset`), which passes through unchecked here.
        image_shape: (height, width, channels), or (dimensions,) for points, whose values are free.

    Raises:
        ValueError: see `check_shape`; and for values outside [-1, 1].
    """
    images_are_bounded = len(image_shape) == 3
    if isinstance(data, tf.data.Dataset):
        check_shape(unpack(data.element_spec), image_shape)
        if data.cardinality() == 0:
            raise ValueError("The data set is empty: give one with at least one batch.")
        if not images_are_bounded:
            return data

        def check(*batch):
            with tf.control_dependencies([_assert_range(unpack(batch))]):
                batch = keras.tree.map_structure(tf.identity, batch)
            return batch if len(batch) > 1 else batch[0]

        return data.map(check, num_parallel_calls=tf.data.AUTOTUNE)
    if isinstance(data, (np.ndarray, tf.Tensor)):
        check_shape(data, image_shape)
        if len(data) == 0:
            raise ValueError("There are no images: the first axis has length 0.")
        if images_are_bounded:
            low, high = float(np.min(data)), float(np.max(data))
            inside = low >= -1 - _TOLERANCE and high <= 1 + _TOLERANCE
            if not inside or (low >= 0 and len(data) >= _SURE):
                raise _range_error(low, high)
    return data


def explained(error: tf.errors.InvalidArgumentError) -> Exception:
    """The error that a reader should see: ours in plain words where ours it is, else itself."""
    found = re.search(rf"\[{_MARK}\]\s*\[([^\]]*)\]\s*\[([^\]]*)\]", error.message)
    return _range_error(*map(float, found.groups())) if found else error
