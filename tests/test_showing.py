"""Plotting, callbacks, profiles and latent vectors: what a chapter shows and reads."""

import io
import os
import subprocess
import sys

import gan_keras
from gan_keras import callbacks, onednn, plotting

import keras
import matplotlib
import numpy as np
import pytest
from PIL import Image

from tests.conftest import LABELS, SHAPE, small_cgan, small_cyclegan, small_gan, small_vae

matplotlib.use("Agg")


def test_tile_puts_every_image_in_its_place():
    images = np.linspace(-1, 1, 5).reshape(5, 1, 1, 1) * np.ones((5, 2, 3, 1))
    sheet = plotting.tile(images, columns=3)
    assert sheet.shape == (5, 11, 1)
    np.testing.assert_allclose(sheet[0, [0, 4, 8], 0], [0, 0.25, 0.5])
    np.testing.assert_allclose(sheet[3, [0, 4, 8], 0], [0.75, 1, 1])  # The last is empty: white.
    assert plotting.tile(images[:1]).shape == (2, 3, 1)


@pytest.mark.parametrize("shape", [(0, 2, 2, 1), (4, 2, 2)])
def test_tile_refuses_what_is_not_a_batch_of_images(shape):
    with pytest.raises(ValueError, match=r"must be \(n, H, W, C\)"):
        plotting.tile(np.zeros(shape))


@pytest.mark.parametrize("channels", [1, 3])
def test_image_grid_draws(channels):
    images = np.zeros((5, 4, 4, channels))
    axes = plotting.image_grid(images, columns=3, title="five")
    assert axes.get_title() == "five"
    titled = plotting.image_grid(images, titles=list("abcde"))
    assert [text.get_text() for text in titled.texts] == list("abcde")
    matplotlib.pyplot.close("all")


def test_curves_draws_each_key():
    axes = plotting.curves({"a": [1, 2], "b": [3, 4]}, keys=["b"])
    assert [line.get_label() for line in axes.lines] == ["b"]
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[1, 3], [2, 4]])
    matplotlib.pyplot.close("all")


def test_curves_joins_the_epochs_that_were_measured():
    axes = plotting.curves({"frechet": [np.nan, 8.0, np.nan, 4.0]})
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[2, 8], [4, 4]])
    matplotlib.pyplot.close("all")


def test_animation_is_one_png_of_many_frames():
    picture = plotting.animate(lambda ax, x: ax.plot([0, x], [0, 1]), [1, 2, 3], seconds=0.1)
    png = Image.open(io.BytesIO(picture.data))
    assert png.format == "PNG" and png.n_frames == 3
    assert not matplotlib.pyplot.get_fignums()


