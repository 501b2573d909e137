"""In the books: a baseline is fixed once, an outcome is judged anew and never overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.ledger import Ledger, LedgerWriter, correction
from luban.verify import (
    Decision,
    Measure,
    Metric,
    Prediction,
    baseline_of,
    freeze_row,
    frozen,
    kept,
    outcome_row,
    outcomes,
    recompute,
    series_of,
)

START = 1_893_456_000_000_000  # years ahead: what a book records now is recorded before the act


def moment(day: int) -> int:
    return START + day * DAY


METRIC = Metric("scrap share", "1")
MEASURE = Measure("count", "p/m", "scrap", "share", over=("good", "scrap"), origin=START)
ACT = Decision("offset 12", moment(30), "setpoint", "li")
END = moment(45)


def counts(first: int, last: int, chance: float, seed: int) -> dict[str, Any]:
    g = np.random.default_rng(seed)
    times = [START + day * DAY + hour * HOUR for day in range(first, last) for hour in (6, 14, 20)]
    bad = g.binomial(200, chance, len(times))
    return {"time": times, "subject": ["p/m"] * len(times), "quality": [0] * len(times),
            "good": [float(200 - one) for one in bad], "scrap": [float(one) for one in bad],
            "rework": [0.0] * len(times)}  # fmt: skip


@pytest.fixture
def books(tmp_path: Path) -> Path:
    with LedgerWriter(tmp_path) as writer:
        writer.append("count", counts(0, 30, 0.08, 1), source="counter")
    return tmp_path


def fix(books: Path) -> None:
    base = frozen(Ledger(books), MEASURE, METRIC, ACT, start=START, moment=ACT.at - HOUR)
    row = freeze_row(Ledger(books), base, ACT, person="li", predicted=Prediction(-0.04, -0.05, -0.03))
    row["time"] = [ACT.at - HOUR]
    with LedgerWriter(books) as writer:
        writer.append("event", row, source="desk")


def test_an_act_from_baseline_to_outcome_and_its_correction(books: Path) -> None:
    fix(books)
    own = baseline_of(Ledger(books), "offset 12")
    assert own is not None
    assert own.genuine
    assert own.baseline.usable
    with pytest.raises(InputError, match="has a baseline already"):
        freeze_row(Ledger(books), own.baseline, ACT, person="li")
    with LedgerWriter(books) as writer:
        receipt = writer.append("count", counts(30, 45, 0.04, 2), source="counter later")
    first, last, why = recompute(Ledger(books), "offset 12", until=END)
    assert (first.verdict, last, why) == ("helped", None, "first")
    assert first.against is not None
    assert first.against.held
    with LedgerWriter(books) as writer:
        writer.append("event", outcome_row(first, why=why), source="judge")
    assert recompute(Ledger(books), "offset 12", until=END)[2] == ""
    stream, row = correction(Ledger(books), receipt.first_seq, {"good": "100", "scrap": "100"})
    with LedgerWriter(books) as writer:
        writer.append(stream, row, source="corrections")
    second, last, why = recompute(Ledger(books), "offset 12", until=END)
    assert why == "facts were corrected"
    assert second.effect > first.effect
    with LedgerWriter(books) as writer:
        writer.append("event", outcome_row(second, before=last, why=why), source="judge")
    every = outcomes(Ledger(books), every=True)
    assert [one.replaces for one in every] == [0, every[0].seq]
    assert [one.outcome.effect for one in outcomes(Ledger(books))] == [second.effect]
    assert every[0].outcome.as_dict() == first.as_dict()


def test_a_baseline_that_was_corrected_afterwards_is_still_the_first(books: Path) -> None:
    fix(books)
    own = baseline_of(Ledger(books), "offset 12")
    assert own is not None
    stream, row = correction(Ledger(books), own.seq, {"data": '{"baseline": {}}'})
    with LedgerWriter(books) as writer:
        writer.append(stream, row, source="corrections")
    again = baseline_of(Ledger(books), "offset 12")
    assert again == own
    assert kept(Ledger(books)) == (own,)


def test_a_baseline_recorded_after_the_act_judges_nothing(books: Path) -> None:
    past = Decision("offset 12", 30 * DAY, "setpoint", "li")
    measure = Measure("count", "p/m", "scrap", "share", over=("good", "scrap"))
    old = counts(-45, 0, 0.06, 3)
    old["time"] = [int(str(one)) - START + 45 * DAY for one in old["time"]]
    with LedgerWriter(books) as writer:
        writer.append("count", old, source="old")
        base = frozen(Ledger(books), measure, METRIC, past, start=0, moment=past.at - HOUR)
        assert base.usable
        # whatever the row says of its time, the books know when they took it in
        writer.append("event", freeze_row(Ledger(books), base, past, person="li"), source="desk")
    found = recompute(Ledger(books), "offset 12", until=45 * DAY)[0]
    assert found.reasons == ("the baseline was fixed after the act",)


def test_a_measure_reads_what_it_says(books: Path) -> None:
    ledger = Ledger(books)
    rows = ledger.table("count").to_pylist()
    day = [one for one in rows if START + 3 * DAY <= one["time"] < START + 4 * DAY]
    found = series_of(ledger, MEASURE, START, moment(30))
    assert len(found) == 30
    assert found.values[3] == sum(one["scrap"] for one in day)
    assert found.exposure is not None
    assert found.exposure[3] == 600
    mean = series_of(ledger, Measure("count", "p/m", "good", origin=START), START, moment(30))
    assert mean.values[3] == pytest.approx(np.mean([one["good"] for one in day]))
    number = series_of(ledger, Measure("count", "p/m", way="number", origin=START), START, moment(33))
    assert number.values.tolist() == [3.0] * 30
    assert [one.reason for one in number.excluded] == ["not known"] * 3
    assert Measure.from_dict(MEASURE.as_dict()) == MEASURE
    with pytest.raises(InputError, match="no such column"):
        Measure("count", "p/m", "weight")
    with pytest.raises(InputError, match="no baseline"):
        recompute(ledger, "nothing")
