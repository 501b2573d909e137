from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from luban.core.errors import InputError, LubanError
from luban.understand.health.lifetime import read_lives, read_times
from luban.understand.health.lifetime.words import READING


def written(folder: Path, text: str) -> Path:
    file = folder / "lives.csv"
    file.write_text(text, "utf-8")
    return file


def test_a_column_says_which_failed(tmp_path: Path):
    found = read_lives(written(tmp_path, "hours [h],status,cause,n\n54,F,seal,1\n187,failed,bearing,2\n500,S,,10\n"))
    assert found.low.tolist() == [54, 187, 500]
    assert found.high.tolist() == [54, 187, np.inf]
    assert found.count.tolist() == [1, 2, 10]
    assert found.modes == ("seal", "bearing", "")
    assert (found.unit, found.name, found.failures, found.units) == ("h", "hours", 3, 13)


@pytest.mark.parametrize(
    "text",
    [
        "time\n6\n6+\n<2\n>9\n",
        "时间,状态\n6,失效\n6,在用\n2,左删失\n9,在用\n",
        "a,b\n6,F\n6,S\n2,left\n9,S\n",
        "from,to\n6,6\n6,\n0,2\n9,inf\n",
        "last ok;found failed\n6;6\n6;\n;2\n9;∞\n",
    ],
)
def test_every_shape_says_the_same(tmp_path: Path, text: str):
    found = read_lives(written(tmp_path, text))
    assert found.low.tolist() == [6, 6, 0, 9]
    assert found.high.tolist() == [6, np.inf, 2, np.inf]
    assert found.before.tolist() == [False, False, True, False]


def test_a_column_of_censoring_is_the_other_way_round(tmp_path: Path):
    found = read_lives(written(tmp_path, "cycles,censored\n10,0\n20,1\n30,\n"))
    assert found.exact.tolist() == [True, False, True]


def test_bad_rows_are_listed_and_never_guessed(tmp_path: Path):
    text = "life,status,entry,count\n5,F,,1\nabc,F,,1\n-3,F,,1\n7,maybe,,1\n8,F,9,1\n9,F,2,0\n,F,,1\n12,S,3,1\n"
    found = read_lives(written(tmp_path, text))
    assert found.low.tolist() == [5, 12]
    assert found.entry.tolist() == [0, 3]
    assert [one.where.split(":")[1] for one in found.excluded] == ["3", "4", "5", "6", "7", "8"]
    reasons = [one.reason for one in found.excluded]
    assert reasons == [READING[6], READING[1], READING[2], READING[5], READING[4], READING[0]]
    looks = read_lives(written(tmp_path, "low,high\n5,3\n0,0\n2,4\n"))
    assert [one.reason for one in looks.excluded] == [READING[3], READING[1]]


def test_units_are_converted_and_workbooks_read(tmp_path: Path):
    book = Workbook()
    book.active.append(["life [min]", "event"])
    for life, event in ((60, 1), (120, 0)):
        book.active.append([life, event])
    book.save(tmp_path / "lives.xlsx")
    found = read_lives(tmp_path / "lives.xlsx", unit="h")
    assert found.low.tolist() == pytest.approx([1, 2])
    assert found.unit == "h"
    with pytest.raises(LubanError):
        read_lives(tmp_path / "lives.xlsx", unit="km")


@pytest.mark.parametrize(
    ("text", "message"),
    [("a,b\n1,2\n3,4\n", "no column of lives"), ("life,status\nabc,F\n1,maybe\n", "no row can be used")],
)
def test_what_cannot_be_read_says_so(tmp_path: Path, text: str, message: str):
    with pytest.raises(InputError, match=message):
        read_lives(written(tmp_path, text))


def test_times_of_failures_and_counts_between_looks(tmp_path: Path):
    times, counts, unit, source = read_times(written(tmp_path, "running hours [h]\n5\n40\n43\n"))
    assert (times.tolist(), counts, unit, source) == ([5, 40, 43], None, "h", "lives.csv")
    times, counts, _, _ = read_times(written(tmp_path, "time,failures\n62,12\n100,6\n"), count="failures")
    assert counts is not None
    assert counts.tolist() == [12, 6]
    with pytest.raises(InputError, match="number"):
        read_times(written(tmp_path, "time\n5\nx\n7\n8\n"))
