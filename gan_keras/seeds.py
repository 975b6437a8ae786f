"""`set_seed`: the same seed, the same result."""

import keras
import tensorflow as tf


def set_seed(seed: int) -> None:
    """Makes whatever is built and trained afterwards in this process repeatable.

    Sets the seeds of Python, NumPy and TensorFlow, and lets TensorFlow use only operations that
    give the same result every time. Two runs on one machine and device, with the same data and the
    same batch size, then give the same losses and weights bit for bit; on another machine or with
    another number of threads sums may be rounded differently. Some operations are slower.

    Call it before a model is built.

    Args:
        seed: a whole number, 0 or up.

    Raises:
        ValueError: for anything else.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed is {seed!r}; it must be a whole number from 0 to 2**32 - 1.")
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
