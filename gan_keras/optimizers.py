"""Optimizers that Keras lacks."""

import keras
import tensorflow as tf


@keras.saving.register_keras_serializable("gan_keras")
class Adam(keras.optimizers.Adam):
    """Keras' Adam (Kingma & Ba 2014, arXiv:1412.6980), each weight updated by one operation.

    Keras 3 writes the update out in a dozen operations for each weight, which read and write it and
    its moments again and again, and make the first step, in which all are built, slow. TensorFlow's
    own operation computes the same; moments are saved and loaded as Keras'.

    Args: as for Keras' Adam.
    """

    def apply(self, grads, trainable_variables=None):
        t = tf.cast(self.iterations + 1, tf.float32)
        numbers = {
            "lr": self.learning_rate,
            "beta1": self.beta_1,
            "beta2": self.beta_2,
            "beta1_power": self.beta_1**t,
            "beta2_power": self.beta_2**t,
            "epsilon": self.epsilon,
        }
        # As tensors once, and not for each weight.
        self._numbers = {name: tf.cast(value, tf.float32) for name, value in numbers.items()}
        iterations = super().apply(grads, trainable_variables)
        self._numbers = None  # Where a graph is traced, tensors of no use outside of it.
        return iterations

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            return super().update_step(gradient, variable, learning_rate)
        i = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[i].value.handle,
            v=self._velocities[i].value.handle,
            grad=tf.cast(gradient, variable.dtype),
            **{name: tf.cast(value, variable.dtype) for name, value in self._numbers.items()},
        )
