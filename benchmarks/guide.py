"""The GAN of a widely read Keras guide, "Customizing what happens in fit() with TensorFlow",
written anew in its recipe: the opponent in `time_to_quality.py`.

latent_dim 128; generator 7x7x128, two transposed convolutions of 128 filters, a 7x7 convolution
with a sigmoid; discriminator with convolutions of 64 and 128 filters and global max pooling; noise
on the labels, which are 1 for generated images; a second generator pass for the generator's step;
batches of 64, Adam at 3e-4.
"""

import keras
import tensorflow as tf
from keras import layers

from gan_keras import latent

LATENT_DIM = 128


def build_generator():
    return keras.Sequential(
        [
            keras.Input((LATENT_DIM,)),
            layers.Dense(7 * 7 * 128),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, 128)),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 7, padding="same", activation="sigmoid"),
        ]
    )


def build_discriminator():
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(64, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(128, 3, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.GlobalMaxPooling2D(),
            layers.Dense(1),
        ]
    )


class GuideGAN(keras.Model):
    """As the guide has it, but for its images in [-1, 1], which it scales to its own [0, 1]."""

    def __init__(self):
        super().__init__()
        self.generator, self.discriminator = build_generator(), build_discriminator()
        self.built = True

    def compile(self):
        super().compile(optimizer=None)
        self.g_optimizer = keras.optimizers.Adam(3e-4)
        self.d_optimizer = keras.optimizers.Adam(3e-4)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, images):
        real = (images + 1) / 2
        n = tf.shape(real)[0]
        fake = self.generator(tf.random.normal((n, LATENT_DIM)))
        both = tf.concat([fake, real], axis=0)
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)

        z = tf.random.normal((n, LATENT_DIM))
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.generator(z))
            g_loss = self.loss_fn(tf.zeros((n, 1)), logits)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def generate(self, n, seed=None):
        """`n` images (n, 28, 28, 1) in [-1, 1]."""
        z = latent.normal(n, LATENT_DIM, seed)
        return self.generator.predict(z, batch_size=256, verbose=0) * 2 - 1
