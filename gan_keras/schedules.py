"""Learning rates that Keras lacks."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class ConstantThenLinear(keras.optimizers.schedules.LearningRateSchedule):
    """A rate that stays, then falls to 0 in a straight line: Zhu et al. 2017, section 4.

    Args:
        rate: at the beginning.
        steps: of the whole training; from then on the rate is 0.
        constant: share of them for which the rate stays; the paper's half by default.

    Raises:
        ValueError: unless steps is at least 1 and constant in [0, 1).
    """

    def __init__(self, rate: float, steps: int, constant: float = 0.5):
        if steps < 1:
            raise ValueError(
                f"steps is {steps}; it must be the number of all training steps: "
                "epochs * len(data)."
            )
        if not 0 <= constant < 1:
            raise ValueError(f"constant is {constant}; it must be a share of steps, in [0, 1).")
        self.rate, self.steps, self.constant = rate, steps, constant

    def __call__(self, step):
        left = (1 - tf.cast(step, tf.float32) / self.steps) / (1 - self.constant)
        return self.rate * tf.clip_by_value(left, 0.0, 1.0)

    def get_config(self):
        return {"rate": self.rate, "steps": self.steps, "constant": self.constant}
