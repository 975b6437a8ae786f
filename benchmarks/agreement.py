"""Our measures beside published implementations, on the same features.

    pip install torch torchmetrics prdc
    python benchmarks/agreement.py

Draws as many images as its reference holds from each pretrained model that draws from latent
vectors, and computes every measure twice: with `gan_keras.metrics`, and with torchmetrics (Fréchet
and kernel distance) and prdc, by the authors of density and coverage (those two, precision and
recall). Writes results/agreement.json. The kernel distance is taken over all images at once, since
subsets drawn at random differ.
"""

import argparse
import json
from importlib.metadata import version
from pathlib import Path

import gan_keras
from gan_keras import metrics, pretrained

import torch
from machine import describe
from prdc import compute_prdc
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

RESULTS = Path(__file__).parent / "results"
K = 5


def ours(real, fake) -> dict:
    return {
        "frechet": metrics.frechet_distance(fake, real),
        "kernel": metrics.kernel_distance(fake, real, subsets=1, size=len(real)).mean,
        **metrics.manifold_overlap(real, fake, k=K)._asdict(),
    }


def theirs(real, fake) -> dict:
    # The "images" are features already, so that the network in front of the measure does nothing.
    features = torch.nn.Identity()
    features.num_features = real.shape[1]
    measures = {
        "frechet": FrechetInceptionDistance(feature=features).set_dtype(torch.float64),
        "kernel": KernelInceptionDistance(feature=features, subsets=1, subset_size=len(real)),
    }
    values = {}
    for name, measure in measures.items():
        measure.update(torch.from_numpy(real).double(), real=True)
        measure.update(torch.from_numpy(fake).double(), real=False)
        value = measure.compute()
        values[name] = float(value[0] if isinstance(value, tuple) else value)
    return {**values, **{k: float(v) for k, v in compute_prdc(real, fake, nearest_k=K).items()}}


def main():
    result = {
        "command": "python benchmarks/agreement.py",
        "machine": describe(),
        "versions": {name: version(name) for name in ("torch", "torchmetrics", "prdc")},
        "models": {},
    }
    for name in pretrained.names():
        if "pair" in pretrained.card(name):
            continue  # It translates, and is measured by other figures.
        reference = metrics.load_reference(pretrained.card(name)["data"])
        model = gan_keras.load_pretrained(name)
        labels = {"labels": reference.labels} if model.num_classes else {}
        images = model.generate(len(reference.features), seed=0, **labels)
        real, fake = reference.features, reference.extractor(images)[0]
        a, b = ours(real, fake), theirs(real, fake)
        largest = max(abs(a[key] - b[key]) / max(abs(b[key]), 1e-12) for key in a)
        result["models"][name] = {
            "n": len(fake),
            "ours": a,
            "theirs": b,
            "largest_relative_difference": largest,
        }
        print(f"{name}: largest relative difference {largest:.1e}")
        for key in a:
            print(f"  {key:10} {a[key]:14.8f} {b[key]:14.8f}", flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "agreement.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    main()
