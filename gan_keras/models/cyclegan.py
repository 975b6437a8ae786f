"""CycleGAN: Zhu, Park, Isola, Efros 2017, "Unpaired Image-to-Image Translation using
Cycle-Consistent Adversarial Networks", arXiv:1703.10593.

The idea: two piles of images, a and b, and no pairs. One generator turns a into b, another b into
a; each plays against a discriminator that knows its pile; and going there and back must lead to
where one started, so that the image is kept and only its style is changed.

    L(G, F, D_a, D_b) = L_GAN(G, D_b) + L_GAN(F, D_a) + lambda L_cyc(G, F)              (eq. 3)
    L_GAN(G, D_b)     = E[(D_b(G(a)) - 1)^2]  for G,  section 4
    L_cyc(G, F)       = E[|F(G(a)) - a|] + E[|G(F(b)) - b|]                             (eq. 2)
    L_identity(G, F)  = E[|G(b) - b|] + E[|F(a) - a|],  for some of the paper's results with
                        the weight 0.5 lambda, for the others not at all               (section 5.2)

Departure from the paper: images are drawn from averaged weights. Instance normalisation is that of
the authors' PyTorch code, which learns no scale and no shift; their Torch code learns both.
"""

from gan_keras import checks, profiles
from gan_keras.adversarial import check_logits, check_shapes
from gan_keras.layers import (
    Conv2D,
    ImagePool,
    ReflectionPadding2D,
    UpsampledConv2D,
    initializer,
    normalize,
)
from gan_keras.models import pix2pix
from gan_keras.translation import TranslationModel, build_optimizer, checked_images

import keras
import numpy as np
import tensorflow as tf
from keras import layers

# "paper": section 4 and appendix 7, with batches of 1, and `steps` of 200 epochs. "fast": for two
# processor cores, with batches of 4 at 64 x 64: a quarter of the width, few blocks, smaller
# patches, no checkerboards, and an identity loss, without which some seeds exchange colours as
# wholes (benchmarks/cyclegan_colours.py).
RECIPES = {
    "paper": {
        "identity": 0.0,  # The identity loss' weight, as a share of the cycle loss'.
        "optimizer": {"learning_rate": 2e-4},
        "generator": {"width": 64, "stddev": 0.02},
        "discriminator": {"patch_size": 70, "width": 64, "stddev": 0.02},
    },
    "fast": {
        "identity": 0.5,
        "optimizer": {"learning_rate": 5e-4, "beta_2": 0.99},
        "generator": {"width": 16, "blocks": 4, "upsampling": "resize"},
        "discriminator": {"patch_size": 34, "width": 32},
    },
}


