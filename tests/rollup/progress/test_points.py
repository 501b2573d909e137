import math

import narwhals as nw
import pyarrow as pa
import pytest

from luban.core.errors import InputError
from luban.norms.plans import load_plan
from luban.rollup.points import Point, levels, measured, ordered, points_of, read_points


def test_a_file_of_values(tmp_path):
    file = tmp_path / "values.csv"
    file.write_text("indicator,year,value,low,high,source\nI07,2021,74.7,73,76,a\nI07,2020,,,,\nI08,2021,51.3,,,b\n")
    found = read_points(file)
    assert found["I07"] == (Point(2021, 74.7, 73, 76, source="a"),)
    assert math.isnan(found["I08"][0].low)


@pytest.mark.parametrize(("rows", "message"), [("I07,2021,x\n", "not a number"), ("I07,last,1\n", "not a year"),
                                               ("I07,2021,1\nI07,2021,2\n", "one year has two values")])  # fmt: skip
def test_bad_cells_are_named(tmp_path, rows, message):
    file = tmp_path / "values.csv"
    file.write_text("indicator,year,value\nI01,2020,1\n" + rows)
    with pytest.raises(InputError, match=message) as caught:
        read_points(file)
    assert "values.csv" in caught.value.where


def test_rows_of_a_rolled_up_frame():
    frame = pa.table({"indicator": ["I01", "I01", "I01", "I02"], "year": [2020, 2021, 2021, 2020],
                      "region": ["CN", "CN", "CN/31", "CN"], "value": [1.0, None, 2.0, 3.0],
                      "low": [0.9, None, 1.0, None], "high": [1.1, None, 3.0, None]})  # fmt: skip
    assert points_of(nw.from_native(frame).lazy(), "I01", region="CN") == (Point(2020, 1.0, 0.9, 1.1),)
    assert [one.year for one in points_of(frame, "I01")] == [2020, 2021]


def test_levels_and_changes_turn_into_each_other():
    plan = load_plan()
    some = [Point(2015, 1.0, 0.98, 1.02), Point(2018, 0.9), Point(2020, 0.82)]
    cut = measured(some, plan.indicator("I09"))
    assert [round(one.value, 9) for one in cut] == [0, 10, 18]
    assert (cut[0].low, cut[0].high) == pytest.approx((-2, 2))
    assert [one.value for one in levels(cut, plan.indicator("I09"))] == pytest.approx([100, 90, 82])
    index = [Point(2015, 100), Point(2020, 143.56), Point(2025, 143.56 * 1.065**5)]
    growth = measured(index, plan.indicator("I05"))
    assert [(one.year, round(one.value, 2)) for one in growth] == [(2020, 7.50), (2025, 6.5)]
    back = levels(growth, plan.indicator("I05"))
    assert [one.value for one in back] == pytest.approx([100, 143.56, 143.56 * 1.065**5])
    assert levels([Point(2023, 6.0)], plan.indicator("I05"))[0] == Point(2020, 100.0)
    rise = measured([Point(2015, 20.0), Point(2020, 22.0)], plan.indicator("I04"))
    assert rise[1].value == pytest.approx(2.0)


def test_a_missing_base_year_is_said():
    with pytest.raises(InputError, match="base year is missing"):
        measured([Point(2016, 1.0)], load_plan().indicator("I09"))
    with pytest.raises(InputError, match="no number"):
        ordered([Point(2016, math.nan)])
