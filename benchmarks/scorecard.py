"""Measures the pretrained models and writes the scorecard.

    python benchmarks/scorecard.py [NAME ...]

Draws 10,000 images of each (as many as there are reference images, if those are fewer than 10,000)
for three seeds (twenty, if they are that few), measures them against the data set's reference, and
writes the means, with the standard deviation over the seeds, to benchmarks/scorecard.json and into
the model's card. Models that translate are measured on the test images and their partners,
CycleGAN in both directions, beside the untranslated images and, for the Fréchet distance, the
partners of the validation images. Then it makes the README's tables and its picture,
results/scorecard.png, anew. Without names it measures every model.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import gan_keras
from gan_keras import metrics, plotting, pretrained

import matplotlib.pyplot as plt
import numpy as np
from machine import describe

ROOT = Path(__file__).resolve().parents[1]
SCORECARD = ROOT / "benchmarks/scorecard.json"
MEASURES = ("frechet", "kernel", "precision", "recall", "density", "coverage", "accuracy")
DIRECTIONS = {"a_to_b": (0, 1), "b_to_a": (1, 0)}
BEGIN, END = "<!-- scorecard -->", "<!-- end of scorecard -->"


def measure(name: str) -> dict:
    """The scorecard's entry of one pretrained model."""
    card, model = pretrained.card(name), gan_keras.load_pretrained(name)
    entry = {
        "model": card["class"],
        "data": card["data"],
        "image_shape": model.image_shape,
        "parameters": card["parameters"],
        "minutes": card["minutes"],
    }
    if isinstance(model, gan_keras.TranslationModel):
        return entry | measure_translation(card, model)
    return entry | measure_drawing(card, model)


def measure_drawing(card, model) -> dict:
    """Figures of a model that draws from latent vectors."""
    reference = metrics.load_reference(card["data"], image_size=model.image_shape[:2])
    n = len(reference.features)
    options = {}
    if model.num_classes:
        # The classes as often as the reference has them.
        options["labels"] = reference.labels
    runs = []
    # The distance of a few hundred images differs much from seed to seed.
    for seed in range(3 if n >= 5000 else 20):
        begun = time.monotonic()
        images = model.generate(n, seed=seed, **options)
        seconds = time.monotonic() - begun
        runs.append(reference.measure(images, **options).as_dict())
    return {
        "images_per_second": round(n / seconds),
        "n": n,
        "extractor": str(reference.extractor),
        "real": {k: v for k, v in runs[0]["real"].items() if k in MEASURES},
        **mean_and_sd({key: [run[key] for run in runs] for key in MEASURES}),
    }


def mean_and_sd(runs: dict) -> dict:
    """{key: mean, key_sd: standard deviation} of each list of values, but those with a None."""
    found = {}
    for key, values in runs.items():
        if None not in values:
            found[key] = round(statistics.mean(values), 5)
            found[f"{key}_sd"] = round(statistics.stdev(values), 5)
    return found


def pairs(card, split):
    """Both sides of a split, as the model of this card was trained on them: two arrays."""
    options = {key: card[key] for key in ("pair", "exclude")}
    data = gan_keras.load_dataset(card["data"], split, shuffle=False, batch_size=50, **options)
    return [np.concatenate(side) for side in zip(*data.as_numpy_iterator(), strict=True)]


def measure_translation(card, model) -> dict:
    """Figures of a model that translates, {direction: figures} under "directions"."""
    test, validation = pairs(card, "test"), pairs(card, "validation")
    extractor = metrics.load_extractor(card["data"])
    directions = {}
    for direction, (a, b) in DIRECTIONS.items():
        if direction == "b_to_a" and not isinstance(model, gan_keras.CycleGAN):
            continue
        runs = []
        for options in translations(model, direction):
            begun = time.monotonic()
            images = model.translate(test[a], **options)
            seconds = time.monotonic() - begun
            runs.append(metrics.translation_scores(images, test[b], extractor)._asdict())
        seen = [extractor(side[b])[0] for side in (validation, test)]
        input_scores = metrics.translation_scores(in_colour(test[a]), test[b], extractor)
        directions[direction] = {
            "images_per_second": round(len(images) / seconds),
            "real": {"frechet": round(metrics.frechet_distance(*seen), 5)},
            "input": {k: round(v, 5) for k, v in input_scores._asdict().items()},
            **mean_and_sd({key: [run[key] for run in runs] for key in runs[0]}),
        }
    return {"n": len(test[0]), "extractor": str(extractor), "directions": directions}


