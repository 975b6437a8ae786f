"""What `gan-keras train` keeps and shows while a model is trained."""

import csv
import time
from pathlib import Path

from gan_keras import callbacks

import keras


class History(keras.callbacks.Callback):
    """One line an epoch in a CSV file; a training that goes on adds its lines, each epoch once.

    The column `seconds` is the time that the training has taken up to the end of the epoch. After
    an interruption it goes on from the last epoch that was kept: what was lost does not count.
    """

    def __init__(self, path):
        super().__init__()
        self.path = Path(path)

    def on_train_begin(self, logs=None):
        begin = self.model._initial_epoch or 0
        self._begun = time.monotonic()
        kept(self.path)  # Refuses a damaged file before it is written anew.
        if self.path.exists():
            head, *lines = self.path.read_text().splitlines(keepends=True) or [""]
            # An epoch whose backup was not finished is trained and written again.
            lines = [line for line in lines if int(line.split(",")[0]) < begin]
            self.path.write_text("".join([head, *lines]))
        _, self._before = kept(self.path)

    def on_epoch_end(self, epoch, logs=None):
        row = {"epoch": epoch, "seconds": round(self.seconds(), 1)}
        row |= {name: float(value) for name, value in (logs or {}).items()}
        new = not self.path.exists() or self.path.stat().st_size == 0
        with self.path.open("a", newline="") as file:
            writer = csv.DictWriter(file, row, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(row)

    def seconds(self) -> float:
        """Time of this training so far, all its parts together."""
        return self._before + time.monotonic() - self._begun


def kept(path) -> tuple[int, float]:
    """How many epochs a history has, and the seconds they took.

    Raises:
        ValueError: if the file is no history.
    """
    if not Path(path).exists():
        return 0, 0.0
    try:
        with open(path, newline="") as file:
            rows = [(int(row["epoch"]), float(row["seconds"])) for row in csv.DictReader(file)]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} is damaged: not every line says which epoch it is and how many seconds the "
            "training had taken. Put the file right, remove it to count from 0, or give another "
            "--out."
        ) from error
    return (rows[-1][0] + 1, rows[-1][1]) if rows else (0, 0.0)


class TimeLimit(keras.callbacks.Callback):
    """Ends a training when its time is up, within an epoch if need be.

    Args:
        limit: seconds of the whole training, its parts together.
        history: the `History` that counts them; it stands before this callback.
        falling: optimizers whose learning rate stays for the first half of the time and falls to 0
            over the second, as `schedules.ConstantThenLinear` has it for steps.
    """

    def __init__(self, limit, history, falling=()):
        super().__init__()
        self.limit, self.history = limit, history
        # As they are now: a backup restores them fallen.
        self._rates = [(optimizer, float(optimizer.learning_rate)) for optimizer in falling]

    def on_train_batch_begin(self, batch, logs=None):
        self._look()

    def on_train_batch_end(self, batch, logs=None):
        self._look()

    def left(self) -> float:
        """Seconds until the end."""
        return max(0.0, self.limit - self.history.seconds())

    def _look(self):
        left = self.left()
        if left == 0:
            self.model.stop_training = True
        for optimizer, rate in self._rates:
            optimizer.learning_rate = rate * min(1.0, 2 * left / self.limit)


class Progress(callbacks.Progress):
    """As the library's, with the time of all parts, and what is left of a limit.

    Args:
        history: the `History` that counts the time; it stands before this callback.
        limit: a `TimeLimit`, or None where the number of epochs ends the training.
        lines: see the library's.
    """

    def __init__(self, history, limit, lines):
        super().__init__(lines)
        self.history, self.limit = history, limit

    def spent(self):
        return self.history.seconds()

    def left(self, done):
        return self.limit.left() if self.limit else super().left(done)

    def place(self):
        return f"epoch {self._epoch + 1}" if self.limit else super().place()
