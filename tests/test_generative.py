"""What every model promises, for each model in turn."""

import subprocess
import sys
import textwrap

import gan_keras

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import (
    LABELS,
    MODELS,
    SHAPE,
    batches,
    examples,
    results,
    small_acgan,
    small_cgan,
    small_dcgan,
    small_gan,
    small_pix2pix,
    small_vae,
    translates,
)


def optimizers(model):
    return [getattr(model, name) for name in model._optimizers]


def state(model):
    """Everything that training changes: weights, random states, moments, iterations."""
    values = [v.numpy() for v in [*model.weights, *model.random_states]]
    return values + [v.numpy() for o in optimizers(model) for v in o.variables]


def assert_same_state(a, b, **tolerance):
    for x, y in zip(state(a), state(b), strict=True):
        np.testing.assert_allclose(x, y, **(tolerance or {"rtol": 0, "atol": 0}))


def test_fit_reports_each_tracked_value_as_the_mean_over_the_epoch(build, images):
    keras.utils.set_random_seed(0)
    model = build()
    model.compile()
    history = model.fit(batches(model, images), epochs=2, verbose=0).history
    assert set(history) == set(model.tracked)
    assert np.isfinite(list(history.values())).all()

    keras.utils.set_random_seed(0)
    again = build()
    again.compile()
    for epoch in range(2):
        batch_values = []
        for batch in batches(again, images):
            again.reset_metrics()
            batch_values.append(again.train_step(batch))
        for name, values in history.items():
            mean = np.mean([float(batch[name]) for batch in batch_values])
            assert values[epoch] == pytest.approx(mean, rel=1e-4)


@pytest.mark.parametrize("build", [small_gan, small_dcgan, small_cgan, small_acgan])
def test_every_batch_of_an_evaluation_has_draws_of_its_own(build, images):
    model = build()
    model.compile(run_eagerly=True)
    drawn, sample = [], model.sample_latent
    model.sample_latent = lambda *args: drawn.append(sample(*args).numpy()) or drawn[-1]
    for _ in range(2):
        model.evaluate(batches(model, images), verbose=0)
    assert len(np.unique(np.concatenate(drawn[:4])[:, 0])) == 64
    np.testing.assert_array_equal(drawn[:4], drawn[4:])


def test_steps_of_accumulated_gradients_have_draws_of_their_own(images):
    model, seeds = small_gan(), []
    accumulating = {"gradient_accumulation_steps": 4}
    adams = [keras.optimizers.Adam(1e-3, **accumulating) for _ in range(2)]
    model.compile(*adams, run_eagerly=True)
    sample = model.sample_latent
    model.sample_latent = lambda *args: seeds.append(model.step_seed()[1]) or sample(*args)
    model.fit(batches(model, images, size=8), verbose=0)
    assert model.step == 8 and [int(seed) for seed in seeds] == list(range(8))


def test_weights_of_examples_are_refused(images):
    model = small_cgan()
    model.compile()
    labels, weights = LABELS, np.ones(64, "float32")
    data = tf.data.Dataset.from_tensor_slices((images, labels, weights)).batch(16)
    with pytest.raises(ValueError, match="repeat the examples that shall count for more"):
        model.fit(data, verbose=0)
    for options in ({"sample_weight": weights}, {"class_weight": {0: 1, 1: 2, 2: 1}}):
        with pytest.raises(ValueError, match="repeat the examples that shall count for more"):
            model.fit(images, labels, verbose=0, **options)
    with pytest.raises(ValueError, match="repeat the examples that shall count for more"):
        model.evaluate(images, labels, verbose=0, sample_weight=weights)
    assert model.step == 0


@pytest.mark.parametrize("build", [small_gan, small_vae])
def test_the_means_are_those_of_the_steps_where_the_size_of_the_data_is_not_known(build, images):
    """Keras then learns only from a step without data that the epoch is over."""
    found = []
    for known in (True, False):
        keras.utils.set_random_seed(0)
        model = build()
        model.compile()
        data = batches(model, images)
        data = data if known else data.filter(lambda x: True)
        found.append(model.fit(data, verbose=0).history)
    assert found[0] == found[1]


