"""A model as one readable file that needs keras, tensorflow and numpy alone.

The file holds the model's own module whole, and of the others just what it uses. Source text is
sliced, so that comments and docstrings stay.
"""

import ast
import itertools
import re
import sys
import textwrap

import gan_keras
from gan_keras import onednn
from gan_keras.export.names import Name, new_names, read, selected, uses

WIDTH = 100

# As in CITATION.cff.
AUTHORS = "The gan-keras maintainers"
TITLE = "gan-keras: a Keras/TensorFlow textbook companion on generative adversarial networks"
YEAR = 2026


def one_file(kind: type, command: str) -> str:
    """The text of a file that holds a model of the package with all that it uses.

    Args:
        kind: the model's class.
        command: that the file was made by, which it names.
    """
    main = kind.__module__.removeprefix(f"{gan_keras.__name__}.")
    chosen = selected(main)
    names = new_names(chosen, main)
    sections = [_section(read(module), chosen[module], names, main) for module in chosen]
    top = [
        _header(kind, command, chosen, main),
        f'"""{read(main).docstring}\n"""',
        _imports(chosen),
    ]
    text = "\n\n".join(top) + "\n\n" + "\n\n\n".join(sections) + "\n"
    text = re.sub(r"  # fmt: skip$", "", text, flags=re.M)
    return _docstring_references(text, names)


def _header(kind, command, chosen, main) -> str:
    titles = [read(module).title for module in chosen]
    titles[titles.index(read(main).title)] += " (the model itself)"
    version = gan_keras.__version__
    return _comment(
        f"{kind.__name__} in one file, which needs keras 3, tensorflow and numpy alone.",
        f"Taken out of gan-keras {version} by `{command}`. Licensed under the Apache License, "
        "Version 2.0, https://www.apache.org/licenses/LICENSE-2.0: keep this notice, and say what "
        "you have changed.",
        f"To cite it, beside the paper below: {AUTHORS} ({YEAR}). {TITLE}. Version {version}.",
        "To use it:",
        *_example(kind),
        f"On an x86 processor set the environment variable {onednn.VARIABLE} to 1 before Python "
        "starts: TensorFlow then computes by oneDNN, where there is no AVX-512 up to 1.8 times as "
        "fast.",
        f"The parts, each below a line: {', '.join(titles)}. On a first reading pass over the last "
        "two, which watch over training and refuse what cannot work. A name that begins with that "
        "of a part, as guards_finite does, is guards.finite in gan-keras. Comments and "
        "messages also name what is in gan-keras alone, such as load_dataset.",
    )


def _example(kind) -> list[str]:
    translates = issubclass(kind, gan_keras.TranslationModel)
    told = issubclass(kind, gan_keras.CGAN)
    shape = "64, 64, 3" if translates else "28, 28, 1"
    data = "a, b" if translates else "images, labels" if told else "images"
    labels = "; labels are (n,) integers" if told else ""
    batch_size = 4 if kind is gan_keras.CycleGAN else 16 if translates else 64
    noise = "" if kind is gan_keras.CycleGAN else ", seed=0"
    drawn = f"translate(a{noise})" if translates else f"generate(16, {'labels=7, ' * told}seed=0)"
    images = "a and b" if translates else "images"
    return [
        f"    # {images} are (n, {shape}), float32 in [-1, 1]{labels}.",
        f"    model = {kind.__name__}(image_shape=({shape}){', num_classes=10' * told})",
        "    model.compile()",
        f"    model.fit({data}, batch_size={batch_size}, epochs=20)",
        f"    drawn = model.{drawn}",
        '    model.save("model.keras")',
    ]


def _comment(*paragraphs) -> str:
    """Paragraphs as a comment; lines that are indented stay as they are."""
    lines = []
    for before, paragraph in itertools.pairwise(["", *paragraphs]):
        code = paragraph.startswith("    ")
        if before and not (code and before.startswith("    ")):
            lines.append("")
        lines += [paragraph] if code else textwrap.wrap(paragraph, WIDTH - 2)
    return "\n".join(f"# {line}".rstrip() for line in lines)


