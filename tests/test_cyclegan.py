import gan_keras
from gan_keras.layers import ReflectionPadding2D
from gan_keras.models import cyclegan, pix2pix
from gan_keras.schedules import ConstantThenLinear

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from tests.conftest import SHAPE, small_cyclegan


def kinds(network, kind):
    return [layer for layer in network.layers if isinstance(layer, kind)]


@pytest.mark.parametrize("size, blocks", [(128, 6), (256, 9)])
def test_paper_recipe_is_the_papers_appendix(size, blocks):
    model = gan_keras.CycleGAN((size, size, 3), recipe="paper", average=None)
    for g in (model.generator_ab, model.generator_ba):
        convolutions = kinds(g, layers.Conv2D)
        assert [x.filters for x in convolutions] == [64, 128, 256, *[256] * 2 * blocks, 3]
        assert [x.kernel_size[0] for x in convolutions] == [7, *[3] * (2 + 2 * blocks), 7]
        assert [x.filters for x in kinds(g, layers.Conv2DTranspose)] == [128, 64]
        assert [x.padding for x in kinds(g, ReflectionPadding2D)] == [3, *[1] * 2 * blocks, 3]
        assert len(kinds(g, layers.Add)) == blocks
        assert len(kinds(g, layers.GroupNormalization)) == 5 + 2 * blocks
        # The others' would be taken away by the normalisation.
        assert [x.use_bias for x in convolutions] == [False] * (3 + 2 * blocks) + [True]
        assert not any(x.use_bias for x in kinds(g, layers.Conv2DTranspose))
    for d in (model.discriminator_a, model.discriminator_b):
        assert [x.filters for x in kinds(d, layers.Conv2D)] == [64, 128, 256, 512, 1]
        assert [x.use_bias for x in kinds(d, layers.Conv2D)] == [True, *[False] * 3, True]
        assert pix2pix.receptive_field(d).size == 70
        assert len(kinds(d, layers.GroupNormalization)) == 3
    assert (model.cycle_weight, model.identity_weight, model.pool_size) == (10, 0, 50)


@pytest.mark.parametrize(
    "options, expected",
    [
        ({}, 5.0),
        ({"cycle_weight": 3.0}, 1.5),
        ({"identity_weight": 0.0}, 0.0),
        ({"identity_weight": 2.0}, 2.0),
        ({"target_shape": (24, 24, 3)}, 0.0),
        ({"recipe": "paper"}, 0.0),
    ],
)
def test_fast_recipe_has_an_identity_loss_where_the_sides_allow_it(options, expected):
    options = {"image_shape": (24, 24, 1), "recipe": "fast", "width": 1, **options}
    model = gan_keras.CycleGAN(**options)
    assert model.identity_weight == expected
    assert gan_keras.CycleGAN.from_config(model.get_config()).identity_weight == expected


@pytest.mark.parametrize("upsampling", ["transposed", "resize"])
def test_resizing_draws_no_checkerboard(upsampling):
    keras.utils.set_random_seed(0)
    build = dict(width=8, blocks=1, normalization=None, upsampling=upsampling)
    generator = cyclegan.build_generator((64, 64, 1), **build)
    inner = generator(np.full((1, 64, 64, 1), 0.5, "float32")).numpy()[0, 20:-20, 20:-20, 0]
    spread = inner.max() - inner.min()
    assert spread > 1e-3 if upsampling == "transposed" else spread < 1e-5


def test_default_optimizers_stay_and_then_fall():
    model = small_cyclegan()
    model.compile(steps=200)
    for optimizer in (model.g_optimizer, model.d_optimizer):
        assert optimizer.beta_1 == 0.5
        rates = [float(optimizer._learning_rate(step)) for step in (0, 100, 150, 200)]
        np.testing.assert_allclose(rates, np.array([1, 1, 0.5, 0]) * rates[0], rtol=1e-5)
        assert rates[0] == pytest.approx(cyclegan.RECIPES["fast"]["optimizer"]["learning_rate"])


def plain(model):
    model.compile(keras.optimizers.SGD(0.01), keras.optimizers.SGD(0.01))
    return model


def absolute(x, y):
    return tf.reduce_mean(tf.abs(x - y))


