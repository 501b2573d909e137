"""One file with every fault that returns come with: each is named with its row, and what is left out is weighed."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luban.screens.cli.output import NO, OK
from tests.rollup.returns.world import firms

Run = Callable[..., tuple[int, str, str]]


def faulty() -> tuple[list[dict[str, Any]], dict[str, int]]:
    """(returns of sixty firms, fault → row of the file); a header stands above."""
    rows = firms()
    at = {(row["unit"], row["year"]): place for place, row in enumerate(rows)}

    def row(unit: str, year: int = 2020) -> dict[str, Any]:
        return rows[at[unit, year]]

    row("f001")["revenue"] = 0.0
    row("f002")["value_added"] = -40.0
    row("f003")["energy"] *= 1e4
    row("f010")["industry"], row("f010")["edition"] = "C3468", ""  # of the edition of 2011
    where = {"revenue-above-zero": at["f001", 2020], "value-added-not-negative": at["f002", 2020],
             "shift": at["f003", 2020], "old code": at["f010", 2020]}  # fmt: skip
    rows.append(row("f004") | {"revenue": row("f004")["revenue"] * 2})
    where["twice"] = len(rows) - 1
    rows.append(row("f006") | {"unit": "g006"})  # one firm under two ids
    where["same firm"] = len(rows) - 1
    rows.append(row("f007") | {"region": "CN/44/4403" if row("f007")["region"] != "CN/44/4403" else "CN/31/3101"})
    where["two regions"] = len(rows) - 1
    gone = at["f008", 2015]
    rows.pop(gone)
    return rows, {name: place + 2 - (place > gone) for name, place in where.items()} | {"no base year": 0}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "returns.csv"
    rows, _ = faulty()
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_each_fault_is_named_with_its_row_and_weighed(run_cli: Run, file: Path) -> None:
    code, out, err = run_cli("returns", "check", file, "--json")
    assert code == NO, err
    told, (rows, where) = json.loads(out), faulty()
    named = {(one.get("rule") or one["code"], one["place"]) for one in told["findings"]}
    for fault, row in where.items():
        if fault != "no base year":
            assert (fault, f"returns.csv:{row}") in named, (fault, sorted(named))
    assert [one["unit"] for one in told["findings"] if one["code"] == "no base year"][:1] == ["f008"]
    out_of_it = {one["place"] for one in told["findings"] if one["severity"] != "note"} - {""}
    lost = sum(row["revenue"] for at, row in enumerate(rows) if f"returns.csv:{at + 2}" in out_of_it)
    assert told["left_out"] == len(out_of_it) >= 7
    assert (told["measure"], told["share_left_out"]) == (
        "revenue", pytest.approx(lost / sum(row["revenue"] for row in rows)),
    )  # fmt: skip


def test_totals_say_what_is_left_out_and_how_much_it_matters(run_cli: Run, file: Path) -> None:
    code, out, err = run_cli("indicators", file, "--only", "I01", "--years", "2020", "--json")
    assert code == OK, err
    told, (rows, _) = json.loads(out), faulty()
    (whole,) = told["rows"]
    out_of_it = {(one["unit"], one["code"]) for one in told["problems"]["found"] if one["severity"] == "error"}
    assert {("f004", "twice"), ("f007", "two regions"), ("f010", "industry")} <= out_of_it
    dropped = {unit for unit, code in out_of_it if code in ("twice", "two regions", "industry")}
    kept = [row for row in rows if row["year"] == 2020 and row["unit"] not in dropped]
    assert whole["value"] == pytest.approx(100 * sum(r["rd_spend"] for r in kept) / sum(r["revenue"] for r in kept))
    shares = told["problems"]["share"]
    own = [row["revenue"] for row in rows if row["unit"] == "f007" and row["year"] == 2020]
    assert shares["two regions"] == pytest.approx(max(own) / sum(row["revenue"] for row in rows))
    report = run_cli("indicators", file, "--only", "I01")[1]
    assert "Rows to look at" in report
    assert "f010" in report


def test_where_every_cell_is_withheld_that_is_said(run_cli: Run, tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    path.write_text(
        "unit,year,region,industry,above_scale,revenue,rd_spend\na,2020,CN/31,C3421,1,10.5,2\nb,2020,CN/32,C3911,1,90.25,1\n"
    )
    code, out, err = run_cli("protect", path, "--indicator", "I01", "--by", "region")
    assert code == OK, err
    assert "Nothing can be told" in out
    told = json.loads(run_cli("protect", path, "--indicator", "I01", "--by", "region", "--json")[1])
    assert len(told["rows"]) >= 2
    assert all(row["reason"].startswith("withheld") for row in told["rows"])
    assert not {row[name] for row in told["rows"] for name in ("value", "numerator", "denominator", "low", "high")} - {
        None
    }
