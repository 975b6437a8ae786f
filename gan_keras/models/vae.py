"""VAE: Kingma & Welling 2013, "Auto-Encoding Variational Bayes", arXiv:1312.6114.

The idea: an encoder turns an image into a distribution over latent vectors, a decoder turns a
vector back into an image, and both are trained to raise a lower bound of log p(x), so that noise
from the prior N(0, I) decodes into new images.

    log p(x) >= E[log p(x|z)] - KL(q(z|x) || p(z)),   z ~ q(z|x) = N(mean(x), var(x) I)   (eq. 3)

with p(x|z) = N(decoder(z), noise^2 I). Departures from the paper: ReLU and Adam in place of tanh
and Adagrad, and one fixed noise in place of a variance that the decoder gives.
"""

import math
import numbers

from gan_keras import checks, latent
from gan_keras.adversarial import outputs_of
from gan_keras.generative import GenerativeModel
from gan_keras.optimizers import Adam

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def build_encoder(image_shape=(28, 28, 1), latent_dim=16, units=(512, 256)) -> keras.Model:
    """(batch, *image_shape) -> mean and log variance of q(z|x), each (batch, latent_dim)."""
    image = keras.Input(image_shape)
    x = layers.Flatten()(image)
    for width in units:
        x = layers.Dense(width, activation="relu")(x)
    mean = layers.Dense(latent_dim, dtype="float32", name="z_mean")(x)
    log_var = layers.Dense(latent_dim, dtype="float32", name="z_log_var")(x)
    return keras.Model(image, [mean, log_var], name="encoder")


def build_decoder(image_shape=(28, 28, 1), latent_dim=16, units=(256, 512)) -> keras.Model:
    """(batch, latent_dim) -> the mean of p(x|z), (batch, *image_shape) in [-1, 1]."""
    x = z = keras.Input((latent_dim,))
    for width in units:
        x = layers.Dense(width, activation="relu")(x)
    x = layers.Dense(int(np.prod(image_shape)))(x)
    x = layers.Reshape(image_shape)(x)
    return keras.Model(z, layers.Activation("tanh", dtype="float32")(x), name="decoder")


@keras.saving.register_keras_serializable("gan_keras")
class VAE(GenerativeModel):
    """An encoder and a decoder, by default of dense layers; or any two that fit.

    Tracked, in nats an image: `loss`, the negative bound; `reconstruction`, -E[log p(x|z)]
    (a density, so that it may be negative); `kl`, KL(q(z|x) || p(z)).

    Args:
        image_shape: (height, width, channels) of images in [-1, 1].
        latent_dim: length of z.
        encoder: (batch, *image_shape) -> [mean, log variance], each (batch, latent_dim).
        decoder: (batch, latent_dim) -> (batch, *image_shape).
        noise: standard deviation of p(x|z) at each pixel. Larger values weigh the prior more:
            noise^2 is the factor called beta in Higgins et al. 2017, up to scale.
        seed: see `GenerativeModel`.

    Raises:
        ValueError: if the networks do not fit, image_shape is not that of images, or noise is not
            positive.
    """

    tracked = ("loss", "reconstruction", "kl")

    def __init__(self, image_shape=(28, 28, 1), latent_dim=16, encoder=None, decoder=None,
                 noise=0.4, seed=None, **kwargs):  # fmt: skip
        super().__init__(image_shape, seed=seed, **kwargs)
        if len(self.image_shape) != 3:
            raise ValueError(
                f"image_shape is {self.image_shape}; a VAE needs (height, width, channels). Points "
                "can be learned by `GAN`."
            )
        if not (isinstance(noise, numbers.Real) and 0 < noise < math.inf):
            raise ValueError(f"noise is {noise!r}; a standard deviation must be positive.")
        latent.check_dim(latent_dim)
        self.latent_dim = latent_dim
        self.noise = noise
        self.encoder = encoder or build_encoder(self.image_shape, latent_dim)
        self.decoder = decoder or build_decoder(self.image_shape, latent_dim)
        self._check_networks()
        self.built = True

    def _check_networks(self):
        moments = outputs_of(self.encoder, "encoder", [self.image_shape])
        shapes = [tuple(m.shape[1:]) for m in keras.tree.flatten(moments)]
        if shapes != [(self.latent_dim,)] * 2:
            raise ValueError(
                f"The encoder gives shapes {shapes}; it must give two, the mean and the log "
                f"variance, each ({self.latent_dim},)."
            )
        decoded = outputs_of(self.decoder, "decoder", [(self.latent_dim,)])
        decoded = tuple(getattr(decoded, "shape", [None])[1:])
        if decoded != self.image_shape:
            raise ValueError(
                f"The decoder gives shape {decoded}; it must give image_shape, {self.image_shape}."
            )

    def compile(self, optimizer=None, **kwargs):
        """Adam at 1e-3 unless another `optimizer` is given.

        **kwargs: `steps_per_execution`, `jit_compile`, `run_eagerly`.
        """
        networks = [self.encoder, self.decoder]
        super().compile({"optimizer": (optimizer or Adam(1e-3), networks)}, **kwargs)

    def sample_latent(self, images):
        """Standard normal vectors of this step, one for each image: (batch, latent_dim)."""
        return latent.normal_like(images, self.latent_dim, self.step_seed())

    def bound(self, images, training):
        """The three terms that are tracked; z is drawn by the reparameterisation of eq. 10."""
        mean, log_var = self.encoder(images, training=training)
        epsilon = self.sample_latent(images)
        decoded = self.decoder(mean + tf.exp(log_var / 2) * epsilon, training=training)

        error = tf.reduce_sum(tf.square(images - decoded), axis=[1, 2, 3])
        pixels = math.prod(self.image_shape)
        log_norm = pixels / 2 * math.log(2 * math.pi * self.noise**2)
        reconstruction = tf.reduce_mean(error / (2 * self.noise**2) + log_norm)

        # The KL of two Gaussians in closed form: appendix B.
        kl = tf.reduce_sum(tf.exp(log_var) + tf.square(mean) - 1 - log_var, axis=1) / 2
        kl = tf.reduce_mean(kl)
        return {"loss": reconstruction + kl, "reconstruction": reconstruction, "kl": kl}

    def train_step(self, data):
        images = self.images(data)
        with tf.GradientTape() as tape:
            terms = self.bound(images, training=True)
        self.minimize(terms["loss"], tape, self.optimizer, self.encoder, self.decoder)
        return self.track(**terms)

    def test_step(self, data):
        return self.track(**self.bound(self.images(data), training=False))

    def call(self, images, training=False):
        """Images to their reconstructions from the mean of q(z|x), both (batch, *image_shape)."""
        return self.decoder(self.encoder(images, training=training)[0], training=training)

    def generate(self, n: int, seed: int | None = None, batch_size: int = 256) -> np.ndarray:
        """`n` new images, (n, *image_shape) float32 in [-1, 1]; one seed gives the same images.

        Each is the mean of p(x|z) for a z from the prior: without the pixels' noise.
        """
        z = latent.normal(n, self.latent_dim, seed)
        checks.check_whole("batch_size", batch_size)
        return self.in_batches(self.decoder, z, batch_size=batch_size)

    def get_config(self):
        return {
            **super().get_config(),
            "latent_dim": self.latent_dim,
            "encoder": keras.saving.serialize_keras_object(self.encoder),
            "decoder": keras.saving.serialize_keras_object(self.decoder),
            "noise": self.noise,
        }
