"""The benchmarks run, in a size that shows no more than that; and what they found is committed."""

import json
import sys
import time
from functools import partial
from pathlib import Path

import gan_keras

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf
from PIL import Image

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
sys.path.insert(0, str(BENCHMARKS))
import against_torch  # noqa: E402
import bench  # noqa: E402
import few_images  # noqa: E402
import generation  # noqa: E402
import growth  # noqa: E402
import limits  # noqa: E402
import machine  # noqa: E402
import overhead  # noqa: E402
import own_pictures  # noqa: E402
import pix2pix_recipe  # noqa: E402
import precision  # noqa: E402
import scorecard  # noqa: E402
import settings  # noqa: E402
import steps  # noqa: E402
import time_to_quality  # noqa: E402
import turns  # noqa: E402


@pytest.mark.long
def test_a_race_trains_measures_and_draws(monkeypatch, tmp_path):
    reference = gan_keras.metrics.load_reference("fashion_mnist", limit=100)
    monkeypatch.setattr(gan_keras.metrics, "load_reference", lambda name: reference)
    monkeypatch.setattr(time_to_quality, "N", 70)
    monkeypatch.setattr(time_to_quality, "SECONDS", (1, 2))
    monkeypatch.setattr(time_to_quality, "GOALS", {1: 0.0, 2: 1e9})
    monkeypatch.setattr(time_to_quality, "RESULTS", tmp_path)
    assert time_to_quality.main("guide", "dcgan", "fashion_mnist", minutes=1) == 1  # goal 1e9
    result = json.loads((tmp_path / "time_to_quality_fashion_mnist.json").read_text())
    for recipe in result["recipes"].values():
        assert [point["seconds"] for point in recipe["points"]] == [1, 2]
        assert 0 < recipe["points"][0]["steps"] <= recipe["points"][1]["steps"]
        assert recipe["points"][1]["trained"] >= 2
        assert np.isfinite([point["frechet"] for point in recipe["points"]]).all()
    assert (tmp_path / "time_to_quality_fashion_mnist.png").stat().st_size > 10_000
    assert result["n"] == 70 and result["machine"]["cores"] >= 1


@pytest.mark.long
def test_a_race_of_conditional_models_says_how_many_orders_were_followed(monkeypatch, tmp_path):
    reference = gan_keras.metrics.load_reference("mnist", limit=100)
    monkeypatch.setattr(gan_keras.metrics, "load_reference", lambda name: reference)
    monkeypatch.setattr(time_to_quality, "N", 70)
    monkeypatch.setattr(time_to_quality, "SECONDS", (1,))
    monkeypatch.setattr(time_to_quality, "RESULTS", tmp_path)
    assert time_to_quality.main("guide_cgan", "cgan", "mnist", minutes=1) == 0
    result = json.loads((tmp_path / "time_to_quality_mnist_conditional.json").read_text())
    for recipe in result["recipes"].values():
        assert 0 <= recipe["points"][0]["accuracy"] <= 1


def test_the_conditional_recipe_hands_the_class_to_both_networks():
    model = time_to_quality.RECIPES["guide_cgan"][0]()
    wide = 139 * 7 * 7 * 138 + 4 * 4 * 138 * 128 + 128 + 4 * 4 * 128 * 128 + 128
    assert model.generator.count_params() == wide + 7 * 7 * 128 + 1
    x = np.zeros((2, 28, 28, 1), "float32")
    told = model.beside(x, np.array([3, 7])).numpy()
    assert told.shape == (2, 28, 28, 11)
    assert (told[0, :, :, 1 + 3] == 1).all() and told[0].sum() == 28 * 28
    twice = model.generate(2, labels=[3, 7], seed=0)
    assert np.array_equal(twice[1], model.generate(2, labels=[7, 7], seed=0)[1])
    assert not np.array_equal(twice[0], model.generate(2, labels=[7, 7], seed=0)[0])


def test_the_guides_recipe_has_the_networks_it_is_known_for():
    build, batch_size = time_to_quality.RECIPES["guide"]
    assert batch_size == 64
    model = build()
    dense, transposed = 129 * 7 * 7 * 128, 4 * 4 * 128 * 128 + 128
    assert model.generator.count_params() == dense + 2 * transposed + 7 * 7 * 128 + 1
    assert model.discriminator.count_params() == 9 * 64 + 64 + 9 * 64 * 128 + 128 + 128 + 1
    images = model.generate(3, seed=0)
    assert images.shape == (3, 28, 28, 1) and np.abs(images).max() <= 1


