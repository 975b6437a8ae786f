"""What the repository says of itself in two places must be the same in both."""

import ast
import asyncio
import base64
import inspect
import io
import json
import operator
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def by_name(requirements):
    pairs = (re.match(r"([\w-]+)(.*)", line).groups() for line in requirements)
    return {name.lower().replace("_", "-"): bounds.strip() for name, bounds in pairs}


def test_environment_yml_names_the_packages_and_bounds_of_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    pip = next(entry["pip"] for entry in environment if isinstance(entry, dict))
    extras = PROJECT["optional-dependencies"]
    expected = by_name(PROJECT["dependencies"] + extras["notebooks"] + extras["test"])
    assert by_name(line for line in pip if not line.startswith("-e")) == expected
    conda = by_name(entry for entry in environment if isinstance(entry, str))
    assert conda["python"] == PROJECT["requires-python"]


def test_every_requirement_has_both_bounds():
    extras = [line for lines in PROJECT["optional-dependencies"].values() for line in lines]
    for line in PROJECT["dependencies"] + extras:
        assert re.search(r">=[\d.]+,<[\d.]+$", line), line


def test_floor_holds_every_package_at_its_lowest_version():
    printed = subprocess.run(
        [sys.executable, ROOT / "tools/floor.py"], capture_output=True, text=True, check=True
    ).stdout
    assert "tensorflow==2.19.*" in printed and "keras==3.10.*" in printed


def test_versions_agree():
    import gan_keras

    assert gan_keras.__version__ == PROJECT["version"]
    assert f"version: {PROJECT['version']}" in (ROOT / "CITATION.cff").read_text()


def imported(file):
    """The packages that a program or notebook imports, in its order."""
    code = file.read_text()
    if file.suffix == ".ipynb":
        cells = json.loads(code)["cells"]
        lines = "".join("".join(x["source"]) + "\n" for x in cells if x["cell_type"] == "code")
        code = re.sub(r"^\s*[%!].*", "", lines, flags=re.M)
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.module or ""))
    return [name.split(".")[0] for _, name in sorted(found)]


@pytest.mark.parametrize("folder", ["benchmarks", "chapters", "data", "tools"])
def test_the_package_is_imported_before_tensorflow(folder):
    """It sets how TensorFlow computes (`gan_keras.onednn`). Programs with a bug do without it."""
    files = [x for kind in ("*.py", "*.ipynb") for x in (ROOT / folder).rglob(kind)]
    for file in files:
        names = imported(file) if "bugs" not in file.parts else []
        first = [x for x in names if x in ("gan_keras", "keras", "tensorflow")][:1]
        assert first in ([], ["gan_keras"]), file


def test_imports_go_one_way():
    """A layer may import those before it; callbacks, metrics and plotting know no model."""
    order = [
        {"toys", "losses", "latent", "checks", "profiles", "metrics", "plotting", "datasets"}
        | {"layers", "optimizers", "schedules", "seeds", "guards", "backup", "onednn"},
        {"generative"},
        {"adversarial"},
        {"translation"},
        {"models"},
        {"callbacks", "pretrained", "export", "sliders"},
        {"exercises"},
        {"cli", "__main__"},
    ]
    level = {name: i for i, names in enumerate(order) for name in names}
    for path in (ROOT / "gan_keras").rglob("*.py"):
        here = path.relative_to(ROOT / "gan_keras").with_suffix("").parts[0]
        if here == "__init__":
            continue
        imported = set(re.findall(r"from gan_keras\.(\w+)", path.read_text()))
        for names in re.findall(r"from gan_keras import (.+)", path.read_text()):
            imported |= {name.strip() for name in names.split(",")} & set(level)
        for name in imported:
            assert level[name] <= level[here], f"{path.name} imports {name}"


def test_promises_name_tests_that_exist():
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", (ROOT / "book/promises.md").read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (ROOT / "tests" / file).read_text(), f"{file}::{test}"


@pytest.mark.parametrize("number", ["9", "two"])
def test_run_names_the_chapters_there_are(number):
    command = [sys.executable, ROOT / "tools/notebooks.py", "run", number]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 1
    assert "Choose one of 01, 02" in result.stderr


def test_make_help_lists_every_command():
    printed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    for command in ("run", "test", "test-floor", "lab", "notebooks", "book"):
        assert f"make {command} " in printed


