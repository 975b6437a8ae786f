"""What `tools/notebooks.py` shows of a notebook that runs."""

import asyncio
import importlib
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import DeadKernelError

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def notebooks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "tools")
    return importlib.import_module("notebooks")


def of(*cells):
    cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return nbformat.v4.new_notebook(cells=cells)


def test_what_a_library_writes_to_stderr_is_not_in_the_terminal(notebooks, tmp_path, capfd):
    notebook = of("import os; os.write(2, b'I0000 a log')", "print(1 + 1)")
    asyncio.run(notebooks.execute(notebook, tmp_path))
    assert notebook.cells[1].outputs[0].text == "2\n"
    terminal = "".join(capfd.readouterr())
    assert "cell 1/2" in terminal and "a log" not in terminal


def test_what_a_kernel_wrote_before_it_died_is_in_the_terminal(notebooks, tmp_path, capfd):
    notebook = of("import os; os.write(2, b'out of memory'); os._exit(9)")
    with pytest.raises(DeadKernelError):
        asyncio.run(notebooks.execute(notebook, tmp_path))
    assert "out of memory" in capfd.readouterr().err
