"""What `fit`, averaged weights, callbacks and real data cost beside the bare compiled step.

    python benchmarks/overhead.py [--builds 3] [--seconds 20] [--rounds 20]

For each model in its recipe "fast", on batches as in the chapters, in one process and on one and
the same model, as two that are alike differ by some percent in where they lie in memory; and then
on others, as the ratios differ likewise from one to the next:

- bare: the training step without averaged weights, compiled by `tf.function` and called on one
  batch again and again;
- fit: steps of `fit` on the same batch again and again, with averaged weights and the callbacks
  `Progress` and `TerminateOnNaN`; what an epoch takes at its beginning and end is measured on short
  ones, and spread over as many steps as that of the data has;
- data: what the data set that a reader trains on, shuffled, takes of the processor for a batch,
  beyond one batch that is given again and again: an epoch of either is gone through without a
  model. In `fit` that is work beside a step which uses all cores, so that the step takes at most
  so much longer.

Fit and bare take turns within an epoch, two executions each; a callback calls those of bare. Whole
epochs differ by more than the 5 % that are looked for. So do, on a machine that others use as well,
epochs with data and with one batch by more than 2 %: the processor's time for a batch, some tenths
of a millisecond, is known far better than the difference of two steps. It is compared with that
difference nevertheless: steps on the data and on one batch take turns in an epoch of `fit`, and the
median of their ratios is given with its confidence interval of 95 %.

Medians do not tell what happens at few steps: of `fit`'s callbacks, a line that is printed each
second, and a look for NaN every 100 steps.

The size of a batch is known to all or to none, as it is in that data set: what a step takes longer
that does not know it (`unknown_size`) is neither `fit`'s doing nor the data's.

Models are compiled as in the chapters: the dense GAN with several steps an execution, as what Keras
does between two of its steps takes some percent of one. With one it is measured too.

The first step, which is traced, is measured by itself. Writes results/overhead.json, and ends with
an error where a ratio of `GOALS` is missed.
"""

import argparse
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
from scipy.stats import quantile_test

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
LEAST = 6  # Executions of bare and of fit, however long they take.
# Executions of a turn of data or of one batch: of the five those at either end do not count, as the
# pipeline works ahead, for the next turn.
TURN, EDGE = 5, 1
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

    def turns(self):
        """Seconds that each turn's execution takes, the median of those that count."""
        return np.median(np.reshape(self.executions, (-1, TURN))[:, EDGE:-EDGE], axis=1)


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


def cached(batch, data):
    """A data set of this one batch, whose size is known if it is in `data`."""

    def as_known(x, spec):
        return tf.raw_ops.PlaceholderWithDefault(input=x, shape=spec.shape)

    def known(*x):
        x = x if len(x) > 1 else x[0]
        return keras.tree.map_structure(as_known, x, data.element_spec)

    one = tf.data.Dataset.from_tensors(batch).map(known).cache()
    return one.with_options(data.options())


def epoch(model, data, between=None):
    """An epoch of `fit`, as chapters call it, and its `EpochTime`."""
    watch = EpochTime(between)
    data.in_range = True  # As that is which all of these are made of.
    with contextlib.redirect_stdout(io.StringIO()):
        callbacks = [gan_keras.callbacks.Progress(), keras.callbacks.TerminateOnNaN(), watch]
        model.fit(data, verbose=0, callbacks=callbacks)
    return watch


def processor_time(data):
    """The processor's seconds of an epoch of `data`, on all cores together."""
    begun = time.process_time()
    for _ in data:
        pass
    return time.process_time() - begun


def beyond_one_batch(data, same, epochs=5):
    """The processor's seconds that a batch of `data` takes beyond one of `same`, the median."""
    same = same.repeat(len(data))
    found = [processor_time(data) - processor_time(same) for _ in range(epochs)]
    return statistics.median(found) / len(data)


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


def in_one_epoch(name, data, several=1, rounds=20):
    """How many times as long a step on the data takes as one on one batch, both taking turns in an
    epoch of `fit`: the median of so many rounds, and its confidence interval of 95 %."""
    same, model = cached(next(iter(data)), data), build(name, data, steps_per_execution=several)
    order = np.resize([0, 1, 1, 0], 2 * rounds)  # Every second pair goes backwards.
    choice = np.repeat(order, TURN * several)
    both = tf.data.Dataset.choose_from_datasets(
        [same.repeat(), data.repeat()], tf.data.Dataset.from_tensor_slices(choice)
    )
    both = both.apply(tf.data.experimental.assert_cardinality(len(choice)))
    epoch(model, same.repeat(4 * several))
    found = epoch(model, both).turns()
    ratios = found[order == 1] / found[order == 0]
    interval = quantile_test(ratios).confidence_interval(0.95)
    return [round(float(x), 3) for x in (np.median(ratios), *interval)]


def measure(name, builds=2, seconds=10.0, most=None, data=None, several=None):
    """One row of the table: seconds of the first step, milliseconds of the others, and ratios.

    Args:
        builds: of the model.
        seconds: for which bare and fit take turns on each.
        most: how often they do so at most, on the last build, while it is not sure that their ratio
            reaches its goal; by default `builds`.
    """
    data = data or gan_keras.load_dataset(**DATA[name])
    several = several or EXECUTIONS.get(name, 1)
    times, firsts, goal = {"bare": [], "fit": []}, [], {("fit", "bare"): 1 / GOALS["fit", "bare"]}
    for done in range(max(builds, most or 0)):
        if done < builds:
            first, take_turns = measure_build(name, data, several)
            firsts.append(first)
        elif not turns.unsure(times, goal):
            break
        for values, found in zip(times.values(), take_turns(seconds), strict=True):
            values += list(found)
    bare, fit = (float(statistics.median(values)) for values in times.values())
    more = beyond_one_batch(data, cached(next(iter(data)), data))
    return {
        "model": name,
        "batch_size": DATA[name]["batch_size"],
        "steps_per_execution": several,
        "first_step_seconds": round(statistics.median(firsts), 1),
        "milliseconds": {
            key: round(1000 * x, 2) for key, x in {"bare": bare, "fit": fit, "data": more}.items()
        },
        "rounds": len(times["fit"]),
        "ratios": {
            "fit / bare": turns.ratio(times, "bare", "fit"),
            "data / same": round(1 + more / fit, 3),
        },
    }


def measure_build(name, data, several):
    """Seconds of the first step of a model; and a function that lets bare and fit take turns on it
    for so many seconds, and returns the seconds a step of each turn of bare, and of fit."""
    batch = next(iter(data))
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

    same = cached(batch, data)
    once = statistics.median(epoch(model, same.repeat(4 * several)).once() for _ in range(3))

    def take_turns(seconds):
        fit, alone = in_turns(model, same, bare, seconds)
        return alone, fit + once / len(data)

    return first, take_turns


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


def main(builds, seconds, rounds):
    rows = []
    for name in DATA:
        for several in sorted({1, EXECUTIONS.get(name, 1)}):
            row = measure(name, builds, seconds, several=several)
            data = gan_keras.load_dataset(**DATA[name])
            row["data / same in turns"] = in_one_epoch(name, data, several, rounds)
            rows.append(row)
            print(json.dumps(row), flush=True)
    command = f"--builds {builds} --seconds {seconds} --rounds {rounds}"
    keep("overhead", command, rows=rows)
    return "\n".join(missed(rows)) or None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--builds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rounds", type=int, default=20)
    sys.exit(main(**vars(parser.parse_args())))
