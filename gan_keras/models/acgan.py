"""ACGAN: Odena, Olah, Shlens 2017, "Conditional Image Synthesis with Auxiliary Classifier GANs",
arXiv:1610.09585.

The idea: the discriminator is not told the class, it has to name it. Beside the logit of being real
it gives a logit for each class, and both networks are rewarded where it names the right one.

    L_S = E[log P(real | x)] + E[log P(fake | G(z, y))]                                  (eq. 2)
    L_C = E[log P(y | x)]    + E[log P(y | G(z, y))]                                     (eq. 3)

The discriminator maximises L_S + L_C, the generator L_C - L_S.

Departures from the paper: the networks are those of `DCGAN`, and the generator maximises
log P(real | G(z, y)) in place of -L_S, as in the other models.
"""

from gan_keras import checks, latent
from gan_keras.adversarial import check_logits, check_output, check_shapes, outputs_of
from gan_keras.layers import DifferentiableAugment
from gan_keras.models.cgan import CGAN
from gan_keras.models.dcgan import choose_recipe, downsample

import keras
import tensorflow as tf
from keras import layers


def build_discriminator(
    image_shape=(28, 28, 1), num_classes=10, augment=False, **options
) -> keras.Model:
    """(batch, *image_shape) -> [logits (batch, 1), class logits (batch, num_classes)].

    Args:
        augment: whether it sees all images through `layers.DifferentiableAugment`.
        **options: see `dcgan.downsample`.
    """
    image = keras.Input(image_shape)
    features = downsample(DifferentiableAugment()(image) if augment else image, **options)
    logits = layers.Dense(1, dtype="float32")(features)
    class_logits = layers.Dense(num_classes, dtype="float32", name="classes")(features)
    return keras.Model(image, [logits, class_logits], name="discriminator")


@keras.saving.register_keras_serializable("gan_keras")
class ACGAN(CGAN):
    """A conditional GAN whose discriminator classifies as well.

    Tracked beside `CGAN`'s values: `d_class` and `g_class`, the cross-entropy in nats of the named
    class on real and on generated images. Guessing scores log(num_classes).

    Args:
        image_shape, num_classes, latent_dim, recipe, width: see `CGAN`.
        generator, average, seed, augment: see `CGAN`.
        discriminator: (batch, *image_shape) -> [(batch, 1), (batch, num_classes)] logits.

    Raises:
        ValueError: see `DCGAN`.
    """

    tracked = (*CGAN.tracked, "d_class", "g_class")

    def __init__(self, image_shape=(28, 28, 1), num_classes=10, latent_dim=None, recipe=None,
                 width=None, generator=None, discriminator=None, average=0.99, seed=None,
                 augment=False, **kwargs):  # fmt: skip
        checks.check_whole("num_classes", num_classes)
        discriminator = discriminator or build_discriminator(
            image_shape, num_classes, augment, **choose_recipe(recipe, width)["discriminator"]
        )
        super().__init__(
            image_shape, num_classes, "concatenation", latent_dim, recipe, width, generator,
            discriminator, average, seed, augment, **kwargs,
        )  # fmt: skip

    def check_networks(self):
        latent.check_dim(self.latent_dim)
        outputs = outputs_of(self.discriminator, "discriminator", [self.image_shape])
        if not isinstance(outputs, (list, tuple)) or len(outputs) != 2:
            raise ValueError(
                f"The discriminator {self.discriminator.name!r} must give two outputs, logits and "
                "class logits."
            )
        if tuple(outputs[1].shape[1:]) != (self.num_classes,):
            raise ValueError(
                f"The discriminator {self.discriminator.name!r} gives class logits of shape "
                f"{tuple(outputs[1].shape)}; with num_classes={self.num_classes} they must be "
                f"(batch, {self.num_classes})."
            )
        given = [(self.latent_dim,), (self.num_classes,)]
        check_shapes(self.generator, "generator", given, self.image_shape)
        check_output(outputs[0], self.discriminator, "discriminator", [self.image_shape], (1,))
        check_logits(self.discriminator)

    def train_step(self, data):
        """`CGAN.train_step`; the class is named by the discriminator in place of told to it."""
        real, y = self.images(data), self.labels(data)
        z = self.sample_latent(real)
        with tf.GradientTape() as g_tape:
            fake = self.generator([z, y], training=True)

        # The discriminator ascends L_S + L_C.
        with tf.GradientTape() as d_tape:
            real_logits, real_classes = self.discriminator(real, training=True)
            fake_logits, fake_classes = self.discriminator(fake, training=True)
            d_class = cross_entropy(y, real_classes)
            d_loss = self.d_loss_fn(real_logits, fake_logits)
            d_total = d_loss + d_class + cross_entropy(y, fake_classes)
        self.minimize(d_total, d_tape, self.d_optimizer, self.discriminator)

        # The generator ascends L_C - L_S.
        with g_tape:
            logits, classes = self.discriminator(fake, training=True)
            g_loss, g_class = self.g_loss_fn(logits), cross_entropy(y, classes)
            g_total = g_loss + g_class
        self.minimize(g_total, g_tape, self.g_optimizer, self.generator)

        self.update_average(self.averaged_generator, self.generator)
        return self.track(
            d_loss=d_loss, g_loss=g_loss, d_class=d_class, g_class=g_class,
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def test_step(self, data):
        """The same losses without a step, drawn from the averaged generator."""
        real, y = self.images(data), self.labels(data)
        fake = self([self.sample_latent(real, self.batch_seed()), y])
        real_logits, real_classes = self.discriminator(real, training=False)
        fake_logits, fake_classes = self.discriminator(fake, training=False)
        return self.track(
            d_loss=self.d_loss_fn(real_logits, fake_logits),
            g_loss=self.g_loss_fn(fake_logits),
            d_class=cross_entropy(y, real_classes), g_class=cross_entropy(y, fake_classes),
            d_real=self.score(real_logits), d_fake=self.score(fake_logits),
        )  # fmt: skip

    def get_config(self):
        config = super().get_config()
        del config["conditioning"]
        return config


def cross_entropy(y, class_logits):
    """-E[log P(y)], a float32 scalar; y (batch, classes) sums to 1 in each row."""
    return tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(y, class_logits))
