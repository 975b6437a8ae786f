"""Files of strangers: damaged ones end in an error, and none runs code."""

import hashlib
import io
import json
import pickle
import resource
import shutil
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import gan_keras
from gan_keras import pretrained
from tests.conftest import SHAPE, batches, small_gan

ROOT = Path(__file__).resolve().parents[1]
TRIES = 52


def damaged(content: bytes, i: int, rng) -> bytes:
    """One of six ways to damage a file."""
    content = bytearray(content)
    place = int(rng.integers(len(content)))
    match i % 6:
        case 0:
            return bytes(content[:place])
        case 1:
            for where in rng.integers(len(content), size=8):
                content[where] ^= int(rng.integers(1, 256))
        case 2:
            content[place : place + 512] = bytes(len(content[place : place + 512]))
        case 3:
            return rng.bytes(place)
        case 4:
            return bytes(content[:place]) + rng.bytes(64) + bytes(content[place:])
        case 5:  # At the beginning, where sizes stand.
            for where in rng.integers(min(256, len(content)), size=2):
                content[where] = 255
    return bytes(content)


def judge(name, path, load, expected=None):
    """What a try came to: "refused" or "loaded"; complains if neither is in order.

    Args:
        name: of the kind of file.
        load: takes the path; raises, or returns an array.
        expected: for files that carry a checksum, the only values that may be returned.
    """
    try:
        value = load(path)
    except Exception as error:
        assert str(error), f"{name}: {type(error).__name__} says nothing"
        if expected is not None:
            assert isinstance(error, (ValueError, OSError)), f"{name}: {error!r}"
        return "refused"
    if expected is not None:
        np.testing.assert_array_equal(value, expected, f"{name}: other values were loaded")
    return "loaded"


