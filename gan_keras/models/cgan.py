"""CGAN: Mirza & Osindero 2014, "Conditional Generative Adversarial Nets", arXiv:1411.1784.

The idea: both networks are told the class y of the image. The discriminator then judges whether
an image is real *and* of that class, and the generator learns to draw what is ordered.

    min_G max_D V(D, G) = E[log D(x|y)] + E[log(1 - D(G(z|y)))]                          (eq. 2)

The paper hands y to each network by mapping it to a vector and concatenating that with the input,
itself mapped likewise; here y alone is, by an embedding. A second way for the discriminator is
Miyato & Koyama 2018, "cGANs with Projection Discriminator", arXiv:1802.05637, section 3:

    logit(x, y) = w . features(x) + embed(y) . features(x)

Departures from the papers: the networks are those of `DCGAN`, in place of dense ReLU and
maxout layers and of residual blocks; the generated images of a step take the classes of its real
images.
"""

from gan_keras import checks, latent
from gan_keras.layers import DifferentiableAugment
from gan_keras.models.dcgan import DCGAN, choose_recipe, downsample, upsample

import keras
import numpy as np
import tensorflow as tf
from keras import layers


def build_generator(
    image_shape=(28, 28, 1), num_classes=10, latent_dim=100, embedding=50, **options
) -> keras.Model:
    """[z (batch, latent_dim), y (batch, num_classes)] -> (batch, *image_shape).

    Args:
        embedding: length of the vector that y is mapped to, beside z.
        **options: see `dcgan.upsample`.
    """
    latent.check_dim(latent_dim)
    z, y = keras.Input((latent_dim,), name="z"), keras.Input((num_classes,), name="y")
    x = layers.Concatenate()([z, layers.Dense(embedding, use_bias=False, name="embedding")(y)])
    return keras.Model([z, y], upsample(x, image_shape, **options), name="generator")


def build_discriminator(
    image_shape=(28, 28, 1), num_classes=10, conditioning="concatenation", augment=False, **options
) -> keras.Model:
    """[image (batch, *image_shape), y (batch, num_classes)] -> (batch, 1) logits.

    Args:
        conditioning: "concatenation", which adds y to the image as one more channel, a picture
            that each class learns; or "projection".
        augment: whether it sees all images through `layers.DifferentiableAugment`.
        **options: see `dcgan.downsample`.

    Raises:
        ValueError: for another conditioning.
    """
    image, y = keras.Input(image_shape), keras.Input((num_classes,), name="y")
    seen = DifferentiableAugment()(image) if augment else image
    if conditioning == "concatenation":
        height, width = image_shape[:2]
        channel = layers.Dense(height * width, use_bias=False, name="embedding")(y)
        x = layers.Concatenate()([seen, layers.Reshape((height, width, 1))(channel)])
        logits = layers.Dense(1, dtype="float32")(downsample(x, **options))
    elif conditioning == "projection":
        features = downsample(seen, **options)
        embedded = layers.Dense(features.shape[-1], use_bias=False, name="embedding")(y)
        product = layers.Dot(axes=1, dtype="float32")([embedded, features])
        logits = layers.Add(dtype="float32")([layers.Dense(1, dtype="float32")(features), product])
    else:
        raise ValueError(
            f'conditioning is {conditioning!r}; it must be "concatenation" or "projection".'
        )
    return keras.Model([image, y], logits, name="discriminator")


