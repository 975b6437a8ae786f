"""What definitions of the package use each other, found by following names in their source.

Names of modules are those within the package: "losses", "models.gan".
"""

import ast
import builtins
import graphlib
import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import gan_keras

PACKAGE = Path(gan_keras.__file__).resolve().parent

# What a reader may pass over at first: called only while a model is built or trained, it may stand
# at the end.
LAST = ("guards", "checks")


class Name(NamedTuple):
    """A definition of the package: a function, class or constant at the top of a module."""

    module: str  # within the package: "losses", "models.gan"
    name: str


class Use(NamedTuple):
    """A place where a definition is named: `node` is `name`, or `module.name` if `qualified`."""

    of: Name
    node: ast.expr
    qualified: bool


@dataclass
class Module:
    """A module of the package, taken apart."""

    name: str
    lines: list[bytes]  # ast counts columns in bytes
    docstring: str
    definitions: dict[str, ast.stmt]
    ours: dict[str, Name | str]  # imported from the package: definitions, and modules by their name
    others: dict[str, ast.stmt]  # imported from elsewhere: a statement that imports this one name

    @property
    def title(self) -> str:
        return self.name.rpartition(".")[2]


@cache
def read(name: str) -> Module:
    """Raises ValueError for a statement that is no import, function, class or constant."""
    path = PACKAGE / f"{name.replace('.', '/')}.py"
    tree = ast.parse(path.read_bytes())
    lines = path.read_bytes().splitlines()
    module = Module(name, lines, ast.get_docstring(tree), {}, {}, {})
    for statement in tree.body[1:]:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            _add_imports(module, statement)
        elif isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            module.definitions[statement.name] = statement
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            module.definitions[statement.targets[0].id] = statement
        elif isinstance(statement, ast.AnnAssign):
            module.definitions[statement.target.id] = statement
        else:
            raise ValueError(f"{path}, line {statement.lineno}: cannot be taken into another file.")
    return module


def _add_imports(module, statement):
    for alias in statement.names:
        known = alias.asname or alias.name
        source = getattr(statement, "module", None) or alias.name
        if source.partition(".")[0] != "gan_keras":
            alone = {key: value for key, value in vars(statement).items() if key != "names"}
            module.others[known] = type(statement)(**alone, names=[alias])
            continue
        inside = [*source.split(".")[1:], alias.name]
        is_module = (PACKAGE / "/".join(inside)).with_suffix(".py").exists()
        within = ".".join(inside[:-1])
        module.ours[known] = ".".join(inside) if is_module else Name(within, alias.name)


class _FreeNames(ast.NodeVisitor):
    """Collects the names in a definition that its functions do not bind themselves."""

    def __init__(self):
        self.bound, self.names, self.attributes = [], [], {}

    def visit_Name(self, node):
        if isinstance(node.ctx, ast.Load) and not any(node.id in names for names in self.bound):
            self.names.append(node)

    def visit_Attribute(self, node):
        self.attributes[id(node.value)] = node
        self.generic_visit(node)

    def visit_FunctionDef(self, node):
        outside = [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, node.returns]
        outside += [argument.annotation for argument in ast.walk(node.args) if _is_arg(argument)]
        for expression in filter(None, outside):
            self.visit(expression)
        self.bound.append(_bound(node))
        for statement in node.body:
            self.visit(statement)
        self.bound.pop()

    def visit_Lambda(self, node):
        self.bound.append(_bound(node))
        self.generic_visit(node)
        self.bound.pop()


def _is_arg(node):
    return isinstance(node, ast.arg)


def _bound(function) -> set[str]:
    """The names that a function binds, those of functions inside it included."""
    nodes = list(ast.walk(function))[1:]
    names = {node.arg for node in nodes if _is_arg(node)}
    names |= {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    named = (ast.FunctionDef, ast.ClassDef, ast.ExceptHandler)
    return names | {node.name for node in nodes if isinstance(node, named)}


@cache
def uses(name: Name) -> tuple[list[Use], set[str], set[str]]:
    """What a definition names: definitions of the package, imports, and names of its own inside.

    Raises:
        ValueError: for a name that is none of these, or a module of the package named as such.
    """
    module = read(name.module)
    definition = module.definitions[name.name]
    visitor = _FreeNames()
    visitor.visit(definition)
    found, imports, own = [], set(), _bound(definition) if _is_code(definition) else set()
    for node in visitor.names:
        target = module.ours.get(node.id)
        around = visitor.attributes.get(id(node))
        if isinstance(target, str) and around is not None:
            found.append(Use(Name(target, around.attr), around, True))
        elif isinstance(target, Name):
            found.append(Use(target, node, False))
        elif node.id in module.definitions:
            found.append(Use(Name(module.name, node.id), node, False))
        elif node.id in module.others:
            imports.add(node.id)
        elif not hasattr(builtins, node.id) and node.id not in own:
            raise ValueError(f"{name.module}.{name.name}: {node.id} cannot be followed.")
    return found, imports, own


def _is_code(node):
    return isinstance(node, (ast.FunctionDef, ast.ClassDef))


def selected(module: str) -> dict[str, set[str]]:
    """All of a module, and what it uses: {module: names}, modules before those that use them."""
    chosen, needs = {}, {}

    def add(name):
        if name.name in chosen.setdefault(name.module, set()):
            return
        chosen[name.module].add(name.name)
        for use in uses(name)[0]:
            if use.of.module != name.module:
                needs.setdefault(name.module, {})[use.of.module] = True  # A set that keeps order.
            add(use.of)

    for definition in read(module).definitions:
        add(Name(module, definition))
    order = graphlib.TopologicalSorter(needs).static_order()
    return {name: chosen[name] for name in sorted(order, key=LAST.__contains__)}


def new_names(chosen: dict[str, set[str]], main: str) -> dict[Name, str]:
    """What each definition is called where there are no modules.

    Its own name; but `module_name` if it is one word that was understood by its module
    (`losses.get`), if others are called the same and it is not of the module `main`, or if a
    function that uses it has a variable of that name.
    """
    everything = [Name(module, name) for module in chosen for name in chosen[module]]
    counts = Counter(name.name for name in everything)
    longer = {name for name in everything if counts[name.name] > 1 and name.module != main}
    for name in everything:
        found, _, own = uses(name)
        for use in found:
            short = use.qualified and re.fullmatch("[a-z]+", use.of.name)
            if short or use.qualified and use.of.name in own:
                longer.add(use.of)
    return {name: _longer(name) if name in longer else name.name for name in everything}


def _longer(name: Name) -> str:
    module = name.module.rpartition(".")[2]
    if name.name.isupper():
        return f"{module.upper()}_{name.name}"
    if name.name.startswith("_"):
        return f"_{module}{name.name}"
    return f"{module}_{name.name}"
