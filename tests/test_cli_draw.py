"""`gan-keras sample`, `walk`, `translate` and `evaluate`."""

import json
from pathlib import Path

import gan_keras
from gan_keras import cli, metrics, plotting
from gan_keras.datasets.folder import read_picture

import numpy as np
import pytest
from PIL import Image

from tests.conftest import small_cgan, small_gan

SCORECARD = Path(__file__).parents[1] / "benchmarks/scorecard.json"


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def shown(values):
    """Images or sheets in [0, 1] as they are in a file."""
    return np.rint(np.clip(values, 0, 1) * 255)


@pytest.fixture
def run_folder(tmp_path):
    model = small_gan()
    model.compile()
    folder = tmp_path / "runs" / "small"
    folder.mkdir(parents=True)
    model.save(folder / "model.keras")
    return folder, model


def test_a_run_of_the_reader_s_own_draws_into_a_picture_and_into_a_folder(run_folder, tmp_path):
    folder, model = run_folder
    images = model.generate(12, seed=3)
    for name in (folder, folder / "model.keras"):
        out = tmp_path / "new" / "sheet.png"
        arguments = ["sample", str(name), "-n", "12", "--seed", "3", "--out"]
        assert cli.main([*arguments, str(out)]) == 0
        np.testing.assert_array_equal(pixels(out), shown(plotting.tile(images)[..., 0]))
    assert cli.main([*arguments, str(tmp_path / "many")]) == 0
    files = sorted((tmp_path / "many").iterdir())
    assert [file.name for file in files] == [f"{i:02}.png" for i in range(12)]
    for file, image in zip(files, images, strict=True):
        np.testing.assert_array_equal(pixels(file), shown(image[..., 0] / 2 + 0.5))


def test_classes_are_drawn_to_order(tmp_path):
    out = tmp_path / "sevens.png"
    assert (
        cli.main(["sample", "cgan-mnist", "--labels", "7", "1", "-n", "4", "--out", str(out)]) == 0
    )
    images = gan_keras.load_pretrained("cgan-mnist").generate(4, labels=[7, 1, 7, 1], seed=0)
    np.testing.assert_array_equal(pixels(out), shown(plotting.tile(images)[..., 0]))


@pytest.mark.parametrize("name", ["cgan-emoji", "vae-mnist"])
def test_a_walk_comes_back_to_where_it_began(name, tmp_path):
    out = tmp_path / "walk.gif"
    arguments = ["walk", name, "-n", "2", "--stations", "3", "--steps", "5", "--out", str(out)]
    assert cli.main(arguments) == 0
    model = gan_keras.load_pretrained(name)
    with Image.open(out) as walk:
        assert walk.n_frames == 15 and walk.info["loop"] == 0
        height, width = model.image_shape[:2]
        assert walk.size == (2 * (2 * width + 1), 2 * height)
        frames = []
        for i in range(15):
            walk.seek(i)
            frames.append(np.asarray(walk.convert("RGB"), np.float32) / 255)
    moved = [np.abs(a - b).mean() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True)]
    assert 0 < max(moved) < np.abs(frames[0] - frames[7]).mean()
    z = gan_keras.latent.normal(6, model.latent_dim, 0)
    if name == "vae-mnist":
        first = model.decoder(z[::3]).numpy()
        np.testing.assert_allclose(
            frames[0][::2, ::2, :1], shown(plotting.tile(first)) / 255, atol=0.02
        )


