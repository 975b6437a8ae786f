"""`gan-keras sample`, `walk` and `translate`: what trained models draw, as picture files."""

from pathlib import Path

import gan_keras
from gan_keras import latent, plotting
from gan_keras.cli.arguments import add_command, positive
from gan_keras.cli.trained import MODEL, drawing_model, trained_model
from gan_keras.datasets import folder

import numpy as np
from PIL import Image


def add_sample(commands):
    sample = add_command(
        commands, "sample", run_sample,
        help="draw images with a trained model",
        description="Draws images, into one picture or into a folder of them.",
        examples=[
            "gan-keras sample dcgan-fashion_mnist -n 64 --out clothes.png",
            "gan-keras sample runs/clothes -n 1000 --out clothes/",
            "gan-keras sample cgan-mnist --labels 2 0 2 6 -n 4",
        ],
    )  # fmt: skip
    sample.add_argument("model", help=MODEL)
    sample.add_argument("-n", type=positive, default=16, help="how many (default: 16)")
    sample.add_argument("--labels", type=int, nargs="+", metavar="CLASS",
                        help="classes to order, over and over (default: all in turn)")  # fmt: skip
    sample.add_argument("--seed", type=int, default=0, help="one seed, one drawing (default: 0)")
    sample.add_argument("--out", type=Path, default=Path("samples.png"), metavar="PLACE",
                        help="a .png for all, or a folder for one file each "
                        "(default: samples.png)")  # fmt: skip


def add_walk(commands):
    walk = add_command(
        commands, "walk", run_walk,
        help="walk through latent space, as a GIF",
        description="Draws what lies between latent vectors: several walks side by side, each "
        "through its own vectors along great circles and back to the first.",
        examples=[
            "gan-keras walk dcgan-fashion_mnist --out clothes.gif",
            "gan-keras walk cgan-mnist --labels 3 8",
        ],
    )  # fmt: skip
    walk.add_argument("model", help=MODEL)
    walk.add_argument("-n", type=positive, default=9, help="walks side by side (default: 9)")
    walk.add_argument("--stations", type=positive, default=4, metavar="K",
                      help="vectors that each walk passes, two or more (default: 4)")  # fmt: skip
    walk.add_argument("--steps", type=positive, default=12, metavar="K",
                      help="pictures from one to the next (default: 12)")  # fmt: skip
    walk.add_argument("--labels", type=int, nargs="+", metavar="CLASS",
                      help="class of each walk, over and over (default: all in turn)")  # fmt: skip
    walk.add_argument("--seed", type=int, default=0, help="of the vectors (default: 0)")
    walk.add_argument("--out", type=Path, default=Path("walk.gif"), metavar="FILE",
                      help="by default walk.gif")  # fmt: skip


def add_translate(commands):
    translate = add_command(
        commands, "translate", run_translate,
        help="translate pictures with pix2pix or cyclegan",
        description="Translates pictures. Each is cut to the middle, scaled to the model's size, "
        "and kept in the folder under its own name, as PNG. pix2pix draws as its paper has "
        "it, with dropout and with the statistics of up to 16 pictures together: the same pictures "
        "in the same order and the same seed give the same translations.",
        examples=[
            "gan-keras translate pix2pix-emoji drawings/ --out coloured/",
            "gan-keras translate cyclegan-emoji smile.png --direction b_to_a",
        ],
    )  # fmt: skip
    translate.add_argument("model", help=MODEL)
    translate.add_argument("pictures", nargs="+", type=Path, help="files, or folders of them")
    translate.add_argument("--direction", choices=("a_to_b", "b_to_a"), default="a_to_b",
                           help="b_to_a is for cyclegan alone (default: a_to_b)")  # fmt: skip
    translate.add_argument("--seed", type=int, default=0, help="of pix2pix' dropout (default: 0)")
    translate.add_argument("--out", type=Path, default=Path("translated"), metavar="FOLDER",
                           help="by default translated/")  # fmt: skip


def run_sample(options) -> int:
    model = drawing_model(options.model)
    orders = ordered(model, options)
    images = model.generate(options.n, seed=options.seed, **orders)
    if options.out.suffix.lower() == ".png":
        options.out.parent.mkdir(parents=True, exist_ok=True)
        save(options.out, plotting.tile(images))
    elif options.out.suffix and not options.out.is_dir():
        raise ValueError(f"--out is {options.out}; it must end in .png or be a folder.")
    else:
        options.out.mkdir(parents=True, exist_ok=True)
        digits = len(str(options.n - 1))
        for i, image in enumerate(images):
            save(options.out / f"{i:0{digits}}.png", image / 2 + 0.5)
    print(f"{options.n} images: {options.out}")
    return 0


def run_walk(options) -> int:
    if options.out.suffix.lower() != ".gif":
        raise ValueError(f"--out is {options.out}; it must end in .gif.")
    model = drawing_model(options.model)
    orders = ordered(model, options)
    z = latent.normal(options.n * options.stations, model.latent_dim, options.seed)
    paths = [latent.walk(stations, options.steps) for stations in np.split(z, options.n)]
    frames = len(paths[0])
    network = model.decoder if isinstance(model, gan_keras.VAE) else model.averaged_generator
    inputs = [np.concatenate(paths)]
    if orders:
        inputs.append(np.repeat(model.conditions(options.n, **orders), frames, axis=0))
    images = model.in_batches(network, *inputs, batch_size=256)
    images = images.reshape(options.n, frames, *model.image_shape)
    pictures = [as_picture(plotting.tile(images[:, i])) for i in range(frames)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    twice = (pictures[0].width * 2, pictures[0].height * 2)
    first, *others = (picture.resize(twice, Image.Resampling.NEAREST) for picture in pictures)
    first.save(options.out, save_all=True, append_images=others, duration=80, loop=0)
    print(f"{options.n} walks of {frames} pictures: {options.out}")
    return 0


def run_translate(options) -> int:
    model = trained_model(options.model)
    if not isinstance(model, gan_keras.TranslationModel):
        raise ValueError(f"{options.model} draws from noise: use gan-keras sample.")
    directed = isinstance(model, gan_keras.CycleGAN)
    if options.direction == "b_to_a" and not directed:
        raise ValueError(f"{options.model} translates in one direction; leave out --direction.")
    shape = model.target_shape if options.direction == "b_to_a" else model.image_shape
    kept = {}
    for path in folder.picture_files(options.pictures):
        target = options.out / f"{path.stem}.png"
        if target in kept:
            raise ValueError(f"{kept[target]} and {path} would both become {target}; rename one.")
        if target.resolve() == path.resolve():
            raise ValueError(f"{path} would be written over; give another --out.")
        kept[target] = path
    images = np.stack([folder.read_picture(path, shape) for path in kept.values()])
    arguments = {"direction": options.direction} if directed else {"seed": options.seed}
    translations = model.translate(images, **arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for target, image in zip(kept, translations, strict=True):
        save(target, image / 2 + 0.5)
    print(f"{len(kept)} images: {options.out}")
    return 0


def ordered(model, options) -> dict:
    """`labels` of `generate`, for models that take them."""
    if not model.num_classes:
        if options.labels:
            raise ValueError(f"{options.model} knows no classes; leave out --labels.")
        return {}
    labels = options.labels or range(model.num_classes)
    return {"labels": np.resize(labels, options.n)}


def as_picture(values) -> Image.Image:
    """A picture of (H, W, C) numbers in [0, 1]."""
    pixels = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    return Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels)


def save(path, values) -> None:
    as_picture(values).save(path)
