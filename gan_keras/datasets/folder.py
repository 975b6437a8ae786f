"""Images from a folder."""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from gan_keras.datasets import catalogue, pairs

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
# Formats of cameras and telephones that Pillow does not read.
FOREIGN = (".heic", ".heif", ".hif", ".avif", ".jxl")
FOREIGN += (".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2")
SPLITS = {"train", "test", "validation", "val"}
GREY = {"1", "L", "LA", "La"}  # Pillow's modes of 8 bits or fewer
COLOUR = {"P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV"}


def read(
    folders,
    split,
    *,
    pair,
    side,
    image_size,
    channels,
    labels,
    exclude,
    limit,
    shuffle,
    seed,
    broken,
):
    """Read one split as (examples, class names), as `catalogue.read` does.

    Of two folders, each example is a pair of files of the same name. Of one, `pair` names the
    halves, "left" and "right", of images that lie side by side in a file.
    """
    tops = [top(folder, split) for folder in folders]
    groups = _partners(tops) if len(tops) == 2 else [(path,) for path in _files(tops[0])]
    for place in tops:
        if foreign := foreign_files(place):
            warnings.warn(
                f"{len(foreign)} images in {place} are left out, as their format is not read: "
                f"{_some_of(foreign, place)}. Save them as JPEG to have them too.",
                stacklevel=5,
            )
    class_names = _classes(folders[0])
    groups = _without(groups, tops[0], class_names, exclude)
    if side is not None:
        groups, pair = groups[side::2], pair and (pair[side],)
    if not groups:
        raise ValueError(
            f"Of the images in {tops[0]} none is left (exclude={exclude!r}). Put more there."
        )
    if limit is not None and limit < len(groups):
        groups = [groups[i * len(groups) // limit] for i in range(limit)]
    decode = partial(_decode, halves=pair, image_size=image_size, channels=channels)
    groups, arrays = _decode_all(tops, groups, decode, broken)
    numbers = _labels(tops[0], groups, class_names) if labels else None
    if len(arrays[0]) == len(groups):
        return (*arrays, numbers) if labels else tuple(arrays), class_names

    def load(i):
        images = tf.numpy_function(
            lambda i: _decode_group(decode, groups[i]), [i], [tf.uint8] * len(arrays), False
        )
        for image, array in zip(images, arrays, strict=True):
            image.set_shape(array.shape[1:])
        return (*images, tf.gather(numbers, i)) if labels else tuple(images)

    indices = tf.data.Dataset.range(len(groups))
    if shuffle:
        indices = indices.shuffle(len(groups), seed=seed)
    return indices.map(load, num_parallel_calls=tf.data.AUTOTUNE), class_names


def top(folder, split=None) -> Path:
    """The folder of a split; None for the folder itself, if it exists."""
    splits = _splits(folder)
    if split is None:
        return folder
    if split not in splits:
        raise ValueError(
            f"{folder} has no split {split!r}; it has {', '.join(splits)}. For more, sort the "
            "images into subfolders called train and test; for fewer images, use limit."
        )
    return splits[split]


def _splits(root):
    """Map the names of the splits to their folders."""
    if not root.exists():
        raise FileNotFoundError(
            f"There is no folder {root} (seen from {Path.cwd()}). Give the path of a folder that "
            "holds the images."
        )
    if not root.is_dir():
        raise NotADirectoryError(
            f"{root} is a file. Give the folder that holds the images; unpack an archive first."
        )
    subfolders = {path.name: path for path in _subfolders(root)}
    is_split = "train" in subfolders and SPLITS.issuperset(subfolders)
    return dict(sorted(subfolders.items())) if is_split else {"train": root}


def picture_files(places) -> list[Path]:
    """The files among `places`, and the pictures in and below the folders among them.

    Raises:
        FileNotFoundError: if a place does not exist, or a folder holds no picture.
    """
    files = []
    for place in map(Path, places):
        if not place.exists():
            raise FileNotFoundError(f"There is no picture and no folder {place}.")
        files += _files(place) if place.is_dir() else [place]
    return files


def read_picture(path, shape) -> np.ndarray:
    """A picture cut to the middle and scaled to `shape`, (height, width, channels), in [-1, 1].

    Raises:
        ValueError: if it cannot be decoded.
    """
    try:
        (image,) = _decode(path, (), shape[:2], shape[2])
    except Exception as error:  # decoders raise whatever a broken file leads them into
        raise ValueError(f"{path} cannot be decoded: {error}") from error
    return pairs.to_model_range(image).numpy()


def fitted(path, size, channels) -> np.ndarray:
    """A picture cut to the middle and scaled to `size`, (height, width): uint8."""
    return _decode(path, (), size, channels)[0]


def _subfolders(folder):
    """Those that hold pictures: archives leave others behind, such as __MACOSX."""
    visible = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return [path for path in visible if _with_suffix(path, SUFFIXES)]


def _files(folder):
    files = _with_suffix(folder, SUFFIXES)
    if not files:
        foreign = foreign_files(folder)
        others = f" ({len(foreign)} are in formats that are not read: {_some_of(foreign, folder)})"
        raise FileNotFoundError(
            f"There are no images in {folder} or below{others if foreign else ''}. Put files there "
            f"that end in {', '.join(SUFFIXES)}."
        )
    return files


def foreign_files(folder) -> list[Path]:
    """The pictures in and below a folder whose format is not read, such as HEIC."""
    return _with_suffix(folder, FOREIGN)


def _with_suffix(folder, suffixes):
    found = []
    for place, folders, names in os.walk(folder, followlinks=True):
        place = Path(place)
        found += [place / name for name in names if name[0] != "."]
        # A link to a folder that holds it would lead round and round.
        above = place.resolve()
        folders[:] = [
            name
            for name in folders
            if name[0] != "." and not above.is_relative_to((place / name).resolve())
        ]
    return sorted(path for path in found if path.suffix.lower() in suffixes and path.is_file())


def _partners(folders):
    """Pair the files of two folders whose paths inside them are equal but for the suffix."""
    by_name = []
    for folder in folders:
        files = _files(folder)
        names = {path.relative_to(folder).with_suffix(""): path for path in files}
        if len(names) < len(files):
            twin = next(path for path in files if path not in names.values())
            other = names[twin.relative_to(folder).with_suffix("")]
            raise ValueError(
                f"{twin} and {other.name} differ in their suffix alone, so that their partner is "
                "not known. Rename one of them."
            )
        by_name.append(names)
    alone = [
        f"{names[name]} (no {name}.* in {other})"
        for names, others, other in zip(by_name, by_name[::-1], folders[::-1], strict=True)
        for name in names.keys() - others.keys()
    ]
    if alone:
        raise ValueError(
            f"{len(alone)} images have no partner: {_some(sorted(alone))}. Pairs are files of the "
            "same name in both folders: add what is missing or remove these; or pass paired=False "
            "to train without pairs."
        )
    return [(path, by_name[1][name]) for name, path in by_name[0].items()]


def _classes(folder):
    """The names of the subfolders, shared by all splits."""
    splits = _splits(folder).values()
    return sorted({path.name for top in splits for path in _subfolders(top)})


def _without(groups, top, class_names, exclude):
    """Leave out the files in the subfolders named by `exclude`."""
    unknown = [repr(given) for given in exclude if given not in class_names]
    if unknown:
        raise ValueError(
            f"{top} has no subfolder {', '.join(unknown)} to exclude; its subfolders are "
            f"{', '.join(class_names) or 'none'}."
        )
    return [group for group in groups if group[0].relative_to(top).parts[0] not in exclude]


def _labels(top, groups, class_names):
    """Return the number of each file's class."""
    inside = [path.relative_to(top) for (path,) in groups]
    loose = [path for path in inside if len(path.parts) == 1]
    if loose:
        raise ValueError(
            f"labels=True takes the labels from subfolders, but {loose[0]} lies in {top} itself. "
            "Sort the images into one subfolder for each class."
        )
    return np.array([class_names.index(path.parts[0]) for path in inside], np.int32)


def _decode_all(folders, groups, decode, broken):
    """Decode every file once, so that what is wrong with any of them is said now.

    Returns the groups of files that could be decoded, and an array for each of their images; of
    length 0 where these would take more than `catalogue.MEMORY`.
    """
    good, bad, arrays, step = [], {}, None, 256
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(groups), step):
            chunk = groups[start : start + step]
            results = pool.map(partial(_try, decode), chunk)
            for group, (images, errors) in zip(chunk, results, strict=True):
                if errors:
                    bad |= errors
                    continue
                if arrays is None:
                    size = sum(image.size for image in images)
                    length = len(groups) if len(groups) * size <= catalogue.MEMORY else 0
                    arrays = [np.empty((length, *image.shape), np.uint8) for image in images]
                for i, (image, array) in enumerate(zip(images, arrays, strict=True)):
                    if image.shape != array.shape[1:]:
                        # Of two folders each gives an image, of one all come from the same file.
                        file = i if len(folders) == 2 else 0
                        first, path = good[0][file], group[file]
                        raise _mixed(folders[file], first, array.shape[1:], path, image.shape)
                    if len(array):
                        array[len(good)] = image
                good.append(group)
    if bad:
        _report(folders, bad, broken)
    if not good:
        path, error = next(iter(bad.items()))
        raise ValueError(
            f"None of the {len(groups)} images in {_names(folders)} can be decoded; {path.name}: "
            f"{error}"
        )
    return good, [array[: len(good)] for array in arrays]


def _decode_group(decode, group):
    return [image for path in group for image in decode(path)]


def _try(decode, group):
    """The images of a group of files, and what is wrong with which of them."""
    images, errors = [], {}
    for path in group:
        try:
            images += decode(path)
        except Exception as error:  # decoders raise whatever a broken file leads them into
            errors[path] = error
    return images, errors


def _decode(path, halves, image_size, channels):
    """Decode a file, or the named halves of it, to (height, width, channels) uint8 each."""
    image = open_upright(path, channels)
    if not halves:
        return [_fit(image, image_size)]
    if image.width % 2:
        raise ValueError(f"it is {image.width} pixels wide: no two halves side by side")
    middle = image.width // 2
    boxes = {
        "left": (0, 0, middle, image.height),
        "right": (middle, 0, image.width, image.height),
    }
    return [_fit(image.crop(boxes[half]), image_size) for half in halves]


def open_upright(path, channels=None) -> Image.Image:
    """A picture turned upright, on white, of 1 or 3 channels; None keeps grey and colour as is.

    Raises:
        Exception: of many types, if it cannot be decoded.
    """
    with Image.open(path) as image:
        most = Image.MAX_IMAGE_PIXELS
        if most is not None and image.width * image.height > most:
            raise ValueError(
                f"it claims {image.width} x {image.height} pixels, above Pillow's safe bound "
                f"Image.MAX_IMAGE_PIXELS = {most}"
            )
        if image.format == "PNG":
            if not image.tile:
                raise ValueError("it holds no pixels")
            image.verify()  # Pillow decodes pixels without a look at their checksums.
    with Image.open(path) as image:
        if image.mode not in GREY | COLOUR:
            raise ValueError(f"its pixels are of type {image.mode}; save it with 8 bits a channel")
        channels = channels or (1 if image.mode in GREY else 3)
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    if image.mode == "LAB":
        image = image.convert("RGB")  # From where alone Pillow comes to grey.
    return image.convert("L" if channels == 1 else "RGB")


def _fit(image, image_size):
    if image_size is not None:
        image = ImageOps.fit(image, image_size[::-1], method=Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(image.height, image.width, -1)


def _mixed(root, first, shape, second, other):
    first, second = first.relative_to(root), second.relative_to(root)
    if shape[2] != other[2]:
        grey, colour = (first, second) if shape[2] == 1 else (second, first)
        return ValueError(
            f"{root} holds grey and colour images: {grey} is grey, {colour} is in colour. Pass "
            "channels=3 to load all as RGB, or channels=1 to load all as grey."
        )
    return ValueError(
        f"The images in {root} differ in size: {first} is {shape[0]} x {shape[1]} pixels (height x "
        f"width), {second} is {other[0]} x {other[1]}. Choose one with image_size=64, say."
    )


def _report(folders, bad, broken):
    shown = _some([f"{_inside(path, folders)} ({error})" for path, error in bad.items()])
    message = f"{len(bad)} images in {_names(folders)} cannot be decoded: {shown}."
    if broken == "error":
        raise ValueError(f'{message} Remove them, or pass broken="skip" to leave them out.')
    warnings.warn(f"{message} They are left out.", stacklevel=6)


def _names(folders):
    return " and ".join(map(str, folders))


def _inside(path, folders):
    """A path as seen from the folder that was given; the whole of it where there are two."""
    return path if len(folders) == 2 else path.relative_to(folders[0])


def _some_of(paths, folder):
    return _some([str(path.relative_to(folder)) for path in paths])


def _some(texts):
    more = f" and {len(texts) - 10} more" if len(texts) > 10 else ""
    return ", ".join(texts[:10]) + more
