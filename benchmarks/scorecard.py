"""Measures the pretrained models and writes the scorecard.

    python benchmarks/scorecard.py [NAME ...]

Draws 10,000 images of each (as many as there are reference images, if those are fewer than 10,000)
for three seeds, measures them against the data set's reference, and writes the means, with the
standard deviation over the seeds, to benchmarks/scorecard.json and into the model's card; then
makes the README's table and its picture, results/scorecard.png, anew. Without names it measures
every model.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import matplotlib.pyplot as plt
from machine import describe

import gan_keras
from gan_keras import metrics, plotting, pretrained

ROOT = Path(__file__).resolve().parents[1]
SCORECARD = ROOT / "benchmarks/scorecard.json"
SEEDS = (0, 1, 2)
MEASURES = ("frechet", "kernel", "precision", "recall", "density", "coverage", "accuracy")
BEGIN, END = "<!-- scorecard -->", "<!-- end of scorecard -->"


def measure(name: str) -> dict:
    """The scorecard's entry of one pretrained model."""
    card, model = pretrained.card(name), gan_keras.load_pretrained(name)
    reference = metrics.load_reference(card["data"])
    n = len(reference.features)
    options = {}
    if model.num_classes:
        # The classes as often as the reference has them.
        options["labels"] = reference.labels
    runs = []
    for seed in SEEDS:
        begun = time.monotonic()
        images = model.generate(n, seed=seed, **options)
        seconds = time.monotonic() - begun
        runs.append(reference.measure(images, **options).as_dict())
    entry = {
        "model": card["class"],
        "data": card["data"],
        "image_shape": model.image_shape,
        "parameters": card["parameters"],
        "minutes": card["minutes"],
        "images_per_second": round(n / seconds),
        "n": n,
        "extractor": str(reference.extractor),
        "real": {k: v for k, v in runs[0]["real"].items() if k in MEASURES},
    }
    for key in MEASURES:
        values = [run[key] for run in runs]
        if None not in values:
            entry[key] = round(statistics.mean(values), 5)
            entry[f"{key}_sd"] = round(statistics.stdev(values), 5)
    return entry


def table(entries: dict) -> str:
    """The README's table, in Markdown."""
    lines = [
        "| model | data | parameters of G / D | minutes | images/s | Fréchet (real) "
        "| kernel | precision | recall | accuracy |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, e in entries.items():
        size = " x ".join(map(str, e["image_shape"][:2]))
        counts = " / ".join(f"{count / 1e3:,.0f}k" for count in e["parameters"].values())
        accuracy = f"{e['accuracy']:.3f}" if "accuracy" in e else ""
        lines.append(
            f"| `{name}` | {e['data']} {size} | {counts} | {e['minutes']:g} "
            f"| {e['images_per_second']:,} "
            f"| {e['frechet']:.2f} ± {e['frechet_sd']:.2f} ({e['real']['frechet']:.2f}) "
            f"| {e['kernel']:.2f} | {e['precision']:.3f} | {e['recall']:.3f} | {accuracy} |"
        )
    return "\n".join(lines)


def main(names):
    scorecard = json.loads(SCORECARD.read_text()) if SCORECARD.exists() else {"models": {}}
    for name in names or pretrained.names():
        entry = measure(name)
        print(name, entry, flush=True)
        scorecard["models"][name] = entry
        path = pretrained.FOLDER / f"{name}.json"
        card = json.loads(path.read_text())
        path.write_text(json.dumps({**card, "scores": entry}, indent=2) + "\n")
    scorecard["models"] = {name: scorecard["models"][name] for name in pretrained.names()}
    scorecard |= {"command": "python benchmarks/scorecard.py", "machine": describe()}
    SCORECARD.write_text(json.dumps(scorecard, indent=2) + "\n")
    write_table(scorecard)
    draw(ROOT / "benchmarks/results/scorecard.png")


def draw(path, columns=16):
    """The first images of each model as they come, one row a model."""
    names = pretrained.names()
    figure, axes = plt.subplots(
        len(names), 1, figsize=(9, 0.85 * len(names)), layout="constrained", squeeze=False
    )
    for ax, name in zip(axes[:, 0], names, strict=True):
        images = gan_keras.load_pretrained(name).generate(columns, seed=0)
        plotting.image_grid(images, columns=columns, title=name, ax=ax)
        ax.title.set_fontsize(8)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def write_table(scorecard):
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{table(scorecard['models'])}\n{END}{after}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default every model")
    main(parser.parse_args().names)
