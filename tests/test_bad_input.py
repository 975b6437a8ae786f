"""Whatever is given, a reader gets an error in words, and the model stays what it was."""

import functools
import os
import re
from unittest import mock

import gan_keras
from gan_keras import checks, latent, losses, metrics
from gan_keras.models import gan, vae

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import example, given, settings
from hypothesis import strategies as st
from keras import layers
from PIL import Image

from tests.conftest import (
    LABELS,
    SHAPE,
    TRANSLATING,
    batches,
    conv_discriminator,
    conv_generator,
    results,
    small_acgan,
    small_cgan,
    small_cyclegan,
    small_dcgan,
    small_gan,
    small_pix2pix,
    small_vae,
)

GOOD = np.random.default_rng(0).uniform(-1, 1, (32, *SHAPE)).astype("float32")
Y = LABELS[:32]
FEATURES = np.random.default_rng(0).normal(size=(40, 4))
Data = tf.data.Dataset.from_tensor_slices

_made = []  # The models of the case that runs, each with its state before.


def state(model):
    """What steps change. The seeds of dropout may go on: TensorFlow does not wait for the data."""
    moments = [v for optimizer in model._optimizers.values() for v in optimizer.variables]
    variables = [*model.weights, *moments]
    return [variable.numpy() for variable in variables]


@functools.cache
def compiled(build):
    model = build()
    model.compile()
    return model


def made(build):
    """A compiled model whose state must stay what it is: so that cases can share it."""
    model = compiled(build)
    _made.append((model, state(model)))
    return model


def fit(build, *data, **kwargs):
    return made(build).fit(*data, verbose=0, **kwargs)


def evaluate(build, *data):
    return made(build).evaluate(*data, verbose=0)


def fit_set(build, *parts):
    """`fit` on a data set of batches."""
    return fit(build, Data(parts if len(parts) > 1 else parts[0]).batch(16))


def with_one(value):
    images = GOOD.copy()
    images[5, 0, 0, 0] = value
    return images


def net(*steps, takes=(4,)):
    return keras.Sequential([keras.Input(takes), *steps])


def image_net(*shape):
    """A generator of images of this shape from 4 numbers."""
    return net(layers.Dense(int(np.prod(shape))), layers.Reshape(shape))


def judge(*last, takes=SHAPE):
    """A discriminator of dense layers that ends in these."""
    return net(layers.Flatten(), *last, takes=takes)


def judge_ending(end):
    """A functional discriminator that ends in a call of `end`."""
    image = keras.Input(SHAPE)
    return keras.Model(image, end(layers.Dense(1)(layers.Flatten()(image))))


def patches(**last):
    pair = [keras.Input(SHAPE), keras.Input(SHAPE)]
    return keras.Model(pair, layers.Conv2D(1, 4, **last)(layers.Concatenate()(pair)))


def patches_of_one(**last):
    return net(layers.Conv2D(1, 4, **last), takes=SHAPE)


def small_networks(generator=None, discriminator=None):
    generator = generator or gan.build_generator(SHAPE, 4, units=(4,))
    discriminator = discriminator or judge(layers.Dense(1))
    return gan_keras.GAN(SHAPE, 4, generator, discriminator)


def profile(name):
    with mock.patch.dict(os.environ, GAN_KERAS_PROFILE=name):
        return gan_keras.profile()


def slerp(a, b, steps=3):
    return latent.slerp(np.array(a, float), np.array(b, float), steps)


Z = np.ones((3, 4), "float32")
SGD = keras.optimizers.SGD

# What is done, and what the error must say.
IMAGES = {
    "NaN": (lambda: fit(small_gan, with_one(np.nan)), "NaN or infinite values.*remove"),
    "infinite": (lambda: fit(small_gan, with_one(np.inf)), "NaN or infinite"),
    "minus infinite": (lambda: fit(small_vae, with_one(-np.inf)), "NaN or infinite"),
    "NaN in a set": (lambda: fit_set(small_gan, with_one(np.nan)), "NaN or infinite"),
    "infinite in a set": (lambda: fit_set(small_dcgan, with_one(np.inf)), "NaN or infinite"),
    "NaN beside labels": (lambda: fit_set(small_cgan, with_one(np.nan), Y), "NaN or infinite"),
    "[0, 255]": (lambda: fit(small_gan, (GOOD + 1) * 127.5), r"\[0, 255\]: use images / 127.5"),
    "[0, 255] in a set": (lambda: fit_set(small_vae, (GOOD + 1) * 127.5), "/ 127.5 - 1"),
    "[0, 1]": (lambda: fit(small_gan, (GOOD + 1) / 2), r"\[0, 1\]: use images \* 2 - 1"),
    "[0, 1] in a set": (lambda: fit_set(small_dcgan, (GOOD + 1) / 2), r"images \* 2 - 1"),
    "standardised": (lambda: fit(small_gan, GOOD * 3), "Scale them to"),
    "rank 2": (lambda: fit(small_gan, GOOD[:, 0, 0]), "of 2 axes; the model needs .*of 4"),
    "rank 3": (lambda: fit(small_gan, GOOD[0]), r"images\[None\]"),
    "rank 0": (lambda: fit(small_gan, np.zeros(())), r"shape \(\)"),
    "rank 5": (lambda: fit(small_gan, GOOD[None]), "the model needs"),
    "channels first": (
        lambda: gan_keras.GAN((8, 6, 3), 2, image_net_of(2, 8, 6, 3)).fit(np.zeros((4, 3, 8, 6))),
        "channels first",
    ),
    "not batched": (lambda: fit(small_gan, Data(GOOD)), "batch axis.*batch"),
    "other size": (lambda: fit(small_gan, np.zeros((4, 9, 8, 1))), r"image_shape=\(9, 8, 1\)"),
    "uint8": (lambda: fit(small_gan, np.uint8(GOOD)), "are uint8; the model needs floats"),
    "uint8 in a set": (lambda: fit_set(small_gan, np.uint8(GOOD)), "are uint8; the model needs"),
    "int64": (lambda: fit(small_gan, np.int64(GOOD)), "are int64; the model needs floats"),
    "bool": (lambda: fit(small_gan, GOOD > 0), "are bool; the model needs floats"),
    "complex": (lambda: fit(small_gan, GOOD + 1j), "are complex.*; the model needs floats"),
    "strings": (lambda: fit(small_gan, GOOD.astype(str)), "are .*; the model needs floats"),
    "objects": (lambda: fit(small_gan, GOOD.astype(object)), "are object.*; the model needs"),
    "list of numbers": (lambda: fit(small_gan, GOOD.tolist()), "list.*np.asarray"),
    "nothing": (lambda: fit(small_gan), "images are None.*load_dataset"),
    "text": (lambda: fit(small_gan, "mnist"), "load_dataset"),
    "no images": (lambda: fit(small_gan, GOOD[:0]), "[Nn]o images"),
    "empty set": (lambda: fit_set(small_gan, GOOD[:0]), "The data set is empty"),
    "number": (lambda: fit(small_gan, np.float32(0)), "images are float32. Give an array"),
    "images of several sizes": (
        lambda: fit(small_gan, tf.data.Dataset.from_tensors(tf.ragged.constant([[[[0.0]]]]))),
        "ragged.*one size",
    ),
    "size not known before": (
        lambda: fit(small_gan, unknown_shape((None, None, None, 1))),
        r"\(batch, 4, 4, 1\); the model needs \(batch, 8, 8, 1\)",
    ),
    "dicts": (
        lambda: fit(small_gan, Data({"image": GOOD}).batch(16)),
        r"dict .*image.*map\(lambda",
    ),
    "batches of none": (
        lambda: fit(small_gan, tf.data.Dataset.from_tensors(GOOD[:0])),
        "no images in a batch",
    ),
    "set of unknown rank": (lambda: fit(small_gan, unknown_shape()), "ensure_shape"),
    "generator of other sizes": (
        lambda: fit(small_gan, (GOOD[:, :4] for _ in range(2))),
        "the model needs",
    ),
    "evaluate NaN": (lambda: evaluate(small_gan, with_one(np.nan)), "NaN or infinite"),
    "evaluate a set": (lambda: evaluate(small_gan, Data(GOOD * 9).batch(16)), "Scale them"),
    "validation_data": (
        lambda: fit(small_gan, GOOD, validation_data=np.uint8(GOOD)),
        "are uint8",
    ),
}


