"""`TranslationModel`: images in, images out."""

from gan_keras import checks
from gan_keras.adversarial import AdversarialModel
from gan_keras.optimizers import Adam
from gan_keras.schedules import ConstantThenLinear

import keras
import numpy as np
import tensorflow as tf


class TranslationModel(AdversarialModel):
    """Adds to `AdversarialModel` what models share that turn images of side a into side b.

    They are trained on (a, b), images of both sides, in a `tf.data.Dataset` of such batches or as
    `fit(a, b)`. Whether the two belong together is the model's affair.

    Args:
        image_shape: (height, width, channels) of side a.
        target_shape: of side b; by default as side a. The channels may differ, the size not.
        average, seed: see `AdversarialModel`.

    Raises:
        ValueError: for sides of different size.
    """

    def __init__(self, image_shape, target_shape=None, average=0.99, seed=None, **kwargs):
        super().__init__(image_shape, average=average, seed=seed, **kwargs)
        if target_shape is not None:
            checks.check_image_shape(target_shape, "target_shape")
        self.target_shape = tuple(target_shape or image_shape)
        if len(self.image_shape) != 3 or self.image_shape[:2] != self.target_shape[:2]:
            raise ValueError(
                f"image_shape is {self.image_shape} and target_shape {self.target_shape}; both "
                "must be (height, width, channels), of the same height and width."
            )

    @property
    def _shapes(self):
        return {"image_shape": self.image_shape, "target_shape": self.target_shape}

    def _checked(self, x, y=None):
        return checks.checked_pairs(x, self._shapes, y)

    def pairs(self, data):
        """The two sides of a batch given to `train_step`, float32, shapes and dtypes checked."""
        checks.check_pair_shapes(data, self._shapes)
        a, b = data
        return tf.cast(a, tf.float32), tf.cast(b, tf.float32)

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


def checked_images(images, argument: str, shape) -> np.ndarray:
    """`images` to translate as a float32 array, (n, *shape).

    Args:
        argument: of the model, which says what they must be.

    Raises:
        ValueError: for a wrong shape, dtype or range of values; see `gan_keras.checks`.
    """
    images = np.asarray(images)
    checks.check_shape(images, shape, argument)
    checks.checked(images, shape)
    return images.astype(np.float32, copy=False)


def build_optimizer(learning_rate, beta_2=0.999, steps=None) -> keras.optimizers.Optimizer:
    """Adam with beta_1 = 0.5, as in both papers.

    Args:
        steps: of the whole training: the rate stays for the first half of them and then falls to 0
            in a straight line; None keeps it.
    """
    if steps is not None:
        learning_rate = ConstantThenLinear(learning_rate, steps)
    return Adam(learning_rate, beta_1=0.5, beta_2=beta_2)
