"""Every address in the built pages leads somewhere, and none is fetched from elsewhere."""

import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from pages import BOOK

# Pages that were copied as they are have tests of their own.
COPIED = {"_static", "_downloads", "play"}
FILES = [path.relative_to(BOOK) for path in BOOK.rglob("*.html")]
PAGES = sorted(path.as_posix() for path in FILES if not COPIED & set(path.parts))


@cache
def parsed(page: str) -> BeautifulSoup:
    return BeautifulSoup((BOOK / page).read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(page: str) -> set[str]:
    return {tag["id"] for tag in parsed(page).find_all(id=True)}


def faults(page: str, attribute: str, value: str) -> str | None:
    """What is wrong with an address in a page, or None."""
    parts = urlsplit(value)
    if parts.scheme in ("http", "https"):
        if attribute != "href":
            return "is fetched from elsewhere"
        return None if re.fullmatch(r"[\w.-]+\.[a-z]{2,}", parts.hostname or "") else "no address"
    if parts.scheme == "data":
        return None
    if parts.scheme or parts.netloc:
        return f"is {parts.scheme or 'without a scheme'}"
    path = unquote(parts.path)
    target = (BOOK / page).parent / path if path else BOOK / page
    target = Path(target).resolve()
    if not target.is_file() or BOOK.resolve() not in target.parents:
        return "leads nowhere"
    if target.suffix == ".html" and parts.fragment:
        name = target.relative_to(BOOK.resolve()).as_posix()
        if unquote(parts.fragment) not in anchors(name):
            return "has no such place on its page"
    return None


def test_there_are_pages():
    assert {"index.html", "book/index.html", "book/glossary.html"} <= set(PAGES)
    assert sum(page.startswith("chapters/") for page in PAGES) >= 12


@pytest.mark.parametrize("page", PAGES)
def test_every_link_image_and_file_is_there(page):
    found = []
    for tag in parsed(page).find_all(True):
        for attribute in ("href", "src", "poster", "data", "action"):
            value = tag.get(attribute)
            if value is None or value == "#":
                continue
            # A link may lead elsewhere; what a page is made of may not come from there.
            is_link = tag.name == "a" or (tag.name == "link" and tag.get("rel") == ["canonical"])
            fault = faults(page, "href" if is_link else "src", value)
            if fault:
                found.append(f"<{tag.name} {attribute}={value!r}> {fault}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("page", PAGES)
def test_every_picture_says_something_or_stands_for_an_output(page):
    """An image has a text for those who do not see it, or is the output of the cell above it."""
    for image in parsed(page).find_all("img"):
        outputs = image.find_parent(class_="cell_output") or image.find_parent(class_="output")
        assert image.get("alt") or outputs, image


def test_style_sheets_fetch_nothing_from_elsewhere():
    for sheet in BOOK.rglob("*.css"):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", sheet.read_text(encoding="utf-8")):
            if not address.startswith(("data:", "#")):
                path = urlsplit(address).path
                assert "://" not in address and (sheet.parent / path).is_file(), (sheet, address)


def test_a_broken_link_is_found():
    assert faults("book/index.html", "href", "glossary.html#term-GAN") is None
    assert faults("book/index.html", "href", "glossary.html#no-such-term")
    assert faults("book/index.html", "href", "no_such_page.html")
    assert faults("book/index.html", "href", "../../../README.md")
    assert faults("book/index.html", "src", "https://example.org/script.js")
    assert faults("book/index.html", "href", "http://")