def image_net_of(takes, *shape):
    return net(layers.Dense(int(np.prod(shape))), layers.Reshape(shape), takes=(takes,))


def unknown_shape(shape=None):
    """A data set of images of 4 x 4 that says no more of them than `shape`."""

    def numbers():
        yield GOOD[:, :4, :4]

    return tf.data.Dataset.from_generator(numbers, output_signature=tf.TensorSpec(shape))


def labels_of_unknown_shape():
    data = Data((GOOD, Y)).batch(16)
    return data.map(lambda x, y: (x, tf.numpy_function(lambda y: y, [y], y.dtype)))


EYE = np.eye(3, dtype="float32")
LABELLED = {
    "no labels": (lambda: fit(small_cgan, GOOD), "labels are missing.*labels=True"),
    "labels of unknown shape": (
        lambda: fit(small_cgan, labels_of_unknown_shape()),
        "shape of the labels is not known.*ensure_shape",
    ),
    "no labels in a set": (lambda: fit_set(small_acgan, GOOD), "labels are missing"),
    "no labels in a generator": (lambda: fit(small_cgan, (GOOD for _ in "ab")), "are missing"),
    "negative": (lambda: fit(small_cgan, GOOD, Y - 1), r"span \[-1, 1\].*num_classes=3"),
    "too large": (lambda: fit(small_cgan, GOOD, Y + 1), r"span \[1, 3\].*0 to 2"),
    "negative in a set": (lambda: fit_set(small_acgan, GOOD, Y - 1), r"span \[-1, 1\]"),
    "too large in a set": (lambda: fit_set(small_cgan, GOOD, Y + 1), r"span \[1, 3\]"),
    "floats": (lambda: fit(small_cgan, GOOD, Y * 1.0), "float.*astype"),
    "floats in a set": (lambda: fit_set(small_cgan, GOOD, Y * 1.0), "float.*astype"),
    "one-hot": (lambda: fit(small_cgan, GOOD, EYE[Y]), r"argmax\(axis=1\)"),
    "one-hot in a set": (lambda: fit_set(small_cgan, GOOD, EYE[Y]), r"argmax\(axis=1\)"),
    "columns": (lambda: fit(small_cgan, GOOD, Y[:, None]), r"must be \(batch,\)"),
    "too few": (lambda: fit(small_cgan, GOOD, Y[:9]), "9 labels for 32 images"),
    "too many": (lambda: fit(small_cgan, GOOD[:9], Y), "32 labels for 9 images"),
    "too few in a set": (
        lambda: fit(small_cgan, tf.data.Dataset.from_tensors((GOOD, Y[:9]))),
        "9 labels for 32 images",
    ),
    "names": (lambda: fit(small_cgan, GOOD, np.array(["a", "b"] * 16)), "integers"),
    "bad labels to evaluate": (lambda: evaluate(small_acgan, GOOD, Y - 1), "span"),
}