@pytest.mark.parametrize("cycle_weight, identity_weight", [(10.0, 5.0), (10.0, 0.0), (0.0, 2.0)])
def test_one_step_is_the_papers(images, cycle_weight, identity_weight):
    weights = dict(cycle_weight=cycle_weight, identity_weight=identity_weight, average=None)
    model, twin = (plain(small_cyclegan(**weights, pool_size=0)) for _ in range(2))
    twin.set_weights(model.get_weights())
    a, b = tf.constant(images[:8]), tf.constant(-images[8:16])
    tracked = model.train_step((a, b))

    g, f = twin.generator_ab, twin.generator_ba
    d_a, d_b = twin.discriminator_a, twin.discriminator_b
    with tf.GradientTape(persistent=True) as tape:
        fake_b, fake_a = g(a), f(b)
        game = tf.reduce_mean((d_b(fake_b) - 1) ** 2) + tf.reduce_mean((d_a(fake_a) - 1) ** 2)
        cycle = absolute(f(fake_b), a) + absolute(g(fake_a), b)  # eq. 2
        identity = absolute(g(b), b) + absolute(f(a), a)
        total = game + cycle_weight * cycle + identity_weight * identity
        # "we divide the objective by 2 while optimizing D"
        judged_a = tf.reduce_mean((d_a(a) - 1) ** 2) + tf.reduce_mean(d_a(fake_a) ** 2)
        judged_b = tf.reduce_mean((d_b(b) - 1) ** 2) + tf.reduce_mean(d_b(fake_b) ** 2)
        judged_a, judged_b = judged_a / 2, judged_b / 2
    for loss, network in ((total, g), (total, f), (judged_a, d_a), (judged_b, d_b)):
        variables = network.trainable_variables
        for v, gradient in zip(variables, tape.gradient(loss, variables), strict=True):
            v.assign_sub(0.01 * gradient)
    for x, y in zip(model.trainable_variables, twin.trainable_variables, strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-3, atol=1e-5)
    expected = {
        "d_loss": (judged_a + judged_b) / 2,
        "g_loss": game / 4,  # of two sides; half the paper's, as in `losses`
        "cycle": cycle / 2,
        "identity": identity / 2 if identity_weight else 0.0,
    }
    for name, value in expected.items():
        assert float(tracked[name]) == pytest.approx(float(value), rel=1e-4)


def test_discriminators_are_shown_the_pools_images(images):
    model = small_cyclegan(pool_size=8)
    model.compile()
    shown = []
    call = model.pool_a.call
    model.pool_a.call = lambda x, seed: shown.append((x, call(x, seed))) or shown[-1][1]
    model.run_eagerly = True
    judged = []
    inner = model.discriminator_a.call
    model.discriminator_a.call = lambda x, **kw: judged.append(x) or inner(x, **kw)
    for i in range(0, 40, 8):
        model.train_step((images[i : i + 8], -images[i : i + 8]))
    for step, (new, returned) in enumerate(shown):
        # In each step first the fakes for G, then the real images and those shown in one batch.
        real = images[8 * step : 8 * step + 8]
        np.testing.assert_array_equal(judged[2 * step + 1], np.concatenate([real, returned]))
        assert np.array_equal(new, returned) == (step == 0)  # until the pool is full
    assert int(model.pool_a.count.value) == int(model.pool_b.count.value) == 8
    assert np.abs(model.pool_a.images.numpy() - model.pool_b.images.numpy()).max() > 1e-3


def test_a_pool_counts_no_images_that_did_not_come(images):
    """Data of unknown size end with a step without any."""
    model = small_cyclegan()
    model.compile()
    pairs = tf.data.Dataset.from_tensor_slices((images[:8], -images[:8]))
    model.fit(pairs.batch(4, drop_remainder=True).filter(lambda a, b: True), verbose=0)
    assert [int(pool.count) for pool in (model.pool_a, model.pool_b)] == [8, 8]


