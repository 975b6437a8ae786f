"""What makes a Pix2Pix learn fast on two processor cores, one change after the other.

    python benchmarks/pix2pix_recipe.py [--minutes 7]

Colours the emoji's line art, without the group `flags`, at 64 x 64 pixels. Trains a U-Net of 4.6
million weights as the paper trains its own, but with batches of 16 for the paper's 1; then makes
one change at a time, each added to those before it, and ends at `Pix2Pix(recipe="fast")` on
mirrored pairs. All variants train for half the minutes, by the speed that each was measured to have
at the start; the first one and the last one for all of them as well. They are measured on the test
emoji, which none of them saw: mean absolute error on the scale [-1, 1], PSNR, SSIM. Writes
results/pix2pix_recipe.json and, with some test emoji of each variant, results/pix2pix_recipe.png.

Ends with exit code 1 if the last variant, in half the time, is not as good as the first in all of
it.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import gan_keras
from gan_keras import metrics, plotting
from gan_keras.models import pix2pix
from gan_keras.schedules import ConstantThenLinear

import keras
import matplotlib.pyplot as plt
import numpy as np
from machine import describe

RESULTS = Path(__file__).parent / "results"
BATCH_SIZE = 16
PAPER = {
    "rate": 2e-4,
    "beta_2": 0.999,
    "falls": False,
    "widest": 192,  # channels of the generator
    "width": 32,  # of the discriminator's first layer
    "augment": None,
    "average": None,
}
# name: what it changes in the variant before it
CHANGES = {
    "as in the paper": {},
    "faster, falling rate": {"rate": 1e-3, "beta_2": 0.99, "falls": True},
    "narrower networks": {"widest": 128, "width": 16},
    "mirrored pairs": {"augment": "mirror"},
    "averaged weights": {"average": 0.99},
}


def variants() -> dict[str, dict]:
    """{name: settings}, each with its own change and those before it."""
    settings, all_settings = PAPER, {}
    for name, change in CHANGES.items():
        settings = {**settings, **change}
        all_settings[name] = settings
    return all_settings


def load(split="train", **options):
    """Line art and colour drawings; the outline of a flag does not tell its colours."""
    return gan_keras.load_dataset(
        "emoji", split, pair=("line", "color"), exclude=("flags",), **options
    )


def train(settings, seconds, limit=None):
    """A model trained for about so many seconds, and what was done in them."""
    data = load(batch_size=BATCH_SIZE, augment=settings["augment"], limit=limit)
    # A falling rate has to know the end: how many steps will there be?
    model = build(settings, steps=1000)
    model.fit(data, epochs=1, steps_per_epoch=min(5, len(data)), verbose=0)
    begun = time.monotonic()
    model.fit(data, epochs=1, steps_per_epoch=min(40, len(data)), verbose=0)
    per_step = (time.monotonic() - begun) / min(40, len(data))
    steps = max(round(seconds / per_step), 1)

    model = build(settings, steps)
    begun = time.monotonic()
    model.fit(data.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)
    return model, {"steps": steps, "seconds": round(time.monotonic() - begun, 1)}


def build(settings, steps):
    keras.utils.set_random_seed(0)
    shapes = (64, 64, 1), (64, 64, 3)
    model = gan_keras.Pix2Pix(
        *shapes,
        generator=pix2pix.build_generator(*shapes, width=32, widest=settings["widest"]),
        discriminator=pix2pix.build_discriminator(*shapes, patch_size=34, width=settings["width"]),
        average=settings["average"],
        seed=0,
    )
    rate = settings["rate"]
    if settings["falls"]:
        rate = ConstantThenLinear(rate, steps)
    model.compile(
        *(keras.optimizers.Adam(rate, beta_1=0.5, beta_2=settings["beta_2"]) for _ in range(2))
    )
    return model


def compare(minutes=7.0, names=tuple(CHANGES), limit=None, progress=print):
    """Trains and measures the variants in half the time, the first and the last one in all of it.

    Args:
        minutes: of the longer trainings.
        names: of the variants, as in `CHANGES`.
        limit: training pairs and test pairs to use; None for all.
        progress: called with one line of text after each run.

    Returns:
        (results, images): a dict that JSON can hold, and {name: (24, 64, 64, 3)}, translations,
        with the line art and the drawings under "line art" and "truth".
    """
    test = load("test", shuffle=False, batch_size=50, limit=limit)
    a, b = map(np.concatenate, zip(*test.as_numpy_iterator(), strict=True))
    images = {"line art": np.repeat(a[:24], 3, axis=-1)}
    untouched = metrics.pixel_errors(np.repeat(a, 3, axis=-1), b)
    runs = [(name, 0.5) for name in names]
    runs += [(name, 1.0) for name in dict.fromkeys((names[0], names[-1]))]
    rows = []
    for name, share in runs:
        settings = variants()[name]
        model, done = train(settings, 60 * minutes * share, limit)
        translated = model.translate(a, as_in_training=False)
        scores = metrics.pixel_errors(translated, b)._asdict()
        scores = {key: round(value, 5) for key, value in scores.items()}
        rows.append({"variant": name, "share": share, **settings, **done, **scores})
        images[f"{name}, {share * minutes:g} min"] = translated[:24]
        progress(f"{name}, {share * minutes:g} min: {done}, {scores}")
    images["truth"] = b[:24]
    return {
        "command": f"python benchmarks/pix2pix_recipe.py --minutes {minutes:g}",
        "machine": describe(),
        "settings": {"batch_size": BATCH_SIZE, "minutes": minutes, "n": len(a), "limit": limit},
        "line_art": {key: round(value, 5) for key, value in untouched._asdict().items()},
        "rows": rows,
    }, images


def reached(rows) -> bool:
    """Whether the last variant, in half the time, is at least as good as the first in all of it."""
    first = next(row for row in rows if row["share"] == 1)
    last = [row for row in rows if row["share"] == 0.5][-1]
    return last["mean_absolute"] <= first["mean_absolute"]


def draw(images, path):
    """One row of pictures for each of `images`."""
    figure, axes = plt.subplots(
        len(images), 1, figsize=(12, 0.75 * len(images)), layout="constrained"
    )
    for ax, (name, x) in zip(axes, images.items(), strict=True):
        plotting.image_grid(x, columns=len(x), title=name, ax=ax)
        ax.title.set_fontsize(7)
    figure.savefig(path, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=7.0, help="of the longer trainings")
    results, images = compare(**vars(parser.parse_args()))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pix2pix_recipe.json").write_text(json.dumps(results, indent=1) + "\n")
    draw(images, RESULTS / "pix2pix_recipe.png")
    sys.exit(0 if reached(results["rows"]) else 1)