PAIRS = {
    "no b": (lambda: fit(small_pix2pix, GOOD), "pairs are missing.*pair="),
    "no b in a set": (lambda: fit_set(small_cyclegan, GOOD), "pairs are missing"),
    "three sides": (lambda: fit_set(small_pix2pix, GOOD, GOOD, GOOD), "pairs are missing"),
    "other numbers": (lambda: fit(small_pix2pix, GOOD, GOOD[:9]), "32 images, side b has 9"),
    "other numbers in a set": (
        lambda: fit(small_cyclegan, tf.data.Dataset.from_tensors((GOOD, GOOD[:9]))),
        "32 images, side b has 9",
    ),
    "size of b": (lambda: fit(small_pix2pix, GOOD, GOOD[:, :4]), "Side b.*target_shape="),
    "size of a": (lambda: fit(small_cyclegan, GOOD[:, :4], GOOD), "Side a.*image_shape="),
    "range of b": (lambda: fit(small_pix2pix, GOOD, (GOOD + 1) / 2), r"Side b.*\[0, 1\]"),
    "range of b in a set": (lambda: fit_set(small_pix2pix, GOOD, GOOD * 9), "Side b.*Scale"),
    "range of a in a set": (lambda: fit_set(small_pix2pix, GOOD * 9, GOOD), "Side a.*Scale"),
    "NaN in b": (lambda: fit(small_cyclegan, GOOD, with_one(np.nan)), "Side b.*NaN"),
    "NaN in a of a set": (lambda: fit_set(small_pix2pix, with_one(np.nan), GOOD), "Side a.*NaN"),
    "uint8 b": (lambda: fit(small_pix2pix, GOOD, np.uint8(GOOD)), "Side b.*uint8"),
    "empty sides": (lambda: fit(small_pix2pix, GOOD[:0], GOOD[:0]), "Side a.*no images"),
    "empty set of pairs": (lambda: fit_set(small_cyclegan, GOOD[:0], GOOD[:0]), "is empty"),
    "size of b not known before": (
        lambda: fit(
            small_pix2pix,
            tf.data.Dataset.zip(Data(GOOD).batch(32), unknown_shape((None, None, None, 1))),
        ),
        r"Side b.*\(batch, 4, 4, 1\); the model needs",
    ),
    "labels for b": (lambda: fit(small_pix2pix, GOOD, Y), "Side b"),
    "b as a list": (lambda: fit(small_pix2pix, GOOD, GOOD.tolist()), "Side b.*np.asarray"),
}

GENERATOR = conv_generator
NETWORKS = {
    "generator of another size": (
        lambda: small_networks(image_net(4, 4, 1)),
        r"generator .* to \(4, 4, 1\); it must give \(8, 8, 1\)",
    ),
    "generator of other latent vectors": (
        lambda: gan_keras.GAN(SHAPE, 5, image_net(*SHAPE), judge(layers.Dense(1))),
        r"generator must take a batch of shape \(batch, 5\)",
    ),
    "generator of two inputs": (
        lambda: small_networks(conv_generator(3)),
        r"generator .*must take.*\(batch, 4\)",
    ),
    "generator without classes": (
        lambda: gan_keras.CGAN(SHAPE, 3, "projection", 4, None, None, conv_generator(), judge()),
        "generator .*must take.* and ",
    ),
    "generator that is no network": (
        lambda: small_networks("generator"),
        "generator is 'generator'; it must be a keras.Model",
    ),
    "discriminator that is no network": (
        lambda: small_networks(None, 3),
        "discriminator is 3; it must be a keras.Model",
    ),
    "discriminator of two logits": (
        lambda: small_networks(None, judge(layers.Dense(2))),
        r"discriminator .* to \(2,\); it must give \(1,\)",
    ),
    "discriminator of two outputs": (
        lambda: small_networks(None, conv_discriminator((1, 3))),
        "discriminator .*gives 2 outputs; it must give one",
    ),
    "discriminator of other images": (
        lambda: small_networks(None, judge(layers.Dense(1), takes=(4, 4, 1))),
        r"discriminator .*must take .*\(batch, 8, 8, 1\)",
    ),
    "sigmoid in a layer": (
        lambda: small_networks(None, judge(layers.Dense(1, "sigmoid"))),
        "ends in a sigmoid.*logits.*Leave the activation out",
    ),
    "sigmoid of TensorFlow's": (
        lambda: small_networks(None, judge(layers.Dense(1, tf.sigmoid))),
        "ends in a sigmoid",
    ),
    "sigmoid as a layer": (
        lambda: small_networks(None, judge(layers.Dense(1), layers.Activation("sigmoid"))),
        "ends in a sigmoid",
    ),
    "sigmoid as an operation": (
        lambda: small_networks(None, judge_ending(keras.ops.sigmoid)),
        "ends in a sigmoid",
    ),
    "sigmoid of a network inside": (
        lambda: small_networks(None, judge_ending(net(layers.Activation("sigmoid"), takes=(1,)))),
        "ends in a sigmoid",
    ),
    "sigmoid in patches": (
        lambda: small_pix2pix(discriminator=patches(activation="sigmoid")),
        "ends in a sigmoid",
    ),
    "sigmoid for one side": (
        lambda: gan_keras.CycleGAN(
            SHAPE,
            width=2,
            recipe="fast",
            discriminator_a=patches_of_one(),
            discriminator_b=patches_of_one(activation="sigmoid"),
        ),
        "ends in a sigmoid",
    ),
    "sigmoid that classifies": (
        lambda: gan_keras.ACGAN(
            SHAPE, 3, 4, generator=conv_generator(3), discriminator=classifier("sigmoid")
        ),
        "ends in a sigmoid",
    ),
    "ACGAN's discriminator of one output": (
        lambda: gan_keras.ACGAN(SHAPE, 3, 4, generator=conv_generator(3), discriminator=judge()),
        "must give two outputs",
    ),
    "ACGAN's discriminator of other classes": (
        lambda: gan_keras.ACGAN(
            SHAPE, 4, 4, generator=conv_generator(4), discriminator=conv_discriminator((1, 3))
        ),
        "class logits .*num_classes=4",
    ),
    "ACGAN's discriminator of other images": (
        lambda: gan_keras.ACGAN(
            (8, 4, 1), 3, 4, generator=conv_generator(3), discriminator=conv_discriminator((1, 3))
        ),
        r"discriminator .*must take .*\(batch, 8, 4, 1\)",
    ),
    "Pix2Pix' generator of other sizes": (
        lambda: small_pix2pix(generator=patches_of_one()),
        "generator .*must give",
    ),
    "Pix2Pix' discriminator of one image": (
        lambda: small_pix2pix(discriminator=patches_of_one()),
        "discriminator .*must take .* and ",
    ),
    "CycleGAN's discriminator of one logit": (
        lambda: gan_keras.CycleGAN(
            SHAPE,
            width=2,
            recipe="fast",
            discriminator_a=judge(layers.Dense(1)),
            discriminator_b=patches_of_one(),
        ),
        "discriminator_a .*must give",
    ),
    "encoder of one output": (
        lambda: gan_keras.VAE(SHAPE, 4, encoder=judge(layers.Dense(4))),
        "encoder gives shapes.*must give two",
    ),
    "encoder of other images": (
        lambda: gan_keras.VAE(SHAPE, 4, encoder=vae.build_encoder((4, 4, 1), 4, (4,))),
        r"encoder must take .*\(batch, 8, 8, 1\)",
    ),
    "decoder of other sizes": (
        lambda: gan_keras.VAE(SHAPE, 4, decoder=image_net(4, 4, 1)),
        "decoder gives shape",
    ),
    "decoder of other latent vectors": (
        lambda: gan_keras.VAE(SHAPE, 5, decoder=image_net(*SHAPE)),
        r"decoder must take .*\(batch, 5\)",
    ),
}


