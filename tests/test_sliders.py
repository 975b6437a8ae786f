"""Sliders without a notebook: a program moves them and looks at the pictures."""

import base64
import io
import subprocess
import sys
import time

import gan_keras
from gan_keras import Sliders, latent

import ipywidgets
import keras
import numpy as np
import pytest
from PIL import Image

from tests.conftest import SHAPE, small_cgan, small_cyclegan, small_dcgan, small_gan, small_vae


def shown(sliders):
    """The picture as the front end gets it, and its pixels."""
    return np.asarray(Image.open(io.BytesIO(sliders._picture.value)))


def first_slider(sliders):
    return next(iter(sliders.controls.values()))


def test_a_slider_changes_the_picture_and_back(build_drawing):
    model = build_drawing()
    sliders = Sliders(model, n=3, seed=5)
    orders = {"labels": 0} if model.num_classes else {}
    np.testing.assert_array_equal(sliders.images, model.generate(3, seed=5, **orders))
    before = shown(sliders)
    first_slider(sliders).value = 2.0
    assert not np.array_equal(shown(sliders), before)
    first_slider(sliders).value = 0
    np.testing.assert_array_equal(shown(sliders), before)


def test_a_slider_adds_its_vector_to_every_start():
    model = small_dcgan()
    z = latent.normal(5, 4, seed=1)
    way = np.float32([1, -2, 0, 0.5])
    sliders = Sliders(model, dims=(2,), directions={"way": way}, start=z)
    assert list(sliders.controls) == ["z[2]", "way"]  # No seed: the start is given.
    sliders.controls["z[2]"].value = -1.5
    sliders.controls["way"].value = 0.7
    expected = model.predict(z - 1.5 * np.eye(4)[2] + 0.7 * way, verbose=0)
    np.testing.assert_allclose(sliders.images, expected, atol=1e-5)


def test_without_dims_the_first_three_have_sliders_and_none_beside_directions():
    assert list(Sliders(small_vae()).controls) == ["z[0]", "z[1]", "z[2]", "seed"]
    alone = Sliders(small_gan(), directions={"ink": np.ones(4)})
    assert list(alone.controls) == ["ink", "seed"]


def test_classes_are_mixed_by_the_share():
    model = small_cgan()
    sliders = Sliders(model, labels=(2, 1), seed=3, n=2, class_names=["no", "one", "two"])
    np.testing.assert_array_equal(sliders.images, model.generate(2, labels=2, seed=3))
    sliders.controls["share of b"].value = 0.25
    mixture = np.tile(np.float32([0, 0.25, 0.75]), (2, 1))
    np.testing.assert_allclose(sliders.images, model.generate(2, mixture, seed=3), atol=1e-6)
    sliders.controls["class a"].value = 1  # Of one class, whatever the share.
    np.testing.assert_allclose(sliders.images, model.generate(2, labels=1, seed=3), atol=1e-6)
    with pytest.raises(Exception, match="Invalid selection"):
        sliders.controls["class b"].value = 3
    np.testing.assert_allclose(sliders.images, model.generate(2, labels=1, seed=3), atol=1e-6)


def test_one_seed_one_picture():
    model = small_gan()
    sliders, other = Sliders(model, seed=1), Sliders(model, seed=2)
    assert not np.array_equal(sliders.images, other.images)
    sliders.controls["seed"].value = 2
    np.testing.assert_array_equal(sliders.images, other.images)


