"""What a discriminator does with few images, and what becomes of it when they are varied.

    python benchmarks/few_images.py [--epochs 100]

trains a conditional model (`CGAN` with projection) on the 1,926 emoji of the training split, in
their 12 groups, at 32 x 32 pixels and mirrored at random, from one seed

- with the images as they are,
- with the real images varied: in every batch, before the discriminator is shown them, in colour and
  place and with a part hidden,
- with all that the discriminator sees varied, real and generated, by `augment=True` (Zhao et al.
  2020, arXiv:2006.10738).

Over the second half of training the learning rate falls to 0. Measured on the way: the Fréchet
classifier distance to the 485 emoji of the validation and test splits, and how the discriminator
scores those beside the ones that it is trained on, both as they are. A discriminator that knows
what emoji look like scores both alike; one that has learned its images by heart does not. Writes
results/few_images.json and, with some images of each model, results/few_images.png. Chapter 4 shows
both.
"""

import argparse
import json
import time
from pathlib import Path

import gan_keras
from gan_keras.layers import DifferentiableAugment
from gan_keras.plotting import tile
from gan_keras.schedules import ConstantThenLinear

import keras
import numpy as np
import tensorflow as tf
from machine import describe
from PIL import Image

RESULTS = Path(__file__).parent / "results"
SIZE, GROUPS = 32, 12
VARIANTS = ("as they are", "real images varied", "all images varied")


class Memory(keras.callbacks.Callback):
    """How D scores, every few epochs, images that it is trained on and others of their kind.

    Args:
        images: {name: (images, labels)}.
        every: epochs.

    Attributes:
        scores: list of {name: mean score from 0 to 1}.
    """

    def __init__(self, images, every):
        super().__init__()
        self.images, self.every, self.scores = images, every, []

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self.scores.append({name: self.score(*seen) for name, seen in self.images.items()})

    def score(self, images, labels):
        logits = self.model.discriminator.predict([images, np.eye(GROUPS)[labels]], verbose=0)
        return float(tf.reduce_mean(tf.sigmoid(logits)))


def load(split="train", **options):
    return gan_keras.load_dataset("emoji", split, labels=True, image_size=SIZE, **options)


def arrays(split, limit=None):
    data = load(split, shuffle=False, batch_size=20, limit=limit)
    return tuple(map(np.concatenate, zip(*data.as_numpy_iterator(), strict=True)))


def train(variant, epochs, every, reference, watched, limit=None):
    """A trained model, and what was measured every so many epochs."""
    keras.utils.set_random_seed(0)
    data = load(batch_size=64, limit=limit, augment="mirror")
    model = gan_keras.CGAN(
        (SIZE, SIZE, 3), GROUPS, "projection", recipe="fast", average=0.999, seed=0,
        augment=variant == "all images varied",
    )  # fmt: skip
    rate = ConstantThenLinear(1e-3, epochs * len(data))
    model.compile(*(keras.optimizers.Adam(rate, 0.5, 0.99) for _ in range(2)))
    if variant == "real images varied":
        vary = DifferentiableAugment(seed=0)
        data = data.map(lambda x, y: (tf.clip_by_value(vary(x, training=True), -1, 1), y))
    distance = gan_keras.callbacks.Evaluate(
        reference, n=len(reference.features), every=every, labels=reference.labels
    )
    memory = Memory(watched, every)
    model.fit(data, epochs=epochs, verbose=0, callbacks=[distance, memory])
    points = [
        {"epoch": epoch, "frechet": round(frechet, 3)}
        | {name: round(score, 4) for name, score in scores.items()}
        for (epoch, frechet), scores in zip(distance.scores, memory.scores, strict=True)
    ]
    return model, points


def compare(epochs=100, every=10, variants=VARIANTS, limit=None, progress=print):
    """Trains and measures the variants.

    Args:
        epochs: of training.
        every: epochs between two measurements.
        variants: names as in `VARIANTS`.
        limit: training images, and reference images, to use; None for all.
        progress: called with one line of text after each run.

    Returns:
        (results, images): a dict that JSON can hold, and {variant: (24, 32, 32, 3)}, two images of
        each group.
    """
    reference = gan_keras.metrics.load_reference("emoji", limit, image_size=SIZE)
    held_out = [arrays(split, limit) for split in ("validation", "test")]
    watched = {
        "trained on": arrays("train", limit),
        "held out": tuple(map(np.concatenate, zip(*held_out, strict=True))),
    }
    curves, images = {}, {}
    for variant in variants:
        begun = time.monotonic()
        model, curves[variant] = train(variant, epochs, every, reference, watched, limit)
        images[variant] = model.generate(2 * GROUPS, np.repeat(np.arange(GROUPS), 2), seed=0)
        progress(f"{variant}: {curves[variant][-1]}, {time.monotonic() - begun:.0f} s")
    return {
        "command": f"python benchmarks/few_images.py --epochs {epochs}",
        "machine": describe(),
        "settings": {"epochs": epochs, "limit": limit, "n": len(reference.features)},
        "curves": curves,
    }, images


def make(**options):
    """Runs the comparison and writes its two files; options as for `compare`."""
    begun = time.monotonic()
    results, images = compare(**options)
    results["minutes"] = round((time.monotonic() - begun) / 60, 1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "few_images.json").write_text(json.dumps(results, indent=1) + "\n")
    sheet = tile(np.concatenate(list(images.values())), 2 * GROUPS)
    Image.fromarray(np.uint8(np.round(sheet * 255))).save(RESULTS / "few_images.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=100)
    make(epochs=parser.parse_args().epochs)
