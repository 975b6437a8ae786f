"""A folder of the reader's own photos: what is reported, what is prepared, what is trained."""

import shutil
import warnings

import gan_keras
from gan_keras import cli, datasets
from gan_keras.datasets import folder

import keras
import numpy as np
import pytest
from PIL import Image

from tests.photos import holiday
from tests.test_cli import run


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    place = tmp_path_factory.mktemp("photos") / "holiday"
    holiday(place)
    return place


def names(paths):
    return [path.name for path in paths]


def test_a_survey_finds_what_is_wrong_with_a_folder(photos):
    found = datasets.survey(photos)
    assert len(found.sizes) == 200
    assert names(found.foreign) == ["telephone.HEIC"]
    assert names(found.damaged) == ["damaged.jpg"]
    assert names(found.tiny) == ["IMG_0003.JPG"]
    assert len(found.turned) == 20
    assert [names(group) for group in found.copies] == [["IMG_0001.JPG", "IMG_0000.JPG"]]
    assert [names(group) for group in found.alike] == [["IMG_0001.JPG", "IMG_0002.JPG"]]
    assert (found.image_size, found.channels) == (64, None)
    said = str(found)
    for name in ("telephone.HEIC", "damaged.jpg", "IMG_0003.JPG", "IMG_0000.JPG", "IMG_0002.JPG"):
        assert name in said
    assert "image_size=64" in said


def test_photos_on_their_side_are_turned_upright_wherever_they_are_read(tmp_path):
    upright = np.zeros((80, 120, 3), np.uint8)
    upright[:40] = 255  # Sky above, sea below.
    exif = Image.Exif()
    exif[0x0112] = 6
    sensor = Image.fromarray(upright).transpose(Image.Transpose.ROTATE_90)
    sensor.save(tmp_path / "turned.jpg", quality=95, exif=exif)
    assert datasets.survey(tmp_path).sizes == {tmp_path / "turned.jpg": (120, 80)}
    (loaded,) = next(iter(gan_keras.load_dataset(tmp_path, batch_size=1))).numpy()
    (drawn,) = [folder.read_picture(tmp_path / "turned.jpg", (80, 120, 3))]
    for image in (loaded, drawn):
        assert image.shape == (80, 120, 3)
        assert image[:35].mean() > 0.95 and image[45:].mean() < -0.95


