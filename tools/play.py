"""Makes build/play/, the pages to play with in a browser: `play.py build`.

build/play/ takes the pages of book/play/, the runtime LiteRT.js, which npm fetches in the version
that book/play/package-lock.json names, and the trained models, which TensorFlow's own converter
turns into files that it runs. Serve the folder with `python -m http.server`; it needs nothing from
elsewhere.

Pix2Pix draws as in training, with dropout and the statistics of a batch (section 3.1 of its paper).
The page has one image at a time and shows `translate(..., as_in_training=False)`, without dropout
and with the statistics of training; `play.py compare` prints what that changes on the test pairs.
`play.py show` takes the README's picture and measures speed, in Chromium.
"""

import argparse
import io
import json
import shutil
from pathlib import Path

import gan_keras

import keras
import npm
import numpy as np
import tensorflow as tf
from PIL import Image

ROOT = Path(__file__).parents[1]
SOURCE, TARGET = ROOT / "book/play", ROOT / "build/play"
PICTURE = ROOT / "book/pictures/play.png"
MODELS = ("cgan-mnist", "dcgan-fashion_mnist", "cgan-emoji", "pix2pix-emoji")
# Of LiteRT.js: its modules, and the runtime with its fallback for browsers without relaxed SIMD.
RUNTIME = (
    "@litertjs/core/dist/index.js",
    "@litertjs/wasm-utils/dist/index.js",
    *(
        f"@litertjs/core/wasm/litert_wasm_{build}internal.{suffix}"
        for build in ("", "compat_")
        for suffix in ("js", "wasm")
    ),
)
# Test pairs, picked by hand: some where the network's guess is right, some where it is not.
EXAMPLES = (163, 1, 123, 158, 178, 203, 105, 141, 22, 145, 200, 36)


def export(network: keras.Model, path: Path) -> None:
    """Writes a network, batches of one, as a LiteRT file; weights as float16, as they are kept."""
    inputs = [tf.TensorSpec((1, *x.shape[1:]), tf.float32) for x in network.inputs]

    @tf.function
    def run(*x):
        return network(list(x) if len(x) > 1 else x[0], training=False)

    concrete = run.get_concrete_function(*inputs)
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_types = [tf.float16]
    path.write_bytes(converter.convert())


def export_models(folder: Path) -> None:
    """Writes the models, and models.json, which tells the pages their inputs and classes."""
    about = {}
    for name in MODELS:
        model = gan_keras.load_pretrained(name)
        network = model.averaged_generator
        export(network, folder / f"{name}.tflite")
        data = gan_keras.load_dataset(
            gan_keras.pretrained.card(name)["data"], labels=True, batch_size=1, limit=1
        )
        about[name] = {
            "inputs": [tensor.shape[1:] for tensor in network.inputs],
            "output": network.output.shape[1:],
            "classes": data.class_names if len(network.inputs) > 1 else None,
        }
    (folder / "models.json").write_text(json.dumps(about, indent=1) + "\n")


def unseen_pairs() -> tuple:
    """The pairs that pix2pix-emoji has not seen, (n, 64, 64, 1) and (n, 64, 64, 3), in [-1, 1]."""
    content = gan_keras.pretrained.card("pix2pix-emoji")
    data = gan_keras.load_dataset(
        content["data"], "test", pair=tuple(content["pair"]), exclude=tuple(content["exclude"]),
        shuffle=False,
    )  # fmt: skip
    sides = zip(*data.as_numpy_iterator(), strict=True)
    return tuple(np.concatenate(side) for side in sides)


def export_examples(folder: Path) -> None:
    """Writes drawings of the test split to start from, and what their artists made of them."""
    for side, images in zip(("line", "color"), unseen_pairs(), strict=True):
        for i, chosen in enumerate(EXAMPLES):
            image = np.rint((images[chosen] + 1) * 127.5)
            keras.utils.save_img(folder / f"{i}-{side}.png", image, scale=False)


def fetch_runtime(folder: Path) -> None:
    """Puts LiteRT.js into `folder`."""
    modules = npm.install(SOURCE, "make play")
    for name in RUNTIME:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(modules / name, folder / name)


def build() -> None:
    """Makes build/play/ anew."""
    shutil.rmtree(TARGET, ignore_errors=True)
    ignored = shutil.ignore_patterns("package*.json")
    shutil.copytree(SOURCE, TARGET, ignore=ignored)
    fetch_runtime(TARGET / "runtime")
    for folder, make in (("models", export_models), ("examples", export_examples)):
        (TARGET / folder).mkdir()
        make(TARGET / folder)
    print(f"Made {TARGET}. To open it: python -m http.server --directory {TARGET}")


def compare() -> None:
    """Prints the mean absolute error of pix2pix-emoji, used in three ways, on all test pairs."""
    a, b = unseen_pairs()
    model = gan_keras.load_pretrained("pix2pix-emoji")
    for way, options in {
        "as in training, batches of 16": {"seed": 0},
        "as in training, one image at a time": {"seed": 0, "batch_size": 1},
        "without dropout, statistics of training": {"as_in_training": False},
    }.items():
        print(f"{np.abs(model.translate(a, **options) - b).mean():.4f}  {way}")


# In the page: milliseconds an image, median of 200; steps and pictures a second, over 5 seconds.
IMAGE_SPEED = """async (name) => {
  const { loadModel } = await import("./generators/runtime.js");
  const model = await loadModel(name);
  const inputs = model.inputs.map((shape) => new Float32Array(shape.reduce((a, b) => a * b)));
  for (let i = 0; i < 20; i++) await model.run(...inputs);
  const times = [];
  for (let i = 0; i < 200; i++) {
    const start = performance.now();
    await model.run(...inputs);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[100];
}"""
GAME_SPEED = """async () => {
  const steps = () => +document.getElementById("step").textContent.replace(",", "");
  const [start, before] = [performance.now(), steps()];
  let frames = 0;
  while (performance.now() - start < 5000) {
    await new Promise(requestAnimationFrame);
    frames++;
  }
  return [(steps() - before) / 5, frames / 5];
}"""


def show() -> None:
    """Writes the README's picture of the pages, and prints how fast they are in Chromium."""
    import browser

    def ready(page, condition):
        page.wait_for_function(condition, timeout=300_000)

    squares = []
    with browser.serve(TARGET) as address, browser.chromium() as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(address + "game.html")
        page.check("[name=sheet]")
        page.click("#play")
        ready(page, "+document.getElementById('step').textContent.replace(',', '') > 1000")
        print("game: {:.0f} steps, {:.0f} pictures a second".format(*page.evaluate(GAME_SPEED)))
        page.click("#play")
        squares.append(page.locator("#plane").screenshot())
        page.goto(address + "generators.html")
        ready(page, "document.getElementById('colour-milliseconds').textContent !== '–'")
        for name in MODELS:
            print(f"{name}: {page.evaluate(IMAGE_SPEED, name):.2f} ms an image")
        squares += [page.locator(name).screenshot() for name in ("#map", "#paper", "#coloured")]
    side = 300
    whole = Image.new("RGB", (len(squares) * (side + 8) - 8, side), "white")
    for i, square in enumerate(squares):
        picture = Image.open(io.BytesIO(square)).convert("RGB")
        whole.paste(picture.resize((side, side), Image.Resampling.LANCZOS), (i * (side + 8), 0))
    PICTURE.parent.mkdir(exist_ok=True)
    whole.quantize(256, dither=Image.Dither.NONE).save(PICTURE, optimize=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("build", "compare", "show"))
    {"build": build, "compare": compare, "show": show}[parser.parse_args().command]()
