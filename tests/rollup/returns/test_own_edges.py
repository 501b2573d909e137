"""What a year's own books may lack: the last day that still counts, and the first that does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luban.core.time import DAY
from luban.norms.plans import TargetPlan
from tests.rollup.returns.test_own import END, asked, books, plant_of, readings


def test_a_controller_counts_up_to_ninety_days(tmp_path: Path, plan: TargetPlan) -> None:
    ages = (0.5, 89.9, 90.1, 91.0, 200.0)
    plant_of(tmp_path, len(ages))
    rows: dict[str, list[Any]] = {
        "time": [END - int(age * DAY) for age in ages], "subject": [f"mill/m{at:03d}" for at in range(len(ages))],
        "state": ["ACTIVE"] * len(ages), "mapping": ["mtconnect-execution@1"] * len(ages), "quality": [0] * len(ages),
    }  # fmt: skip
    books(tmp_path, state=rows, meter=readings()).close()
    found = asked(tmp_path, plan)
    assert [one.controlled for one in found.processes] == [True, True, False, False, False]
    assert (found.line("nc_key_processes").value, found.line("key_processes").value) == (2, len(ages))


@pytest.mark.parametrize(("days", "known"), [(346, False), (350, True)])
def test_meters_that_know_95_percent_of_the_year(tmp_path: Path, plan: TargetPlan, days: int, known: bool) -> None:
    """Of 366 days 347.7 are 95 %."""
    plant_of(tmp_path, 1)
    books(tmp_path, meter=readings(days)).close()
    line = asked(tmp_path, plan).line("water")
    assert (line.value is not None) == known, line
    assert bool(line.reason) != known
