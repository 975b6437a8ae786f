"""Pages of the book that promise something: their Python runs, their links lead somewhere."""

import re
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "book").glob("*.md"))

matplotlib.use("Agg")


def anchors(page):
    """The ends of links to headings of a page: lower case, no punctuation, hyphens for spaces."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_to_files_and_headings(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith("http"):
            continue
        path, _, heading = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading and file.suffix == ".md":
            assert heading in anchors(file), f"{page.name} links to {target}"


def test_chapters_named_in_links_have_these_sections():
    text = (ROOT / "book/troubleshooting.md").read_text()
    found = re.findall(r"\[(\d+\.\d+)\]\(\.\./(chapters/(\w+)\.ipynb)\)", text)
    assert len(found) >= 5
    for number, _, name in found:
        chapter = (ROOT / f"chapters/text/{name}.md").read_text()
        assert f"\n## {number} " in chapter, number


def test_the_python_of_the_troubleshooting_page_runs(capsys):
    text = (ROOT / "book/troubleshooting.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, flags=re.M | re.S)
    assert len(blocks) >= 8
    names = {}
    for block in blocks:
        exec(compile(block, "book/troubleshooting.md", "exec"), names)
    printed = capsys.readouterr().out
    assert "1.386" in printed and "0.693" in printed  # What a guess costs.
    assert "use images / 127.5 - 1" in printed
    assert "Modes(found=" in printed
