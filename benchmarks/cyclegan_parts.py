"""The parts of CycleGAN (Zhu et al. 2017), switched off one at a time.

    python benchmarks/cyclegan_parts.py [--steps 2000] [--image-size 32]

trains `CycleGAN` on OpenMoji's and Noto's emoji, which are given without their pairs, once with all
its parts, the identity loss among them, and then without

- the cycle loss: nothing asks that an image come back,
- the identity loss: nothing asks that an image of the other side stay as it is,
- the pool: the discriminators are shown the newest images alone,
- the decay: the learning rate stays as it is to the end,
- both losses: the game alone,

with the same networks, the same data order and the same number of steps; with all its parts from a
second seed too, to show how far chance alone goes. It measures each at its
end on the test split's pairs, which no model has seen, and writes results/cyclegan_parts.json and,
with some translations of each run, results/cyclegan_parts.png. Chapter 6 shows both.
"""

import argparse
import json
import time
from pathlib import Path

import gan_keras
from gan_keras import metrics
from gan_keras.plotting import tile

import keras
import numpy as np
from machine import describe
from PIL import Image

RESULTS = Path(__file__).parent / "results"
PAIR = ("color", "noto")
SHOWN = 16
MORE_SEEDS = (("all", 1),)
ALL = {"identity_weight": 5.0}  # The paper's, where it has one.
# name: (what is different, arguments of `CycleGAN`, whether the learning rate falls)
VARIANTS = {
    "all": ("nothing", {}, True),
    "no cycle": ("the cycle loss has no weight", {"cycle_weight": 0.0}, True),
    "no identity": ("the identity loss has no weight", {"identity_weight": 0.0}, True),
    "no pool": ("the discriminators see the newest images alone", {"pool_size": 0}, True),
    "no decay": ("the learning rate stays", {}, False),
    "game alone": (
        "neither cycle nor identity loss",
        {"cycle_weight": 0.0, "identity_weight": 0.0},
        True,
    ),
}


def compare(variants=tuple(VARIANTS), more_seeds=MORE_SEEDS, steps=2000, batch_size=4,
            image_size=32, limit=None, recipe="fast", progress=print):  # fmt: skip
    """Trains and measures every variant from seed 0, and some from further seeds.

    Args:
        variants: names in `VARIANTS`.
        more_seeds: pairs (variant, seed).
        steps, batch_size: of training; the same for all.
        image_size: height and width of the images.
        limit: images of each side, and pairs of the test split, to use; None for all.
        recipe: see `gan_keras.CycleGAN`.
        progress: called with one line of text after each run.

    Returns:
        (results, images): a dict that JSON can hold, and {name of a row: its images}: `SHOWN` test
        drawings, what each variant of the first seed makes of them, and their partners; first from
        OpenMoji to Noto, then the other way round.
    """
    test = arrays(load("test", True, image_size, 50, shuffle=False, limit=limit))
    piles = arrays(load("train", False, image_size, 50, shuffle=False, limit=limit))
    judges = {
        "a_to_b": Judge(*test, piles[1]),
        "b_to_a": Judge(*reversed(test), piles[0]),
    }
    rows, images = [], {}
    for variant, seed in [(variant, 0) for variant in variants] + list(more_seeds):
        model, history = train(variant, seed, steps, batch_size, image_size, limit, recipe)
        row = {"variant": variant, "seed": seed, **history}
        for direction, judge in judges.items():
            other = "b_to_a" if direction == "a_to_b" else "a_to_b"
            fake = model.translate(judge.inputs, direction)
            returned = model.translate(fake, other)
            row[direction] = {
                **judge(fake),
                "cycle": rounded(np.abs(returned - judge.inputs).mean()),
                "change": rounded(np.abs(fake - judge.inputs).mean()),
            }
            images.setdefault((direction, variant), fake[:SHOWN])
        rows.append(row)
        progress(f"{variant}, seed {seed}: {row['a_to_b']}")
    bounds = {
        direction: {"handing back the input": judge(judge.inputs), "partner": judge(judge.targets)}
        for direction, judge in judges.items()
    }
    results = {
        "command": f"python benchmarks/cyclegan_parts.py --steps {steps} "
        f"--image-size {image_size}",
        "machine": describe(),
        "settings": {
            "steps": steps, "batch_size": batch_size, "image_size": image_size, "limit": limit,
            "recipe": recipe, "training images": [len(pile) for pile in piles], "n": len(test[0]),
            "extractor": str(metrics.load_extractor("emoji")),
        },
        "changes": {name: VARIANTS[name][0] for name in variants},
        "bounds": bounds,
        "rows": rows,
    }  # fmt: skip
    shown = {}
    for direction, judge in judges.items():
        shown[direction, "input"] = judge.inputs[:SHOWN]
        shown |= {key: x for key, x in images.items() if key[0] == direction}
        shown[direction, "partner"] = judge.targets[:SHOWN]
    return results, shown