@pytest.mark.parametrize("seconds, goal", time_to_quality.GOALS.items())
def test_the_committed_race_reached_its_goals(seconds, goal):
    path = BENCHMARKS / "results/time_to_quality_fashion_mnist.json"
    result = json.loads(path.read_text())
    assert list(result["recipes"]) == ["guide", "dcgan"]
    assert result["best_of_first_over_second"][str(seconds)] >= goal


@pytest.mark.long
def test_changes_of_a_recipe_add_up_and_are_measured():
    settings = list(pix2pix_recipe.variants().values())
    assert settings[0] == pix2pix_recipe.PAPER
    for before, after in zip(settings, settings[1:], strict=False):
        assert before != after
    changed = {key for change in pix2pix_recipe.CHANGES.values() for key in change}
    assert changed == set(pix2pix_recipe.PAPER)
    assert all(settings[-1][key] != pix2pix_recipe.PAPER[key] for key in changed)
    model, recipe = (
        pix2pix_recipe.build(settings[-1], steps=10),
        gan_keras.Pix2Pix((64, 64, 1), (64, 64, 3), recipe="fast"),
    )
    for network in ("generator", "discriminator"):
        a, b = (getattr(m, network).count_params() for m in (model, recipe))
        assert a == b
    assert model.average == recipe.average
    assert recipe.optimizer_options == {
        "learning_rate": settings[-1]["rate"], "beta_2": settings[-1]["beta_2"]
    }  # fmt: skip

    name = "averaged weights"
    results, images = pix2pix_recipe.compare(0.01, (name,), limit=50, progress=lambda line: None)
    assert [(row["variant"], row["share"]) for row in results["rows"]] == [(name, 0.5), (name, 1)]
    assert all(0 < row["mean_absolute"] < 2 and row["steps"] > 0 for row in results["rows"])
    assert len(images) == 4 and all(x.shape == (24, 64, 64, 3) for x in images.values())
    worse, better = ({"share": 0.5, "mean_absolute": error} for error in (0.6, 0.4))
    first = {"share": 1, "mean_absolute": 0.5}
    assert pix2pix_recipe.reached([first, better]) and not pix2pix_recipe.reached([first, worse])


@pytest.mark.parametrize("name, networks", steps.CASES)
def test_plain_steps_train_the_networks_that_the_library_trains(name, networks):
    case = (28, 1, 2) if "GAN" in name and name != "CycleGAN" else (16, 1, 2)
    data = steps.batch(name, *case)
    model = steps.build(name, networks, *case[:2])
    own = steps.trained_networks(model)
    plain = [steps.with_layers(network, steps.KERAS) for network in own]
    before = [network.get_weights() for network in plain]
    assert np.isfinite(steps.plain_step(model, plain)(*data)).all()
    for network, theirs, old in zip(plain, own, before, strict=True):
        assert [w.shape for w in network.weights] == [w.shape for w in theirs.weights]
        assert not {type(x) for x in network._flatten_layers()} & steps.KERAS.keys()
        if networks == "guide":
            assert not {type(x) for x in theirs._flatten_layers()} & steps.OWN.keys()
        for weight, value in zip(network.weights, old, strict=True):
            assert not weight.trainable or np.any(weight.numpy() != value), weight.path
    if networks == "guide":
        network, _ = steps.trained_networks(steps.build(name, networks, guides_layers=steps.KERAS))
        assert not {type(x) for x in network._flatten_layers()} & steps.KERAS.keys()


