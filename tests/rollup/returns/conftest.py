from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from luban.ledger import Ledger, LedgerWriter
from luban.norms.plans import TargetPlan, load_plan
from luban.rollup.returns import Taken


@pytest.fixture(scope="session")
def plan() -> TargetPlan:
    return load_plan("mic2025")


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Ledger]:
    """Puts what was taken, or rows of a stream, into the books and opens them."""

    def put(taken: Taken | None = None, **streams: dict[str, list[object]]) -> Ledger:
        with LedgerWriter(tmp_path / "ledger") as writer:
            for stream, rows in taken.parts() if taken else ():
                writer.append(stream, rows, source="returns")
            for stream, rows in streams.items():
                writer.append(stream, rows, source="test")
        return Ledger(tmp_path / "ledger")

    return put
