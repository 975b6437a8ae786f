"""Pix2Pix: Isola, Zhu, Zhou, Efros 2017, "Image-to-Image Translation with Conditional Adversarial
Networks", arXiv:1611.07004.

The idea: the condition is an image. The generator turns image a into image b; the discriminator is
shown a beside b or beside G(a), and judges patch by patch whether the two belong together. The
distance to the true b keeps the large forms right, the game makes the detail sharp.

    G* = arg min_G max_D L_cGAN(G, D) + lambda L_L1(G)                                  (eq. 4)
    L_cGAN = E[log D(a, b)] + E[log(1 - D(a, G(a, z)))]                                 (eq. 1)
    L_L1   = E[|b - G(a, z)|]                                                           (eq. 3)

z is no vector: the noise is the generator's dropout, which for that reason stays on when the model
is used (section 3.1).

The generator maximises log D, as in the paper (section 3.3). Departures: images are drawn from
averaged weights, as in the other models; and, as in the authors' code, the innermost layer has no
batch normalisation, which over one image of one pixel would set it to zero.
"""

from typing import NamedTuple

from gan_keras import checks, profiles
from gan_keras.adversarial import check_logits, check_shapes
from gan_keras.layers import ReflectionPadding2D, initializer, normalize
from gan_keras.translation import TranslationModel, build_optimizer, checked_images

import keras
import numpy as np
import tensorflow as tf
from keras import layers

# "paper": appendix 6 and section 3.3, for batches of 1 to 10. "fast": for two processor cores, with
# batches of 16 at 64 x 64: narrower networks, above all the discriminator; patches that suit small
# images; a higher rate, which has to fall.
# benchmarks/pix2pix_recipe.py makes these changes one after the other.
RECIPES = {
    "paper": {
        "optimizer": {"learning_rate": 2e-4},
        "patch_size": 70,
        "generator": {"width": 64, "stddev": 0.02},
        "discriminator": {"width": 64, "stddev": 0.02},
    },
    "fast": {
        "optimizer": {"learning_rate": 1e-3, "beta_2": 0.99},
        "patch_size": 34,
        "generator": {"width": 32, "widest": 128},
        "discriminator": {"width": 16},
    },
}

# Side of the patch that one logit sees: convolutions of stride 2.
PATCH_SIZES = {16: 1, 34: 2, 70: 3, 142: 4, 286: 5}


def halvings(image_shape, depth=None) -> int:
    """How often the generator halves the image: `depth`, or until a side is 1 or odd, at most 8.

    256 = 1 << 8, 64 = 1 << 6, 96 = 3 << 5.

    Raises:
        ValueError: unless height and width are multiples of 8, or of 2^depth.
    """
    height, width = image_shape[:2]
    if depth is None:
        depth = max([d for d in range(1, 9) if height % 2**d == width % 2**d == 0], default=0)
        needed, named = 8, ""
    else:
        needed, named = 2**depth, f" with depth={depth}"
    if height % needed or width % needed:
        raise ValueError(
            f"The images are {height} x {width}; the U-Net{named} needs height and width that are "
            f"multiples of {needed}. Load the images with image_size="
            f"{max(height // needed, 1) * needed}, say, or give a generator of your own."
        )
    return depth


def build_generator(
    image_shape=(256, 256, 3), target_shape=None, width=64, widest=None, depth=None, kernel_size=4,
    dropout=0.5, skips=True, normalization="batch", stddev=None,
) -> keras.Model:  # fmt: skip
    """(batch, *image_shape) -> (batch, *target_shape) in [-1, 1]: a U-Net (appendix 6.1.1).

    Convolutions of stride 2 halve the image until little of it is left; transposed ones double it
    again, and each is handed, beside its input, what the encoder had at that resolution.

    Args:
        width: channels of the first convolution, twice as many in each that follows.
        widest: most channels of all; by default 8 * width.
        depth: number of halvings; see `halvings`.
        kernel_size: of all convolutions.
        dropout: share of units dropped after the first three doublings, the only noise.
        skips: False takes away what the encoder hands over.
        normalization: see `layers.normalize`.
        stddev: of the initial weights; None for Keras' default, Glorot's.

    Raises:
        ValueError: for sizes that cannot be halved so often.
    """
    target_shape = target_shape or image_shape
    depth, widest = halvings(image_shape, depth), widest or 8 * width
    widths = [min(width << i, widest) for i in range(depth)]

    def options(norm):
        # A normalisation takes a bias away again.
        weights = {"use_bias": norm is None, "kernel_initializer": initializer(stddev)}
        return {"strides": 2, "padding": "same", **weights}

    image = x = keras.Input(image_shape)
    handed = []
    for i, filters in enumerate(widths):
        norm = normalization if 0 < i < depth - 1 else None
        x = layers.Conv2D(filters, kernel_size, **options(norm))(x)
        x = normalize(x, norm)
        x = layers.LeakyReLU(0.2)(x)
        handed.append(x)
    for i, filters in reversed(list(enumerate(widths[:-1]))):
        x = layers.Conv2DTranspose(filters, kernel_size, **options(normalization))(x)
        x = normalize(x, normalization)
        if dropout and i >= depth - 4:
            x = layers.Dropout(dropout)(x)
        x = layers.ReLU()(x)
        if skips:
            x = layers.Concatenate()([x, handed[i]])
    x = layers.Conv2DTranspose(target_shape[-1], kernel_size, **options(None))(x)
    return keras.Model(image, layers.Activation("tanh", dtype="float32")(x), name="generator")