def gradients_of(network, inputs, seed):
    """The output, gradients of a random weighting of it, and the statistics that are left."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        output = network(inputs if len(inputs) > 1 else inputs[0], training=True)
    sources = [*inputs, *(v.value for v in network.trainable_variables)]
    weighting = tf.random.stateless_normal(tf.shape(output), (0, seed))
    gradients = tape.gradient(output, sources, output_gradients=weighting)
    return [output, *gradients], [v.value for v in network.non_trainable_variables]


@pytest.mark.parametrize("name, kind", steps.CASES)
def test_both_contenders_do_the_same_mathematics(name, kind):
    """Layer by layer; how the library arranges its step is held against the papers elsewhere."""
    size = 28 if "GAN" in name and name != "CycleGAN" else 16
    for network in steps.trained_networks(steps.build(name, kind, size)):
        plain = steps.with_layers(network, steps.KERAS)
        for variable, same in zip(plain.variables, network.variables, strict=True):
            variable.assign(same)  # Dropout's random states as well.
        inputs = [
            tf.random.stateless_normal((4, *x.shape[1:]), (0, i))
            for i, x in enumerate(keras.tree.flatten(network.inputs))
        ]
        ours, our_statistics = gradients_of(network, inputs, 7)
        theirs, their_statistics = gradients_of(plain, inputs, 7)
        for a, b in zip(our_statistics, their_statistics, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        largest = max(np.abs(b).max() for b in theirs)
        for a, b in zip(ours, theirs, strict=True):
            # The gradient of a bias under a normalisation is zero but for rounding.
            scale = max(np.abs(b).max(), 0.01 * largest)
            np.testing.assert_allclose(a / scale, b / scale, atol=2e-4)


def test_a_comparison_of_steps_gives_the_ratios_and_names_missed_goals():
    row = steps.compare("GAN", "own", builds=2, rounds=2, seconds=0.01, case=(28, 1, 4))
    assert row["rounds"] == 4 and len(row["each_build"]) == 2
    for key, first in row["first_step_seconds"].items():
        assert 0 < row["trace_seconds"][key] < first
    assert all(value > 0 for value in row["per_second"].values())
    assert row["over_plain"]["float32"] == row["over_plain_float32"]["float32"]
    over = {"float32": 1.31, "mixed_bfloat16": 1.59}
    guides = {"model": "GAN", "networks": "guide", "over_plain_float32": over}
    assert steps.missed([row, guides]) == ["GAN in mixed_bfloat16: 1.59, goal 1.6"]


def test_parts_of_a_step_are_compared_with_the_step_without(monkeypatch):
    monkeypatch.setitem(steps.CASES, ("CycleGAN", "own"), (16, 3, 2))
    rows = steps.parts(builds=1, rounds=1, seconds=0.01)
    assert [row["part"] for row in rows] == list(steps.PARTS) and rows[0]["over"] == 1
    assert all(row["over"] > 0 and row["per_second"] > 0 for row in rows)


def test_bfloat16_is_measured_where_the_processor_has_it(tmp_path):
    for text, expected in (
        ("flags : sse2 avx2", ("float32",)),
        ("flags : avx2 avx512_bf16 sha", ("float32", "mixed_bfloat16")),
    ):
        (tmp_path / "cpuinfo").write_text(text)
        assert machine.policies(machine.flags(tmp_path / "cpuinfo")) == expected
    assert machine.policies(machine.flags(tmp_path / "no file")) == ("float32",)
    row = {
        "model": "GAN", "networks": "own", "batch_size": 4, "per_second":
        {"library float32": 13, "plain float32": 10},
        "over_plain": {"float32": 1.3}, "over_plain_float32": {"float32": 1.3},
        "first_step_seconds": {"library float32": 2.0, "plain float32": 3.0},
        "trace_seconds": {"library float32": 1.5},
    }  # fmt: skip
    (line,) = bench.step_rows([row])
    assert line[2:] == [10, 13, "–", "–", "1.30", "–", "–", 3.0, "–", 2.0, 1.5]


def test_contenders_take_turns_until_their_goal_is_surely_reached():
    times = {"a": [1, 2, 4], "b": [3, 3, 4]}
    assert turns.ratio(times, "a", "b") == 1.5
    called = []

    def contender(key, values):
        values = iter(values)
        return lambda: called.append(key) or next(values)

    def rounds(ratios, goal, **limits):
        runs = {"a": contender("a", [9] + [1] * 99), "b": contender("b", [1, *ratios])}
        times = turns.take(runs, 6, {("a", "b"): goal}, **limits)
        assert times["a"] == [1] * len(times["b"]) and times["b"] == ratios[: len(times["b"])]
        return len(times["b"])

    assert rounds([1.4, 1.5] * 10, goal=1.3, most=20) == 6  # As few as may be.
    assert called == ["a", "b", *"baab" * 3]  # In turns, every second round backwards.
    assert rounds([1.2, 1.4] * 10, goal=1.3, most=20) == 20  # On either side of the goal.
    assert rounds([1.2, 1.2] * 10, goal=1.3, most=20) == 20  # No goal is missed by few rounds.
    assert rounds([1.2] + [1.4] * 19, goal=1.3, most=20) == 9
    assert rounds([1.2, 1.4] * 10, goal=1.3) == 6

    # Contenders whose goals are reached leave the others to themselves.
    values = {"a": [1] * 99, "b": [1.5] * 99, "c": [1] + [1.2, 1.4] * 49}
    runs = {key: contender(key, x) for key, x in values.items()}
    times = turns.take(runs, 6, {("a", "b"): 1.3, ("a", "c"): 1.3}, most=20)
    assert {key: len(x) for key, x in times.items()} == {"a": 20, "b": 6, "c": 20}
    assert turns.ratio(times, "a", "b") == 1.5


@pytest.mark.parametrize("limit", [40, 41])
def test_one_batch_over_and_over_is_of_the_same_kind_as_the_data(limit):
    """Else `fit` runs two graphs, and their difference would pass for the data's cost."""
    data = gan_keras.load_dataset("mnist", batch_size=8, limit=limit, labels=True)
    batch = next(iter(data))
    same = overhead.cached(batch, data).repeat(2)
    assert same.element_spec == data.element_spec
    assert [x.shape[0] for x, _ in same] == [8, 8]


