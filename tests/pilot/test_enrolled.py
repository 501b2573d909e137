"""A plant enrolled and judged by its books: planted effects are found, what is missing is said."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR, parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.pilot.enrolled import FromBooks, enrol, enrolment, judge_books, judge_enrolment
from luban.plant import Plant, load
from luban.verify import LEAST_BEFORE

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop"
BEFORE, AFTER, A_DAY = 40, 30, 4


def made(folder: Path, *, better: bool = True, releases: bool = True, prices: bool = True) -> tuple[Plant, int]:
    """Books of 70 days; after 40 of them 2 instead of 5 % are bad, 24 instead of 40 h pass, 20 % less work."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    if not prices:
        (folder / "prices.csv").unlink()
    zone = load(folder).zone
    start = parse_time("2026-01-05 00:00", zone)
    g, rows = np.random.default_rng(5), {name: [] for name in ("time", "order", "end", "good", "scrap")}  # type: ignore[var-annotated]
    orders = ["id,item,quantity,release,due,priority"]
    for day in range(BEFORE + AFTER):
        on = better and day >= BEFORE
        for number in range(A_DAY):
            name = f"PO-{day:03d}-{number}"
            bad = int(g.binomial(200, 0.02 if on else 0.05))
            work = (2.0 if on else 2.5) * HOUR * g.uniform(0.9, 1.1)
            end = start + day * DAY + (3 + 5 * number) * HOUR + int(g.uniform(0, HOUR))
            begun = end - round(work)
            cycle = round((24 if on else 40) * HOUR * g.uniform(0.8, 1.2))
            release = np.datetime64(end - cycle + 8 * HOUR, "us").astype("datetime64[m]") if releases else ""
            orders.append(f"{name},shaft,200,{release},,1")
            for column, value in zip(rows, (begun, name, end, 200 - bad, bad), strict=True):
                rows[column].append(value)
    (folder / "orders.csv").write_text("\n".join(orders) + "\n", "utf-8")
    plant = load(folder)
    unit = next(one for one in plant.work_units if one.endswith("wash01"))
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        count = len(rows["time"])
        shared = {
            "subject": [unit] * count,
            "order": rows["order"],
            "operation": ["30"] * count,
            "item": ["shaft"] * count,
        }
        writer.append("operation", shared | {
            "time": rows["time"], "end": rows["end"], "good": [float(x) for x in rows["good"]],
            "scrap": [float(x) for x in rows["scrap"]],
        }, source="test")  # fmt: skip
        writer.append("count", shared | {
            "time": rows["end"], "good": [float(x) for x in rows["good"]], "scrap": [float(x) for x in rows["scrap"]],
            "rework": [0.0] * count, "quality": [0] * count,
        }, source="test")  # fmt: skip
        times = [one for pair in zip(rows["time"], rows["end"], strict=True) for one in pair]
        writer.append("state", {
            "subject": [unit] * (2 * count), "time": times, "state": ["running", "idle"] * count,
            "mapping": ["generic@1"] * (2 * count), "quality": [0] * (2 * count),
            "order": [one for name in rows["order"] for one in (name, None)],
            "operation": ["30", None] * count, "item": ["shaft", None] * count,
        }, source="test")  # fmt: skip
    return plant, start


def enrolled(folder: Path, plant: Plant, start: int) -> None:
    ledger = Ledger(folder / ".luban" / "ledger")
    on = start + BEFORE * DAY
    made = enrol(ledger, plant, "tiny", on=on, since=start, person="li", moment=on)
    ledger.close()
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        writer.append("event", made, source="pilot")


def in_time(folder: Path, plant: Plant, start: int) -> FromBooks:
    """What is found where the books took the enrolment in when it was made."""
    enrolled(folder, plant, start)
    ledger = Ledger(folder / ".luban" / "ledger")
    own = enrolment(ledger, "tiny")
    assert own is not None
    return judge_enrolment(ledger, plant, replace(own, recorded=own.on), until=start + (BEFORE + AFTER) * DAY)


def test_planted_effects_are_found(tmp_path: Path) -> None:
    found = in_time(tmp_path, *made(tmp_path))
    changes = {one.metric: one for one in found.changes}
    assert changes["defects"].share.low <= 0.02 / 0.05 - 1 <= changes["defects"].share.high
    assert changes["cycle"].share.low <= 24 / 40 - 1 <= changes["cycle"].share.high
    assert changes["cost"].share.low <= 0.8 * (1 - 0.05) / (1 - 0.02) - 1 <= changes["cost"].share.high
    assert changes["defects"].verdict == "met 2020"
    assert changes["cost"].verdict == "missed"


def test_nothing_planted_nothing_found(tmp_path: Path) -> None:
    found = in_time(tmp_path, *made(tmp_path, better=False))
    assert {one.verdict for one in found.outcomes.values()} == {"no effect"}
    assert {one.verdict for one in found.changes} == {"missed"}


def test_a_baseline_that_the_books_took_in_afterwards_judges_nothing(tmp_path: Path) -> None:
    plant, start = made(tmp_path)
    enrolled(tmp_path, plant, start)  # with a clock that was put back: the books know better
    found = judge_books(Ledger(tmp_path / ".luban" / "ledger"), plant, "tiny", until=start + (BEFORE + AFTER) * DAY)
    assert {one.verdict for one in found.changes} == {"not evaluable"}
    assert {one.why for one in found.changes if one.metric != "cost"} == {"the baseline was fixed after the act"}


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    plant, start = made(tmp_path, releases=False, prices=False)
    enrolled(tmp_path, plant, start)
    why = {one.metric: one.why for one in judge_books(Ledger(tmp_path / ".luban" / "ledger"), plant, "tiny").changes}
    assert "prices.csv" in why["cost"]
    assert "orders.csv" in why["cycle"]


def test_too_short_a_time_before_is_not_evaluable(tmp_path: Path) -> None:
    plant, start = made(tmp_path)
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    on = start + 10 * DAY
    entry = enrol(ledger, plant, "tiny", on=on, since=start, person="", moment=on)
    ledger.close()
    with LedgerWriter(tmp_path / ".luban" / "ledger") as writer:
        writer.append("event", entry, source="pilot")
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    found = judge_books(ledger, plant, "tiny")
    assert {one.verdict for one in found.changes} == {"not evaluable"}
    with pytest.raises(InputError, match="enrolled already"):
        enrol(ledger, plant, "tiny", on=on + DAY, since=start, person="", moment=on)
    ledger.close()


def test_a_date_that_is_over_enrols_nobody(tmp_path: Path) -> None:
    plant, start = made(tmp_path)
    ledger = Ledger(tmp_path / ".luban" / "ledger")
    with pytest.raises(InputError, match="fixed"):
        enrol(ledger, plant, "tiny", on=start + DAY, since=start, person="", moment=start + 2 * DAY)
    with pytest.raises(InputError, match="ends where it begins"):
        enrol(ledger, plant, "tiny", on=start + DAY, since=start + DAY, person="", moment=start)
    assert LEAST_BEFORE > 10
