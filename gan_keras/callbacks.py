"""Keras callbacks that show, measure and keep how training goes."""

import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from gan_keras import plotting
from gan_keras.backup import Backup

__all__ = ["Backup", "Evaluate", "Progress", "SampleGrid", "TranslationGrid"]


class Progress(keras.callbacks.Callback):
    """One line that overwrites itself: epoch, time, time left, and what the model tracks.

    Use it with `fit(verbose=0)`: a notebook then keeps one line instead of a log.
    """

    def on_train_begin(self, logs=None):
        self._begun = self._shown = time.monotonic()
        self._width = 0
        self._epoch = self._paced_from = None

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params.get("steps")
        done = self._epoch + ((batch + 1) / steps if steps else 0)
        if self._paced_from is None:
            # The first step takes the time of tracing, which says nothing about the others.
            self._paced_from = time.monotonic(), done
        if time.monotonic() - self._shown > 1:
            self._show(done, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        self._show(epoch + 1, logs or {})

    def on_train_end(self, logs=None):
        if self._epoch is not None:
            print()

    def _show(self, done, logs):
        self._shown = time.monotonic()
        epochs, spent = self.params["epochs"], self._shown - self._begun
        since, first = self._paced_from
        pace = (self._shown - since) / (done - first) if done > first else 0
        values = ", ".join(f"{name} {float(value):.3f}" for name, value in logs.items())
        line = f"epoch {min(self._epoch + 1, epochs)}/{epochs}, {spent:.0f} s"
        line += f", {pace * (epochs - done):.0f} s left" if pace and done < epochs else ""
        line += f": {values}"
        print("\r" + line.ljust(self._width), end="", flush=True)
        self._width = len(line)


class _Grid(keras.callbacks.Callback):
    """Keeps what the model makes of the same input as training goes on, and writes it as grids.

    A subclass has a method `images`: what is drawn, (n, H, W, C) in [-1, 1], by the model as it is.
    """

    def __init__(self, every, folder):
        super().__init__()
        self.every, self.folder = every, Path(folder) if folder is not None else None
        self.frames = []

    def on_train_begin(self, logs=None):
        if not self.frames:
            self._draw(0)

    def on_epoch_end(self, epoch, logs=None):
        if (epoch + 1) % self.every == 0:
            self._draw(epoch + 1)

    def on_train_end(self, logs=None):
        if self.folder is not None:
            (self.folder / "animation.png").write_bytes(self.animation().data)

    def animation(self, columns: int | None = None, seconds: float = 0.3):
        """The grids one after the other, as `plotting.animate` makes them."""

        def draw(ax, frame):
            epoch, images = frame
            plotting.image_grid(images, columns, title=f"after epoch {epoch}", ax=ax)

        return plotting.animate(draw, self.frames, seconds)

    def _draw(self, epoch):
        images = self.images()
        self.frames.append((epoch, images))
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            sheet = np.uint8(np.round(plotting.tile(images).squeeze() * 255))
            Image.fromarray(sheet).save(self.folder / f"epoch_{epoch:04d}.png")


class SampleGrid(_Grid):
    """Draws images from the same latent vectors as training goes on.

    Args:
        n: number of images.
        seed: of the latent vectors.
        every: epochs between two pictures; the state before the first epoch is drawn too.
        folder: where to write each grid as epoch_0001.png, and, when training ends, all of them
            as animation.png, a PNG with several frames; None writes nothing.
        **generate: further arguments of the model's `generate`, such as `labels`.

    Attributes:
        frames: list of (epoch, images), images (n, H, W, C) in [-1, 1].
    """

    def __init__(self, n: int = 16, seed: int = 0, every: int = 1, folder=None, **generate):
        super().__init__(every, folder)
        self.n, self.seed, self.generate = n, seed, generate

    def images(self):
        return self.model.generate(self.n, seed=self.seed, **self.generate)


class TranslationGrid(_Grid):
    """Translates the same images as training goes on.

    Args:
        inputs: (n, H, W, C) in [-1, 1], of the side that is translated.
        every, folder: see `SampleGrid`.
        **translate: further arguments of the model's `translate`, such as `direction`, or `seed`
            for a model that translates at random.

    Attributes:
        frames: list of (epoch, translations).
    """

    def __init__(self, inputs, every: int = 1, folder=None, **translate):
        super().__init__(every, folder)
        self.inputs, self.translate = inputs, translate

    def images(self):
        return self.model.translate(self.inputs, **self.translate)


class Evaluate(keras.callbacks.Callback):
    """Measures what the model draws as training goes on, always from the same latent vectors.

    Adds `frechet` to the epoch's logs, and so to `history` and, if a `TensorBoard` callback stands
    after this one, to its curves; NaN for the epochs between. The full table is in `scores`.

    Args:
        reference: a `metrics.Reference`.
        n: images drawn each time. The Fréchet distance falls with n: compare at equal n.
        every: epochs between two measurements.
        seed: of the latent vectors.
        full: measure all of `Reference.measure`, and add precision, recall, density, coverage and
            kernel to the logs.
        labels: (n,) classes to order from a conditional model; with them, and with `full`,
            `accuracy` is added too.

    Attributes:
        scores: list of (epoch, Scores) if `full`, else of (epoch, Fréchet distance).
        seconds: time that measuring has taken.
    """

    def __init__(self, reference, n=2000, every=1, seed=0, full=False, labels=None):
        super().__init__()
        self.reference, self.n, self.every, self.seed = reference, n, every, seed
        self.full, self.labels = full, labels
        self.scores, self.seconds = [], 0.0

    def on_epoch_end(self, epoch, logs=None):
        logs = {} if logs is None else logs
        due = (epoch + 1) % self.every == 0
        measured = self._measure(epoch + 1) if due else {}
        names = ["frechet"]
        if self.full:
            names += ["kernel", "precision", "recall", "density", "coverage"]
            names += ["accuracy"] if self.labels is not None else []
        logs.update({name: measured.get(name, float("nan")) for name in names})

    def _measure(self, epoch):
        begun = time.monotonic()
        labels = {} if self.labels is None else {"labels": self.labels}
        images = self.model.generate(self.n, seed=self.seed, **labels)
        if self.full:
            scores = self.reference.measure(images, **labels)
            measured = scores.as_dict()
        else:
            scores = self.reference.frechet(images)
            measured = {"frechet": scores}
        self.scores.append((epoch, scores))
        self.seconds += time.monotonic() - begun
        return measured