def test_what_the_data_take_is_seen_alone_and_beside_a_step():
    """Of data that keep the processor for 20 ms a batch."""

    def busy(x):
        until = time.process_time() + 0.02
        while time.process_time() < until:
            pass
        return x

    def slowed(x):
        return tf.ensure_shape(tf.numpy_function(busy, [x], tf.float32), x.shape)

    quick = gan_keras.load_dataset("mnist", batch_size=8, limit=40)
    slow, same = quick.map(slowed), overhead.cached(next(iter(quick)), quick)
    assert 0.015 < overhead.beyond_one_batch(slow, same, epochs=2) < 0.1
    assert overhead.beyond_one_batch(quick, same, epochs=2) < 0.01
    assert overhead.in_one_epoch("GAN", slow, rounds=6)[1] > 1.02  # The interval's lower end.


def test_overhead_and_generation_are_measured_and_missed_goals_named():
    data = gan_keras.load_dataset("mnist", batch_size=8, limit=40)
    row = overhead.measure("GAN", builds=1, seconds=0.02, data=data)
    assert row["first_step_seconds"] > 0 and all(x > 0 for x in row["milliseconds"].values())
    row["ratios"] = {"fit / bare": 1.06, "data / same": 1.0}
    assert overhead.missed([row]) == ["GAN, fit / bare: 1.06, goal 1.05"]
    assert row["steps_per_execution"] == 8
    assert row["rounds"] == overhead.LEAST
    row["steps_per_execution"] = 1  # Not as the chapters compile it: measured beside.
    assert overhead.missed([row]) == []
    assert 0.1 < overhead.unknown_size("GAN", rounds=2, seconds=0.02) < 10
    row = generation.compare("CGAN", rounds=1, images=20)
    assert row["images"] == 20 and row["ratio"] > 0


@pytest.mark.parametrize("goal, times", [(100.0, 1), (0.01, 3)])
def test_fit_is_measured_until_its_ratio_is_surely_reached(monkeypatch, goal, times):
    monkeypatch.setitem(overhead.GOALS, ("fit", "bare"), goal)
    data = gan_keras.load_dataset("mnist", batch_size=8, limit=40)
    row = overhead.measure("GAN", builds=1, seconds=0.0, most=3, data=data)
    assert row["rounds"] == times * overhead.LEAST


def test_fit_and_the_bare_step_take_turns_in_one_epoch(monkeypatch):
    """A step of fit that takes 20 ms more is told from the bare step, which runs between."""
    data = gan_keras.load_dataset("mnist", batch_size=8, limit=40)
    model = overhead.build("GAN", data, steps_per_execution=2)
    same, calls = overhead.cached(next(iter(data)), data), []
    slow = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: time.sleep(0.02))
    progress = gan_keras.callbacks.Progress
    monkeypatch.setattr(gan_keras.callbacks, "Progress", lambda: [slow, progress()])

    def bare():
        time.sleep(0.4)
        calls.append(len(calls))
        return calls[-1]

    fit, alone = overhead.in_turns(model, same, bare, seconds=0.01)
    assert list(alone) == list(range(3, 3 + overhead.LEAST))  # Two to see how long it takes.
    assert len(fit) == overhead.LEAST
    assert 0.01 < np.median(fit) < 0.15  # Of 2 steps an execution: half of the 20 ms, no 400.
    watch = overhead.epoch(model, same.repeat(8))
    assert len(watch.executions) == 4 and 0 < watch.once() < sum(watch.executions)


