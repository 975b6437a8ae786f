"""Training steps of the library beside plain steps of the same networks, and against PyTorch's.

    python benchmarks/steps.py [--builds 4] [--rounds 5] [--seconds 0.3]

The plain steps are written the way tutorials write them, of Keras' own layers and optimizers. GAN,
DCGAN and CGAN: one discriminator step on generated and real images in one batch, then a second pass
through the generator for its own step, as in the Keras guide. Pix2Pix: one tape for each network.
CycleGAN: one persistent tape that is asked for each network's gradients in turn. One optimizer for
each network, no pool, no watch for NaN. Averaged weights are left out on both sides.

Networks: the model's own, of the recipe "fast"; and for GAN, DCGAN and CGAN those of the Keras
guide (see `guide.py`) as well, in which, other than in their own, the generator is the costlier.
Of the same layers and weights; the library's side has them of `gan_keras.layers`, where it has one.

Four contenders, the library's step and the plain one in float32 and in mixed_bfloat16 (on a
processor without instructions for bfloat16 two, in float32), all compiled by `tf.function`, on the
same batch in turns (A B C D D C B A ...) in one process, so that all meet the same machine.
Networks that are alike differ by some percent from build to build, in where they lie in memory, so
that each contender is built several times, and races that often; ratios are medians over the rounds
of all builds. What CycleGAN's pools and its identity loss cost is measured likewise. A contender's
first step, in which it is traced, is timed by itself. Writes results/steps.json, and ends with an
error where a ratio of `GOALS` is missed.
"""

import argparse
import collections
import json
import statistics
import sys
import time

import gan_keras

import guide
import keras
import machine
import numpy as np
import tensorflow as tf
import turns
from keras import layers

POLICIES = machine.policies(machine.flags())
# Model, networks: pixels a side, channels, batch size.
CASES = {
    ("GAN", "guide"): (28, 1, 64),
    ("DCGAN", "guide"): (28, 1, 64),
    ("CGAN", "guide"): (28, 1, 64),
    ("GAN", "own"): (28, 1, 128),
    ("DCGAN", "own"): (28, 1, 128),
    ("CGAN", "own"): (28, 1, 128),
    ("Pix2Pix", "own"): (64, 3, 16),
    ("CycleGAN", "own"): (64, 3, 4),
}
# The library's step in float32, and in mixed_bfloat16, over the plain one in float32.
GOALS = {"float32": 1.3, "mixed_bfloat16": 1.6}

# CycleGAN with neither of these, and with one each.
PARTS = {
    "the losses of the plain step": {"pool_size": 0},
    "with pools": {"pool_size": 50},
    "with the identity loss": {"pool_size": 0, "identity_weight": 5.0},
}

# {layer of Keras: the library's in its place}, and the other way round.
OWN = {
    kind.__base__: kind
    for kind in vars(gan_keras.layers).values()
    if isinstance(kind, type)
    and layers.Layer not in (kind, kind.__base__)
    # One layer in place of several, which has no such counterpart, is made of another of these.
    and kind.__base__.__module__.startswith("keras.")
}
KERAS = {own: theirs for theirs, own in OWN.items()}

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
absolute, squared = keras.losses.MeanAbsoluteError(), keras.losses.MeanSquaredError()


def descend(tape, loss, optimizer, network):
    weights = network.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)


def plain_gan(generator, discriminator):
    """The Keras guide's step, with or without labels."""
    latent_dim = keras.tree.flatten(generator.inputs)[0].shape[-1]
    optimizers = [keras.optimizers.Adam(3e-4) for _ in range(2)]

    def step(real, y=None):
        n = tf.shape(real)[0]
        y = None if y is None else tf.one_hot(y, 10)
        told = lambda x, y: x if y is None else [x, y]  # noqa: E731
        fake = generator(told(tf.random.normal((n, latent_dim)), y), training=True)
        both = tf.concat([tf.cast(fake, real.dtype), real], axis=0)
        labels = tf.concat([tf.ones((n, 1)), tf.zeros((n, 1))], axis=0)
        labels += 0.05 * tf.random.uniform(tf.shape(labels))
        with tf.GradientTape() as tape:
            twice = y if y is None else tf.tile(y, [2, 1])
            d_loss = cross_entropy(labels, discriminator(told(both, twice), training=True))
        descend(tape, d_loss, optimizers[0], discriminator)
        z = tf.random.normal((n, latent_dim))
        with tf.GradientTape() as tape:
            fake = generator(told(z, y), training=True)
            logits = discriminator(told(fake, y), training=True)
            g_loss = cross_entropy(tf.zeros((n, 1)), logits)
        descend(tape, g_loss, optimizers[1], generator)
        return d_loss, g_loss

    return step


