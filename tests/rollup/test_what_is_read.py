"""What stands in a file reaches the figure it belongs to, or is named: shifted columns, codes, weights, base years."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import narwhals as nw
import pyarrow as pa
import pytest
from openpyxl import Workbook

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.check import check_frame
from luban.rollup.deflators import Deflators
from luban.rollup.drill import drill
from luban.rollup.frame import read_frame
from luban.rollup.indicators import indicators

PLAN = load_plan()
MADE = {"industry": "C34", "above_scale": True}


def frame(*rows: dict[str, Any]) -> nw.LazyFrame[Any]:
    names = list(dict.fromkeys(name for row in rows for name in row))
    return nw.from_native(pa.table({name: [row.get(name) for row in rows] for name in names})).lazy("duckdb")


def told(rows: nw.LazyFrame[Any], indicator: str, year: int = 2020, **more: Any) -> dict[str, Any]:
    found = indicators(rows, PLAN, (), only=[indicator], **more).collect("pyarrow").to_native().to_pylist()
    return next(row for row in found if row["year"] == year)


def firm(name: str, year: int = 2020, **more: Any) -> dict[str, Any]:
    return {"unit": name, "year": year, "level": "enterprise", **MADE, **more}


def test_a_column_without_a_name_shifts_nothing_and_a_name_stands_once(tmp_path: Path) -> None:
    book = Workbook()
    page = book.active
    page.append(["unit", "year", "industry", "above_scale", "revenue", None, "rd_spend"])
    page.append(["A", 2020, "C34", "yes", 100, 7, 2])
    book.save(tmp_path / "one.xlsx")
    assert told(read_frame(tmp_path / "one.xlsx", PLAN), "I01")["value"] == 2.0
    page.cell(1, 6).value = "revenue"
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(InputError, match="stands twice"):
        read_frame(tmp_path / "two.xlsx", PLAN)


def test_a_code_in_small_letters_counts() -> None:
    rows = frame(firm("A", revenue=100.0, rd_spend=1.0) | {"industry": " c34"}, firm("B", revenue=100.0, rd_spend=3.0))
    assert (told(rows, "I01")["value"], told(rows, "I01")["n"]) == (2.0, 2)
    deflators = Deflators.of([("c34", 2015, 1.0), ("c34", 2020, 2.0), ("", 2015, 1.0), ("", 2020, 1.0)])
    assert deflators.factor("C3421", 2020, 2015) == 2.0
    with pytest.raises(InputError, match="no such industry"):
        Deflators.of([("34", 2020, 1.0)])


def test_a_region_goes_by_its_path_and_texts_that_are_no_numbers_are_named(tmp_path: Path) -> None:
    rows = frame({"unit": None, "level": "region", "region": "CN/31", "year": 2020, "broadband_households": 5.0,
                  "households": 10.0})  # fmt: skip
    assert [one.code for one in check_frame(rows, PLAN).found] == ["no base year"]
    assert told(rows, "I06")["value"] == 50.0
    for text in ("unit,year,revenue\nA,2015年,3\n", "unit,year,weight,revenue\nA,2015,abc,3\n",
                 "unit,year,revenue\nA,2015,１２\n"):  # fmt: skip
        (tmp_path / "bad.csv").write_text(text, "utf-8")
        with pytest.raises(InputError, match="no number"):
            read_frame(tmp_path / "bad.csv", PLAN)


def test_a_regions_row_or_another_year_without_weight_changes_no_sample() -> None:
    sample = [firm(name, weight=weight, stratum=name, revenue=100.0, rd_spend=spend)
              for name, weight, spend in (("a", 999.0, 1.0), ("b", 1.0, 9.0))]  # fmt: skip
    right = (999 * 1.0 + 9.0) / 1000  # % of revenue, weighted by hand
    region = {"unit": "R", "year": 2020, "level": "region", "weight": None, "broadband_households": 5.0,
              "households": 10.0}  # fmt: skip
    assert told(frame(*sample, region), "I01")["value"] == pytest.approx(right)
    older = firm("z", 2019, weight=None, revenue=1.0, rd_spend=0.0)
    mixed = frame(*sample, older)
    whole = told(mixed, "I01")["value"]
    assert drill(mixed, PLAN, "I01", 2020, by="industry").level == pytest.approx(whole)
    assert told(mixed, "I01", years=[2020])["value"] == pytest.approx(whole)


def test_a_base_year_that_is_not_whole_gives_no_exact_change_and_a_cut_to_nothing_is_a_whole_cut() -> None:
    rows = frame(
        firm("A", 2015, output=100.0, value_added=20.0), firm("B", 2015, output=None, value_added=None),
        firm("A", output=100.0, value_added=22.0), firm("B", output=100.0, value_added=50.0),
    )  # fmt: skip
    assert (told(rows, "I04")["low"], told(rows, "I04")["high"]) == (None, None)
    flat = Deflators.of([("", 2015, 1.0), ("", 2020, 1.0)])
    dry = frame(*(firm("A", year, water=water, value_added=10.0) for year, water in ((2015, 5.0), (2020, 0.0))))
    assert told(dry, "I11", deflators=flat)["value"] == 100.0


def test_an_interval_of_a_rate_ends_at_its_ceiling_and_no_spread_is_no_certainty() -> None:
    def asked(*machined: float) -> nw.LazyFrame[Any]:
        return frame(*(firm(str(at), weight=100.0, stratum="s", key_processes=10.0, nc_key_processes=one)
                       for at, one in enumerate(machined)))  # fmt: skip

    wide = told(asked(0.0, 0.0, 10.0), "I08")
    assert (wide["low"], wide["high"]) == (0.0, 100.0)
    assert told(asked(0.0, 0.0), "I08")["low"] is None


def test_what_has_no_price_index_is_not_told_at_current_prices() -> None:
    rows = frame(firm("A", 2015, water=5.0, value_added=10.0), firm("A", water=5.0, value_added=20.0))
    row = told(rows, "I11")
    assert (row["value"], row["level"]) == (None, None)
    some = frame(firm("A", water=5.0, value_added=10.0), firm("B", water=1.0, value_added=2.0) | {"industry": "C39"})
    partly = drill(
        some, PLAN, "I11", 2020, by="industry", deflators=Deflators.of([("C34", 2015, 1.0), ("C34", 2020, 2.0)])
    )
    assert (partly.level, partly.reason) == (None, "a price index is missing for an industry and year")
    assert {part.key: part.value is None for part in partly.parts} == {"C34": False, "C39": True}