def translations(model, direction) -> list[dict]:
    """Arguments of `translate` for each run: Pix2Pix's noise has a seed, CycleGAN has no noise."""
    if isinstance(model, gan_keras.CycleGAN):
        return [{"direction": direction}] * 3
    return [{"seed": seed} for seed in range(3)]


def in_colour(images):
    """Grey images with three equal channels."""
    return np.repeat(images, 3 // images.shape[-1], axis=-1)


def tables(entries: dict) -> str:
    """The README's tables, of models that draw and of models that translate, in Markdown."""
    drawing = {name: entry for name, entry in entries.items() if "directions" not in entry}
    translating = {name: entry for name, entry in entries.items() if "directions" in entry}
    parts = [drawing_table(drawing)]
    if translating:
        parts.append(translation_table(translating))
    return "\n\n".join(parts)


def translation_table(entries: dict) -> str:
    """One line for each model and direction; in brackets the untranslated input."""
    lines = [
        "| model | direction | parameters of G / D | minutes | images/s "
        "| mean absolute error (input) | PSNR | SSIM (input) | Fréchet (input; real) "
        "| top 1 (input) |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, entry in entries.items():
        for direction, e in entry["directions"].items():
            given = e["input"]
            lines.append(
                f"| `{name}` | {direction.replace('_', ' ')} | {counts(entry['parameters'])} "
                f"| {entry['minutes']:g} | {e['images_per_second']:,} "
                f"| {e['mean_absolute']:.4f} ({given['mean_absolute']:.4f}) | {e['psnr']:.1f} "
                f"| {e['ssim']:.3f} ({given['ssim']:.3f}) "
                f"| {e['frechet']:.1f} ({given['frechet']:.1f}; {e['real']['frechet']:.1f}) "
                f"| {e['top1']:.3f} ({given['top1']:.3f}) |"
            )
    return "\n".join(lines)


def counts(parameters: dict) -> str:
    """Weights of all generators (decoders, encoders) and of all discriminators, in thousands."""
    sums = {}
    for role, count in parameters.items():
        sums[role.split("_")[0]] = sums.get(role.split("_")[0], 0) + count
    return " / ".join(f"{count / 1e3:,.0f}k" for count in sums.values())


def drawing_table(entries: dict) -> str:
    """One line for each model that draws from latent vectors."""
    lines = [
        "| model | data | parameters of G / D | minutes | images/s | Fréchet (real) "
        "| kernel | precision | recall | accuracy |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, e in entries.items():
        size = " x ".join(map(str, e["image_shape"][:2]))
        accuracy = f"{e['accuracy']:.3f}" if "accuracy" in e else ""
        lines.append(
            f"| `{name}` | {e['data']} {size} | {counts(e['parameters'])} | {e['minutes']:g} "
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
    """The first images of each model as they come, one row a model; translations beside the test
    images that they were made of."""
    names = pretrained.names()
    figure, axes = plt.subplots(
        len(names), 1, figsize=(9, 0.85 * len(names)), layout="constrained", squeeze=False
    )
    for ax, name in zip(axes[:, 0], names, strict=True):
        model = gan_keras.load_pretrained(name)
        if isinstance(model, gan_keras.TranslationModel):
            given = pairs(pretrained.card(name), "test")[0][: columns // 2]
            both = in_colour(given), model.translate(given)
            images = np.stack(both, axis=1).reshape(-1, *both[1].shape[1:])
        else:
            images = model.generate(columns, seed=0)
        plotting.image_grid(images, columns=columns, title=name, ax=ax)
        ax.title.set_fontsize(8)
    figure.savefig(path, dpi=90)
    plt.close(figure)


def write_table(scorecard):
    readme = ROOT / "README.md"
    before, rest = readme.read_text().split(BEGIN)
    after = rest.split(END)[1]
    readme.write_text(f"{before}{BEGIN}\n{tables(scorecard['models'])}\n{END}{after}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default every model")
    main(parser.parse_args().names)