def test_pictures_are_translated_under_their_own_names(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "drawings"
    folder.mkdir()
    for i, size in enumerate([(80, 90, 3), (64, 64)]):
        Image.fromarray(rng.integers(0, 256, size, np.uint8)).save(folder / f"{i}.png")
    one = tmp_path / "one.jpg"
    Image.fromarray(rng.integers(0, 256, (64, 64, 3), np.uint8)).save(one)
    out = tmp_path / "out"
    assert cli.main(["translate", "pix2pix-emoji", str(folder), str(one), "--out", str(out)]) == 0
    assert sorted(path.name for path in out.iterdir()) == ["0.png", "1.png", "one.png"]
    files = [folder / "0.png", folder / "1.png", one]
    lines = np.stack([read_picture(file, (64, 64, 1)) for file in files])
    own = pixels(files[1])[..., None] / np.float32(127.5) - 1
    np.testing.assert_allclose(lines[1], own, atol=1e-6)
    made = gan_keras.load_pretrained("pix2pix-emoji").translate(lines, seed=0)
    for file, image in zip(files, made, strict=True):
        assert np.abs(pixels(out / f"{file.stem}.png") - shown(image / 2 + 0.5)).max() <= 1
    back = ["translate", "cyclegan-emoji", str(one), "--direction", "b_to_a", "--out", str(out)]
    assert cli.main(back) == 0
    assert pixels(out / "one.png").shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("sample", "dcgan-mars"), 1, "no trained model in dcgan-mars. Give the folder"),
        (("sample", "pix2pix-emoji"), 1, "use gan-keras translate"),
        (("sample", "gan-mnist", "--labels", "3"), 1, "knows no classes"),
        (("sample", "cgan-mnist", "--labels", "10"), 1, "10"),
        (("sample", "gan-mnist", "--out", "all.jpg"), 1, "must end in .png or be a folder"),
        (("sample", "gan-mnist", "-n", "0"), 2, "from 1 up"),
        (("sample", "gan-mnist", "--seed", "-1"), 1, "seed"),
        (("sample", "damaged.keras"), 1, "damaged.keras cannot be loaded as a model"),
        (("sample", "begun"), 1, "its training has not ended"),
        (("walk", "gan-mnist", "--out", "walk.png"), 1, "must end in .gif"),
        (("walk", "gan-mnist", "--stations", "1"), 1, "a walk needs at least 2"),
        (("evaluate", "saved.keras"), 1, "is not known; give --data"),
        (("evaluate", "foreign.keras"), 1, "a Functional, which is no model of gan-keras"),
        (("translate", "foreign.keras", "a"), 1, "a Functional, which is no model of gan-keras"),
        (("evaluate", "odd"), 1, "cannot be read as a run's settings"),
        (("evaluate", "gan-mnist", "--data", "celeba"), 1, "There is no reference 'celeba'"),
        (("evaluate", "gan-mnist", "-n", "9"), 1, "9"),
        (("translate", "gan-mnist", "a"), 1, "use gan-keras sample"),
        (("translate", "pix2pix-emoji", "nowhere"), 1, "There is no picture and no folder nowhere"),
        (("translate", "pix2pix-emoji", "damaged.png"), 1, "damaged.png cannot be decoded"),
        (("translate", "pix2pix-emoji", "a/x.png", "b/x.png"), 1, "both become"),
        (("translate", "pix2pix-emoji", "a/x.png", "--out", "a"), 1, "would be written over"),
        (("translate", "pix2pix-emoji", "a", "--direction", "b_to_a"), 1, "in one direction"),
    ],
)  # fmt: skip
def test_wrong_calls_end_in_a_sentence_and_write_nothing(
    arguments, code, message, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for folder in ("a", "b", "begun"):
        (tmp_path / folder).mkdir()
    for folder in ("a", "b"):
        Image.new("L", (8, 8)).save(tmp_path / folder / "x.png")
    small_gan().save(tmp_path / "saved.keras")
    small_gan().generator.save(tmp_path / "foreign.keras")
    (tmp_path / "odd").mkdir()
    small_gan().save(tmp_path / "odd/model.keras")
    (tmp_path / "odd/run.json").write_text("{}")
    (tmp_path / "begun/run.json").write_text("{}")
    for name in ("damaged.keras", "damaged.png"):
        (tmp_path / name).write_bytes(b"no archive, no picture")
    before = sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*"))
    try:
        returned = cli.main(arguments)
    except SystemExit as stopped:  # argparse's way to end a wrong call.
        returned = stopped.code
    errors = capsys.readouterr().err
    assert returned == code and message in errors and "Traceback" not in errors
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["sample", "walk", "translate", "evaluate"])
def test_help_has_examples(name, capsys):
    with pytest.raises(SystemExit):
        cli.main([name, "--help"])
    shown = capsys.readouterr().out
    assert "examples:" in shown and "gan-mnist" in shown


def test_a_run_is_measured_on_what_it_was_trained_on(run_folder, capsys):
    folder, model = run_folder
    settings = {"model": "gan", "data": ["mnist"], "pair": None}
    (folder / "run.json").write_text(json.dumps(settings))
    assert cli.main(["evaluate", str(folder), "-n", "200", "--seed", "1"]) == 0
    reference = metrics.load_reference("mnist", image_size=model.image_shape[:2])
    assert str(reference.measure(model.generate(200, seed=1))) in capsys.readouterr().out


