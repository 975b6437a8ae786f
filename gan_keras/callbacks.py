"""Keras callbacks that show, measure and keep how training goes."""

import importlib.util
import time
from pathlib import Path

from gan_keras import plotting
from gan_keras.backup import Backup

import keras
import numpy as np
import tensorflow as tf
from PIL import Image

__all__ = ["Backup", "Evaluate", "Progress", "SampleGrid", "TensorBoard", "TranslationGrid"]


class Progress(keras.callbacks.Callback):
    """One line that overwrites itself: epoch, time, time left, and what the model tracks.

    Use it with `fit(verbose=0)`: a notebook then keeps one line instead of a log.

    The time left is the pace since the first step, with all that callbacks do, times what is to
    come. The first step itself, in which graphs are built, says nothing about the others.

    Args:
        lines: True writes a new line instead, at most every 10 seconds: for a log file.
    """

    def __init__(self, lines: bool = False):
        super().__init__()
        self.lines = lines

    def on_train_begin(self, logs=None):
        self._begun = self._shown = time.monotonic()
        self._width = 0
        self._epoch = self._paced_from = None

    def on_epoch_begin(self, epoch, logs=None):
        self._epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        steps = self.params.get("steps")
        # The last execution of several steps may end before its last step.
        done = self._epoch + (min(1, (batch + 1) / steps) if steps else 0)
        if self._paced_from is None:
            self._paced_from = time.monotonic(), done
        if time.monotonic() - self._shown > (10 if self.lines else 1):
            self._show(done, logs or {})

    def on_epoch_end(self, epoch, logs=None):
        last = epoch + 1 == self.params["epochs"] or self.model.stop_training
        if last or not self.lines or time.monotonic() - self._shown > 10:
            self._show(epoch + 1, logs or {}, last)

    def on_train_end(self, logs=None):
        if self._epoch is not None and not self.lines:
            print()

    def spent(self) -> float:
        """Seconds of training so far."""
        return time.monotonic() - self._begun

    def left(self, done: float) -> float:
        """Seconds until the end, after `done` epochs; 0 if not known yet."""
        since, first = self._paced_from
        pace = (time.monotonic() - since) / (done - first) if done > first else 0
        return pace * (self.params["epochs"] - done)

    def place(self) -> str:
        """Which epoch it is."""
        epochs = self.params["epochs"]
        return f"epoch {min(self._epoch + 1, epochs)}/{epochs}"

    def _show(self, done, logs, last=False):
        self._shown = time.monotonic()
        values = ", ".join(f"{name} {float(value):.3f}" for name, value in logs.items())
        left = 0 if last else self.left(done)
        line = f"{self.place()}, {duration(self.spent())}"
        line += f", {duration(left)} left" if left > 0 else ""
        line += f": {values}"
        if self.lines:
            print(line, flush=True)
        else:
            print("\r" + line.ljust(self._width), end="", flush=True)
            self._width = len(line)


def duration(seconds: float) -> str:
    """A time as a reader says it: 95 s, 4 min 37 s, 2 h 5 min."""
    seconds = round(seconds)
    if seconds < 120:
        return f"{seconds} s"
    if seconds < 2 * 3600:
        return f"{seconds // 60} min {seconds % 60} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60} min"


