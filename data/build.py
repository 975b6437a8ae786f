#!/usr/bin/env python3
"""Make the prepared data sets again from their public sources, byte for byte.

    python data/build.py SOURCES [DATA_DIR]

SOURCES is a folder with
    mnist/          the four original IDX files, gzipped (Yann LeCun and Corinna Cortes;
                    https://storage.googleapis.com/cvdf-datasets/mnist/)
    fashion_mnist/  the four original IDX files, gzipped (Zalando SE;
                    https://github.com/zalandoresearch/fashion-mnist)
    emoji/          emoji_64.npz, drawn by render_emoji.py from the npm packages
                    openmoji@17.0.0 and emoji-datasource-google@16.0.0
DATA_DIR, by default the folder of this file, receives mnist/, fashion_mnist/, emoji/ and
SHA256SUMS. The first two are written by tensorflow-datasets' own builders, which are only handed
local files in place of downloads.
"""

import gzip
import hashlib
import io
import shutil
import sys
import tempfile
from pathlib import Path

from gan_keras.datasets.emoji import Emoji

import numpy as np
import tensorflow_datasets as tfds

# SHA-256 of what the files hold (see `digest`): the same bytes are packed differently by mirrors.
# fmt: off
SOURCES = {
    "mnist/train-images-idx3-ubyte.gz":
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "mnist/train-labels-idx1-ubyte.gz":
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "mnist/t10k-images-idx3-ubyte.gz":
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "mnist/t10k-labels-idx1-ubyte.gz":
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    "fashion_mnist/train-images-idx3-ubyte.gz":
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "fashion_mnist/train-labels-idx1-ubyte.gz":
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "fashion_mnist/t10k-images-idx3-ubyte.gz":
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "fashion_mnist/t10k-labels-idx1-ubyte.gz":
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    "emoji/emoji_64.npz":
        "65eb92e2efd592dac7c4fa1742d61f168f49030ea98dfde322b38f18fa092f5d",
}
# fmt: on


class LocalDownloads:
    """Stands in for tfds' download manager: hands out local files by the last part of their URL."""

    def __init__(self, folder, downloaded_size):
        self.folder = folder
        self.downloaded_size = downloaded_size

    def download_and_extract(self, urls):
        return {key: self.folder / Path(url).stem for key, url in urls.items()}


def digest(content):
    """SHA-256 of an unzipped IDX file, or of the arrays of an NPZ archive in the order of names."""
    if not content.startswith(b"PK"):
        return hashlib.sha256(content).hexdigest()
    total = hashlib.sha256()
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        for name in sorted(arrays):
            array = arrays[name]
            is_text = array.dtype.kind == "U"
            total.update("\n".join(array).encode() if is_text else array.tobytes())
    return total.hexdigest()


def unpack(sources, out):
    """Check every source against its digest and write it, unzipped, below `out`."""
    for name, expected in SOURCES.items():
        path = sources / name
        if not path.is_file():
            raise SystemExit(f"{path} is missing: see `python data/build.py` for where to get it.")
        content = path.read_bytes()
        if path.suffix == ".gz":
            content = gzip.decompress(content)
        found = digest(content)
        if found != expected:
            raise SystemExit(f"{path} has the SHA-256 {found}, not {expected}: fetch it again.")
        target = out / name.removesuffix(".gz")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def prepare(unpacked, data_dir):
    """Write the three data sets below `data_dir`, in place of any that are there."""
    # A record is a protocol buffer map, whose entries are written in an order that changes from
    # one process to the next unless asked otherwise.
    tfds.core.example_serializer.ExampleSerializer.serialize_example = lambda self, example: (
        self.get_tf_example(example).SerializeToString(deterministic=True)
    )

    for name in ("mnist", "fashion_mnist", "emoji"):
        shutil.rmtree(data_dir / name, ignore_errors=True)

    for name in ("mnist", "fashion_mnist"):
        builder = tfds.builder(name, data_dir=data_dir)
        size = sum(info.size for info in builder.url_infos.values())  # as in the catalogue
        local = LocalDownloads(unpacked / name, size)
        builder._make_download_manager = lambda local=local, **_: local
        builder.download_and_prepare()

    config = tfds.download.DownloadConfig(manual_dir=unpacked / "emoji")
    Emoji(data_dir=data_dir).download_and_prepare(
        download_dir=unpacked / "downloads", download_config=config
    )


def write_sums(data_dir):
    """Write SHA256SUMS in the format of `sha256sum`, whose --check reads it."""
    lines = []
    for name in ("emoji", "fashion_mnist", "mnist"):
        for path in sorted(path for path in (data_dir / name).rglob("*") if path.is_file()):
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            lines.append(f"{digest}  {path.relative_to(data_dir).as_posix()}\n")
    (data_dir / "SHA256SUMS").write_text("".join(lines))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        raise SystemExit(__doc__)
    target = Path(sys.argv[2] if len(sys.argv) == 3 else Path(__file__).parent).resolve()
    with tempfile.TemporaryDirectory() as scratch:
        unpack(Path(sys.argv[1]), Path(scratch))
        prepare(Path(scratch), target)
    write_sums(target)
