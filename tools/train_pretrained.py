"""Trains the models that come with the package, longer than a reader would.

    python tools/train_pretrained.py NAME [--epochs 60] [--policy mixed_bfloat16] [--seed 0]

Writes gan_keras/pretrained/NAME.npz and its card NAME.json, whose scores
`python benchmarks/scorecard.py NAME` then measures. The learning rate falls to 0 in a straight line
over the second half of training, or as the recipe says. An interrupted run goes on from its backup
in build/pretrained/.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

import gan_keras
from gan_keras import pretrained
from gan_keras.optimizers import Adam
from gan_keras.schedules import ConstantThenLinear

import keras
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from machine import describe  # noqa: E402

DIGITS = {"batch_size": 64}
EMOJI = {"image_size": 32, "augment": "mirror", "batch_size": 64}
FAST = {"recipe": "fast", "average": 0.999}
# name: class, its arguments, data set, how it is loaded, epochs, learning rate, which is None for
# models whose own falls likewise; or {from which epoch on: learning rate}
RECIPES = {
    "vae-mnist": ("VAE", {"noise": 0.8}, "mnist", {"batch_size": 128}, 1100, 1e-3),
    "gan-mnist": ("GAN", {"average": 0.999}, "mnist", {"batch_size": 128}, 420, 5e-4),
    "dcgan-fashion_mnist": ("DCGAN", FAST, "fashion_mnist", DIGITS, 120, 1e-3),
    # 1,926 drawings: without `augment` the discriminators learn them by heart.
    "dcgan-emoji": (
        "DCGAN",
        {**FAST, "image_shape": [32, 32, 3], "augment": True},
        "emoji",
        EMOJI,
        2000,
        1e-3,
    ),
    # In batches of 64 at 1e-3 the distance rises after some fifty epochs. In large ones, at a rate
    # that falls early, it does not, though the discriminator comes to know all digits by heart.
    "cgan-mnist": (
        "CGAN",
        FAST,
        "mnist",
        {"batch_size": 256},
        268,
        {0: 6.5e-4, 51: 1.5e-4, 145: 3e-5},
    ),
    # In batches of 64 at 1e-3 two groups became one drawing each.
    "cgan-emoji": (
        "CGAN",
        {**FAST, "image_shape": [32, 32, 3], "num_classes": 12, "conditioning": "projection",
         "augment": True, "width": 64},
        "emoji",
        {**EMOJI, "batch_size": 256},
        1850,
        1e-4,
    ),
    "pix2pix-emoji": (
        "Pix2Pix",
        {"image_shape": [64, 64, 1], "target_shape": [64, 64, 3], "recipe": "fast"},
        "emoji",
        {"pair": ["line", "color"], "exclude": ["flags"], "augment": "mirror", "batch_size": 16},
        100,
        None,
    ),
    # From `--seed 4` the colours stay as they are without an identity loss, from some not.
    "cyclegan-emoji": (
        "CycleGAN",
        {"recipe": "fast", "identity_weight": 0.0},
        "emoji",
        {"pair": ["color", "noto"], "paired": False, "exclude": [], "augment": "mirror",
         "batch_size": 4},
        50,
        None,
    ),
}  # fmt: skip


class Clock(keras.callbacks.Callback):
    """Minutes of training, kept in a file, so that an interrupted run counts them all.

    They are the processor's time over the number of cores, so that what else runs on the machine
    does not count.
    """

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.minutes = json.loads(path.read_text()) if path.exists() else 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.process_time()

    def on_epoch_end(self, epoch, logs=None):
        spent = time.process_time() - self.begun
        self.minutes += spent / len(os.sched_getaffinity(0)) / 60
        self.path.write_text(json.dumps(self.minutes))
        print(f"epoch {epoch + 1}, {self.minutes:.1f} minutes", logs, flush=True)


class Translations(keras.callbacks.Callback):
    """Every few epochs, how near the translated validation images come to their partners."""

    def __init__(self, data_name, loading, every):
        super().__init__()
        pairs = gan_keras.load_dataset(data_name, "validation", shuffle=False, **loading)
        sides = zip(*pairs.as_numpy_iterator(), strict=True)
        self.a, self.b = (np.concatenate(side) for side in sides)
        self.extractor, self.every = gan_keras.metrics.load_extractor(data_name), every

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            images = self.model.translate(self.a)
            scores = gan_keras.metrics.translation_scores(images, self.b, self.extractor)
            print(scores, flush=True)


def main(name, epochs=None, policy="float32", seed=0):
    class_name, arguments, data_name, loading, default_epochs, rate = RECIPES[name]
    epochs = epochs or default_epochs
    keras.utils.set_random_seed(seed)
    keras.config.set_dtype_policy(policy)
    model = getattr(gan_keras, class_name)(**arguments, seed=seed)
    translates = isinstance(model, gan_keras.TranslationModel)
    labels = not translates and bool(model.num_classes)
    data = gan_keras.load_dataset(data_name, labels=labels, **loading)
    steps = epochs * len(data)
    if translates:
        model.compile(steps=steps)
    else:
        if isinstance(rate, dict):
            ends = [epoch * len(data) for epoch in rate if epoch]
            rate = keras.optimizers.schedules.PiecewiseConstantDecay(ends, list(rate.values()))
        else:
            rate = ConstantThenLinear(rate, steps)
        if class_name == "VAE":
            model.compile(Adam(rate))
        else:
            model.compile(*(Adam(rate, 0.5, 0.99) for _ in range(2)))

    folder = ROOT / "build/pretrained" / f"{name}_{seed}"
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(folder / "minutes.json")
    # A collapse should be seen before the end.
    every = max(epochs // 10, 1)
    if translates:
        watch = Translations(data_name, {key: loading[key] for key in ("pair", "exclude")}, every)
    else:
        size = model.image_shape[:2]
        reference = gan_keras.metrics.load_reference(data_name, image_size=size)
        n = min(2000, len(reference.features))
        orders = {"labels": reference.labels[:n]} if model.num_classes else {}
        watch = gan_keras.callbacks.Evaluate(reference, n=n, every=every, **orders)
    backup = gan_keras.callbacks.Backup(folder / "backup")
    model.fit(data, epochs=epochs, verbose=0, callbacks=[backup, watch, clock])
    kept = {key: loading[key] for key in ("pair", "exclude") if key in loading}
    pretrained.save(
        model,
        pretrained.FOLDER / name,
        arguments,
        data=data_name,
        **kept,
        command=f"python tools/train_pretrained.py {name} --epochs {epochs} --policy {policy}"
        f" --seed {seed}",
        epochs=epochs,
        steps=int(model.step),
        batch_size=loading["batch_size"],
        minutes=round(clock.minutes, 1),
        machine=describe(),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=RECIPES)
    parser.add_argument("--epochs", type=int, help="in place of the recipe's own number")
    parser.add_argument("--policy", default="float32", help="mixed_bfloat16 is faster on some CPUs")
    parser.add_argument("--seed", type=int, default=0)
    main(**vars(parser.parse_args()))
