"""The built book in Chromium; run as a program, it takes README's picture.

.venv-book/bin/python tests/book/pages.py
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from browser import chromium, find_chromium, serve  # noqa: E402, F401

BOOK = ROOT / "build/book"
PICTURE = ROOT / "book/pictures/book.png"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 844}


def ready(page) -> None:
    """Waits until formulas are drawn."""
    page.wait_for_load_state("load")
    page.evaluate("window.MathJax && MathJax.startup.promise")


def take_picture() -> None:
    """A chapter on a desktop, and in the dark on a phone, side by side."""
    shots = []
    with serve(BOOK) as address, chromium() as browser:
        for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(f"{address}chapters/02_gan.html")
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
    if not BOOK.is_dir():
        sys.exit("This needs the built book: make book")
    take_picture()
