"""What stands outside of Sphinx' source or is not made by it: parts of README.md, MathJax, pages to
play with, the first address."""

import importlib.util
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[2]
# Built by itself, since it needs other tools; where it is missing the book does without.
PLAY = ROOT / "build/play"
FIRST = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{1}</title>
<link rel="icon" href="_static/icon.svg">
<meta http-equiv="refresh" content="0; url={0}"><a href="{0}">{1}</a></html>
"""
# What a page with formulas in TeX, drawn by MathJax's own fonts and read aloud in English, needs.
MATHJAX = ("tex-mml-chtml.js", "output/chtml/fonts", "input/tex/extensions", "a11y")
MATHJAX_SPEECH = ("sre/mathmaps/base.json", "sre/mathmaps/en.json", "sre/mathmaps/nemeth.json")


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def from_the_root(app, path, parent, content):
    """README.md stands in the root, the pages that include parts of it do not.

    Its links are written as seen from there; a folder of notebooks means the first of them.
    """

    def rooted(match):
        place = ROOT / match[1]
        if place.is_dir():
            place = min(place.glob("*.ipynb"))
        return f"](/{place.relative_to(ROOT).as_posix()})"

    if path.name == "README.md":
        content[0] = re.sub(r"\]\((?!https?:|#)([^)]+)\)", rooted, content[0])


def finish(app, exception):
    if exception:
        return
    out = Path(app.outdir)
    first = app.builder.get_target_uri(app.config.root_doc)
    (out / "index.html").write_text(FIRST.format(first, app.config.project))
    package = importlib.util.find_spec("sphinx-mathjax-offline")
    mathjax = Path(package.origin).parent / "static/mathjax"
    for name in MATHJAX + MATHJAX_SPEECH:
        copy(mathjax / name, out / "_static/mathjax" / name)
    if PLAY.is_dir():
        copy(PLAY, out / "play")


def setup(app):
    app.connect("include-read", from_the_root)
    app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
