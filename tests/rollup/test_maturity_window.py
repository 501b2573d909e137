"""Facts show a requirement for ninety days and no longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.ledger import Ledger, LedgerWriter
from luban.plant import Plant
from luban.rollup.maturity import maturity
from tests.rollup.test_maturity import CMMM, DAY, NOW, plant, states

__all__ = ["plant"]


@pytest.mark.parametrize(("age", "share"), [(1, 1.0), (89, 1.0), (91, None)])
def test_ninety_days(plant: Plant, tmp_path: Path, age: int, share: float | None) -> None:
    """All units were heard so many days before the newest fact, which is of one unit."""
    units = len(plant.work_units)
    with LedgerWriter(tmp_path / "ledger") as writer:
        writer.append("state", states(plant, units, NOW - age * DAY), source="s")
        writer.append("state", states(plant, 1), source="s")
    shown = maturity(Ledger(tmp_path / "ledger"), plant, CMMM).answers["equipment.3"].shown
    told = None if shown is None else shown.amount
    assert told == pytest.approx(share) if share else told in (None, pytest.approx(1 / units))
