"""A GAN whose losses are reported by `fit`, epoch by epoch."""

import keras
import numpy as np
import tensorflow as tf
from keras import layers

keras.utils.set_random_seed(0)
BATCH, BATCHES = 8, 50


class SmallGAN(keras.Model):
    """Points around 0; both networks learn slowly, so that the losses hardly change."""

    def __init__(self):
        super().__init__()
        self.generator = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
        self.discriminator = keras.Sequential(
            [keras.Input((1,)), layers.Dense(16, activation="tanh"), layers.Dense(1)]
        )
        self.d_optimizer = keras.optimizers.SGD(1e-3)
        self.g_optimizer = keras.optimizers.SGD(1e-3)
        self.seen = []  # Every batch's loss, for the comparison below.
        self.d_mean = keras.metrics.Mean(name="d_loss")
        self.g_mean = keras.metrics.Mean(name="g_loss")
        self.built = True

    @property
    def metrics(self):
        return [self.d_mean, self.g_mean]  # Keras sets them back when an epoch begins.

    def train_step(self, real):
        with tf.GradientTape(persistent=True) as tape:
            fake = self.generator(tf.random.normal((BATCH, 2)), training=True)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss = tf.reduce_mean(tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits))
            g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
        for loss, network, optimizer in (
            (d_loss, self.discriminator, self.d_optimizer),
            (g_loss, self.generator, self.g_optimizer),
        ):
            gradients = tape.gradient(loss, network.trainable_variables)
            optimizer.apply(gradients, network.trainable_variables)
        tf.py_function(lambda x: self.seen.append(float(x)), [d_loss], [])
        self.d_mean.update_state(d_loss)
        self.g_mean.update_state(g_loss)
        return {"d_loss": self.d_mean.result(), "g_loss": self.g_mean.result()}


def main(epochs=12):
    points = np.random.normal(0, 2, (BATCH * BATCHES, 1)).astype("float32")
    data = tf.data.Dataset.from_tensor_slices(points).shuffle(1000).batch(BATCH)
    model = SmallGAN()
    model.compile()
    history = model.fit(data, epochs=epochs, shuffle=False, verbose=0)
    shown = np.array(history.history["d_loss"])
    true = np.reshape(model.seen, (epochs, BATCHES)).mean(axis=1)
    print("epoch   shown   mean of its batches")
    for i, (a, b) in enumerate(zip(shown, true, strict=True)):
        print(f"{i + 1:5}   {a:.3f}   {b:.3f}")
    off = float(np.abs(shown - true).mean())
    print(f"what is shown is off by {off:.3f} on average")
    return off


if __name__ == "__main__":
    main()
