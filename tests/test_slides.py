"""Slides of a chapter, without npm: what stands on them, and that the notebook stays as it is."""

import copy
import re
import sys
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import slides  # noqa: E402

PATHS = sorted((ROOT / "chapters").glob("0*.ipynb"))


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(ROOT / "chapters/02_gan.ipynb", as_version=4)


@pytest.fixture(scope="module")
def page(notebook):
    return BeautifulSoup(slides.deck(notebook, "02_gan"), "html.parser")


def headings(page, level):
    return [h.get_text().rstrip("¶") for h in page.select(f".slides h{level}")]


def test_a_slide_for_the_title_and_for_each_section(notebook, page):
    text = "\n".join(c.source for c in notebook.cells if c.cell_type == "markdown")
    titles = re.findall("^##? (.+)$", re.sub("```.*?```", "", text, flags=re.S), re.M)
    tops = page.select(".slides > section")
    assert len(tops) == len(titles) == 22
    assert [top.select_one("h1, h2").get_text().rstrip("¶") for top in tops] == titles
    assert all(len(top.select("h1, h2")) == 1 for top in tops)


def test_a_heading_of_level_3_begins_a_slide_below(page):
    assert headings(page, 3) == [
        "The best discriminator",
        "What the generator plays for",
        "Was anything copied?",
    ]
    for heading in page.select(".slides h3"):
        below = heading.find_parent("section")
        assert below.select_one("h1, h2, h3") is heading
        assert below.parent.name == "section"


def test_pictures_are_kept_in_order(notebook, page):
    pngs = [
        output.data["image/png"].replace("\n", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
    shown = [img["src"].split(",")[1].replace("\n", "") for img in page.select(".slides img")]
    assert len(pngs) == 22
    assert shown == pngs


def test_nothing_is_fetched_from_elsewhere(page):
    loaded = [e.get("src") or e.get("href") for e in page.select("script[src], link[href]")]
    assert loaded and all(address.startswith("reveal.js/dist/") for address in loaded)
    assert all(img["src"].startswith("data:") for img in page.select("img"))
    code = "".join(e.get_text() for e in page.select("script, style"))
    assert not re.search(r"(import|url\()[^;]{0,40}https?://", code)


def test_formulas_are_mathml(page):
    assert page.select(".slides math")
    for part in page.select(".slides :is(pre, code)"):
        part = part.extract()
    assert "\\mathbb" not in page.select_one(".slides").get_text()


def test_the_notebook_stays_as_it_is():
    path = ROOT / "chapters/02_gan.ipynb"
    notebook = nbformat.read(path, as_version=4)  # Not the fixture, which has been used.
    slides.deck(notebook, "02_gan")
    assert notebook == nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", PATHS, ids=lambda p: p.stem)
def test_no_text_and_no_code_is_lost(path):
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            together = "\n".join(slides.blocks(cell.source))
            assert together.split() == cell.source.split()
    code, shown = (
        [(c.source, c.outputs) for c in n.cells if c.cell_type == "code"]
        for n in (copy.deepcopy(notebook), slides.with_slides(notebook))
    )
    assert shown == code


def test_fenced_code_and_lists_stay_whole():
    fence = "```python\na = 1\n\n# no heading\nb = 2\n```\n"
    items = "- one\n\n  more of it\n- two\n"
    found = slides.blocks(f"# Title\nText.\n\n{fence}\n{items}\nEnd.")
    assert [block.strip() for block in found] == [
        "# Title", "Text.", fence.strip(), "- one\n\n  more of it\n- two", "End.",
    ]  # fmt: skip


def test_what_does_not_fit_begins_a_new_slide():
    paragraph = "word " * 120  # 600 characters: 6 lines, so that two fit, and not four.
    cells = ["## Section", *[paragraph] * 4]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("\n\n".join(cells))])
    kinds = [c.metadata.slideshow.slide_type for c in slides.with_slides(notebook).cells]
    assert kinds[:3] == ["slide", "-", "-"]
    assert kinds.count("subslide") == 1
