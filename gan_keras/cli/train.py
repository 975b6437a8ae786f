"""`gan-keras train`: a model trained from the command line.

Each training has a folder of its own. `run.json` says how it was started, `history.csv` what it
showed after each epoch and `samples/` what it drew; `backup/` keeps its state, and with
--tensorboard `tensorboard/` the logs for that program. `model.keras` is the trained model, for
`keras.models.load_model`.
"""

import json
import os
import re
import sys
import warnings
from pathlib import Path

import gan_keras
from gan_keras import callbacks, datasets
from gan_keras.cli.arguments import add_command, minutes, positive
from gan_keras.cli.watching import History, Progress, TimeLimit, kept

import tensorflow as tf

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
        description="Trains a model on a data set or a folder of images, for so many epochs or so "
        "many minutes. Ctrl-C stops. The same command again goes on from the last backup, and does "
        "nothing if all is done. A backup is made about every 200 steps, at the end of an epoch.",
        examples=[
            "gan-keras train dcgan --data fashion_mnist --minutes 5 --out runs/clothes",
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
    end = train.add_mutually_exclusive_group(required=True)
    end.add_argument("--epochs", type=positive, help="passes over the data")
    end.add_argument(
        "--minutes", type=minutes, help="time to train, with all backups and samples; reading the "
        "data comes before it. After an interruption what was left of it is left. A learning rate "
        "that falls (pix2pix, cyclegan) falls with the time; so two runs differ in the last digits",
    )  # fmt: skip
    train.add_argument("--out", type=Path, metavar="FOLDER", help="by default runs/MODEL-DATA")
    train.add_argument("--image-size", type=positive, metavar="PIXELS",
                       help="height and width (default: as they are; 64 or 32 for a folder of "
                       "pictures of several sizes)")  # fmt: skip
    train.add_argument("--channels", type=int, choices=(1, 3), help="1 for grey, 3 for colour")
    train.add_argument("--batch-size", type=positive, metavar="N", help="by default 64; 16 for "
                       "pix2pix, 4 for cyclegan; no more than there are pictures")  # fmt: skip
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
    train.add_argument(
        "--tensorboard", action="store_true",
        help="keep losses, samples and the networks' graph for tensorboard --logdir runs",
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
    if options.strategy == "multi_worker" and (options.minutes or options.tensorboard):
        raise ValueError(
            "--minutes and --tensorboard are for one machine; with --strategy multi_worker give "
            "--epochs, so that all workers stop after the same step."
        )
    strategy = choose_strategy(options.strategy)
    chief = is_chief(strategy.cluster_resolver)
    stem = "-".join([options.model, *(Path(name).name for name in options.data)])
    folder = options.out or Path("runs") / re.sub(r"[][*?\\]", "_", stem)
    backup = callbacks.Backup(folder / "backup")
    refuse_other_settings(folder / "run.json", options)

    data = load(options)
    # A falling learning rate needs the end; the other models' rates stay as they are.
    falls = options.model in EMOJI_PAIRS
    end = {"steps": options.epochs * len(data)} if falls and options.epochs else {}
    gan_keras.set_seed(options.seed)
    with strategy.scope():
        model = build(options, data)
        model.compile(**end)
    if options.model in ("gan", "vae") and options.strategy == "one":
        model.steps_per_execution = 8  # Of steps so short, what Keras does between two counts.
    folder.mkdir(parents=True, exist_ok=True)
    if chief:
        (folder / "run.json").write_text(json.dumps(settings(options), indent=1) + "\n")

    history = History(folder / "history.csv")
    epochs, limit = options.epochs, None
    if options.minutes:
        falling = [model.g_optimizer, model.d_optimizer] if falls else []
        limit = TimeLimit(60 * options.minutes, history, falling)
        done, seconds = kept(history.path)
        epochs = done if seconds >= limit.limit else sys.maxsize
    # Of a few pictures an epoch takes less time than a backup.
    backup.every = max(1, 200 // len(data))
    watching = [backup]
    if chief:
        watching += [history, Progress(history, limit, lines=not sys.stdout.isatty())]
        watching += [limit] if limit else []
    if options.strategy != "multi_worker":  # Drawing is a joint effort of all workers there.
        # About fifty pictures, however long the training.
        often = {"seconds": 1.2 * options.minutes} if limit else {"every": -(-epochs // 50)}
        grid = samples(model, data, folder / "samples", **often)
        watching.append(grid)
        if options.tensorboard:
            watching.append(callbacks.TensorBoard(folder / "tensorboard", grid))
    trained = model.fit(data, epochs=epochs, verbose=0, callbacks=watching)
    if chief:
        model.save(folder / "model.keras")
        done, seconds = kept(history.path)
        print(
            f"{len(trained.epoch)} epochs trained, {done} in all in "
            f"{callbacks.duration(seconds)}: {folder / 'model.keras'}"
        )
    return 0


def is_chief(resolver) -> bool:
    """Whether this process is the one of its cluster that writes what all have in common."""
    if resolver is None or resolver.task_type == "chief":
        return True
    return resolver.task_id == 0 and "chief" not in resolver.cluster_spec().jobs


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
    other = ("command", "out", "tensorboard")
    return {key: value for key, value in vars(options).items() if key not in other}


def refuse_other_settings(path, options) -> None:
    """Raises a ValueError if the folder's training was started in another way.

    More epochs or minutes are no other training, unless the learning rate depends on them.
    """
    if not path.exists():
        return
    try:
        before = dict(json.loads(path.read_text()))
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path} cannot be read as a training's settings: {error}. Remove it to go on with the "
            "training beside it, started in the same way."
        ) from error
    now = settings(options)
    free = () if options.model in EMOJI_PAIRS else ("epochs", "minutes")
    other = [key for key in now if key not in free and before.get(key) != now[key]]
    if other:
        raise ValueError(
            f"{path.parent} holds a training with other settings: "
            + ", ".join(f"{key} was {before.get(key)}, is {now[key]}" for key in other)
            + ". Give the same ones to go on with it, or another --out."
        )


def load(options):
    """The training data, as the model needs them; says what is in folders of the reader's own."""
    translates = options.model in EMOJI_PAIRS
    pair = pair_of(options.pair)
    if translates and not pair and options.data == ["emoji"]:
        pair = EMOJI_PAIRS[options.model]
    places = [Path(name) for name in options.data if datasets.is_folder(name)]
    surveys = [datasets.survey(place, "train") for place in places]
    for found in surveys:
        print(found, flush=True)
    halves = isinstance(pair, tuple) and len(places) == 1
    sizes = [sum(width % 2 == 0 or not halves for width, _ in found.sizes.values())
             for found in surveys]  # fmt: skip
    if len(places) == 1 and options.model == "cyclegan":
        sizes = [sizes[0] // 2]
    batch_size = {"pix2pix": 16, "cyclegan": 4}.get(options.model, 64)
    with warnings.catch_warnings():
        if surveys and not halves:
            warnings.filterwarnings("ignore", ".* are left out")  # As has been said.
        return datasets.load_dataset(
            options.data[0] if len(options.data) == 1 else tuple(options.data),
            image_size=options.image_size or advised([found.image_size for found in surveys]),
            channels=options.channels or advised([found.channels for found in surveys]),
            batch_size=options.batch_size or max(1, min([batch_size, *sizes])),
            labels=options.model in ("cgan", "acgan"),
            pair=pair,
            paired=options.model != "cyclegan",
            augment="mirror" if translates else None,
            seed=options.seed,
            broken="skip",
        )


def pair_of(sides):
    """What --pair was given, as `load_dataset` takes it: a degradation, two sides, or None."""
    return sides[0] if sides and len(sides) == 1 else tuple(sides) if sides else None


def advised(values):
    """What the surveys of all folders advise: the smallest; None where none advises anything."""
    return min((value for value in values if value), default=None)


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


def samples(model, data, folder, **often):
    """A callback that draws what the model makes of the same input as training goes on."""
    if isinstance(model, gan_keras.TranslationModel):
        inputs = next(iter(data))[0][:16].numpy()
        return callbacks.TranslationGrid(inputs, folder=folder, **often)
    labels = {"labels": [i % model.num_classes for i in range(16)]} if model.num_classes else {}
    return callbacks.SampleGrid(16, folder=folder, **often, **labels)
