from functools import partial

import gan_keras
from gan_keras.layers import DifferentiableAugment
from gan_keras.models import dcgan

import keras
import numpy as np
import pytest
from keras import layers

# size: the generator's first size and doublings, the discriminator's last size and convolutions
SIZES = {
    28: (7, 2, 4, 3),
    32: (4, 3, 4, 3),
    36: (9, 2, 3, 4),
    64: (4, 4, 4, 4),
    96: (6, 4, 3, 5),
    124: (31, 2, 4, 5),
    128: (4, 5, 4, 5),
}


@pytest.mark.parametrize("size", SIZES)
def test_networks_go_by_halves_between_the_image_and_a_few_pixels(size):
    first, doublings, last, convolutions = SIZES[size]
    generator = dcgan.build_generator((size, size, 1), width=1)
    assert dcgan.doublings((size, size, 1)) == doublings and size == first << doublings
    start = next(x for x in generator.layers if isinstance(x, layers.Reshape))
    assert start.output.shape[1:3] == (first, first)
    discriminator = dcgan.build_discriminator((size, size, 1), width=1)
    found = [x for x in discriminator.layers if isinstance(x, layers.Conv2D)]
    assert len(found) == convolutions
    assert found[-1].output.shape[1:3] == (last, last)


@pytest.mark.parametrize(
    "recipe, image_shape",
    [("fast", (28, 28, 1)), ("fast", (100, 28, 3)), ("paper", (28, 28, 1)), ("paper", (32, 64, 3))],
)
def test_networks_fit_squares_and_rectangles_grey_and_colour(recipe, image_shape):
    model = gan_keras.DCGAN(image_shape, recipe=recipe, width=2)
    images = model.generate(2, seed=0)
    assert images.shape == (2, *image_shape)
    assert np.abs(images).max() <= 1
    model.compile()
    history = model.fit(np.tanh(np.random.randn(8, *image_shape)), verbose=0).history
    assert np.isfinite(list(history.values())).all()


@pytest.mark.parametrize("image_shape", [(24, 24, 1), (30, 30, 1), (132, 132, 3), (28, 31, 1)])
def test_sizes_that_cannot_be_halved_are_refused(image_shape):
    with pytest.raises(ValueError, match="multiples of 4 from 28 to 128"):
        gan_keras.DCGAN(image_shape)


def test_paper_recipe_keeps_the_papers_rules():
    model = gan_keras.DCGAN((64, 64, 3), recipe="paper")
    model.compile()
    g, d = model.generator.layers, model.discriminator.layers
    shapes = [layer.output.shape[1:] for layer in g if isinstance(layer, layers.ReLU)]
    assert shapes == [(4, 4, 1024), (8, 8, 512), (16, 16, 256), (32, 32, 128)]  # figure 1
    assert model.latent_dim == 100
    assert not any("Pooling" in type(layer).__name__ for layer in g + d)
    # No batch normalisation after the generator's last and the discriminator's first convolution.
    kinds = [type(layer).__name__ for layer in g]
    assert kinds[-2:] == ["Conv2DTranspose", "Activation"] and g[-1].activation.__name__ == "tanh"
    assert kinds.count("BatchNormalization") == 4
    kinds = [type(layer).__name__ for layer in d]
    assert kinds[1:4] == ["Conv2D", "LeakyReLU", "Conv2D"]
    assert kinds.count("BatchNormalization") == 3
    assert all(layer.negative_slope == 0.2 for layer in d if isinstance(layer, layers.LeakyReLU))
    # Hidden dense layers: only the projection of z, which has no activation of its own.
    assert sum(isinstance(layer, layers.Dense) for layer in g + d) == 2
    for layer in (g[-2], d[3]):
        assert np.std(layer.kernel) == pytest.approx(0.02, rel=0.05)
    for optimizer in (model.g_optimizer, model.d_optimizer):
        assert float(optimizer.learning_rate) == pytest.approx(2e-4)
        assert optimizer.beta_1 == 0.5


@pytest.mark.parametrize("profile, recipe", [("cpu", "fast"), ("smoke", "fast"), ("gpu", "paper")])
def test_the_profile_chooses_the_recipe(monkeypatch, profile, recipe):
    monkeypatch.setenv("GAN_KERAS_PROFILE", profile)
    chosen, named = gan_keras.DCGAN(width=4), gan_keras.DCGAN(width=4, recipe=recipe)
    assert chosen.latent_dim == named.latent_dim == dcgan.RECIPES[recipe]["latent_dim"]
    assert chosen.optimizer_options == named.optimizer_options
    assert chosen.generator.count_params() == named.generator.count_params()


def test_width_scales_the_filters():
    narrow, wide = (gan_keras.DCGAN(width=w).discriminator.count_params() for w in (8, 16))
    assert 2 < wide / narrow < 4
    recipe = dcgan.RECIPES["fast"]["generator"]["width"]
    gan_keras.DCGAN(width=2)
    assert dcgan.RECIPES["fast"]["generator"]["width"] == recipe  # not changed for the next


def test_the_fast_recipes_learning_rate_falls():
    optimizer = dcgan.build_optimizer(**dcgan.RECIPES["fast"]["optimizer"])
    rates = [float(optimizer._learning_rate(step)) for step in (0, 4000, 8000)]
    np.testing.assert_allclose(rates, [2e-3, 1e-3, 2e-3 / 3], rtol=1e-6)


def test_unknown_recipe():
    with pytest.raises(ValueError, match="'slow'. Choose one of paper, fast"):
        gan_keras.DCGAN(recipe="slow")


def test_saved_under_one_profile_and_loaded_under_another(monkeypatch, tmp_path):
    monkeypatch.setenv("GAN_KERAS_PROFILE", "cpu")
    model = gan_keras.DCGAN(width=4)
    model.compile()
    model.save(tmp_path / "model.keras")
    monkeypatch.setenv("GAN_KERAS_PROFILE", "gpu")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.generate(2, seed=0), model.generate(2, seed=0))
    assert float(loaded.g_optimizer.learning_rate) == float(model.g_optimizer.learning_rate)


@pytest.mark.parametrize(
    "build",
    [
        gan_keras.DCGAN,
        gan_keras.CGAN,
        partial(gan_keras.CGAN, conditioning="projection"),
        gan_keras.ACGAN,
    ],
)
def test_augment_varies_what_the_discriminator_sees_in_training(build, tmp_path):
    gan = build(width=2, recipe="fast", augment=True, seed=0)
    seen = [isinstance(layer, DifferentiableAugment) for layer in gan.discriminator.layers]
    plain = build(width=2, recipe="fast").discriminator
    assert sum(seen) == 1 and len(seen) == len(plain.layers) + 1
    gan.compile()
    images = np.random.default_rng(0).uniform(-1, 1, (8, 28, 28, 1)).astype("float32")
    labels = np.arange(8, dtype="int32") if gan.num_classes else None
    history = gan.fit(images, labels, batch_size=4, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    gan.save(tmp_path / "gan.keras")
    again = keras.models.load_model(tmp_path / "gan.keras")
    assert again.augment
    np.testing.assert_array_equal(again.generate(2, seed=0), gan.generate(2, seed=0))