def classifier(activation):
    x = layers.Flatten()(image := keras.Input(SHAPE))
    return keras.Model(image, [layers.Dense(1, activation)(x), layers.Dense(3)(x)])


ARGUMENTS = {
    **{
        f"latent_dim={bad!r} of {build.__name__}": (
            lambda build=build, bad=bad: build(latent_dim=bad),
            f"latent_dim is {bad!r}.*whole number",
        )
        for build in (gan_keras.GAN, gan_keras.DCGAN, gan_keras.CGAN, gan_keras.VAE)
        for bad in (0, -3, 2.5, "many")
    },
    **{
        f"num_classes={bad!r} of {build.__name__}": (
            lambda build=build, bad=bad: build(num_classes=bad),
            f"num_classes is {bad!r}.*whole number",
        )
        for build in (gan_keras.CGAN, gan_keras.ACGAN)
        for bad in (0, -1, 2.5, "ten")
    },
    **{
        f"average={bad!r}": (lambda bad=bad: small_gan(average=bad), f"average is {bad!r}.*None or")
        for bad in (1, 1.5, -0.1, np.nan, "slow")
    },
    **{
        f"{build.__name__} {shape}": (
            lambda build=build, shape=shape: build(shape),
            "image_shape is .*must be|multiples of",
        )
        for build in (
            gan_keras.GAN,
            gan_keras.DCGAN,
            gan_keras.CGAN,
            gan_keras.VAE,
            gan_keras.Pix2Pix,
            gan_keras.CycleGAN,
        )
        for shape in (28, None, (28, 28), (28.0, 28, 1), (0, 28, 1), "28x28", (28, None, 1))
    },
    "DCGAN 30 x 30": (lambda: gan_keras.DCGAN((30, 30, 1)), "multiples of 4 from 28 to 128"),
    "DCGAN 24 x 24": (lambda: gan_keras.DCGAN((24, 24, 1)), "multiples of 4 from 28 to 128"),
    "ACGAN 256 x 256": (lambda: gan_keras.ACGAN((256, 256, 3)), "image_size=64, say"),
    "Pix2Pix 20 x 20": (lambda: gan_keras.Pix2Pix((20, 20, 3)), "multiples of 8.*image_size=16"),
    "Pix2Pix too small for patches": (
        lambda: gan_keras.Pix2Pix((8, 8, 3), patch_size=70),
        "patch_size=70 needs images of at least 24",
    ),
    "patch_size": (
        lambda: gan_keras.Pix2Pix((8, 8, 1), patch_size=17),
        "patch_size is 17; it must be one of",
    ),
    "CycleGAN 30 x 30": (lambda: gan_keras.CycleGAN((30, 30, 3)), "multiples of 4"),
    "CycleGAN 4 x 4": (lambda: gan_keras.CycleGAN((4, 4, 3)), "multiples of 4, at least 8"),
    "sides of two sizes": (
        lambda: gan_keras.Pix2Pix((64, 64, 3), (32, 32, 3)),
        "same height and width",
    ),
    "identity of two kinds": (
        lambda: gan_keras.CycleGAN((64, 64, 3), (64, 64, 1), identity_weight=5.0),
        "identity_weight is 5.0.*Set it to 0",
    ),
    "conditioning": (lambda: gan_keras.CGAN(conditioning="sum"), '"concatenation" or'),
    "recipe": (lambda: gan_keras.DCGAN(recipe="quick"), "no recipe 'quick'.*paper, fast"),
    "noise": (lambda: small_vae(noise=0), "noise is 0"),
    "noise NaN": (lambda: small_vae(noise=np.nan), "noise is nan"),
}

COMPILING = {
    "one optimizer for two": (
        lambda: (lambda shared: small_gan().compile(shared, shared))(SGD(0.1)),
        "create one for each network",
    ),
    "one optimizer for two, Pix2Pix": (
        lambda: (lambda shared: small_pix2pix().compile(shared, shared))(SGD(0.1)),
        "create one for each network",
    ),
    "unknown optimizer": (lambda: small_gan().compile("adamant"), "adamant"),
    "no optimizer": (lambda: small_vae().compile(3), "3"),
    "unknown loss": (
        lambda: small_gan().compile(loss="wasserstein"),
        "Unknown adversarial loss 'wasserstein'. Give one of 'minimax'",
    ),
    "half a loss": (lambda: small_gan().compile(loss=(losses.hinge_d,)), "a pair of callables"),
    "step before compile": (lambda: small_gan().step, r"call compile\(\)"),
    "training step before compile": (lambda: small_vae().train_step(GOOD), r"compile\(\)"),
    "fit before compile": (lambda: small_gan().fit(GOOD, verbose=0), r"`compile\(\)`"),
    "evaluate before compile": (lambda: small_cgan().evaluate(GOOD, Y), r"`compile\(\)`"),
}

