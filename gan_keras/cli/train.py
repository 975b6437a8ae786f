"""`gan-keras train`: a model trained from the command line.

Each training has a folder of its own. `run.json` says how it was started, `history.csv` what it
showed after each epoch and `samples/` what it drew; `backup/` keeps its state. `model.keras` is the
trained model, for `keras.models.load_model`.
"""

import json
import os
import time
from pathlib import Path

import keras
import tensorflow as tf

import gan_keras
from gan_keras import callbacks, datasets
from gan_keras.cli.arguments import add_command, positive

MODELS = {
    name.lower(): getattr(gan_keras, name)
    for name in ("VAE", "GAN", "DCGAN", "CGAN", "ACGAN", "Pix2Pix", "CycleGAN")
}
# What the emoji's two sides are for models that translate, unless --pair says otherwise.
EMOJI_PAIRS = {"pix2pix": ("line", "color"), "cyclegan": ("color", "noto")}


def add_train(commands):
    train = add_command(
        commands, "train", run_train,
        help="train a model; the same command again goes on",
        description="Trains a model on a data set or a folder of images. The same command again "
        "goes on after the last whole epoch, and does nothing if all are done.",
        examples=[
            "gan-keras train dcgan --data fashion_mnist --epochs 5 --out runs/clothes",
            "gan-keras train dcgan --data holiday/ --image-size 64 --epochs 200 --augment",
            "gan-keras train pix2pix --data emoji --epochs 20",
            "gan-keras train cyclegan --data photos/ paintings/ --image-size 64 --epochs 20",
        ],
    )  # fmt: skip
    train.add_argument("model", choices=MODELS)
    train.add_argument(
        "--data", nargs="+", required=True, metavar="NAME",
        help="mnist, fashion_mnist, emoji, a folder of images, or a name of tensorflow-datasets; "
        "two of them are the two sides of a model that translates",
    )  # fmt: skip
    train.add_argument("--epochs", type=positive, required=True, help="passes over the data")
    train.add_argument("--out", type=Path, metavar="FOLDER", help="by default runs/MODEL-DATA")
    train.add_argument("--image-size", type=positive, metavar="PIXELS", help="height and width")
    train.add_argument("--channels", type=int, choices=(1, 3), help="1 for grey, 3 for colour")
    train.add_argument("--batch-size", type=positive, metavar="N", help="by default 64; 16 for "
                       "pix2pix, 4 for cyclegan")  # fmt: skip
    train.add_argument(
        "--pair", nargs="+", metavar="SIDE",
        help="what the two sides are: line color, left right, or one of denoise, inpaint, "
        "super_resolve, colorize, edges",
    )  # fmt: skip
    train.add_argument(
        "--augment", action="store_true",
        help="for few images, a few thousand or less: varies all that the discriminator sees "
        "(dcgan, cgan, acgan)",
    )  # fmt: skip
    train.add_argument("--seed", type=int, default=0, help="of everything random (default: 0)")
    train.add_argument(
        "--strategy", choices=("one", "mirrored", "multi_worker"), default="one",
        help="mirrored: all GPUs of this machine; multi_worker: several machines, each of which "
        "runs this command with its own TF_CONFIG (default: one device)",
    )  # fmt: skip


def run_train(options) -> int:
    if options.augment and options.model not in ("dcgan", "cgan", "acgan"):
        raise ValueError(f"--augment is for dcgan, cgan and acgan, not for {options.model}.")
    strategy = choose_strategy(options.strategy)
    chief = strategy.cluster_resolver is None or strategy.cluster_resolver.task_id == 0
    stem = "-".join([options.model, *(Path(name).name for name in options.data)])
    folder = options.out or Path("runs") / stem
    refuse_other_settings(folder / "run.json", options)

    data = load(options)
    # A falling learning rate needs the end; the other models' rates stay as they are.
    end = {"steps": options.epochs * len(data)} if options.model in EMOJI_PAIRS else {}
    gan_keras.set_seed(options.seed)
    with strategy.scope():
        model = build(options, data)
        model.compile(**end)
    folder.mkdir(parents=True, exist_ok=True)
    if chief:
        (folder / "run.json").write_text(json.dumps(settings(options), indent=1) + "\n")

    watching = [callbacks.Backup(folder / "backup")]
    if chief:
        watching += [callbacks.Progress(), History(folder / "history.csv")]
    if options.strategy != "multi_worker":  # Drawing is a joint effort of all workers there.
        watching.append(samples(model, data, folder / "samples"))
    begun = time.monotonic()
    trained = model.fit(data, epochs=options.epochs, verbose=0, callbacks=watching)
    if chief:
        model.save(folder / "model.keras")
        seconds = time.monotonic() - begun
        print(f"{len(trained.epoch)} epochs in {seconds:.0f} s: {folder / 'model.keras'}")
    return 0