def load(split, paired, image_size, batch_size, **options):
    return gan_keras.load_dataset(
        "emoji", split, pair=PAIR, paired=paired, image_size=image_size, batch_size=batch_size,
        **options,
    )  # fmt: skip


def arrays(data):
    """All images of a and all of b."""
    return tuple(map(np.concatenate, zip(*data.as_numpy_iterator(), strict=True)))


def train(variant, seed, steps, batch_size, image_size, limit, recipe):
    """A trained model, and the means of its losses over the last tenth of the steps."""
    _, options, falls = VARIANTS[variant]
    keras.utils.set_random_seed(seed)
    data = load("train", False, image_size, batch_size, seed=seed, limit=limit, augment="mirror")
    shape = (image_size, image_size, 3)
    model = gan_keras.CycleGAN(shape, recipe=recipe, seed=seed, **{**ALL, **options})
    model.compile(steps=steps if falls else None)
    last = max(steps // 10, 1)
    begun = time.monotonic()
    for part in filter(None, (steps - last, last)):
        history = model.fit(data.repeat(), epochs=1, steps_per_epoch=part, verbose=0).history
    seconds = {"seconds": round(time.monotonic() - begun, 1)}
    return model, {f"final {key}": rounded(x[-1]) for key, x in history.items()} | seconds


class Judge:
    """Measures translations of `inputs` against `targets`, their hidden partners.

    Args:
        pile: the training images of the side translated to, for the Fréchet classifier distance.
    """

    def __init__(self, inputs, targets, pile):
        self.inputs, self.targets = inputs, targets
        self.extractor = metrics.load_extractor("emoji")
        self.pile, self.features = (self.extractor(x)[0] for x in (pile, targets))

    def __call__(self, translated):
        features, _ = self.extractor(translated)
        scores = {
            **metrics.pixel_errors(translated, self.targets)._asdict(),
            **metrics.retrieval(features, self.features)._asdict(),
            "frechet": metrics.frechet_distance(features, self.pile),
        }
        return {name: rounded(x) for name, x in scores.items()}


def rounded(x):
    """A plain number with five decimals; None for what is infinite, which JSON does not know."""
    return round(float(x), 5) if np.isfinite(x) else None


def sheet(images):
    """Images of `compare` as one picture, one row for each entry."""
    rows = np.concatenate(list(images.values()))
    return np.uint8(np.round(tile(rows, len(next(iter(images.values())))) * 255))


def make(compare=compare, name="cyclegan_parts", **options):
    """Runs a comparison and writes its two files of that name; options are those of `compare`."""
    begun = time.monotonic()
    results, images = compare(**options)
    results["minutes"] = round((time.monotonic() - begun) / 60, 1)
    results["picture"] = list(images)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(json.dumps(results, indent=1) + "\n")
    Image.fromarray(sheet(images)).save(RESULTS / f"{name}.png", optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--image-size", type=int, default=32)
    make(**vars(parser.parse_args()))
