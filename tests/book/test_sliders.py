"""Sliders: their still pictures in the book, and the sliders themselves in JupyterLab."""

import json
import os
import subprocess
import time

import nbformat
import pytest
from pages import DESKTOP, PHONE, ROOT, ready

CELL = """import gan_keras
gan_keras.Sliders(gan_keras.load_pretrained("cgan-mnist"), dims=(0,), labels=(3, 8), n=4)"""
# What tells one picture from another; its address changes even if nothing else does.
DIGEST = """async image => {
  const bytes = await (await fetch(image.src)).arrayBuffer();
  return [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))].join();
}"""


def cells_with_sliders():
    """(page, number among the page's cells of code) of every cell that shows sliders."""
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        cells = [c for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
        for number, cell in enumerate(cells):
            if "gan_keras.Sliders(" in cell.source:
                yield f"chapters/{path.stem}.html", number


STILLS = list(cells_with_sliders())


def test_chapters_have_sliders():
    assert len(STILLS) >= 3


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name, number", STILLS)
def test_a_still_picture_stands_for_the_sliders(browser, address, name, number, size):
    page = browser.new_page(viewport=size)
    page.goto(f"{address}{name}")
    ready(page)
    cell = page.locator("div.cell").nth(number)
    assert "gan_keras.Sliders(" in cell.locator(".cell_input").inner_text()
    still = cell.locator(".cell_output img")
    assert still.count() == 1
    still.scroll_into_view_if_needed()
    box = still.bounding_box()
    assert still.is_visible() and still.evaluate("image => image.naturalWidth") > 700
    assert 300 < box["width"] <= size["width"] and box["height"] > 60
    assert cell.locator("script, .jupyter-widgets").count() == 0
    page.close()


@pytest.fixture
def lab(tmp_path):
    """The address of a notebook with one cell, opened in a JupyterLab of the project's own."""
    program = ROOT / ".venv/bin/jupyter"
    if not program.exists():
        pytest.fail(f"{program} is needed, which `make lab` installs.")
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(CELL)], metadata={"kernelspec": kernel}
    )
    nbformat.write(notebook, tmp_path / "sliders.ipynb")
    folders = {f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "RUNTIME")}
    server = subprocess.Popen(
        [program, "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
         f"--ServerApp.root_dir={tmp_path}"],
        env={**os.environ, **folders}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(240):
            found = list((tmp_path / "RUNTIME").glob("jpserver-*.json"))
            if found or server.poll() is not None:
                break
            time.sleep(0.5)
        about = json.loads(found[0].read_text())
        yield f"{about['url']}lab/tree/sliders.ipynb?token={about['token']}"
    finally:
        server.terminate()
        server.wait()


def test_sliders_move_in_jupyterlab(browser, lab):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(lab)
    code = page.locator(".jp-CodeCell").first
    code.wait_for(timeout=120_000)
    for _ in range(60):  # JupyterLab passes over what is to be run until its kernel is there.
        code.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(1000)
        if code.locator(".jp-InputPrompt").inner_text() != "[ ]:":
            break
    picture = page.locator(".jp-OutputArea-output img.jupyter-widgets")
    picture.wait_for(timeout=300_000)
    assert page.locator(".jp-OutputArea-output img").count() == 1  # The still one is not shown.

    def move(control):
        """What the picture was before and is after."""
        before = picture.evaluate(DIGEST)
        control()
        deadline = time.monotonic() + 60
        while picture.evaluate(DIGEST) == before and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        return before, picture.evaluate(DIGEST)

    begin, moved = move(lambda: page.locator(".noUi-handle").first.press("ArrowRight"))
    assert moved != begin
    assert page.locator(".widget-readout").first.inner_text() == "0.10"
    _, back = move(lambda: page.locator(".noUi-handle").first.press("ArrowLeft"))
    assert back == begin
    _, other = move(lambda: page.locator(".widget-dropdown select").first.select_option("8"))
    assert other != begin
    page.close()