def test_generate_is_repeatable_in_range_and_of_the_right_shape(build_drawing):
    model = build_drawing()
    images = model.generate(5, seed=3)
    assert images.shape == (5, *SHAPE)
    assert images.dtype == np.float32
    assert np.abs(images).max() <= 1
    np.testing.assert_array_equal(images, model.generate(5, seed=3))
    assert np.abs(images - model.generate(5, seed=4)).max() > 1e-3
    np.testing.assert_allclose(images, model.generate(9, seed=3)[:5], atol=1e-6)
    assert np.abs(model.generate(5) - model.generate(5)).max() > 1e-3


def test_weights_file_brings_back_the_draws_of_dropout(images, tmp_path):
    model, other = small_gan(), small_gan()
    for each in (model, other):
        each.compile()
    model.fit(batches(model, images), epochs=1, verbose=0)
    assert model.random_states
    model.save_weights(tmp_path / "model.weights.h5")
    other.load_weights(tmp_path / "model.weights.h5")
    assert_same_state(other, model)
    with pytest.raises(ValueError, match="of 0 layers, this model has 1 such"):
        model.load_own_variables({})


GO_ON = """
    import sys, warnings
    from pathlib import Path
    import keras, numpy as np
    import gan_keras
    from tests.conftest import MODELS, batches, results
    from tests.test_generative import optimizers, state

    images = np.random.default_rng(0).uniform(-1, 1, (64, 8, 8, 1)).astype("float32")
    for build in MODELS:
        name = build.__name__
        path = Path(sys.argv[1]) / f"{name}.keras"
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            model = keras.models.load_model(path, safe_mode=True)
        assert type(model) is type(build()), name
        assert [int(o.iterations) for o in optimizers(model)] == [8] * len(optimizers(model)), name
        expected = np.load(path.with_suffix(".npz"))
        np.testing.assert_array_equal(results(model), expected["images"], name)
        history = model.fit(batches(model, images), epochs=1, verbose=0).history
        for key, values in history.items():
            np.testing.assert_array_equal(values, expected[key], f"{name}: {key}")
        for i, value in enumerate(state(model)):
            np.testing.assert_array_equal(value, expected[f"state_{i}"], name)
"""


def test_saved_models_go_on_in_a_fresh_process_exactly_as_those_never_saved(images, tmp_path):
    """Same images, and after an epoch more the same losses, weights, moments and draws."""
    for build in MODELS:
        model, path = build(), tmp_path / f"{build.__name__}.keras"
        model.compile()
        model.fit(batches(model, images), epochs=2, verbose=0)
        model.save(path)
        expected = {"images": results(model)}
        expected |= model.fit(batches(model, images), epochs=1, verbose=0).history
        expected |= {f"state_{i}": value for i, value in enumerate(state(model))}
        np.savez(path.with_suffix(".npz"), **expected)
    subprocess.run([sys.executable, "-c", textwrap.dedent(GO_ON), str(tmp_path)], check=True)


def test_compile_settings_come_back(images, tmp_path):
    model = small_gan(average=None)
    g, d = keras.optimizers.RMSprop(1e-3), keras.optimizers.Adam(2e-4)
    model.compile(g, d, loss="hinge", jit_compile=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.g_optimizer, keras.optimizers.RMSprop)
    assert float(loaded.d_optimizer.learning_rate) == pytest.approx(2e-4)
    assert loaded.d_loss_fn is gan_keras.losses.hinge_d
    assert loaded.jit_compile is True
    assert loaded.averaged_generator is loaded.generator


# Trains every model by one and by several steps an execution; data end within an execution.
EXECUTIONS = """
    import keras, numpy as np, tensorflow as tf
    import gan_keras
    from tests.conftest import MODELS, SHAPE, examples
    from tests.test_resume import state

    class Seen(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.steps = []

        def on_train_batch_end(self, batch, logs=None):
            self.steps.append(int(self.model.step))

    images = np.random.default_rng(0).uniform(-1, 1, (64, *SHAPE)).astype("float32")
    for build in MODELS:
        ends = []
        for several in (1, 3):
            gan_keras.set_seed(0)
            model, seen = build(), Seen()
            model.compile(steps_per_execution=several)
            data = tf.data.Dataset.from_tensor_slices(examples(model, images)).batch(16).shuffle(4)
            history = model.fit(data, epochs=2, verbose=0, callbacks=[seen]).history
            assert seen.steps == {1: [1, 2, 3, 4, 5, 6, 7, 8], 3: [3, 4, 7, 8]}[several]
            ends.append([history, model.evaluate(data, verbose=0), state(model)])
        np.testing.assert_equal(*ends)
"""


