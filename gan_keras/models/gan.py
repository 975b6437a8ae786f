"""GAN: Goodfellow et al. 2014, "Generative Adversarial Networks", arXiv:1406.2661.

The idea: a generator G turns noise z into images; a discriminator D tells them from real ones.
D is trained to be right, G to make D wrong, and where neither can improve, G draws from the
distribution of the data.

    min_G max_D V(D, G) = E[log D(x)] + E[log(1 - D(G(z)))]                          (eq. 1)

Departures from the paper: both networks use leaky ReLU, and the generator batch normalisation,
in place of maxout and of ReLU mixed with sigmoid, and both learn by Adam in place of momentum, as
most GANs since. Algorithm 1 draws fresh noise for the generator's step; here both steps share
one batch of generated images, which saves a pass through the generator.
"""

from gan_keras import checks, latent
from gan_keras.adversarial import AdversarialModel, check_networks
from gan_keras.layers import Dense
from gan_keras.optimizers import Adam

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def build_generator(image_shape=(28, 28, 1), latent_dim=64, units=(256, 512, 1024)) -> keras.Model:
    """(batch, latent_dim) -> (batch, *image_shape): dense layers, then tanh for images.

    For points, with image_shape (dimensions,), the output is linear.
    """
    latent.check_dim(latent_dim)
    x = z = keras.Input((latent_dim,))
    for width in units:
        x = Dense(width, use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
    x = Dense(int(np.prod(image_shape)))(x)
    x = layers.Reshape(image_shape)(x)
    activation = "tanh" if len(image_shape) == 3 else "linear"
    return keras.Model(z, layers.Activation(activation, dtype="float32")(x), name="generator")


def build_discriminator(image_shape=(28, 28, 1), units=(512, 256), dropout=0.3) -> keras.Model:
    """(batch, *image_shape) -> (batch, 1) logits: dense layers with dropout, as in the paper."""
    image = keras.Input(image_shape)
    x = layers.Flatten()(image)
    for width in units:
        x = Dense(width)(x)
        x = layers.LeakyReLU(0.2)(x)
        x = layers.Dropout(dropout)(x)
    return keras.Model(image, Dense(1, dtype="float32")(x), name="discriminator")


@keras.saving.register_keras_serializable("gan_keras")
class GAN(AdversarialModel):
    """A generator and a discriminator, by default of dense layers; or any two that fit.

    Args:
        image_shape: (height, width, channels) of images in [-1, 1], or (dimensions,) of points.
        latent_dim: length of z.
        generator: (batch, latent_dim) -> (batch, *image_shape).
        discriminator: (batch, *image_shape) -> (batch, 1) logits.
        average: see `AdversarialModel`.
        seed: see `GenerativeModel`.

    Raises:
        ValueError: if the networks do not fit; see `check_networks`.
    """

    def __init__(self, image_shape=(28, 28, 1), latent_dim=64, generator=None,
                 discriminator=None, average=0.99, seed=None, **kwargs):  # fmt: skip
        super().__init__(image_shape, average=average, seed=seed, **kwargs)
        self.latent_dim = latent_dim
        self.generator = generator or build_generator(self.image_shape, latent_dim)
        self.discriminator = discriminator or build_discriminator(self.image_shape)
        self.check_networks()
        self.averaged_generator = self.averaged_copy(self.generator)
        self.built = True

    def check_networks(self):
        """Refuses networks that do not fit, with a ValueError; a subclass may need others."""
        check_networks(
            self.generator, self.discriminator, self.latent_dim, self.image_shape, self.num_classes
        )

    def compile(self, g_optimizer=None, d_optimizer=None, loss="non_saturating", **kwargs):
        """Chooses how each network learns.

        Args:
            g_optimizer, d_optimizer: Keras optimizers; by default Adam at 5e-4 with beta_1 = 0.5
                (Radford et al. 2015, section 4, at 2e-4).
            loss: "minimax", "non_saturating", "least_squares", "hinge", or a pair of callables:
                see `gan_keras.losses`.
            **kwargs: `steps_per_execution`, `jit_compile`, `run_eagerly`.
        """
        optimizers = {
            "g_optimizer": (g_optimizer or Adam(5e-4, 0.5), [self.generator]),
            "d_optimizer": (d_optimizer or Adam(5e-4, 0.5), [self.discriminator]),
        }
        super().compile(optimizers, loss=loss, **kwargs)

    def sample_latent(self, images, seed=None):
        """Standard normal vectors, one for each image: (batch, latent_dim).

        Args:
            seed: a pair of int32, by default that of this step.
        """
        seed = self.step_seed() if seed is None else seed
        return latent.normal_like(images, self.latent_dim, seed)

    def train_step(self, data):
        """One turn of Algorithm 1 with k = 1."""
        real = self.images(data)
        z = self.sample_latent(real)
        with tf.GradientTape() as g_tape:
            fake = self.generator(z, training=True)

        # The discriminator ascends E[log D(x)] + E[log(1 - D(G(z)))].
        with tf.GradientTape() as d_tape:
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            d_loss = self.d_loss_fn(real_logits, fake_logits)
        self.minimize(d_loss, d_tape, self.d_optimizer, self.discriminator)

        # The generator, against the discriminator just improved: the recording goes on.
        with g_tape:
            g_loss = self.g_loss_fn(self.discriminator(fake, training=True))
        self.minimize(g_loss, g_tape, self.g_optimizer, self.generator)

        self.update_average(self.averaged_generator, self.generator)
        return self.track(
            d_loss=d_loss, g_loss=g_loss,
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def test_step(self, data):
        """The same losses without a step, drawn from the averaged generator."""
        real = self.images(data)
        fake = self(self.sample_latent(real, self.batch_seed()))
        real_logits = self.discriminator(real, training=False)
        fake_logits = self.discriminator(fake, training=False)
        return self.track(
            d_loss=self.d_loss_fn(real_logits, fake_logits),
            g_loss=self.g_loss_fn(fake_logits),
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def call(self, z, training=False):
        """Latent vectors (batch, latent_dim) to images (batch, *image_shape), averaged weights."""
        return self.averaged_generator(z, training=training)

    def generate(self, n: int, seed: int | None = None, batch_size: int = 256) -> np.ndarray:
        """`n` new images, (n, *image_shape) float32 in [-1, 1]; one seed gives the same images."""
        z = latent.normal(n, self.latent_dim, seed)
        checks.check_whole("batch_size", batch_size)
        return self.in_batches(self.averaged_generator, z, batch_size=batch_size)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }
