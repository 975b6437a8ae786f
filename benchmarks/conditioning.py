"""Three ways to bring the class into the game, compared after equal numbers of training steps.

    python benchmarks/conditioning.py

trains, on Fashion-MNIST and on MNIST and from two seeds each,

- concatenation: `CGAN`, whose discriminator sees the class as one more channel (Mirza & Osindero
  2014),
- projection: `CGAN(conditioning="projection")` (Miyato & Koyama 2018),
- classifier: `ACGAN`, whose discriminator names the class (Odena et al. 2017),

with the same generator, the same hidden layers of the discriminator and the same data order. It
measures each once, at the end, and writes results/conditioning.json and, with some images of each
run, results/conditioning.png. Chapter 4 shows both.
"""

import argparse
import json
import time
from pathlib import Path

import gan_keras
from gan_keras.plotting import tile

import keras
import numpy as np
from machine import describe
from PIL import Image

RESULTS = Path(__file__).parent / "results"
DATASETS = ("fashion_mnist", "mnist")
VARIANTS = {
    "concatenation": lambda **options: gan_keras.CGAN(conditioning="concatenation", **options),
    "projection": lambda **options: gan_keras.CGAN(conditioning="projection", **options),
    "classifier": gan_keras.ACGAN,
}


def compare(datasets=DATASETS, variants=tuple(VARIANTS), seeds=(0, 1), steps=1000, batch_size=64,
            n=5000, limit=None, recipe="fast", progress=print):  # fmt: skip
    """Trains and measures every variant on every data set from every seed.

    Args:
        datasets, variants, seeds: what to run; names as in `DATASETS` and `VARIANTS`.
        steps, batch_size: of training; the same for all.
        n: images measured, equally many of each class.
        limit: training and reference images to use; None for all.
        recipe: see `gan_keras.DCGAN`.
        progress: called with one line of text after each run.

    Returns:
        (results, images): a dict that JSON can hold, and {(dataset, variant): (20, 28, 28, 1)},
        two images of each class from the first seed.
    """
    rows, real, images = [], {}, {}
    for dataset in datasets:
        reference = gan_keras.metrics.load_reference(dataset, limit)
        real[dataset] = real_scores(dataset, reference, n, limit)
        for seed in seeds:
            for variant in variants:
                model = train(dataset, variant, seed, steps, batch_size, limit, recipe)
                labels = np.arange(n) % model.num_classes
                x = model.generate(n, labels=labels, seed=seed)
                images.setdefault((dataset, variant), x[:20])
                scores = reference.measure(x, labels).as_dict()
                del scores["real"]
                scores |= within_classes(*reference.extractor(x), labels)
                rows.append({"dataset": dataset, "variant": variant, "seed": seed, **scores})
                progress(
                    f"{dataset}, {variant}, seed {seed}: Fréchet {scores['frechet']:.2f}, "
                    f"as ordered {scores['accuracy']:.1%}"
                )
    settings = {"steps": steps, "batch_size": batch_size, "n": n, "limit": limit, "recipe": recipe}
    return {
        "command": "python benchmarks/conditioning.py",
        "machine": describe(),
        "settings": settings,
        "real": real,
        "rows": rows,
    }, images


def train(dataset, variant, seed, steps, batch_size, limit, recipe):
    keras.utils.set_random_seed(seed)
    data = gan_keras.load_dataset(
        dataset, labels=True, batch_size=batch_size, seed=seed, limit=limit
    )
    model = VARIANTS[variant](num_classes=10, recipe=recipe, seed=seed)
    model.compile()
    model.fit(data.repeat(), epochs=1, steps_per_epoch=steps, verbose=0)
    return model


def real_scores(dataset, reference, n, limit):
    """What as many real images score that neither extractor nor reference holds."""
    data = gan_keras.load_dataset(
        dataset,
        "train[50000:]",
        labels=True,
        shuffle=False,
        batch_size=50,
        limit=min(n, limit or n),
    )
    x, labels = map(np.concatenate, zip(*data.as_numpy_iterator(), strict=True))
    scores = reference.measure(x, labels).as_dict()
    del scores["real"]
    return {**scores, **within_classes(*reference.extractor(x), labels)}


def within_classes(features, probabilities, labels):
    """How sure the extractor is of single images, and how much the images of a class differ.

    Returns:
        ambiguity: mean entropy in nats of the extractor's probabilities for one image.
        spread: trace of the features' covariance within a class, mean over classes.
    """
    p = np.maximum(probabilities.astype(np.float64), 1e-12)
    ambiguity = -(p * np.log(p)).sum(axis=1).mean()
    spread = [features[labels == c].var(axis=0).sum() for c in np.unique(labels)]
    return {"ambiguity": round(float(ambiguity), 5), "spread": round(float(np.mean(spread)), 5)}


def sheet(images):
    """Images of `compare` as one grey picture: one row of 20 for each run."""
    return np.uint8(np.round(tile(np.concatenate(list(images.values())), 20)[..., 0] * 255))


def make():
    """Runs the whole comparison and writes its two files."""
    begun = time.monotonic()
    results, images = compare()
    results["minutes"] = round((time.monotonic() - begun) / 60, 1)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "conditioning.json").write_text(json.dumps(results, indent=1) + "\n")
    Image.fromarray(sheet(images)).save(RESULTS / "conditioning.png", optimize=True)


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    make()