def test_every_frame_of_an_animation_has_its_own_colours():
    colours = [(0.5, 0.5, 0.5), (1, 0, 0), (0, 0.5, 1), (0.2, 0.9, 0.1)]
    picture = plotting.animate(lambda ax, x: ax.set_facecolor(x), colours)
    png = Image.open(io.BytesIO(picture.data))
    for i, colour in enumerate(colours):
        png.seek(i)
        middle = png.convert("RGB").getpixel((png.width // 2, png.height // 2))
        np.testing.assert_allclose(np.divide(middle, 255), colour, atol=0.02)


def test_progress_leaves_one_line(images, capsys):
    model = small_vae()
    model.compile()
    model.fit(images, epochs=3, verbose=0, callbacks=[callbacks.Progress()])
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    last = printed.strip().split("\r")[-1]
    assert last.startswith("epoch 3/3") and "kl " in last and "left" not in last
    assert "left" in printed


def test_sample_grid_draws_the_same_latents_at_every_epoch(images, tmp_path):
    model = small_gan()
    model.compile()
    grid = callbacks.SampleGrid(n=4, seed=7, every=2, folder=tmp_path / "frames")
    model.fit(images, epochs=4, verbose=0, callbacks=[grid])
    assert [epoch for epoch, _ in grid.frames] == [0, 2, 4]
    np.testing.assert_array_equal(grid.frames[-1][1], model.generate(4, seed=7))
    assert np.abs(grid.frames[0][1] - grid.frames[-1][1]).max() > 0
    files = sorted(path.name for path in (tmp_path / "frames").iterdir())
    assert files == ["animation.png", "epoch_0000.png", "epoch_0002.png", "epoch_0004.png"]
    assert Image.open(tmp_path / "frames/animation.png").n_frames == 3
    height = 2 * SHAPE[0] + 1
    assert Image.open(tmp_path / "frames" / files[1]).size == (height, height)


def test_sample_grid_goes_on_with_what_a_backup_kept(images, tmp_path):
    """The pictures of the epochs before, and the animation, are not written over."""
    found = []
    for epochs in (2, 2, 4):  # The second finds all done.
        model = small_gan()
        model.compile()
        grid = callbacks.SampleGrid(n=4, seed=7, folder=tmp_path / "frames")
        backup = callbacks.Backup(tmp_path / "backup")
        model.fit(images, epochs=epochs, verbose=0, callbacks=[backup, grid])
        files = {path.name: path.read_bytes() for path in (tmp_path / "frames").iterdir()}
        found.append(([epoch for epoch, _ in grid.frames], files))
    (first, kept), (second, again), (third, more) = found
    assert (first, second, third) == ([0, 1, 2], [2], [2, 3, 4])
    assert again == kept
    assert {name: more[name] for name in kept if name.startswith("epoch")} == {
        name: kept[name] for name in kept if name.startswith("epoch")
    }


def test_sample_grid_begins_where_the_training_does(images, tmp_path):
    model = small_gan()
    model.compile()
    for first, epochs in ((0, 1), (1, 2)):
        grid = callbacks.SampleGrid(n=4, folder=tmp_path)
        model.fit(images, epochs=epochs, initial_epoch=first, verbose=0, callbacks=[grid])
        assert [epoch for epoch, _ in grid.frames] == [first, epochs]


def test_sample_grid_orders_classes(images):
    model = small_cgan()
    model.compile()
    grid = callbacks.SampleGrid(n=3, seed=7, labels=[2, 2, 0])
    model.fit(images, LABELS, verbose=0, callbacks=[grid])
    np.testing.assert_array_equal(grid.frames[-1][1], model.generate(3, [2, 2, 0], seed=7))


@pytest.mark.parametrize("direction", ["a_to_b", "b_to_a"])
def test_translation_grid_translates_the_same_images(direction, images, tmp_path):
    model = small_cyclegan()
    model.compile()
    grid = callbacks.TranslationGrid(images[:3], folder=tmp_path, direction=direction)
    model.fit(images[:4], -images[:4], verbose=0, callbacks=[grid])
    assert [epoch for epoch, _ in grid.frames] == [0, 1]
    np.testing.assert_array_equal(grid.frames[-1][1], model.translate(images[:3], direction))
    assert (tmp_path / "epoch_0001.png").is_file()


def test_profile_follows_the_environment(monkeypatch):
    monkeypatch.setenv("GAN_KERAS_PROFILE", "smoke")
    assert gan_keras.profile().pick(smoke=1, cpu=2, gpu=3) == 1
    monkeypatch.setenv("GAN_KERAS_PROFILE", " GPU ")
    assert gan_keras.profile().pick(smoke=1, cpu=2, gpu=3) == 3
    monkeypatch.setenv("GAN_KERAS_PROFILE", "laptop")
    with pytest.raises(ValueError, match="smoke, cpu, gpu"):
        gan_keras.profile()


@pytest.mark.parametrize(
    "before, on, said",
    [
        ("", True, False),
        (f"os.environ['{onednn.VARIABLE}'] = '0'", False, False),  # Chosen so.
        # TensorFlow without it, as it is on processors of laptops if it comes first.
        (
            f"os.environ['{onednn.VARIABLE}'] = '0'; import tensorflow; "
            f"del os.environ['{onednn.VARIABLE}']",
            False,
            True,
        ),
    ],
)
def test_onednn_computes_if_the_package_is_imported_first(before, on, said):
    program = f"""if True:
        import os
        {before}
        import gan_keras
        gan_keras.profile()
        from tensorflow.python.util import _pywrap_util_port
        print(_pywrap_util_port.IsMklEnabled())
        """
    environment = {k: v for k, v in os.environ.items() if k != onednn.VARIABLE}
    line, enabled = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    # On other processors nothing is chosen, and TensorFlow does as it does.
    assert enabled == str(on) or not onednn.ON_X86
    assert ("import gan_keras before keras" in line) == (said and onednn.ON_X86)


def test_profile_without_a_gpu_is_cpu(monkeypatch, capsys):
    monkeypatch.delenv("GAN_KERAS_PROFILE", raising=False)
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: [])
    assert gan_keras.profile().name == "cpu"
    said = capsys.readouterr().out
    assert said.startswith("Profile cpu: ") and said.count("\n") == 1
    assert "in float32" in said and "GAN_KERAS_PROFILE" in said


@pytest.fixture
def gpus(monkeypatch):
    """Sets what TensorFlow says of GPUs, by their compute capability; gives those told to grow."""

    def have(*capabilities, in_use=False):
        grown = []

        def grow(gpu, on):
            if in_use:
                raise RuntimeError("Physical devices cannot be modified after being initialized")
            grown.append((gpu, on))

        monkeypatch.delenv("GAN_KERAS_PROFILE", raising=False)
        config = "tensorflow.config"
        monkeypatch.setattr(f"{config}.list_physical_devices", lambda kind: list(capabilities))
        monkeypatch.setattr(
            f"{config}.experimental.get_device_details",
            lambda gpu: {"compute_capability": gpu} if gpu else {},
        )
        monkeypatch.setattr(f"{config}.experimental.set_memory_growth", grow)
        return grown

    yield have
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "capabilities, policy",
    [
        ([(8, 0)], "mixed_bfloat16"),
        ([(7, 5)], "mixed_float16"),
        ([(9, 0), (7, 0)], "mixed_float16"),
        ([(6, 1)], "float32"),
        ([None], "float32"),
    ],
)
def test_profile_gpu_sets_memory_and_the_precision_that_all_gpus_are_fast_in(
    gpus, capsys, capabilities, policy
):
    grown = gpus(*capabilities)
    assert gan_keras.profile().name == "gpu"
    assert grown == [(gpu, True) for gpu in capabilities]
    assert keras.config.dtype_policy().name == policy
    assert f"Profile gpu: the papers' sizes, in {policy}." in capsys.readouterr().out


def test_profile_gpu_keeps_a_chosen_precision_and_a_gpu_in_use(gpus):
    assert gpus((8, 0), in_use=True) == []
    keras.config.set_dtype_policy("mixed_float16")
    assert gan_keras.profile().name == "gpu"
    assert keras.config.dtype_policy().name == "mixed_float16"


def test_asking_for_a_recipe_sets_nothing_and_says_nothing(gpus, capsys):
    grown = gpus((8, 0))
    assert gan_keras.profiles.choose({"fast": {}, "paper": {"a": 1}}) == {"a": 1}
    assert not grown and not capsys.readouterr().out
    assert keras.config.dtype_policy().name == "float32"
