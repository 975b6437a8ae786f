"""The built book, served and opened in Chromium; run as a program, it takes README's picture.

.venv-book/bin/python tests/book/browser.py
"""

import functools
import http.server
import os
import shutil
import sys
import threading
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "build/book"
PICTURE = ROOT / "book/picture.png"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 844}
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of Chromium: of the environment variable CHROMIUM, else where programs are."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def served(folder: Path):
    """The address under which the folder's files are."""
    handler = functools.partial(Quiet, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def opened():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium())
        yield browser
        browser.close()


def ready(page) -> None:
    """Waits until formulas are drawn."""
    page.wait_for_load_state("load")
    page.evaluate("window.MathJax && MathJax.startup.promise")


def take_picture() -> None:
    """A chapter on a desktop, and in the dark on a phone, side by side."""
    shots = []
    with served(BOOK) as address, opened() as browser:
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(f"{address}/chapters/02_gan.html")
            ready(page)
            image = "document.querySelectorAll('.cell_output img')[2]"
            page.evaluate(image + ".scrollIntoView({block: 'center', behavior: 'instant'})")
            page.wait_for_timeout(500)
            shots.append(Image.open(BytesIO(page.screenshot())))
    width = sum(shot.width for shot in shots) + 20
    picture = Image.new("RGB", (width, shots[0].height), "white")
    picture.paste(shots[0], (0, 0))
    picture.paste(shots[1], (width - shots[1].width, 0))
    picture.quantize(128).save(PICTURE, optimize=True)
    print(f"{PICTURE.relative_to(ROOT)}: {PICTURE.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    if not BOOK.is_dir() or not chromium():
        sys.exit("This needs the built book (make book) and Chromium (see make test-book).")
    take_picture()
