import keras
import numpy as np
import pytest
import tensorflow as tf

import gan_keras

# Two logical devices, so that replication is tested on one processor. Only possible before
# TensorFlow first looks at its devices.
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)

SHAPE = (8, 8, 1)


@pytest.fixture(autouse=True)
def _fresh_keras():
    keras.utils.set_random_seed(0)
    yield
    keras.config.set_dtype_policy("float32")


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


@pytest.fixture(params=[small_gan, small_vae], ids=["gan", "vae"])
def build(request):
    """Each model in turn, small and not compiled: what holds for one must hold for all."""
    return request.param
