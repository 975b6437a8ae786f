"""Images as `tf.data.Dataset`s in [-1, 1]: embedded, from tensorflow-datasets or from a folder."""

from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_keras.datasets import catalogue, folder

__all__ = ["load_dataset"]


def load_dataset(
    name: str | Path,
    split: str = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    batch_size: int = 64,
    labels: bool = False,
    pair: tuple[str, str] | None = None,
    channels: int | None = None,
    shuffle: bool = True,
    seed: int | None = 0,
    limit: int | None = None,
    broken: str = "error",
    data_dir: str | Path | None = None,
) -> tf.data.Dataset:
    """Load images as batches of float32 in [-1, 1], computed as x / 127.5 - 1.

    Images are decoded once, when this function is called, and kept in memory as uint8 if they take
    at most 2 GiB; larger sets are decoded anew in every epoch. The last batch of an epoch may be
    smaller than the others.

    Args:
        name: What to load:

            - `"mnist"`, `"fashion_mnist"` (28, 28, 1) or `"emoji"` (64, 64, 3), which come with
              the project. These names win over a folder so called; write `"./mnist"` for that.
            - A folder of images: a `Path`, a string that starts with `.`, `/` or `~`, or any
              string that is the path of an existing folder. Subfolders are searched too. Images
              are turned upright (EXIF), transparency is laid on white, and files that are not
              images by their suffix are passed over.
            - Any image data set of tensorflow-datasets, such as `"celeb_a"` or
              `"cycle_gan/horse2zebra"`; downloaded once if need be. `"tfds:food101"` means that
              data set even when a folder `food101` exists.
        split: A split of that data set, with tensorflow-datasets' slices ("train[:10%]"). A
            folder is one split, "train", unless its subfolders are `train` and any of `test`,
            `validation`, `val`; then these are its splits.
        image_size: Height and width in pixels, an int or (height, width). Images of another
            shape are cut to it around the centre, never stretched, then resized (bilinear,
            antialiased). None keeps their size.
        batch_size: Images in a batch.
        labels: Also return int32 labels: `(images, labels)`. An emoji's label is its group, a
            folder's is the image's first subfolder, numbered in sorted order. The names are in
            the data set's attribute `class_names`.
        pair: For emoji only: two of "line", "color" and "noto", as in `("line", "color")`; gives
            batches `(first, second)` of the same emoji. A pair with "noto" leaves out the emoji
            that Google has not drawn.
        channels: 1 (grey) or 3 (RGB) converts every image; None keeps them, and refuses a folder
            that holds both.
        shuffle: Draw a new order for every epoch, over the whole set where it is in memory or in a
            folder, else over a buffer of 1 GiB.
        seed: Fixes the orders that `shuffle` draws; None for other ones in every run.
        limit: Use no more than this many examples, always the same: the first ones of a
            tensorflow-datasets split, which is stored shuffled; of a folder's sorted files, as
            many at equal distances, so that every subfolder keeps its share.
        broken: What to do about image files in a folder that cannot be decoded: "error" refuses
            the folder and "skip" leaves them out; both name them.
        data_dir: Where tensorflow-datasets keeps its data sets. By default its own folder
            (`TFDS_DATA_DIR`, else ~/tensorflow_datasets); the project's for embedded ones, of
            which an installed package holds the emoji only. Of no use for a folder of images.

    Returns:
        A `tf.data.Dataset` of known length, of images (batch, height, width, channels), or of
        pairs of images and labels (batch,), or of pairs of images.

    Raises:
        ValueError: for an argument that does not fit the data, or an unknown name; for a folder
            with images that are broken, or differ in size or channels.
        FileNotFoundError: if the folder does not exist or holds no images.
        ConnectionError: if the data set has to be downloaded and its host does not answer, or
            sends what cannot be prepared.
        OSError: if the prepared files of a data set are damaged.
    """
    if not isinstance(name, (str, Path)):
        raise TypeError(f"name is {name!r}; it must be a string or a pathlib.Path.")
    _check_arguments(image_size, batch_size, labels, pair, channels, limit, broken)
    if image_size is not None:
        height, width = np.broadcast_to(image_size, 2).tolist()
        image_size = (height, width)
    read = dict(
        image_size=image_size,
        channels=channels,
        labels=labels,
        limit=limit,
        shuffle=shuffle,
        seed=seed,
    )

    if _is_folder(name):
        if pair is not None:
            raise ValueError(f"pair={pair!r} is for the emoji; {name} is a folder of images.")
        examples, class_names = folder.read(Path(name).expanduser(), split, broken=broken, **read)
    else:
        name = str(name).removeprefix("tfds:")
        examples, class_names = catalogue.read(name, split, pair=pair, data_dir=data_dir, **read)

    if isinstance(examples, tf.data.Dataset):
        count = int(examples.cardinality())
        dataset = examples.batch(batch_size)
    else:
        count = len(examples[0])
        dataset = _batches_from_memory(examples, batch_size, shuffle, seed)
    if batch_size > count:
        raise ValueError(
            f"batch_size is {batch_size}, but {name} (split {split!r}, limit {limit}) has only "
            f"{count} examples. Choose a batch_size of at most {count}."
        )
    dataset = dataset.map(_to_model_range, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.prefetch(tf.data.AUTOTUNE)
    if labels:
        dataset.class_names = class_names
    return dataset


def _is_folder(name):
    if isinstance(name, Path):
        return True
    if name in catalogue.EMBEDDED or name.startswith("tfds:"):
        return False
    return name.startswith((".", "~")) or Path(name).is_absolute() or Path(name).is_dir()


def _batches_from_memory(arrays, batch_size, shuffle, seed):
    """Shuffle indices, then gather whole batches: far fewer steps than element by element."""
    count = len(arrays[0])
    with tf.device("CPU"):
        arrays = [tf.convert_to_tensor(array) for array in arrays]
    indices = tf.data.Dataset.range(count)
    if shuffle:
        indices = indices.shuffle(count, seed=seed)
    return indices.batch(batch_size).map(lambda i: tuple(tf.gather(array, i) for array in arrays))


def _to_model_range(*arrays):
    scaled = tuple(
        tf.cast(array, tf.float32) / 127.5 - 1.0 if array.dtype == tf.uint8 else array
        for array in arrays
    )
    return scaled if len(scaled) > 1 else scaled[0]


def _check_arguments(image_size, batch_size, labels, pair, channels, limit, broken):
    def is_positive(value):
        return isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value > 0

    if not is_positive(batch_size):
        raise ValueError(f"batch_size is {batch_size!r}; it must be an integer of at least 1.")
    if limit is not None and not is_positive(limit):
        raise ValueError(
            f"limit is {limit!r}; it must be an integer of at least 1, or None for all examples."
        )
    sides = image_size if isinstance(image_size, (tuple, list)) else (image_size, image_size)
    if image_size is not None and not (len(sides) == 2 and all(map(is_positive, sides))):
        raise ValueError(
            f"image_size is {image_size!r}; it must be a positive integer, (height, width), or "
            "None to keep the images' size."
        )
    if channels not in (None, 1, 3):
        raise ValueError(f"channels is {channels!r}; it must be 1, 3 or None.")
    if broken not in ("error", "skip"):
        raise ValueError(f'broken is {broken!r}; it must be "error" or "skip".')
    if labels and pair is not None:
        raise ValueError("A data set has either labels or a pair of images: drop one of the two.")
