"""Images from a folder."""

import math
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image, ImageOps

from gan_keras.datasets import catalogue

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SPLITS = {"train", "test", "validation", "val"}
GREY = {"1", "L", "LA", "La"}  # Pillow's modes of 8 bits or fewer
COLOUR = {"P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr", "LAB", "HSV"}


def read(root, split, *, image_size, channels, labels, limit, shuffle, seed, broken):
    """Read one split as (examples, class names), as `catalogue.read` does."""
    splits = _splits(root)
    if split not in splits:
        raise ValueError(
            f"{root} has no split {split!r}; it has {', '.join(splits)}. For more, sort the images "
            "into subfolders called train and test; for fewer images, use limit."
        )
    files = _files(splits[split])
    if limit is not None and limit < len(files):
        files = [files[i * len(files) // limit] for i in range(limit)]
    decode = partial(_decode, image_size=image_size, channels=channels)
    files, images = _decode_all(root, files, decode, broken)
    class_names, numbers = _labels(splits, split, files) if labels else (None, None)
    if len(images) == len(files):
        return (images, numbers) if labels else (images,), class_names

    def load(i):
        image = tf.numpy_function(lambda i: decode(files[i]), [i], tf.uint8, stateful=False)
        image.set_shape(images.shape[1:])
        return (image, tf.gather(numbers, i)) if labels else (image,)

    indices = tf.data.Dataset.range(len(files))
    if shuffle:
        indices = indices.shuffle(len(files), seed=seed)
    return indices.map(load, num_parallel_calls=tf.data.AUTOTUNE), class_names


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


def _subfolders(folder):
    return [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]


def _files(folder):
    files = sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in SUFFIXES
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not files:
        raise FileNotFoundError(
            f"There are no images in {folder} or below. Put files there that end in "
            f"{', '.join(SUFFIXES)}."
        )
    return files


def _labels(splits, split, files):
    """Return the class names, shared by all splits, and the number of each file's class."""
    class_names = sorted({path.name for top in splits.values() for path in _subfolders(top)})
    inside = [path.relative_to(splits[split]) for path in files]
    loose = [path for path in inside if len(path.parts) == 1]
    if loose:
        raise ValueError(
            f"labels=True takes the labels from subfolders, but {loose[0]} lies in "
            f"{splits[split]} itself. Sort the images into one subfolder for each class."
        )
    numbers = [class_names.index(path.parts[0]) for path in inside]
    return class_names, np.array(numbers, np.int32)


def _decode_all(root, files, decode, broken):
    """Decode every file once, so that what is wrong with any of them is said now.

    Returns the files that could be decoded and their images, or no images, (0, H, W, C), where
    these would take more than `catalogue.MEMORY`.
    """
    good, bad, images, step = [], {}, None, 256
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(files), step):
            chunk = files[start : start + step]
            for path, image in zip(chunk, pool.map(partial(_try, decode), chunk), strict=True):
                if isinstance(image, Exception):
                    bad[path] = image
                    continue
                if images is None:
                    fits = len(files) * math.prod(image.shape) <= catalogue.MEMORY
                    images = np.empty((len(files) if fits else 0, *image.shape), np.uint8)
                elif image.shape != images.shape[1:]:
                    raise _mixed(root, good[0], images.shape[1:], path, image.shape)
                if len(images):
                    images[len(good)] = image
                good.append(path)
    if bad:
        _report(root, bad, broken)
    if not good:
        raise ValueError(f"None of the {len(files)} images in {root} can be decoded.")
    return good, images[: len(good)]


def _try(decode, path):
    try:
        return decode(path)
    except Exception as error:  # decoders raise whatever a broken file leads them into
        return error


def _decode(path, image_size, channels):
    """Decode a file to (height, width, channels) uint8."""
    with Image.open(path) as image:
        most = Image.MAX_IMAGE_PIXELS
        if most is not None and image.width * image.height > most:
            raise ValueError(
                f"it claims {image.width} x {image.height} pixels, above Pillow's safe bound "
                f"Image.MAX_IMAGE_PIXELS = {most}"
            )
        if image.mode not in GREY | COLOUR:
            raise ValueError(f"its pixels are of type {image.mode}; save it with 8 bits a channel")
        channels = channels or (1 if image.mode in GREY else 3)
        image = ImageOps.exif_transpose(image)
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    image = image.convert("L" if channels == 1 else "RGB")
    if image_size is not None:
        image = ImageOps.fit(image, image_size[::-1], method=Image.Resampling.BILINEAR)
    return np.asarray(image).reshape(image.height, image.width, channels)


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


def _report(root, bad, broken):
    shown = [f"{path.relative_to(root)} ({error})" for path, error in list(bad.items())[:10]]
    more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
    message = f"{len(bad)} images in {root} cannot be decoded: {', '.join(shown)}{more}."
    if broken == "error":
        raise ValueError(f'{message} Remove them, or pass broken="skip" to leave them out.')
    warnings.warn(f"{message} They are left out.", stacklevel=5)
