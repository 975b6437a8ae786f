import gan_keras
from gan_keras.models import vae as module

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import SHAPE, small_vae


def test_terms_equal_their_densities(images):
    """Against log N(x; decoded, noise^2) and a KL estimated by sampling."""
    model = small_vae(noise=0.7)
    model.compile()
    terms = {name: float(value) for name, value in model.bound(images, training=False).items()}
    mean, log_var = (t.numpy().astype("float64") for t in model.encoder(images))
    epsilon = model.sample_latent(images).numpy()
    decoded = model.decoder(mean + np.exp(log_var / 2) * epsilon).numpy()
    log_p = -((images - decoded) ** 2) / (2 * 0.7**2) - 0.5 * np.log(2 * np.pi * 0.7**2)
    assert terms["reconstruction"] == pytest.approx(-log_p.sum((1, 2, 3)).mean(), rel=1e-4)

    z = mean + np.exp(log_var / 2) * np.random.default_rng(0).standard_normal((4000, *mean.shape))
    log_q = -((z - mean) ** 2) / (2 * np.exp(log_var)) - log_var / 2
    assert terms["kl"] == pytest.approx((log_q + z**2 / 2).sum(-1).mean(), rel=0.05)
    assert terms["loss"] == pytest.approx(terms["reconstruction"] + terms["kl"], rel=1e-5)


def test_training_raises_the_bound_and_reconstructs():
    rng = np.random.default_rng(0)
    images = np.tanh(rng.normal(size=(512, 2)) @ rng.normal(size=(2, 64))).astype("float32")
    images = images.reshape(-1, *SHAPE)
    model = small_vae()
    model.compile()
    loss = model.fit(images, epochs=40, batch_size=32, verbose=0).history["loss"]
    assert loss[-1] < loss[0] / 2
    error = np.square(model.predict(images, verbose=0) - images).mean()
    assert error < images.var() / 3


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"noise": 0}, "noise is 0"),
        ({"latent_dim": 0}, "latent_dim is 0"),
        ({"encoder": module.build_encoder(SHAPE, 3)}, r"encoder gives shapes"),
        ({"decoder": module.build_decoder((9, 9, 1), 4)}, r"decoder gives shape \(9, 9, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gan_keras.VAE(SHAPE, **{"latent_dim": 4, **arguments})


def test_points_are_refused():
    with pytest.raises(ValueError, match=r"image_shape is \(2,\); a VAE needs \(height, width"):
        gan_keras.VAE((2,))


def test_generate_decodes_the_prior():
    model = small_vae()
    z = gan_keras.latent.normal(3, 4, seed=5)
    np.testing.assert_allclose(model.generate(3, seed=5), model.decoder(tf.constant(z)), atol=1e-6)
