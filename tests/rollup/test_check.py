"""What is wrong with a frame is named by row, left out, and weighed."""

from __future__ import annotations

import math
from pathlib import Path

import narwhals as nw
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from luban.core.errors import InputError
from luban.rollup.check import SENTENCES, check_frame
from luban.rollup.deflators import Deflators, read_deflators
from luban.rollup.frame import canonical, read_frame
from luban.rollup.indicators import indicators
from tests.rollup.firms import PLAN, frame, one, rows_of, table

GOOD = {"revenue": 100.0, "rd_spend": 2.0, "year": 2015}


def test_each_row_is_named_and_left_out() -> None:
    rows = frame(
        {**GOOD, "unit": "good"},
        {**GOOD, "unit": "moved"}, {**GOOD, "unit": "moved", "region": "CN/32"},
        {**GOOD, "unit": "double"}, {**GOOD, "unit": "double", "revenue": 400.0},
        {**GOOD, "unit": "copied"}, {**GOOD, "unit": "copied"},
        {**GOOD, "unit": "old", "industry": "C3468"},
        {**GOOD, "unit": "flag", "design_tools": 2.0},
        {**GOOD, "unit": "endless", "revenue": float("inf")},
        {**GOOD, "unit": "light", "weight": 0.0},
        {**GOOD, "unit": "zero", "revenue": 0.0},
        {**GOOD, "unit": "loss", "value_added": -5.0},
        {**GOOD, "unit": "minus", "patents": -1.0},
        {**GOOD, "unit": "scale", "above_scale": None},
    )  # fmt: skip
    filled = rows.with_columns(weight=nw.col("weight").fill_null(1.0))
    problems = check_frame(filled, PLAN)
    named = {(one.code, one.unit) for one in problems.found}
    assert named == {
        ("two regions", "moved"), ("twice", "double"), ("same row twice", "copied"), ("industry", "old"),
        ("flag", "flag"), ("not finite", "endless"), ("weight", "light"), ("zero denominator", "zero"),
        ("negative flow", "loss"), ("negative", "minus"), ("scale unknown", "scale"),
    }  # fmt: skip
    old = next(one for one in problems.found if one.code == "industry")
    assert (old.came, old.severity) == ("C3468", "error")
    assert "C3467" in old.text  # says what the code is now
    assert {code for code, _ in problems.counts} <= set(SENTENCES)
    assert problems.measure == "revenue"
    assert problems.share["twice"] == pytest.approx(400 / 1600)
    assert problems.share["industry"] == pytest.approx(100 / 1600)
    left = problems.left_out(filled)
    units = left.select("unit").collect("pyarrow").to_native()["unit"].to_pylist()
    assert sorted(units) == ["copied", "endless", "flag", "good", "loss", "minus", "scale", "zero"]
    found = one(indicators(left, PLAN, (), only=("I01",)))
    assert (found["n"], found["excluded"], found["numerator"], found["denominator"]) == (6, 1, 12.0, 500.0)


def test_a_missing_base_year_is_said() -> None:
    problems = check_frame(frame({**GOOD, "year": 2020}), PLAN)
    assert [(one.code, one.year) for one in problems.found] == [("no base year", 2015)]
    assert problems.errors == 0