def build_discriminator(
    image_shape=(256, 256, 3), target_shape=None, patch_size=70, width=64, normalization="batch",
    stddev=None,
) -> keras.Model:  # fmt: skip
    """[a (batch, *image_shape), b (batch, *target_shape)] -> (batch, h, w, 1) logits.

    Args:
        patch_size, width, normalization, stddev: see `patch_logits`.
    """
    pair = [keras.Input(image_shape), keras.Input(target_shape or image_shape)]
    x = layers.Concatenate()(pair)
    logits = patch_logits(x, patch_size, width, normalization, stddev)
    return keras.Model(pair, logits, name="discriminator")


def patch_logits(x, patch_size=70, width=64, normalization="batch", stddev=None):
    """The PatchGAN's layers (appendix 6.1.2): (batch, H, W, C) -> (batch, h, w, 1).

    Args:
        patch_size: side of the square of pixels that decides on one logit: 1, 16, 34, 70, 142 or
            286; or "image" for the smallest of these that is as large as the image.
        width: channels of the first convolution, twice as many in each that follows, up to 8 times.
        normalization: see `layers.normalize`.
        stddev: of the initial weights; None for Keras' default, Glorot's.

    Raises:
        ValueError: for another patch size, or an image too small for it.
    """
    size = _patch_size(patch_size, x.shape[1:3])
    strides = [1] if size == 1 else [2] * PATCH_SIZES[size]
    strides += [1]
    kernel_size = 1 if size == 1 else 4
    for i, stride in enumerate([*strides, 1]):
        last = i == len(strides)
        norm = normalization if 0 < i < len(strides) else None
        if kernel_size > 1:
            x = layers.ZeroPadding2D(1)(x)
        x = layers.Conv2D(
            1 if last else min(width << i, 8 * width), kernel_size, stride,
            use_bias=norm is None,  # A normalisation takes it away again.
            kernel_initializer=initializer(stddev), dtype="float32" if last else None,
        )(x)  # fmt: skip
        if not last:
            x = layers.LeakyReLU(0.2)(normalize(x, norm))
    return x


def _patch_size(patch_size, image_size) -> int:
    if patch_size == "image":
        patch_size = next((size for size in PATCH_SIZES if size >= max(image_size)), 286)
    if patch_size == 1:
        return 1
    if patch_size not in PATCH_SIZES:
        known = ", ".join(map(str, (1, *PATCH_SIZES)))
        raise ValueError(f'patch_size is {patch_size!r}; it must be one of {known} or "image".')
    # Each of the two last convolutions takes away one row and one column.
    least = 3 << PATCH_SIZES[patch_size]
    if min(image_size) < least:
        raise ValueError(
            f"patch_size={patch_size} needs images of at least {least} pixels a side; these are "
            f"{image_size[0]} x {image_size[1]}. Choose a smaller patch_size."
        )
    return patch_size


class Patch(NamedTuple):
    """What the logits of a PatchGAN see: number i looks at rows start + i * stride, `size` many."""

    size: int
    stride: int
    start: int


