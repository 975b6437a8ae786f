"""How good are a model's images after 1, 2, 5 and 10 minutes of training?

    python benchmarks/time_to_quality.py [RECIPE RECIPE] [--data fashion_mnist] [--minutes 10]

Trains two recipes in one run, in turns of some seconds, so that both meet the same machine, and
measures 10,000 images of each at the same times against the data set's 10,000 test images, over its
extractor's features; of conditional models also how many are of the class that was ordered. The
clock counts training alone, the first step's tracing included. Writes
benchmarks/results/time_to_quality_DATA.json, the curves and the pictures beside it
(time_to_quality_DATA_conditional for conditional models).

Ends with exit code 1 if, run for long enough on Fashion-MNIST with "guide" against "dcgan", the
second's distance is not below a sixth of the first's best so far after 2 minutes, and a tenth of it
after 5.
"""

import argparse
import json
import sys
import time
from functools import partial
from pathlib import Path

import gan_keras
from gan_keras import plotting

import keras
import matplotlib.pyplot as plt
import numpy as np
from guide import GuideCGAN, GuideGAN
from machine import describe

RESULTS = Path(__file__).parent / "results"
SECONDS = (15, 30, 60, 90, 120, 180, 240, 300, 420, 600, 900, 1200)
N = 10_000
GOALS = {120: 6, 300: 10}  # ratio of the distances after so many seconds


# name: what builds the model, and its batch size
RECIPES = {
    "guide": (GuideGAN, 64),
    "guide_cgan": (GuideCGAN, 64),
    "gan": (partial(gan_keras.GAN, seed=0), 128),
    "dcgan": (partial(gan_keras.DCGAN, recipe="fast", seed=0), 32),
    "dcgan_paper": (partial(gan_keras.DCGAN, recipe="paper", seed=0), 128),
    "cgan": (partial(gan_keras.CGAN, recipe="fast", seed=0), 32),
}


class StopAfter(keras.callbacks.Callback):
    """Ends training after so many seconds of it."""

    def __init__(self, seconds):
        super().__init__()
        self.seconds, self.steps = seconds, 0

    def on_train_begin(self, logs=None):
        self.begun = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        self.model.stop_training = time.monotonic() - self.begun >= self.seconds


class Runner:
    """One recipe in the race."""

    def __init__(self, name, data):
        keras.utils.set_random_seed(0)
        self.name = name
        build, batch_size = RECIPES[name]
        self.model = build()
        self.model.compile()
        self.num_classes = self.model.num_classes
        labels = bool(self.num_classes)
        self.data = gan_keras.load_dataset(data, batch_size=batch_size, labels=labels)
        self.spent, self.steps, self.batch_size = 0.0, 0, batch_size
        self.points = []

    def train_until(self, seconds):
        clock = StopAfter(seconds - self.spent)
        begun = time.monotonic()
        while time.monotonic() - begun < clock.seconds:
            self.model.fit(self.data, epochs=1000, verbose=0, shuffle=False, callbacks=[clock])
        self.spent += time.monotonic() - begun
        self.steps += clock.steps

    def measure(self, reference, second):
        orders = {"labels": np.arange(N) % self.num_classes} if self.num_classes else {}
        images = self.model.generate(N, seed=1, **orders)
        point = {
            "seconds": second,
            "trained": round(self.spent, 1),
            "steps": self.steps,
            "frechet": round(reference.frechet(images), 3),
        }
        if orders:
            _, named = reference.extractor(images)
            point["accuracy"] = gan_keras.metrics.conditional_accuracy(named, orders["labels"])
        self.points.append(point)
        return images[:10]


def main(first, second, data, minutes):
    reference = gan_keras.metrics.load_reference(data)
    runners = [Runner(first, data), Runner(second, data)]
    times = [t for t in SECONDS if t <= minutes * 60]
    pictures = {}
    for t in times:
        for runner in runners:
            runner.train_until(t)
            pictures[runner.name, t] = runner.measure(reference, t)
            print(runner.name, runner.points[-1], flush=True)
    points = {runner.name: runner.points for runner in runners}
    ratios = {}
    for i, t in enumerate(times):
        best = min(point["frechet"] for point in points[first][: i + 1])
        ratios[t] = round(best / points[second][i]["frechet"], 2)
    result = {
        "command": "python benchmarks/time_to_quality.py "
        f"{first} {second} --data {data} --minutes {minutes:g}",
        "machine": describe(),
        "n": N,
        "extractor": str(reference.extractor),
        "real": round(reference.real_scores(N).frechet, 3),
        "recipes": {
            runner.name: {
                "batch_size": runner.batch_size,
                "generator": runner.model.generator.count_params(),
                "discriminator": runner.model.discriminator.count_params(),
                "points": runner.points,
            }
            for runner in runners
        },
        "best_of_first_over_second": ratios,
    }
    RESULTS.mkdir(exist_ok=True)
    conditional = "_conditional" if runners[1].num_classes else ""
    name = f"time_to_quality_{data}{conditional}"
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=2) + "\n")
    draw(result, pictures, RESULTS / f"{name}.png")
    print(f"best distance of {first} so far / distance of {second}:", ratios)
    if (first, second, data) != ("guide", "dcgan", "fashion_mnist"):
        return 0
    missed = {t: goal for t, goal in GOALS.items() if t in ratios and ratios[t] < goal}
    for t, goal in missed.items():
        print(f"after {t} s the ratio is {ratios[t]}, and should be {goal}")
    return 1 if missed else 0


def draw(result, pictures, path):
    """The curves, and below them both recipes' images of the same latent vectors."""
    names = list(result["recipes"])
    times = [point["seconds"] for point in result["recipes"][names[0]]["points"]]
    shown = [t for t in (30, 60, 120, 300, 600) if t in times]
    figure, axes = plt.subplots(
        1 + len(shown), 2, figsize=(10, 3.4 + 0.75 * len(shown)), layout="constrained",
        height_ratios=[3.4] + [0.75] * len(shown), squeeze=False,
    )  # fmt: skip
    gridspec = axes[0, 0].get_gridspec()
    for ax in axes[0]:
        ax.remove()
    ax = figure.add_subplot(gridspec[0, :])
    for name in names:
        points = result["recipes"][name]["points"]
        ax.plot(times, [point["frechet"] for point in points], marker=".", label=name)
    ax.axhline(result["real"], color="grey", ls=":", label="real images")
    ax.set(xscale="log", yscale="log", xlabel="seconds of training",
           ylabel="Fréchet classifier distance")  # fmt: skip
    ax.set_xticks(times, [str(t) for t in times])
    ax.minorticks_off()
    ax.legend()
    for row, t in zip(axes[1:], shown, strict=True):
        for ax, name in zip(row, names, strict=True):
            plotting.image_grid(pictures[name, t], columns=10, title=f"{name}, {t} s", ax=ax)
            ax.title.set_fontsize(8)
    figure.savefig(path, dpi=90)
    plt.close(figure)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "recipes", nargs="*", default=["guide", "dcgan"], metavar="RECIPE",
        help=f"two of {', '.join(RECIPES)}; guide and dcgan by default",
    )  # fmt: skip
    parser.add_argument("--data", default="fashion_mnist", choices=["mnist", "fashion_mnist"])
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    if len(arguments.recipes) != 2 or not set(arguments.recipes) <= set(RECIPES):
        parser.error(f"give two of {', '.join(RECIPES)}")
    sys.exit(main(*arguments.recipes, arguments.data, arguments.minutes))
