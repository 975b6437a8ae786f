import contextlib
import fcntl
import socket
import struct
import sys

import gan_keras

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

# Two logical devices, so that replication is tested on one processor. Only possible before
# TensorFlow first looks at its devices.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

# What needs a browser, and an environment of its own: make test-book, make test-play.
collect_ignore = ["book", "play"]

# Run by `make test-all` only: the slowest cases of tests that other models go through for the same
# (tests/long.json has their seconds). Whole tests that take long bear the mark.
LONG = (
    "test_cyclegan.py::test_both_directions_of_rectangles_and_other_channels[shape0-target0]",
    "test_cyclegan.py::test_paper_recipe_is_the_papers_appendix[128-6]",
    "test_generative.py::test_default_networks_train_on_two_replicas_with_different_draws[cyclegan]",
    "test_generative.py::test_evaluate_changes_nothing[cyclegan]",
    "test_generative.py::test_fit_accepts_a_second_array_validation_data_and_generators[cyclegan]",
    "test_generative.py::test_fit_reports_each_tracked_value_as_the_mean_over_the_epoch[cyclegan]",
    "test_generative.py::test_mixed_precision_stays_finite_and_shows_float32[cyclegan-mixed_float16]",
    "test_generative.py::test_two_replicas_make_the_step_of_one_device[acgan]",
    "test_generative.py::test_two_replicas_make_the_step_of_one_device[cyclegan]",
    "test_generative.py::test_xla_gives_the_losses_that_plain_graphs_give[cyclegan]",
    "test_generative.py::test_xla_trains_with_random_draws[small_pix2pix]",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if item.nodeid.endswith(LONG):
            item.add_marker("long")


SHAPE = (8, 8, 1)
LABELS = np.arange(64, dtype="int32") % 3


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def mirrored():
    """One for all tests: two of them in one process would mistake each other's messages."""
    return tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])


def loopback_works():
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=5).close()
        return True
    except OSError:
        return False


@pytest.fixture(scope="session")
def loopback():
    """127.0.0.1, raised where a machine that is cut off from networks has it down."""
    if not loopback_works() and sys.platform == "linux":
        up_and_running = struct.pack("16sh", b"lo", 0x1 | 0x40)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            with contextlib.suppress(PermissionError):
                fcntl.ioctl(any_socket, 0x8914, up_and_running)  # SIOCSIFFLAGS
    if not loopback_works():
        pytest.fail("127.0.0.1 cannot be reached, over which workers meet: ip link set lo up")


@pytest.fixture
def images():
    """64 images in [-1, 1], (64, 8, 8, 1)."""
    return np.random.default_rng(0).uniform(-1, 1, (64, *SHAPE)).astype("float32")


def small_gan(**kwargs):
    from gan_keras.models import gan

    return gan_keras.GAN(
        SHAPE,
        latent_dim=4,
        generator=gan.build_generator(SHAPE, 4, units=(16,)),
        discriminator=gan.build_discriminator(SHAPE, units=(16,)),
        **{"seed": 1, **kwargs},
    )


def small_vae(**kwargs):
    from gan_keras.models import vae

    return gan_keras.VAE(
        SHAPE,
        latent_dim=4,
        encoder=vae.build_encoder(SHAPE, 4, units=(16,)),
        decoder=vae.build_decoder(SHAPE, 4, units=(16,)),
        **{"seed": 1, **kwargs},
    )


def conv_generator(told=0):
    """z, or [z, y] of `told` classes, to SHAPE, with a convolution and batch normalisation."""
    z, y = keras.Input((4,)), keras.Input((told or 1,))
    x = layers.Concatenate()([z, y]) if told else z
    x = layers.Reshape((4, 4, 4))(layers.Dense(64)(x))
    x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.Conv2DTranspose(1, 4, strides=2, padding="same")(x)
    fake = layers.Activation("tanh", dtype="float32")(x)
    return keras.Model([z, y] if told else z, fake, name="generator")