def receptive_field(discriminator: keras.Model) -> Patch:
    """The rows of pixels that decide on one logit; for the columns of a square image it is alike.

    A convolution of kernel k widens the field by k - 1 steps of the layer before it, and a stride s
    makes the steps s times as long:

        size <- size + (k - 1) * stride,    start <- start - padding * stride,    stride <- s stride

    `start` is negative where a patch reaches into the padding. What normalisation carries over
    from the whole image is not counted.

    Raises:
        ValueError: for a layer after which no pixel is far from any other, such as `Dense`.
    """
    size, stride, start = 1, 1, 0
    for layer in discriminator.layers:
        if isinstance(layer, (layers.ZeroPadding2D, ReflectionPadding2D)):
            before = layer.padding[0][0] if isinstance(layer.padding, tuple) else layer.padding
            start -= before * stride
        elif isinstance(layer, (layers.Conv2D, layers.AveragePooling2D, layers.MaxPooling2D)):
            kernel = getattr(layer, "kernel_size", getattr(layer, "pool_size", None))[0]
            kernel = (kernel - 1) * getattr(layer, "dilation_rate", (1, 1))[0] + 1
            if layer.padding == "same":
                rows, step = layer.input.shape[1], layer.strides[0]
                start -= max((-(-rows // step) - 1) * step + kernel - rows, 0) // 2 * stride
            size, stride = size + (kernel - 1) * stride, stride * layer.strides[0]
        elif not isinstance(layer, _POINTWISE):
            raise ValueError(
                f"The receptive field cannot be told beyond layer {layer.name!r}, a "
                f"{type(layer).__name__}: only convolutions, pooling and padding are known."
            )
    return Patch(size, stride, start)


_POINTWISE = (
    layers.InputLayer, layers.Concatenate, layers.Activation, layers.LeakyReLU, layers.ReLU,
    layers.Dropout, layers.BatchNormalization, layers.GroupNormalization,
)  # fmt: skip


@keras.saving.register_keras_serializable("gan_keras")
class Pix2Pix(TranslationModel):
    """A generator that turns image a into image b, learned from pairs (a, b).

    Tracked beside `AdversarialModel`'s values: `l1`, the mean absolute error of G(a) against b, on
    the scale of [-1, 1].

    Args:
        image_shape: (height, width, channels) of a: see `halvings` for the sizes.
        target_shape: of b, if its channels are others.
        patch_size: of the discriminator, 1, 16, 34, 70, 142, 286 or "image"; by default the
            recipe's.
        skips: False takes away the U-Net's skips.
        l1_weight: lambda in eq. 4. 0 leaves the game alone.
        adversarial_weight: of the game in the generator's loss. 0 leaves the L1 loss alone; the
            discriminator still learns, and tells how easily such images are found out.
        as_in_training: True for inference as the paper has it (section 3.3): with dropout and
            with the batch's own statistics, so that an image's translation varies and depends on
            the others of its batch. False: without dropout, with the statistics of training.
        recipe: "paper" or "fast": see `RECIPES`. None: "paper" in the profile `gpu`, else "fast".
        width: filters of the first convolution of both networks; by default the recipe's.
        generator: (batch, *image_shape) -> (batch, *target_shape).
        discriminator: [(batch, *image_shape), (batch, *target_shape)] -> (batch, h, w, 1) logits.
        average: see `AdversarialModel`.
        seed: see `GenerativeModel`.

    Raises:
        ValueError: for a size, patch size or recipe that there is not, or networks that do not fit.
    """

    tracked = (*TranslationModel.tracked, "l1")

    def __init__(self, image_shape=(64, 64, 3), target_shape=None, patch_size=None, skips=True,
                 l1_weight=100.0, adversarial_weight=1.0, as_in_training=True, recipe=None,
                 width=None, generator=None, discriminator=None, average=0.99, seed=None,
                 **kwargs):  # fmt: skip
        super().__init__(image_shape, target_shape, average=average, seed=seed, **kwargs)
        chosen = profiles.choose(RECIPES, recipe, width)
        sides = self.image_shape, self.target_shape
        self.patch_size = patch_size or chosen["patch_size"]
        self.generator = generator or build_generator(*sides, skips=skips, **chosen["generator"])
        self.discriminator = discriminator or build_discriminator(
            *sides, self.patch_size, **chosen["discriminator"]
        )
        check_shapes(self.generator, "generator", [self.image_shape], self.target_shape)
        check_shapes(self.discriminator, "discriminator", list(sides), (None, None, 1))
        check_logits(self.discriminator)
        self.skips, self.recipe = skips, recipe
        self.l1_weight, self.adversarial_weight = l1_weight, adversarial_weight
        self.as_in_training = as_in_training
        self.optimizer_options = chosen["optimizer"]
        self.averaged_generator = self.averaged_copy(self.generator)
        self.built = True

    def compile(self, g_optimizer=None, d_optimizer=None, loss="non_saturating", steps=None,
                **kwargs):  # fmt: skip
        """Chooses how each network learns.

        Args:
            g_optimizer, d_optimizer: Keras optimizers; by default the recipe's Adam.
            loss: of the game; see `gan_keras.losses`.
            steps: of the whole training, over whose second half the learning rate of the default
                optimizers falls to 0; None keeps it.
            **kwargs: `steps_per_execution`, `jit_compile`, `run_eagerly`.
        """
        g_optimizer, d_optimizer = (
            given or build_optimizer(**self.optimizer_options, steps=steps)
            for given in (g_optimizer, d_optimizer)
        )
        optimizers = {
            "g_optimizer": (g_optimizer, [self.generator]),
            "d_optimizer": (d_optimizer, [self.discriminator]),
        }
        super().compile(optimizers, loss=loss, **kwargs)

    def train_step(self, data):
        """One step on D, then one on G (section 3.3)."""
        a, b = self.pairs(data)
        with tf.GradientTape() as g_tape:
            fake = self.generator(a, training=True)

        # The discriminator ascends eq. 1, halved so that D learns more slowly than G.
        with tf.GradientTape() as d_tape:
            real_logits = self.discriminator([a, b], training=True)
            fake_logits = self.discriminator([a, fake], training=True)
            d_loss = self.d_loss_fn(real_logits, fake_logits)
            d_half = d_loss / 2
        self.minimize(d_half, d_tape, self.d_optimizer, self.discriminator)

        # The generator descends eq. 4, against the discriminator just improved.
        with g_tape:
            g_loss = self.g_loss_fn(self.discriminator([a, fake], training=True))
            l1 = tf.reduce_mean(tf.abs(b - fake))
            g_total = self.adversarial_weight * g_loss + self.l1_weight * l1
        self.minimize(g_total, g_tape, self.g_optimizer, self.generator)

        self.update_average(self.averaged_generator, self.generator)
        return self.track(
            d_loss=d_loss, g_loss=g_loss, l1=l1,
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def test_step(self, data):
        """The same losses without a step, of what `translate` gives."""
        a, b = self.pairs(data)
        fake = self.draw(a, self.batch_seed()) if self.as_in_training else self(a)
        real_logits = self.discriminator([a, b], training=False)
        fake_logits = self.discriminator([a, fake], training=False)
        return self.track(
            d_loss=self.d_loss_fn(real_logits, fake_logits),
            g_loss=self.g_loss_fn(fake_logits), l1=tf.reduce_mean(tf.abs(b - fake)),
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def call(self, images, training=False):
        """Images of a, (batch, *image_shape), to b, (batch, *target_shape); averaged weights."""
        return self.averaged_generator(images, training=training)

    def draw(self, images, seed):
        """`call` as in training, dropout drawn from `seed`; it leaves no trace in the model.

        Args:
            images: (batch, *image_shape).
            seed: a pair of int32.
        """
        # The averaged network is frozen, and frozen batch normalisation ignores `training`: the
        # other one is lent its weights.
        network, averaged = self.generator, self.averaged_generator
        pairs = zip(network.weights, averaged.weights, strict=True)
        lent = [(weight, mean.value) for weight, mean in pairs]
        # The states of the layers' random numbers are variables, but not weights.
        weights = {id(weight) for weight in network.weights}
        states = [v for v in network.variables if id(v) not in weights]
        seeds = tf.random.experimental.stateless_split(seed, max(len(states), 1))
        seeds = [tf.bitcast(s, tf.uint32) for s in tf.unstack(seeds)]
        drawn = [(v, tf.cast(s, v.dtype)) for v, s in zip(states, seeds, strict=False)]
        with keras.StatelessScope(state_mapping=lent + drawn):
            return network(images, training=True)

    def translate(self, images, seed: int | None = None, as_in_training: bool | None = None,
                  batch_size: int = 16) -> np.ndarray:  # fmt: skip
        """Images of a to images of b: (n, *target_shape) float32 in [-1, 1].

        Args:
            images: (n, *image_shape) in [-1, 1].
            seed: of the dropout; one seed gives the same translations.
            as_in_training: None for the model's own; without it, the seed plays no part.
            batch_size: images translated at a time, the paper's 1 or more. As in training, with
                batch normalisation, they share their statistics.

        Raises:
            ValueError: for images of a wrong shape, dtype or range.
        """
        images = checked_images(images, "image_shape", self.image_shape)
        checks.check_whole("batch_size", batch_size)
        as_in_training = self.as_in_training if as_in_training is None else as_in_training
        if not as_in_training:
            return self.in_batches(self.averaged_generator, images, batch_size=batch_size)
        seeds = np.random.default_rng(seed)
        translated = np.empty((len(images), *self.target_shape), np.float32)
        for i in range(0, len(images), batch_size):
            drawn = seeds.integers(2**31, size=2, dtype=np.int32)
            translated[i : i + batch_size] = self._draw(images[i : i + batch_size], drawn)
        return translated

    @tf.function(reduce_retracing=True)
    def _draw(self, images, seed):
        return self.draw(images, seed)

    def get_config(self):
        return {
            **super().get_config(),
            "patch_size": self.patch_size,
            "skips": self.skips,
            "l1_weight": self.l1_weight,
            "adversarial_weight": self.adversarial_weight,
            "as_in_training": self.as_in_training,
            "recipe": self.recipe,
            "generator": keras.saving.serialize_keras_object(self.generator),
            "discriminator": keras.saving.serialize_keras_object(self.discriminator),
        }