DRAWING = {
    **{
        f"n={n!r} of {build.__name__}": (
            lambda build=build, n=n: made(build).generate(n),
            f"n is {n!r}.*at least 1",
        )
        for build in (small_gan, small_vae, small_cgan)
        for n in (0, -2, 2.5, "four", None)
    },
    "label too large": (lambda: made(small_cgan).generate(4, labels=3), r"must lie in 0 to 2"),
    "label negative": (lambda: made(small_acgan).generate(4, labels=-1), "must lie in 0 to 2"),
    "labels too many": (lambda: made(small_cgan).generate(2, labels=[0, 1, 2]), "3 labels for 2"),
    "labels that float": (lambda: made(small_cgan).generate(2, labels=[0.5, 1]), "be integers"),
    "label by name": (lambda: made(small_cgan).generate(2, labels="cat"), "be integers"),
    "shares of other classes": (
        lambda: made(small_cgan).generate(2, labels=np.ones((2, 5))),
        r"must be \(2, 3\)",
    ),
    "shares that sum to 3": (
        lambda: made(small_cgan).generate(2, labels=np.ones((2, 3))),
        "must sum to 1",
    ),
    "shares that are NaN": (
        lambda: made(small_cgan).generate(2, labels=np.full((2, 3), np.nan)),
        "must sum to 1",
    ),
    "shares in words": (
        lambda: made(small_cgan).generate(1, labels=[["a", "b", "c"]]),
        "must be numbers",
    ),
    "labels of rank 3": (
        lambda: made(small_cgan).generate(2, labels=np.zeros((2, 3, 1), int)),
        "shape",
    ),
    **{
        f"translate {name}, {build.__name__}": (
            lambda build=build, images=images: made(build).translate(images),
            message,
        )
        for build in TRANSLATING
        for name, images, message in (
            ("another size", np.zeros((2, 4, 4, 1), "float32"), "the model needs"),
            ("one image", GOOD[0], r"images\[None\]"),
            ("[0, 255]", (GOOD + 1) * 127.5, "127.5"),
            ("uint8", np.uint8(GOOD), "are uint8"),
            ("NaN", with_one(np.nan), "NaN or infinite"),
            ("nothing", GOOD[:0], "[Nn]o images"),
        )
    },
    "translate elsewhere": (
        lambda: made(small_cyclegan).translate(GOOD, direction="b"),
        "direction is 'b'; it must be \"a_to_b\" or",
    ),
    "batches of none": (
        lambda: made(small_pix2pix).translate(GOOD, batch_size=0),
        "batch_size is 0.*at least 1",
    ),
    "batches of none, drawn": (
        lambda: made(small_gan).generate(4, batch_size=0),
        "batch_size",
    ),
    "seed to draw from": (lambda: made(small_gan).generate(4, seed=-1), "seed is -1.*at least 0"),
}

OTHERS = {
    "backups every 0": (lambda: gan_keras.callbacks.Backup("x", every=0), "every is 0; it must"),
    "set_seed(-1)": (lambda: gan_keras.set_seed(-1), "seed is -1; it must be"),
    'set_seed("a")': (lambda: gan_keras.set_seed("a"), "seed is 'a'; it must be"),
    "set_seed(1.0)": (lambda: gan_keras.set_seed(1.0), "seed is 1.0; it must be"),
    "profile": (lambda: profile("tpu"), "GAN_KERAS_PROFILE is 'tpu'.*smoke, cpu, gpu"),
    "pretrained": (lambda: gan_keras.load_pretrained("biggan"), "no pretrained.*Choose one of"),
    "pretrained 3": (lambda: gan_keras.load_pretrained(3), "no pretrained model 3"),
    "extractor": (lambda: metrics.load_extractor("cifar"), "no extractor 'cifar'.*'mnist'"),
    "reference": (lambda: metrics.load_reference("cifar"), "no reference 'cifar'. Choose"),
    # More in test_datasets.py.
    "data: name": (lambda: gan_keras.load_dataset(3), "name is 3; it must be a string"),
    "data: unknown name": (lambda: gan_keras.load_dataset("minst"), "minst"),
    "data: folder": (lambda: gan_keras.load_dataset("./absent"), "There is no folder absent"),
    "data: split": (lambda: gan_keras.load_dataset("mnist", "dev"), "dev.*train"),
    "data: batch_size": (lambda: gan_keras.load_dataset("mnist", batch_size=0), "size is 0; it"),
    "data: limit": (lambda: gan_keras.load_dataset("mnist", limit=-1), "limit is -1; it must"),
    "data: limit below a batch": (
        lambda: gan_keras.load_dataset("mnist", limit=8),
        "batch_size of at most 8",
    ),
    "data: image_size": (
        lambda: gan_keras.load_dataset("mnist", image_size=(0, 8)),
        r"image_size is \(0, 8\); it must be",
    ),
    "data: channels": (lambda: gan_keras.load_dataset("mnist", channels=4), "channels is 4; it"),
    "data: pair": (lambda: gan_keras.load_dataset("emoji", pair="noto"), "pair is 'noto'; it"),
    "data: augment": (
        lambda: gan_keras.load_dataset("mnist", augment="flip"),
        "augment is 'flip'; it must be 'mirror', 'jitter' or None",
    ),
    "data: exclude": (lambda: gan_keras.load_dataset("emoji", exclude="flags"), r"\('flags',\)"),
    "data: two splits": (
        lambda: gan_keras.load_dataset("emoji", ("train", "test")),
        "paired=False",
    ),
    "frechet of few": (
        lambda: metrics.frechet_distance(FEATURES[:4], FEATURES),
        "4 samples are too few for 4 features: give at least 5",
    ),
    "frechet of NaN": (
        lambda: metrics.frechet_distance(FEATURES, FEATURES * np.nan),
        "NaN or infinite values among the features",
    ),
    "frechet of other features": (
        lambda: metrics.frechet_distance(FEATURES, FEATURES[:, :3]),
        r"must be \(n, d\) with equal d",
    ),
    "frechet of one axis": (lambda: metrics.frechet_distance(Y, Y), r"must be \(n, d\)"),
    "kernel of one": (lambda: metrics.kernel_distance(FEATURES[:1], FEATURES), "at least 2"),
    "overlap of few": (lambda: metrics.manifold_overlap(FEATURES[:5], FEATURES), "at least 6"),
    "nearest of few": (lambda: metrics.nearest(FEATURES, FEATURES[:2], k=3), "only 2 candidates"),
    "logits for modes": (lambda: metrics.modes(FEATURES), "take the softmax first"),
    "probabilities of one axis": (lambda: metrics.modes(EYE[0]), r"must be \(n, classes\)"),
    "accuracy of others": (lambda: metrics.conditional_accuracy(EYE, [1, 2]), r"must be \(3,\)"),
    "pixels of two shapes": (lambda: metrics.pixel_errors(GOOD, GOOD[:3]), "one target for each"),
    "pixels too few": (lambda: metrics.pixel_errors(GOOD, GOOD), "window of 11 x 11"),
    "pixels in [0, 255]": (lambda: metrics.pixel_errors(GOOD * 99, GOOD), r"lie in \[-1, 1\]"),
    "retrieval of others": (
        lambda: metrics.retrieval(FEATURES, FEATURES[:9]),
        "40 translated images and 9 targets",
    ),
    "lerp of two lengths": (lambda: latent.lerp(Z[0], Z[0, :3], 3), r"\(4,\) and \(3,\)"),
    "lerp of two axes": (lambda: latent.lerp(Z, Z, 3), r"must be \(latent_dim,\)"),
    "lerp in one step": (lambda: latent.lerp(Z[0], Z[1], 1), "steps is 1.*at least 2"),
    "lerp in 2.5 steps": (lambda: latent.lerp(Z[0], Z[1], 2.5), "steps is 2.5.*at least 2"),
    "slerp from zero": (lambda: slerp([0, 0], [1, 0]), "Use lerp"),
    "slerp to the opposite": (lambda: slerp([1, 0], [-1, 0]), "opposite directions"),
    "slerp of NaN": (lambda: slerp([np.nan, 0], [1, 0]), "NaN or infinite"),
    "walk of one": (lambda: latent.walk(Z[:1], 3), "1 stations; a walk needs at least 2"),
    "walk in no steps": (lambda: latent.walk(np.eye(3), 0), "steps is 0.*at least 1"),
    "direction of all": (lambda: latent.direction(Z, [True] * 3), "some True and some False"),
    "direction of others": (lambda: latent.direction(Z, [True, False]), r"must be \(3,\)"),
    "truncated at 0": (lambda: latent.truncated(3, 4, 0), "threshold is 0; it must be positive"),
    "truncated, n=0": (lambda: latent.truncated(0, 4, 1.0), "n is 0.*at least 1"),
}

