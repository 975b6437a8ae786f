import http.server
import shutil
import socket
import threading
import time
from pathlib import Path

from gan_keras.datasets import catalogue, load_dataset

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

DATA = Path(__file__).parents[1] / "data"


def arrays(dataset):
    """All of one epoch as NumPy: an array, or a tuple of arrays."""
    batches = list(dataset.as_numpy_iterator())
    if isinstance(batches[0], tuple):
        return tuple(np.concatenate(parts) for parts in zip(*batches, strict=True))
    return np.concatenate(batches)


def small(name, **arguments):
    """A few examples in their stored order."""
    return load_dataset(name, **{"limit": 20, "batch_size": 8, "shuffle": False, **arguments})


def as_bytes(images):
    return np.round((images + 1) * 127.5).astype(np.uint8)


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_, **__):
        raise socket.gaierror("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)


# Embedded data sets


@pytest.mark.parametrize(
    ("name", "shape"),
    [("mnist", (28, 28, 1)), ("fashion_mnist", (28, 28, 1)), ("emoji", (64, 64, 3))],
)
def test_embedded_sets_load_without_a_network(name, shape, no_network):
    dataset = load_dataset(name, split="test", limit=100, batch_size=32)
    assert dataset.element_spec == tf.TensorSpec((None, *shape), tf.float32)
    assert int(dataset.cardinality()) == 4
    images = arrays(dataset)
    assert images.shape == (100, *shape)
    assert images.min() == -1 and images.max() == 1


@pytest.mark.parametrize("name", ["mnist", "emoji"])
def test_same_images_and_labels_as_tensorflow_datasets(name):
    image_key, label_key = {"mnist": ("image", "label"), "emoji": ("color", "group")}[name]
    stored = tfds.load(name, split="test[:20]", data_dir=DATA, download=False)
    stored = list(stored.as_numpy_iterator())
    dataset = small(name, split="test", labels=True)
    images, labels = arrays(dataset)
    expected = np.stack([row[image_key] for row in stored])
    np.testing.assert_allclose(images, expected / 127.5 - 1, atol=1e-6)
    np.testing.assert_array_equal(labels, [row[label_key] for row in stored])
    assert labels.dtype == np.int32
    info = tfds.builder(name, data_dir=DATA).info
    assert dataset.class_names == info.features[label_key].names


def test_a_whole_epoch_has_every_image_once_and_keeps_the_rest():
    dataset = load_dataset("emoji", split="validation", batch_size=50)
    sizes = [len(batch) for batch in dataset]
    assert sizes == [50] * 5 + [9] and int(dataset.cardinality()) == 6
    first, second = arrays(dataset), arrays(dataset)
    assert not np.array_equal(first, second)
    order = arrays(load_dataset("emoji", split="validation", shuffle=False))
    for epoch in (first, second):
        assert sorted(map(bytes, epoch)) == sorted(map(bytes, order))


def test_seed_fixes_the_order_of_every_epoch():
    def epochs(seed):
        dataset = load_dataset("emoji", split="test", seed=seed)
        return arrays(dataset), arrays(dataset)

    np.testing.assert_array_equal(epochs(seed=1), epochs(seed=1))
    assert not np.array_equal(epochs(seed=1), epochs(seed=2))


def test_nothing_is_tuned_while_it_runs():
    """Training would wait at the end of each epoch for the thread that tunes."""
    piles = dict(pair=("color", "noto"), paired=False)
    for data in (load_dataset("mnist"), load_dataset("emoji", augment="mirror", **piles)):
        assert not data.map(lambda *x: x).repeat().options().autotune.enabled


def test_limit_takes_the_first_examples_before_shuffling():
    few = arrays(load_dataset("emoji", limit=10, batch_size=10))
    first = arrays(small("emoji", limit=10))
    assert sorted(map(bytes, few)) == sorted(map(bytes, first))
    np.testing.assert_array_equal(first, arrays(small("emoji", limit=20))[:10])


@pytest.mark.parametrize(
    ("pair", "channels", "rows"),
    [(("line", "color"), (1, 3), 226), (("color", "noto"), (3, 3), 175)],
)
def test_emoji_pairs(pair, channels, rows):
    dataset = load_dataset("emoji", split="test", pair=pair, shuffle=False)
    first, second = arrays(dataset)
    assert first.shape == (rows, 64, 64, channels[0])
    assert second.shape == (rows, 64, 64, channels[1])
    assert int(dataset.cardinality()) == len(list(dataset))
    stored = tfds.load("emoji", split="test", data_dir=DATA, download=False)
    stored = [row for row in stored.as_numpy_iterator() if row["has_noto"] or "noto" not in pair]
    np.testing.assert_array_equal(as_bytes(first), [row[pair[0]] for row in stored])
    np.testing.assert_array_equal(as_bytes(second), [row[pair[1]] for row in stored])


def test_pairs_stay_together_when_shuffled():
    line, color = arrays(load_dataset("emoji", split="test", pair=("line", "color")))
    ordered = arrays(load_dataset("emoji", split="test", pair=("line", "color"), shuffle=False))
    shuffled = {bytes(a) + bytes(b) for a, b in zip(line, color, strict=True)}
    assert shuffled == {bytes(a) + bytes(b) for a, b in zip(*ordered, strict=True)}
    assert not np.array_equal(line, ordered[0])


@pytest.mark.parametrize("size", [16, 32, (64, 64), (100, 100)])
def test_resizing_is_antialiased_as_pillow_does_it(size):
    whole = as_bytes(arrays(small("emoji")))
    resized = as_bytes(arrays(small("emoji", image_size=size)))
    size = (size, size) if isinstance(size, int) else size
    expected = [Image.fromarray(image).resize(size, Image.Resampling.BILINEAR) for image in whole]
    difference = resized.astype(int) - np.stack([np.asarray(image) for image in expected])
    assert np.abs(difference).max() <= 1


def test_channels():
    grey = arrays(small("mnist"))
    colour = arrays(small("mnist", channels=3))
    np.testing.assert_array_equal(colour, np.repeat(grey, 3, axis=-1))
    assert arrays(small("emoji", channels=1)).shape == (20, 64, 64, 1)


def test_streaming_gives_the_same_as_memory(monkeypatch):
    arguments = dict(split="test", labels=True, limit=50, image_size=32, batch_size=16)
    memory = arrays(load_dataset("mnist", shuffle=False, **arguments))
    monkeypatch.setattr(catalogue, "MEMORY", 30 * 32 * 32)
    monkeypatch.setattr(catalogue, "_collect", None)
    streamed = load_dataset("mnist", shuffle=False, **arguments)
    assert int(streamed.cardinality()) == 4
    assert streamed.element_spec[0].shape == (None, 32, 32, 1)
    for a, b in zip(memory, arrays(streamed), strict=True):
        np.testing.assert_array_equal(a, b)
    shuffled = arrays(load_dataset("mnist", **arguments))[0]
    assert sorted(map(bytes, shuffled)) == sorted(map(bytes, memory[0]))
    assert not np.array_equal(shuffled, memory[0])


@pytest.mark.parametrize("memory", [catalogue.MEMORY, 30 * 32 * 32])
@pytest.mark.parametrize(("batch_size", "known"), [(16, None), (25, 25)])
def test_the_size_of_batches_is_known_where_all_are_full(batch_size, known, memory, monkeypatch):
    monkeypatch.setattr(catalogue, "MEMORY", memory)
    arguments = dict(split="test", labels=True, limit=50, image_size=32)
    data = load_dataset("mnist", batch_size=batch_size, **arguments)
    assert [spec.shape[0] for spec in data.element_spec] == [known, known]
    assert len(arrays(data)[0]) == 50


def test_an_installed_package_brings_the_emoji(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "gan_keras"
    shutil.copytree(DATA / "emoji", package / "data" / "emoji")
    monkeypatch.setattr(catalogue, "__file__", str(package / "datasets" / "catalogue.py"))
    assert catalogue._data_dir("emoji") == package / "data"
    assert len(arrays(load_dataset("emoji", split="test"))) == 226
    assert catalogue._data_dir("mnist") is None  # left to tfds


# Wrong arguments


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(batch_size=0), "batch_size is 0; it must be an integer of at least 1"),
        (dict(batch_size=-3), "batch_size is -3"),
        (dict(batch_size=2.5), "batch_size is 2.5"),
        (dict(limit=0), "limit is 0"),
        (dict(limit=-1), "limit is -1"),
        (dict(image_size=0), "image_size is 0"),
        (dict(image_size=(32, -1)), r"image_size is \(32, -1\)"),
        (dict(image_size=(32,)), r"image_size is \(32,\)"),
        (dict(channels=2), "channels is 2; it must be 1, 3 or None"),
        (dict(channels=True), "channels is True"),
        (dict(channels=3.0), "channels is 3.0"),
        (dict(augment=True), "augment is True; it must be 'mirror', 'jitter' or None"),
        (dict(broken="ignore"), "broken is 'ignore'"),
        (dict(split="validation"), "mnist has no split 'validation'. It has test, train"),
        (dict(split="train[:x]"), "mnist has no split"),
        (dict(split=None), "mnist has no split None"),
        (dict(split="train[:0]"), "holds no examples"),
        (dict(split="test", limit=10), "batch_size is 64, but mnist .* has only 10 examples"),
        (dict(pair=("line", "color")), "mnist has one image of each subject, 'image'. Make pairs"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        load_dataset("mnist", **arguments)


@pytest.mark.parametrize("pair", [("line",), ("line", "line"), ("line", "colour")])
def test_bad_pairs(pair):
    with pytest.raises(ValueError, match="must be two of color, line, noto"):
        load_dataset("emoji", pair=pair)


def test_one_drawing_is_no_pair():
    with pytest.raises(ValueError, match=r"pair is 'noto'; .* or name two images"):
        load_dataset("emoji", pair="noto")


def test_pair_with_labels():
    with pytest.raises(ValueError, match="either labels or a pair"):
        load_dataset("emoji", pair=("line", "color"), labels=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fashion-mnist", "neither an embedded .* Did you mean 'fashion_mnist'"),
        ("mnsit", "Did you mean 'mnist'"),
        ("no/such/thing", "nor an existing folder"),
        ("cycle_gan/zebra", "has cycle_gan, but not 'cycle_gan/zebra'. It comes as .*horse2zebra"),
        ("imdb_reviews", "has no 8-bit images; its features are text, label"),
    ],
)
def test_unknown_names(name, message, no_network):
    with pytest.raises(ValueError, match=message):
        load_dataset(name)


def test_name_of_a_wrong_type():
    with pytest.raises(TypeError, match="name is 3; it must be a string"):
        load_dataset(3)


# Damaged files


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)