def test_several_steps_an_execution_change_nothing():
    subprocess.run([sys.executable, "-c", textwrap.dedent(EXECUTIONS)], check=True)


def test_several_steps_an_execution_come_back_and_are_checked(images, tmp_path):
    model = small_gan()
    with pytest.raises(ValueError, match="steps_per_execution is 0; it must be a whole number"):
        model.compile(steps_per_execution=0)
    model.compile(steps_per_execution=3)
    model.save(tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras")
    data = batches(model, images).repeat()
    for name in ("steps_per_epoch", "validation_steps"):
        with pytest.raises(ValueError, match=f"{name} is 4; it must be a multiple of 3"):
            model.fit(data, validation_data=data, **{name: 4})
    with pytest.raises(ValueError, match="steps is 4; it must be a multiple of 3"):
        model.evaluate(data, steps=4)
    assert model.step == 0
    model.fit(data, steps_per_epoch=6, verbose=0)
    assert model.step == 6


def test_progress_of_several_steps_an_execution_ends_with_the_epoch(images):
    said = []

    class Progress(gan_keras.callbacks.Progress):
        def _show(self, done, *_):
            said.append(done)
            self._shown = -np.inf

        def on_train_begin(self, logs=None):
            super().on_train_begin(logs)
            self._shown = -np.inf

    model = small_gan()
    model.compile(steps_per_execution=3)
    model.fit(batches(model, images), epochs=2, verbose=0, callbacks=[Progress()])
    assert said == [0.75, 1, 1, 1.75, 2, 2]


def test_several_steps_an_execution_are_refused_on_replicas(images, mirrored):
    with mirrored.scope():
        model = small_gan()
        model.compile(steps_per_execution=2)
    with pytest.raises(ValueError, match="cannot do on 2 replicas"):
        model.fit(batches(model, images), verbose=0)


def test_uncompiled_model_saves_and_loads(build, tmp_path):
    model = build()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(results(loaded), results(model))


def test_an_optimizer_cannot_serve_two_networks():
    shared = keras.optimizers.Adam()
    with pytest.raises(ValueError, match="create one for each network"):
        small_gan().compile(shared, shared)


def test_every_optimizer_changes_its_own_networks_only(images):
    model = small_gan(average=None)
    model.compile(keras.optimizers.SGD(0.0), keras.optimizers.SGD(0.1))
    before = [v.numpy() for v in model.generator.trainable_variables]
    d_before = [v.numpy() for v in model.discriminator.trainable_variables]
    model.fit(images, batch_size=32, verbose=0)
    for a, b in zip(before, model.generator.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())
    assert any(
        np.abs(a - b.numpy()).max() > 0
        for a, b in zip(d_before, model.discriminator.trainable_variables, strict=True)
    )


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_stays_finite_and_shows_float32(build, images, policy):
    keras.config.set_dtype_policy(policy)
    model = build()
    model.compile()
    history = model.fit(batches(model, images), epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()
    assert results(model).dtype == np.float32
    scaled = [isinstance(o, keras.optimizers.LossScaleOptimizer) for o in optimizers(model)]
    assert scaled == [policy == "mixed_float16"] * len(scaled)
    if policy == "mixed_float16":
        # The first steps may be left out while the scale is found; then there are updates.
        before = [w.numpy() for w in model.weights]
        model.fit(batches(model, images), epochs=4, verbose=0)
        assert any(np.any(a != b.numpy()) for a, b in zip(before, model.weights, strict=True))


def test_loss_scaling_leaves_the_gradient_as_it_is(images):
    """One step of SGD, with the loss scaled as float16 needs it and without."""
    plain, scaled = small_gan(average=None), small_gan(average=None)
    scaled.set_weights(plain.get_weights())
    plain.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    scaled.compile(
        *(keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1)) for _ in range(2))
    )
    remove_dropout(plain), remove_dropout(scaled)
    for model in (plain, scaled):
        model.fit(images[:32], batch_size=32, verbose=0)
    for a, b in zip(plain.weights, scaled.weights, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-6)


def latents_from_pixels(images, seed=None):
    """The same latent vector for the same image, on whatever replica and however compiled."""
    return tf.reshape(images, (tf.shape(images)[0], -1))[:, :4]


def remove_dropout(model):
    for layer in model._flatten_layers():
        if isinstance(layer, keras.layers.Dropout):
            layer.rate = 0.0


