"""What `fit`, averaged weights, callbacks and real data cost beside the bare compiled step.

    python benchmarks/overhead.py [--rounds 25] [--seconds 60]

For each model in its recipe "fast", on batches as in the chapters, in one process and on one and
the same model, as two that are alike differ by some percent in where they lie in memory; and then
on a second one, as the ratios differ likewise from one to the next:

- bare: the training step without averaged weights, compiled by `tf.function` and called on one
  batch again and again;
- fit: steps of `fit` on the same batch again and again, with averaged weights and the callbacks
  `Progress` and `TerminateOnNaN`; what an epoch takes at its beginning and end is measured on short
  ones, and spread over as many steps as that of the data has;
- same, data: steps of `fit` on this batch, and on the data set that a reader trains on, shuffled.

They take turns within an epoch of `fit`: two executions of fit and two of bare, which a callback
calls; some steps of same and as many of data. Whole epochs, and turns of a second, differ by more
than the 2 to 5 % that are looked for here. What comes before an epoch's first batch, above all the
order of all examples, is measured by itself and spread over its steps. Medians do not tell what
happens at few steps: of `fit`'s callbacks, a line that is printed each second, and a look for NaN
every 100 steps.

The size of a batch is known to all or to none, as it is in that data set: what a step takes longer
that does not know it (`unknown_size`) is neither `fit`'s doing nor the data's.

Models are compiled as in the chapters: the dense GAN with several steps an execution, as what Keras
does between two of its steps takes some percent of one. With one it is measured too.

The first step, which is traced, is measured by itself. Writes results/overhead.json, and ends with
an error where a ratio of `GOALS` is missed.
"""

import argparse
import collections
import contextlib
import io
import json
import math
import statistics
import sys
import time
from unittest import mock

import gan_keras

import keras
import numpy as np
import steps
import tensorflow as tf
import turns
from machine import keep

# Model: the data that it is trained on in its chapter.
DATA = {
    "GAN": {"name": "mnist", "batch_size": 128},
    "DCGAN": {"name": "fashion_mnist", "batch_size": 128},
    "CGAN": {"name": "mnist", "batch_size": 128, "labels": True},
    "Pix2Pix": {"name": "emoji", "pair": ("line", "color"), "image_size": 64, "batch_size": 16},
    "CycleGAN": {"name": "emoji", "pair": ("color", "noto"), "paired": False, "image_size": 64,
                 "batch_size": 4},
}  # fmt: skip
# `steps_per_execution` in the chapters, where it is not Keras' 1.
EXECUTIONS = {"GAN": 8}
LEAST = 6  # Executions of bare and of fit.
# Of a turn of same or data: steps at either end that do not count, as the pipeline works some
# batches ahead, for the next turn; and steps between them that do, in three executions at least.
EDGE, COUNTED = 2, 6
# The most that a step may take, over one of what it is compared with.
GOALS = {("fit", "bare"): 1.05, ("data", "same"): 1.02}


class EpochTime(keras.callbacks.Callback):
    """Seconds that each execution of the last epoch took, the first with what comes before it, and
    what the epoch took after its last.

    Args:
        between: called after each execution with the number of those done; its time is left out.
    """

    def __init__(self, between=None):
        super().__init__()
        self.between = between

    def on_epoch_begin(self, epoch, logs=None):
        self.executions, self.since = [], time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.executions.append(time.perf_counter() - self.since)
        if self.between:
            self.between(len(self.executions))
        self.since = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.after = time.perf_counter() - self.since

    def once(self):
        """Seconds that the epoch took beside its executions."""
        first, *others = self.executions
        return first - statistics.median(others) + self.after

    def step(self, steps):
        """Seconds that a step takes in an epoch of so many."""
        execution = statistics.median(self.executions[1:])
        return execution / self.model.steps_per_execution + self.once() / steps

    def turns(self, length, edge):
        """Seconds that a step takes in each turn of so many executions, the median of those that
        are not at its edges."""
        executions = np.reshape(self.executions, (-1, length))[:, edge:-edge]
        return np.median(executions, axis=1) / self.model.steps_per_execution


def build(name, data, seed=0, steps_per_execution=1):
    keras.utils.set_random_seed(seed)
    shapes = [tuple(x.shape[1:]) for x in keras.tree.flatten(data.element_spec)]
    options = {}
    if name in ("Pix2Pix", "CycleGAN"):
        options["target_shape"] = shapes[1]
    if name != "GAN":
        options["recipe"] = "fast"
    model = getattr(gan_keras, name)(shapes[0], seed=seed, **options)
    model.compile(steps_per_execution=steps_per_execution)
    return model


def cached(batch, spec):
    """A data set of this one batch, whose size is known if it is in `spec`."""

    def as_known(x, spec):
        return tf.raw_ops.PlaceholderWithDefault(input=x, shape=spec.shape)

    data = tf.data.Dataset.from_tensors(batch)
    return data.map(
        lambda *x: keras.tree.map_structure(as_known, x if len(x) > 1 else x[0], spec)
    ).cache()


def epoch(model, data, between=None):
    """An epoch of `fit`, as chapters call it, and its `EpochTime`."""
    watch = EpochTime(between)
    data.in_range = True  # As that is which all of these are made of.
    with contextlib.redirect_stdout(io.StringIO()):
        callbacks = [gan_keras.callbacks.Progress(), keras.callbacks.TerminateOnNaN(), watch]
        model.fit(data, verbose=0, callbacks=callbacks)
    return watch


