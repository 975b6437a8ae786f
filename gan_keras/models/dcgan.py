"""DCGAN: Radford, Metz, Chintala 2015, "Unsupervised Representation Learning with Deep
Convolutional Generative Adversarial Networks", arXiv:1511.06434.

The idea: the game of the GAN with two convolutional networks, and a handful of rules under which
such networks learn stably (section 3): strides in place of pooling; batch normalisation in both
networks, except at the generator's output and the discriminator's input; no hidden dense layers;
ReLU in the generator with tanh at its end, leaky ReLU in the discriminator. The objective and the
training step are those of `GAN`.

Departures from the paper: z is normal in place of uniform, and images are drawn from averaged
weights.
"""

import math

from gan_keras import checks, latent, profiles
from gan_keras.layers import BatchNormalization, DifferentiableAugment
from gan_keras.models.gan import GAN
from gan_keras.optimizers import Adam

import keras
from keras import layers

# "paper": section 4, with the widths of figure 1. "fast": for two processor cores, where what
# counts is how much is learned in a minute: narrow networks, so that many more steps fit into it; a
# learning rate ten times as high, which falls to a half after 4000 steps, to a third after 8000; a
# shorter memory for Adam's second moment; and kernels of 4, which stride 2 divides. How far each
# gets in which time: benchmarks/time_to_quality.py.
RECIPES = {
    "paper": {
        "latent_dim": 100,
        "optimizer": {"learning_rate": 2e-4},
        "generator": {"width": 128, "kernel_size": 5, "stddev": 0.02},
        "discriminator": {"width": 128, "kernel_size": 5, "stddev": 0.02},
    },
    "fast": {
        "latent_dim": 64,
        "optimizer": {"learning_rate": 2e-3, "half_after": 4000, "beta_2": 0.99},
        "generator": {"width": 32, "kernel_size": 4},
        "discriminator": {"width": 32, "kernel_size": 4},
    },
}


def choose_recipe(name: str | None, width: int | None = None) -> dict:
    """The recipe of that name, with `width` in place of its own: see `profiles.choose`."""
    return profiles.choose(RECIPES, name, width)


def doublings(image_shape) -> int:
    """How often the generator doubles its first image: 28 = 7 << 2, 64 = 4 << 4, 96 = 6 << 4.

    Raises:
        ValueError: unless height and width are multiples of 4 from 28 to 128.
    """
    checks.check_image_shape(image_shape)
    sides = image_shape[:2]
    if len(image_shape) != 3 or any(side % 4 or not 28 <= side <= 128 for side in sides):
        raise ValueError(
            f"image_shape is {tuple(image_shape)}; height and width must be multiples of 4 from "
            "28 to 128. Load the images with image_size=64, say, or give networks of your own."
        )
    (height, width), times = sides, 0
    while height % 2 == width % 2 == 0 and min(height, width) >= 8:
        height, width, times = height // 2, width // 2, times + 1
    return times


def upsample(x, image_shape, width=128, kernel_size=5, stddev=None):
    """The generator's layers: (batch, n) -> (batch, *image_shape) in [-1, 1].

    A small image of many channels is doubled until it has its full size, its channels halved.

    Args:
        width: channels at the last hidden resolution.
        kernel_size: of the transposed convolutions, of stride 2.
        stddev: of the initial weights; None for Keras' default, Glorot's.
    """
    times = doublings(image_shape)
    height, breadth, channels = image_shape
    start = (height >> times, breadth >> times, width << (times - 1))
    x = layers.Dense(start[0] * start[1] * start[2], use_bias=False, **_init(stddev))(x)
    x = layers.Reshape(start)(x)
    x = layers.ReLU()(BatchNormalization(momentum=0.9)(x))
    for i in reversed(range(times - 1)):
        x = layers.Conv2DTranspose(
            width << i, kernel_size, strides=2, padding="same", use_bias=False, **_init(stddev)
        )(x)
        x = layers.ReLU()(BatchNormalization(momentum=0.9)(x))
    x = layers.Conv2DTranspose(channels, kernel_size, strides=2, padding="same", **_init(stddev))(x)
    return layers.Activation("tanh", dtype="float32")(x)