def remove_random_draws(model):
    model.sample_latent = latents_from_pixels
    remove_dropout(model)
    for layer in model._flatten_layers():
        if isinstance(layer, gan_keras.layers.ImagePool):
            layer.size = 0


def test_xla_gives_the_losses_that_plain_graphs_give(build, images):
    histories = []
    for jit_compile in (False, True):
        keras.utils.set_random_seed(0)
        model = build()
        remove_random_draws(model)  # XLA draws others from the same seed.
        model.compile(jit_compile=jit_compile)
        histories.append(model.fit(batches(model, images), epochs=1, verbose=0).history)
    for name, values in histories[0].items():
        # Mean scores may be next to 0, and rounding grows from step to step.
        np.testing.assert_allclose(values, histories[1][name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("build", [small_gan, small_vae, small_pix2pix])
def test_xla_trains_with_random_draws(build, images):
    """Of latent vectors and of dropout, the pool's and the augmentation's in test_layers.py."""
    model = build()
    model.compile(jit_compile=True)
    history = model.fit(batches(model, images, 24), epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()


def replicated_networks():
    """Without batch normalisation or dropout, so that halves of a batch add up to the whole."""
    generator = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(64, "tanh"), keras.layers.Reshape(SHAPE)]
    )
    discriminator = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1)]
    )
    return generator, discriminator


