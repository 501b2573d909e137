"""Books to write entries into, and the plan that comes with luban."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from luban.ledger import Ledger, LedgerWriter
from luban.norms.plans import TargetPlan, load_plan

Write = Callable[..., None]


def at(year: int, month: int = 1, day: int = 1) -> int:
    """[µs UTC]."""
    return int(datetime(year, month, day, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.fixture(scope="session")
def plan() -> TargetPlan:
    return load_plan("mic2025")


@pytest.fixture
def books(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def write(books: Path) -> Write:
    """Put rows into the books."""

    def put(*rows: dict[str, list[Any]], stream: str = "event") -> None:
        with LedgerWriter(books) as writer:
            names = dict.fromkeys(name for one in rows for name in one)
            table = {name: [cell for one in rows for cell in one.get(name, [None])] for name in names}
            writer.append(stream, table, source="test")

    return put


@pytest.fixture
def ledger(books: Path, write: Write) -> Iterator[Ledger]:
    """Books whose fact 1 is a count, and fact 2 its correction."""
    count = {"time": [at(2016)], "subject": ["p/m"], "quality": [0], "good": [1.0], "scrap": [0.0], "rework": [0.0]}
    write(count, stream="count")
    write(count | {"good": [3.0], "supersedes": [1]}, stream="count")
    found = Ledger(books)
    yield found
    found.close()


def day(year: int, month: int = 12, number: int = 31) -> date:
    return date(year, month, number)