def make_files(folder):
    """{kind: (file to damage, how it is loaded, what it holds if a checksum guards it)}."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (64, *SHAPE)).astype("float32")
    model = small_gan()
    model.compile()
    data = batches(model, images)
    backup = gan_keras.callbacks.Backup(folder / "backup")
    model.fit(data, epochs=1, verbose=0, callbacks=[backup])

    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")

    def weights(path):
        model.load_weights(path)

    def restored(path):
        """A backup is restored as a whole, so that a damaged one is seen in any of its files."""
        other = small_gan()
        other.compile()
        watch = gan_keras.callbacks.Backup(path.parent)
        watch.set_model(other)
        watch.on_train_begin()
        return np.concatenate([w.numpy().ravel() for w in other.weights])

    for kind in ("png", "jpg"):
        (folder / kind).mkdir()
        pixels = rng.integers(0, 256, (64, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / kind / f"image.{kind}")

    def folder_of(path):
        return np.stack(list(gan_keras.load_dataset(path.parent, batch_size=1)))

    shutil.copytree(ROOT / "data/mnist", folder / "mnist")

    def records(path):
        loaded = gan_keras.load_dataset("mnist", "test", limit=64, data_dir=folder)
        return np.concatenate(list(loaded.as_numpy_iterator()))

    arguments = {"image_shape": [8, 8, 1], "latent_dim": 4}
    shipped = gan_keras.GAN(**arguments)
    pretrained.save(shipped, folder / "shipped", arguments)

    def trained(path):
        return gan_keras.load_pretrained(folder / "shipped.json").generate(2, seed=0)

    tfrecord = folder / "mnist/3.0.1/mnist-test.tfrecord-00000-of-00001"
    state = folder / "backup/epoch-1.data-00000-of-00001"
    own = np.concatenate([w.numpy().ravel() for w in model.weights])
    return {
        "keras": (folder / "model.keras", keras.models.load_model, None),
        "weights.h5": (folder / "model.weights.h5", weights, None),
        "backup": (state, restored, own),
        "backup's index": (state.with_name("epoch-1.index"), restored, own),
        "png": (folder / "png/image.png", folder_of, None),
        "jpg": (folder / "jpg/image.jpg", folder_of, None),
        "tfrecord": (tfrecord, records, records(tfrecord)),
        "npz": (folder / "shipped.npz", trained, trained(None)),
        "card": (folder / "shipped.json", trained, None),
    }


def fuzz(folder):
    """Tries every kind; prints what came of it. Run in a process of its own, which may crash."""
    rng = np.random.default_rng(1)
    report = {}
    for name, (path, load, expected) in make_files(Path(folder)).items():
        whole = path.read_bytes()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        begun, ends = time.monotonic(), []
        for i in range(TRIES):
            path.write_bytes(damaged(whole, i, rng))
            ends.append(judge(name, path, load, expected))
        path.write_bytes(whole)
        load(path)  # Undamaged, it is taken.
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
        report[name] = {
            "tries": len(ends), "refused": ends.count("refused"), "GiB more": round(grown, 2),
            "seconds": round(time.monotonic() - begun, 1),
        }  # fmt: skip
        print(json.dumps({name: report[name]}), file=sys.stderr, flush=True)
    print(json.dumps(report))


def test_damaged_files_end_in_an_error_without_crash_or_hang_in_bounded_memory(tmp_path):
    program = f"from tests.test_damaged_files import fuzz; fuzz({str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=400, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout.splitlines()[-1])
    assert len(report) == 9
    for name, kind in report.items():
        assert kind["tries"] == TRIES
        assert kind["refused"] >= TRIES // 4, name
        assert kind["GiB more"] < 1, name


def test_the_judge_of_damaged_files_can_fail():
    def silent(path):
        raise RuntimeError

    with pytest.raises(AssertionError, match="other values were loaded"):
        judge("npz", None, lambda path: np.ones(3), np.zeros(3))
    with pytest.raises(AssertionError, match="says nothing"):
        judge("npz", None, silent)
    with pytest.raises(AssertionError, match="KeyError"):
        judge("npz", None, lambda path: {}["missing"], np.zeros(3))


class Payload:
    """Pickled, it writes a file when it is read."""

    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (Path(self.marker),)


def test_pickles_in_weights_are_refused_unread(tmp_path):
    marker = tmp_path / "ran"
    pickle.loads(pickle.dumps(Payload(marker)))
    assert marker.exists()  # So would it run.
    marker.unlink()
    arguments = {"image_shape": [8, 8, 1], "latent_dim": 4}
    model = gan_keras.GAN(**arguments)
    pretrained.save(model, tmp_path / "model", arguments)
    count = len(model.generator.weights)
    evil = np.empty(1, object)
    evil[0] = Payload(marker)
    arrays = {f"generator/{i}": evil for i in range(count)}
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    (tmp_path / "model.npz").write_bytes(buffer.getvalue())
    card = json.loads((tmp_path / "model.json").read_text())
    card["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()  # A stranger's card agrees.
    (tmp_path / "model.json").write_text(json.dumps(card))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        gan_keras.load_pretrained(tmp_path / "model.json")
    assert not marker.exists()


def test_code_in_a_model_file_is_refused_unrun(tmp_path):
    marker = tmp_path / "ran"
    name = str(marker)
    layer = keras.layers.Lambda(lambda x: (open(name, "w").close(), x)[1])
    image = keras.Input(SHAPE)
    body = keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(layer(image))))
    gan = gan_keras.GAN(SHAPE, 4, discriminator=body)
    gan.save(tmp_path / "model.keras")
    marker.unlink()  # It ran when the network was built.
    with pytest.raises((ValueError, TypeError), match="(?i)lambda|unsafe|safe"):
        keras.models.load_model(tmp_path / "model.keras", custom_objects={})
    assert not marker.exists()


@pytest.mark.parametrize("member", ["../evil", "/tmp/gan_keras_evil", "a/../../evil"])
def test_a_model_file_unpacks_nothing_outside(tmp_path, member):
    model = small_gan()
    inside = tmp_path / "inside"
    inside.mkdir()
    model.save(inside / "model.keras")
    with zipfile.ZipFile(inside / "model.keras", "a") as archive:
        archive.writestr(member, b"evil")
    try:
        keras.models.load_model(inside / "model.keras")
    except Exception as error:
        assert str(error)
    assert not list(tmp_path.rglob("*evil*"))
    assert not Path("/tmp/gan_keras_evil").exists()


def claims(kind, side=100_000):
    """A picture of a few bytes that says it is `side` pixels wide and high."""
    if kind == "jpg":
        content = io.BytesIO()
        Image.new("RGB", (16, 16)).save(content, "JPEG")
        content = bytearray(content.getvalue())
        at = content.index(b"\xff\xc0") + 5
        content[at : at + 4] = struct.pack(">HH", 65_535, 65_535)
        return bytes(content)

    def chunk(name, data):
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["png", "jpg"])
def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded(tmp_path, kind):
    (tmp_path / f"huge.{kind}").write_bytes(claims(kind))
    side = {"png": 100_000, "jpg": 65_535}[kind]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    with pytest.raises(ValueError, match=rf"huge.{kind} .*{side} x {side}|huge.{kind} .*{side**2}"):
        gan_keras.load_dataset(tmp_path, batch_size=1)
    assert time.monotonic() - begun < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20 / 4  # KiB: 256 MiB
