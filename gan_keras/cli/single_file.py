"""A model of the package as one file that needs Keras, TensorFlow and NumPy alone.

Of each module that the model rests on, the file takes the functions, classes and constants that are
used, as they are written. What was reached through a module, as in `checks.check_shape`, is called
by its own name; names that would be ambiguous are preceded by the module's: `latent.normal` becomes
`latent_normal`.
"""

import ast
import heapq
import re
import sys
import textwrap
from collections import Counter
from pathlib import Path

import gan_keras

PACKAGE = Path(gan_keras.__file__).parent
TITLE = "gan-keras: a Keras/TensorFlow textbook companion on generative adversarial networks"
AUTHOR = "The gan-keras maintainers"
LICENSE = "Apache-2.0"
WIDTH = 100


class Module:
    """A file of the package, and where each name at its top level comes from.

    Attributes:
        statements: {name: the statements at the top level that define it}.
        library: {name: (module, name there)}; the name is None where it is the module itself.
        imports: {name: (package, name there, or None for the package itself)}, from elsewhere.
    """

    def __init__(self, name: str):
        self.name = name  # As in "models.cgan".
        self.short = name.rpartition(".")[2]
        self.source = path_of(name).read_text(encoding="utf-8")
        self.lines = self.source.splitlines()
        self.tree = ast.parse(self.source)
        self.statements, self.library, self.imports = {}, {}, {}
        for statement in self.tree.body:
            self._enter(statement)

    def _enter(self, statement):
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            self.statements.setdefault(statement.name, []).append(statement)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    self.statements.setdefault(node.id, []).append(statement)
        elif isinstance(statement, ast.Import):
            for alias in statement.names:
                self.imports[alias.asname or alias.name] = (alias.name, None)
        elif isinstance(statement, ast.ImportFrom):
            for alias in statement.names:
                bound = alias.asname or alias.name
                package, _, inner = statement.module.partition(".")
                if package != "gan_keras":
                    self.imports[bound] = (statement.module, alias.name)
                elif path_of(f"{inner}.{alias.name}".lstrip(".")):
                    self.library[bound] = (f"{inner}.{alias.name}".lstrip("."), None)
                else:
                    self.library[bound] = (inner, alias.name)

    def text(self, statement) -> tuple[int, int]:
        """First and last line of a statement, counted from 0, with the comment above it."""
        first = min([statement.lineno, *(d.lineno for d in decorators(statement))]) - 1
        while first > 0 and self.lines[first - 1].startswith("#"):
            first -= 1
        return first, statement.end_lineno - 1


def path_of(name: str) -> Path | None:
    """The file of a module of the package; None if there is none."""
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    return path if path.exists() else None


def decorators(statement):
    return getattr(statement, "decorator_list", [])


def single_file(model: str) -> str:
    """The source of a model as one file.

    Args:
        model: the name of its module in `gan_keras.models`, such as "cgan".
    """
    root = f"models.{model}"
    modules, used = select(root)
    names = choose_names(modules, used, root)
    order = reading_order(modules, used, root)
    parts = [part(modules[name], used[name], names, modules) for name in order]
    sections = [
        mentions(heading(modules[name], name == root), names, modules) + f"\n\n\n{text}"
        for name, text in zip(order, parts, strict=True)
    ]
    top = [
        notice(model),
        mentions(docstring(modules[root]), names, modules),
        imports(modules, used),
        contents(modules, order, parts),
    ]
    return "\n\n".join(top) + "\n\n\n" + "\n\n\n".join(sections) + "\n"


def select(root):
    """The modules that the model rests on, and of each the names that are used: two dicts."""
    modules, used, waiting = {}, {}, []

    def module(name):
        if name not in modules:
            modules[name], used[name] = Module(name), set()
        return modules[name]

    def use(name, definition):
        if definition not in used[name]:
            used[name].add(definition)
            waiting.append((name, definition))

    for definition in module(root).statements:
        use(root, definition)
    while waiting:
        name, definition = waiting.pop()
        for statement in modules[name].statements[definition]:
            for _, owner, target in references(module(name), statement):
                module(owner)
                use(owner, target)
    return modules, used