def truncate(path):
    path.write_bytes(path.read_bytes()[:-1000])


@pytest.mark.parametrize("damage", [flip, truncate, Path.unlink])
def test_damaged_records_are_named(damage, tmp_path):
    shutil.copytree(DATA / "emoji", tmp_path / "emoji")
    [path] = (tmp_path / "emoji").rglob("emoji-test.tfrecord*")
    damage(path)
    with pytest.raises(OSError, match=rf"emoji is damaged: {path} .*git checkout"):
        load_dataset("emoji", split="test", data_dir=tmp_path)
    assert arrays(load_dataset("emoji", split="validation", data_dir=tmp_path)).shape[0] == 259


def test_missing_records_are_noticed(tmp_path):
    shutil.copytree(DATA / "emoji", tmp_path / "emoji")
    [path] = (tmp_path / "emoji").rglob("emoji-test.tfrecord*")
    with tf.io.TFRecordWriter(str(path) + "x") as writer:
        for record in tf.data.TFRecordDataset(str(path)).take(100):
            writer.write(record.numpy())
    shutil.move(str(path) + "x", path)
    with pytest.raises(OSError, match="emoji is damaged: a file in .* has too few records"):
        load_dataset("emoji", split="test", data_dir=tmp_path)


def test_damaged_description_is_named(tmp_path):
    shutil.copytree(DATA / "emoji", tmp_path / "emoji")
    (tmp_path / "emoji/1.0.0/dataset_info.json").write_text("{")
    with pytest.raises(OSError, match=f"description of emoji in {tmp_path} cannot be read"):
        load_dataset("emoji", data_dir=tmp_path)