CASES = {
    f"{group}: {name}": case
    for group, cases in {
        "images": IMAGES, "labels": LABELLED, "pairs": PAIRS, "networks": NETWORKS,
        "arguments": ARGUMENTS, "compile": COMPILING, "drawing": DRAWING, "others": OTHERS,
    }.items()
    for name, case in cases.items()
}  # fmt: skip


def assert_no_internals(text):
    for internal in INTERNALS:
        assert internal not in text, text


# What shows the inside: of TensorFlow, or of an operation that met what it should not have.
INTERNALS = (
    "Traceback", "Node:", "{{", "node ", "site-packages", "object at 0x", "\x1b", "object is not",
    "not supported", "unsupported operand", "has no attribute", "invalid literal", "has no len",
    "cannot be interpreted", "argument must be", "ufunc", "loop with signature",
)  # fmt: skip


def test_the_table_is_long_enough():
    assert len(CASES) >= 80


def assert_plain(error):
    """The error is of a kind that says whose fault it is, in words that a reader understands."""
    assert isinstance(error, (ValueError, TypeError, FileNotFoundError)), repr(error)
    text = str(error)
    assert_no_internals(text)
    assert 10 < len(text) < 900, text


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_refused_in_plain_words_and_the_model_kept(case):
    act, message = CASES[case]
    _made.clear()
    with pytest.raises((ValueError, TypeError, FileNotFoundError), match=message) as refused:
        act()
    assert_plain(refused.value)
    for model, before in _made:
        for a, b in zip(before, state(model), strict=True):
            np.testing.assert_array_equal(a, b)


def test_a_last_batch_of_one_works_and_a_finite_training_is_left_alone(build, images, tmp_path):
    model = build()
    model.compile()
    data = batches(model, images[:17])
    assert [len(keras.tree.flatten(batch)[0]) for batch in data] == [16, 1]
    backup = gan_keras.callbacks.Backup(tmp_path)
    history = model.fit(data, epochs=2, verbose=0, callbacks=[backup]).history
    assert np.isfinite(list(history.values())).all()
    assert int(model.lost_at) == -1 and int(model.step) == 4
    assert (tmp_path / "epoch-2.index").exists()
    assert np.isfinite(model.evaluate(data, verbose=0)).all()
    assert np.isfinite(results(model, 1)).all()


# Losses that are no longer numbers


class Record(keras.callbacks.Callback):
    """Keeps what optimizers have made of the weights before each step, by its number."""

    def on_train_begin(self, logs=None):
        self.before = {0: weights_of(self.model)}

    def on_train_batch_end(self, batch, logs=None):
        self.before.setdefault(int(self.model.step), weights_of(self.model))


def weights_of(model):
    """Without statistics and pools: these go back to the beginning of the epoch."""
    kinds = (layers.BatchNormalization, gan_keras.layers.ImagePool)
    found = [layer for layer in model._flatten_layers() if isinstance(layer, kinds)]
    states = {id(state) for layer in found for state in layer.non_trainable_variables}
    return {id(w): w.numpy() for w in model.weights if id(w) not in states}


def overshooting(build, **options):
    """A model that a step or two take to where no number is finite."""
    model = build()
    model.compile()
    model.compile(**{name: SGD(1e12) for name in model._optimizers}, **options)
    return model


