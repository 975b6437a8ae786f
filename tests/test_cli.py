"""The command `gan-keras`, run as a reader runs it."""

import json
import os
import signal
import subprocess
import sys
import time
import types

import gan_keras
from gan_keras import cli
from gan_keras.cli.train import is_chief, load

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tests.test_workers import free_ports


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder of 96 grey images of 28 x 28 pixels in two subfolders."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(96):
        path = folder / ("round" if i % 2 else "square") / f"{i}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (28, 28), np.uint8)).save(path)
    return folder


def command(*arguments):
    return [sys.executable, "-m", "gan_keras", *map(str, arguments)]


def run(*arguments, **options):
    return subprocess.run(command(*arguments), capture_output=True, text=True, **options)


def train(pictures, out, *more, model="dcgan", epochs=2):
    return run("train", model, "--data", pictures, "--batch-size", 32, "--epochs", epochs,
               "--out", out, *more)  # fmt: skip


def weights(folder):
    return keras.models.load_model(folder / "model.keras").get_weights()


def test_a_folder_of_pictures_becomes_a_trained_model(pictures, tmp_path):
    out = tmp_path / "run"
    done = train(pictures, out)
    assert done.returncode == 0, done.stderr
    assert "epoch 2/2" in done.stdout and "2 epochs trained" in done.stdout
    assert json.loads((out / "run.json").read_text())["seed"] == 0
    assert len((out / "history.csv").read_text().splitlines()) == 3
    names = {path.name for path in (out / "samples").iterdir()}
    assert names == {"epoch_0000.png", "epoch_0001.png", "epoch_0002.png", "animation.png"}
    model = keras.models.load_model(out / "model.keras")
    assert model.generate(2, seed=0).shape == (2, 28, 28, 1)

    again = train(pictures, out)
    assert again.returncode == 0 and "0 epochs trained, 2 in all" in again.stdout
    more = train(pictures, out, epochs=3)
    assert more.returncode == 0 and "1 epochs trained, 3 in all" in more.stdout
    assert [line.split(",")[0] for line in (out / "history.csv").read_text().splitlines()] == [
        "epoch", "0", "1", "2",
    ]  # fmt: skip
    at_once = tmp_path / "at_once"
    assert train(pictures, at_once, epochs=3).returncode == 0
    for a, b in zip(weights(out), weights(at_once), strict=True):
        np.testing.assert_array_equal(a, b)

    other = train(pictures, out, "--seed", 1)
    assert other.returncode == 1
    assert "seed was 0, is 1" in other.stderr and "Traceback" not in other.stderr


def test_minutes_end_a_training_and_more_of_them_go_on(pictures, tmp_path):
    def train_for(minutes, model="dcgan", *more):
        out = tmp_path / model
        return run("train", model, "--data", pictures, "--batch-size", 32, "--minutes", minutes,
                   "--out", out, *more)  # fmt: skip

    def seconds():
        return float((tmp_path / "dcgan/history.csv").read_text().splitlines()[-1].split(",")[1])

    done = train_for(0.1)
    assert done.returncode == 0, done.stderr
    assert seconds() >= 6 and " s left" not in done.stdout.splitlines()[-2]
    before = weights(tmp_path / "dcgan")
    again = train_for(0.1)
    assert again.returncode == 0 and "0 epochs trained" in again.stdout
    for a, b in zip(before, weights(tmp_path / "dcgan"), strict=True):
        np.testing.assert_array_equal(a, b)
    first = seconds()
    assert train_for(first / 60 + 0.05).returncode == 0 and seconds() >= first + 3

    translates = train_for(0.05, "pix2pix", "--pair", "denoise", "--image-size", 24)
    assert translates.returncode == 0, translates.stderr
    model = keras.models.load_model(tmp_path / "pix2pix/model.keras")
    assert float(model.g_optimizer.learning_rate) == float(model.d_optimizer.learning_rate) == 0
    other = train_for(0.1, "pix2pix", "--pair", "denoise", "--image-size", 24)
    assert other.returncode == 1 and "minutes was 0.05, is 0.1" in other.stderr


@pytest.mark.parametrize("model", ["cgan", "pix2pix"])
def test_labels_and_pairs_are_found(pictures, tmp_path, model):
    more = ["--pair", "denoise", "--image-size", 24] if model == "pix2pix" else []
    done = train(pictures, tmp_path, *more, model=model, epochs=1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "samples" / "epoch_0001.png").exists()
    model = keras.models.load_model(tmp_path / "model.keras")
    assert model.num_classes == (2 if model.num_classes else 0)


def test_short_steps_are_made_eight_at_once(pictures, tmp_path, monkeypatch):
    """In the training, and not in what is trained on from its file."""
    seen, fit = [], gan_keras.GAN.fit

    def watched(self, *args, **kwargs):
        seen.append(self.steps_per_execution)
        return fit(self, *args, **kwargs)

    monkeypatch.setattr(gan_keras.GAN, "fit", watched)
    # Else all later operations of this process would be deterministic, and slow.
    monkeypatch.setattr(gan_keras, "set_seed", keras.utils.set_random_seed)
    arguments = ["--data", str(pictures), "--batch-size", "32", "--epochs", "2"]
    for name in ("gan", "dcgan"):
        assert cli.main(["train", name, *arguments, "--out", str(tmp_path / name)]) == 0
    assert seen == [8, 1]
    model = keras.models.load_model(tmp_path / "gan/model.keras")
    assert model.step == 6 and model.steps_per_execution == 1


