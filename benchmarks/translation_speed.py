"""Images per second of Pix2Pix and CycleGAN beside plain steps on the same networks; and memory.

    python benchmarks/translation_speed.py [--rounds 7]

The plain steps are written the way tutorials write them: Pix2Pix with one tape for each network,
CycleGAN with one persistent tape that is asked for each network's gradients in turn; one optimizer
for each network, no pool, no averaged weights, no falling rate. Both compiled by `tf.function`, on
the same networks, the same batch and in turns (A B A B ...) in one process, so that both meet the
same machine; the ratio is the median over the rounds. Memory is the highest resident set of a
process of its own that takes some steps in the sizes of the profiles `cpu` and `gpu`, data
included; on a GPU some of it is the GPU's. Writes results/translation_speed.json.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from machine import describe

import gan_keras

RESULTS = Path(__file__).parent / "results"
# recipe: pixels a side and batch size, as in the chapters' profiles cpu and gpu.
SIZES = {"Pix2Pix": {"fast": (64, 16), "paper": (256, 1)},
         "CycleGAN": {"fast": (64, 4), "paper": (256, 1)}}  # fmt: skip

cross_entropy = keras.losses.BinaryCrossentropy(from_logits=True)
absolute, squared = keras.losses.MeanAbsoluteError(), keras.losses.MeanSquaredError()


def plain_pix2pix(model):
    """One generator pass, the discriminator on the real and on the fake pair, two gradients."""
    generator, discriminator = model.generator, model.discriminator
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)]

    @tf.function
    def step(a, b):
        with tf.GradientTape() as g_tape, tf.GradientTape() as d_tape:
            fake = generator(a, training=True)
            real_logits = discriminator([a, b], training=True)
            fake_logits = discriminator([a, fake], training=True)
            g_loss = cross_entropy(tf.ones_like(fake_logits), fake_logits)
            g_loss += 100 * absolute(b, fake)
            d_loss = cross_entropy(tf.ones_like(real_logits), real_logits)
            d_loss += cross_entropy(tf.zeros_like(fake_logits), fake_logits)
        for loss, tape, optimizer, network in (
            (g_loss, g_tape, optimizers[0], generator),
            (d_loss, d_tape, optimizers[1], discriminator),
        ):
            weights = network.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
        return d_loss, g_loss

    return step


def plain_cyclegan(model):
    """Six generator passes, four discriminator passes, and four gradients from one tape."""
    ab, ba = model.generator_ab, model.generator_ba
    d_a, d_b = model.discriminator_a, model.discriminator_b
    optimizers = [keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(4)]

    @tf.function
    def step(a, b):
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = ab(a, training=True), ba(b, training=True)
            again_a, again_b = ba(fake_b, training=True), ab(fake_a, training=True)
            same_a, same_b = ba(a, training=True), ab(b, training=True)
            logits = [d_a(a, training=True), d_a(fake_a, training=True)]
            logits += [d_b(b, training=True), d_b(fake_b, training=True)]
            cycle = absolute(a, again_a) + absolute(b, again_b)
            losses = [
                squared(tf.ones_like(logits[3]), logits[3]) + 10 * cycle + 5 * absolute(b, same_b),
                squared(tf.ones_like(logits[1]), logits[1]) + 10 * cycle + 5 * absolute(a, same_a),
            ]
            losses += [
                (
                    squared(tf.ones_like(real), real) + squared(tf.zeros_like(fake), fake)
                ) / 2
                for real, fake in (logits[:2], logits[2:])
            ]  # fmt: skip
        networks = ab, ba, d_a, d_b
        for loss, optimizer, network in zip(losses, optimizers, networks, strict=True):
            weights = network.trainable_variables
            optimizer.apply(tape.gradient(loss, weights), weights)
        return losses

    return step


PLAIN = {"Pix2Pix": plain_pix2pix, "CycleGAN": plain_cyclegan}


def library_step(model):
    model.compile()

    @tf.function
    def step(a, b):
        return model.train_step((a, b))

    return step


def batch(size, count):
    draws = np.random.default_rng(0).uniform(-1, 1, (2, count, size, size, 3))
    return [tf.constant(x, tf.float32) for x in draws]


def build(name, recipe, size):
    keras.utils.set_random_seed(0)
    weights = {"identity_weight": 5.0} if name == "CycleGAN" else {}  # as the plain step has it
    return getattr(gan_keras, name)((size, size, 3), recipe=recipe, seed=0, **weights)


def compare(name, recipe="fast", policy="float32", rounds=7, steps=5, sizes=SIZES):
    """Images per second of the library's step and of the plain one, and their ratio."""
    keras.config.set_dtype_policy(policy)
    size, count = sizes[name][recipe]
    pair = batch(size, count)
    contenders = {
        "library": library_step(build(name, recipe, size)),
        "plain": PLAIN[name](build(name, recipe, size)),
    }
    seconds = {key: [] for key in contenders}
    for round_number in range(rounds + 1):
        for key, step in contenders.items():
            begun = time.perf_counter()
            for _ in range(steps):
                result = step(*pair)
            tf.nest.map_structure(np.asarray, result)
            if round_number:  # The first one traces.
                seconds[key].append(time.perf_counter() - begun)
    keras.config.set_dtype_policy("float32")
    ratios = [b / a for a, b in zip(seconds["library"], seconds["plain"], strict=True)]
    return {
        "model": name,
        "recipe": recipe,
        "policy": policy,
        "size": size,
        "batch_size": count,
        **{
            f"{key}_pairs_per_second": round(count * steps / statistics.median(values), 2)
            for key, values in seconds.items()
        },
        "ratio": round(statistics.median(ratios), 3),
    }


def memory(name, recipe, sizes=SIZES) -> float:
    """Highest resident set in GiB of a new process that trains this model for some steps."""
    size, count = sizes[name][recipe]
    program = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import translation_speed as speed
step = speed.library_step(speed.build({name!r}, {recipe!r}, {size}))
pair = speed.batch({size}, {count})
for _ in range(4):
    step(*pair)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return round(int(found.stdout.split()[-1]) / unit, 2)


def main(rounds):
    # First of all: a child's highest resident set is at least what its parent's was.
    needs = {name: {recipe: memory(name, recipe) for recipe in SIZES[name]} for name in SIZES}
    rows = [
        compare(name, policy=policy, rounds=rounds)
        for name in SIZES
        for policy in ("float32", "mixed_bfloat16")
    ]
    results = {
        "command": f"python benchmarks/translation_speed.py --rounds {rounds}",
        "machine": describe(),
        "rows": rows,
        "memory_gib": needs,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "translation_speed.json").write_text(json.dumps(results, indent=1) + "\n")
    print(json.dumps(results, indent=1))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    main(**vars(parser.parse_args()))
