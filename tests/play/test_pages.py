"""The pages of build/play/ in real Chromium: `make test-play`."""

import base64
import io
import sys
from pathlib import Path

import gan_keras

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import browser  # noqa: E402

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
WAIT = 120_000  # Milliseconds; the machine may be busy.


@pytest.fixture(scope="module")
def site():
    folder = ROOT / "build/play"
    assert (folder / "models/models.json").exists(), f"{folder} is not made: run make play."
    with browser.serve(folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium():
    with browser.chromium() as opened:
        yield opened


@pytest.fixture
def visit(chromium, site):
    """visit(page, **how) opens a page; at the end nothing may have gone wrong on it."""
    contexts, wrong = [], []

    def check(request):
        if not request.url.startswith((site, "data:", "blob:")):
            wrong.append(f"asked for {request.url}")

    def open_page(name, **how):
        context = chromium.new_context(**(how or DESKTOP))
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda m: m.type == "error" and wrong.append(m.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("requestfailed", lambda request: wrong.append(f"failed: {request.url}"))
        page.on("request", check)
        page.goto(site + name)
        if name == "generators.html":
            page.wait_for_function(
                "document.getElementById('colour-milliseconds').textContent !== '–'"
                "|| !document.getElementById('problem').hidden"
            )
            assert page.is_hidden("#problem"), page.inner_text("#problem")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not wrong


def pixels(page, name):
    """A canvas' own pixels, (height, width, 3) in [-1, 1]."""
    script = "(name) => document.getElementById(name).toDataURL('image/png').split(',')[1]"
    image = Image.open(io.BytesIO(base64.b64decode(page.evaluate(script, name))))
    return np.asarray(image.convert("RGB"), np.float32) / 127.5 - 1


def settled(page, name):
    """`pixels` once two pictures a little apart are the same."""
    before = None
    for _ in range(100):
        now = pixels(page, name)
        if before is not None and before.shape == now.shape and (before == now).all():
            return now
        before = now
        page.wait_for_timeout(300)
    raise AssertionError(f"{name} does not come to rest")


@pytest.mark.parametrize("how", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index.html", "game.html", "generators.html"])
def test_a_page_opens_and_fits(visit, name, scheme, how):
    page = visit(name, color_scheme=scheme, **how)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    narrow = page.evaluate(
        """[...document.querySelectorAll("button, select, input")]
            .filter((e) => e.offsetParent && e.getBoundingClientRect().right > innerWidth)
            .map((e) => e.outerHTML)"""
    )
    assert narrow == []


RUN = """async ([name, inputs]) => {
  const { loadModel } = await import("./generators/runtime.js");
  const model = await loadModel(name);
  return Array.from(await model.run(...inputs.map((x) => Float32Array.from(x))));
}"""


@pytest.mark.parametrize("name", ["cgan-mnist", "dcgan-fashion_mnist", "cgan-emoji"])
def test_images_equal_those_of_keras(visit, name):
    model = gan_keras.load_pretrained(name)
    page = visit("generators.html")
    for seed in range(3):
        z = gan_keras.latent.normal(1, model.latent_dim, seed)
        if isinstance(model, gan_keras.CGAN):
            y = model.conditions(
                1, np.eye(model.num_classes)[[seed]] * 0.7 + 0.3 / model.num_classes
            )
            inputs, expected = [z, y], model.generate(1, y, seed=seed)[0]
        else:
            inputs, expected = [z], model.generate(1, seed=seed)[0]
        image = page.evaluate(RUN, [name, [x.ravel().tolist() for x in inputs]])
        difference = np.abs(np.reshape(image, expected.shape) - expected)
        print(f"{name}: largest difference {difference.max():.5f}, mean {difference.mean():.6f}")
        # Weights in half precision; a grey level is 0.0078.
        assert difference.max() < 0.02 and difference.mean() < 0.001
        assert expected.std() > 0.2


def test_colours_equal_those_of_keras(visit):
    import play

    lines = play.unseen_pairs()[0][:3]
    model = gan_keras.load_pretrained("pix2pix-emoji")
    page = visit("generators.html")
    for line, expected in zip(lines, model.translate(lines, as_in_training=False), strict=True):
        image = page.evaluate(RUN, ["pix2pix-emoji", [line.ravel().tolist()]])
        difference = np.abs(np.reshape(image, expected.shape) - expected)
        print(f"largest difference {difference.max():.5f}, mean {difference.mean():.6f}")
        assert difference.max() < 0.01 and difference.mean() < 0.001


def test_the_class_is_drawn_that_was_chosen(visit):
    page = visit("generators.html")
    images = []
    for digit in range(10):
        page.click(f"#class-buttons button:text-is('{digit}')")
        images.append(settled(page, "image")[..., :1])
    _, logits = gan_keras.metrics.load_extractor("mnist")(np.stack(images))
    seen = logits.argmax(axis=1)
    assert (seen == np.arange(10)).sum() >= 9, seen

    # Half of the other class is another image, all of it the other digit.
    page.select_option("#other", "3")
    page.fill("#share", "1")
    mixed = settled(page, "image")[None, ..., :1]
    assert gan_keras.metrics.load_extractor("mnist")(mixed)[1].argmax() == 3


def test_the_map_is_dragged_touched_and_steered_by_keys(visit):
    page = visit("generators.html", **PHONE)
    seen = [settled(page, "image")]

    def changed():
        seen.append(settled(page, "image"))
        assert all(np.abs(seen[-1] - image).max() > 0.1 for image in seen[:-1])

    page.locator("#map").tap(position={"x": 40, "y": 50})
    changed()
    page.locator("#map").press("ArrowRight")
    for _ in range(5):
        page.locator("#map").press("Shift+ArrowDown")
    changed()
    page.click("#plane")
    changed()
    page.click("#walk")
    page.wait_for_timeout(1500)
    page.click("#walk")
    changed()
    page.select_option("#model", "dcgan-fashion_mnist")
    page.wait_for_selector("#classes", state="hidden")
    changed()


def test_a_drawing_is_coloured(visit):
    page = visit("generators.html")
    page.click("#empty")
    assert (settled(page, "paper") == 1).all()
    box = page.locator("#paper").bounding_box()
    for turn in range(41):
        angle = 2 * np.pi * turn / 40
        at = (0.5 + 0.3 * np.cos(angle), 0.5 + 0.3 * np.sin(angle))
        page.mouse.move(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
        if turn == 0:
            page.mouse.down()
    page.mouse.up()
    drawn, coloured = settled(page, "paper"), settled(page, "coloured")
    assert 0.01 < (drawn < 0).mean() < 0.3
    colourful = coloured.max(axis=-1) - coloured.min(axis=-1) > 0.3
    assert colourful.mean() > 0.1  # Inside of the circle, three tenths of the image.
    model = gan_keras.load_pretrained("pix2pix-emoji")
    expected = model.translate(drawn[None, ..., :1], as_in_training=False)[0]
    assert np.abs(coloured - expected).max() < 0.02

    page.click("#undo")
    assert (settled(page, "paper") == 1).all()
    page.focus("#paper")
    page.keyboard.press("Space")
    for _ in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    by_keys = settled(page, "paper")
    assert (by_keys < 0).any()
    page.keyboard.press("ArrowDown")  # The pen is up.
    assert (settled(page, "paper") == by_keys).all()
    page.click("#examples button:nth-child(5)")
    page.wait_for_selector("#artist", state="visible")
    assert not (settled(page, "paper") == by_keys).all()


def test_a_missing_model_is_reported(chromium, site):
    page = chromium.new_page()
    page.route("**/cgan-mnist.tflite", lambda route: route.abort())
    page.goto(site + "generators.html")
    page.wait_for_selector("#problem", state="visible", timeout=WAIT)
    assert "make play" in page.inner_text("#problem")
    page.close()


def steps(page):
    return int(page.inner_text("#step").replace(",", ""))


def test_the_game_is_played_paused_and_started_again(visit):
    page = visit("game.html")
    page.click("#play")
    page.wait_for_function("document.getElementById('step').textContent !== '0'")
    page.click("#play")
    paused = steps(page)
    page.wait_for_timeout(300)
    assert steps(page) == paused > 0
    page.click("#reset")
    assert steps(page) == 0
    start = page.inner_text("#distance")
    for button in ("#step-d", "#step-g", "#step-both", "#step-both"):
        before = pixels(page, "plane")
        page.click(button)
        assert (pixels(page, "plane") != before).any()
    assert steps(page) == 2
    page.fill("#seed", "2")
    assert steps(page) == 0 and page.inner_text("#distance") != start
    page.fill("#seed", "1")
    assert page.inner_text("#distance") == start


def test_mode_collapse_is_seen(visit):
    page = visit("game.html", **PHONE)
    page.locator("[data-preset=collapse]").tap()
    page.wait_for_function("+document.getElementById('step').textContent.replace(',', '') > 400")
    page.locator("#play").tap()
    assert int(page.inner_text("#modes")) <= 4


@pytest.mark.parametrize("loss", ["minimax", "least_squares", "wasserstein_penalty"])
def test_own_points_by_touch_and_keys(visit, loss):
    page = visit("game.html", **PHONE)
    page.select_option("#loss", loss)
    page.select_option("#shape", "drawn")
    assert page.is_disabled("#play")
    page.locator("#plane").tap(position={"x": 100, "y": 100})
    page.locator("#plane").tap(position={"x": 120, "y": 160})
    page.locator("#plane").press("Space")
    for _ in range(4):
        page.locator("#plane").press("ArrowLeft")
    page.click("#play")
    page.wait_for_function("+document.getElementById('step').textContent > 20")
    page.click("#play")
    assert float(page.inner_text("#distance")) < 10
    page.click("#clear")
    assert page.is_disabled("#play")