# Other data sets of tensorflow-datasets


class GkPhotos(tfds.core.GeneratorBasedBuilder):
    """Colour images of two sizes, without labels; `even` holds those of one size."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self):
        features = {"picture": tfds.features.Image(), "caption": tfds.features.Text()}
        return tfds.core.DatasetInfo(builder=self, features=tfds.features.FeaturesDict(features))

    def _split_generators(self, dl_manager):
        return {"mixed": self._generate_examples([16, 24]), "even": self._generate_examples([16])}

    def _generate_examples(self, widths):
        for i in range(12):
            image = np.zeros((16, widths[i % len(widths)], 3), np.uint8)
            image[:, :4] = 255
            yield i, {"picture": image, "caption": "a photo"}


class GkLost(GkPhotos):
    """Wants a file that its host does not have."""

    address = None

    def _split_generators(self, dl_manager):
        dl_manager.download(f"{self.address}/photos.zip")


def test_a_set_is_prepared_once_then_read(tmp_path):
    arguments = dict(data_dir=tmp_path, batch_size=4)
    assert arrays(load_dataset("gk_photos", "even", **arguments)).shape == (12, 16, 16, 3)
    resized = arrays(load_dataset("gk_photos", "mixed", image_size=(8, 8), **arguments))
    assert resized.shape == (12, 8, 8, 3)
    half = load_dataset("gk_photos", "even[:50%]", **arguments)
    assert int(half.cardinality()) == 2


def test_images_are_cut_around_the_centre_not_stretched(tmp_path):
    images = arrays(
        load_dataset("tfds:gk_photos", "mixed", image_size=16, data_dir=tmp_path, batch_size=4)
    )
    # 4 white columns on the left of 16 x 16 images; all 4 are cut off 16 x 24 ones.
    whites = sorted(int((image[0, :, 0] == 1).sum()) for image in images)
    assert whites == [0] * 6 + [4] * 6


def test_a_set_of_mixed_sizes_needs_image_size(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match=r"differ in size, \(16, (16|24)\) and .*image_size"):
        load_dataset("gk_photos", "mixed", data_dir=tmp_path, batch_size=4)
    monkeypatch.setattr(catalogue, "MEMORY", 1000)
    with pytest.raises(ValueError, match="may differ in size; choose one with image_size"):
        load_dataset("gk_photos", "even", data_dir=tmp_path, batch_size=4)


def test_a_set_without_labels(tmp_path):
    with pytest.raises(ValueError, match="no class labels; its features are picture, caption"):
        load_dataset("gk_photos", "even", labels=True, data_dir=tmp_path)


def test_without_a_network_other_sets_fail_at_once(no_network, tmp_path):
    start = time.monotonic()
    message = (
        "cannot be downloaded: no answer from efrosgans.eecs.berkeley.edu.*"
        "mnist, fashion_mnist, emoji.*tfds build cycle_gan/horse2zebra.*data_dir"
    )
    with pytest.raises(ConnectionError, match=message):
        load_dataset("cycle_gan/horse2zebra", split="trainA", data_dir=tmp_path)
    assert time.monotonic() - start < 10


def test_a_failing_host_is_named(tmp_path, monkeypatch):
    # Ten by default, which takes minutes where the host cannot be reached at all.
    monkeypatch.setattr("tensorflow_datasets.core.download.downloader.MAX_RETRIES", 1)
    handler = http.server.BaseHTTPRequestHandler  # answers every GET with an error
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        GkLost.address = f"http://127.0.0.1:{server.server_port}"
        try:
            with pytest.raises(ConnectionError, match="prepare gk_lost from 127.0.0.1: "):
                load_dataset("gk_lost", "even", data_dir=tmp_path)
        finally:
            server.shutdown()
            thread.join()


# Folders


def save(path, shape=(8, 8, 3), value=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full(shape, value, np.uint8)).save(path, **options)


@pytest.fixture
def photos(tmp_path):
    for i in range(6):
        save(tmp_path / "photos" / f"{i}.png", value=40 * i)
    return tmp_path / "photos"


def test_a_folder_as_path_or_string(photos, monkeypatch):
    images = arrays(load_dataset(photos, batch_size=4, shuffle=False))
    np.testing.assert_array_equal(as_bytes(images)[:, 0, 0, 0], [0, 40, 80, 120, 160, 200])
    monkeypatch.chdir(photos.parent)
    for name in (str(photos), "photos", "./photos"):
        again = arrays(load_dataset(name, batch_size=4, shuffle=False))
        np.testing.assert_array_equal(again, images)


def test_an_embedded_name_wins_over_a_folder(photos, monkeypatch):
    photos.rename(photos.parent / "mnist")
    monkeypatch.chdir(photos.parent)
    assert small("mnist").element_spec.shape == (None, 28, 28, 1)
    assert small("./mnist", batch_size=4).element_spec.shape == (None, 8, 8, 3)


def test_a_folder_passes_over_other_files(photos):
    (photos / "notes.txt").write_text("not an image")
    (photos / "Thumbs.db").write_bytes(b"\0")
    (photos / "._0.png").write_bytes(b"\0")
    save(photos / ".cache" / "0.png")
    assert len(arrays(load_dataset(photos, batch_size=4))) == 6


def test_folder_shuffle_and_limit(photos):
    dataset = load_dataset(photos, batch_size=6)
    orders = {bytes(as_bytes(arrays(dataset))[:, 0, 0, 0]) for _ in range(8)}
    assert len(orders) > 1 and {bytes(sorted(order)) for order in orders} == {
        bytes([0, 40, 80, 120, 160, 200])
    }
    some = arrays(load_dataset(photos, batch_size=3, limit=3, shuffle=False))
    np.testing.assert_array_equal(as_bytes(some)[:, 0, 0, 0], [0, 80, 160])


def test_labels_are_subfolders(tmp_path):
    save(tmp_path / "dogs" / "a.png", value=1)
    save(tmp_path / "cats" / "deep" / "b.png", value=2)
    dataset = load_dataset(tmp_path, labels=True, batch_size=2, shuffle=False)
    images, labels = arrays(dataset)
    assert dataset.class_names == ["cats", "dogs"]
    np.testing.assert_array_equal(as_bytes(images)[:, 0, 0, 0], [2, 1])
    np.testing.assert_array_equal(labels, [0, 1])
    save(tmp_path / "loose.png")
    with pytest.raises(ValueError, match="loose.png lies in .* Sort the images into one subfolder"):
        load_dataset(tmp_path, labels=True, batch_size=2)


def test_subfolders_train_and_test_are_splits(tmp_path):
    save(tmp_path / "train" / "cats" / "a.png", value=1)
    save(tmp_path / "train" / "dogs" / "b.png", value=2)
    save(tmp_path / "test" / "dogs" / "c.png", value=3)
    assert len(arrays(load_dataset(tmp_path, batch_size=1))) == 2
    images, labels = arrays(load_dataset(tmp_path, "test", labels=True, batch_size=1))
    assert as_bytes(images)[0, 0, 0, 0] == 3
    assert labels.tolist() == [1]  # dogs, as in train
    with pytest.raises(ValueError, match="no split 'validation'; it has test, train"):
        load_dataset(tmp_path, "validation", batch_size=1)


def test_a_class_called_train_is_no_split(tmp_path):
    save(tmp_path / "train" / "a.png")
    save(tmp_path / "bus" / "b.png")
    dataset = load_dataset(tmp_path, labels=True, batch_size=2)
    assert dataset.class_names == ["bus", "train"]
    assert len(arrays(dataset)[0]) == 2


def test_a_folder_without_pictures_is_no_class_and_no_hindrance(tmp_path):
    """Such as the __MACOSX of an archive."""
    save(tmp_path / "train" / "dogs" / "a.png")
    save(tmp_path / "test" / "dogs" / "b.png")
    for place in (tmp_path / "__MACOSX", tmp_path / "train" / "__MACOSX"):
        place.mkdir()
        (place / "._a.png").write_bytes(b"")
        (place / "notes.txt").write_text("")
    dataset = load_dataset(tmp_path, labels=True, batch_size=1)
    assert dataset.class_names == ["dogs"]
    assert len(arrays(dataset)[0]) == 1


def test_links_to_folders_are_followed_and_never_round_and_round(tmp_path):
    save(tmp_path / "elsewhere" / "cats" / "a.png")
    save(tmp_path / "pets" / "dogs" / "b.png")
    (tmp_path / "pets" / "cats").symlink_to(tmp_path / "elsewhere" / "cats")
    (tmp_path / "pets" / "dogs" / "again").symlink_to(tmp_path / "pets")
    dataset = load_dataset(tmp_path / "pets", labels=True, batch_size=2)
    assert dataset.class_names == ["cats", "dogs"]
    assert sorted(arrays(dataset)[1].tolist()) == [0, 1]


def test_no_folder_no_images(tmp_path):
    with pytest.raises(FileNotFoundError, match="There is no folder .*missing"):
        load_dataset(tmp_path / "missing")
    with pytest.raises(FileNotFoundError, match="There are no images in .* end in .bmp"):
        load_dataset(tmp_path)
    (tmp_path / "photos.zip").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match="photos.zip is a file.* unpack"):
        load_dataset(tmp_path / "photos.zip")


def test_a_folder_has_no_pairs(photos):
    with pytest.raises(ValueError, match=r"is a folder. .* pair is \(\"left\", \"right\"\)"):
        load_dataset(photos, pair=("line", "color"))


def break_files(photos):
    (photos / "empty.png").write_bytes(b"")
    (photos / "text.jpg").write_text("no image")
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(photos / "cut.jpg")
    content = (photos / "cut.jpg").read_bytes()
    (photos / "cut.jpg").write_bytes(content[: len(content) // 2])


def test_broken_images_are_refused_or_skipped_by_name(photos):
    break_files(photos)
    with pytest.raises(ValueError) as refused:
        load_dataset(photos, batch_size=4)
    with pytest.warns(UserWarning) as skipped:
        dataset = load_dataset(photos, batch_size=4, broken="skip")
    for message in (str(refused.value), str(skipped[0].message)):
        assert "3 images in" in message
        assert all(name in message for name in ("empty.png", "text.jpg", "cut.jpg (image file is"))
    assert 'broken="skip"' in str(refused.value)
    assert skipped[0].filename == __file__
    assert len(arrays(dataset)) == 6


def test_only_broken_images(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.warns(UserWarning), pytest.raises(ValueError, match="None of the 1 images"):
        load_dataset(tmp_path, broken="skip", batch_size=1)


def test_mixed_sizes_are_named(photos):
    save(photos / "wide.png", (8, 12, 3))
    message = r"0.png is 8 x 8 pixels .height x width., wide.png is 8 x 12. .*image_size"
    with pytest.raises(ValueError, match=message):
        load_dataset(photos, batch_size=4)
    assert arrays(load_dataset(photos, batch_size=4, image_size=(6, 4))).shape == (7, 6, 4, 3)


def test_grey_among_colour_is_named(photos):
    save(photos / "grey.png", (8, 8), value=77)
    message = "grey.png is grey, 0.png is in colour. Pass channels=3"
    with pytest.raises(ValueError, match=message):
        load_dataset(photos, batch_size=4)
    images = arrays(load_dataset(photos, batch_size=4, channels=3, shuffle=False))
    assert as_bytes(images)[-1, 0, 0].tolist() == [77, 77, 77]
    assert arrays(load_dataset(photos, batch_size=4, channels=1)).shape == (7, 8, 8, 1)


def test_a_folder_of_grey_images(tmp_path):
    save(tmp_path / "a.png", (8, 8), value=255)
    images = arrays(load_dataset(tmp_path, batch_size=1))
    assert images.shape == (1, 8, 8, 1) and (images == 1).all()


def test_transparency_is_laid_on_white(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[:4, :, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "a.png")
    [image] = arrays(load_dataset(tmp_path, batch_size=1))
    assert (image[:4] == -1).all() and (image[4:] == 1).all()


def test_photographs_are_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turned by 90 degrees
    save(tmp_path / "a.jpg", (8, 16, 3), exif=exif)
    assert arrays(load_dataset(tmp_path, batch_size=1)).shape == (1, 16, 8, 3)


def test_sixteen_bits_are_refused(tmp_path):
    Image.fromarray(np.zeros((8, 8), np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ValueError, match="deep.png .its pixels are of type I;16; save it with 8"):
        load_dataset(tmp_path, batch_size=1)


def test_a_decompression_bomb_is_refused_unopened(tmp_path, monkeypatch):
    save(tmp_path / "bomb.png", (100, 100, 3))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 9999)
    monkeypatch.setattr(Image.Image, "load", None)  # decoding would fail otherwise
    with (
        pytest.warns(Image.DecompressionBombWarning),
        pytest.raises(ValueError, match="bomb.png .it claims 100 x 100 pixels"),
    ):
        load_dataset(tmp_path, batch_size=1)


def test_a_large_folder_streams(photos, monkeypatch):
    for i in range(6):
        save(photos / "more" / f"{i}.png", value=i)
    labelled = photos.parent / "labelled"
    labelled.mkdir()
    photos.rename(labelled / "b")
    (labelled / "b" / "more").rename(labelled / "a")
    arguments = dict(batch_size=5, labels=True)
    memory = arrays(load_dataset(labelled, shuffle=False, **arguments))
    monkeypatch.setattr(catalogue, "MEMORY", 100)
    streamed = load_dataset(labelled, shuffle=False, **arguments)
    assert int(streamed.cardinality()) == 3
    assert streamed.element_spec[0].shape == (None, 8, 8, 3)
    for a, b in zip(memory, arrays(streamed), strict=True):
        np.testing.assert_array_equal(a, b)
    images, labels = arrays(load_dataset(labelled, **arguments))
    values = as_bytes(images)[:, 0, 0, 0]
    assert sorted(values) == [0, 0, 1, 2, 3, 4, 5, 40, 80, 120, 160, 200]
    assert not np.array_equal(images, memory[0])
    assert (labels[values > 5] == 1).all()