@pytest.mark.parametrize("name, networks", [("CGAN", "guide"), ("Pix2Pix", "own")])
def test_networks_are_described_whole_for_pytorch(name, networks):
    """That PyTorch makes the same of them, the benchmark checks by itself."""
    size, channels, _ = steps.CASES[name, networks]
    for network in steps.trained_networks(steps.build(name, networks, size, channels)):
        arrays = {}
        described = json.loads(json.dumps(against_torch.describe_network(network, arrays)))
        assert len(described["inputs"]) == len(network.inputs)
        assert sum(x.size for x in arrays.values()) == sum(w.numpy().size for w in network.weights)
        known = set(described["inputs"])
        for part in described["layers"]:
            assert set(part["from"]) <= known, part["name"]
            known.add(part["name"])
        assert described["output"] == described["layers"][-1]["name"]


def test_what_misses_its_goal_is_measured_again_at_the_end(monkeypatch, capsys):
    rows = {"reached": [1, 0], "by chance": [0, 1], "twice": [0, 0]}

    def comparisons():
        for name, values in rows.items():
            missed = lambda rows, name=name: [name for row in rows if row["ratio"] < 1]  # noqa: E731
            yield partial(next, iter({"ratio": x} for x in values)), missed

    monkeypatch.setattr(bench, "comparisons", comparisons)
    assert bench.short() == "twice"
    measured = map(json.loads, capsys.readouterr().out.splitlines())
    assert [row["ratio"] for row in measured] == [1, 0, 0, 1, 0]
    del rows["twice"]
    assert bench.short() is None


def test_tables_of_speed_are_those_of_the_results(tmp_path):
    copy = tmp_path / "README.md"
    copy.write_text((BENCHMARKS / "README.md").read_text())
    bench.write(copy)
    assert copy.read_text() == (BENCHMARKS / "README.md").read_text()
    assert copy.read_text().count("| `CycleGAN`") >= 5


def test_operations_are_counted_without_those_that_no_result_needs():
    a, b = tf.ones((3, 4)), tf.ones((4, 5))

    @tf.function
    def step(a, b):
        tf.matmul(a, b)  # Nobody uses it.
        return tf.einsum("no,io->ni", tf.matmul(a, b), b)

    assert limits.operations(step, (a, b)) == 2 * 3 * 4 * 5 * 2
    assert sum(limits.slowest(step, (a, b)).values()) > 0.9


def test_three_ways_of_a_transposed_convolution_give_the_same():
    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(2, 5, 6, 3)))
    kernel = tf.constant(rng.normal(size=(4, 4, 2, 3)))
    expected = limits.transposed(x, kernel)
    for way in (limits.sub_pixel, limits.four_phases):
        np.testing.assert_allclose(way(x, kernel), expected)
    assert limits.resized(x, kernel).shape == expected.shape


def test_ways_of_a_convolution_are_measured():
    layouts = limits.convolution(2, 8, 4, 3, "float32", rounds=1)
    assert list(layouts) == ["channels last", "channels first"]
    to_few = limits.to_few(2, 9, 4, 1, "mixed_bfloat16", rounds=1)
    assert list(to_few) == ["at once", "in two"]
    upsampled = limits.upsampled(2, 5, 4, 3, "mixed_bfloat16", rounds=1)
    assert list(upsampled) == ["large", "small"]
    for times in [*layouts.values(), *to_few.values(), *upsampled.values()]:
        assert times["forwards"] > 0 and times["gradients"] > 0


def test_settings_are_compared_in_processes_of_their_own(monkeypatch):
    told, start = [], settings.start

    def watched(*arguments, **options):
        process = start(*arguments, **options)
        told.append(psutil.Process(process.pid).environ())
        return process

    monkeypatch.setattr(settings, "start", watched)
    row = settings.compare("GAN", rounds=1, seconds=0.01)
    assert list(row["ratios"]) == list(settings.SETTINGS) and row["ratios"]["default"] == 1
    assert all(x > 0 for x in [*row["ratios"].values(), *row["per_second"].values()])
    threads = [(x.get("TF_NUM_INTRAOP_THREADS"), x.get("TF_NUM_INTEROP_THREADS")) for x in told]
    assert threads == [(None, None), ("1", None), (None, "1"), (None, None)]
    assert told[-1][gan_keras.onednn.VARIABLE] == "0"
    with pytest.raises(RuntimeError, match="Training NoGAN ended with 1"):
        settings.start("NoGAN", {}, seconds=0.01)


