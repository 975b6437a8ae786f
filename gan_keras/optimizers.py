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
        self._powers = self.beta_1**t, self.beta_2**t  # Once, and not for each weight.
        iterations = super().apply(grads, trainable_variables)
        self._powers = None  # Where a graph is traced, tensors of no use outside of it.
        return iterations

    def update_step(self, gradient, variable, learning_rate):
        if self.amsgrad or isinstance(gradient, tf.IndexedSlices):
            return super().update_step(gradient, variable, learning_rate)
        i = self._get_variable_index(variable)
        powers = [tf.cast(power, variable.dtype) for power in self._powers]
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[i].value.handle,
            v=self._velocities[i].value.handle,
            beta1_power=powers[0],
            beta2_power=powers[1],
            lr=tf.cast(learning_rate, variable.dtype),
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=tf.cast(gradient, variable.dtype),
        )
