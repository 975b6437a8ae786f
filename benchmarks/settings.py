"""Training steps under other settings of TensorFlow than those that the library leaves it with.

    python benchmarks/settings.py [--rounds 9] [--seconds 0.5]

TensorFlow reads each from an environment variable when it is imported. By itself it computes one
operation on all cores, and as many operations at once as there are cores: one of the two is held
at one. On x86 processors the library has it compute by oneDNN (`gan_keras.onednn`), which it does
by itself on some only: that is turned off. Each setting has a process of its own, which trains a
model in its recipe "fast" when it is asked to. They take turns; ratios are medians over the rounds.
Writes results/settings.json.
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
from functools import partial
from pathlib import Path

import gan_keras

import steps
import tensorflow as tf
import turns
from machine import keep

MODELS = [name for name, networks in steps.CASES if networks == "own"]
SETTINGS = {
    "default": {},
    "one thread an operation": {"TF_NUM_INTRAOP_THREADS": "1"},
    "one operation at a time": {"TF_NUM_INTEROP_THREADS": "1"},
    "without oneDNN": {gan_keras.onednn.VARIABLE: "0"},
}


def work(name, seconds):
    """Says the seconds of a step, once it is traced, and again for each line that comes in."""
    size, channels, count = steps.CASES[name, "own"]
    step = steps.library_step(steps.build(name, size=size, channels=channels))
    data = steps.batch(name, size, channels, count)
    run = steps.timed(tf.function(step, autograph=False), data, seconds)
    print(run(), flush=True)
    for _ in sys.stdin:
        print(run(), flush=True)


def start(name, setting, seconds):
    """A process that is ready: what it costs to begin is in nobody's turn."""
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); "
        f"import settings; settings.work({name!r}, {seconds!r})"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], env={**os.environ, **setting},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if not process.stdout.readline():
        raise RuntimeError(f"Training {name} ended with {process.wait()}; see its message above.")
    return process


def ask(process):
    print(file=process.stdin, flush=True)
    return float(process.stdout.readline())


def compare(name, rounds=9, seconds=0.5):
    """One row: images or pairs a second, and how many times as fast as by default each is."""
    with contextlib.ExitStack() as stack:
        runs = {
            key: partial(ask, stack.enter_context(start(name, setting, seconds)))
            for key, setting in SETTINGS.items()
        }
        times = turns.take(runs, rounds)
    count = steps.CASES[name, "own"][-1]
    return {
        "model": name,
        "batch_size": count,
        "per_second": {key: round(count / statistics.median(t), 1) for key, t in times.items()},
        "ratios": {key: turns.ratio(times, key, "default") for key in SETTINGS},
    }


def main(rounds, seconds):
    rows = []
    for name in MODELS:
        rows.append(compare(name, rounds, seconds))
        print(json.dumps(rows[-1]), flush=True)
    keep("settings", f"--rounds {rounds} --seconds {seconds}", rows=rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.5)
    main(**vars(parser.parse_args()))
