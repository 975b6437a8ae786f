"""`gan-keras evaluate`: what a trained model scores."""

import json
from pathlib import Path

import gan_keras
from gan_keras import metrics, pretrained
from gan_keras.cli.arguments import add_command, positive
from gan_keras.cli.train import EMOJI_PAIRS, pair_of
from gan_keras.cli.trained import MODEL, trained_model

import numpy as np


def add_evaluate(commands):
    evaluate = add_command(
        commands, "evaluate", run_evaluate,
        help="measure a trained model against real images",
        description="Measures a model over the features of the classifier of an embedded data set "
        "(mnist, fashion_mnist, emoji): a model that draws against the test images; one that "
        "translates on the test pairs of the emoji.",
        examples=[
            "gan-keras evaluate dcgan-fashion_mnist",
            "gan-keras evaluate runs/clothes -n 2000",
            "gan-keras evaluate pix2pix-emoji",
        ],
    )  # fmt: skip
    evaluate.add_argument("model", help=MODEL)
    evaluate.add_argument("--data", metavar="NAME", help="by default what it was trained on")
    evaluate.add_argument("-n", type=positive, metavar="IMAGES", help="images to draw; distances "
                          "fall with it (default: as many as are real)")  # fmt: skip
    evaluate.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")


def run_evaluate(options) -> int:
    model = trained_model(options.model)
    trained_on = training_of(options.model)
    name = options.data or trained_on.get("data")
    if not name:
        raise ValueError(f"What {options.model} was trained on is not known; give --data.")
    if isinstance(model, gan_keras.TranslationModel):
        print(translation_scores(model, name, trained_on, options.seed))
        return 0
    reference = metrics.load_reference(name, image_size=model.image_shape[:2])
    n = options.n or len(reference.features)
    orders = {}
    if model.num_classes == len(np.unique(reference.labels)):
        # The classes as often as the reference has them.
        orders["labels"] = reference.labels[np.arange(n) * len(reference.labels) // n]
    elif model.num_classes:
        orders["labels"] = np.arange(n) % model.num_classes
    images = model.generate(n, seed=options.seed, **orders)
    print(reference.measure(images, **orders))
    return 0


def training_of(name) -> dict:
    """What is known of a model's training: `data`, and how it was loaded if it translates."""
    if name in pretrained.names() and not Path(name).exists():
        return pretrained.card(name)
    path = Path(name) if Path(name).is_dir() else Path(name).parent
    if not (path / "run.json").exists():
        return {}
    try:
        run = json.loads((path / "run.json").read_text())
        data = run["data"][0] if len(run["data"]) == 1 else None
        pair = pair_of(run["pair"]) or EMOJI_PAIRS.get(run["model"])
        return {"data": data, "pair": pair, "channels": run.get("channels")}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{path / 'run.json'} cannot be read as a run's settings.") from error


def translation_scores(model, name, trained_on, seed) -> str:
    """The figures on the test pairs, beside those of the untranslated input."""
    how = {key: trained_on.get(key) for key in ("pair", "channels")}
    how["exclude"] = trained_on.get("exclude") or ()
    if not how["pair"]:
        kind = "cyclegan" if isinstance(model, gan_keras.CycleGAN) else "pix2pix"
        how["pair"] = EMOJI_PAIRS[kind]
    extractor = metrics.load_extractor(name)
    size = model.image_shape[:2]
    data = gan_keras.load_dataset(
        name, "test", image_size=size, shuffle=False, batch_size=50, **how
    )
    a, b = (np.concatenate(side) for side in zip(*data.as_numpy_iterator(), strict=True))
    noise = {} if isinstance(model, gan_keras.CycleGAN) else {"seed": seed}
    rows = {"translated": model.translate(a, **noise)}
    if a.shape[1:3] == b.shape[1:3] and a.shape[-1] <= b.shape[-1]:
        rows["input"] = np.repeat(a, b.shape[-1] // a.shape[-1], axis=-1)
    lines = [f"{len(a)} test pairs of {name}, {extractor}"]
    for what, images in rows.items():
        scores = metrics.translation_scores(images, b, extractor)._asdict()
        lines.append(f"{what}: " + ", ".join(f"{key} {value:.4g}" for key, value in scores.items()))
    return "\n".join(lines)
