"""`make colab`, in a copy of the repository, with a public address and without."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
ADDRESS = "https://github.com/some-reader/some-name"
CHAPTER = "02_gan"


@pytest.fixture
def copy(tmp_path):
    """What the tool reads: settings, tools, the package, one chapter."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("tools", "gan_keras", "benchmarks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    for name in (f"chapters/text/{CHAPTER}.md", f"chapters/{CHAPTER}.ipynb", "LICENSE"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def run(folder, program="colab.py", *arguments):
    return subprocess.run(
        [sys.executable, folder / "tools" / program, *arguments], capture_output=True, text=True
    )


def give_address(folder, address):
    path = folder / "pyproject.toml"
    lines = [line for line in path.read_text().splitlines() if not line.startswith("Repository")]
    if address:
        lines.insert(lines.index("[project.urls]") + 1, f'Repository = "{address}"')
    path.write_text("\n".join(lines) + "\n")


def chapter_files(folder):
    return [
        (folder / name).read_bytes()
        for name in (f"chapters/{CHAPTER}.ipynb", f"chapters/text/{CHAPTER}.md")
    ]


def test_with_an_address_the_chapters_begin_with_a_badge_and_a_cell_that_fetches_it(copy):
    before = chapter_files(copy)
    give_address(copy, ADDRESS)
    done = run(copy)
    assert done.returncode == 0, done.stderr
    old = nbformat.reads(before[0].decode(), as_version=4)
    new = nbformat.read(copy / f"chapters/{CHAPTER}.ipynb", as_version=4)
    nbformat.validate(new)
    badge, fetch, *rest = new.cells
    assert f"/github/some-reader/some-name/blob/main/chapters/{CHAPTER}.ipynb)" in badge.source
    assert badge.cell_type == "markdown" and ADDRESS in fetch.source
    assert [c.source for c in rest] == [c.source for c in old.cells]
    outputs = [[str(o.get("data")) for o in c.get("outputs", [])] for c in rest]
    assert outputs == [[str(o.get("data")) for o in c.get("outputs", [])] for c in old.cells]
    assert not (copy / "build/colab").exists()
    # Off Colab the cell does nothing, and text and notebook agree.
    exec(fetch.source, {})
    checked = run(copy, "notebooks.py", "check")
    assert checked.returncode == 0, checked.stderr

    written = chapter_files(copy)
    assert run(copy).returncode == 0 and chapter_files(copy) == written
    give_address(copy, ADDRESS + "-2")
    assert run(copy).returncode == 0
    assert chapter_files(copy)[1] == written[1].replace(b"some-name", b"some-name-2")
    give_address(copy, None)
    assert run(copy).returncode == 0 and chapter_files(copy) == before


def test_an_address_that_colab_cannot_open_is_refused(copy):
    before = chapter_files(copy)
    give_address(copy, "https://example.org/some-name")
    done = run(copy)
    assert done.returncode == 1 and "https://github.com/OWNER/NAME" in done.stderr
    assert chapter_files(copy) == before


def test_without_an_address_notebooks_bring_all_along_and_chapters_stay(copy):
    before = chapter_files(copy)
    give_address(copy, None)
    done = run(copy)
    assert done.returncode == 0, done.stderr
    assert chapter_files(copy) == before
    chapter = nbformat.read(copy / f"chapters/{CHAPTER}.ipynb", as_version=4)
    alone = nbformat.read(copy / f"build/colab/{CHAPTER}.ipynb", as_version=4)
    nbformat.validate(alone)
    sources = [cell.source for cell in chapter.cells]
    assert [cell.source for cell in alone.cells][-len(sources) :] == sources
    assert len(alone.cells) > len(sources)
