"""Makes the chapters ready for Colab.

    python tools/colab.py

The public address of the repository stands in pyproject.toml alone: `Repository` in
`[project.urls]`. With it, each chapter begins with a badge that opens it on Colab and a cell that
fetches the repository there, in text and notebook alike; with another address they are changed.
Without it, chapters have neither, and build/colab/ gets notebooks that bring along what they use.
"""

import re
import sys
import tomllib

import nbformat
from notebooks import BUILD, CHAPTERS, ROOT, notebook_path, read_text

BRANCH = "main"
FIRST_LINE = "# On Colab this fetches the repository; elsewhere it does nothing."
TOP = re.compile(
    r"\A(?P<header>---\n.*?\n---\n+)"
    rf"(?:\[!\[Open in Colab\][^\n]*\n+```python\n{re.escape(FIRST_LINE)}\n.*?\n```\n+)?",
    re.DOTALL,
)


def address() -> str | None:
    """The public address of the repository; None while it has none."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    url = project.get("urls", {}).get("Repository", "").removesuffix("/").removesuffix(".git")
    if url and not re.fullmatch(r"https://github\.com/[\w.-]+/[\w.-]+", url):
        sys.exit(
            f"Repository in pyproject.toml is {url}; Colab opens notebooks of "
            "https://github.com/OWNER/NAME. Give such an address, or none."
        )
    return url or None


def begin(url: str, chapter: str) -> str:
    """The first two cells of a chapter that is opened on Colab, as text."""
    where = f"{url.removeprefix('https://github.com/')}/blob/{BRANCH}/chapters/{chapter}.ipynb"
    return f"""\
[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]\
(https://colab.research.google.com/github/{where})

```python
{FIRST_LINE}
import os
import subprocess
import sys

if "google.colab" in sys.modules:
    if not os.path.isdir("/content/repository"):
        address = "{url}"
        subprocess.run(["git", "clone", "--depth=1", address, "/content/repository"], check=True)
    sys.path.insert(0, "/content/repository")
    os.chdir("/content/repository/chapters")
```

"""


def change(text, url) -> bool:
    """Gives a chapter's text and notebook the beginning that goes with `url`; whether it differs.

    Off Colab the cell does and shows nothing: the outputs of the others stay true.
    """
    before = text.read_text(encoding="utf-8")
    top = begin(url, text.stem) if url else ""
    after = TOP.sub(lambda match: match["header"] + top, before, count=1)
    if after == before:
        return False
    path = notebook_path(text)
    old = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    executed = [cell for cell in old if not cell.source.startswith(FIRST_LINE)]
    text.write_text(after, encoding="utf-8")
    notebook = read_text(text)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for count, cell in enumerate(code, start=1):
        cell.execution_count = count
    for cell, source in zip(code[len(code) - len(executed) :], executed, strict=True):
        for output in source.outputs:
            if "execution_count" in output:
                output.execution_count = cell.execution_count
        cell.outputs, cell.metadata = source.outputs, source.metadata
    nbformat.write(notebook, path)
    return True


def main() -> None:
    url = address()
    for text in sorted(CHAPTERS.glob("text/*.md")):
        if change(text, url):
            print(f"{notebook_path(text).relative_to(ROOT)} and its text: begin changed")
    if url:
        print(f"The chapters open on Colab from {url}.")
        return
    sys.path.insert(0, str(ROOT))
    from gan_keras.export import notebooks  # Loads TensorFlow.

    folder = BUILD / "colab"
    folder.mkdir(parents=True, exist_ok=True)
    for chapter in sorted(CHAPTERS.glob("*.ipynb")):
        target = folder / chapter.name
        target.write_text(notebooks.by_itself(chapter), encoding="utf-8")
        print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1e6:.1f} MB", flush=True)


if __name__ == "__main__":
    main()