def test_two_replicas_learn_and_show_what_one_device_does_with_the_whole_batch(images, mirrored):
    results = []
    for strategy in (tf.distribute.get_strategy(), mirrored):
        keras.utils.set_random_seed(0)
        with strategy.scope():
            generator, discriminator = replicated_networks()
            model = gan_keras.GAN(SHAPE, 4, generator, discriminator, seed=1)
            model.sample_latent = latents_from_pixels
            model.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5))
        history = model.fit(batches(model, images, 32), epochs=2, verbose=0).history
        results.append((history, [w.numpy() for w in model.weights]))
    (one, one_weights), (two, two_weights) = results
    for name in one:
        np.testing.assert_allclose(one[name], two[name], rtol=1e-5)
    for a, b in zip(one_weights, two_weights, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def after_a_step(build, images, part, learning, weights, strategy):
    """A model after a step of SGD by the optimizer `learning` alone, from the given weights."""
    with strategy.scope():
        model = build()
        remove_random_draws(model)
        model.compile()
        rates = {name: 0.1 if name == learning else 0.0 for name in model._optimizers}
        model.compile(**{name: keras.optimizers.SGD(rate) for name, rate in rates.items()})
        model.set_weights(weights)
    data = keras.tree.map_structure(lambda array: array[part], examples(model, images))
    data = tf.data.Dataset.from_tensor_slices(data).batch(32)
    history = model.fit(data, epochs=1, verbose=0).history
    return model, {name: values[0] for name, values in history.items()}


def test_two_replicas_make_the_step_of_one_device(build, images, mirrored):
    """To the last digits: what is displayed and what is learned.

    Each replica takes batch statistics of its own half. With them the step is the mean of those
    that the two halves would make alone; without, it is that of the whole batch. One optimizer
    learns at a time, as its step would change the loss of those that follow.
    """
    model = build()
    model.compile()
    weights, one = model.get_weights(), tf.distribute.get_strategy()
    normalizes = [isinstance(x, keras.layers.BatchNormalization) for x in model._flatten_layers()]
    parts = [slice(0, 16), slice(16, 32)] if any(normalizes) else [slice(0, 32)]
    for learning in model._optimizers:
        both, shown = after_a_step(build, images, slice(0, 32), learning, weights, mirrored)
        each = [after_a_step(build, images, part, learning, weights, one) for part in parts]
        # After D's step the generator's loss, and D's statistics on its way, are of another D.
        followed = len(parts) == 2 and learning == "d_optimizer"
        if not followed:
            for name, value in shown.items():
                mean = np.mean([losses[name] for _, losses in each])
                assert value == pytest.approx(mean, rel=1e-5, abs=1e-6)
        ends = [part.get_weights() for part, _ in each]
        moved = 0
        for weight, before, *end in zip(both.weights, weights, *ends, strict=True):
            if followed and not weight.trainable:
                continue
            after = weight.numpy()
            np.testing.assert_allclose(after, np.mean(end, axis=0), rtol=1e-4, atol=1e-6)
            moved += np.any(before != after)
        assert moved > 2


def test_replicas_agree_on_moving_statistics(images, mirrored):
    with mirrored.scope():
        model = small_dcgan()
        model.compile()
    model.fit(batches(model, images, 32), epochs=2, verbose=0)
    for weight in model.weights:
        each = mirrored.run(lambda weight=weight: tf.identity(weight.value))
        a, b = mirrored.experimental_local_results(each)
        np.testing.assert_array_equal(a, b, weight.path)


def test_default_networks_train_on_two_replicas_with_different_draws(build, images, mirrored):
    with mirrored.scope():
        model = build()
        model.compile()
    history = model.fit(batches(model, images, 32), epochs=2, verbose=0).history
    assert np.isfinite(list(history.values())).all()

    drawn = mirrored.run(lambda: tf.random.stateless_normal((3,), model.step_seed()))
    a, b = mirrored.experimental_local_results(drawn)
    assert np.abs(a.numpy() - b.numpy()).max() > 0.1


def test_latents_follow_seed_and_step(images):
    def drawn(seed, step):
        model = small_gan(seed=seed)
        model.compile()
        model.g_optimizer.iterations.assign(step)
        return model.sample_latent(images).numpy()

    np.testing.assert_array_equal(drawn(1, 5), drawn(1, 5))
    assert np.abs(drawn(1, 5) - drawn(1, 6)).max() > 0.1
    assert np.abs(drawn(1, 5) - drawn(2, 5)).max() > 0.1


def test_evaluate_changes_nothing(build, images):
    model = build()
    model.compile()
    model.fit(batches(model, images), epochs=1, verbose=0)
    before = state(model)
    results = model.evaluate(batches(model, images), verbose=0, return_dict=True)
    assert set(results) == set(model.tracked)
    for a, b in zip(before, state(model), strict=True):
        np.testing.assert_array_equal(a, b)


def test_fit_accepts_a_second_array_validation_data_and_generators(build, images):
    """The second array holds labels, which a model may leave unread, or the other side of pairs."""
    model = build()
    model.compile()
    second = -images if translates(model) else np.zeros(64, "int32")
    dataset = tf.data.Dataset.from_tensor_slices((images, second)).batch(16)
    for validation in (dataset, (images, second)):
        history = model.fit(dataset, validation_data=validation, epochs=1, verbose=0).history
        assert {f"val_{name}" for name in model.tracked} <= set(history)
    model.fit(images, second, batch_size=32, verbose=0)
    model.fit(((images[i : i + 16], second[:16]) for i in range(0, 64, 16)), epochs=1, verbose=0)


def test_a_finite_pydataset_is_shuffled_as_keras_does(images):
    class Batches(keras.utils.PyDataset):
        asked = []

        def __len__(self):
            return 32

        def __getitem__(self, i):
            self.asked.append(i)
            return (images[2 * i : 2 * i + 2],)

    for options, shuffled in (({}, True), ({"shuffle": False}, False)):
        model = small_gan()
        model.compile()
        data = Batches()
        data.asked.clear()
        model.fit(data, epochs=2, verbose=0, **options)
        order = data.asked[-32:]
        assert sorted(order) == list(range(32))
        assert (order != sorted(order)) == shuffled


def test_one_trace_for_whole_and_last_batches(build, images):
    model = build()
    model.compile()
    traces = []
    step = model.train_step
    model.train_step = lambda data: traces.append(1) or step(data)
    model.make_train_function(force=True)
    model.fit(batches(model, images, 24), epochs=3, verbose=0)
    assert len(traces) == 1


@pytest.mark.parametrize("batch_size", [1, 3, 7, 100])
def test_networks_are_run_batch_after_batch(batch_size):
    seen = []

    def network(inputs, training):
        a, b = inputs
        tf.py_function(lambda x: seen.append(len(x)), [a], [])
        assert training is False
        return tf.cast(a + 2 * b, "bfloat16")

    a, b = np.arange(14, dtype="float32").reshape(2, 7, 1)
    made = small_gan().in_batches(network, a, b, batch_size=batch_size)
    assert made.dtype == np.float32
    np.testing.assert_array_equal(made, a + 2 * b)
    assert sum(seen) == 7 and max(seen) == min(batch_size, 7)


def test_many_models_draw_without_a_warning(caplog):
    """TensorFlow warns of a function that is traced again and again."""
    for _ in range(6):
        model = small_gan()
        for n in (1, 3):
            model.generate(n)
    assert not caplog.records, caplog.text


def test_one_replica_s_overflow_costs_all_replicas_the_step(mirrored):
    keras.config.set_dtype_policy("mixed_float16")
    with mirrored.scope():
        model = small_gan(average=None)
        model.compile()

    def step():
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        factor = tf.where(replica == 1, float("inf"), 1.0)  # On the second alone.

        @tf.custom_gradient
        def overflowing(x):
            return x, lambda upstream: upstream * factor

        with tf.GradientTape() as tape:
            weight = model.generator.trainable_variables[0].value
            loss = overflowing(tf.reduce_mean(tf.square(weight)))
        model.minimize(loss, tape, model.g_optimizer, model.generator)

    before = [w.numpy() for w in model.generator.trainable_variables]
    scale = float(model.g_optimizer.dynamic_scale.numpy())
    mirrored.run(tf.function(step))
    for a, b in zip(before, model.generator.trainable_variables, strict=True):
        np.testing.assert_array_equal(a, b.numpy())
    assert float(model.g_optimizer.dynamic_scale.numpy()) == scale / 2


def test_loss_scaling_goes_by_the_layers_of_a_loaded_model(tmp_path, images):
    keras.config.set_dtype_policy("mixed_float16")
    half = small_gan()
    half.compile()
    half.fit(images, batch_size=16, verbose=0)
    half.save(tmp_path / "half.keras")
    keras.config.set_dtype_policy("float32")
    single = small_gan()
    single.compile()
    single.fit(images, batch_size=16, verbose=0)
    single.save(tmp_path / "single.keras")

    again = keras.models.load_model(tmp_path / "half.keras")
    assert int(again.step) == int(half.step) > 0
    again.compile()
    assert isinstance(again.g_optimizer, keras.optimizers.LossScaleOptimizer)

    keras.config.set_dtype_policy("mixed_float16")
    again = keras.models.load_model(tmp_path / "single.keras")
    assert not isinstance(again.g_optimizer, keras.optimizers.LossScaleOptimizer)
    assert int(again.step) == int(single.step) > 0


def test_a_model_compiled_anew_with_its_own_optimizers_keeps_their_moments(tmp_path, images):
    keras.config.set_dtype_policy("mixed_float16")
    model = small_gan()
    model.compile()
    model.fit(images, batch_size=16, verbose=0)
    model.compile(model.g_optimizer, model.d_optimizer, loss="hinge")
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for a, b in zip(optimizers(model), optimizers(again), strict=True):
        for x, y in zip(a.variables, b.variables, strict=True):
            np.testing.assert_array_equal(x.numpy(), y.numpy())
    with pytest.raises(ValueError, match="same object"):
        adam = keras.optimizers.Adam()
        model.compile(adam, adam)


def test_steps_are_counted_where_the_first_network_is_frozen(images):
    model = small_gan()
    model.generator.trainable = False
    model.compile()
    model.fit(images, batch_size=16, verbose=0)
    assert int(model.step) == -(-len(images) // 16)


def test_a_weight_that_two_networks_share_learns_once_a_step(images):
    def with_rate(build):
        model = build(average=None)
        model.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        return model

    model = with_rate(small_gan)
    weights = model.generator.trainable_variables
    before = [w.numpy() for w in weights]
    with tf.GradientTape() as tape:
        loss = tf.add_n([tf.reduce_sum(w.value) for w in weights])
    optimizer = keras.optimizers.SGD(0.1)
    optimizer.build(weights)
    model.minimize(loss, tape, optimizer, model.generator, model.generator)
    for a, b in zip(before, weights, strict=True):
        np.testing.assert_allclose(b.numpy(), a - 0.1, rtol=1e-5, atol=1e-6)


def test_regularizers_without_effect_are_said_to_have_none():
    judge = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Dense(1, kernel_regularizer="l2")]
    )
    model = gan_keras.GAN(SHAPE, 4, discriminator=judge)
    with pytest.warns(UserWarning, match="Regularizers have no effect"):
        model.compile()


def test_no_state_that_steps_change_is_an_int32(build):
    """TensorFlow keeps these in the processor's memory, where XLA on a GPU cannot reach them."""
    model = build()
    model.compile()
    variables = [*model.variables, *(v for o in optimizers(model) for v in o.variables)]
    assert "int32" not in {keras.backend.standardize_dtype(v.dtype) for v in variables}
