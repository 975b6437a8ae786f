"""Files of strangers: damaged ones end in an error, and none runs code."""

import faulthandler
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
from dataclasses import dataclass
from pathlib import Path

import gan_keras
from gan_keras import pretrained
from gan_keras.metrics import extractors

import keras
import numpy as np
import psutil
import pytest
import tensorflow as tf
from PIL import Image

from tests.conftest import SHAPE, batches, small_gan

ROOT = Path(__file__).resolve().parents[1]
TRIES = 54  # six of each of nine ways to damage a file
MEMORY = 256  # MiB that a damaged file, here of at most 2 MB, may cost beside what was held before
PEAK = Path("/proc/self/clear_refs")
PICTURES = ("png", "jpg")


def peak() -> float:
    """MiB that this process held at most since the last call; since it began, outside Linux."""
    if not PEAK.exists():
        unit = 1 if sys.platform == "darwin" else 2**10
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    status = dict(line.split(":", 1) for line in open("/proc/self/status"))
    PEAK.write_text("5")
    return int(status["VmHWM"].split()[0]) / 2**10


def damaged(content: bytes, i: int, rng, foreign=()) -> bytes:
    """A damaged copy of a file, in the i-th of nine ways."""
    whole, content = content, bytearray(content)
    place = int(rng.integers(len(content)))
    match i % 9:
        case 0:
            return bytes(content[:place])
        case 1:
            content[place] ^= int(rng.integers(1, 256))
        case 2:
            for where in rng.integers(len(content), size=8):
                content[where] ^= int(rng.integers(1, 256))
        case 3:
            content[place : place + 512] = bytes(len(content[place : place + 512]))
        case 4:
            return rng.bytes(place)
        case 5:
            return bytes(content[:place]) + rng.bytes(64) + bytes(content[place:])
        case 6:  # At the beginning, where sizes stand.
            for where in rng.integers(min(256, len(content)), size=2):
                content[where] = 255
        case 7:
            return foreign[i % len(foreign)] if foreign else rng.bytes(len(content))
        case 8:
            return b""
    if content == whole:  # Zeros among zeros.
        content[place] ^= 1
    return bytes(content)


@dataclass
class Kind:
    """A kind of file.

    Attributes:
        path: of the file to damage.
        load: takes no argument; raises, or returns arrays.
        allowed: the only arrays that may come of it where a checksum guards them; None where the
            format has none: then any of the same shape are in order.
        named: what the message must name, if the loader is our own.
    """

    path: Path
    load: object
    allowed: list | None = None
    named: str | None = None


def judge(name, kind, shapes=None):
    """What a try came to: "refused", "loaded" or "altered"; complains if none is in order."""
    try:
        values = kind.load()
    except Exception as error:
        said = f"{name}: {type(error).__name__}: {error}"
        assert str(error), f"{name}: {type(error).__name__} says nothing"
        if kind.named is not None:
            assert isinstance(error, (ValueError, OSError)), f"{said}: not of our own kinds"
            assert kind.named in str(error), f"{said}: names no {kind.named}"
        return "refused"
    if kind.allowed is not None:
        assert any(_equal(values, those) for those in kind.allowed), f"{name}: other values"
        return "loaded"
    assert shapes is None or [v.shape for v in values] == shapes, f"{name}: other shapes"
    return "altered"


def _equal(a, b):
    return len(a) == len(b) and all(map(np.array_equal, a, b))


