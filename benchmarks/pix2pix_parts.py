"""What each part of Pix2Pix does: one part changed at a time, compared on unseen emoji.

    python benchmarks/pix2pix_parts.py

trains, to colour OpenMoji's line art, models that differ in one part: the generator's loss (L1
alone, the game alone, both: Isola et al. 2017, table 1), whether the discriminator is shown the
line art, the U-Net's skips (table 2), and the side of the discriminator's patch (table 3); all with
the same data order, the same number of steps and the same seed, "L1 + cGAN" with a second one too,
to show how far chance alone goes. It measures each once, at the end, on the test emoji, and writes
results/pix2pix_parts.json and, with some translations of each, results/pix2pix_parts.png. Chapter 5
shows both.
"""

import argparse
import json
import time
from pathlib import Path

import gan_keras
from gan_keras import metrics
from gan_keras.models import pix2pix
from gan_keras.plotting import tile

import keras
import numpy as np
from machine import describe
from PIL import Image

RESULTS = Path(__file__).parent / "results"
SIZE, SHOWN = 64, 12
MORE_SEEDS = (("L1 + cGAN", 1),)

# name: (what is different from "L1 + cGAN", arguments of `train`)
VARIANTS = {
    "L1 + cGAN": ("nothing", {}),
    "L1": ("no game", {"adversarial_weight": 0.0}),
    "cGAN": ("no L1", {"l1_weight": 0.0}),
    "L1 + GAN": ("D is not shown a", {"shown": False}),
    "GAN": ("no L1, and D is not shown a", {"l1_weight": 0.0, "shown": False}),
    "L1, no skips": ("no game, no skips", {"adversarial_weight": 0.0, "skips": False}),
    "L1 + cGAN, no skips": ("no skips", {"skips": False}),
    "patch 1": ("each logit sees 1 pixel", {"patch_size": 1}),
    "patch 16": ("each logit sees 16 x 16 pixels", {"patch_size": 16}),
    "patch 70": ("each logit sees 70 x 70 pixels: the image", {"patch_size": "image"}),
}


def load(split, **options):
    """Pairs of line art and colour drawing; see the chapter for the group that is left out."""
    return gan_keras.load_dataset(
        "emoji", split, pair=("line", "color"), exclude=("flags",), **options
    )


def arrays(split, limit=None):
    """Line art (n, 64, 64, 1) and colour drawings (n, 64, 64, 3), in the data's order."""
    pairs = load(split, batch_size=min(20, limit or 20), limit=limit, shuffle=False)
    return tuple(np.concatenate(side) for side in zip(*pairs.as_numpy_iterator(), strict=True))


def blind_discriminator():
    """The recipe's discriminator without the line art: [a, b] -> logits that depend on b alone."""
    a, b = keras.Input((SIZE, SIZE, 1)), keras.Input((SIZE, SIZE, 3))
    fast = pix2pix.RECIPES["fast"]
    logits = pix2pix.patch_logits(b, fast["patch_size"], **fast["discriminator"])
    return keras.Model([a, b], logits, name="discriminator")


def train(variant, seed, epochs, batch_size=16, limit=None):
    """A model trained for so many epochs, over whose second half the rate falls to 0."""
    options = dict(VARIANTS[variant][1])
    keras.utils.set_random_seed(seed)
    data = load("train", batch_size=batch_size, limit=limit, augment="mirror")
    if not options.pop("shown", True):
        options["discriminator"] = blind_discriminator()
    model = gan_keras.Pix2Pix(
        (SIZE, SIZE, 1), (SIZE, SIZE, 3), recipe="fast", seed=seed, **options
    )  # fmt: skip
    model.compile(steps=epochs * len(data))
    model.fit(data, epochs=epochs, verbose=0)
    return model


def chroma(images):
    """How colourful: the mean over all pixels of largest less smallest channel, from 0 to 2."""
    return float((images.max(axis=-1) - images.min(axis=-1)).mean())


def sharpness(images):
    """The mean absolute difference of neighbouring pixels, across and down, from 0 to 2."""
    return float(np.mean([np.abs(np.diff(images, axis=axis)).mean() for axis in (1, 2)]))


