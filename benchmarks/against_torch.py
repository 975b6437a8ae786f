"""Training steps of the library beside PyTorch's, of the same networks, on the processor.

    python benchmarks/against_torch.py [--rounds 9] [--seconds 1]

PyTorch is installed in an environment of its own, build/torch (on Linux from the package index this
takes several gigabytes, as it brings what a GPU needs), and runs in a process of its own
(`torch_steps.py`), which gets the library's networks with their weights; that both make the same of
the same input is checked first. PyTorch's step is one generator pass, discriminator then generator,
Adam in its fused form, averaged weights where the library has them, images in the memory format
channels last. The library's has its watch for NaN, and CycleGAN its pools, which PyTorch's lacks.
The two take turns; ratios are medians over the rounds. Writes results/against_torch.json, and ends
with an error where a ratio falls below `GOAL`.
"""

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

import gan_keras  # noqa: F401  It sets how TensorFlow computes.

import keras
import numpy as np
import steps
import tensorflow as tf
import turns
from machine import keep

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parent / "build" / "torch"
TORCH = "torch==2.13.0"
GOAL = 1.1


@functools.cache
def python_with_torch():
    """The interpreter of an environment that has PyTorch and NumPy, made if it is not there."""
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not python.exists():
        venv.create(ENVIRONMENT, with_pip=True)
    subprocess.run([python, "-m", "pip", "install", "-q", TORCH, "numpy"], check=True)
    return python


def describe_network(network, arrays):
    """Layers in their order, each with its settings, its inputs and the keys of its weights."""
    network = getattr(network, "_functional", None) or network  # What a Sequential model wraps.
    names, described = {}, []
    for tensor in network.inputs:
        names[id(tensor)] = f"in-{len(names)}"
    inputs = list(names.values())
    for operation in network.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        node = next(n for n in operation._inbound_nodes if id(n.outputs[0]) not in names)
        sources = [names[id(tensor)] for tensor in node.input_tensors]
        part = {"name": f"{operation.name}-{len(names)}", "from": sources}
        if isinstance(operation, keras.Model):
            part["network"] = describe_network(operation, arrays)
        else:
            config = operation.get_config()
            keys = [f"weight/{len(arrays) + i}" for i, _ in enumerate(operation.weights)]
            arrays |= dict(zip(keys, operation.get_weights(), strict=True))
            part |= {
                "kind": type(operation).__name__,
                "rank": len(node.input_tensors[0].shape),
                "weights": keys,
                "config": {k: v for k, v in config.items() if plain(v)},
            }
        names[id(node.outputs[0])] = part["name"]
        described.append(part)
    return {"inputs": inputs, "layers": described, "output": names[id(network.outputs[0])]}


def plain(value):
    if isinstance(value, (list, tuple)):
        return all(map(plain, value))
    return isinstance(value, (str, int, float))


def start(name, model, data, folder):
    """PyTorch's process, ready to be asked for steps, its networks compared with the library's."""
    networks = steps.trained_networks(model)
    arrays, rng = {}, np.random.default_rng(0)
    case = {
        "model": name,
        "latent_dim": getattr(model, "latent_dim", None),
        "threads": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1,
        "data": len(data),
        "networks": [describe_network(network, arrays) for network in networks],
    }
    arrays |= {f"data/{i}": x.numpy() for i, x in enumerate(data)}
    if name == "CGAN":
        arrays["data/1"] = np.eye(10, dtype="float32")[arrays["data/1"]]
    expected = []
    for i, network in enumerate(networks):
        given = [rng.normal(size=(2, *x.shape[1:])).astype("float32") for x in network.inputs]
        arrays |= {f"given/{i}/{j}": x for j, x in enumerate(given)}
        expected.append(network(given if len(given) > 1 else given[0], training=False))
    np.savez(folder / "arrays.npz", **arrays)
    (folder / "case.json").write_text(json.dumps(case))
    process = subprocess.Popen(
        [python_with_torch(), HERE / "torch_steps.py", folder],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    said = process.stdout.readline()
    if not said.startswith("ready"):
        raise RuntimeError(f"PyTorch's process ended with {process.wait()}; see its message above.")
    for i, wanted in enumerate(expected):
        made = np.load(folder / f"made-{i}.npy")
        np.testing.assert_allclose(made, wanted, rtol=1e-3, atol=1e-4)
    return process, said.split()[1]


def compare(name, networks, rounds=9, seconds=1.0, most=None):
    """One row: images or pairs a second, and how many times as fast the library is.

    `most`: see `turns.take`.
    """
    size, channels, count = steps.CASES[name, networks]
    data = steps.batch(name, size, channels, count)
    model = steps.build(name, networks, size, channels)
    with tempfile.TemporaryDirectory() as folder:
        process, version = start(name, model, data, Path(folder))
        step = tf.function(steps.library_step(model), autograph=False)

        def library(repeats):
            begun = time.perf_counter()
            for _ in range(repeats):
                result = step(*data)
            steps.finished(result)
            return time.perf_counter() - begun

        def torch(repeats):
            print(repeats, file=process.stdin, flush=True)
            return float(process.stdout.readline())

        def timed(run):
            run(2)
            repeats = max(1, round(2 * seconds / run(2)))
            return lambda: run(repeats) / repeats

        runs = {"library": timed(library), "torch": timed(torch)}
        times = turns.take(runs, rounds, {("library", "torch"): GOAL}, most)
        process.stdin.close()
        process.wait()
    return {
        "model": name,
        "networks": networks,
        "batch_size": count,
        "torch": version,
        "per_second": {key: round(count / statistics.median(t), 1) for key, t in times.items()},
        "rounds": len(times["torch"]),
        "ratio": turns.ratio(times, "library", "torch"),
    }


def missed(rows):
    return [
        f"{row['model']}, {row['networks']} networks, over PyTorch: {row['ratio']}, goal {GOAL}"
        for row in rows
        if row["ratio"] < GOAL
    ]


def main(rounds, seconds):
    rows = []
    for name, networks in steps.CASES:
        rows.append(compare(name, networks, rounds, seconds))
        print(json.dumps(rows[-1]), flush=True)
    keep("against_torch", f"--rounds {rounds} --seconds {seconds}", rows=rows)
    return "\n".join(missed(rows)) or None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.0)
    sys.exit(main(**vars(parser.parse_args())))
