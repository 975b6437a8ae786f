"""How time and memory grow with the batch, the images, the networks and the data set.

    python benchmarks/growth.py [MODEL ...] [--seconds 1.5]

For each model in its recipe "fast", one thing at a time is made larger, all else kept: images in a
batch, pixels a side, width of the networks, images in the data set. Each point is a process of its
own that takes training steps for some seconds: the fastest step over its images, and the highest
resident set. For the data set they are steps of `fit` on the shuffled data.

What theory says of the time an image takes: nothing changes with the batch or the data set, once
they are so large that what a step costs by itself no longer counts; it grows as the pixels, and as
the square of the width, once these outgrow what each layer costs by itself. Writes
results/growth.json and, for each model, results/growth_MODEL.png, in which dashed lines say the
same.
"""

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path

import gan_keras
from gan_keras.models import gan

import keras
import matplotlib.pyplot as plt
import overhead
import steps
import tensorflow as tf
from machine import RESULTS, keep

GRID = {
    "batch": {"draws": (8, 32, 128, 512), "translates": (1, 2, 4, 16)},
    "size": {"draws": (28, 56, 112), "translates": (32, 64, 128)},
    "width": {
        "draws": (16, 32, 64, 128),
        "translates": (8, 16, 32, 64),
        "dense": (64, 128, 256, 512),
    },
    "examples": {"draws": (500, 5000, 60_000), "translates": (120, 480, 1920)},
}
LABELS = {
    "batch": "images in a batch",
    "size": "pixels a side",
    "width": "width of the networks",
    "examples": "images in the data set",
}
# The power of each with which the time of an image grows in the end.
THEORY = {"batch": 0, "size": 2, "width": 2, "examples": 0}
MODELS = [name for name, networks in steps.CASES if networks == "own"]
UNIT = 2**30 if sys.platform == "darwin" else 2**20


def values(name, what):
    kind = {"GAN": "dense", "Pix2Pix": "translates", "CycleGAN": "translates"}.get(name, "draws")
    return GRID[what].get(kind, GRID[what]["draws"])


def build(name, size, channels, width=None):
    keras.utils.set_random_seed(0)
    shape = (size, size, channels)
    if name != "GAN":
        return getattr(gan_keras, name)(shape, recipe="fast", width=width, seed=0)
    networks = {}
    if width is not None:  # That of the narrowest hidden layers; 256 are GAN's own.
        networks["generator"] = gan.build_generator(shape, units=(width, 2 * width, 4 * width))
        networks["discriminator"] = gan.build_discriminator(shape, units=(2 * width, width))
    return gan_keras.GAN(shape, seed=0, **networks)


def measure(name, what, value, seconds=1.5):
    """Milliseconds an image, and GiB of this process, with `what` at `value`."""
    size, channels, count = steps.CASES[name, "own"]
    changed = {"batch": count, "size": size, "width": None, what: value}
    count = changed["batch"]
    if what == "examples":
        data = gan_keras.load_dataset(**overhead.DATA[name], limit=value)
        model, watch, times = overhead.build(name, data), overhead.EpochTime(), []
        for _ in range(3):
            model.fit(data.repeat(), steps_per_epoch=12, verbose=0, callbacks=[watch])
            times.append(watch.step(len(data)))
    else:
        model = build(name, changed["size"], channels, changed["width"])
        data = steps.batch(name, changed["size"], channels, count)
        step = tf.function(steps.library_step(model), autograph=False)
        times = steps.race({"step": step}, data, rounds=5, seconds=seconds / 5)["step"]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / UNIT
    return {"ms_an_image": round(1000 * min(times) / count, 4), "gib": round(memory, 3)}


def apart(*arguments):
    """`measure` in a process of its own."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        f"import growth, json; print(json.dumps(growth.measure(*{arguments!r})))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    if found.returncode:
        raise RuntimeError(f"Measuring {arguments} failed:\n{found.stderr}")
    return json.loads(found.stdout.splitlines()[-1])


def draw(name, curves):
    """One figure: time above, memory below, a column for each thing that grows."""
    figure, axes = plt.subplots(2, len(curves), figsize=(12, 5), sharey="row", sharex="col")
    for (above, below), (what, points) in zip(axes.T, curves.items(), strict=True):
        x, times = [p[what] for p in points], [p["ms_an_image"] for p in points]
        above.loglog(x, times, "o-")
        theory = [times[-1] * (value / x[-1]) ** THEORY[what] for value in x]
        above.loglog(x, theory, "k--", linewidth=0.8)
        below.semilogx(x, [p["gib"] for p in points], "o-")
        below.set_xticks(x, [f"{value:,}" for value in x])
        below.minorticks_off()
        below.set_xlabel(LABELS[what])
    axes[0, 0].set_ylabel("ms an image")
    axes[1, 0].set_ylabel("GiB of the process")
    axes[1, 0].set_ylim(bottom=0)
    figure.suptitle(f"{name}: a training step (dashed: theory)")
    figure.tight_layout()
    return figure


def main(names, seconds):
    file = RESULTS / "growth.json"
    curves = json.loads(file.read_text())["curves"] if file.exists() else {}
    for name in names or MODELS:
        curves[name] = {what: [] for what in GRID}
        for what, points in curves[name].items():
            for value in values(name, what):
                points.append({what: value, **apart(name, what, value, seconds)})
                print(name, json.dumps(points[-1]), flush=True)
        figure = draw(name, curves[name])
        figure.savefig(RESULTS / f"growth_{name}.png", dpi=80)
        plt.close(figure)
        keep("growth", f"--seconds {seconds}", curves=curves)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "names", nargs="*", metavar="MODEL", help="those to measure; by default all"
    )
    parser.add_argument("--seconds", type=float, default=1.5)
    main(**vars(parser.parse_args()))