def choose_strategy(name):
    """The `tf.distribute` strategy of that name."""
    if name == "mirrored":
        return tf.distribute.MirroredStrategy()
    if name == "multi_worker":
        if "TF_CONFIG" not in os.environ:
            raise ValueError(
                "TF_CONFIG is not set; it tells each worker of the others. On the first of two "
                'machines: TF_CONFIG=\'{"cluster": {"worker": ["HOST1:PORT", "HOST2:PORT"]}, '
                '"task": {"type": "worker", "index": 0}}\'; on the second, "index": 1.'
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    return tf.distribute.get_strategy()


def settings(options) -> dict:
    """How a training was started."""
    return {key: value for key, value in vars(options).items() if key not in ("command", "out")}


def refuse_other_settings(path, options) -> None:
    """Raises a ValueError if the folder's training was started in another way.

    More epochs are no other training, unless the learning rate depends on their number.
    """
    if not path.exists():
        return
    before, now = json.loads(path.read_text()), settings(options)
    free = () if options.model in EMOJI_PAIRS else ("epochs",)
    other = [key for key in now if key not in free and before.get(key) != now[key]]
    if other:
        raise ValueError(
            f"{path.parent} holds a training with other settings: "
            + ", ".join(f"{key} was {before.get(key)}, is {now[key]}" for key in other)
            + ". Give the same ones to go on with it, or another --out."
        )


def load(options):
    """The training data, as the model needs them."""
    translates = options.model in EMOJI_PAIRS
    batch_size = {"pix2pix": 16, "cyclegan": 4}.get(options.model, 64)
    pair = options.pair
    if translates and not pair and options.data == ["emoji"]:
        pair = EMOJI_PAIRS[options.model]
    return datasets.load_dataset(
        options.data[0] if len(options.data) == 1 else tuple(options.data),
        image_size=options.image_size,
        channels=options.channels,
        batch_size=options.batch_size or batch_size,
        labels=options.model in ("cgan", "acgan"),
        pair=pair[0] if pair and len(pair) == 1 else tuple(pair) if pair else None,
        paired=options.model != "cyclegan",
        augment="mirror" if translates else None,
        seed=options.seed,
    )


def build(options, data):
    """The model for images of the size that `data` has."""
    spec = data.element_spec
    sides = spec if isinstance(spec, tuple) else (spec,)
    arguments = {"image_shape": tuple(sides[0].shape[1:]), "seed": options.seed}
    if options.model in ("cgan", "acgan"):
        arguments["num_classes"] = len(data.class_names)
    if options.model in EMOJI_PAIRS:
        arguments["target_shape"] = tuple(sides[1].shape[1:])
    if options.augment:
        arguments["augment"] = True
    return MODELS[options.model](**arguments)


def samples(model, data, folder):
    """A callback that draws what the model makes of the same input after each epoch."""
    if isinstance(model, gan_keras.TranslationModel):
        inputs = next(iter(data))[0][:16].numpy()
        return callbacks.TranslationGrid(inputs, folder=folder)
    labels = {"labels": [i % model.num_classes for i in range(16)]} if model.num_classes else {}
    return callbacks.SampleGrid(16, folder=folder, **labels)


class History(keras.callbacks.CSVLogger):
    """One line an epoch; a training that goes on adds its lines, each epoch once."""

    def __init__(self, path):
        super().__init__(path, append=True)

    def on_train_begin(self, logs=None):
        begin = self.model._initial_epoch or 0
        path = Path(self.filename)
        if path.exists():
            head, *lines = path.read_text().splitlines(keepends=True) or [""]
            # An epoch whose backup was not finished is trained and written again.
            path.write_text(head + "".join(s for s in lines if int(s.split(",")[0]) < begin))
        super().on_train_begin(logs)