def assert_stops(model, images, folder):
    record, backup = Record(), gan_keras.callbacks.Backup(folder)
    with pytest.raises(FloatingPointError, match="training step [0-9]+,.* lower learning") as lost:
        model.fit(batches(model, images), epochs=5, verbose=0, callbacks=[backup, record])
    assert_no_internals(str(lost.value))
    step = int(re.search("training step ([0-9]+)", str(lost.value))[1])
    for weight in model.weights:
        assert np.isfinite(weight.numpy()).all(), weight.path
    kept = [int(path.stem.partition("-")[2]) for path in folder.glob("epoch-*.index")]
    assert max(kept, default=0) <= step // 4  # Of epochs of 4 steps, none is the one lost.
    before, after = record.before[step], weights_of(model)
    kept = [
        all(np.array_equal(after[id(v)], before[id(v)]) for v in optimizer._trainable_variables)
        for optimizer in model._optimizers.values()
    ]
    assert any(kept)  # The networks whose loss it was; others may have learned before it.


def test_a_lost_training_names_the_step_and_leaves_finite_weights(build, images, tmp_path):
    assert_stops(overshooting(build, jit_compile=False), images, tmp_path)


def test_a_lost_training_of_steps_that_run_eagerly(images, tmp_path):
    assert_stops(overshooting(small_gan, run_eagerly=True), images, tmp_path)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_lost_training_of_several_steps_an_execution(images, jit_compile):
    model = overshooting(small_gan, steps_per_execution=7, jit_compile=jit_compile)
    data, heard = batches(model, images).repeat(), []
    hear = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: heard.append(batch)
    )
    with pytest.raises(FloatingPointError, match="training step [0-9]+,.* lower learning"):
        model.fit(data, steps_per_epoch=210, verbose=0, callbacks=[hear])
    if jit_compile:
        assert heard[-1] < 105  # The first hundred steps are over after the 105th.
    else:
        assert not heard  # The first seven include the one that is lost.
    for weight in model.weights:
        assert np.isfinite(weight.numpy()).all(), weight.path


def test_a_lost_training_compiled_by_xla(images, tmp_path):
    assert_stops(overshooting(small_vae, jit_compile=True), images, tmp_path)


def test_xla_is_refused_under_a_strategy(images, mirrored):
    """It drops the assertion, and the condition in its place cannot wait for replicas."""
    with mirrored.scope():
        model = small_vae()
        model.compile(jit_compile=True)
    with pytest.raises(ValueError, match="jit_compile=True under a tf.distribute strategy"):
        model.fit(images, verbose=0)
    assert model.step == 0


def test_a_lost_training_on_replicas(images, tmp_path, mirrored):
    with mirrored.scope():
        model = overshooting(small_gan)
    assert_stops(model, images, tmp_path)


@pytest.mark.parametrize("replicas", [1, 2])
def test_every_update_waits_for_the_assertions_of_all_replicas(mirrored, replicas):
    """Without that, which of the two is first is a matter of luck on replicas."""
    strategy = mirrored if replicas == 2 else tf.distribute.get_strategy()
    with strategy.scope():
        model = small_gan()
        model.compile()
    run = tf.function(lambda x: strategy.run(model.train_step, args=(x,)), autograph=False)
    operations = run.get_concrete_function(tf.zeros((8, *SHAPE))).graph.get_operations()
    updates = [op for op in operations if op.type == "ResourceApplyAdam"]
    assert len(updates) == replicas * len(model.trainable_variables)
    for update in updates:
        before, ahead = set(), [update]
        while ahead:
            op = ahead.pop()
            if op not in before:
                before.add(op)
                ahead += [*op.control_inputs, *(x.op for x in op.inputs)]
        assert sum(op.type == "Assert" for op in before) >= replicas, update.name


# Properties: whatever is given, a plain error or what was promised


def few(examples):
    return settings(max_examples=examples, deadline=None, derandomize=True, database=None)


def refused(act):
    """What `act` gives, or the plain error that it raises."""
    try:
        return act(), None
    except (ValueError, TypeError, FileNotFoundError) as error:
        assert_plain(error)
        return None, error


DTYPES = [
    "float16", "float32", "float64", "longdouble", "int8", "uint8", "int32", "int64", "uint64",
    "bool", "complex64", "str", "bytes", "object", "datetime64[s]", "timedelta64[s]",
]  # fmt: skip
SHAPES = st.lists(st.integers(0, 9), max_size=5).map(tuple)


@few(300)
@given(
    shape=SHAPES | st.integers(0, 20).map(lambda n: (n, *SHAPE)),
    dtype=st.sampled_from(DTYPES),
    scale=st.sampled_from([0.5, 1.0, 3.0, 300.0, np.nan, np.inf]),
    image_shape=st.just(SHAPE) | st.just((3,)),
)
def test_any_array_is_refused_in_plain_words_or_fits(shape, dtype, scale, image_shape):
    values = np.random.default_rng(0).uniform(-1, 1, shape)
    with np.errstate(all="ignore"):
        array = np.asarray(values if dtype in DTYPES[:3] else values.round()).astype(dtype)
        array = array * array.dtype.type(scale) if dtype in DTYPES[:3] else array
    passed, error = refused(lambda: checks.checked(array, image_shape))
    good = array.shape[1:] == image_shape and len(array) > 0 and dtype in DTYPES[:3]
    if good and len(image_shape) == 3:
        # Sixteen images and more without a value below 0 are taken for [0, 1].
        good = np.abs(array).max() <= 1.001 and (array.min() < 0 or len(array) < 16)
    assert (error is None) == bool(good)
    assert error or passed[0] is array


@few(300)
@given(
    low=st.floats(width=32) | st.floats(-1.015625, 1.015625, width=32),
    high=st.floats(width=32) | st.floats(-1.015625, 1.015625, width=32),
    n=st.integers(1, 20),
)
@example(low=-1.0, high=1.0, n=1)
@example(low=0.0, high=1.0, n=15)
@example(low=0.0, high=1.0, n=16)
def test_any_range_is_refused_if_it_is_not_that_of_the_rule(low, high, n):
    images = np.full((n, *SHAPE), low, "float32")
    images.flat[-1] = high
    _, error = refused(lambda: checks.checked(images, SHAPE))
    least = min(low, high)
    inside = least >= -1.001 and max(low, high) <= 1.001 and not np.isnan([low, high]).any()
    assert (error is None) == (inside and not (least >= 0 and n >= 16))