def test_a_clean_frame_is_left_alone() -> None:
    rows = frame(GOOD)
    problems = check_frame(rows, PLAN)
    assert (problems.rows, problems.found) == (1, ())
    assert rows_of(problems.left_out(rows))[0]["revenue"] == 100.0


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "folder"])
def test_files_of_each_kind(tmp_path: Path, kind: str) -> None:
    rows = table({**GOOD, "unit": "007", "above_scale": True}, {**GOOD, "rd_spend": None, "above_scale": False})
    path = tmp_path / f"firms.{kind}"
    if kind == "csv":
        text = "unit,year,region,industry,above_scale,revenue,rd_spend\n"
        path.write_text(text + "007,2015,CN/31/3101,C3421,是,100,2\nx,2015,CN/31,C3421,no,100,-\n", "utf-8-sig")
    elif kind == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        assert book.active is not None
        for line in (rows.column_names, *(list(row.values()) for row in rows.to_pylist())):
            book.active.append(line)
        book.save(path)
    else:
        path = path if kind == "parquet" else tmp_path / "firms" / "part.parquet"
        path.parent.mkdir(exist_ok=True)
        pq.write_table(rows, path)
        path = path.parent if kind == "folder" else path
    found = rows_of(read_frame(path, PLAN))
    assert (found[0]["unit"], found[0]["above_scale"], found[0]["rd_spend"]) == ("007", True, 2.0)
    assert (found[1]["above_scale"], found[1]["rd_spend"], found[1]["weight"]) == (False, None, 1.0)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_frame(tmp_path / "none.csv", PLAN)
    (tmp_path / "x.txt").write_text("a")
    with pytest.raises(InputError, match="unknown kind"):
        read_frame(tmp_path / "x.txt", PLAN)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(InputError, match="cannot be read"):
        read_frame(tmp_path / "x.parquet", PLAN)
    (tmp_path / "y.csv").write_text("unit,year,revenue\nfirm,2020,many\n")
    with pytest.raises(InputError, match=r"revenue is no number.*came: many"):
        read_frame(tmp_path / "y.csv", PLAN)
    (tmp_path / "z.csv").write_text("unit,revenue\nfirm,1\n")
    with pytest.raises(InputError, match=r"a column is missing.*year"):
        read_frame(tmp_path / "z.csv", PLAN)


def test_price_indices(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("industry,year,index\n,2015,100\n,2020,110\nC34,2015,50\nC34,2020,60\n")
    prices = read_deflators(path)
    assert prices.factor("C3421", 2020, 2015) == pytest.approx(1.2)
    assert prices.factor("C3911", 2020, 2015) == pytest.approx(1.1)
    assert prices.factor("C3421", 2021, 2015) is None
    assert prices.digits == 2
    for row in (",2015,none", ",2015.7,100"):
        path.write_text(f"industry,year,index\n{row}\n")
        with pytest.raises(InputError, match="not a year and an index") as caught:
            read_deflators(path)
        assert caught.value.where == f"{path}:2"
    with pytest.raises(InputError, match="not above zero"):
        Deflators.of([("", 2015, 0.0)])
    with pytest.raises(InputError, match="twice"):
        Deflators.of([("", 2015, 1.0), ("", 2015, 2.0)])


def test_arrow_types_of_other_makers() -> None:
    """Whole numbers, small floats and words in dictionaries are taken as they are meant."""
    data = pa.table(
        {
            "unit": pa.array(["a"]).dictionary_encode(), "year": pa.array([2020], pa.int16()),
            "above_scale": pa.array([1], pa.int8()), "revenue": pa.array([100], pa.int32()),
            "rd_spend": pa.array([2.0], pa.float32()), "industry": ["C34"],
        }
    )  # fmt: skip
    assert one(indicators(nw.from_native(data).lazy("duckdb"), PLAN, (), only=("I01",)))["value"] == 2.0


@pytest.mark.parametrize("year", [2015.7, "2015.7", math.inf])
def test_a_year_with_a_fraction_is_refused_with_its_unit(year: object) -> None:
    table = pa.table({"unit": ["a", "b"], "year": pa.array([type(year)(2015), year]), "revenue": [1.0, 2.0]})
    for rows in (nw.from_native(table), nw.from_native(pl.DataFrame(table))):
        with pytest.raises(InputError, match="not a year") as caught:
            canonical(rows.lazy(), PLAN)
        assert (caught.value.came, caught.value.where) == (str(year), "unit b")
    whole = pa.table({"unit": ["a"], "year": pa.array([2015.0]), "revenue": [1.0]})
    assert canonical(nw.from_native(whole).lazy(), PLAN).collect().to_dict(as_series=False)["year"] == [2015]
