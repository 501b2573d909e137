"""The pages of the repository as tests read them: links, headings, blocks, tables, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from luban.screens.cli.main import app

ROOT = Path(__file__).parents[2]
SKIPPED = {".venv", "node_modules", ".luban", ".pytest_cache", "build", "dist"}
PAGES = sorted(
    path for path in ROOT.rglob("*.md") if not SKIPPED & set(path.relative_to(ROOT).parts) and path.is_file()
)
DOCS = [path for path in PAGES if path.is_relative_to(ROOT / "docs")]

_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)\[[^\]\[]*\]\(([^)\s]+)\)")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(text_of(path)) if kind == language]


def prose(path: Path) -> str:
    """The page without its code blocks."""
    return _FENCE.sub("", text_of(path))


def links(path: Path) -> list[str]:
    return _LINK.findall(prose(path))


def headings(path: Path) -> list[str]:
    return [line.lstrip("#").strip() for line in prose(path).splitlines() if re.match(r"#+ ", line)]


def anchors(path: Path) -> set[str]:
    """Anchors as GitHub makes them of headings."""
    return {re.sub(r"[^\w\- ]", "", heading.casefold()).strip().replace(" ", "-") for heading in headings(path)}


def tables(path: Path) -> dict[str, list[list[str]]]:
    """Rows of the tables below each heading, without their heads."""
    found: dict[str, list[list[str]]] = {}
    section, below = "", False
    for line in prose(path).splitlines():
        if line.startswith("#"):
            section, below = line.lstrip("#").strip(), False
        elif re.match(r"\|[-|: ]+\|$", line):
            below = True
        elif line.startswith("|") and below:
            cells = re.split(r"(?<!\\)\|", line.strip().strip("|"))
            found.setdefault(section, []).append([cell.strip() for cell in cells])
        elif not line.startswith("|"):
            below = False
    return found


def commands() -> dict[str, Any]:
    """Every command by its words: 'luban ledger verify'."""

    def below(command: Any, name: str) -> Iterator[tuple[str, Any]]:
        yield name, command
        for part, inner in getattr(command, "commands", {}).items():
            yield from below(inner, f"{name} {part}")

    return dict(below(typer.main.get_command(app), "luban"))