class _Grid(keras.callbacks.Callback):
    """Keeps what the model makes of the same input as training goes on, and writes it as grids.

    A subclass has a method `images`: what is drawn, (n, H, W, C) in [-1, 1], by the model as it is.
    """

    def __init__(self, every, folder, seconds=0.0):
        super().__init__()
        self.every, self.folder = every, Path(folder) if folder is not None else None
        self.seconds, self._drawn = seconds, time.monotonic()
        self.frames = []

    def on_train_begin(self, logs=None):
        if not self.frames:
            self._draw(self.model._initial_epoch or 0)  # Not 0 where a training goes on.
        self._done = self.frames[-1][0]

    def on_epoch_end(self, epoch, logs=None):
        self._done = epoch + 1
        due = (epoch + 1) % self.every == 0 and time.monotonic() - self._drawn >= self.seconds
        if due or epoch + 1 == self.params["epochs"] or self.model.stop_training:
            self._draw(epoch + 1)

    def on_train_end(self, logs=None):
        if self._done != self.frames[-1][0]:  # A callback further down has ended the training.
            self._draw(self._done)
        if self.folder is not None and len(self.frames) > 1:
            (self.folder / "animation.png").write_bytes(self.animation().data)

    def animation(self, columns: int | None = None, seconds: float = 0.3):
        """The grids one after the other, as `plotting.animate` makes them."""

        def draw(ax, frame):
            epoch, images = frame
            plotting.image_grid(images, columns, title=f"after epoch {epoch}", ax=ax)

        return plotting.animate(draw, self.frames, seconds)

    def _draw(self, epoch):
        images = self.images()
        self._drawn = time.monotonic()
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
        every: epochs between two pictures; the state before the first epoch and that after the last
            are drawn too. Where a training goes on, and `Backup` stands before this callback, the
            first is of the state that was kept.
        seconds: at least between two pictures, where epochs are short.
        folder: where to write each grid as epoch_0001.png, and, when training ends, all of them
            as animation.png, a PNG with several frames; None writes nothing.
        **generate: further arguments of the model's `generate`, such as `labels`.

    Attributes:
        frames: list of (epoch, images), images (n, H, W, C) in [-1, 1].
    """

    def __init__(self, n: int = 16, seed: int = 0, every: int = 1, folder=None, seconds=0.0,
                 **generate):  # fmt: skip
        super().__init__(every, folder, seconds)
        self.n, self.seed, self.generate = n, seed, generate

    def images(self):
        return self.model.generate(self.n, seed=self.seed, **self.generate)


class TranslationGrid(_Grid):
    """Translates the same images as training goes on.

    Args:
        inputs: (n, H, W, C) in [-1, 1], of the side that is translated.
        every, folder, seconds: see `SampleGrid`.
        **translate: further arguments of the model's `translate`, such as `direction`, or `seed`
            for a model that translates at random.

    Attributes:
        frames: list of (epoch, translations).
    """

    def __init__(self, inputs, every: int = 1, folder=None, seconds=0.0, **translate):
        super().__init__(every, folder, seconds)
        self.inputs, self.translate = inputs, translate

    def images(self):
        return self.model.translate(self.inputs, **self.translate)


class TensorBoard(keras.callbacks.TensorBoard):
    """Keras' logs for TensorBoard, with the grids that another callback draws, and the networks.

    Args:
        folder: for the logs; show them with `tensorboard --logdir FOLDER`.
        grid: a `SampleGrid` or `TranslationGrid` that stands before this callback; None for none.

    Raises:
        ImportError: if the package tensorboard is not installed.
    """

    def __init__(self, folder, grid: _Grid | None = None):
        if importlib.util.find_spec("tensorboard") is None:
            raise ImportError(
                "The package tensorboard is not installed, which TensorFlow needs to write its "
                "logs: pip install tensorboard."
            )
        super().__init__(str(folder), write_graph=False)
        self.grid = grid

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        self._written = set()
        with self._train_writer.as_default():
            tf.summary.graph(self._networks().as_graph_def())
        self._write_grids()

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        self._write_grids()

    def on_train_end(self, logs=None):
        self._write_grids()
        super().on_train_end(logs)

    def _write_grids(self):
        frames = self.grid.frames if self.grid else []
        with self._train_writer.as_default():
            for epoch, images in frames:
                if epoch not in self._written:
                    tf.summary.image("images", plotting.tile(images)[None], step=epoch)
                    self._written.add(epoch)

    def _networks(self):
        """A graph of all networks, each called once: of models with several, Keras writes none.

        Those that do not say what they take, as subclasses of `keras.Model`, are left out.
        """
        networks = {
            name: network
            for name, network in vars(self.model).items()
            if isinstance(network, keras.Model) and not name.startswith("averaged")
            if getattr(network, "inputs", None)
        }

        @tf.function
        def call():
            for name, network in networks.items():
                with tf.name_scope(name):
                    inputs = [tf.zeros([1, *x.shape[1:]], x.dtype) for x in network.inputs]
                    network(inputs if len(inputs) > 1 else inputs[0], training=False)

        return call.get_concrete_function().graph


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
