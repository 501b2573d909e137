"""What stands at the top of the product's modules, each parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["MODULES", "SOURCE", "Module", "imports", "read"]

SOURCE = Path(__file__).parents[2] / "src" / "luban"
MODULES = sorted(path for path in SOURCE.rglob("*.py") if not path.stem.endswith("_pb2") and path.stem != "__main__")


@dataclass(frozen=True)
class Module:
    """A module without its tree, which is large.

    listed   what its `__all__` names; None without one
    bound    names that its top level binds
    gathers  it only imports and lists
    taken    module and name of each `from … import …`, wherever it stands
    """

    listed: tuple[str, ...] | None
    bound: frozenset[str]
    gathers: bool
    taken: tuple[tuple[str, str], ...]
    docstring: str | None


@cache
def read(path: Path) -> Module:
    """Parse one."""
    tree = ast.parse(path.read_text("utf-8"))
    return Module(
        listed=_listed(tree),
        bound=frozenset(_bound(tree.body)),
        gathers=all(isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign) for node in tree.body),
        taken=tuple(
            (node.module, alias.name)
            for node in imports(tree.body)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        ),
        docstring=ast.get_docstring(tree),
    )


def imports(body: Sequence[ast.AST]) -> Iterator[ast.Import | ast.ImportFrom]:
    """Every import below these statements. Expressions hold none and are not looked at."""
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        else:
            for part in ("body", "orelse", "finalbody", "handlers", "cases"):
                inner = getattr(node, part, None)
                if isinstance(inner, list):
                    yield from imports(inner)


def _listed(tree: ast.Module) -> tuple[str, ...] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets):
            return tuple(ast.literal_eval(node.value))
    return None


def _bound(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.If | ast.Try):
            yield from _bound(node.body)