def test_a_tag_that_turns_nothing_counts_for_nothing(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 0  # Tags go from 1 to 8.
    Image.new("RGB", (80, 120)).save(tmp_path / "0.jpg", exif=exif)
    assert datasets.survey(tmp_path).turned == []


def test_sizes_and_channels_that_are_advised(tmp_path):
    for i, (size, mode) in enumerate([((28, 28), "L"), ((28, 28), "L")]):
        Image.new(mode, size).save(tmp_path / f"{i}.png")
    same = datasets.survey(tmp_path)
    assert (same.image_size, same.channels, same.tiny) == (None, None, [])
    Image.new("RGB", (300, 200)).save(tmp_path / "2.png")
    mixed = datasets.survey(tmp_path)
    assert (mixed.image_size, mixed.channels, len(mixed.tiny)) == (32, 3, 2)
    with pytest.raises(FileNotFoundError, match="no folder"):
        datasets.survey(tmp_path / "nowhere")
    (tmp_path / "telephone").mkdir()
    (tmp_path / "telephone/one.heic").write_bytes(b"\0")
    with pytest.raises(FileNotFoundError, match="formats that are not read: one.heic"):
        datasets.survey(tmp_path / "telephone")
    (tmp_path / "telephone/two.jpg").write_bytes(b"\0")
    with pytest.raises(ValueError, match="None of the 1 pictures"):
        datasets.survey(tmp_path / "telephone")


def test_pictures_that_differ_are_not_called_alike(tmp_path):
    rng = np.random.default_rng(0)
    for i in range(40):
        Image.fromarray(rng.integers(0, 256, (70, 70), np.uint8)).save(tmp_path / f"{i}.png")
    Image.new("L", (70, 70)).save(tmp_path / "black.png")
    Image.new("L", (70, 70), 9).save(tmp_path / "nearly.png")  # Flat: no hash of its own.
    found = datasets.survey(tmp_path)
    assert not found.alike and not found.copies


def test_loading_names_the_photos_that_it_leaves_out(photos):
    with pytest.warns(UserWarning, match="telephone.HEIC"):
        data = gan_keras.load_dataset(photos, image_size=32, broken="skip")
    assert sum(len(batch) for batch in data) == 200


def test_prepared_photos_load_as_the_photos_themselves(photos, tmp_path, capsys):
    out = tmp_path / "small"
    call = ["data", "prepare", str(photos), "--out", str(out), "--image-size", "32"]
    assert cli.main(call) == 0
    assert "198 pictures of 32 x 32 pixels" in capsys.readouterr().out
    files = sorted(out.rglob("*.png"))
    assert len(files) == 198 and {path.parent.name for path in files} == {"beach", "town"}
    for path in files[::40]:
        original = photos / path.relative_to(out).with_suffix(".JPG")
        pixels = np.asarray(Image.open(path), np.float32) / 127.5 - 1
        np.testing.assert_allclose(pixels, folder.read_picture(original, (32, 32, 3)), atol=1e-6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gan_keras.load_dataset(out)
    assert cli.main(call) == 1 and "is not empty" in capsys.readouterr().err
    inside = ["data", "prepare", str(photos), "--out", str(photos / "small")]
    assert cli.main(inside) == 1 and "would then be there twice" in capsys.readouterr().err


def test_data_are_listed_and_described(photos, tmp_path, capsys):
    assert cli.main(["data", "list"]) == 0
    shown = capsys.readouterr().out
    for words in ("fashion_mnist", "60,000 train", "(28, 28, 1)", "10 classes", "MIT", "CC BY-SA"):
        assert words in shown
    sheet = tmp_path / "emoji.png"
    assert cli.main(["data", "info", "emoji", "--out", str(sheet)]) == 0
    shown = capsys.readouterr().out
    assert "flags" in shown and "train: " in shown and "64 images" in shown
    train = next(line for line in shown.splitlines() if line.startswith("train: "))
    counts = [int(text.split()[-1]) for text in train.split(", ")]
    assert sum(counts) == 1926
    assert Image.open(sheet).size == (8 * 65 - 1, 8 * 65 - 1)
    assert cli.main(["data", "info", str(photos), "--out", str(tmp_path / "photos.png")]) == 0
    assert "Subfolders: beach 100, town 100." in capsys.readouterr().out
    assert Image.open(tmp_path / "photos.png").size == (8 * 65 - 1, 8 * 65 - 1)
    wrong = [
        ["info", "fashion_mnits"],
        ["prepare", "mnist", "--out", "x"],
        ["prepare", str(photos)],
        ["info", "emoji", "--out", "x"],
    ]
    for arguments in wrong:
        assert cli.main(["data", *arguments]) == 1
        assert "Traceback" not in capsys.readouterr().err


def test_holiday_photos_become_a_model_and_samples_by_one_command_each(photos, tmp_path):
    place, out = tmp_path / "holiday", tmp_path / "run"
    shutil.copytree(photos, place)
    done = run("train", "dcgan", "--data", place, "--image-size", 32, "--epochs", 2, "--out", out)
    assert done.returncode == 0, done.stderr
    assert "200 pictures in" in done.stdout and "telephone.HEIC" in done.stdout
    assert keras.models.load_model(out / "model.keras").image_shape == (32, 32, 3)
    sheet = tmp_path / "new.png"
    assert cli.main(["sample", str(out), "-n", "9", "--out", str(sheet)]) == 0
    assert Image.open(sheet).size == (98, 98)