@keras.saving.register_keras_serializable("gan_keras")
class CGAN(DCGAN):
    """A generator that draws the class it is told.

    Trained on images with integer labels: `load_dataset(..., labels=True)`, or
    `fit(images, labels)`. Inside, a label is a row of num_classes probabilities, one-hot for an
    integer, so that mixtures of classes can be ordered as well.

    Args:
        image_shape: (height, width, channels).
        num_classes: labels go from 0 to num_classes - 1.
        conditioning: of the discriminator, "concatenation" or "projection".
        latent_dim, recipe, width: see `DCGAN`.
        generator: [(batch, latent_dim), (batch, num_classes)] -> (batch, *image_shape).
        discriminator: [(batch, *image_shape), (batch, num_classes)] -> (batch, 1) logits.
        average, seed, augment: see `DCGAN`.

    Raises:
        ValueError: see `DCGAN`.
    """

    def __init__(self, image_shape=(28, 28, 1), num_classes=10, conditioning="concatenation",
                 latent_dim=None, recipe=None, width=None, generator=None, discriminator=None,
                 average=0.99, seed=None, augment=False, **kwargs):  # fmt: skip
        checks.check_whole("num_classes", num_classes)
        chosen = choose_recipe(recipe, width)
        latent_dim = chosen["latent_dim"] if latent_dim is None else latent_dim
        generator = generator or build_generator(
            image_shape, num_classes, latent_dim, **chosen["generator"]
        )
        discriminator = discriminator or build_discriminator(
            image_shape, num_classes, conditioning, augment, **chosen["discriminator"]
        )
        super().__init__(
            image_shape, latent_dim, recipe, width, generator, discriminator, average, seed,
            augment, num_classes=num_classes, **kwargs,
        )  # fmt: skip
        self.conditioning = conditioning

    def train_step(self, data):
        """`GAN.train_step`, with the class y beside every image."""
        real, y = self.images(data), self.labels(data)
        z = self.sample_latent(real)
        with tf.GradientTape() as g_tape:
            fake = self.generator([z, y], training=True)

        # The discriminator ascends E[log D(x|y)] + E[log(1 - D(G(z|y)))].
        with tf.GradientTape() as d_tape:
            real_logits = self.discriminator([real, y], training=True)
            fake_logits = self.discriminator([fake, y], training=True)
            d_loss = self.d_loss_fn(real_logits, fake_logits)
        self.minimize(d_loss, d_tape, self.d_optimizer, self.discriminator)

        with g_tape:
            g_loss = self.g_loss_fn(self.discriminator([fake, y], training=True))
        self.minimize(g_loss, g_tape, self.g_optimizer, self.generator)

        self.update_average(self.averaged_generator, self.generator)
        return self.track(
            d_loss=d_loss, g_loss=g_loss,
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def test_step(self, data):
        """The same losses without a step, drawn from the averaged generator."""
        real, y = self.images(data), self.labels(data)
        fake = self([self.sample_latent(real, self.batch_seed()), y])
        real_logits = self.discriminator([real, y], training=False)
        fake_logits = self.discriminator([fake, y], training=False)
        return self.track(
            d_loss=self.d_loss_fn(real_logits, fake_logits),
            g_loss=self.g_loss_fn(fake_logits),
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def generate(self, n: int, labels=None, seed: int | None = None, batch_size: int = 256):
        """`n` new images, (n, *image_shape) float32 in [-1, 1].

        Args:
            n: number of images.
            labels: what to draw: one integer for all; (n,) integers; or (n, num_classes) shares
                that sum to 1 in each row, for mixtures of classes. None: the classes in turn.
            seed: of the latent vectors; the same for the same seed whatever the labels.
            batch_size: images drawn at a time.

        Raises:
            ValueError: for labels that are none of these, or out of range.
        """
        z = latent.normal(n, self.latent_dim, seed)
        y = self.conditions(n, labels)
        checks.check_whole("batch_size", batch_size)
        return self.in_batches(self.averaged_generator, z, y, batch_size=batch_size)

    def conditions(self, n: int, labels=None) -> np.ndarray:
        """`labels` of `generate` as rows of shares, (n, num_classes) float32."""
        if labels is None:
            labels = np.arange(n) % self.num_classes
        labels = np.asarray(labels)
        if labels.ndim == 0:
            labels = np.full(n, labels)
        if labels.ndim == 2:
            checks.check_shares(labels, n, self.num_classes)
            return labels.astype(np.float32)
        checks.check_labels(labels, n, self.num_classes)
        return np.eye(self.num_classes, dtype=np.float32)[labels]

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "conditioning": self.conditioning,
        }
