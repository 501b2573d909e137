"""Which program a run rests on: a digest of its module and of all of luban that it imports, wherever it does so.

Reads   source files    Writes  nothing
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import luban

__all__ = ["code_digest", "sources"]

_IMPORT = re.compile(
    r"^\s*(?:from\s+(luban[\w.]*)\s+import\s+(\([^)]*\)|[^\n#]+)|import\s+(luban[\w.]*))", re.MULTILINE
)
_HOME = Path(luban.__file__).parent
_DATA = (".csv", ".toml", ".json")


def code_digest(module: str) -> str:
    """SHA-256 over all sources that a module rests on; another digest, another program.

    module  full name, e.g. luban.pilot.c2_machining
    Example code_digest("luban.pilot.money") == code_digest("luban.pilot.money")
    """
    found = hashlib.sha256()
    for path in sources(module):
        name = path.relative_to(_HOME) if path.is_relative_to(_HOME) else path.name
        found.update(f"{name}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def sources(module: str) -> tuple[Path, ...]:
    """Source files of a module and of what it imports, with the tables that lie beside them, in order."""
    seen: set[Path] = set()
    todo = list(_files(module)) if module.split(".")[0] == "luban" else _foreign(module)
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        todo += _imported(path)
    tables = {one for path in seen if path.is_relative_to(_HOME) for one in _tables(path.parent)}
    return tuple(sorted(seen | tables))


def _foreign(module: str) -> list[Path]:
    """The file of a module that is not luban's own."""
    spec = find_spec(module)
    return [Path(spec.origin)] if spec is not None and spec.origin else []


@cache
def _tables(folder: Path) -> tuple[Path, ...]:
    return tuple(one for one in folder.iterdir() if one.suffix in _DATA) if folder != _HOME else ()


def _imported(path: Path) -> Iterator[Path]:
    for match in _IMPORT.finditer(path.read_text("utf-8")):
        source, names, plain = match.groups()
        yield from _files(source or plain)
        for name in re.findall(r"\w+", names or ""):
            yield from _files(f"{source}.{name}")


def _files(module: str) -> Iterator[Path]:
    """The file of a module and those of the packages it lies in; none for what is no module."""
    parts = module.split(".")[1:]
    if parts and not (_at(parts)):
        return
    for size in range(len(parts) + 1):
        if found := _at(parts[:size]):
            yield found


def _at(parts: list[str]) -> Path | None:
    place = _HOME.joinpath(*parts)
    own, package = place.with_suffix(".py"), place / "__init__.py"
    return own if parts and own.is_file() else package if package.is_file() else None
