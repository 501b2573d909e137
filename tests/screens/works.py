"""What the small plants of these tests have in common: the head of plant.toml, machines, facts into the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from luban.ledger import LedgerWriter
from luban.loop.places import places

__all__ = ["ALWAYS", "CELL", "append", "equipment", "plant"]

ALWAYS = """
[[calendar]]
id = "always"
shifts = [{ name = "A", start = "00:00", end = "12:00", days = "Mon-Sun" }]
"""
"""A calendar that is open half of each day."""
CELL = """
[[source]]
id = "cell"
type = "shdr"
url = "tcp://127.0.0.1:7878"
"""
"""A source that nobody answers."""


def plant(path: str = "jinan", name: str = "Jinan gearbox works", *, calendar: str = "") -> str:
    """The head of plant.toml; `calendar` is the id of the calendar of the whole plant."""
    text = f'[plant]\nid = "{path}"\nname = "{name}"\ntime_zone = "Asia/Shanghai"\n'
    return text + (f'calendar = "{calendar}"\n' if calendar else "")


def equipment(names: Mapping[str, str], kind: str = "") -> str:
    """Equipment by path, with its name."""
    said = f'kind = "{kind}"\n' if kind else ""
    return "".join(f'\n[[equipment]]\npath = "{path}"\n{said}name = "{name}"\n' for path, name in names.items())


def append(folder: Path, stream: str, rows: Iterable[Mapping[str, Any]], source: str = "erp") -> None:
    """Write facts straight into the books; a column that a row lacks is empty."""
    held = list(rows)
    names = dict.fromkeys(name for row in held for name in row)
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append(stream, {name: [row.get(name) for row in held] for name in names}, source=source)
