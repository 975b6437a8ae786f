"""Takes the pictures of slides and of an exported model, for README and book, in Chromium.

make slides
.venv/bin/gan-keras export cgan -o build/cgan.py
.venv-book/bin/python tools/pictures.py
"""

from io import BytesIO
from pathlib import Path

from browser import chromium, serve
from PIL import Image
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

ROOT = Path(__file__).parents[1]
BUILD, PICTURES = ROOT / "build", ROOT / "book/pictures"
# Slides of the third chapter that are shown: section, and place below its first.
SLIDES = ((2, 0), (4, 1), (14, 2))
SIZE = {"width": 1280, "height": 720}


def slides(browser, address) -> list[Image.Image]:
    page = browser.new_page(viewport=SIZE)
    page.goto(f"{address}slides/03_dcgan.html")
    page.wait_for_function("window.Reveal && Reveal.isReady()")
    shots = []
    for section, below in SLIDES:
        page.evaluate("place => Reveal.slide(...place)", [section, below])
        page.wait_for_timeout(500)
        shots.append(page.screenshot())
    return [Image.open(BytesIO(shot)) for shot in shots]


def exported(browser) -> Image.Image:
    """The beginning of the file and that of its model."""
    style = "pre { margin: 1.5rem; font-size: 13px; line-height: 1.35 }"
    formatter = HtmlFormatter(full=True, cssstyles=style, linenos="inline")
    page = browser.new_page(viewport={"width": 900, "height": 700})
    page.set_content(highlight((BUILD / "cgan.py").read_text("utf-8"), PythonLexer(), formatter))
    return Image.open(BytesIO(page.screenshot()))


def keep(image, name) -> None:
    path = PICTURES / name
    image.convert("RGB").quantize(128).save(path, optimize=True)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")


def main() -> None:
    with serve(BUILD) as address, chromium() as browser:
        shots = slides(browser, address)
        width, height = shots[0].size
        row = Image.new("RGB", (len(shots) * (width + 20) - 20, height), "#888")
        for i, shot in enumerate(shots):
            row.paste(shot, (i * (width + 20), 0))
        row.thumbnail((1720, height))
        keep(row, "slides.png")
        keep(exported(browser), "export.png")


if __name__ == "__main__":
    main()
