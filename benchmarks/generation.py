"""`generate(10_000)` and `translate` beside the bare network's forward pass, and their memory.

    python benchmarks/generation.py [--rounds 7] [--images 10000]

Bare is the averaged generator compiled by `tf.function` and called batch after batch on inputs that
are there already, its results brought to NumPy and thrown away; that of Pix2Pix with dropout and
the statistics of the batch, as `translate` uses it. In turns in one process; the ratio is the
median over the rounds. Memory: how far the highest resident set of a process of its own rises from
a tenth of the images to all of them, beside what these take. Writes results/generation.json, and
ends with an error where the ratio falls below `GOAL`.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import gan_keras  # noqa: F401  It sets how TensorFlow computes.

import numpy as np
import steps
import tensorflow as tf
import turns
from machine import keep

GOAL = 0.9
MODELS = {
    "GAN": (28, 1),
    "DCGAN": (28, 1),
    "CGAN": (28, 1),
    "Pix2Pix": (64, 3),
    "CycleGAN": (64, 3),
}
TRANSLATES = "Pix2Pix", "CycleGAN"


def inputs(model, name, count, size, channels):
    """What the network takes for `count` images, as a list of arrays."""
    rng = np.random.default_rng(0)
    if name in TRANSLATES:
        return [rng.uniform(-1, 1, (count, size, size, channels)).astype("float32")]
    z = rng.normal(size=(count, model.latent_dim)).astype("float32")
    return [z, np.eye(10, dtype="float32")[np.arange(count) % 10]] if name == "CGAN" else [z]


def contenders(name, images):
    """{"library": ..., "bare": ...}, functions without arguments, and how many images they make."""
    size, channels = MODELS[name]
    count = images // 10 if name in TRANSLATES else images
    batch_size = 16 if name in TRANSLATES else 256
    model = steps.build(name, size=size, channels=channels)
    network = getattr(model, "averaged_generator_ab", None) or model.averaged_generator
    if name == "Pix2Pix":
        network = model.generator  # Frozen as the averaged one is, it would ignore `training`.
    given = inputs(model, name, count, size, channels)
    forward = tf.function(
        lambda x: network(x if len(x) > 1 else x[0], training=name == "Pix2Pix"), autograph=False
    )

    def bare():
        for i in range(0, count, batch_size):
            forward([tf.constant(x[i : i + batch_size]) for x in given]).numpy()

    if name in TRANSLATES:
        return {"library": lambda: model.translate(given[0]), "bare": bare}, count
    return {"library": lambda: model.generate(count, seed=0), "bare": bare}, count


def compare(name, rounds=7, images=10_000, most=None):
    """One row of the table: images a second, and the ratio. `most`: see `turns.take`."""
    runs, count = contenders(name, images)

    def timed(run):
        begun = time.perf_counter()
        run()
        return time.perf_counter() - begun

    runs = {key: partial(timed, run) for key, run in runs.items()}
    times = turns.take(runs, rounds, {("library", "bare"): GOAL}, most)
    return {
        "model": name,
        "images": count,
        "per_second": {key: round(count / statistics.median(t)) for key, t in times.items()},
        "rounds": len(times["bare"]),
        "ratio": turns.ratio(times, "library", "bare"),
    }


def memory(name, images=10_000):
    """MiB: how far the highest resident set rises from a tenth of the images to all of them, and
    what these take."""
    program = f"""
import resource, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
import generation, steps
size, channels = generation.MODELS[{name!r}]
model = steps.build({name!r}, size=size, channels=channels)
translates = {name!r} in generation.TRANSLATES
count = {images} // 10 if translates else {images}
given = generation.inputs(model, {name!r}, count, size, channels)
make = lambda n: model.translate(given[0][:n]) if translates else model.generate(n, seed=0)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
make(count // 10)
before = peak()
made = make(count)
print(peak() - before, made.nbytes)
"""
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    grown, size = map(int, found.stdout.split()[-2:])
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return {"grown_mib": round(grown / unit), "images_mib": round(size / 2**20)}


def missed(rows):
    return [
        f"{row['model']}, generation: {row['ratio']}, goal {GOAL}"
        for row in rows
        if row["ratio"] < GOAL
    ]


def main(rounds, images):
    rows = []
    for name in MODELS:
        rows.append(compare(name, rounds, images) | memory(name, images))
        print(json.dumps(rows[-1]), flush=True)
    keep("generation", f"--rounds {rounds} --images {images}", rows=rows)
    return "\n".join(missed(rows)) or None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--images", type=int, default=10_000)
    sys.exit(main(**vars(parser.parse_args())))