def _imports(chosen) -> str:
    statements = {}
    for module in map(read, chosen):
        for name in chosen[module.name]:
            for known in uses(Name(module.name, name))[1]:
                statement = module.others[known]
                other = statements.setdefault(known, statement)
                if ast.unparse(other) != ast.unparse(statement):
                    raise ValueError(f"{known} is imported in two ways: {module.name}")
    plain = [ast.unparse(s) for s in statements.values() if isinstance(s, ast.Import)]
    members = {}
    for statement in statements.values():
        if isinstance(statement, ast.ImportFrom):
            alias = statement.names[0]
            members.setdefault(statement.module, []).append(ast.unparse(alias))
    lines = sorted(plain)
    lines += [f"from {name} import {', '.join(sorted(members[name]))}" for name in sorted(members)]
    standard = [s for s in lines if re.split(r"[ .]", s)[1] in sys.stdlib_module_names]
    others = [line for line in lines if line not in standard]
    return "\n\n".join("\n".join(part) for part in (standard, others) if part)


def _section(module, chosen, names, main) -> str:
    """The chosen definitions of a module in their order, under a heading."""
    whole = chosen == set(module.definitions)
    about = module.docstring if whole else module.docstring.partition("\n\n")[0]
    about = "The model itself; its paper stands at the top." if module.name == main else about
    heading = ["-" * (WIDTH - 2), module.title + ", in part" * (not whole), "", *about.splitlines()]
    lines = _renamed(module, chosen, names)
    text, end = "\n".join(f"# {line}".rstrip() for line in heading), 0
    for name, node in module.definitions.items():
        if name in chosen:
            first, last = _span(module, node)
            follows = end and not any(line.strip() for line in module.lines[end : first - 1])
            text += "\n" * (first - end if follows else 3)
            text += b"\n".join(lines[first - 1 : last]).decode()
            end = last
    return text


def _span(module, node) -> tuple[int, int]:
    """First and last line of a definition, decorators and comments directly above included."""
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    while first > 1 and module.lines[first - 2].startswith(b"#"):
        first -= 1
    return first, node.end_lineno


def _renamed(module, chosen, names) -> list[bytes]:
    """The module's lines with definitions under their new names."""
    changes = []
    for name in chosen:
        node, new = module.definitions[name], names[Name(module.name, name)]
        if new != name:
            if isinstance(node, ast.ClassDef):
                raise ValueError(f"Two classes are called {name}: saved models name them by that.")
            target = node.targets[0] if isinstance(node, ast.Assign) else node
            column = 4 if isinstance(node, ast.FunctionDef) else 0  # after "def "
            changes.append((target.lineno, column, name, new))
        for use in uses(Name(module.name, name))[0]:
            old = ast.unparse(use.node)
            if names[use.of] != old:
                changes.append((use.node.lineno, use.node.col_offset, old, names[use.of]))
    lines = list(module.lines)
    for number, column, old, new in sorted(set(changes), reverse=True):
        line, end = lines[number - 1], column + len(old.encode())
        if line[column:end] != old.encode():
            raise ValueError(f"{module.name}, line {number}: {old} cannot be given another name.")
        lines[number - 1] = line[:column] + new.encode() + line[end:]
    return [_broken(line) for line in lines]


def _broken(line: bytes) -> bytes:
    """A call or the head of a function in three lines, if a longer name has made it too long."""
    parts = re.fullmatch(rb"( *)(.*?\()(.*)(\)( -> .*)?:?)", line)
    if len(line) <= WIDTH or not parts:
        return line
    indent, begin, middle, end = parts.groups()[:4]
    return b"%b%b\n%b    %b\n%b%b" % (indent, begin, indent, middle, indent, end)


def _docstring_references(text, names) -> str:
    """`module.name` in docstrings and comments as what it is called now, `gan_keras.x` as `x`."""
    for name, new in names.items():
        module = name.module.rpartition(".")[2]
        text = text.replace(f"`{module}.{name.name}`", f"`{new}`")
    return re.sub(r"`gan_keras\.(\w+)`", r"`\1`", text)
