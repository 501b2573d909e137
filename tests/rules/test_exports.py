"""Public names are listed, and the list is true. Files are named by what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "luban"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if not path.stem.endswith("_pb2") and path.stem != "__main__")
NOT_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "manager", "managers", "base"}


def name_of(path: Path) -> str:
    return path.relative_to(SOURCE).as_posix()


def listed(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            names: list[str] = ast.literal_eval(node.value)
            return names
    return None


def defined(body: list[ast.stmt]) -> Iterator[str]:
    """Names that a module's top level binds."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from defined(node.body)


def order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then the rest, as ruff sorts them."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


def module_of(path: Path) -> str:
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_the_list_is_true_and_sorted(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    bound, names = set(defined(tree.body)), listed(tree)
    if names is None:
        assert not bound, "no __all__"
        return
    assert sorted(set(names) - bound) == [], "listed, but not there"
    assert names == sorted(set(names), key=order), "not sorted"
    if all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in tree.body):
        # a package that only gathers names gathers them for others
        assert sorted(bound - set(names) - {"__all__", "annotations"}) == [], "gathered, but not listed"


def test_what_one_module_takes_from_another_is_listed_there() -> None:
    trees = {module_of(path): ast.parse(path.read_text("utf-8")) for path in MODULES}
    taken = {
        (node.module, alias.name, module)
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in trees
        for alias in node.names
        if f"{node.module}.{alias.name}" not in trees
    }
    assert sorted((a, name, by) for a, name, by in taken if name not in (listed(trees[a]) or ())) == []


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks", "tools"])
def test_no_file_is_a_grab_bag(folder: Path) -> None:
    root = SOURCE.parents[1] / folder
    named = [path for path in root.rglob("*") if path.stem.casefold() in NOT_NAMES and "node_modules" not in path.parts]
    assert named == []


@pytest.mark.parametrize("path", [path for path in MODULES if path.stem == "__init__"], ids=name_of)
def test_every_package_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), "no docstring"