def build_generator(
    image_shape=(256, 256, 3), target_shape=None, width=64, blocks=None, kernel_size=7,
    upsampling="transposed", normalization="instance", stddev=None, name="generator",
) -> keras.Model:  # fmt: skip
    """(batch, *image_shape) -> (batch, *target_shape) in [-1, 1]: a ResNet (appendix 7.2).

    At a quarter of the size, where a pixel has seen its surroundings, blocks add to the image what
    they change in it; before them two convolutions of stride 2, after them two that double it.

    Args:
        width: channels at full size, twice as many at each halving.
        blocks: by default the paper's: 9 for images of 256 pixels or more, else 6.
        kernel_size: of the first and the last convolution.
        upsampling: "transposed" convolutions, the paper's, or "resize": each pixel four times and a
            convolution, which draws no checkerboards (Odena, Dumoulin, Olah 2016,
            "Deconvolution and Checkerboard Artifacts", Distill).
        normalization: see `layers.normalize`.
        stddev: of the initial weights; None for Keras' default, Glorot's.

    Raises:
        ValueError: unless height and width are multiples of 4 and at least 8; for another
            `upsampling`.
    """
    if upsampling not in ("transposed", "resize"):
        raise ValueError(f'upsampling is {upsampling!r}; it must be "transposed" or "resize".')
    if min(image_shape[:2]) < 8 or any(side % 4 for side in image_shape[:2]):
        raise ValueError(
            f"The images are {image_shape[0]} x {image_shape[1]}; the generators halve them twice "
            "and need height and width that are multiples of 4, at least 8. Load the images with "
            "image_size=64, say, or give generators of your own."
        )
    blocks = blocks or (9 if min(image_shape[:2]) >= 256 else 6)

    def weights(bias=normalization is None):  # A normalisation takes it away again.
        return {"use_bias": bias, "kernel_initializer": initializer(stddev)}

    def convolve(x, filters, size, **weights):
        return Conv2D(filters, size, **weights)(ReflectionPadding2D(size // 2)(x))

    image = keras.Input(image_shape)
    x = convolve(image, width, kernel_size, **weights())
    x = layers.ReLU()(normalize(x, normalization))
    for i in (1, 2):
        x = layers.Conv2D(width << i, 3, strides=2, padding="same", **weights())(x)
        x = layers.ReLU()(normalize(x, normalization))
    for _ in range(blocks):
        change = normalize(convolve(x, width << 2, 3, **weights()), normalization)
        change = convolve(layers.ReLU()(change), width << 2, 3, **weights())
        x = layers.Add()([x, normalize(change, normalization)])
    for i in (1, 0):
        if upsampling == "resize":
            x = UpsampledConv2D(width << i, **weights())(x)
        else:
            x = layers.Conv2DTranspose(width << i, 3, strides=2, padding="same", **weights())(x)
        x = layers.ReLU()(normalize(x, normalization))
    x = convolve(x, (target_shape or image_shape)[-1], kernel_size, **weights(bias=True))
    return keras.Model(image, layers.Activation("tanh", dtype="float32")(x), name=name)


def build_discriminator(
    image_shape=(256, 256, 3), patch_size=70, width=64, normalization="instance", stddev=None,
    name="discriminator",
) -> keras.Model:  # fmt: skip
    """(batch, *image_shape) -> (batch, h, w, 1) logits: Pix2Pix's, which judges one image alone.

    Args:
        patch_size, width, normalization, stddev: see `pix2pix.patch_logits`.
    """
    image = keras.Input(image_shape)
    logits = pix2pix.patch_logits(image, patch_size, width, normalization, stddev)
    return keras.Model(image, logits, name=name)


def distance(x, y):
    """The mean absolute difference of two batches of images, a float32 scalar."""
    return tf.reduce_mean(tf.abs(x - y))


def in_one_pass(network, x, y, training):
    """[network(x), network(y)] of two batches of one size, faster to trace and run than in two."""
    return tf.split(network(tf.concat([x, y], axis=0), training=training), 2)


@keras.saving.register_keras_serializable("gan_keras")
class CycleGAN(TranslationModel):
    """Two generators that undo each other, learned from two piles of images.

    Trained on batches (a, b), whose images need not belong together. Tracked, each as the mean over
    the two sides: `AdversarialModel`'s values, and `cycle` and `identity`, mean absolute
    differences on the scale of [-1, 1] (`identity` is 0 while it has no weight).

    Args:
        image_shape: (height, width, channels) of side a; see `build_generator` for the sizes.
        target_shape: of side b, if its channels are others.
        cycle_weight: lambda in eq. 3.
        identity_weight: of the identity loss, for sides of the same channels, which keeps colours
            from being exchanged as wholes. By default the recipe's: half of cycle_weight in "fast",
            as where the paper has one, if the sides have the same channels; else 0, which saves a
            third of what the generators compute.
        adversarial_weight: of the generators' game. The paper's squared error is twice the
            `least_squares` of this package (Mao et al. 2017, eq. 9): hence 2.
        pool_size: of the pools of earlier images that the discriminators are shown; 0 for none.
        recipe: "paper" or "fast": see `RECIPES`. None: "paper" in the profile `gpu`, else "fast".
        width: filters of the first convolution of each network; by default the recipe's.
        generator_ab: (batch, *image_shape) -> (batch, *target_shape); G in the paper.
        generator_ba: (batch, *target_shape) -> (batch, *image_shape); F in the paper.
        discriminator_a, discriminator_b: (batch, *shape of that side) -> (batch, h, w, 1) logits.
            Two batches share a pass where they can (`in_one_pass`): batch normalisation in a
            network of your own sees them as one.
        average: see `AdversarialModel`.
        seed: see `GenerativeModel`.

    Raises:
        ValueError: for a size or recipe that there is not, for networks that do not fit, and for an
            identity loss between images of different channels.
    """

    tracked = (*TranslationModel.tracked, "cycle", "identity")

    def __init__(self, image_shape=(64, 64, 3), target_shape=None, cycle_weight=10.0,
                 identity_weight=None, adversarial_weight=2.0, pool_size=50, recipe=None,
                 width=None, generator_ab=None, generator_ba=None, discriminator_a=None,
                 discriminator_b=None, average=0.99, seed=None, **kwargs):  # fmt: skip
        super().__init__(image_shape, target_shape, average=average, seed=seed, **kwargs)
        if identity_weight and self.image_shape != self.target_shape:
            raise ValueError(
                f"identity_weight is {identity_weight}, but the sides are {self.image_shape} and "
                f"{self.target_shape}: no generator can take the other's side. Set it to 0."
            )
        chosen = profiles.choose(RECIPES, recipe, width)
        if identity_weight is None:
            alike = self.image_shape == self.target_shape
            identity_weight = chosen["identity"] * cycle_weight if alike else 0.0
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        self.adversarial_weight = adversarial_weight
        self.recipe, self.optimizer_options = recipe, chosen["optimizer"]

        a, b = self.image_shape, self.target_shape
        g, d = chosen["generator"], chosen["discriminator"]
        self.generator_ab = generator_ab or build_generator(a, b, **g, name="generator_ab")
        self.generator_ba = generator_ba or build_generator(b, a, **g, name="generator_ba")
        self.discriminator_a = discriminator_a or build_discriminator(
            a, **d, name="discriminator_a"
        )
        self.discriminator_b = discriminator_b or build_discriminator(
            b, **d, name="discriminator_b"
        )
        check_shapes(self.generator_ab, "generator_ab", [a], b)
        check_shapes(self.generator_ba, "generator_ba", [b], a)
        for role, shape in (("discriminator_a", a), ("discriminator_b", b)):
            check_shapes(getattr(self, role), role, [shape], (None, None, 1))
            check_logits(getattr(self, role))
        self.pool_size = pool_size
        self.pool_a, self.pool_b = ImagePool(a, pool_size), ImagePool(b, pool_size)
        self.averaged_generator_ab = self.averaged_copy(self.generator_ab)
        self.averaged_generator_ba = self.averaged_copy(self.generator_ba)
        self.built = True

    def compile(self, g_optimizer=None, d_optimizer=None, loss="least_squares", steps=None,
                **kwargs):  # fmt: skip
        """Chooses how the networks learn.

        Args:
            g_optimizer: of both generators; by default the recipe's Adam.
            d_optimizer: of both discriminators; by default the recipe's Adam.
            loss: of the game; see `gan_keras.losses`.
            steps: of the whole training, over whose second half the learning rate of the default
                optimizers falls to 0 (section 4); None keeps it.
            **kwargs: `steps_per_execution`, `jit_compile`, `run_eagerly`.
        """
        g_optimizer, d_optimizer = (
            given or build_optimizer(**self.optimizer_options, steps=steps)
            for given in (g_optimizer, d_optimizer)
        )
        optimizers = {
            "g_optimizer": (g_optimizer, [self.generator_ab, self.generator_ba]),
            "d_optimizer": (d_optimizer, [self.discriminator_a, self.discriminator_b]),
        }
        super().compile(optimizers, loss=loss, **kwargs)

    def train_step(self, data):
        """One step on both generators, then one on both discriminators, as the authors' code."""
        a, b = self.pairs(data)
        seeds = tf.random.experimental.stateless_split(self.step_seed(), 2)

        # The generators descend eq. 3, and the identity loss if it has a weight.
        with tf.GradientTape() as g_tape:
            fake_b, identity_b = self.with_identity_loss(self.generator_ab, a, b, training=True)
            fake_a, identity_a = self.with_identity_loss(self.generator_ba, b, a, training=True)
            identity = identity_a + identity_b
            g_loss = self.g_loss_fn(self.discriminator_b(fake_b, training=True))
            g_loss += self.g_loss_fn(self.discriminator_a(fake_a, training=True))
            cycle = distance(self.generator_ba(fake_b, training=True), a)
            cycle += distance(self.generator_ab(fake_a, training=True), b)
            kept = self.cycle_weight * cycle + self.identity_weight * identity
            g_total = self.adversarial_weight * g_loss + kept
        self.minimize(g_total, g_tape, self.g_optimizer, self.generator_ab, self.generator_ba)

        # The discriminators, against images from the pools.
        shown_a, shown_b = self.pool_a(fake_a, seeds[0]), self.pool_b(fake_b, seeds[1])
        with tf.GradientTape() as d_tape:
            logits = in_one_pass(self.discriminator_a, a, shown_a, training=True)
            logits += in_one_pass(self.discriminator_b, b, shown_b, training=True)
            d_loss = self.d_loss_fn(*logits[:2]) + self.d_loss_fn(*logits[2:])
        networks = self.discriminator_a, self.discriminator_b
        self.minimize(d_loss, d_tape, self.d_optimizer, *networks)

        self.update_average(self.averaged_generator_ab, self.generator_ab)
        self.update_average(self.averaged_generator_ba, self.generator_ba)
        return self.track_sides(d_loss, g_loss, cycle, identity, logits)

    def with_identity_loss(self, generator, images, own, training):
        """What a generator makes of images, and its identity loss, |G(b) - b|.

        Without a weight the loss is 0, and not computed.

        Args:
            images: (n, height, width, channels), of the side that the generator takes.
            own: as many, of the side that it draws.
        """
        if not self.identity_weight:
            return generator(images, training=training), tf.constant(0.0)
        drawn, kept = in_one_pass(generator, images, own, training)
        return drawn, distance(kept, own)

    def track_sides(self, d_loss, g_loss, cycle, identity, logits):
        """Tracks sums over the two sides as their means.

        Args:
            logits: [D_a(a), D_a(fake a), D_b(b), D_b(fake b)].
        """
        real_a, fake_a, real_b, fake_b = map(self.score, logits)
        return self.track(
            d_loss=d_loss / 2, g_loss=g_loss / 2, cycle=cycle / 2, identity=identity / 2,
            d_real=(real_a + real_b) / 2, d_fake=(fake_a + fake_b) / 2,
        )  # fmt: skip

    def test_step(self, data):
        """The same losses without a step and without the pools, from the averaged generators."""
        a, b = self.pairs(data)
        ab, ba = self.averaged_generator_ab, self.averaged_generator_ba
        fake_b, identity_b = self.with_identity_loss(ab, a, b, training=False)
        fake_a, identity_a = self.with_identity_loss(ba, b, a, training=False)
        cycle = distance(ba(fake_b, training=False), a) + distance(ab(fake_a, training=False), b)
        logits = in_one_pass(self.discriminator_a, a, fake_a, training=False)
        logits += in_one_pass(self.discriminator_b, b, fake_b, training=False)
        g_loss = self.g_loss_fn(logits[1]) + self.g_loss_fn(logits[3])
        d_loss = self.d_loss_fn(*logits[:2]) + self.d_loss_fn(*logits[2:])
        return self.track_sides(d_loss, g_loss, cycle, identity_a + identity_b, logits)

    def call(self, images, training=False):
        """Images of a, (batch, *image_shape), to b, (batch, *target_shape); averaged weights."""
        return self.averaged_generator_ab(images, training=training)

    def translate(self, images, direction: str = "a_to_b", batch_size: int = 16) -> np.ndarray:
        """Images of one side to images of the other, float32 in [-1, 1].

        Args:
            images: (n, *image_shape) in [-1, 1]; of target_shape for "b_to_a".
            direction: "a_to_b" or "b_to_a".
            batch_size: images translated at a time.

        Raises:
            ValueError: for another direction, and images of a wrong shape, dtype or range.
        """
        if direction == "a_to_b":
            network, argument, shape = self.averaged_generator_ab, "image_shape", self.image_shape
        elif direction == "b_to_a":
            network, argument, shape = self.averaged_generator_ba, "target_shape", self.target_shape
        else:
            raise ValueError(f'direction is {direction!r}; it must be "a_to_b" or "b_to_a".')
        images = checked_images(images, argument, shape)
        checks.check_whole("batch_size", batch_size)
        return self.in_batches(network, images, batch_size=batch_size)

    def get_config(self):
        networks = ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")
        return {
            **super().get_config(),
            "cycle_weight": self.cycle_weight,
            "identity_weight": self.identity_weight,
            "adversarial_weight": self.adversarial_weight,
            "pool_size": self.pool_size,
            "recipe": self.recipe,
            **{name: keras.saving.serialize_keras_object(getattr(self, name)) for name in networks},
        }
