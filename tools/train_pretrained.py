"""Trains the models that come with the package, longer than a reader would.

    python tools/train_pretrained.py NAME [--epochs 60] [--policy mixed_bfloat16]

Writes gan_keras/pretrained/NAME.npz and its card NAME.json, whose scores
`python benchmarks/scorecard.py NAME` then measures. The learning rate falls to 0 in a straight line
over the second half of training. An interrupted run goes on from its backup in build/pretrained/.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import keras
import tensorflow as tf

import gan_keras
from gan_keras import pretrained
from gan_keras.schedules import ConstantThenLinear

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))
from machine import describe  # noqa: E402

DIGITS = {"batch_size": 64}
EMOJI = {"image_size": 32, "batch_size": 64}
FAST = {"recipe": "fast", "average": 0.999}
# name: class, its arguments, data set, how it is loaded, epochs
RECIPES = {
    "vae-mnist": ("VAE", {"noise": 0.8}, "mnist", {"batch_size": 128}, 60),
    "gan-mnist": ("GAN", {"average": 0.999}, "mnist", {"batch_size": 128}, 100),
    "dcgan-fashion_mnist": ("DCGAN", FAST, "fashion_mnist", DIGITS, 60),
    "dcgan-emoji": ("DCGAN", {**FAST, "image_shape": [32, 32, 3]}, "emoji", EMOJI, 600),
    "cgan-mnist": ("CGAN", FAST, "mnist", DIGITS, 60),
    # Trained for longer it collapses to one picture a class, and with concatenation as well.
    "cgan-emoji": (
        "CGAN",
        {**FAST, "image_shape": [32, 32, 3], "num_classes": 12, "conditioning": "projection"},
        "emoji",
        EMOJI,
        100,
    ),
}  # fmt: skip


class Clock(keras.callbacks.Callback):
    """Minutes of training, kept in a file, so that an interrupted run counts them all."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.minutes = json.loads(path.read_text()) if path.exists() else 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.minutes += (time.monotonic() - self.begun) / 60
        self.path.write_text(json.dumps(self.minutes))
        print(f"epoch {epoch + 1}, {self.minutes:.1f} minutes", logs, flush=True)


def mirrored(*batch):
    """Each image as it is or mirrored: a drawing seen in a mirror is a likely drawing."""
    images = batch[0]
    turn = tf.random.uniform((tf.shape(images)[0], 1, 1, 1)) < 0.5
    images = tf.where(turn, images[:, :, ::-1], images)
    return (images, *batch[1:]) if len(batch) > 1 else images


def main(name, epochs=None, policy="float32"):
    class_name, arguments, data_name, loading, default_epochs = RECIPES[name]
    epochs = epochs or default_epochs
    keras.utils.set_random_seed(0)
    keras.config.set_dtype_policy(policy)
    model = getattr(gan_keras, class_name)(**arguments, seed=0)
    data = gan_keras.load_dataset(data_name, labels=bool(model.num_classes), **loading)
    if data_name == "emoji":
        data = data.map(mirrored)

    rate = 1e-3 if class_name in ("VAE", "DCGAN", "CGAN") else 5e-4
    schedule = ConstantThenLinear(rate, epochs * len(data))
    if class_name == "VAE":
        model.compile(keras.optimizers.Adam(schedule))
    else:
        model.compile(*(keras.optimizers.Adam(schedule, 0.5, 0.99) for _ in range(2)))

    folder = ROOT / "build/pretrained" / name
    folder.mkdir(parents=True, exist_ok=True)
    clock = Clock(folder / "minutes.json")
    # A collapse should be seen before the end.
    reference = gan_keras.metrics.load_reference(data_name)
    n = min(2000, len(reference.features))
    orders = {"labels": reference.labels[:n]} if model.num_classes else {}
    evaluate = gan_keras.callbacks.Evaluate(reference, n=n, every=max(epochs // 10, 1), **orders)
    model.fit(
        data,
        epochs=epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.BackupAndRestore(folder / "backup", delete_checkpoint=False),
            evaluate,
            clock,
        ],
    )
    pretrained.save(
        model,
        pretrained.FOLDER / name,
        arguments,
        data=data_name,
        command=f"python tools/train_pretrained.py {name} --epochs {epochs} --policy {policy}",
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
    main(**vars(parser.parse_args()))