@few(300)
@given(
    labels=st.lists(st.integers(-1, 4), max_size=6)
    | st.lists(st.floats(), max_size=4)
    | st.lists(st.lists(st.integers(0, 3), min_size=2, max_size=2), max_size=4)
    | st.lists(st.text(max_size=3) | st.none() | st.booleans(), max_size=4),
    n=st.integers(0, 6),
    num_classes=st.integers(1, 5),
)
def test_any_labels_are_refused_in_plain_words_or_fit(labels, n, num_classes):
    labels = np.asarray(labels)
    _, error = refused(lambda: checks.check_labels(labels, n, num_classes))
    fits = labels.ndim == 1 and len(labels) == n and np.issubdtype(labels.dtype, np.integer)
    assert (error is None) == bool(fits and all(0 <= label < num_classes for label in labels))


SIDES = st.sampled_from([-8, 0, 7, 8, 12, 16, 28, 30, 32, 2.5, None])
WHOLE = st.sampled_from([None, -1, 0, 1, 2, 3, 2.5, "two"])
RECIPE = st.sampled_from([None, "fast", "quick", 3])
IMAGE_SHAPES = st.tuples(SIDES, SIDES, st.sampled_from([1, 3])) | st.sampled_from(
    [(28, 28, 1), (32, 28, 3), (8, 8, 1), (16, 16, 3), (28,), (), 28, "28", (28, 28, 0), None]
)


@few(25)
@given(
    build=st.sampled_from([gan_keras.DCGAN, gan_keras.CGAN]),
    image_shape=IMAGE_SHAPES | st.just((28, 28, 1)),
    latent_dim=WHOLE,
    width=st.just(2) | WHOLE,
    num_classes=WHOLE,
    recipe=st.just("fast") | RECIPE,
)
@example(gan_keras.DCGAN, (28, 32, 3), 3, 2, None, "fast")
@example(gan_keras.CGAN, (28, 28, 1), 3, 2, 3, "fast")
def test_any_model_that_draws_is_refused_or_draws(
    build, image_shape, latent_dim, width, num_classes, recipe
):
    classes = {"num_classes": num_classes} if build is gan_keras.CGAN else {}
    options = dict(latent_dim=latent_dim, width=width or 2, recipe=recipe, **classes)
    model, error = refused(lambda: build(image_shape, **options))
    if not error:
        images = model.generate(2, seed=0)
        assert images.shape == (2, *image_shape) and np.abs(images).max() <= 1


@few(25)
@given(
    build=st.sampled_from([gan_keras.Pix2Pix, gan_keras.CycleGAN]),
    image_shape=IMAGE_SHAPES | st.just((16, 16, 3)),
    target_shape=st.none() | st.just((16, 16, 1)) | IMAGE_SHAPES,
    width=st.just(2) | WHOLE,
    recipe=st.just("fast") | RECIPE,
)
@example(gan_keras.Pix2Pix, (16, 24, 3), (16, 24, 1), 2, "fast")
@example(gan_keras.CycleGAN, (16, 12, 3), (16, 12, 1), 2, "fast")
def test_any_model_that_translates_is_refused_or_translates(
    build, image_shape, target_shape, width, recipe
):
    options = dict(width=width or 2, recipe=recipe)
    model, error = refused(lambda: build(image_shape, target_shape, **options))
    if not error:
        images = model.translate(np.zeros((2, *image_shape), "float32"))
        assert images.shape == (2, *(target_shape or image_shape)) and np.abs(images).max() <= 1


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of two classes, three pictures of 12 x 8 each."""
    folder = tmp_path_factory.mktemp("pictures")
    for i in range(6):
        path = folder / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(np.full((8, 12, 3), 40 * i, "uint8")).save(path)
    return folder


def mostly(usual, *others):
    """One of a few values, the first most of the time."""
    return st.sampled_from([usual] * 8 * len(others) + [*others])


@few(100)
@given(
    embedded=mostly(False, True),
    split=mostly("train", "test", "dev", 3, None, ("train", "train"), ("a", "b", "c")),
    image_size=mostly(8, None, 0, -3, 2.5, "8", (8, 6), (8,), (8, "6"), True),
    batch_size=mostly(2, 1, 0, -1, 2.5, "2", None, 1000),
    labels=mostly(False, True),
    pair=mostly(None, "denoise", "colorize", "edges", "noto", ("left", "right"), ("a",)),
    paired=mostly(True, False),
    exclude=mostly((), ("a",), ("c",), "a", ("a", "b")),
    augment=mostly(None, "mirror", "jitter", "flip", 3),
    channels=mostly(None, 1, 3, 4, "1"),
    seed=mostly(0, None, 2, -1),
    limit=mostly(6, 3, 1, 0, None, 2.5, "3"),
    broken=mostly("error", "skip", "pass", None),
)
def test_any_arguments_of_load_dataset_are_refused_or_give_images(pictures, embedded, **arguments):
    if embedded:
        arguments["limit"] = arguments["limit"] or 4
    name = "mnist" if embedded else pictures
    data, error = refused(lambda: gan_keras.load_dataset(name, **arguments))
    if error:
        return
    size = arguments["image_size"] or (28 if embedded else (8, 12))
    size = (size, size) if isinstance(size, int) else tuple(size)
    batch = next(iter(data))
    parts = batch if isinstance(batch, tuple) else (batch,)
    sides = parts[:-1] if arguments["labels"] else parts
    for images in sides:
        assert images.shape[1:3] == size and images.shape[-1] in (1, 3)
        assert 1 <= images.shape[0] <= arguments["batch_size"]
        assert images.dtype == tf.float32 and np.abs(images).max() <= 1
    assert len(sides) == (1 if arguments["pair"] is None else 2)


@pytest.mark.parametrize(
    "arguments",
    [{"exclude": None}, {"exclude": 3}, {"pair": 3}, {"seed": "a"}, {"seed": 2.5}],
    ids=str,
)
def test_arguments_of_the_wrong_kind_are_refused_by_name(pictures, arguments):
    _, error = refused(lambda: gan_keras.load_dataset(pictures, batch_size=2, **arguments))
    assert error and next(iter(arguments)) in str(error)