def test_saved_model_goes_on_with_its_pools_and_its_falling_rate(images, tmp_path):
    model = small_cyclegan(pool_size=20)
    model.compile(steps=16)
    data = tf.data.Dataset.from_tensor_slices((images, -images)).batch(8)
    model.fit(data.take(4), verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    for pool in ("pool_a", "pool_b"):
        kept = getattr(loaded, pool)
        assert int(kept.count.value) == kept.size == 20
        np.testing.assert_array_equal(kept.images, getattr(model, pool).images)
        assert np.abs(kept.images.numpy()).max(axis=(1, 2, 3)).min() > 0  # No place is vacant.
    schedule = loaded.g_optimizer._learning_rate
    assert isinstance(schedule, ConstantThenLinear) and schedule.steps == 16
    histories = [m.fit(data, epochs=2, verbose=0).history for m in (model, loaded)]
    assert histories[0] == histories[1]
    assert float(loaded.g_optimizer.learning_rate) == 0
    for x, y in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(x.numpy(), y.numpy())


def test_each_replica_has_a_pool_of_its_own_and_the_first_is_saved(images, mirrored, tmp_path):
    with mirrored.scope():
        model = small_cyclegan(pool_size=4)
        model.compile()
    model.fit(images[:16], -images[:16], batch_size=16, verbose=0)  # 8 for each replica
    first, second = (
        x.numpy() for x in mirrored.experimental_local_results(model.pool_a.images.value)
    )
    assert np.abs(first - second).max() > 1e-3
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.pool_a.images, first)
    with mirrored.scope():
        again = keras.models.load_model(tmp_path / "model.keras")
    for copy in mirrored.experimental_local_results(again.pool_a.images.value):
        np.testing.assert_array_equal(copy, first)


@pytest.mark.parametrize("shape, target", [((16, 24, 1), (16, 24, 3)), ((12, 20, 3), (12, 20, 3))])
def test_both_directions_of_rectangles_and_other_channels(shape, target):
    alike = shape == target
    model = gan_keras.CycleGAN(
        shape, target, recipe="fast", width=2, identity_weight=2.0 * alike, seed=0
    )
    model.compile()
    rng = np.random.default_rng(0)
    a, b = (rng.uniform(-1, 1, (5, *s)).astype("float32") for s in (shape, target))
    history = model.fit(a, b, batch_size=4, verbose=0).history  # The last batch has 1 pair.
    assert np.isfinite(list(history.values())).all()
    assert (history["identity"][0] > 0) == alike
    there, back = model.translate(a), model.translate(b, direction="b_to_a")
    assert there.shape == b.shape and back.shape == a.shape
    np.testing.assert_allclose(there, model.averaged_generator_ab(a), atol=1e-5)
    np.testing.assert_allclose(back, model.averaged_generator_ba(b), atol=1e-5)
    assert np.abs(there).max() <= 1 and there.dtype == np.float32


def test_what_cannot_be_translated_or_built():
    model = small_cyclegan()
    good = np.zeros((2, *SHAPE), "float32")
    with pytest.raises(ValueError, match='\'ab\'; it must be "a_to_b" or "b_to_a"'):
        model.translate(good, direction="ab")
    with pytest.raises(ValueError, match="must lie in"):
        model.translate(good + 3)
    with pytest.raises(ValueError, match=r"target_shape=\(8, 4, 1\)"):
        model.translate(good[:, :, :4], direction="b_to_a")
    for shape in ((30, 32, 3), (4, 8, 3)):
        with pytest.raises(ValueError, match="multiples of 4, at least 8"):
            gan_keras.CycleGAN(shape)
    with pytest.raises(ValueError, match="no generator can take the other's side"):
        gan_keras.CycleGAN((16, 16, 1), (16, 16, 3), identity_weight=0.5)
    with pytest.raises(ValueError, match="'nearest'; it must be .transposed. or .resize."):
        cyclegan.build_generator((16, 16, 1), upsampling="nearest")
    wrong = cyclegan.build_generator((16, 16, 1), (16, 16, 3), width=1, blocks=1)
    with pytest.raises(ValueError, match="generator_ba.*it must give"):
        gan_keras.CycleGAN((16, 16, 1), generator_ba=wrong, width=1, recipe="fast")


def test_unequal_piles_zipped_by_the_loader_and_a_small_last_batch(images):
    model = small_cyclegan()
    model.compile()
    a = tf.data.Dataset.from_tensor_slices(images[:20]).repeat()
    b = tf.data.Dataset.from_tensor_slices(-images[:27])
    model.fit(tf.data.Dataset.zip(a, b).batch(8), verbose=0)
    assert int(model.step) == 4
    assert int(model.pool_a.count.value) == 20
