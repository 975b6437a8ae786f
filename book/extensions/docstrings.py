"""The library's docstrings, plain text that is read in an editor, as reStructuredText.

What is indented becomes a block of code, since it is a formula, and a name in backticks becomes a
link if the reference has it. Napoleon then makes fields of `Args:`, `Raises:` and the like.
"""

import importlib
import inspect
import re
import sys

from sphinx.util import inspect as sphinx_inspect

SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):$")
MODULES = [
    f"gan_keras{part}"
    for part in ("", ".models", ".models.dcgan", ".callbacks", ".metrics", ".plotting", ".toys")
]


def find(name: str, module: str):
    """What `name` means in a docstring of `module`: its full name, or None."""
    for where in (module, *MODULES):
        found = importlib.import_module(where)
        for part in name.split("."):
            found = getattr(found, part, None)
        if inspect.ismodule(found) and found.__name__.startswith("gan_keras."):
            return found.__name__
        if getattr(found, "__module__", None) and found.__module__.startswith("gan_keras"):
            return f"{found.__module__}.{found.__qualname__}"
    return None


def code(text: str, module: str) -> str:
    full = re.fullmatch(r"[A-Za-z_.]+", text) and find(text.removeprefix("gan_keras."), module)
    return f":py:obj:`{text} <{full}>`" if full else f"``{text}``"


def inline(text: str, module: str) -> str:
    """`text` with its code marked, and all else that reStructuredText would take for marks kept."""
    pieces = re.split(r"`([^`]+)`", text)
    pieces[::2] = [re.sub(r"([\\*|]|_(?!\w))", r"\\\1", piece) for piece in pieces[::2]]
    pieces[1::2] = [code(" ".join(piece.split()), module) for piece in pieces[1::2]]
    # Marks end at a space; one that is escaped is not shown.
    return re.sub(r"(?<=\0)(?=\w)", r"\\ ", "\0".join(pieces)).replace("\0", "")


def blocks(lines: list[str]):
    """Paragraphs and what is indented between them, as (is_code, lines)."""
    in_section, block, kind = False, [], None
    for i, line in enumerate(lines):
        if line and not line.startswith(" "):
            in_section = bool(SECTION.match(line))
        indented = line.startswith("    ") and not in_section
        if not line.strip():
            following = next((after for after in lines[i:] if after.strip()), "")
            indented = bool(kind) and following.startswith("    ")
        if indented != kind and block:
            yield kind, block
            block = []
        kind = indented
        block.append(line)
    if block:
        yield kind, block


def as_rest(app, what, name, obj, options, lines):
    module = name
    while module not in sys.modules:
        module = module.rpartition(".")[0]
    result = []
    for is_code, block in blocks(list(lines)):
        if is_code:
            result += ["", ".. code-block:: text", "", *block, ""]
        else:
            result += inline("\n".join(block), module).split("\n")
    lines[:] = result


def signature(app, what, name, obj, options, args, returns):
    """A model's arguments are those of its own `__init__`; Keras' `__new__` hides them."""
    if what == "class":
        own = sphinx_inspect.signature(obj.__init__, bound_method=True)
        return sphinx_inspect.stringify_signature(own, show_return_annotation=False), None
    return None


def setup(app):
    app.connect("autodoc-process-signature", signature)
    app.connect("autodoc-process-docstring", as_rest, priority=400)  # Napoleon's is 500.
    return {"parallel_read_safe": True, "parallel_write_safe": True}