def test_ctrl_c_says_how_to_go_on(pictures, tmp_path):
    process = subprocess.Popen(
        command("train", "dcgan", "--data", pictures, "--batch-size", 32, "--epochs", 10**5,
                "--out", tmp_path),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        # A test run in the background has Ctrl-C switched off, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    try:
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob("backup/epoch-*.index")) and time.monotonic() < deadline:
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "The same command goes on" in errors and "Traceback" not in errors
    assert list(tmp_path.glob("backup/epoch-*.index"))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "the following arguments are required"),
        (("train", "dcgan", "--data", "mnist"), 2, "--epochs"),
        (("train", "dcgan", "--data", "mnist", "--epochs", "0"), 2, "from 1 up"),
        (("train", "dcgan", "--data", "mnist", "--minutes", "0"), 2, "number of minutes above 0"),
        (("train", "dcgan", "--data", "mnist", "--minutes", "soon"), 2, "--minutes"),
        (("train", "dcgan", "--data", "mnist", "--minutes", "1", "--epochs", "1"), 2,
         "not allowed with"),
        (("train", "dcgan", "--data", "mnist", "--minutes", "1", "--strategy", "multi_worker"), 1,
         "give --epochs"),
        (("train", "stargan", "--data", "mnist", "--epochs", "1"), 2, "invalid choice"),
        (("train", "dcgan", "--data", "/nowhere", "--epochs", "1"), 1, "/nowhere"),
        (("train", "vae", "--data", "mnist", "--epochs", "1", "--augment"), 1, "for dcgan, cgan"),
        (("train", "dcgan", "--data", "mnist", "--epochs", "1", "--strategy", "multi_worker"), 1,
         "TF_CONFIG is not set"),
    ],
)  # fmt: skip
def test_wrong_calls_end_in_a_sentence(arguments, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TF_CONFIG", raising=False)
    try:
        returned = cli.main(arguments)
    except SystemExit as stopped:  # argparse's way to end a wrong call.
        returned = stopped.code
    assert returned == code
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_help_tells_of_every_option(capsys):
    with pytest.raises(SystemExit):
        cli.main(["train", "--help"])
    shown = capsys.readouterr().out
    for word in (
        "--data",
        "--epochs",
        "--minutes",
        "--tensorboard",
        "--strategy",
        "TF_CONFIG",
        "examples:",
        "cyclegan",
    ):
        assert word in shown


def test_all_devices_of_one_machine(pictures, tmp_path):
    done = train(pictures, tmp_path, "--strategy", "mirrored", epochs=1)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "model.keras").exists()


def test_pictures_without_two_halves_are_named_and_not_counted(tmp_path):
    rng = np.random.default_rng(0)
    for i, width in enumerate((16, 16, 16, 15)):
        pixels = rng.integers(0, 256, (8, width, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{i}.png")
    options = types.SimpleNamespace(
        model="pix2pix", data=[str(tmp_path)], pair=["left", "right"], image_size=8,
        channels=None, batch_size=None, seed=0,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="3.png .it is 15 pixels wide"):
        assert load(options).element_spec[0].shape == (3, 8, 8, 3)


@pytest.mark.parametrize("text", ["", "[1, 2]", '{"model": '])
def test_settings_that_cannot_be_read_are_named(text, tmp_path, capsys):
    (tmp_path / "run.json").write_text(text)
    arguments = ["train", "gan", "--data", "mnist", "--epochs", "1", "--out", str(tmp_path)]
    assert cli.main(arguments) == 1
    assert "run.json cannot be read as a training's settings" in capsys.readouterr().err


def test_one_process_of_a_cluster_is_its_chief():
    def resolver(jobs, kind, index):
        cluster = tf.train.ClusterSpec({job: ["host:1"] for job in jobs})
        return tf.distribute.cluster_resolver.SimpleClusterResolver(cluster, "", kind, index)

    assert is_chief(None)
    assert is_chief(resolver(["chief", "worker"], "chief", 0))
    assert not is_chief(resolver(["chief", "worker"], "worker", 0))
    assert is_chief(resolver(["worker"], "worker", 0))
    assert not is_chief(resolver(["worker"], "worker", 1))


def test_two_workers(loopback, pictures, tmp_path):
    cluster = {"worker": [f"127.0.0.1:{port}" for port in free_ports(2)]}
    arguments = ["train", "dcgan", "--data", pictures, "--batch-size", 32, "--epochs", 2,
                 "--out", tmp_path, "--strategy", "multi_worker"]  # fmt: skip
    workers = [
        subprocess.Popen(
            command(*arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TF_CONFIG": json.dumps(
                {"cluster": cluster, "task": {"type": "worker", "index": i}})},
        )
        for i in range(2)
    ]  # fmt: skip
    for worker in workers:
        _, errors = worker.communicate(timeout=200)
        assert worker.returncode == 0, errors[-3000:]
    kept = {path.parent.name for path in tmp_path.glob("backup/*/epoch-2.index")}
    assert kept == {"worker_0", "worker_1"}
    assert weights(tmp_path)