def measure(images, reference, targets):
    """All figures of translations (n, 64, 64, 3), beside the pictures they should have become.

    Args:
        reference: `metrics.Reference` of the targets.
    """
    features, _ = reference.extractor(images)
    scores = metrics.pixel_errors(images, targets)._asdict()
    scores["frechet"] = metrics.frechet_distance(features, reference.features)
    scores["top1"] = metrics.retrieval(features, reference.features).top1
    scores |= {"chroma": chroma(images), "sharpness": sharpness(images)}
    # The PSNR of an exact answer is infinite: some emoji are drawn in black alone.
    return {k: round(v, 5) if np.isfinite(v) else None for k, v in scores.items()}


def spread(model, images, seeds=4):
    """How much the translations of one drawing differ: the mean standard deviation of a pixel."""
    drawn = [model.translate(images, seed=seed) for seed in range(seeds)]
    return round(float(np.std(drawn, axis=0).mean()), 5)


def compare(variants=tuple(VARIANTS), more_seeds=MORE_SEEDS, epochs=12, limit=None, few=48,
            progress=print):  # fmt: skip
    """Trains and measures every variant from seed 0, and some from further seeds.

    Args:
        variants: names as in `VARIANTS`.
        more_seeds: pairs (variant, seed).
        epochs: of training.
        limit: pairs of training, of test and of validation to use, more than 64; None for all.
        few: drawings that are translated several times for `spread`.
        progress: called with one line of text after each run.

    Returns:
        (results, images): a dict that JSON can hold, and {name: (12, 64, 64, 3)}, the drawings,
        what each variant made of them, and what they should have become.
    """
    lines, targets = arrays("test", limit)
    reference = metrics.Reference(targets, metrics.load_extractor("emoji"), name="test emoji")
    _, others = arrays("validation", limit)
    others = others[: len(targets)]
    shown = np.linspace(0, len(lines) - 1, SHOWN).astype(int)
    images = {"line art": np.repeat(lines[shown], 3, axis=-1)}
    rows = []
    for variant, seed in [(variant, 0) for variant in variants] + list(more_seeds):
        begun = time.monotonic()
        model = train(variant, seed, epochs, limit=limit)
        seconds = round(time.monotonic() - begun, 1)
        translated = model.translate(lines, seed=0)
        images.setdefault(variant, translated[shown])
        scores = measure(translated, reference, targets)
        rows.append({"variant": variant, "change": VARIANTS[variant][0], "seed": seed, **scores,
                     "spread": spread(model, lines[:few]), "seconds": seconds})  # fmt: skip
        progress(
            f"{variant}, seed {seed}: mean absolute error {scores['mean_absolute']:.4f}, "
            f"Fréchet {scores['frechet']:.1f}, {seconds:.0f} s"
        )
    images["true"] = targets[shown]
    return {
        "command": "python benchmarks/pix2pix_parts.py",
        "machine": describe(),
        "settings": {"epochs": epochs, "batch_size": 16, "limit": limit, "few": few},
        "n": len(lines),
        "extractor": str(reference.extractor),
        "line art": measure(np.repeat(lines, 3, axis=-1), reference, targets),
        "true": {"chroma": round(chroma(targets), 5), "sharpness": round(sharpness(targets), 5)},
        "other real emoji": {
            "n": len(others),
            "frechet": round(reference.frechet(others), 5),
        },
        "rows": rows,
    }, images


def sheet(images):
    """Images of `compare` as one picture: one row for each name."""
    return np.uint8(np.round(tile(np.concatenate(list(images.values())), SHOWN) * 255))


def make():
    """Runs the whole comparison and writes its two files."""
    begun = time.monotonic()
    results, images = compare()
    results["minutes"] = round((time.monotonic() - begun) / 60, 1)
    results["pictures"] = list(images)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "pix2pix_parts.json").write_text(json.dumps(results, indent=1) + "\n")
    Image.fromarray(sheet(images)).save(RESULTS / "pix2pix_parts.png", optimize=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    make()
