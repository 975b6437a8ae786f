"""What a model makes of 50, 500 and 5,000 pictures, trained for the same number of steps.

    python benchmarks/own_pictures.py [--steps 2000]

trains `DCGAN(recipe="fast")` on so many of Fashion-MNIST's training images, as they are and with
`augment=True`, which varies all that the discriminator sees (Zhao et al. 2020, arXiv:2006.10738).
Measured on the way, of 2,000 images drawn from the same latent vectors:

- the Fréchet classifier distance to the 10,000 test images;
- copies: how many of them are nearer, pixel by pixel, to a training image than to any of as many
  test images. Half, if the model has learned what clothes look like; all, if it draws the training
  images from memory.

Writes results/own_pictures.json, and results/own_pictures.png: of each model 8 images as they come,
and below each the training image that is nearest. `book/own_pictures.md` shows both.
"""

import argparse
import time

import gan_keras
from gan_keras.plotting import tile

import keras
import machine
import numpy as np
from PIL import Image

NUMBERS, DRAWN, SHOWN = (50, 500, 5_000), 2_000, 8


class Watch(keras.callbacks.Callback):
    """After each part of the training: steps, seconds, distance, copies."""

    def __init__(self, known, others, reference, steps):
        super().__init__()
        self.known, self.others, self.reference, self.steps = known, others, reference, steps
        self.points, self.seconds = [], 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.begun = time.monotonic()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds += time.monotonic() - self.begun
        images = self.model.generate(self.reference_n, seed=0)
        to_known, to_others = (
            gan_keras.metrics.nearest(images, real)[0] for real in (self.known, self.others)
        )
        self.points.append({
            "steps": (epoch + 1) * self.steps,
            "seconds": round(self.seconds, 1),
            "frechet": round(self.reference.frechet(images), 2),
            "copies": round(float((to_known < to_others).mean()), 3),
        })  # fmt: skip

    @property
    def reference_n(self):
        return min(DRAWN, len(self.reference.features))


def arrays(split, limit):
    options = {"shuffle": False, "batch_size": min(limit, 50), "limit": limit}
    data = gan_keras.load_dataset("fashion_mnist", split, **options)
    return np.concatenate(list(data.as_numpy_iterator()))


def train(number, augment, steps, parts, reference):
    """A model trained on `number` images, what was measured, and those images."""
    gan_keras.set_seed(0)
    data = gan_keras.load_dataset("fashion_mnist", limit=number, batch_size=min(64, number))
    known, others = arrays("train", number), arrays("test", number)
    model = gan_keras.DCGAN((28, 28, 1), recipe="fast", augment=augment, seed=0)
    model.compile()
    watch = Watch(known, others, reference, steps // parts)
    model.fit(
        data.repeat(), epochs=parts, steps_per_epoch=steps // parts, verbose=0, callbacks=[watch]
    )
    return model, watch.points, known


def make(steps=2_000, parts=4, numbers=NUMBERS, limit=None):
    """Trains, measures, and writes the two files.

    Args:
        steps: of each training.
        parts: how often each is measured.
        numbers: of training images.
        limit: test images to measure with; None for all.
    """
    reference = gan_keras.metrics.load_reference("fashion_mnist", limit)
    begun, runs, rows = time.monotonic(), [], []
    for number in numbers:
        for augment in (False, True):
            model, points, known = train(number, augment, steps, parts, reference)
            runs.append({"pictures": number, "augment": augment, "points": points})
            drawn = model.generate(SHOWN, seed=1)
            nearest = known[gan_keras.metrics.nearest(drawn, known)[1][:, 0]]
            rows.append(np.stack([drawn, nearest]))
            print(f"{number}, augment={augment}: {points[-1]}", flush=True)
    # Beside each other the model without and with augmentation.
    sheet = np.concatenate([np.concatenate(rows[i : i + 2], 1) for i in range(0, len(rows), 2)])
    sheet = tile(sheet.reshape(-1, *sheet.shape[2:]), 2 * SHOWN)
    machine.RESULTS.mkdir(exist_ok=True)
    picture = Image.fromarray(np.uint8(np.round(sheet[..., 0] * 255)))
    twice = (picture.width * 2, picture.height * 2)
    picture.resize(twice, Image.Resampling.NEAREST).save(
        machine.RESULTS / "own_pictures.png", optimize=True
    )
    minutes = round((time.monotonic() - begun) / 60, 1)
    settings = {"steps": steps, "drawn": min(DRAWN, len(reference.features))}
    machine.keep("own_pictures", f"--steps {steps}", settings=settings, runs=runs, minutes=minutes)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=2_000)
    make(steps=parser.parse_args().steps)