@pytest.mark.parametrize("what, value", [("width", 16), ("examples", 300)])
def test_growth_is_measured_one_thing_at_a_time(what, value):
    found = growth.measure("GAN", what, value, seconds=0.05)
    assert found["ms_an_image"] > 0 and found["gib"] > 0.1


def test_growth_reports_what_a_process_of_its_own_says():
    with pytest.raises(RuntimeError, match="must be multiples of 4"):
        growth.apart("DCGAN", "size", 29)


def test_pictures_of_growth_lie_on_the_line_that_theory_draws():
    points = [{"size": size, "ms_an_image": size**2 / 1000, "gib": 1.0} for size in (10, 20, 40)]
    figure = growth.draw(
        "GAN", {"size": points, "width": [{**p, "width": p["size"]} for p in points]}
    )
    measured, theory = figure.axes[0].lines
    np.testing.assert_allclose(measured.get_ydata(), theory.get_ydata())
    assert figure.axes[2].get_xlabel() == "pixels a side"


def test_both_precisions_are_trained_alike_and_compared_by_the_median_over_seeds():
    row = precision.compare("GAN", "mixed_bfloat16", 0, count=2, n=100, limit=200)
    assert row["frechet"] > 0 and keras.config.dtype_policy().name == "float32"
    rows = [
        {"model": "GAN", "policy": policy, "frechet": value}
        for policy, values in {"float32": (10, 20, 40), "mixed_bfloat16": (11, 40, 40)}.items()
        for value in values
    ]
    assert precision.summary(rows) == {
        "GAN": {"frechet": {"bfloat16 / float32": 1.1, "seeds": 4.0}}
    }


def test_translating_models_are_measured_in_each_direction_beside_the_input():
    card = {"data": "emoji", "pair": ["color", "noto"], "exclude": ["flags"]}
    model = gan_keras.CycleGAN(width=2, recipe="fast", seed=0)
    found = scorecard.measure_translation(card, model)
    assert list(found["directions"]) == ["a_to_b", "b_to_a"]
    for scores in found["directions"].values():
        assert scores["mean_absolute_sd"] == 0
        assert scores["frechet"] > scores["input"]["frechet"] > scores["real"]["frechet"] > 0
    entry = {"parameters": {"generator_ab": 2000, "generator_ba": 1000, "discriminator_a": 500},
             "minutes": 2, **found}  # fmt: skip
    table = scorecard.translation_table({"mine": entry}).splitlines()
    assert len(table) == 4 and "| `mine` | a to b | 3k / 0k | 2 |" in table[2]


@pytest.mark.long
def test_few_images_trains_three_ways_and_watches_what_is_learned_by_heart(monkeypatch, tmp_path):
    monkeypatch.setattr(few_images, "RESULTS", tmp_path)
    compare = few_images.compare
    monkeypatch.setattr(few_images, "compare", lambda **options: compare(limit=70, **options))
    few_images.make(epochs=2, every=1, progress=str)
    results = json.loads((tmp_path / "few_images.json").read_text())
    assert list(results["curves"]) == list(few_images.VARIANTS)
    for points in results["curves"].values():
        assert [point["epoch"] for point in points] == [1, 2]
        assert all(point["frechet"] > 0 for point in points)
        assert all(0 < point[name] < 1 for point in points for name in ("trained on", "held out"))
    ends = [points[-1]["trained on"] for points in results["curves"].values()]
    assert len(set(ends)) == 3  # The variants differ.
    assert (tmp_path / "few_images.png").stat().st_size > 10_000


@pytest.mark.long
def test_models_of_few_pictures_are_measured_for_what_they_copy(monkeypatch, tmp_path):
    monkeypatch.setattr(own_pictures.machine, "RESULTS", tmp_path)
    own_pictures.make(steps=4, parts=2, numbers=(20, 70), limit=100)
    runs = json.loads((tmp_path / "own_pictures.json").read_text())["runs"]
    found = [(run["pictures"], run["augment"]) for run in runs]
    assert found == [(20, False), (20, True), (70, False), (70, True)]
    for run in runs:
        assert [point["steps"] for point in run["points"]] == [2, 4]
        assert all(point["frechet"] > 0 and 0 <= point["copies"] <= 1 for point in run["points"])
    # Two rows of 28 pixels for each number, twice as large.
    assert Image.open(tmp_path / "own_pictures.png").height == 2 * (4 * 29 - 1)