def test_a_python_too_old_is_told_in_one_line(tmp_path):
    fake = tmp_path / "python3"
    fake.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" || exit 1\n')
    fake.chmod(0o755)
    result = subprocess.run(
        ["sh", ROOT / "tools/make_venv.sh", tmp_path / "venv", "[test]"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": str(fake)}, capture_output=True, text=True,
    )  # fmt: skip
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "3.11, 3.12 or 3.13 is needed" in result.stderr and "3.9.2" in result.stderr


def test_formulas_become_mathml_and_code_stays():
    sys.path.insert(0, str(ROOT / "tools"))
    from notebooks import with_mathml

    page = with_mathml("Let $x^2$ be:\n\n$$\n\\frac{a}{b}\n$$\n\n`$x$` costs \\$5.\n```\n$y$\n```")
    assert page.count("<math") == 2 and "<mfrac>" in page
    assert "`$x$`" in page and "$y$" in page and "\\$5" in page


def test_of_a_widget_its_picture_is_kept(tmp_path, monkeypatch):
    import nbformat

    sys.path.insert(0, str(ROOT / "tools"))
    import notebooks

    code = f"""import ipywidgets
from IPython.display import display
view = {{"version_major": 2, "version_minor": 0, "model_id": ipywidgets.IntSlider().model_id}}
display({{{notebooks.WIDGET!r}: view, "image/png": "aaaa", "text/plain": "a slider"}}, raw=True)"""
    text = tmp_path / "chapters/text/01_widget.md"
    text.parent.mkdir(parents=True)
    text.write_text(f"```python\n{code}\n```\n")
    path = notebooks.notebook_path(text)
    notebook = notebooks.read_text(text)
    asyncio.run(notebooks.execute(notebook, tmp_path))
    (output,) = notebook.cells[0].outputs
    assert output.data == {"image/png": "aaaa", "text/plain": "a slider"}
    assert "widgets" not in notebook.metadata
    monkeypatch.setattr(notebooks, "ROOT", tmp_path)
    nbformat.write(notebook, path)
    assert notebooks.faults(text) == []
    output.data[notebooks.WIDGET] = {"model_id": "gone"}  # As JupyterLab saves it.
    nbformat.write(notebook, path)
    assert "holds a widget" in notebooks.faults(text)[0]


def test_a_kernel_ends_with_its_chapter(tmp_path):
    """Else all chapters in one run would keep each other's memory."""
    import psutil

    sys.path.insert(0, str(ROOT / "tools"))
    import notebooks

    (tmp_path / "text.md").write_text("```python\nimport os\nprint(os.getpid())\n```\n")
    notebook = notebooks.read_text(tmp_path / "text.md")
    asyncio.run(notebooks.execute(notebook, tmp_path))
    assert not psutil.pid_exists(int(notebook.cells[0].outputs[0].text))


def test_a_readers_run_keeps_nothing_of_tensorflows_log(tmp_path, monkeypatch):
    import nbformat

    sys.path.insert(0, str(ROOT / "tools"))
    import notebooks

    code = """import sys
print("I0000 00:00:17" + "95 port.cc:153] oneDNN is on", file=sys.stderr, flush=True)
print("a result")"""
    (tmp_path / "text.md").write_text(f"```python\n{code}\n```\n")
    nbformat.write(notebooks.read_text(tmp_path / "text.md"), tmp_path / "01_log.ipynb")
    monkeypatch.setattr(notebooks, "CHAPTERS", tmp_path)
    monkeypatch.setattr(notebooks, "BUILD", tmp_path / "build")
    notebooks.run("01")
    (output,) = nbformat.read(tmp_path / "build/01_log.ipynb", as_version=4).cells[0].outputs
    assert output.text == "a result\n"
    page = (tmp_path / "build/01_log.html").read_text()
    assert "a result" in page and "00:00:1795" not in page


def test_prose_changes_without_execution_and_code_does_not(tmp_path):
    import nbformat

    sys.path.insert(0, str(ROOT / "tools"))
    from notebooks import read_text, with_outputs_of

    def parse(content):
        (tmp_path / "text.md").write_text(content)
        return read_text(tmp_path / "text.md")

    executed = parse("# One\n\n```python\n1 + 1\n```\n")
    output = nbformat.v4.new_output("stream", text="2")
    executed.cells[1].update(outputs=[output], execution_count=1)
    changed = parse("# Two\n\nMore words.\n\n```python\n1 + 1\n```\n")
    cells = with_outputs_of(executed, changed).cells
    assert "More words" in cells[0].source and cells[1].outputs == [output]
    with pytest.raises(ValueError, match="has to be executed"):
        with_outputs_of(executed, parse("# One\n\n```python\n1 + 2\n```\n"))


def test_chapters_print_the_code_as_it_is():
    import gan_keras

    import nbformat

    printing = re.compile(r"print\(inspect\.getsource\(gan_keras\.([\w.]+)\)\)")
    printed = 0
    for path in sorted((ROOT / "chapters").glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for name in printing.findall(cell.source):
                source = inspect.getsource(operator.attrgetter(name)(gan_keras))
                output = "".join(output.get("text", "") for output in cell.outputs)
                assert source in output, f"{path.name} shows another {name}: build it anew."
                printed += 1
    assert printed > 5


def test_pictures_of_notebooks_lose_an_alpha_channel_that_hides_nothing():
    sys.path.insert(0, str(ROOT / "tools"))
    import notebooks

    def encoded(pixels):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", dpi=(80, 80))
        return base64.b64encode(file.getvalue()).decode()

    def opened(png):
        return Image.open(io.BytesIO(base64.b64decode(png)))

    pixels = np.random.default_rng(0).integers(0, 255, (40, 30, 4), "uint8")
    assert notebooks.opaque(encoded(pixels)) == encoded(pixels)
    pixels[..., 3] = 255
    found = notebooks.opaque(encoded(pixels))
    assert len(found) < len(encoded(pixels)) and opened(found).mode == "RGB"
    np.testing.assert_array_equal(np.asarray(opened(found)), pixels[..., :3])
    assert opened(found).info["dpi"] == opened(encoded(pixels)).info["dpi"]
