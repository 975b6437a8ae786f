"""The embedded emoji made smaller to travel: pixels in place of PNG files.

Drawings that resemble each other compress better together than each alone. The records keep their
order and all else that they hold; the pixels come back as they were.
"""

from pathlib import Path

import tensorflow as tf

FOLDER = Path("emoji") / "1.0.0"  # in a data directory of tensorflow-datasets
DRAWINGS = ("line", "color", "noto")
SIDE = 64


def pack(data_dir: Path, target: Path) -> None:
    """Copies the emoji of a data directory into another one, with pixels in place of PNG files."""
    _copy(data_dir / FOLDER, target / FOLDER, _pixels)


def unpack(packed: Path, data_dir: Path) -> None:
    """What `pack` has written, as a data set again in another data directory."""
    _copy(packed / FOLDER, data_dir / FOLDER, _png)


def _pixels(png: bytes) -> bytes:
    return tf.io.decode_png(png).numpy().tobytes()


def _png(pixels: bytes) -> bytes:
    image = tf.reshape(tf.io.decode_raw(pixels, tf.uint8), (SIDE, SIDE, -1))
    return tf.io.encode_png(image).numpy()


def _copy(source, target, convert):
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        if ".tfrecord" not in path.name:
            (target / path.name).write_bytes(path.read_bytes())
            continue
        with tf.io.TFRecordWriter(str(target / path.name)) as records:
            for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
                example = tf.train.Example.FromString(record)
                for drawing in DRAWINGS:
                    values = example.features.feature[drawing].bytes_list.value
                    values[0] = convert(values[0])
                records.write(example.SerializeToString())
