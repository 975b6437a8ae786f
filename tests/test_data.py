"""What lies in data/ is what its README says, to the last byte."""

import hashlib
import sys
from pathlib import Path

from gan_keras.datasets.emoji import GROUPS, split_of

import numpy as np
import pytest
import tensorflow_datasets as tfds
from tensorflow_datasets.core import hashing

DATA = Path(__file__).parents[1] / "data"
sys.path.insert(0, str(DATA))
import build  # noqa: E402

EMOJI_ROWS = {"train": 1926, "validation": 259, "test": 226}
EMOJI_NOTO = {"train": 1536, "validation": 200, "test": 175}


def test_files_are_those_listed():
    lines = (DATA / "SHA256SUMS").read_text().splitlines()
    listed = {name: digest for digest, name in (line.split("  ") for line in lines)}
    found = {
        path.relative_to(DATA).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for name in ("emoji", "fashion_mnist", "mnist")
        for path in (DATA / name).rglob("*")
        if path.is_file()
    }
    assert found == listed


def idx_files(name, split, count):
    """Rebuild the IDX files of a split: tfds stores row i at the rank of its hashed key."""
    hasher = hashing.Hasher(split)
    order = sorted(range(count), key=hasher.hash_key)
    stored = tfds.load(name, split=split, data_dir=DATA, download=False).batch(5000)
    images = np.empty((count, 28, 28, 1), np.uint8)
    labels = np.empty(count, np.uint8)
    start = 0
    for batch in stored.as_numpy_iterator():
        rows = order[start : start + len(batch["label"])]
        images[rows], labels[rows] = batch["image"], batch["label"]
        start += len(rows)
    assert start == count
    size = count.to_bytes(4, "big")
    side = (28).to_bytes(4, "big")
    return (
        b"\0\0\x08\x03" + size + side + side + images.tobytes(),
        b"\0\0\x08\x01" + size + labels.tobytes(),
    )


@pytest.mark.parametrize(
    ("name", "md5"),
    [
        ("mnist", "6bbc9ace898e44ae57da46a324031adb"),
        ("fashion_mnist", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
    ],
)
def test_mnist_files_come_back_byte_for_byte(name, md5):
    images, labels = idx_files(name, "train", 60000)
    assert hashlib.md5(images).hexdigest() == md5
    assert build.digest(images) == build.SOURCES[f"{name}/train-images-idx3-ubyte.gz"]
    assert build.digest(labels) == build.SOURCES[f"{name}/train-labels-idx1-ubyte.gz"]
    images, labels = idx_files(name, "test", 10000)
    assert build.digest(images) == build.SOURCES[f"{name}/t10k-images-idx3-ubyte.gz"]
    assert build.digest(labels) == build.SOURCES[f"{name}/t10k-labels-idx1-ubyte.gz"]


@pytest.fixture(scope="module")
def emoji():
    splits = tfds.load("emoji", data_dir=DATA, download=False)
    return {split: list(rows.as_numpy_iterator()) for split, rows in splits.items()}


def test_emoji_rows(emoji):
    assert {split: len(rows) for split, rows in emoji.items()} == EMOJI_ROWS
    noto = {split: sum(bool(row["has_noto"]) for row in rows) for split, rows in emoji.items()}
    assert noto == EMOJI_NOTO


def test_emoji_splits_follow_the_hexcode_and_share_nothing(emoji):
    for split, rows in emoji.items():
        assert {split_of(row["hexcode"].decode()) for row in rows} == {split}
    hexcodes = [row["hexcode"] for rows in emoji.values() for row in rows]
    assert len(set(hexcodes)) == len(hexcodes) == 2411


def test_emoji_holds_no_brands_and_every_group(emoji):
    rows = [row for rows in emoji.values() for row in rows]
    assert b"brand" not in {row["subgroup"] for row in rows}
    assert {GROUPS[row["group"]] for row in rows} == set(GROUPS)
    assert sum(GROUPS[row["group"]] == "flags" for row in rows) == 270


def test_emoji_drawings(emoji):
    for row in (row for rows in emoji.values() for row in rows):
        assert row["line"].shape == (64, 64, 1)
        assert row["color"].shape == row["noto"].shape == (64, 64, 3)
        assert bool(row["noto"].any()) == bool(row["has_noto"])
        assert row["line"].max() == 255


def test_known_emoji(emoji):
    rows = {row["hexcode"]: row for rows in emoji.values() for row in rows}
    apple = rows[b"1F34E"]
    assert apple["annotation"] == b"red apple"
    assert GROUPS[apple["group"]] == "food-drink"
    red, green, blue = apple["color"][40, 32].astype(int)
    assert red > 200 > max(green, blue)


def test_build_refuses_a_changed_source(tmp_path):
    (tmp_path / "mnist").mkdir()
    (tmp_path / "mnist/train-images-idx3-ubyte.gz").write_bytes(build.gzip.compress(b"other"))
    with pytest.raises(SystemExit, match="train-images-idx3-ubyte.gz has the SHA-256"):
        build.unpack(tmp_path, tmp_path / "out")


def test_prepared_data_need_no_project_code():
    builder = tfds.builder_from_directory(DATA / "emoji" / "1.0.0")
    assert type(builder).__module__.startswith("tensorflow_datasets")
    assert len(list(builder.as_dataset(split="test"))) == EMOJI_ROWS["test"]