def references(module, statement):
    """(node, module, name) for each use in a statement of what the package defines."""
    inner = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            owner, target = module.library.get(node.value.id, (None, ""))
            if owner and target is None:
                inner.add(node.value)
                yield node, owner, node.attr
    for node in ast.walk(statement):
        if not isinstance(node, ast.Name) or node in inner:
            continue
        if node.id in module.statements:
            yield node, module.name, node.id
        elif node.id in module.library:
            yield node, *module.library[node.id]


def choose_names(modules, used, root):
    """{(module, name): its name in the file}."""
    chosen = {}
    count = Counter(name for names in used.values() for name in names)
    through_module, local = set(), set()
    for name, definitions in used.items():
        for definition in definitions:
            for statement in modules[name].statements[definition]:
                for node, owner, target in references(modules[name], statement):
                    if isinstance(node, ast.Attribute):
                        through_module.add((owner, target))
                local |= locals_of(statement)
    for module, names in used.items():
        for name in names:
            # One word, as in `normal`, tells too little without its module.
            vague = (module, name) in through_module and ("_" not in name or name in local)
            ambiguous = count[name] > 1 and module != root
            if vague or ambiguous:
                short = modules[module].short
                private = "_" if name.startswith("_") else ""
                prefix = short.upper() if name.isupper() else short
                chosen[module, name] = f"{private}{prefix}_{name.lstrip('_')}"
            else:
                chosen[module, name] = name
    twice = [name for name, n in Counter(chosen.values()).items() if n > 1]
    if twice:
        raise ValueError(f"{root}: two definitions would be called {', '.join(twice)}.")
    return chosen


def locals_of(statement) -> set[str]:
    """Names that functions inside a statement give to values of their own."""
    functions = [n for n in ast.walk(statement) if isinstance(n, (ast.FunctionDef, ast.Lambda))]
    nodes = [node for function in functions for node in ast.walk(function)]
    stored = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {node.arg for node in nodes if isinstance(node, ast.arg)}


def reading_order(modules, used, root):
    """The modules in use, each after those it rests on; short ones first, the model's own last."""
    rests_on = {
        name: {owner for owner, _ in modules[name].library.values() if used.get(owner)} - {name}
        for name in modules
        if used[name]
    }

    def entry(name):
        return sum(map(len, statements(modules[name], used[name]))), name

    order, done = [], set()
    ready = [entry(name) for name in rests_on if not rests_on[name]]
    heapq.heapify(ready)
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        done.add(name)
        for other, needed in rests_on.items():
            if name in needed and needed <= done:
                heapq.heappush(ready, entry(other))
    return order


def statements(module, names):
    """Ranges of lines of what is used of a module, in the order of its file."""
    chosen = {id(s): s for name in names for s in module.statements[name]}
    spans = [module.text(s) for s in chosen.values()]
    return [range(first, last + 1) for first, last in sorted(spans)]


def part(module, names, chosen, modules):
    """What is used of a module, as text."""
    lines = [line.encode() for line in module.lines]
    edits = []
    for name in names:
        for statement in module.statements[name]:
            if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
                new = chosen[module.name, statement.name]
                if new != statement.name:
                    start = lines[statement.lineno - 1].index(statement.name.encode())
                    edits.append((statement.lineno, start, statement.name, new))
            for node, owner, target in references(module, statement):
                new, old = chosen[owner, target], ast.unparse(node)
                if new != old:
                    edits.append((node.lineno, node.col_offset, old, new))
    for line, column, old, new in sorted(set(edits), reverse=True):
        text, old = lines[line - 1], old.encode()
        if text[column : column + len(old)] != old:
            raise ValueError(f"{module.name}, line {line}: {old.decode()} is not where it should.")
        lines[line - 1] = fitted(text[:column] + new.encode() + text[column + len(old) :])
    texts, last = [], None
    for span in statements(module, names):
        lone = last is not None and not is_block(module, span) and not is_block(module, last)
        between = "\n\n\n" if last is not None and not lone else ""
        if lone:
            between = "\n" if span.start == last.stop else "\n\n"
        texts.append(between + "\n".join(line.decode() for line in lines[span.start : span.stop]))
        last = span
    return mentions("".join(texts), chosen, modules)


