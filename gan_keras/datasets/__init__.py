"""Images as `tf.data.Dataset`s in [-1, 1]: embedded, from tensorflow-datasets or from a folder."""

from functools import partial
from pathlib import Path

from gan_keras.datasets import catalogue, folder, pairs
from gan_keras.datasets.survey import Survey, survey

import numpy as np
import tensorflow as tf

__all__ = ["Survey", "load_dataset", "survey"]


def load_dataset(
    name: str | Path | tuple[str | Path, str | Path],
    split: str | tuple[str, str] = "train",
    *,
    image_size: int | tuple[int, int] | None = None,
    batch_size: int = 64,
    labels: bool = False,
    pair: str | tuple[str, str] | None = None,
    paired: bool = True,
    exclude: tuple[str, ...] = (),
    augment: str | None = None,
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

    For a model that turns images into images, batches are `(a, b)`: two drawings of the emoji, the
    two halves of files or two folders, or what a degradation makes of an image and the image
    itself; see `pair` and `paired`.

    Args:
        name: What to load:

            - `"mnist"`, `"fashion_mnist"` (28, 28, 1) or `"emoji"` (64, 64, 3), which come with
              the project. These names win over a folder so called; write `"./mnist"` for that.
            - A folder of images: a `Path`, a string that starts with `.`, `/` or `~`, or any
              string that is the path of an existing folder. Subfolders are searched too. Images
              are turned upright (EXIF), transparency is laid on white, files that are not
              images by their suffix are passed over, and those in formats that are not read,
              such as HEIC, are left out with a warning. `survey` reports what a folder holds.
            - Any image data set of tensorflow-datasets, such as `"celeb_a"` or
              `"cycle_gan/horse2zebra"`; downloaded once if need be. `"tfds:food101"` means that
              data set even when a folder `food101` exists.
            - Two folders `(a, b)`: pairs of files whose names are equal but for the suffix.
        split: A split of that data set, with tensorflow-datasets' slices ("train[:10%]"). A
            folder is one split, "train", unless its subfolders are `train` and any of `test`,
            `validation`, `val`; then these are its splits. Two splits, with `paired=False`: a and
            b, as in `("trainA", "trainB")` of `"cycle_gan/horse2zebra"`.
        image_size: Height and width in pixels, an int or (height, width). Images of another
            shape are cut to it around the centre, never stretched, then resized (bilinear,
            antialiased). None keeps their size.
        batch_size: Images in a batch.
        labels: Also return int32 labels: `(images, labels)`. An emoji's label is its group, a
            folder's is the image's first subfolder, numbered in sorted order. The names are in
            the data set's attribute `class_names`.
        pair: What a and b are:

            - For the emoji two of "line", "color" and "noto", as in `("line", "color")`. A pair
              with "noto" leaves out the emoji that Google has not drawn.
            - For a folder of files with two images side by side, `("left", "right")`, or
              `("right", "left")` where the input is on the right.
            - For any images one of these, which makes a of b: "colorize" (grey), "inpaint" (with a
              square hole), "super_resolve" (shrunk by 4 and enlarged again), "edges" (lines on
              white) or "denoise" (noisy). Holes and noise are drawn anew in every epoch.
        paired: False gives a and b that do not belong together, each in an order of its own. Where
            the data are pairs, every second one gives its a and the others their b: no subject is
            in both. Two folders, two splits or two names may differ in length: the shorter one
            starts again within an epoch, which is as long as the longer one.
        exclude: Names of classes to leave out (see `labels`), as in `("flags",)`. The others keep
            their numbers.
        augment: Vary the images in every epoch anew, both images of a pair in the same way.
            "mirror": left to right at random. "jitter": also enlarged by 286/256 and cut back at a
            random place, as Isola et al. 2017 do (arXiv:1611.07004, section 6.2).
        channels: 1 (grey) or 3 (RGB) converts every image; None keeps them, and refuses a folder
            that holds both.
        shuffle: Draw a new order for every epoch, over the whole set where it is in memory or in a
            folder, else over a buffer of 1 GiB. False also repeats the same holes, noise and
            crops in every epoch, so that scores can be compared.
        seed: Fixes the orders that `shuffle` draws, and all other draws; None for other ones in
            every run.
        limit: Use no more than this many examples, always the same: the first ones of a
            tensorflow-datasets split, which is stored shuffled; of a folder's sorted files, as
            many at equal distances, so that every subfolder keeps its share. With `paired=False`,
            no more than this many of a and of b.
        broken: What to do about image files in a folder that cannot be decoded: "error" refuses
            the folder and "skip" leaves them out; both name them.
        data_dir: Where tensorflow-datasets keeps its data sets. By default its own folder
            (`TFDS_DATA_DIR`, else ~/tensorflow_datasets); the project's for embedded ones, of
            which an installed package holds the emoji only. Of no use for a folder of images.

    Returns:
        A `tf.data.Dataset` of known length, of images (batch, height, width, channels), or of
        pairs of images and labels (batch,), or of pairs of images. `batch` is known in its
        `element_spec` where `batch_size` divides the number of examples, else None.

    Raises:
        ValueError: for an argument that does not fit the data, or an unknown name; for a folder
            with images that are broken, or differ in size or channels; for a file without its
            partner in the other folder.
        FileNotFoundError: if the folder does not exist or holds no images.
        ConnectionError: if the data set has to be downloaded and its host does not answer, or
            sends what cannot be prepared.
        OSError: if the prepared files of a data set are damaged.
    """
    names, splits = _sides_of(name, "name"), _sides_of(split, "split")
    for each in names:
        if not isinstance(each, (str, Path)):
            raise TypeError(f"name is {each!r}; it must be a string or a pathlib.Path.")
    _check_arguments(image_size, batch_size, channels, exclude, augment, limit, broken, seed)
    _check_sides(names, splits, labels, pair, paired)
    if image_size is not None:
        height, width = np.broadcast_to(image_size, 2).tolist()
        image_size = (height, width)
    degrade = pairs.DEGRADATIONS[pair] if isinstance(pair, str) else None
    varied = pairs.AUGMENTATIONS[augment] if augment else None
    read = partial(
        _read,
        pair=None if degrade else pair,
        image_size=image_size,
        channels=channels,
        labels=labels,
        exclude=exclude,
        limit=limit,
        shuffle=shuffle,
        broken=broken,
        data_dir=data_dir,
    )

    if paired:
        examples, class_names = read(names, split, side=None, seed=seed)
        _check_images(names, pair, examples)
        if varied or degrade:
            examples = _one_by_one(examples, shuffle, seed)
            examples = pairs.vary(examples, varied, degrade, shuffle, seed)
    else:
        # One source gives both sides from halves of its examples, two give one side each.
        halves = len(names) == len(splits) == 1
        sides = []
        for i in range(2):
            # With equal seeds, a and b would be shuffled alike and might meet as pairs.
            side_seed = None if seed is None else seed + i
            examples, _ = read((names[-i],), splits[-i], side=i if halves else None, seed=side_seed)
            _check_images(names, pair, examples)
            side = _one_by_one(examples, shuffle, side_seed)
            damage = degrade if i == 0 else None
            sides.append(pairs.vary(side, varied, damage, shuffle, side_seed, keep=False))
        examples = pairs.join(*sides)

    streamed = isinstance(examples, tf.data.Dataset)
    count = int(examples.cardinality()) if streamed else len(examples[0])
    if batch_size > count:
        raise ValueError(
            f"batch_size is {batch_size}, but {name} (split {split!r}, limit {limit}) has only "
            f"{count} examples. Choose a batch_size of at most {count}."
        )
    # The size of batches that are all full is known to TensorFlow: faster steps.
    if streamed:
        dataset = examples.batch(batch_size, drop_remainder=count % batch_size == 0)
    else:
        dataset = _batches_from_memory(examples, batch_size, shuffle, seed)
    dataset = dataset.map(_to_model_range, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.prefetch(2).with_options(_fixed())
    dataset.in_range = True  # Known to `checks`; what is made of it by `map` has it no longer.
    if labels:
        dataset.class_names = class_names
    return dataset


def _sides_of(value, argument):
    """One value, or one for each side: always a tuple."""
    if not isinstance(value, (tuple, list)):
        return (value,)
    if len(value) != 2:
        raise ValueError(f"{argument} is {value!r}; it must be one, or two: those of a and b.")
    return tuple(value)


def _read(names, split, *, pair, data_dir, broken, **how):
    """Examples and class names of one data set, or of two folders that are pairs."""
    if not all(map(is_folder, names)):
        name = str(names[0]).removeprefix("tfds:")
        return catalogue.read(name, split, pair=pair, data_dir=data_dir, **how)
    if pair is not None and tuple(sorted(pair)) != ("left", "right"):
        raise ValueError(
            f"pair is {pair!r}, but {names[0]} is a folder. Where each file shows two images side "
            'by side, pair is ("left", "right") or ("right", "left"), the input first; where they '
            "are in two folders, pass name=(folder_a, folder_b)."
        )
    folders = [Path(name).expanduser() for name in names]
    return folder.read(folders, split, pair=pair, broken=broken, **how)


def is_folder(name) -> bool:
    """Whether `load_dataset` takes this name for a folder."""
    if isinstance(name, Path):
        return True
    if name in catalogue.EMBEDDED or name.startswith("tfds:"):
        return False
    return name.startswith((".", "~")) or Path(name).is_absolute() or Path(name).is_dir()


def _on_cpu(arrays):
    with tf.device("CPU"):
        return [tf.convert_to_tensor(array) for array in arrays]


def _batches_from_memory(arrays, batch_size, shuffle, seed):
    """An epoch's order is drawn at once and whole batches gathered: far fewer operations than
    example by example."""
    count, arrays = len(arrays[0]), _on_cpu(arrays)
    order = tf.data.Dataset.from_tensors(tf.range(count))
    if shuffle:
        seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True).batch(2).take(1)
        order = seeds.map(partial(tf.random.experimental.stateless_shuffle, tf.range(count)))
    indices = order.rebatch(batch_size)  # With a known size where all batches are full.
    indices = indices.apply(tf.data.experimental.assert_cardinality(-(-count // batch_size)))
    return indices.map(lambda i: tuple(tf.gather(array, i) for array in arrays))


def _fixed():
    """Nothing is tuned while it runs: at the end of an epoch the thread that tunes may sleep on,
    for as long as the epoch took, and the training waits for it."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _one_by_one(examples, shuffle, seed):
    if isinstance(examples, tf.data.Dataset):
        return examples
    count, arrays = len(examples[0]), _on_cpu(examples)
    indices = tf.data.Dataset.range(count)
    indices = indices.shuffle(count, seed=seed) if shuffle else indices
    return indices.map(lambda i: tuple(tf.gather(array, i) for array in arrays))


def _to_model_range(*arrays):
    scaled = tuple(map(pairs.to_model_range, arrays))
    return scaled if len(scaled) > 1 else scaled[0]


def _check_arguments(image_size, batch_size, channels, exclude, augment, limit, broken, seed):
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
    if channels is not None and not (is_positive(channels) and channels in (1, 3)):
        raise ValueError(f"channels is {channels!r}; it must be 1, 3 or None.")
    if augment is not None and augment not in pairs.AUGMENTATIONS:
        known = ", ".join(map(repr, pairs.AUGMENTATIONS))
        raise ValueError(f"augment is {augment!r}; it must be {known} or None.")
    if broken not in ("error", "skip"):
        raise ValueError(f'broken is {broken!r}; it must be "error" or "skip".')
    if seed is not None and not isinstance(seed, (int, np.integer)):
        raise ValueError(f"seed is {seed!r}; it must be a whole number, or None.")
    if isinstance(exclude, str):
        raise ValueError(f"exclude is {exclude!r}; give the names in a tuple: ({exclude!r},).")
    if not isinstance(exclude, (tuple, list, set, frozenset)):
        raise ValueError(f"exclude is {exclude!r}; it must be a tuple of names of classes, or ().")


def _check_sides(names, splits, labels, pair, paired):
    """Refuse arguments of which one makes another meaningless."""
    one_set = len(names) == len(splits) == 1
    if not isinstance(pair, (str, tuple, list, type(None))):
        raise ValueError(f"pair is {pair!r}; it must be a name, two names, or None.")
    if isinstance(pair, str) and pair not in pairs.DEGRADATIONS:
        raise ValueError(
            f"pair is {pair!r}; it must be one of {', '.join(pairs.DEGRADATIONS)}, or name two "
            'images, such as ("line", "color").'
        )
    if labels and not (one_set and pair is None and paired):
        raise ValueError("A data set has either labels or a pair of images: drop one of the two.")
    if pair is not None and not one_set:
        raise ValueError(
            f"pair is {pair!r}, but two {'names' if len(names) == 2 else 'splits'} are a and b "
            "already: leave pair out."
        )
    if paired and len(splits) == 2:
        raise ValueError(
            f"The splits {splits[0]!r} and {splits[1]!r} share no subject, so that their images "
            "are no pairs: pass paired=False."
        )
    if paired and len(names) == 2 and not all(map(is_folder, names)):
        raise ValueError(
            f"{names[0]} and {names[1]} are not two folders whose equal names say which images "
            "are pairs: pass paired=False to load them without."
        )
    if not paired and one_set and pair is None:
        raise ValueError(
            "paired=False needs two sides, a and b: pass pair=, or two folders as name, or two "
            'splits such as ("trainA", "trainB").'
        )


def _check_images(names, pair, examples):
    """Refuse images that cannot be made the pair that was asked for."""
    parts = examples
    if isinstance(examples, tf.data.Dataset):
        parts = tf.nest.flatten(examples.element_spec)
        shapes = [tuple(part.shape) for part in parts if part.dtype == tf.uint8]
    else:
        shapes = [part.shape[1:] for part in parts if part.dtype == np.uint8]
    if pair == "colorize" and shapes[0][-1] == 1:
        raise ValueError(
            f'pair="colorize" needs images in colour, but those of {names[0]} are grey.'
        )
    if len(shapes) == 2 and shapes[0][:2] != shapes[1][:2]:
        raise ValueError(
            f"The two images of a pair differ in size in {' and '.join(map(str, names))}: "
            f"{shapes[0][:2]} and {shapes[1][:2]} (height, width); choose one with image_size=64, "
            "say."
        )
