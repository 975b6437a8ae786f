"""Data sets by name, through tensorflow-datasets (tfds): the embedded ones and its catalogue."""

import difflib
import json
import math
import re
import sys
from pathlib import Path
from urllib.parse import urlsplit

from gan_keras.datasets.pairs import DEGRADATIONS

import numpy as np
import tensorflow as tf

EMBEDDED = ("mnist", "fashion_mnist", "emoji")
MEMORY = 2 * 2**30  # bytes of decoded images that are kept
RESTORE = (
    "To restore it, run `git checkout -- data` in a checkout of the repository, install gan-keras "
    "again where its own emoji are concerned, or delete the folder of another data set and load it "
    "again."
)


def read(
    name,
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
    data_dir,
):
    """Read one split as (examples, class names).

    `examples` is a tuple of arrays, images uint8 and labels int32. Where the images take more than
    `MEMORY` it is a `tf.data.Dataset` of such tuples, one for each example, shuffled on request.

    `pair` names two images of an example. `side`, 0 or 1, takes every second example, from the
    first or from the second on, and of a pair that image alone: the two share no example.
    """
    import tensorflow_datasets as tfds

    builder = _builder(name, data_dir)
    features = builder.info.features
    image_keys, label_key = _features(name, features, pair)
    if pair and side is not None:
        image_keys = (image_keys[side],)
    if (labels or exclude) and label_key is None:
        raise ValueError(
            f"{name} has no class labels; its features are {', '.join(features)}. Leave labels and "
            "exclude out."
        )
    excluded = _excluded(name, features, label_key, exclude)
    _prepare(name, builder)
    count = _count(name, split, builder.info.splits)

    def examples_with(keys):
        unread = {key: tfds.decode.SkipDecoding() for key in features if key not in keys}
        return builder.as_dataset(split=split, decoders=unread, shuffle_files=False)

    def is_wanted(example):
        wanted = example["has_noto"] if "noto" in (pair or ()) else True
        return wanted & tf.reduce_all(example[label_key] != excluded) if exclude else wanted

    def select(example):
        images = [_fit(example[key], image_size, channels) for key in image_keys]
        return (*images, tf.cast(example[label_key], tf.int32)) if labels else tuple(images)

    try:
        dataset = examples_with([*image_keys, label_key])
    except Exception as error:  # All arguments are checked: what is left to blame are the files.
        raise OSError(
            f"The description of {name} in {builder.data_path} does not fit its files: {error} "
            f"{RESTORE}"
        ) from error
    try:
        if exclude or "noto" in (pair or ()):
            wanted = [bool(w) for w in examples_with([label_key]).map(is_wanted)]
            if len(wanted) < count:
                raise _damaged(name, builder, split)
            dataset, count = dataset.filter(is_wanted), sum(wanted)
        if side is not None:
            dataset, count = dataset.shard(2, side), (count + 1 - side) // 2
        if count == 0:
            raise ValueError(
                f"Of the split {split!r} of {name} nothing is left: none of its examples are those "
                f"asked for (pair={pair!r}, exclude={exclude!r}). Choose a larger part."
            )
        if limit is not None:
            dataset = dataset.take(limit)
            count = min(count, limit)
        dataset = dataset.map(select, num_parallel_calls=tf.data.AUTOTUNE)
        first = next(iter(dataset), None)
        if first is None:
            raise _damaged(name, builder, split)
        size = sum(math.prod(image.shape) for image in first[: len(image_keys)])
        of_one_size = all(spec.shape.is_fully_defined() for spec in dataset.element_spec)
        if count * size <= MEMORY:
            examples = _collect(name, dataset, first, count, batch_size=256 if of_one_size else 1)
            if len(examples[0]) < count:
                raise _damaged(name, builder, split)
        elif of_one_size:
            examples = dataset.apply(tf.data.experimental.assert_cardinality(count))
            if shuffle:
                examples = examples.shuffle(min(count, MEMORY // 2 // size + 1), seed=seed)
        else:
            raise ValueError(
                f"The images of {name} may differ in size; choose one with image_size=64, say."
            )
    except tf.errors.OpError as error:
        raise _damaged(name, builder, split) from error
    return examples, features[label_key].names if labels else None


def embedded(name) -> bool:
    """Whether a data set comes with the project and is here."""
    return name in EMBEDDED and _data_dir(name) is not None


def information(name):
    """What tensorflow-datasets knows of a data set, a `tfds.core.DatasetInfo`; downloads nothing.

    Raises:
        ValueError: if there is no such data set.
        OSError: if its description is damaged.
    """
    return _builder(name, None).info


def image_and_label(name):
    """The keys of its images, a tuple, and of its label, None if there is none.

    Raises:
        ValueError: if it holds no images.
    """
    return _features(name, information(name).features, None)


def labels(name, split, key) -> np.ndarray:
    """The label of each example of a prepared data set, whose images are not decoded."""
    import tensorflow_datasets as tfds

    builder = _builder(name, None)
    unread = {other: tfds.decode.SkipDecoding() for other in builder.info.features if other != key}
    data = builder.as_dataset(split=split, decoders=unread, shuffle_files=False)
    return np.array([int(label) for label in data.map(lambda x: x[key]).as_numpy_iterator()])


def download(name) -> None:
    """Downloads and prepares a data set of tensorflow-datasets, unless it is here.

    Raises:
        ConnectionError: if it cannot be downloaded.
    """
    _prepare(name, _builder(name, None))


def _collect(name, dataset, first, count, batch_size):
    """Decode a data set of tuples like `first` into one array for each of their parts."""
    arrays = [np.empty((count, *part.shape), part.dtype.as_numpy_dtype) for part in first]
    filled = 0
    for batch in dataset.batch(batch_size).as_numpy_iterator():
        for array, part in zip(arrays, batch, strict=True):
            if part.shape[1:] != array.shape[1:]:
                raise ValueError(
                    f"The images of {name} differ in size, {array.shape[1:3]} and "
                    f"{part.shape[1:3]} (height, width); choose one with image_size=64, say."
                )
            array[filled : filled + len(part)] = part
        filled += len(batch[0])
    return tuple(array[:filled] for array in arrays)


def _fit(image, size, channels):
    """Convert to `channels`, cut to the shape of `size` around the centre, resize. All uint8."""
    if channels == 3 and image.shape[-1] == 1:
        image = tf.image.grayscale_to_rgb(image)
    if channels == 1 and image.shape[-1] == 3:
        image = tf.image.rgb_to_grayscale(image)
    if size is None:
        return image
    height, width = tf.shape(image)[0], tf.shape(image)[1]
    image = tf.image.resize_with_crop_or_pad(
        image,
        tf.clip_by_value(width * size[0] // size[1], 1, height),
        tf.clip_by_value(height * size[1] // size[0], 1, width),
    )
    image = tf.image.resize(image, size, method="bilinear", antialias=True)
    return tf.saturate_cast(tf.round(image), tf.uint8)


def _data_dir(name):
    """The project's own data: `data/` of a checkout, else what travels inside the package."""
    package = Path(__file__).resolve().parents[1]
    for data_dir in (package.parent / "data", package / "data"):
        if (data_dir / "emoji").is_dir() and (data_dir / name).is_dir():
            return data_dir
    return None


def _builder(name, data_dir):
    """Return the tfds builder of `name`; tfds prefers files in `data_dir` to its own code."""
    import tensorflow_datasets as tfds

    if data_dir is None and name in EMBEDDED:
        data_dir = _data_dir(name)
    if data_dir is not None:
        data_dir = Path(data_dir).expanduser()
    _check_description(name, data_dir or Path(tfds.core.constants.DATA_DIR).expanduser())
    try:
        return tfds.builder(name, data_dir=data_dir)
    except Exception as error:  # of many types, depending on what of the name or the files is wrong
        raise _no_builder(name, data_dir, error) from None


def _check_description(name, data_dir):
    """Refuse descriptions that tfds misreads: what is no JSON, and what makes it import a module.

    tfds takes an unreadable description for a missing one, and imports whatever module a feature
    says that it is from.
    """
    for path in sorted((data_dir / re.split("[/:]", name)[0]).rglob("*.json")):
        try:
            content = json.loads(path.read_text())
        except (OSError, ValueError, RecursionError) as error:
            raise OSError(
                f"The description of {name} in {data_dir} cannot be read: {path}: {error} {RESTORE}"
            ) from error
        if path.name == "features.json":
            for feature in _classes_of_features(content):
                module = feature.rpartition(".")[0]
                if module not in sys.modules and module.split(".")[0] != "tensorflow_datasets":
                    raise OSError(
                        f"{path} asks for the class {feature!r}, which is not of "
                        f"tensorflow-datasets, and reading it would run the code of {module!r}. If "
                        f"you trust it, import {module} first. {RESTORE}"
                    )


def _classes_of_features(content):
    """The Python classes that a features.json names, in any of tfds' ways."""
    if isinstance(content, dict):
        for key, value in content.items():
            named = key in ("pythonClassName", "python_class_name", "type")
            if named and isinstance(value, str) and "." in value:
                yield value
            yield from _classes_of_features(value)
    elif isinstance(content, list):
        for value in content:
            yield from _classes_of_features(value)


def _no_builder(name, data_dir, error):
    import tensorflow_datasets as tfds

    if not isinstance(error, (ValueError, AssertionError, ImportError)):
        return OSError(f"The description of {name} in {data_dir} cannot be read: {error} {RESTORE}")
    catalogue = tfds.list_builders(with_community_datasets=False)
    base = re.split("[/:]", name)[0]
    if base in catalogue:
        forms = ", ".join(tfds.builder_cls(base).builder_configs)
        reason = f"It comes as {forms}." if forms else error
        return ValueError(f"tensorflow-datasets has {base}, but not {name!r}. {reason}")
    if base in EMBEDDED:
        return FileNotFoundError(
            f"{name} is not in {data_dir}, or not wholly. Leave data_dir out to load the embedded "
            f"one. {RESTORE}"
        )
    close = difflib.get_close_matches(base, {*EMBEDDED, *catalogue}, cutoff=0.7)
    hint = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
    return ValueError(
        f"{name!r} is neither an embedded data set ({', '.join(EMBEDDED)}), nor one of "
        f"tensorflow-datasets, nor an existing folder.{hint}"
    )


def _features(name, features, pair):
    """Return the names of the images to read, a tuple, and of the label, None if there is none."""
    import tensorflow_datasets as tfds

    # tensorflow-datasets keeps them in no order of its own.
    images = sorted(
        key
        for key, feature in features.items()
        if isinstance(feature, tfds.features.Image) and feature.np_dtype == np.uint8
    )
    if not images:
        raise ValueError(f"{name} has no 8-bit images; its features are {', '.join(features)}.")
    classes = [k for k, f in features.items() if isinstance(f, tfds.features.ClassLabel)]
    label = ("label" if "label" in classes else classes[0]) if classes else None
    if pair is None:
        preferred = [key for key in ("image", "color") if key in images]
        return (preferred or images)[:1], label
    if len(images) < 2:
        raise ValueError(
            f"pair is {pair!r}, but {name} has one image of each subject, {images[0]!r}. Make "
            f"pairs of it by degrading it: pair is one of {', '.join(map(repr, DEGRADATIONS))}."
        )
    if len(pair) != 2 or pair[0] == pair[1] or not set(pair) <= set(images):
        raise ValueError(
            f"pair is {pair!r}; it must be two of {', '.join(images)}, or one of the degradations "
            f"{', '.join(DEGRADATIONS)}."
        )
    return tuple(pair), label


def _excluded(name, features, label_key, exclude):
    """Return the numbers of the classes that are left out."""
    names = features[label_key].names if exclude else []
    unknown = [repr(given) for given in exclude if given not in names]
    if unknown:
        raise ValueError(
            f"{name} has no class {', '.join(unknown)} to exclude; its classes are "
            f"{', '.join(map(str, names))}."
        )
    return [names.index(given) for given in exclude]


def _count(name, split, splits):
    try:
        count = splits[split].num_examples
    except (KeyError, ValueError, AssertionError, AttributeError):
        raise ValueError(
            f"{name} has no split {split!r}. It has {', '.join(sorted(splits))}; a part of one is "
            f'written "{sorted(splits)[-1]}[:10%]".'
        ) from None
    if count == 0:
        raise ValueError(f"The split {split!r} of {name} holds no examples. Choose a larger part.")
    return count


def _prepare(name, builder):
    """Download the data set unless it is there; fail at once where there is no network."""
    if builder.is_prepared():
        return
    here = ", ".join(name for name in EMBEDDED if _data_dir(name))
    advice = (
        f"These are here and need no network: {here}. To bring {name} from a machine "
        f"with a network, run `tfds build {name}` there, copy its folder of data sets "
        "(~/tensorflow_datasets) here, and pass that folder as data_dir."
    )
    urls = [url for url in builder.url_infos or () if url.startswith("http")]
    hosts = {urlsplit(url).hostname: url for url in urls}
    if hosts and all(map(_unreachable, hosts.values())):
        raise ConnectionError(
            f"{name} is not in {builder.data_path} and cannot be downloaded: no answer from "
            f"{', '.join(hosts)}. {advice}"
        )
    try:
        builder.download_and_prepare()
    except Exception as error:  # tfds passes on whatever a host, an archive or a disk brings up
        named = re.search(r"(?:https?://|host=')([^/'\s:]+)", str(error))
        host = named[1] if named else ", ".join(hosts) or "its host"
        raise ConnectionError(
            f"tensorflow-datasets could not prepare {name} from {host}: "
            f"{type(error).__name__}: {error}. {advice}"
        ) from error


def _unreachable(url):
    """Whether the host of `url` does not answer. tfds itself retries for minutes."""
    import requests

    try:
        requests.head(url, timeout=5)
    except requests.exceptions.RequestException:
        return True
    return False


def _damaged(name, builder, split):
    """Return an error that names the files of `split` which cannot be read to their end."""
    faults, counts = [], []
    for path in builder.info.splits[split].filepaths:
        try:
            count = sum(1 for _ in tf.data.TFRecordDataset(str(path)))
            counts.append(f"{path.name} has {count}")
        except tf.errors.OpError as error:
            reason = error.message.split("}} ")[-1].split(" [Op:")[0]
            faults.append(f"{path} ({reason})")
    few = f"a file in {builder.data_path} has too few records ({', '.join(counts)})"
    where = ", ".join(faults) or few
    return OSError(f"The data set {name} is damaged: {where}. {RESTORE}")