def downsample(x, width=128, kernel_size=5, stddev=None, batch_norm=True, dropout=0.0):
    """The discriminator's hidden layers: (batch, H, W, C) -> (batch, features).

    Convolutions of stride 2 until the shorter side is 4 or less, so that the last ones see most of
    the image and not only a small part of it: 28 -> 14 -> 7 -> 4.

    Args:
        width: channels of the first convolution, twice as many in each that follows.
        batch_norm: normalise after each convolution but the first.
        dropout: share of units that are dropped after each.
    """
    for i in range(math.ceil(math.log2(min(x.shape[1:3]) / 4))):
        x = layers.Conv2D(width << i, kernel_size, strides=2, padding="same", **_init(stddev))(x)
        if batch_norm and i > 0:
            x = BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(0.2)(x)
        if dropout:
            x = layers.Dropout(dropout)(x)
    return layers.Flatten()(x)


def build_generator(image_shape=(28, 28, 1), latent_dim=100, **options) -> keras.Model:
    """(batch, latent_dim) -> (batch, *image_shape). `options`: see `upsample`."""
    latent.check_dim(latent_dim)
    z = keras.Input((latent_dim,))
    return keras.Model(z, upsample(z, image_shape, **options), name="generator")


def build_discriminator(image_shape=(28, 28, 1), augment=False, **options) -> keras.Model:
    """(batch, *image_shape) -> (batch, 1) logits.

    Args:
        augment: whether it sees all images through `layers.DifferentiableAugment`.
        **options: see `downsample`.
    """
    image = keras.Input(image_shape)
    x = downsample(DifferentiableAugment()(image) if augment else image, **options)
    return keras.Model(image, layers.Dense(1, dtype="float32")(x), name="discriminator")


def build_optimizer(learning_rate, half_after=None, beta_2=0.999) -> keras.optimizers.Optimizer:
    """Adam with beta_1 = 0.5 (section 4).

    Args:
        half_after: steps t0 of a falling rate, learning_rate / (1 + step / t0); None keeps it.
    """
    if half_after is not None:
        learning_rate = keras.optimizers.schedules.InverseTimeDecay(learning_rate, half_after, 1.0)
    return Adam(learning_rate, beta_1=0.5, beta_2=beta_2)


def _init(stddev):
    if stddev is None:
        return {}
    # A new one for each layer: an initializer repeats its values.
    return {"kernel_initializer": keras.initializers.RandomNormal(stddev=stddev)}


@keras.saving.register_keras_serializable("gan_keras")
class DCGAN(GAN):
    """A GAN of convolutional networks, for images of 28 to 128 pixels; or any two that fit.

    Args:
        image_shape: (height, width, channels); height and width multiples of 4 from 28 to 128.
        latent_dim: length of z; by default the recipe's.
        recipe: "paper", which follows section 4 and needs a GPU, or "fast", which learns in
            minutes on two processor cores: see `RECIPES`. None: "paper" in the profile `gpu`, else
            "fast".
        width: filters at the largest hidden resolution, twice as many at each halving; by
            default the recipe's.
        generator, discriminator, average, seed: see `GAN`.
        augment: True for few images, a few thousand or less: the discriminator sees them through
            `layers.DifferentiableAugment`, and does not learn them by heart as soon. It begins the
            default discriminator; put the layer into one of your own.

    Raises:
        ValueError: for an image_shape or recipe that there is not, or networks that do not fit.
    """

    def __init__(self, image_shape=(28, 28, 1), latent_dim=None, recipe=None, width=None,
                 generator=None, discriminator=None, average=0.99, seed=None, augment=False,
                 **kwargs):  # fmt: skip
        chosen = choose_recipe(recipe, width)
        latent_dim = chosen["latent_dim"] if latent_dim is None else latent_dim
        generator = generator or build_generator(image_shape, latent_dim, **chosen["generator"])
        discriminator = discriminator or build_discriminator(
            image_shape, augment, **chosen["discriminator"]
        )
        super().__init__(image_shape, latent_dim, generator, discriminator, average, seed, **kwargs)
        self.recipe, self.augment = recipe, augment
        self.optimizer_options = chosen["optimizer"]

    def compile(self, g_optimizer=None, d_optimizer=None, **kwargs):
        """As `GAN.compile`, by default with the recipe's Adam for each network."""
        super().compile(
            g_optimizer or build_optimizer(**self.optimizer_options),
            d_optimizer or build_optimizer(**self.optimizer_options),
            **kwargs,
        )

    def get_config(self):
        return {**super().get_config(), "recipe": self.recipe, "augment": self.augment}