def make_files(folder):
    """{name: Kind}: all kinds of files that are loaded, whole."""
    rng = np.random.default_rng(0)
    images = rng.uniform(-1, 1, (64, *SHAPE)).astype("float32")
    model = small_gan()
    model.compile()
    data = batches(model, images)
    states = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            states.append([w.numpy() for w in self.model.variables])

    backup = gan_keras.callbacks.Backup(folder / "backup")
    model.fit(data, epochs=2, verbose=0, callbacks=[backup, Look()])

    def restored():
        other = small_gan()
        other.compile()
        watch = gan_keras.callbacks.Backup(folder / "backup")
        watch.set_model(other)
        watch.on_train_begin()
        return [w.numpy() for w in other.variables]

    model.save(folder / "model.keras")
    model.save_weights(folder / "model.weights.h5")
    other = small_gan()

    def from_keras():
        return keras.models.load_model(folder / "model.keras").get_weights()

    def from_h5():
        other.load_weights(folder / "model.weights.h5")
        return other.get_weights()

    for suffix in PICTURES:
        (folder / suffix).mkdir()
        Image.fromarray(gradients()).save(folder / suffix / f"image.{suffix}")

    def picture(suffix):
        loaded = np.concatenate(list(gan_keras.load_dataset(folder / suffix, batch_size=1)))
        assert loaded.dtype == np.float32 and np.abs(loaded).max() <= 1
        return [loaded]

    described = few_emoji(folder)
    [tfrecord] = described.glob("*-test.tfrecord*")

    def records():
        options = dict(labels=True, shuffle=False, batch_size=8, data_dir=folder)
        loaded = gan_keras.load_dataset("emoji", "test", **options).as_numpy_iterator()
        return [np.concatenate(part) for part in zip(*loaded, strict=True)]

    arguments = {"image_shape": [8, 8, 1], "latent_dim": 4}
    pretrained.save(gan_keras.GAN(**arguments), folder / "shipped", arguments)

    def shipped():
        return gan_keras.load_pretrained(folder / "shipped.json").get_weights()

    shutil.copytree(extractors.WEIGHTS, folder / "extractors")
    extractors.WEIGHTS = folder / "extractors"

    def extractor():
        return extractors.load_extractor.__wrapped__("mnist").network.get_weights()

    newest = [*states[::-1]]
    backups = {
        name: Kind(folder / "backup" / name, restored, newest, "backup/epoch-2")
        for name in ("epoch-2.data-00000-of-00001", "epoch-2.index")
    }
    emoji, mnist = str(folder), str(folder / "extractors")
    png = folder / "png/image.png"
    return {
        **backups,
        "keras": Kind(folder / "model.keras", from_keras, [from_keras()]),
        "weights.h5": Kind(folder / "model.weights.h5", from_h5),
        "png": Kind(png, lambda: picture("png"), [picture("png")], png.name),
        "jpg": Kind(folder / "jpg/image.jpg", lambda: picture("jpg"), None, "image.jpg"),
        "tfrecord": Kind(tfrecord, records, [records()], tfrecord.name),
        "dataset_info": Kind(described / "dataset_info.json", records, [records()], emoji),
        "features": Kind(described / "features.json", records, [records()], emoji),
        "npz": Kind(folder / "shipped.npz", shipped, [shipped()], str(folder / "shipped.npz")),
        "card": Kind(folder / "shipped.json", shipped, [shipped()], str(folder / "shipped.")),
        "extractor": Kind(extractors.WEIGHTS / "mnist.weights.h5", extractor, [extractor()], mnist),
        "extractors": Kind(extractors.WEIGHTS / "extractors.json", extractor, [extractor()], mnist),
    }


def few_emoji(folder):
    """A data set of the first 16 emoji of the split "test"; returns where it is prepared."""
    shutil.copytree(ROOT / "data/emoji", folder / "emoji", ignore=lambda *_: ["train", "LICENSE"])
    described = folder / "emoji/1.0.0"
    [path] = described.glob("*-test.tfrecord*")
    records = [record.numpy() for record in tf.data.TFRecordDataset(str(path)).take(16)]
    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    about = json.loads((described / "dataset_info.json").read_text())
    for split in about["splits"]:
        if split["name"] == "test":
            split |= {"shardLengths": ["16"], "numBytes": str(sum(map(len, records)))}
    (described / "dataset_info.json").write_text(json.dumps(about, indent=2))
    return described


