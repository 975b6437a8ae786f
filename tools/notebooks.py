"""Runs, builds and checks the chapters.

    python tools/notebooks.py run 02        execute a chapter into build/, with progress
    python tools/notebooks.py build 02      make chapters/02_*.ipynb anew from its text, executed
    python tools/notebooks.py prose 02      the same after changes of prose alone, without executing
    python tools/notebooks.py check         do notebooks and texts agree, and is each executed?

A chapter's text, chapters/text/NN_name.md, is what an author edits. The notebook beside it holds
the same cells and the outputs of the `cpu` profile. Solutions are kept likewise.
"""

import argparse
import asyncio
import base64
import io
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import kernels
import latex2mathml.converter
import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from nbconvert.preprocessors.coalescestreams import CoalesceStreamsPreprocessor
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
CHAPTERS = ROOT / "chapters"
BUILD = ROOT / "build"
SIZE_LIMIT = 5_000_000  # bytes of a committed notebook
REFRESH = 20  # seconds between two writings of a growing page
# A widget ends with its kernel; JupyterLab would show an error in its place, even if the output
# holds a picture as well.
WIDGET = "application/vnd.jupyter.widget-view+json"


# Pairs of text and notebook


def texts() -> list[Path]:
    return sorted(CHAPTERS.glob("text/*.md")) + sorted(CHAPTERS.glob("solutions/text/*.md"))


def notebook_path(text: Path) -> Path:
    return text.parent.parent / f"{text.stem}.ipynb"


def read_text(path: Path):
    """A notebook without outputs, with cell ids that do not change from one build to the next."""
    notebook = jupytext.read(path)
    notebook.metadata = nbformat.from_dict(
        {
            "jupytext": {"formats": "ipynb,text//md"},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        }
    )
    for i, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{i:03d}"
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def faults(text: Path) -> list[str]:
    """What is wrong with a pair, in words."""
    path = notebook_path(text)
    name = path.relative_to(ROOT)
    if not path.is_file():
        return [f"{name} is missing: make notebooks"]
    notebook = nbformat.read(path, as_version=4)
    found = []
    if [(c.cell_type, c.source) for c in notebook.cells] != [
        (c.cell_type, c.source) for c in read_text(text).cells
    ]:
        found.append(f"{name} and {text.relative_to(ROOT)} differ: make notebooks")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        found.append(f"{name} was not executed from first cell to last: make notebooks")
    if any(output.output_type == "error" for cell in code for output in cell.outputs):
        found.append(f"{name} holds an error")
    if any(WIDGET in output.get("data", {}) for cell in code for output in cell.outputs):
        found.append(f"{name} holds a widget, which no one can move any more: make notebooks")
    if path.stat().st_size > SIZE_LIMIT:
        found.append(f"{name} has {path.stat().st_size:,} bytes, over {SIZE_LIMIT:,}")
    return found


# Execution


class Terminal:
    """One line at the foot of the terminal that says how far the work is."""

    def __init__(self):
        self.live = sys.stdout.isatty()
        self.shown = 0.0

    def line(self, text):
        print(("\r\x1b[K" if self.live else "") + text, flush=True)

    def status(self, text):
        if self.live:
            width = os.get_terminal_size().columns
            print(f"\r\x1b[K{text[: width - 1]}", end="", flush=True)
        elif time.monotonic() - self.shown > 10:
            self.shown = time.monotonic()
            print(text, flush=True)


def clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