def fitted(line: bytes) -> bytes:
    """A line of code that a longer name has made too long, broken at its outer brackets."""
    found = re.fullmatch(rb"( *)(.*?\()(.*)(\).*)", line)
    if len(line) <= WIDTH or not found:
        return line
    indent, head, inner, tail = found.groups()
    return b"\n".join([indent + head, indent + b"    " + inner, indent + tail])


def is_block(module, span):
    """Whether a range of lines is a function or class, which two empty lines set off."""
    code = [line for line in module.lines[span.start : span.stop] if not line.startswith("#")]
    return code[0].startswith(("def ", "class ", "@"))


def mentions(text, chosen, modules):
    """Names in docstrings and comments, as `dcgan.upsample`, as they are called in the file."""
    owners = {module.short: name for name, module in modules.items()}

    def rename(match):
        new = chosen.get((owners.get(match[1]), match[2]))
        return f"`{new}" if new else match[0]

    return re.sub(r"`(?:gan_keras\.)?(\w+)\.(\w+)", rename, text)


def notice(model):
    """Licence and citation."""
    version = gan_keras.__version__
    return f"""\
# From gan-keras {version}, put together of those parts of its files that the model needs:
# gan-keras export {model}
#
# Copyright {AUTHOR[0].lower() + AUTHOR[1:]}. Licensed under the Apache License, Version 2.0
# ({LICENSE}); you may obtain a copy at http://www.apache.org/licenses/LICENSE-2.0. Distributed on
# an "AS IS" basis, without warranties or conditions of any kind.
#
# To cite it: {AUTHOR}, version {version},
# "{TITLE}"."""


def imports(modules, used):
    """The import statements that the used parts need, sorted as ruff sorts them."""
    needed = {}
    for name, definitions in used.items():
        module = modules[name]
        for definition in definitions:
            for statement in module.statements[definition]:
                for node in ast.walk(statement):
                    if isinstance(node, ast.Name) and node.id in module.imports:
                        what = module.imports[node.id]
                        if needed.setdefault(node.id, what) != what:
                            raise ValueError(f"{node.id} is {what} and {needed[node.id]}.")
    groups = []
    for standard in (True, False):
        plain, members = [], {}
        for bound, (package, member) in needed.items():
            if (package.partition(".")[0] in sys.stdlib_module_names) != standard:
                continue
            original = member or package
            alias = original if original == bound else f"{original} as {bound}"
            if member is None:
                plain.append(f"import {alias}")
            else:
                members.setdefault(package, []).append(alias)
        lines = sorted(plain)
        lines += [f"from {p} import {', '.join(sorted(members[p]))}" for p in sorted(members)]
        groups.append("\n".join(lines))
    return "\n\n".join(filter(None, groups))


def contents(modules, order, parts):
    """What the file holds, as a comment."""
    lines = ["# In this order, each part after those it rests on:", "#"]
    for name, text in zip(order, parts, strict=True):
        defined = [s for s in re.findall(r"^(?:def|class) (\w+)", text, re.M) if s[0] != "_"]
        lines += textwrap.wrap(
            f"{modules[name].short}: {', '.join(defined)}", WIDTH,
            initial_indent="#   ", subsequent_indent="#     ",
        )  # fmt: skip
    return "\n".join(lines)


def heading(module, is_model):
    """A section's title; below it what the file it comes from says of itself."""
    path = f"gan_keras/{module.name.replace('.', '/')}.py"
    title = f"# ---- {module.short} ({path}) "
    lines = [title + "-" * (WIDTH - len(title))]
    if not is_model:  # Its docstring stands on top.
        lines += ["", docstring(module)]
    return "\n".join(lines)


def docstring(module):
    """What a module says of itself, as it is written."""
    first = module.tree.body[0]
    return "\n".join(module.lines[first.lineno - 1 : first.end_lineno])
