"""Two widely read Keras recipes, written anew: the opponents in `time_to_quality.py`.

The guide "Customizing what happens in fit() with TensorFlow": latent_dim 128; generator 7x7x128,
two transposed convolutions of 128 filters, a 7x7 convolution with a sigmoid; discriminator with
convolutions of 64 and 128 filters and global max pooling; noise on the labels, which are 1 for
generated images; a second generator pass for the generator's step; batches of 64, Adam at 3e-4.

The example "Conditional GAN": the same networks and step without the noise on the labels. The
class stands beside z as ten numbers, and beside the image as ten channels.
"""

from gan_keras import latent

import keras
import tensorflow as tf
from keras import layers

LATENT_DIM, NUM_CLASSES = 128, 10


def build_generator(num_classes=0):
    return keras.Sequential(
        [
            keras.Input((LATENT_DIM + num_classes,)),
            layers.Dense(7 * 7 * (128 + num_classes)),
            layers.LeakyReLU(0.2),
            layers.Reshape((7, 7, 128 + num_classes)),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2DTranspose(128, 4, strides=2, padding="same"),
            layers.LeakyReLU(0.2),
            layers.Conv2D(1, 7, padding="same", activation="sigmoid"),
        ]
    )


def build_discriminator(num_classes=0):
    return keras.Sequential(
        [
            keras.Input((28, 28, 1 + num_classes)),
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

    num_classes = 0
    label_noise = 0.05

    def __init__(self):
        super().__init__()
        self.generator = build_generator(self.num_classes)
        self.discriminator = build_discriminator(self.num_classes)
        self.built = True

    def compile(self):
        super().compile(optimizer=None)
        self.g_optimizer = keras.optimizers.Adam(3e-4)
        self.d_optimizer = keras.optimizers.Adam(3e-4)
        self.loss_fn = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(self, data):
        images, y = data if self.num_classes else (data, None)
        real = (images + 1) / 2
        n = tf.shape(real)[0]
        fake = self.generator(self.beside(tf.random.normal((n, LATENT_DIM)), y))
        both = self.beside(tf.concat([fake, real], axis=0), y if y is None else tf.tile(y, [2]))
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += self.label_noise * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            d_loss = self.loss_fn(labels, self.discriminator(both))
        weights = self.discriminator.trainable_weights
        self.d_optimizer.apply(tape.gradient(d_loss, weights), weights)

        z = self.beside(tf.random.normal((n, LATENT_DIM)), y)
        with tf.GradientTape() as tape:
            logits = self.discriminator(self.beside(self.generator(z), y))
            g_loss = self.loss_fn(tf.zeros((n, 1)), logits)
        weights = self.generator.trainable_weights
        self.g_optimizer.apply(tape.gradient(g_loss, weights), weights)
        return {"d_loss": d_loss, "g_loss": g_loss}

    def beside(self, x, y):
        """x (n, ..., c) and, beside it, the classes, if there are any, as numbers or channels."""
        if y is None:
            return x
        rows = tf.one_hot(y, self.num_classes)
        rows = tf.reshape(rows, [-1] + [1] * (len(x.shape) - 2) + [self.num_classes])
        space = tf.concat([tf.shape(x)[:-1], [self.num_classes]], axis=0)
        return tf.concat([x, tf.broadcast_to(rows, space)], axis=-1)

    def generate(self, n, labels=None, seed=None):
        """`n` images (n, 28, 28, 1) in [-1, 1]."""
        z = latent.normal(n, LATENT_DIM, seed)
        y = None if labels is None else tf.constant(labels, tf.int32)
        x = self.beside(z, y)
        return self.generator.predict(x, batch_size=256, verbose=0) * 2 - 1


class GuideCGAN(GuideGAN):
    """As the conditional example has it."""

    num_classes = NUM_CLASSES
    label_noise = 0.0
