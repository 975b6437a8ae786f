"""A chapter as a notebook that runs by itself, where nothing of this package is installed.

Its first cells hold what it needs of the repository, packed: the package, of the trained weights
those that the chapter names, the studies that it imports from `benchmarks/`, and the emoji.
"""

import base64
import io
import json
import re
import tarfile
import tempfile
from pathlib import Path

from gan_keras.datasets.catalogue import EMBEDDED
from gan_keras.export import emoji
from gan_keras.export.names import PACKAGE

ROOT = PACKAGE.parent  # In a clone, the repository.
LINE = 1000  # characters of packed text in a line: editors are slow with longer ones

ABOUT = """\
*This notebook runs by itself. The next cell holds the part of gan-keras that it uses, compressed; \
the one after it unpacks that into a temporary folder and puts the folder on Python's path, so \
that nothing has to be installed. gan-keras is under the Apache License 2.0.{emoji}*"""

ABOUT_EMOJI = """ \
With it come the emoji: OpenMoji (CC BY-SA 4.0) and Noto Emoji (Apache License 2.0); the credits \
are unpacked beside them, in data/README.md."""

UNPACK = """\
import base64
import io
import sys
import tarfile
import tempfile
from pathlib import Path

folder = Path(tempfile.mkdtemp(prefix="gan-keras-"))
with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed))) as files:
    files.extractall(folder, filter="data")
sys.path[:0] = [str(folder), str(folder / "benchmarks")]
"""

UNPACK_EMOJI = """
from gan_keras.export import emoji

emoji.unpack(folder / "packed", folder / "data")
"""


def find(number: str) -> Path:
    """The notebook of chapter "4" or "04".

    Raises:
        ValueError: if there is none; also outside a clone, where there are no chapters.
    """
    chapters = {path.name[:2]: path for path in sorted((ROOT / "chapters").glob("[0-9]*.ipynb"))}
    if not chapters:
        raise ValueError(
            f"There are no chapters in {ROOT / 'chapters'}: they are in the repository, not in the "
            "installed package. Run the command of a clone."
        )
    path = chapters.get(number.zfill(2))
    if path is None:
        raise ValueError(f"There is no chapter {number!r}. Choose one of {', '.join(chapters)}.")
    return path


def by_itself(path: Path) -> str:
    """The text of a notebook that needs nothing of the repository; outputs are left out."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    cells = [_cell(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    files, with_emoji = needed(code)
    packed = base64.b64encode(_archive(files, with_emoji)).decode()
    lines = "\n".join(packed[i : i + LINE] for i in range(0, len(packed), LINE))
    hidden = {"cellView": "form", "jupyter": {"source_hidden": True}}  # Colab's way, and Jupyter's.
    setup = [
        _cell("markdown", ABOUT.format(emoji=ABOUT_EMOJI * with_emoji)),
        _cell("code", f'#@title The packed files\npacked = """\n{lines}\n"""', hidden),
        _cell("code", UNPACK + UNPACK_EMOJI if with_emoji else UNPACK),
    ]
    notebook["cells"] = setup + cells
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"cell-{number:03d}"
    notebook["metadata"].pop("jupytext", None)  # It pairs the notebook with a text elsewhere.
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"


def _cell(kind, source, metadata=None) -> dict:
    cell = {"cell_type": kind, "metadata": metadata or {}, "source": source.splitlines(True)}
    return {**cell, "execution_count": None, "outputs": []} if kind == "code" else cell


def needed(code: str) -> tuple[list[Path], bool]:
    """The files of the repository that a chapter's code needs, and whether the emoji too.

    Weights and data sets are those that the code, or a study that it imports, has in quotes.
    """
    studies = _studies(code)
    code = "\n".join([code, *(path.read_text() for path in studies if path.suffix == ".py")])
    named = set(re.findall(r"[\"']([\w-]+)[\"']", code))
    weights = [f"pretrained/{path.stem}.*" for path in PACKAGE.glob("pretrained/*.npz")
               if path.stem in named]  # fmt: skip
    weights += ["metrics/weights/extractors.json"]
    weights += [f"metrics/weights/{name}.*" for name in EMBEDDED if name in named]
    files = [*PACKAGE.rglob("*.py"), *(path for w in weights for path in PACKAGE.glob(w))]
    files += [ROOT / "LICENSE", *studies]
    return sorted(files), "emoji" in named


def _studies(code) -> list[Path]:
    """The modules of `benchmarks/` that are imported, with those that they import and results."""
    found = []
    for name in re.findall(r"^(?:import|from) (\w+)", code, re.M):
        path = ROOT / "benchmarks" / f"{name}.py"
        if path.exists():
            found += [path, *path.parent.glob(f"results/{name}.*"), *_studies(path.read_text())]
    return sorted(set(found))


def _archive(files, with_emoji) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive, tempfile.TemporaryDirectory() as own:
        for path in files:
            archive.add(path, path.relative_to(ROOT), filter=_anonymous)
        if with_emoji:
            emoji.pack(ROOT / "data", Path(own))
            archive.add(own, "packed", filter=_anonymous)
            archive.add(ROOT / "data" / "README.md", "data/README.md", filter=_anonymous)
    return buffer.getvalue()


def _anonymous(member):
    """Who has packed a file and when is of no use to its reader."""
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    return member