@pytest.mark.parametrize(
    "build, arguments, message",
    [
        (small_cyclegan, {}, "draws no images from latent vectors"),
        (small_gan, {"dims": (4,)}, r"dims has 4; z has the numbers 0 to 3"),
        (small_gan, {"dims": (-1,)}, "dims"),
        (small_gan, {"dims": ()}, "nothing to move"),
        (small_gan, {"dims": 3}, r"dims is 3; .* range\(3\)"),
        (small_gan, {"directions": {"ink": np.ones(3)}}, r"ink has shape \(3,\).*\(4,\)"),
        (small_gan, {"directions": {"ink": np.full(4, np.nan)}}, "without NaN"),
        (small_gan, {"directions": {"seed": np.ones(4)}}, "as another control"),
        (small_gan, {"start": np.ones((2, 5))}, r"start has shape \(2, 5\)"),
        (small_gan, {"start": np.ones(4)}, r"start has shape \(4,\); it must be \(n, 4\)"),
        (small_gan, {"seed": -1}, "seed"),
        (small_gan, {"n": 0}, "n is 0"),
        (small_gan, {"labels": (0, 1)}, "knows no classes"),
        (small_cgan, {"labels": (0, 3)}, r"0 to 2"),
        (small_cgan, {"labels": 1}, r"two classes, as \(0, 1\)"),
        (small_cgan, {"class_names": ["a"]}, "1 class_names"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(build, arguments, message):
    with pytest.raises(ValueError, match=message):
        Sliders(build(), **arguments)


def test_points_in_the_plane_are_no_images():
    x, z = keras.Input((2,)), keras.Input((3,))
    networks = [keras.Model(i, keras.layers.Dense(k)(i)) for i, k in ((z, 2), (x, 1))]
    with pytest.raises(ValueError, match="draws no images"):
        Sliders(gan_keras.GAN((2,), 3, *networks))


def test_a_notebook_gets_the_sliders_and_a_still_picture():
    sliders = Sliders(small_cgan())
    bundle = sliders._repr_mimebundle_()
    view = bundle["application/vnd.jupyter.widget-view+json"]
    box = ipywidgets.Widget.get_manager_state()["state"][view["model_id"]]["state"]
    assert len(box["children"]) == 1 + len(sliders.controls)
    assert bundle["text/plain"].startswith("Sliders of a CGAN: z[0] 0, z[1] 0")
    png = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert png.format == "PNG" and png.width > 700 and png.height > 300


def grey_gan():
    """A GAN whose images are one grey, tanh(z[0]), whatever the other numbers of z."""
    z, image = keras.Input((4,)), keras.Input(SHAPE)
    grey = keras.layers.Dense(64, "tanh", use_bias=False)
    generator = keras.Model(z, keras.layers.Reshape(SHAPE)(grey(z)))
    grey.set_weights([np.eye(4)[:, :1] * np.ones((1, 64))])
    judge = keras.Model(image, keras.layers.Dense(1)(keras.layers.Flatten()(image)))
    return gan_keras.GAN(SHAPE, 4, generator, judge, average=None)


def test_the_still_picture_goes_from_the_lowest_value_to_the_highest():
    sliders = Sliders(grey_gan(), dims=(0, 1), start=np.zeros((2, 4)))
    sliders.controls["z[1]"].value = 1.0

    def greys():
        png = np.asarray(Image.open(io.BytesIO(sliders.still())).convert("L"))
        rows, left, one = 2, 120, 80  # as _filmstrip lays them out, in pixels
        line = png.shape[0] // rows
        return png[line // 3 :: line][:rows, left + one // 2 :: one][:, :9] / 127.5 - 1

    expected = np.tanh(np.linspace(-3, 3, 9))
    np.testing.assert_allclose(greys(), [expected, np.zeros(9)], atol=0.02)
    sliders.controls["z[0]"].value = -1.0  # Its own row stays; the other is drawn from there.
    np.testing.assert_allclose(greys(), [expected, np.full(9, np.tanh(-1))], atol=0.02)


@pytest.mark.parametrize("name", ["vae-mnist", "dcgan-fashion_mnist", "cgan-mnist"])
def test_a_move_is_drawn_at_once(name):
    sliders = Sliders(gan_keras.load_pretrained(name))
    seconds = []
    for value in np.linspace(-2, 2, 20):
        begun = time.perf_counter()
        first_slider(sliders).value = value
        seconds.append(time.perf_counter() - begun)
    print(f"{name}: median {np.median(seconds) * 1000:.0f} ms")
    assert np.median(seconds) < 0.1


def test_ipywidgets_is_asked_for_by_sliders_alone(monkeypatch):
    loads = "import sys, gan_keras; sys.exit('ipywidgets' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", loads]).returncode == 0
    model = small_gan()
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match="pip install ipywidgets"):
        Sliders(model)