def fuzz(folder):
    """Tries every kind; prints what came of it. Run in a process of its own, which may crash."""
    rng = np.random.default_rng(1)
    kinds = make_files(Path(folder))
    wholes = {name: kind.path.read_bytes() for name, kind in kinds.items()}
    if sys.platform == "linux":  # A file that asks for more shall fail, not fill the machine.
        held = psutil.Process().memory_info().vms
        resource.setrlimit(resource.RLIMIT_AS, (held + 8 * 2**30, resource.RLIM_INFINITY))
    report = {}
    for name, kind in kinds.items():
        # A picture in place of another is a picture.
        foreign = [w for n, w in wholes.items() if n != name and n not in PICTURES]
        shapes = [value.shape for value in kind.load()] if name != "jpg" else None
        peak()
        before, begun, slowest, ends = peak(), time.monotonic(), 0, []
        for i in range(TRIES):
            kind.path.write_bytes(damaged(wholes[name], i, rng, foreign))
            faulthandler.dump_traceback_later(60, exit=True)
            started = time.monotonic()
            ends.append(judge(name, kind, shapes))
            slowest = max(slowest, time.monotonic() - started)
        faulthandler.cancel_dump_traceback_later()
        grown = peak() - before
        kind.path.write_bytes(wholes[name])
        assert judge(name, kind, shapes) != "refused", f"{name}, whole, is refused"
        report[name] = {end: ends.count(end) for end in ("refused", "loaded", "altered")} | {
            "tries": len(ends), "MiB": round(grown), "slowest": round(slowest, 1),
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
    assert len(report) == 13
    for name, kind in report.items():
        assert kind["tries"] == TRIES >= 50
        assert kind["refused"] >= TRIES // 2 or name == "jpg", name
        assert kind["MiB"] < MEMORY, name
        # What has no checksum may be damaged unnoticed; all else may not.
        assert kind["altered"] == 0 or name in ("jpg", "weights.h5"), name


def test_the_judge_of_damaged_files_can_fail(tmp_path):
    def raises(error):
        def load():
            raise error

        return load

    path, zeros = tmp_path / "file.npz", [np.zeros(3)]
    for load, complaint in (
        (lambda: [np.ones(3)], "other values"),
        (lambda: [], "other values"),
        (raises(RuntimeError()), "says nothing"),
        (raises(KeyError("missing")), "not of our own kinds"),
        (raises(ValueError("something is wrong")), "names no file.npz"),
    ):
        with pytest.raises(AssertionError, match=complaint):
            judge("npz", Kind(path, load, [zeros], "file.npz"))
    with pytest.raises(AssertionError, match="other shapes"):
        judge("weights.h5", Kind(path, lambda: zeros), [(4,)])
    with pytest.raises(SystemExit):  # Ends a process, as a crash does.
        judge("npz", Kind(path, raises(SystemExit("enough"))))


def test_the_measure_of_memory_sees_what_was_held_and_let_go():
    peak()
    before = peak()
    np.ones(2**25).sum()  # 256 MiB
    assert peak() - before > 200
    assert peak() - before < 200


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
    with pytest.raises(ValueError, match=r"model.npz does not hold .*allow_pickle=False"):
        gan_keras.load_pretrained(tmp_path / "model.json")
    assert not marker.exists()


def strangers(folder, arrays, **about):
    """A card and weights that agree with each other, and may agree with nothing else."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    (folder / "model.npz").write_bytes(buffer.getvalue())
    card = {"kind": pretrained.KIND, "class": "GAN", "arguments": {}, **about}
    card["sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    (folder / "model.json").write_text(json.dumps(card))
    return folder / "model.json"


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"class": "load_dataset", "arguments": {"name": "mnist"}}, "no model of gan_keras"),
        ({"class": "keras"}, "no model of gan_keras"),
        ({"class": "DCGAN", "arguments": {"width": "wide"}}, "cannot be built"),
        ({"class": ["GAN"]}, "'class' is"),
        ({}, "model.npz does not hold the weights"),
    ],
)
def test_a_card_can_name_models_alone(tmp_path, about, message):
    path = strangers(tmp_path, {}, **about)
    with pytest.raises(ValueError, match=rf"{tmp_path}.*{message}"):
        gan_keras.load_pretrained(path)


@pytest.mark.parametrize("content", ["[" * 100_000, '{"kind": ' + "1" * 5000 + "}", "null"])
def test_cards_that_json_itself_refuses(tmp_path, content):
    (tmp_path / "model.json").write_text(content)
    with pytest.raises(ValueError, match="model.json"):
        gan_keras.load_pretrained(tmp_path / "model.json")


def test_weights_that_would_unpack_to_far_more_are_refused_packed(tmp_path):
    bomb = np.zeros((2**26,), np.float64)  # 512 MiB, packed in 0.5
    path = strangers(tmp_path, {"generator/0": bomb})
    assert path.with_suffix(".npz").stat().st_size < 2**20
    del bomb
    gan_keras.GAN()
    peak()
    before = peak()
    with pytest.raises(ValueError, match="generator/0 unpacks to 5368.* bytes, too many"):
        gan_keras.load_pretrained(path)
    assert peak() - before < MEMORY


def test_a_data_set_cannot_have_its_code_imported(tmp_path, monkeypatch):
    """tensorflow-datasets imports the module of whatever class a feature says that it is of."""
    (tmp_path / "strange_module.py").write_text("from pathlib import Path\nPath('ran').touch()\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    path = few_emoji(tmp_path) / "features.json"
    whole = path.read_text()
    text = "tensorflow_datasets.core.features.text_feature.Text"
    for evil in (
        whole.replace(text, "strange_module.Text"),
        whole.replace(text, "strange\\u005fmodule.Text"),
        whole.replace(f'"pythonClassName": "{text}"', '"python_class_name": "strange_module.Text"'),
        json.dumps({"type": "strange_module.Text", "content": {}}),
    ):
        assert evil != whole
        path.write_text(evil)
        with pytest.raises(OSError, match="features.json asks for the class 'strange_module.Text'"):
            gan_keras.load_dataset("emoji", "test", data_dir=tmp_path, batch_size=4)
        assert not (tmp_path / "ran").exists()
    path.write_text(whole)
    gan_keras.load_dataset("emoji", "test", data_dir=tmp_path, batch_size=4)


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


@pytest.mark.parametrize("module", ["strange_module", "os", "builtins"])
def test_a_model_file_has_no_module_imported_and_no_function_called(tmp_path, monkeypatch, module):
    marker = tmp_path / "ran"
    code = f"open({str(marker)!r}, 'w').close()"
    (tmp_path / "strange_module.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    call = {"strange_module": code, "os": f"touch {marker}", "builtins": code}[module]
    function = {"strange_module": "exec", "os": "system", "builtins": "exec"}[module]
    small_gan().save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["generator"] = {
        "module": module, "class_name": function, "config": {"name": call, "command": call},
        "registered_name": function,
    }  # fmt: skip
    members["config.json"] = json.dumps(config)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises((ValueError, TypeError), match=function):
        keras.models.load_model(tmp_path / "model.keras")
    assert not marker.exists() and "strange_module" not in sys.modules


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


@pytest.mark.parametrize("kind", PICTURES)
def test_a_picture_that_claims_to_be_huge_is_refused_before_it_is_decoded(tmp_path, kind):
    (tmp_path / f"huge.{kind}").write_bytes(claims(kind))
    side = {"png": 100_000, "jpg": 65_535}[kind]
    peak()
    before, begun = peak(), time.monotonic()
    claimed = f"({side} x {side}|{side**2}) pixels"
    with pytest.raises(ValueError, match=rf"huge.{kind} .*{claimed}"):
        gan_keras.load_dataset(tmp_path, batch_size=1)
    assert time.monotonic() - begun < 5
    assert peak() - before < 64  # Decoded, it would be 12,000 and more.


def gradients():
    """Colours that run over a picture of 64 x 64 pixels."""
    y, x = np.mgrid[:64, :64]
    return np.stack([4 * x, 4 * y, 2 * (x + y)], axis=-1).astype(np.uint8)


def subtly_damaged(content, pixels):
    """A PNG with one bit turned over that Pillow itself shows, with other pixels."""
    for place in range(len(content) - 20, 0, -1):
        changed = bytearray(content)
        changed[place] ^= 1
        try:
            with Image.open(io.BytesIO(changed)) as image:
                if (np.asarray(image) != pixels).any():
                    return bytes(changed)
        except Exception:
            continue
    raise AssertionError("Pillow sees all damage by itself now")


def test_a_damaged_picture_is_named_and_passed_over_on_request(tmp_path):
    pixels = gradients()
    for name in ("a", "b", "c"):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    changed = subtly_damaged((tmp_path / "b.png").read_bytes(), pixels)
    (tmp_path / "b.png").write_bytes(changed)
    with pytest.raises(ValueError, match="1 images in .* b.png .*checksum"):
        gan_keras.load_dataset(tmp_path, batch_size=1)
    with pytest.warns(UserWarning, match="b.png .*left out"):
        left = gan_keras.load_dataset(tmp_path, batch_size=2, broken="skip", shuffle=False)
    [batch] = left.as_numpy_iterator()
    np.testing.assert_array_equal(np.round((batch + 1) * 127.5), [pixels, pixels])