class Runner(NotebookClient):
    """Executes a notebook and reports section, cell, epoch and time left.

    Time left is what the cells took when the notebook was built, in proportion to how this machine
    has done so far.
    """

    def __init__(self, notebook, folder, on_picture=None):
        super().__init__(
            notebook,
            km=AsyncKernelManager(kernel_name="python3", **kernels.connection()),
            timeout=None,
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            store_widget_state=False,
        )
        self.terminal = Terminal()
        self.on_picture = on_picture
        self.cells = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
        self.expected = [notebook.cells[i].metadata.get("seconds") for i in self.cells]
        self.begun, self.message, self.section = time.monotonic(), "", None
        self.on_cell_start, self.on_cell_executed = self._start, self._executed

    def _start(self, cell, cell_index):
        for above in reversed(self.nb.cells[:cell_index]):
            heading = re.findall(r"^##? (.+)$", above.source, re.M)
            if above.cell_type == "markdown" and heading:
                if heading[-1] != self.section:
                    self.section = heading[-1]
                    self.terminal.line(f"{clock(time.monotonic() - self.begun):>6}  {self.section}")
                break
        self.cell_begun, self.message = time.monotonic(), ""
        if cell.cell_type == "code":
            self.position = self.cells.index(cell_index)
            self._show()

    def _executed(self, cell, cell_index, execute_reply):
        cell.metadata["seconds"] = round(time.monotonic() - self.cell_begun, 1)
        for output in cell.get("outputs", ()):
            output.get("data", {}).pop(WIDGET, None)
        if self.on_picture and any("image/png" in o.get("data", {}) for o in cell.outputs):
            self.on_picture()

    def process_message(self, message, cell, cell_index):
        if message["msg_type"] == "stream" and message["content"]["name"] == "stdout":
            lines = [part.strip() for part in re.split(r"[\r\n]", message["content"]["text"])]
            self.message = next((part for part in reversed(lines) if part), self.message)
            self._show()
        return super().process_message(message, cell, cell_index)

    def _show(self):
        spent = time.monotonic() - self.begun
        text = f"cell {self.position + 1}/{len(self.cells)}, {clock(spent)} spent"
        if None not in self.expected and sum(self.expected):
            in_cell = time.monotonic() - self.cell_begun
            done, here = sum(self.expected[: self.position]), self.expected[self.position]
            pace = spent / (done + min(in_cell, here)) if done > 10 else 1.0
            left = pace * (sum(self.expected[self.position :]) - min(in_cell, here))
            text += f", about {clock(left)} left"
        self.terminal.status(text + (f" | {self.message}" if self.message else ""))


async def execute(notebook, folder: Path, on_picture=None) -> float:
    """Executes in place; returns seconds. Raises what nbclient raises."""
    runner = Runner(notebook, folder, on_picture)
    begun = time.monotonic()
    # TensorFlow's log belongs on no page. On a CPU it reports at level 2, as an error, each
    # LeakyReLU after a convolution that it cannot fuse: no reader could do anything about it.
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    # Some lines come at every level. The terminal is spared them as well, unless they are the last
    # words of a kernel; what a cell writes to stderr is in the notebook.
    with tempfile.TemporaryFile() as log:
        try:
            # A kernel of a manager that is handed in would stay, with its memory, until all
            # chapters end.
            await runner.async_execute(env=environment, cleanup_kc=True, stderr=log)
        except DeadKernelError:
            log.seek(0)
            sys.stderr.write("\n" + log.read().decode(errors="replace"))
            raise
    return time.monotonic() - begun


def tidy(notebook):
    """Keeps of each self-overwriting line its last state, nothing of TensorFlow's log, and of
    pictures no alpha channel that hides nothing."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            kept = [o for o in cell.outputs if not (o.output_type == "stream" and is_log(o))]
            cell.outputs = kept
            for data in (output.get("data", {}) for output in kept):
                if "image/png" in data:
                    data["image/png"] = opaque(data["image/png"])
    CoalesceStreamsPreprocessor(enabled=True).preprocess(notebook, {})
    return notebook


def opaque(png: str) -> str:
    """A picture as base64, an eighth smaller without its alpha channel, if it is opaque."""
    picture = Image.open(io.BytesIO(base64.b64decode(png)))
    if picture.mode != "RGBA" or picture.getextrema()[3] != (255, 255):
        return png
    file = io.BytesIO()
    picture.convert("RGB").save(file, "PNG", optimize=True, dpi=picture.info.get("dpi"))
    return base64.b64encode(file.getvalue()).decode()


def is_log(output) -> bool:
    """Lines that TensorFlow's C++ parts write to stderr at any log level."""
    lines = [line for line in output.text.splitlines() if line.strip()]
    return output.name == "stderr" and all(
        re.match(r"(WARNING: All log|[IWE]0000 |\d{4}-\d\d-\d\d \d\d:)", line) for line in lines
    )


# Pages


def with_mathml(markdown: str) -> str:
    """Formulas as MathML, which browsers draw by themselves, with no script from elsewhere."""

    def convert(match):
        block, inline = match.groups()
        formula = (block or inline).strip()
        mathml = latex2mathml.converter.convert(formula, display="block" if block else "inline")
        return f"\n<div>{mathml}</div>\n" if block else mathml

    # Code stays as it is: pieces at odd places are fenced or inline code.
    pieces = re.split(r"(```.*?```|`[^`\n]+`)", markdown, flags=re.S)
    formulas = r"\$\$(.+?)\$\$|(?<![\\$])\$(?!\s)([^$\n]+?)(?<!\s)\$(?!\d)"
    pieces[::2] = [re.sub(formulas, convert, piece, flags=re.S) for piece in pieces[::2]]
    return "".join(pieces)


