"""`gan-keras data`: which data there are, what is in them, and how pictures become ready to train.

gan-keras data list
gan-keras data info holiday/
gan-keras data prepare holiday/ --out holiday-64/
"""

from collections import Counter
from pathlib import Path

from gan_keras import datasets, plotting
from gan_keras.cli.arguments import add_command, positive
from gan_keras.datasets import catalogue, folder

import numpy as np
from PIL import Image

LICENCES = {
    "mnist": "CC BY-SA 3.0",
    "fashion_mnist": "MIT",
    "emoji": "CC BY-SA 4.0 (OpenMoji), Apache 2.0 (Noto)",
}


def add_data(commands):
    data = commands.add_parser(
        "data",
        help="which data there are, what a folder of pictures holds",
        description="Which data there are, what is in them, and pictures made ready to train.",
    )
    kinds = data.add_subparsers(required=True, metavar="COMMAND")
    add_command(
        kinds, "list", run_list,
        help="the data sets that need no download",
        description="Lists the data sets that come with the project and those of "
        "tensorflow-datasets that have been downloaded: images, shape, classes, licence.",
        examples=["gan-keras data list"],
    )  # fmt: skip
    info = add_command(
        kinds, "info", run_info,
        help="what is in a data set or a folder",
        description="Tells what is in a data set: images and classes of each split, licence. Of a "
        "folder of pictures: how many can be used, and which are damaged, tiny, twice there, or in "
        "a format that is not read; and the size that is advised.",
        examples=[
            "gan-keras data info fashion_mnist --out clothes.png",
            "gan-keras data info holiday/",
        ],
    )  # fmt: skip
    info.add_argument("name", help="of a data set, or a folder")
    info.add_argument("--out", type=Path, metavar="FILE", help="a .png of 64 of the images")
    prepare = add_command(
        kinds, "prepare", run_prepare,
        help="make a folder ready to train, or download a data set",
        description="Of a folder of pictures: writes them into another folder as PNG, upright, cut "
        "to the middle and scaled, in the subfolders they are in; without those that are damaged, "
        "tiny, or twice there, pixel for pixel. The pictures themselves stay as they are, and a "
        "training no longer decodes them in full. Of a name of tensorflow-datasets: downloads it.",
        examples=[
            "gan-keras data prepare holiday/ --out holiday-64/",
            "gan-keras data prepare celeb_a",
        ],
    )  # fmt: skip
    prepare.add_argument("name", help="a folder, or a name of tensorflow-datasets")
    prepare.add_argument("--out", type=Path, metavar="FOLDER", help="new, for a folder's pictures")
    prepare.add_argument("--image-size", type=positive, metavar="PIXELS",
                         help="height and width (default: as data info advises)")  # fmt: skip


def run_list(options) -> int:
    import tensorflow_datasets as tfds

    found = [name for name in catalogue.EMBEDDED if catalogue.embedded(name)]
    store = Path(tfds.core.constants.DATA_DIR).expanduser()
    for path in sorted(store.glob("*/")):
        if path.name in tfds.list_builders(with_community_datasets=False):
            found.append(path.name)
    for name in dict.fromkeys(found):
        print(f"{name:16}{facts(name)}")
    print(
        "Any other image data set of tensorflow-datasets is downloaded once, by its name: "
        "gan-keras data prepare celeb_a"
    )
    return 0


def facts(name) -> str:
    """One line on a data set: sizes, shape, classes, licence."""
    try:
        info = catalogue.information(name)
        (key, *_), label = catalogue.image_and_label(name)
    except (ValueError, OSError) as error:
        return f"cannot be read: {error}"
    splits = ", ".join(f"{split.num_examples:,} {key}" for key, split in info.splits.items())
    classes = f"{info.features[label].num_classes} classes" if label else "no classes"
    return f"{splits or 'not downloaded'}; {info.features[key].shape}; {classes}; {licence(info)}"


def licence(info) -> str:
    """A data set's licence, as far as it is known."""
    return LICENCES.get(info.name) or info.redistribution_info.license or "see its home page"


def run_info(options) -> int:
    if options.out and options.out.suffix.lower() != ".png":
        raise ValueError(f"--out is {options.out}; it must end in .png.")
    if datasets.is_folder(options.name):
        found = datasets.survey(options.name)
        print(found)
        classes = Counter(
            path.relative_to(found.folder).parts[0]
            for path in found.sizes
            if len(path.relative_to(found.folder).parts) > 1
        )
        if classes:
            counts = ", ".join(f"{name} {n:,}" for name, n in sorted(classes.items()))
            print(f"Subfolders: {counts}.")
        size, channels = found.image_size, found.channels
        paths = list(found.sizes)
        chosen = [paths[i * len(paths) // 64] for i in range(64)] if len(paths) > 64 else paths
        if options.out:
            shape = (size or found.sizes[paths[0]][1], size or found.sizes[paths[0]][0])
            channels = channels or (1 if found.grey else 3)
            sheet = np.stack([folder.read_picture(path, (*shape, channels)) for path in chosen])
    else:
        print(description(options.name))
        if options.out:
            data = datasets.load_dataset(options.name, image_size=None, limit=64, batch_size=1)
            sheet = np.concatenate(list(data.as_numpy_iterator()))
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.uint8(np.round(plotting.tile(sheet).squeeze() * 255))
        Image.fromarray(pixels).save(options.out)
        print(f"{len(sheet)} images: {options.out}")
    return 0


def description(name) -> str:
    """What is known of a data set, several lines."""
    info = catalogue.information(name)
    lines = [f"{name} {info.version}: {facts(name)}", info.description.strip()]
    _, label = catalogue.image_and_label(name)
    if label and catalogue.embedded(name):
        names = info.features[label].names
        for split in info.splits:
            numbers = catalogue.labels(name, split, label)
            counts = np.bincount(numbers, minlength=len(names))
            shown = ", ".join(f"{a} {b:,}" for a, b in zip(names, counts, strict=True))
            lines.append(f"{split}: {shown}")
    return "\n".join(lines)


def run_prepare(options) -> int:
    if not datasets.is_folder(options.name):
        if options.out or options.image_size:
            raise ValueError("--out and --image-size are for a folder of pictures.")
        catalogue.download(options.name)
        print(f"{options.name}: {facts(options.name)}")
        return 0
    if not options.out:
        raise ValueError("Give --out, a new folder for the pictures.")
    if options.out.exists() and (not options.out.is_dir() or any(options.out.iterdir())):
        raise ValueError(f"--out is {options.out}, which is not empty; give a new folder.")
    source = Path(options.name).expanduser()
    if options.out.resolve().is_relative_to(source.resolve()):
        raise ValueError(f"--out is inside {source}, whose pictures would then be there twice.")
    found = datasets.survey(source)
    print(found)
    left_out = {*found.tiny, *(path for group in found.copies for path in group[1:])}
    size = options.image_size or found.image_size
    if size is None:  # All are of one size, which the models take.
        width, height = next(iter(found.sizes.values()))
    else:
        width = height = size
    channels = found.channels or (1 if found.grey else 3)
    kept = {}
    for path in found.sizes:
        if path not in left_out:
            target = options.out / path.relative_to(source).with_suffix(".png")
            if target in kept:
                target = target.with_name(f"{path.name}.png")
            kept[target] = path
    for target, path in kept.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        pixels = folder.fitted(path, (height, width), channels)
        Image.fromarray(pixels.squeeze(-1) if channels == 1 else pixels).save(target)
    print(f"{len(kept):,} pictures of {width} x {height} pixels: {options.out}")
    return 0
