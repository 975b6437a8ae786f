"""Glossary, references and reference hold what the chapters and the library speak of."""

import inspect
import re
import sys
from pathlib import Path

import gan_keras

import pytest
from pages import BOOK, ROOT
from sphinx.util.inventory import InventoryFile

sys.path.insert(0, str(ROOT / "book/extensions"))
from references import Papers, plain_title, simple  # noqa: E402

PAPERS = Papers(ROOT / "book/references.bib")
CHAPTERS = sorted((ROOT / "chapters/text").glob("*.md"))
TEXTS = [*CHAPTERS, *sorted((ROOT / "chapters/solutions/text").glob("*.md"))]
GLOSSARY = (ROOT / "book/glossary.md").read_text(encoding="utf-8")
# English, Chinese, English, Chinese.
TERMS = re.findall(r"^(\S.*)\n(\S.*)\n((?:  .*\n)+)\n((?:  .*(?:\n|\Z))+)", GLOSSARY, re.M)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def listed(path: Path) -> list[str]:
    """The entries of a chapter's References."""
    return re.findall(r"^- (.+)$", read(path).partition("## References\n")[2], re.M)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_a_chapter_lists_is_in_the_bibliography_word_for_word(path):
    entries = listed(path)
    assert len(entries) >= 4
    for entry in entries:
        key = PAPERS.listed(entry)
        assert key, f"not in references.bib: {entry}"
        paper = PAPERS.entries[key]
        assert plain_title(paper.fields) in simple(entry), (key, entry)
        assert paper.fields["year"] in entry, (key, entry)
        assert paper.fields.get("eprint", "") in entry, (key, entry)
        named = re.split(r"\. (?=[A-Z\"])", entry)[0] if "et al." not in entry else ""
        names = PAPERS.authors[key] if named else PAPERS.authors[key][:1]
        assert all(name in entry for name in names), (key, entry)


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: "-".join(path.parts[-3:]))
def test_every_paper_that_is_cited_is_in_the_bibliography(path):
    name = r"(?:van den )?[A-Z][\w-]+"
    cited = re.compile(
        rf"(?P<names>{name}(?: et al\.|(?:, {name})*,? (?:and|&) {name})),? \(?(?P<year>\d{{4}})\b"
    )
    for match in cited.finditer(read(path)):
        assert PAPERS.find(match["names"], match["year"]), match[0]


def test_every_entry_of_the_glossary_is_in_both_languages_and_in_order():
    chinese = re.compile(r"[\u4e00-\u9fff]")
    body = GLOSSARY.split("```{glossary}\n")[1]
    assert len(TERMS) == len(re.findall(r"(?:\A|\n\n)\S(?=.*\n\S.*\n  )", body)) > 100
    names = [simple(english) for english, *_ in TERMS]
    assert names == sorted(names)
    for english, term, explained, glossed in TERMS:
        assert not chinese.search(english + explained), english
        assert chinese.search(term) and chinese.search(glossed), english


def test_every_term_of_the_glossary_is_used():
    text = " ".join(map(read, [*TEXTS, ROOT / "README.md"])).lower()
    assert [english for english, *_ in TERMS if english.lower() not in text] == []


def test_the_sections_that_the_glossary_names_exist():
    titles = set(re.findall(r"^## (\d+\.\d+) ", "\n".join(map(read, CHAPTERS)), re.M))
    named = set(re.findall(r"section (\d+\.\d+)", GLOSSARY))
    assert len(named) > 50 and named <= titles


def test_all_that_the_package_offers_is_in_the_reference():
    inventory = InventoryFile.loads((BOOK / "objects.inv").read_bytes(), uri="").data
    documented = {name for kind in inventory if kind.startswith("py:") for name in inventory[kind]}
    offered = []
    for name in gan_keras.__all__:
        thing = getattr(gan_keras, name)
        members = [(name, thing)]
        if inspect.ismodule(thing):
            members = [(key, getattr(thing, key)) for key in getattr(thing, "__all__", vars(thing))]
        offered += [
            {f"{member.__module__}.{member.__qualname__}", f"{thing.__name__}.{key}"}
            for key, member in members
            if (inspect.isclass(member) or inspect.isfunction(member)) and not key.startswith("_")
            and member.__module__.startswith("gan_keras") and member.__doc__
        ]  # fmt: skip
    assert len(offered) > 50
    assert [names for names in offered if not names & documented] == []