def write_page(notebook, path: Path) -> None:
    page = nbformat.from_dict(notebook)
    for cell in page.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    html, _ = HTMLExporter().from_notebook_node(
        page, {"metadata": {"name": path.stem.replace("_", " ")}}
    )
    # Nothing is fetched from a network when the page is opened.
    html = re.sub(r"<script[^>]*\bsrc=\"http[^>]*>\s*</script>", "", html)
    html = re.sub(
        r"<script type=\"module\">(?:(?!</script>).)*mermaid.*?</script>", "", html, flags=re.S
    )
    path.write_text(html, encoding="utf-8")


# Commands


def selected(number: str, paths: list[Path]) -> list[Path]:
    """The paths of chapter NUMBER ("2", "02"), or all of them for "all"; exits on no match."""
    if number == "all":
        return paths
    found = [p for p in paths if number.isdigit() and p.name.startswith(f"{int(number):02d}_")]
    if not found:
        numbers = sorted({p.name[:2] for p in paths})
        sys.exit(f"There is no chapter {number!r}. Choose one of {', '.join(numbers)}, or all.")
    return found


def run(number: str) -> None:
    BUILD.mkdir(exist_ok=True)
    for source in selected(number, sorted(CHAPTERS.glob("*.ipynb"))):
        notebook = nbformat.read(source, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        target, page = BUILD / source.name, BUILD / f"{source.stem}.html"
        written = 0.0

        def write(notebook=notebook, target=target, page=page):
            tidied = tidy(nbformat.from_dict(notebook))  # A copy: cells may still be running.
            nbformat.write(tidied, target)
            write_page(tidied, page)

        def on_picture(write=write):
            nonlocal written
            if time.monotonic() - written > REFRESH:
                write()
                written = time.monotonic()

        print(f"{source.name}: the page grows as the chapter runs, open it at any time:")
        print(f"  {page}", flush=True)
        try:
            seconds = asyncio.run(execute(notebook, CHAPTERS, on_picture))
        except (CellExecutionError, DeadKernelError) as error:
            write()
            sys.exit(f"\n{source.name} stopped: {error}\nAll that ran is in {page}")
        write()
        Terminal().line(f"{source.stem}: done in {clock(seconds)}")
        print(f"  notebook  {target}\n  page      {page}", flush=True)


def build(number: str) -> None:
    os.environ["GAN_KERAS_PROFILE"] = "cpu"
    for text in selected(number, texts()):
        path = notebook_path(text)
        print(path.relative_to(ROOT), flush=True)
        notebook = read_text(text)
        try:
            seconds = asyncio.run(execute(notebook, path.parent))
        except CellExecutionError as error:
            sys.exit(f"\n{text.relative_to(ROOT)}: {error}")
        nbformat.write(tidy(notebook), path)
        Terminal().line(f"done in {clock(seconds)}, {path.stat().st_size / 1e6:.1f} MB")


def with_outputs_of(old, notebook):
    """`notebook` with the outputs of `old`. Raises ValueError unless both have the same code."""
    ours, theirs = ([c for c in n.cells if c.cell_type == "code"] for n in (notebook, old))
    if [cell.source for cell in ours] != [cell.source for cell in theirs]:
        raise ValueError("there are changes in code, which has to be executed: make notebooks")
    for cell, source in zip(ours, theirs, strict=True):
        cell.outputs, cell.execution_count = source.outputs, source.execution_count
        cell.metadata = source.metadata
    return notebook


def prose(number: str) -> None:
    for text in selected(number, texts()):
        path = notebook_path(text)
        try:
            notebook = with_outputs_of(nbformat.read(path, as_version=4), read_text(text))
        except (FileNotFoundError, ValueError) as error:
            sys.exit(f"{text.relative_to(ROOT)}: {error}")
        nbformat.write(tidy(notebook), path)


def check() -> None:
    found = [fault for text in texts() for fault in faults(text)]
    orphans = {*CHAPTERS.glob("*.ipynb"), *CHAPTERS.glob("solutions/*.ipynb")}
    orphans -= set(map(notebook_path, texts()))
    found += [f"{path.relative_to(ROOT)} has no text" for path in sorted(orphans)]
    if found:
        sys.exit("\n".join(found))
    print(f"{len(texts())} notebooks agree with their texts")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=("run", "build", "prose", "check"))
    parser.add_argument("chapter", nargs="?", help="02, or all; left out: 03 to run, else all")
    arguments = parser.parse_args()
    if arguments.command == "check":
        check()
    elif arguments.command == "run":
        run(arguments.chapter or "03")
    else:
        command = build if arguments.command == "build" else prose
        command(arguments.chapter or "all")


if __name__ == "__main__":
    main()