def plain_pix2pix(generator, discriminator):
    """One generator pass, the discriminator on the real and on the fake pair, two gradients."""
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]

    def step(a, b):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(a, training=True)
            real_logits = discriminator([a, b], training=True)
            fake_logits = discriminator([a, fake], training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            g_loss += 100 * absolute(b, fake)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        descend(g_tape, g_loss, optimizers[0], generator)
        descend(d_tape, d_loss, optimizers[1], discriminator)
        return d_loss, g_loss

    return step


def plain_cyclegan(ab, ba, d_a, d_b):
    """Four generator passes, four discriminator passes, and four gradients from one tape."""
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(4)]

    def step(a, b):
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = ab(a, training=True), ba(b, training=True)
            again_a, again_b = ba(fake_b, training=True), ab(fake_a, training=True)
            logits = [d_a(a, training=True), d_a(fake_a, training=True)]
            logits += [d_b(b, training=True), d_b(fake_b, training=True)]
            cycle = absolute(a, again_a) + absolute(b, again_b)
            losses = [
                squared(tf.ones_like(logits[3]), logits[3]) + 10 * cycle,
                squared(tf.ones_like(logits[1]), logits[1]) + 10 * cycle,
            ]
            for real, fake in (logits[:2], logits[2:]):
                d_loss = squared(tf.ones_like(real), real) + squared(tf.zeros_like(fake), fake)
                losses.append(d_loss / 2)
        for loss, optimizer, network in zip(losses, optimizers, (ab, ba, d_a, d_b), strict=True):
            descend(tape, loss, optimizer, network)
        return losses

    return step


def told(network, shape):
    """The guide's network, which takes classes as more numbers or channels, with two inputs."""
    x, y = keras.Input(shape), keras.Input((guide.NUM_CLASSES,))
    beside = y
    if len(shape) == 3:
        beside = layers.UpSampling2D(shape[:2])(layers.Reshape((1, 1, guide.NUM_CLASSES))(y))
    return keras.Model([x, y], network(layers.Concatenate()([x, beside])))


def build(name, networks="own", size=28, channels=1, guides_layers=OWN, **options):
    """The library's model, on the networks that are asked for.

    CycleGAN has no identity loss here unless it is asked for: the steps beside it have none.
    `guides_layers`: of the networks of the guide, see `with_layers`.
    """
    keras.utils.set_random_seed(0)
    shape = (size, size, channels)
    options |= {} if name == "GAN" else {"recipe": "fast"}
    if name == "CycleGAN":
        options = {"identity_weight": 0.0} | options
    if networks == "guide":
        n = guide.NUM_CLASSES if name == "CGAN" else 0
        generator, discriminator = (
            with_layers(x, guides_layers)
            for x in (guide.build_generator(n), guide.build_discriminator(n))
        )
        if n:
            generator = told(generator, (guide.LATENT_DIM,))
            discriminator = told(discriminator, shape)
        options |= {"latent_dim": guide.LATENT_DIM, "generator": generator}
        options |= {"discriminator": discriminator}
    return getattr(gan_keras, name)(shape, seed=0, **options)


def with_layers(network, others):
    """The same network, its layers those of other classes: `others` is OWN or KERAS."""

    def clone(layer):
        kind = type(layer)
        return others.get(kind, kind).from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=clone, recursive=True)


def library_step(model):
    model.compile()
    return lambda *data: model.train_step(data if len(data) > 1 else data[0])


def trained_networks(model):
    if isinstance(model, gan_keras.CycleGAN):
        generators = model.generator_ab, model.generator_ba
        return *generators, model.discriminator_a, model.discriminator_b
    return model.generator, model.discriminator


def plain_step(model, networks):
    if isinstance(model, gan_keras.CycleGAN):
        return plain_cyclegan(*networks)
    return (plain_pix2pix if isinstance(model, gan_keras.Pix2Pix) else plain_gan)(*networks)


def batch(name, size, channels, count):
    """As many images; with labels for CGAN, and of both sides for the models that translate."""
    rng = np.random.default_rng(0)
    draw = lambda: tf.constant(rng.uniform(-1, 1, (count, size, size, channels)), tf.float32)  # noqa: E731
    if name == "CGAN":
        return draw(), tf.constant(rng.integers(0, 10, count), tf.int32)
    return (draw(), draw()) if name in ("Pix2Pix", "CycleGAN") else (draw(),)