def first_batch(data):
    """Seconds until it is there."""
    begun = time.perf_counter()
    next(iter(data))
    return time.perf_counter() - begun


def in_turns(model, same, bare, seconds):
    """Seconds a step of fit, and of bare, two by two in an epoch that takes so long.

    Args:
        bare: function without arguments that returns the seconds a step takes in one execution.
    """
    found, several = [], model.steps_per_execution

    def two(done):  # fit, bare, bare, fit, fit, bare ...
        if done % 2:
            found.extend([bare(), bare()])

    bare()
    pairs = max(LEAST, math.ceil(seconds / (2 * several * bare())))
    watch = epoch(model, same.repeat((pairs + 1) * several), two)
    # The first execution comes with what begins an epoch, and has no partner.
    return np.divide(watch.executions[1:], several), np.array(found[1 : pairs + 1])


def in_one_epoch(model, same, data, pairs):
    """Seconds a step of each turn of same, and of data, in an epoch of so many pairs of turns."""
    several = model.steps_per_execution
    edge = math.ceil(EDGE / several)
    length = 2 * edge + max(3, math.ceil(COUNTED / several))
    order = np.resize([0, 1, 1, 0], 2 * pairs)  # Every second pair goes backwards.
    choice = np.repeat(order, length * several)
    both = tf.data.Dataset.choose_from_datasets(
        [same.repeat(), data.repeat()], tf.data.Dataset.from_tensor_slices(choice)
    )
    both = both.apply(tf.data.experimental.assert_cardinality(len(choice)))
    found = epoch(model, both).turns(length, edge)
    return found[order == 0], found[order == 1]


def measure(name, rounds=25, seconds=60.0, data=None, several=None, builds=2):
    """One row of the table: seconds of the first step, milliseconds of the others, and ratios.

    Args:
        rounds: turns of same, and of data, on all builds together.
        seconds: for which bare and fit take turns, likewise.
        builds: of the model.
    """
    data = data or gan_keras.load_dataset(**DATA[name])
    several = several or EXECUTIONS.get(name, 1)
    times, firsts = collections.defaultdict(list), []
    for _ in range(builds):
        found, first = measure_build(
            name, math.ceil(rounds / builds), seconds / builds, data, several
        )
        firsts.append(first)
        for key, values in found.items():
            times[key] += list(values)
    return {
        "model": name,
        "batch_size": DATA[name]["batch_size"],
        "steps_per_execution": several,
        "first_step_seconds": round(statistics.median(firsts), 1),
        "milliseconds": {
            key: round(1000 * float(np.median(values)), 2) for key, values in times.items()
        },
        "rounds": {key: len(values) for key, values in times.items()},
        "ratios": {f"{of} / {over}": turns.ratio(times, over, of) for of, over in GOALS},
    }


def measure_build(name, rounds, seconds, data, several):
    """{contender: seconds a step in each turn}, and the seconds of the first step."""
    batch, length = next(iter(data)), len(data)
    model = build(name, data, steps_per_execution=several)
    step = tf.function(model.train_step, input_signature=[data.element_spec], autograph=False)
    begun = time.perf_counter()
    with mock.patch.object(model, "update_average"):  # Left out of what is traced here.
        steps.finished(step(batch))
    first = time.perf_counter() - begun

    def bare():
        begun = time.perf_counter()
        for _ in range(several):
            result = step(batch)
        steps.finished(result)
        return (time.perf_counter() - begun) / several

    same = cached(batch, data.element_spec).with_options(data.options())
    once = statistics.median(epoch(model, same.repeat(4 * several)).once() for _ in range(3))
    fit, alone = in_turns(model, same, bare, seconds)
    times = {"bare": alone, "fit": fit + once / length}

    found = in_one_epoch(model, same, data, pairs=rounds)
    for key, x, each in zip(("same", "data"), (same, data), found, strict=True):
        once = statistics.median(first_batch(x) for _ in range(5)) / length
        times[key] = each + once
    return times, first


def unknown_size(name, rounds=9, seconds=1.0):
    """How many times as long a step takes that is traced without the size of its batches."""
    data = gan_keras.load_dataset(**DATA[name])
    batch = next(iter(data))
    model = build(name, data)
    known = keras.tree.map_structure(tf.TensorSpec.from_tensor, batch)
    unknown = keras.tree.map_structure(
        lambda spec: tf.TensorSpec((None, *spec.shape[1:]), spec.dtype), known
    )
    runs = {
        key: steps.timed(
            tf.function(model.train_step, input_signature=[spec], autograph=False),
            (batch,),
            seconds,
        )
        for key, spec in {"known": known, "unknown": unknown}.items()
    }
    return turns.ratio(turns.take(runs, rounds), "known", "unknown")


def missed(rows):
    return [
        f"{row['model']}, {of} / {over}: {row['ratios'][f'{of} / {over}']}, goal {goal}"
        for row in rows
        if row["steps_per_execution"] == EXECUTIONS.get(row["model"], 1)
        for (of, over), goal in GOALS.items()
        if row["ratios"][f"{of} / {over}"] > goal
    ]


def main(rounds, seconds):
    rows = []
    for name in DATA:
        for several in sorted({1, EXECUTIONS.get(name, 1)}):
            rows.append(measure(name, rounds, seconds, several=several))
            print(json.dumps(rows[-1]), flush=True)
    keep("overhead", f"--rounds {rounds} --seconds {seconds}", rows=rows)
    return "\n".join(missed(rows)) or None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--seconds", type=float, default=60.0)
    sys.exit(main(**vars(parser.parse_args())))
