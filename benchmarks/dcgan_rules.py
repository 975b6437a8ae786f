"""The rules of DCGAN (Radford et al. 2015, section 3), broken one at a time.

    python benchmarks/dcgan_rules.py [--steps 1600]

Trains the networks of the recipe "paper", made narrow, on Fashion-MNIST with all rules kept and
then with each one broken in turn, for the same number of steps, and measures the Fréchet
classifier distance on the way. Images are drawn from the generator's own weights, without
averaging, as in the paper. Writes results/dcgan_rules.json, and results/dcgan_rules.npz with
images from the same latent vectors (uint8, one array a variant). All variants have seed 0; the one
with all rules is trained with two more, to show how far chance alone goes.
"""

import argparse
import json
import time
from pathlib import Path

import gan_keras
from gan_keras.models.dcgan import RECIPES

import keras
import numpy as np
from keras import layers
from machine import describe

RESULTS = Path(__file__).parent / "results"
DATA, BATCH_SIZE, IMAGES = "fashion_mnist", 64, 12

# name: (what is different, arguments of `train`)
VARIANTS = {
    "all rules": ("nothing", {}),
    "pooling": (
        "max pooling in D, nearest upsampling in G, in place of strides",
        {"g": {"strided": False}, "d": {"strided": False}},
    ),
    "no norm in G": ("no batch normalisation in G", {"g": {"norm": "none"}}),
    "no norm in D": ("no batch normalisation in D", {"d": {"norm": "none"}}),
    "norm everywhere": (
        "batch normalisation also at G's output and after D's first convolution",
        {"g": {"norm": "all"}, "d": {"norm": "all"}},
    ),
    "dense layers": (
        "a hidden dense layer of 256 units in each network",
        {"g": {"hidden": 256}, "d": {"hidden": 256}},
    ),
    "ReLU in D": ("ReLU in place of leaky ReLU in D", {"d": {"slope": 0.0}}),
    "beta_1 = 0.9": ("Adam's beta_1 0.9 in place of 0.5", {"beta_1": 0.9}),
    "rate x 10": ("learning rate 2e-3 in place of 2e-4", {"rate": 2e-3}),
}


def init():
    """New for each layer: an initializer repeats its values."""
    return keras.initializers.RandomNormal(stddev=0.02)


def build_generator(width, latent_dim, norm="inner", strided=True, hidden=0):
    """(batch, latent_dim) -> (batch, 28, 28, 1), by default as `gan_keras.models.dcgan` has it.

    Args:
        norm: where batch normalisation stands: "inner" layers, "all" layers, or "none".
        strided: False puts upsampling and a convolution in place of a transposed convolution.
        hidden: units of a dense layer after z; 0 for none.
    """

    def double(x, filters, use_bias):
        options = dict(padding="same", use_bias=use_bias, kernel_initializer=init())
        if strided:
            return layers.Conv2DTranspose(filters, 5, strides=2, **options)(x)
        return layers.Conv2D(filters, 5, **options)(layers.UpSampling2D()(x))

    def activate(x):
        x = x if norm == "none" else layers.BatchNormalization(momentum=0.9)(x)
        return layers.ReLU()(x)

    plain = norm == "none"  # Without normalisation, which has its own, a layer needs a bias.
    x = z = keras.Input((latent_dim,))
    if hidden:
        x = activate(layers.Dense(hidden, use_bias=plain, kernel_initializer=init())(x))
    x = layers.Dense(7 * 7 * 2 * width, use_bias=plain, kernel_initializer=init())(x)
    x = activate(layers.Reshape((7, 7, 2 * width))(x))
    x = activate(double(x, width, use_bias=plain))
    x = double(x, 1, use_bias=True)
    x = layers.BatchNormalization(momentum=0.9)(x) if norm == "all" else x
    return keras.Model(z, layers.Activation("tanh")(x), name="generator")


def build_discriminator(width, norm="inner", strided=True, hidden=0, slope=0.2):
    """(batch, 28, 28, 1) -> (batch, 1) logits. `slope`: of leaky ReLU; 0 makes it ReLU."""
    x = image = keras.Input((28, 28, 1))
    for i in range(3):
        strides = 2 if strided else 1
        x = layers.Conv2D(
            width << i, 5, strides=strides, padding="same", kernel_initializer=init()
        )(x)
        if norm == "all" or (norm == "inner" and i > 0):
            x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.LeakyReLU(slope)(x)
        x = x if strided else layers.MaxPooling2D(padding="same")(x)
    x = layers.Flatten()(x)
    if hidden:
        x = layers.LeakyReLU(slope)(layers.Dense(hidden, kernel_initializer=init())(x))
    return keras.Model(image, layers.Dense(1)(x), name="discriminator")