def contenders(name, networks, size, channels, **options):
    """{"library float32": step, ...}: each traced on first use, under its own policy."""
    steps = {}
    for policy in POLICIES:
        keras.config.set_dtype_policy(policy)
        model = build(name, networks, size, channels, average=None, **options)
        plain = plain_step(model, [with_layers(x, KERAS) for x in trained_networks(model)])
        for kind, step in (("library", library_step(model)), ("plain", plain)):
            steps[f"{kind} {policy}"] = tf.function(step, autograph=False)
    keras.config.set_dtype_policy("float32")
    return steps


def first_steps(steps, data):
    """{contender: (seconds in which its step is traced, seconds of its first step with that)}."""
    found = {}
    for key, step in steps.items():
        begun = time.perf_counter()
        step.get_concrete_function(*data)
        traced = time.perf_counter() - begun
        finished(step(*data))
        found[key] = traced, time.perf_counter() - begun
    return found


def race(steps, data, rounds=5, seconds=1.0):
    """{contender: [seconds a step in each round]}; each runs `seconds` long in every round."""
    return turns.take({key: timed(step, data, seconds) for key, step in steps.items()}, rounds)


def timed(step, data, seconds):
    """A function that runs for so long and returns the seconds of a step."""
    finished(step(*data))
    begun = time.perf_counter()
    finished(step(*data))
    repeats = max(1, round(seconds / (time.perf_counter() - begun)))

    def run():
        begun = time.perf_counter()
        for _ in range(repeats):
            result = step(*data)
        finished(result)
        return (time.perf_counter() - begun) / repeats

    return run


def finished(result):
    """Waits until a step's results are there."""
    keras.tree.map_structure(np.asarray, result)


def compare(name, networks, builds=4, rounds=5, seconds=0.3, case=None, **options):
    """One row of the table: images, or pairs, a second; and the ratios. `options`: see `build`."""
    size, channels, count = case or CASES[name, networks]
    data = batch(name, size, channels, count)
    times, each_build = collections.defaultdict(list), []
    traces, firsts = collections.defaultdict(list), collections.defaultdict(list)
    for _ in range(builds):
        built = contenders(name, networks, size, channels, **options)
        for key, (traced, first) in first_steps(built, data).items():
            traces[key].append(traced)
            firsts[key].append(first)
        found = race(built, data, rounds, seconds)
        for key, values in found.items():
            times[key] += values
        each_build.append(turns.ratio(found, "library float32", "plain float32"))
    return {
        "model": name,
        "networks": networks,
        "size": size,
        "batch_size": count,
        "per_second": {
            key: round(count / statistics.median(values), 1) for key, values in times.items()
        },
        "trace_seconds": {
            key: round(statistics.median(values), 1) for key, values in traces.items()
        },
        "first_step_seconds": {
            key: round(statistics.median(values), 1) for key, values in firsts.items()
        },
        "rounds": len(times["library float32"]),
        "each_build": each_build,
        "over_plain": {p: turns.ratio(times, f"library {p}", f"plain {p}") for p in POLICIES},
        "over_plain_float32": {
            p: turns.ratio(times, f"library {p}", "plain float32") for p in POLICIES
        },
    }


def parts(builds=4, rounds=5, seconds=0.3):
    """Rows: how many times as long CycleGAN's step takes with each of `PARTS` as with the first."""
    size, channels, count = CASES["CycleGAN", "own"]
    data, times = batch("CycleGAN", size, channels, count), collections.defaultdict(list)
    for _ in range(builds):
        built = {
            key: tf.function(library_step(build("CycleGAN", "own", size, channels, **options)))
            for key, options in PARTS.items()
        }
        for key, values in race(built, data, rounds, seconds).items():
            times[key] += values
    first = next(iter(PARTS))
    return [
        {
            "part": key,
            "batch_size": count,
            "per_second": round(count / statistics.median(values), 1),
            "over": turns.ratio(times, first, key),
        }
        for key, values in times.items()
    ]


def missed(rows):
    """The goals that these rows miss; they are set for the networks of the guide."""
    return [
        f"{row['model']} in {policy}: {ratio}, goal {GOALS[policy]}"
        for row in rows
        if row["networks"] == "guide"
        for policy, ratio in row["over_plain_float32"].items()
        if ratio < GOALS[policy]
    ]


def main(builds, rounds, seconds):
    rows = []
    for name, networks in CASES:
        rows.append(compare(name, networks, builds, rounds, seconds))
        print(json.dumps(rows[-1]), flush=True)
    found = parts(builds, rounds, seconds)
    print(json.dumps(found), flush=True)
    command = f"--builds {builds} --rounds {rounds} --seconds {seconds}"
    machine.keep("steps", command, rows=rows, parts=found)
    return "\n".join(missed(rows)) or None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--builds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3)
    sys.exit(main(**vars(parser.parse_args())))
