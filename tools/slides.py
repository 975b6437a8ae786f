"""Makes build/slides/, slides of every chapter from the committed notebooks, by nbconvert.

A heading of level 2 begins a slide, one of level 3 a slide below it, and so does what does not fit
on the screen any more. Nothing is executed, and the notebooks stay as they are. The slides need
nothing from elsewhere: npm fetches reveal.js in the version that book/slides/package-lock.json
names, and formulas are MathML.
"""

import base64
import html
import math
import re
import shutil
import struct

import nbformat
import npm
from nbconvert import SlidesExporter
from nbformat.v4 import new_markdown_cell
from notebooks import CHAPTERS, ROOT, with_mathml

SOURCE, TARGET = ROOT / "book/slides", ROOT / "build/slides"
# The screen as index.html.j2 lays it out, 1280 x 720, in lines of text.
SCREEN, LINE = 20, 34  # Lines on a screen; their height in pixels.
WIDTH = 100  # Characters of text in a line.
CODE = 0.72  # The height of a line of code, in lines of text.
CODE_BESIDE_PICTURE, PICTURE = 220 / LINE, 460 / LINE  # What the style sheet leaves them at most.
ENLARGED = 1.6  # Pictures, by the style sheet.


def blocks(markdown: str) -> list[str]:
    """Headings, paragraphs, whole lists, tables, formulas and fenced code, one by one."""
    found, fenced = [""], False
    for line in markdown.splitlines():
        heading = not fenced and re.match("#{1,6} ", line)
        after_heading = re.match("#{1,6} ", found[-1])
        blank = not fenced and not line.strip()
        if blank or heading or after_heading:
            found.append("")
        found[-1] += line + "\n" if line.strip() or fenced else ""
        if line.startswith("```"):
            fenced = not fenced
    whole = []
    for block in filter(None, found):
        # What is indented belongs to the item of a list before it; so does the list's next item.
        item = r"([-*] |\d+\. |\s)"
        if whole and re.match(item, block) and re.match(item, whole[-1]):
            whole[-1] += "\n" + block
        else:
            whole.append(block)
    return whole


def picture_lines(output) -> float:
    """The height of an output's PNG on the screen, in lines; 0 if it has none."""
    png = output.get("data", {}).get("image/png")
    if png is None:
        return 0
    (height,) = struct.unpack(">I", base64.b64decode(png[:64])[20:24])
    return min(ENLARGED * height / LINE, PICTURE)


def lines(cell) -> float:
    """How many lines of text a cell is as high as, about."""
    if cell.cell_type == "markdown":
        rows = cell.source.splitlines()
        return 0.6 + sum(math.ceil(len(row) / WIDTH) if row else 0.6 for row in rows)
    pictures = sum(map(picture_lines, cell.outputs))
    printed = sum(len(o.text.splitlines()) for o in cell.outputs if o.output_type == "stream")
    code = CODE * len(cell.source.splitlines())
    return 1 + (min(code, CODE_BESIDE_PICTURE) if pictures else code) + CODE * printed + pictures


def with_slides(notebook):
    """A new notebook with text cut into blocks, each cell marked with the slide that it begins."""
    cells = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cells += [new_markdown_cell(block) for block in blocks(cell.source)]
        else:
            cells.append(nbformat.from_dict(cell))
    filled, led = 0, False  # Lines on this screen; does the last cell lead to the next one?
    for cell in cells:
        text = cell.cell_type == "markdown"
        heading = re.match("(#{1,3}) ", cell.source) if text else None
        level, height = len(heading[1]) if heading else 0, lines(cell)
        if level:
            kind = "subslide" if level == 3 else "slide"
        else:
            kind = "subslide" if filled + height > SCREEN and not led else "-"
        filled = height + (filled if kind == "-" else 0)
        led = bool(level) or (text and cell.source.rstrip().endswith(":"))
        cell.metadata["slideshow"] = {"slide_type": kind}
        if text:
            cell.source = with_mathml(cell.source)
    return nbformat.from_dict({**notebook, "cells": cells})


def deck(notebook, name: str) -> str:
    """The slides of a notebook as a page; reveal.js is looked for beside it."""
    exporter = SlidesExporter(
        template_name=SOURCE.name,
        extra_template_basedirs=[str(SOURCE.parent)],
        reveal_url_prefix="reveal.js",
        reveal_theme="white",
    )
    page, _ = exporter.from_notebook_node(with_slides(notebook), {"metadata": {"name": name}})
    return page


def title(notebook) -> str:
    return re.search("^# (.+)$", notebook.cells[0].source, re.M)[1]


def main() -> None:
    modules = npm.install(SOURCE, "make slides")
    shutil.rmtree(TARGET, ignore_errors=True)
    shutil.copytree(modules / "reveal.js/dist", TARGET / "reveal.js/dist")
    shutil.copy(modules / "reveal.js/LICENSE", TARGET / "reveal.js")
    entries = []
    for path in sorted(CHAPTERS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        (TARGET / f"{path.stem}.html").write_text(deck(notebook, path.stem), encoding="utf-8")
        entries.append(f'<li><a href="{path.stem}.html">{html.escape(title(notebook))}</a></li>')
    (TARGET / "index.html").write_text(
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<title>Slides</title>\n'
        '<body style="font: 1.3rem sans-serif; margin: 3rem">\n<h1>Slides</h1>\n'
        '<ul style="list-style: none; padding: 0; line-height: 2">\n'
        + "\n".join(entries)
        + "\n</ul>\n</body>\n</html>\n",
        encoding="utf-8",
    )
    print(f"Made the slides: {TARGET / 'index.html'}")


if __name__ == "__main__":
    main()