def test_figures_are_those_of_the_measures(capsys):
    assert cli.main(["evaluate", "cgan-mnist", "-n", "500"]) == 0
    model, reference = gan_keras.load_pretrained("cgan-mnist"), metrics.load_reference("mnist")
    labels = reference.labels[::20]  # Of ten thousand.
    scores = reference.measure(model.generate(500, labels=labels, seed=0), labels=labels)
    assert str(scores) in capsys.readouterr().out


def test_translations_are_measured_on_the_test_pairs(capsys):
    card = json.loads(SCORECARD.read_text())["models"]["cyclegan-emoji"]
    assert cli.main(["evaluate", "cyclegan-emoji"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("175 test pairs of emoji")
    ours = card["directions"]["a_to_b"]
    for what, figures in (("translated", ours), ("input", ours["input"])):
        assert f"{what}: mean_absolute {figures['mean_absolute']:.4g}" in shown


def test_a_run_of_a_degradation_is_measured_on_it(tmp_path, capsys):
    small = tmp_path / "model.keras"
    gan_keras.Pix2Pix((64, 64, 3), width=2, recipe="fast", seed=0).save(small)
    settings = {"model": "pix2pix", "data": ["emoji"], "pair": ["denoise"], "channels": None}
    (tmp_path / "run.json").write_text(json.dumps(settings))
    assert cli.main(["evaluate", str(tmp_path)]) == 0
    assert "test pairs of emoji" in capsys.readouterr().out


def test_an_even_order_where_the_reference_has_other_classes(tmp_path, capsys):
    small_cgan().save(tmp_path / "model.keras")
    assert cli.main(["evaluate", str(tmp_path), "--data", "mnist", "-n", "90"]) == 0
    assert "accuracy" in capsys.readouterr().out


def test_emoji_are_measured_in_the_size_they_are_drawn_in(capsys):
    assert cli.main(["evaluate", "cgan-emoji"]) == 0
    reference = metrics.load_reference("emoji", image_size=32)
    orders = {"labels": reference.labels}
    images = gan_keras.load_pretrained("cgan-emoji").generate(485, seed=0, **orders)
    assert str(reference.measure(images, **orders)) in capsys.readouterr().out
    # Enlarged, the same real images would be as far from themselves as these drawings from them.
    data = gan_keras.load_dataset("emoji", "validation+test", shuffle=False, batch_size=5,
                                  image_size=32)  # fmt: skip
    real = np.concatenate(list(data.as_numpy_iterator()))
    assert reference.frechet(real) < 1e-3
    # The figure of section 4.16.
    assert metrics.load_reference("emoji").frechet(real) == pytest.approx(39, abs=0.5)


@pytest.mark.parametrize(
    ("settings", "shapes"),
    [
        ({"model": "pix2pix", "pair": ["color", "line"]}, ((64, 64, 3), (64, 64, 1))),
        ({"model": "pix2pix", "channels": 1}, ((64, 64, 1), (64, 64, 1))),
        ({"model": "pix2pix", "channels": 3}, ((64, 64, 3), (64, 64, 3))),
    ],
)
def test_runs_of_other_channels_are_measured_as_they_were_trained(
    settings, shapes, tmp_path, capsys
):
    image, target = shapes
    small = gan_keras.Pix2Pix(image, target, width=2, recipe="fast", seed=0)
    small.save(tmp_path / "model.keras")
    (tmp_path / "run.json").write_text(json.dumps({"data": ["emoji"], "pair": None} | settings))
    assert cli.main(["evaluate", str(tmp_path)]) == 0
    lines = capsys.readouterr().out
    assert "translated: mean_absolute" in lines
    assert ("input:" in lines) == (image[-1] <= target[-1])


def test_a_folder_may_have_a_dot_in_its_name(run_folder, tmp_path):
    (tmp_path / "samples.2026").mkdir()
    arguments = ["sample", str(run_folder[0]), "-n", "2", "--out", str(tmp_path / "samples.2026")]
    assert cli.main(arguments) == 0
    assert len(list((tmp_path / "samples.2026").iterdir())) == 2