def conv_discriminator(outputs=(1,)):
    """SHAPE to one tensor of logits, or to several."""
    image = keras.Input(SHAPE)
    x = layers.LeakyReLU(0.2)(layers.Conv2D(4, 4, strides=2, padding="same")(image))
    x = layers.BatchNormalization()(layers.Conv2D(8, 4, strides=2, padding="same")(x))
    x = layers.Flatten()(x)
    logits = [layers.Dense(n, dtype="float32")(x) for n in outputs]
    return keras.Model(image, logits if len(logits) > 1 else logits[0], name="discriminator")


def told_discriminator(told):
    """[SHAPE, y of `told` classes] to logits, by projection."""
    scores = conv_discriminator(outputs=(told, 1))
    image, y = keras.Input(SHAPE), keras.Input((told,))
    of_class, logit = scores(image)
    chosen = layers.Dot(1, dtype="float32")([of_class, y])
    return keras.Model(
        [image, y], layers.Add(dtype="float32")([logit, chosen]), name="discriminator"
    )


def small_dcgan(**kwargs):
    networks = conv_generator(), conv_discriminator()
    return gan_keras.DCGAN(SHAPE, 4, "fast", None, *networks, **{"seed": 1, **kwargs})


def small_cgan(**kwargs):
    networks = dict(generator=conv_generator(3), discriminator=told_discriminator(3))
    return gan_keras.CGAN(SHAPE, 3, latent_dim=4, **networks, **{"seed": 1, **kwargs})


def small_acgan(**kwargs):
    networks = dict(generator=conv_generator(3), discriminator=conv_discriminator((1, 3)))
    return gan_keras.ACGAN(SHAPE, 3, latent_dim=4, **networks, **{"seed": 1, **kwargs})


def small_pix2pix(**kwargs):
    networks = dict(width=2, recipe="fast", patch_size=16)
    return gan_keras.Pix2Pix(SHAPE, **networks, **{"seed": 1, **kwargs})


def small_cyclegan(**kwargs):
    from gan_keras.models import cyclegan

    networks = {
        name: cyclegan.build_generator(SHAPE, width=2, blocks=1, name=name)
        for name in ("generator_ab", "generator_ba")
    } | {
        name: cyclegan.build_discriminator(SHAPE, patch_size=16, width=2, name=name)
        for name in ("discriminator_a", "discriminator_b")
    }
    return gan_keras.CycleGAN(SHAPE, **networks, **{"pool_size": 20, "seed": 1, **kwargs})


DRAWING = [small_gan, small_vae, small_dcgan, small_cgan, small_acgan]
TRANSLATING = [small_pix2pix, small_cyclegan]
MODELS = DRAWING + TRANSLATING


def _name(build):
    return build.__name__.removeprefix("small_")


@pytest.fixture(params=MODELS, ids=_name)
def build(request):
    """Each model in turn, small and not compiled: what holds for one must hold for all."""
    return request.param


@pytest.fixture(params=DRAWING, ids=_name)
def build_drawing(request):
    """Each model that draws from latent vectors."""
    return request.param


def translates(model):
    return isinstance(model, gan_keras.TranslationModel)


def examples(model, images):
    """What `model` is trained on: images, images and labels, or pairs."""
    if translates(model):
        return images, -images
    return (images, LABELS[: len(images)]) if model.num_classes else images


def batches(model, images, size=16):
    return tf.data.Dataset.from_tensor_slices(examples(model, images)).batch(size)


def results(model, n=4):
    """What a trained model gives, the same from the same weights: drawn or translated images."""
    if not translates(model):
        return model.generate(n, seed=0)
    images = np.random.default_rng(5).uniform(-1, 1, (n, *model.image_shape)).astype("float32")
    # Whether a translation is random is the model's affair.
    options = {"seed": 0} if isinstance(model, gan_keras.Pix2Pix) else {}
    return model.translate(images, **options)