def train(variant, seed, steps, width, reference, n, measurements, limit=None):
    """One run. Returns a dict of lists, one entry a measurement, and `IMAGES` images."""
    keras.utils.set_random_seed(seed)
    options = {"g": {}, "d": {}, "beta_1": 0.5, "rate": 2e-4} | VARIANTS[variant][1]
    latent_dim = RECIPES["paper"]["latent_dim"]
    gan = gan_keras.DCGAN(
        latent_dim=latent_dim,
        generator=build_generator(width, latent_dim, **options["g"]),
        discriminator=build_discriminator(width, **options["d"]),
        average=None,
        seed=seed,
    )
    gan.compile(*(keras.optimizers.Adam(options["rate"], options["beta_1"]) for _ in range(2)))
    data = gan_keras.load_dataset(DATA, batch_size=BATCH_SIZE, seed=seed, limit=limit)
    evaluate = gan_keras.callbacks.Evaluate(reference, n=n, seed=1)
    begun, every = time.monotonic(), steps // measurements
    history = gan.fit(
        data.repeat(), steps_per_epoch=every, epochs=measurements, verbose=0, callbacks=[evaluate]
    ).history
    seconds = time.monotonic() - begun - evaluate.seconds
    curves = {key: [round(float(x), 4) for x in values] for key, values in history.items()}
    after = [every * (i + 1) for i in range(measurements)]
    run = {"seed": seed, "steps": after, "seconds": round(seconds, 1), **curves}
    return run, gan.generate(IMAGES, seed=0)


def check_unchanged(width):
    """Raises AssertionError unless the networks with all rules kept are the library's own."""
    library = gan_keras.DCGAN(recipe="paper", width=width)
    ours = build_generator(width, library.latent_dim), build_discriminator(width)
    for network, own in zip((library.generator, library.discriminator), ours, strict=True):
        assert [w.shape for w in own.weights] == [w.shape for w in network.weights], network.name


def run(variants=tuple(VARIANTS), steps=1600, width=24, n=2000, measurements=4, limit=None,
        more_seeds=(1, 2), save=None):  # fmt: skip
    """Trains every variant.

    Args:
        variants: names in `VARIANTS`.
        steps: of training, in batches of 64 images.
        width: filters at the largest hidden resolution, 128 in the paper.
        n: images drawn for each measurement.
        measurements: how many, at equal distances; the last one at the end.
        limit: images of training and of reference; None for all.
        more_seeds: with which the first variant is trained again.
        save: function of what is returned, called after each run.

    Returns:
        (result, pictures): a dict as the JSON file holds it, and {variant: uint8 images}.
    """
    check_unchanged(width)
    reference = gan_keras.metrics.load_reference(DATA, limit=limit)
    result = {
        "command": f"python benchmarks/dcgan_rules.py --steps {steps}",
        "machine": describe(),
        "data": DATA,
        "n": n,
        "extractor": str(reference.extractor),
        "real": round(reference.real_scores(n).frechet, 3),
        "batch_size": BATCH_SIZE,
        "width": width,
        "variants": {},
    }
    pictures = {}
    plan = [(name, 0) for name in variants] + [(variants[0], seed) for seed in more_seeds]
    for name, seed in plan:
        one, images = train(name, seed, steps, width, reference, n, measurements, limit)
        entry = result["variants"].setdefault(name, {"change": VARIANTS[name][0], "runs": []})
        entry["runs"].append(one)
        pictures.setdefault(name, np.uint8(np.round((images + 1) * 127.5)))
        print(f"{name}, seed {seed}: {one['frechet']}, {one['seconds']} s", flush=True)
        if save is not None:
            save(result, pictures)
    return result, pictures


def save(result, pictures):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "dcgan_rules.json").write_text(json.dumps(result, indent=2) + "\n")
    np.savez_compressed(RESULTS / "dcgan_rules.npz", **pictures)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--steps", type=int, default=1600)
    run(steps=parser.parse_args().steps, save=save)
