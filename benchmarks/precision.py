"""Do results suffer under bfloat16? Each model trained in both precisions, for as many steps.

    python benchmarks/precision.py [--seeds 3]

trains GAN, DCGAN, CGAN, Pix2Pix and CycleGAN in the recipe "fast", in float32 and in
mixed_bfloat16, each from the same seeds, on the same data in the same order and for equally many
steps, and measures each once, at the end, as benchmarks/scorecard.py measures the trained models:
the Fréchet classifier distance to the test images; for those that translate, that to the partners
of the validation pairs and the mean absolute error from them. How much faster the steps are:
benchmarks/steps.py. Writes results/precision.json after each run, and goes on with what is missing
in it.
"""

import argparse
import json
import statistics

import gan_keras
from gan_keras import metrics

import keras
import numpy as np
import steps
from machine import RESULTS, keep
from overhead import DATA, build

STEPS = {"GAN": 2000, "DCGAN": 1000, "CGAN": 1000, "Pix2Pix": 600, "CycleGAN": 400}


def train(name, policy, seed, count, data):
    """A model after `count` steps."""
    keras.config.set_dtype_policy(policy)
    model = build(name, data, seed)
    keras.config.set_dtype_policy("float32")
    model.fit(data.repeat(), epochs=1, steps_per_epoch=count, verbose=0)
    return model


def measure(name, model, n=10_000):
    """{measure: value}; smaller is better."""
    loading = {**DATA[name], "batch_size": 1, "shuffle": False}
    data_name = loading.pop("name")
    if name in ("Pix2Pix", "CycleGAN"):
        pairs = gan_keras.load_dataset(data_name, "validation", **{**loading, "paired": True})
        a, b = map(np.concatenate, zip(*pairs.as_numpy_iterator(), strict=True))
        scores = metrics.translation_scores(
            model.translate(a), b, metrics.load_extractor(data_name)
        )
        return {"mean_absolute": scores.mean_absolute, "frechet": scores.frechet}
    reference = metrics.load_reference(data_name)
    scores = reference.measure(model.generate(n, seed=0))
    return {"frechet": scores.frechet}


def compare(name, policy, seed, count=None, n=10_000, limit=None):
    """One run."""
    data = gan_keras.load_dataset(**DATA[name], seed=seed, limit=limit)
    count = count or STEPS[name]
    found = measure(name, train(name, policy, seed, count, data), n)
    return {
        "model": name,
        "policy": policy,
        "seed": seed,
        "steps": count,
        **{key: round(float(value), 4) for key, value in found.items()},
    }


def summary(rows):
    """{model: {measure: ratio}}: the median over the seeds of bfloat16's value over float32's, and
    the largest over the smallest of float32 alone, which is what chance does."""
    found = {}
    for name in dict.fromkeys(row["model"] for row in rows):
        full, half = (
            [row for row in rows if (row["model"], row["policy"]) == (name, policy)]
            for policy in steps.GOALS
        )  # Both in the order of the seeds.
        found[name] = {
            key: {
                "bfloat16 / float32": round(
                    statistics.median(h[key] / f[key] for f, h in zip(full, half, strict=True)), 3
                ),
                "seeds": round(max(f[key] for f in full) / min(f[key] for f in full), 3),
            }
            for key in ("frechet", "mean_absolute")
            if key in full[0]
        }
    return found


def main(seeds):
    file = RESULTS / "precision.json"
    rows = json.loads(file.read_text())["rows"] if file.exists() else []
    done = {(row["model"], row["policy"], row["seed"]) for row in rows}
    for name in DATA:
        for seed in range(seeds):
            for policy in steps.GOALS:
                if (name, policy, seed) not in done:
                    rows.append(compare(name, policy, seed))
                    print(json.dumps(rows[-1]), flush=True)
                    keep("precision", f"--seeds {seeds}", rows=rows)
    keep("precision", f"--seeds {seeds}", rows=rows, summary=summary(rows))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    main(**vars(parser.parse_args()))
