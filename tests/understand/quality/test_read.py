"""Tables as people and programs write them, in every sane shape, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.core.errors import InputError, UnitError
from luban.core.time import parse_time
from luban.understand.quality.data import NO_TIME, Sample
from luban.understand.quality.read import read_columns, read_counts, read_sample

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(text: str, name: str = "holes.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return put


def groups(sample: Sample) -> list[list[float]]:
    return [part.tolist() for part in np.split(sample.values, sample.starts[1:-1])]


# ---------------------------------------------------------------- shapes


@pytest.mark.parametrize(
    ("text", "options", "labels", "values"),
    [
        ("x\n1.5\n2.5\n", {}, "1 2", [[1.5], [2.5]]),
        ("1.5\n2.5\n", {}, "1 2", [[1.5], [2.5]]),
        ("t,x\n1,5.5\n2,6.5\n", {}, "1 2", [[5.5], [6.5]]),
        ("x\n1\n2\n3\n4\n5\n", {"size": 2}, "1 2 3", [[1, 2], [3, 4], [5]]),
        ("batch,value\nA,1\nA,2\nB,3\n", {}, "A B", [[1, 2], [3]]),
        ("value,batch\n1,A\n3,B\n2,A\n", {}, "A B", [[1, 2], [3]]),
        ("m,v\nA,1\nA,2\nB,3\n", {"value": "v", "subgroup": "m"}, "A B", [[1, 2], [3]]),
        ("c,w,v\n1,1,5\n1,2,6\n1,2,7\n", {"value": "v", "subgroup": "c,w"}, "1/1 1/2", [[5], [6, 7]]),
        ("day,value\nA,1\nA,2\n", {"shape": "single"}, "1 2", [[1], [2]]),
        ("Subgroup,X1,X2,X3\n1,1,2,3\n2,4,5,6\n", {}, "1 2", [[1, 2, 3], [4, 5, 6]]),
        ("X1,X2\n1,2\n4,5\n", {}, "1 2", [[1, 2], [4, 5]]),
        ("No.,1,2,3\n1,1.1,2,3\n2,4,5,6\n", {}, "1 2", [[1.1, 2, 3], [4, 5, 6]]),
        ("1,2,3\n1.5,2,3\n4,5,6\n", {}, "1 2", [[1.5, 2, 3], [4, 5, 6]]),
        ("when,a,b\nMon,1,2\nTue,3,4\n", {"value": "a,b"}, "Mon Tue", [[1, 2], [3, 4]]),
        ("lot,d 1,d 2,Mean,Range\nA,1,2,1.5,1\nB,3,4,3.5,1\n", {"value": "d*"}, "A B", [[1, 2], [3, 4]]),
        ("Subgroup,X1,X2,Xbar,R\nA,1,2,1.5,1\nB,3,4,3.5,1\n", {}, "A B", [[1, 2], [3, 4]]),
        ("Subgroup,X1,X2,X3\nA,1,2,\nB,4,,\n", {}, "A B", [[1, 2], [4]]),
        ("Subgroup,Temp [°C],X1,X2\nA,20,1,2\nB,21,4,5\n", {}, "A B", [[1, 2], [4, 5]]),
        ("Day 1,Day 2\n1,4\n2,5\n3,\n", {}, "Day_1 Day_2", [[1, 2, 3], [4, 5]]),
        ("subgroup,1,2\nX1,1.5,2\nX2,3,4\n", {}, "1 2", [[1.5, 3], [2, 4]]),
        (",Batch 1,Batch 2\nX1,1,2\nX2,3,4\n", {}, "Batch_1 Batch_2", [[1, 3], [2, 4]]),
        ("Batch,1,2\nBatch 1,1.5,2\nBatch 2,3,4\n", {}, "Batch_1 Batch_2", [[1.5, 2], [3, 4]]),
        ("a,b\n1,2\n3,4\n", {"shape": "columns"}, "a b", [[1, 3], [2, 4]]),
        ("a,b\n1,2\n3,4\n", {"shape": "wide"}, "1 2", [[1, 2], [3, 4]]),
        ("样本1,样本2\n1,2\n3,4\n", {}, "1 2", [[1, 2], [3, 4]]),
        ("x,machine\n1,M1\n2,M2\n3,m1\n", {"where": {"machine": "M1"}}, "1 2", [[1], [3]]),
    ],
)
def test_shapes(write: Write, text: str, options: dict[str, Any], labels: str, values: list[list[float]]) -> None:
    sample = read_sample(write(text), **options)
    assert groups(sample) == values
    assert list(sample.labels) == [label.replace("_", " ") for label in labels.split()]
    assert sample.excluded == ()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("时间;批次;直径\n2026/1/5 6:30;A;1,5\n2026/1/5 6:35;A;2,25\n", "gb18030"),
        ("시간\t배치\t측정값\n2026-01-05 06:30\tA\t1.5\n2026-01-05 06:35\tA\t2.25\n", "cp949"),
        ("Zeit;Charge;Länge\n05.01.2026 06:30;A;1,5\n05.01.2026 06:35;A;2,25\n", "cp1252"),
        ("time,batch,value\n2026-01-05 06:30,A,1.5\n2026-01-05 06:35,A,2.25\n", "utf-16"),
        ("time|batch|value\n2026-01-05T06:30Z|A|1.5\n2026-01-05T06:35Z|A|2.25\n", "utf-8-sig"),
        ("# of the CMM\nCMM 7\n\ntime batch value\n2026-01-05T06:30Z A 1.5\n2026-01-05T06:35Z A 2.25\n", "utf-8"),
    ],
)
def test_writings_of_the_world(write: Write, text: str, encoding: str) -> None:
    sample = read_sample(write(text, encoding=encoding))
    assert groups(sample) == [[1.5, 2.25]]
    assert (sample.labels, sample.time.tolist()) == (("A",), [parse_time("2026-01-05T06:30Z")])


def test_excel_with_a_title_merged_cells_units_and_formulas(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "empty"
    sheet = book.create_sheet("Messung")
    for line in (["Report of today"], [], ["Batch", "Value", "LSL", "USL"], ["", "mm", "mm", "mm"]):
        sheet.append(line)
    for batch in "AB":
        for at in range(3):
            sheet.append([batch if not at else None, 10 + at / 4, 9, 11])
    sheet.append(["C", "=1+1", 9, 11])
    sheet.append(["C", datetime(2026, 1, 5), 9, 11])  # noqa: DTZ001
    sheet.append(["C", "10.5", 9, 11])
    sheet.merge_cells("A5:A7")
    sheet.merge_cells("A8:A10")
    book.save(tmp_path / "report.xlsx")
    sample = read_sample(tmp_path / "report.xlsx")
    assert groups(sample) == [[10, 10.25, 10.5], [10, 10.25, 10.5], [10.5]]
    assert (sample.unit, sample.lower, sample.upper, sample.source) == ("mm", 9.0, 11.0, "report.xlsx!Messung")
    assert [(bad.where, bad.reason.split(":")[0]) for bad in sample.excluded] == [
        ("report.xlsx!Messung!B11", "a formula without a stored value"),
        ("report.xlsx!Messung!B12", "a date or time instead of a number"),
    ]
    with pytest.raises(InputError, match="no such sheet"):
        read_sample(tmp_path / "report.xlsx", sheet="Messungen")


def test_parquet_keeps_every_bit(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1 / 3, float("nan"), 5e-324]
    pq.write_table(pa.table({"serial": ["a", "b", "c", "d"], "value": values}), tmp_path / "x.parquet")
    sample = read_sample(tmp_path / "x.parquet")
    assert sample.values.tolist() == [values[0], values[1], values[3]]
    assert sample.labels == ("a", "b", "d")
    assert [(bad.where, bad.reason) for bad in sample.excluded] == [
        ("x.parquet:3", "NaN or infinity instead of a number")
    ]


# ---------------------------------------------------------------- bad input: a clear answer, never a silent drop


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("", "no value"), ("n/a", "no value"), ("-", "no value"), ("nan", "NaN or infinity instead of a number"),
        ("1e999", "NaN or infinity instead of a number"), ("fine", "text instead of a number"),
        ("<0.1", "a bound, not a measured value"), ("#DIV/0!", "an error of the workbook instead of a number"),
        ("1.5 furlongs", "text behind a number that is no known unit"), ("1.2.3", "text instead of a number"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("row", [0, 1])
def test_a_bad_cell_is_listed_with_its_place(write: Write, cell: str, reason: str, row: int) -> None:
    rows = ["A,1.5", "B,2.5"]
    rows.insert(row, f"C,{cell}")
    sample = read_sample(write("serial,value\n" + "\n".join(rows) + "\n"))
    assert sample.values.tolist() == [1.5, 2.5]
    (bad,) = sample.excluded
    assert (bad.where, bad.field, bad.came, bad.reason) == (f"holes.csv:{row + 2}", "value", cell, reason)


def test_in_a_wide_table_a_blank_is_a_smaller_subgroup_and_text_is_left_out(write: Write) -> None:
    sample = read_sample(write("Subgroup,X1,X2,X3\n1,1,,3\n2,4,bad,6\n3,,,\nMean,2.5,2,4\n"))
    assert groups(sample) == [[1, 3], [4, 6]]
    assert [(bad.where, bad.field, bad.reason) for bad in sample.excluded] == [
        ("holes.csv:3", "X2", "text instead of a number"),
        *[("holes.csv:5", f"X{n}", "a row of sums or means") for n in (1, 2, 3)],
    ]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("height,width\n1,2\n3,4\n", {}, "several columns hold numbers"),
        ("x\n1\n2\n", {"value": "y"}, "no such column"),
        ("x\na\nb\n", {}, "no numbers in the file"),
        ("", {}, "the file is empty"),
        ("# nothing\n", {}, "the file holds no table"),
        ("x,m\n1,A\n", {"where": {"m": "B"}}, "no row with that m"),
        ("x\n1\n2\n", {"lower": 5.0, "upper": 4.0}, "specification limits are reversed"),
        ("x,LSL,USL\n1,5,4\n2,5,4\n", {}, "specification limits are reversed"),
        ("x,LSL\n1,5\n2,6\n", {}, "several specifications in one table"),
        ("t,x\n1,5\n3,6\n2,7\n", {}, "time runs backwards"),
        ("x\n1 mm\n2 cm\n", {}, "mixed units in a column"),
        ("x\n1 mm\n2\n", {}, "mixed units in a column"),
        ("value,unit\n1,mm\n2,cm\n", {}, "mixed units in a column"),
        ("x1 [mm],x2 [N]\n1,2\n3,4\n", {}, "do not convert"),
        ("x\n1\n2\n", {"shape": "round"}, "unknown shape"),
        ("x\n1\n2\n", {"shape": "long"}, "no column names the subgroup"),
        ("x\n1\n2\n", {"size": -1}, "at least one value"),
        ("x\n1\n2\n", {"sheet": "S"}, "only a workbook has sheets"),
    ],
)
def test_what_cannot_be_read_is_said(write: Write, text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as raised:
        read_sample(write(text), **options)
    assert message in str(raised.value)
    assert "Traceback" not in str(raised.value)


def test_not_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(InputError):
            read_sample(path)
    (tmp_path / "x.xlsx").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "x.parquet").write_bytes(b"PAR1 broken")
    (tmp_path / "x.xls").write_bytes(b"\xd0\xcf\x11\xe0 old")
    (tmp_path / "x.csv").write_bytes(b"\0\1\2\3" * 20)
    for name in ("x.xlsx", "x.parquet", "x.xls", "x.csv"):
        with pytest.raises(InputError):
            read_sample(tmp_path / name)


def test_time_out_of_order_is_asked_about_and_then_sorted_or_kept(write: Write) -> None:
    path = write("time,batch,value\n2026-01-05 07:30,A,1\n2026-01-05 07:31,A,2\n2026-01-05 06:30,B,3\n")
    with pytest.raises(InputError, match="time runs backwards") as raised:
        read_sample(path)
    assert (raised.value.where, raised.value.came) == ("holes.csv:4", "B after A")
    assert read_sample(path, order="time").labels == ("B", "A")
    assert read_sample(path, order="file").labels == ("A", "B")


def test_a_value_whose_time_cannot_be_read_has_no_place(write: Write) -> None:
    sample = read_sample(write("time,value\n2026-01-05 07:30,1\nsoon,2\n2026-01-05 07:32,3\n"))
    assert sample.values.tolist() == [1, 3]
    assert [bad.came for bad in sample.excluded] == ["soon"]


def test_a_date_that_two_countries_read_differently_is_not_guessed(write: Write) -> None:
    both = read_sample(write("date,value\n03/04/2026,1\n05/06/2026,2\n"))
    assert both.time.tolist() == [NO_TIME, NO_TIME]
    first = read_sample(write("date,value\n03/04/2026,1\n25/06/2026,2\n"))
    assert first.time.tolist() == [parse_time("2026-04-03T00:00Z"), parse_time("2026-06-25T00:00Z")]
    with pytest.raises(InputError):
        read_sample(write("date,value\n03/04/2026,1\n01/25/2026,2\n"))  # 4 March, then 25 January


def test_units(write: Write) -> None:
    assert read_sample(write("length [mm]\n1\n2\n")).unit == "mm"
    converted = read_sample(write("length (cm)\n1\n2\n"), unit="mm")
    assert (converted.unit, converted.values.tolist(), converted.characteristic) == ("mm", [10, 20], "length")
    mixed = read_sample(write("x\n12.5 mm\n1.25 cm\n"), unit="mm")
    assert (mixed.unit, mixed.values.tolist()) == ("mm", [12.5, 12.5])
    column = read_sample(write("value,unit\n12.5,mm\n1.25,cm\n"), unit="mm")
    assert (column.unit, column.values.tolist()) == ("mm", [12.5, 12.5])
    assert read_sample(write("x\n1\n2\n"), unit="mm").unit == "mm"
    machines = read_sample(write("value,unit,measured_in\n12.5,lathe01,mm\n1.25,lathe01,cm\n"), unit="mm")
    assert machines.values.tolist() == [12.5, 12.5]
    with pytest.raises(UnitError):
        read_sample(write("x [kg]\n1\n2\n"), unit="mm")


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (("1,5", "2,25"), [1.5, 2.25]),
        (("1.234,5", "2,5"), [1234.5, 2.5]),
        (("12,345", "12,400"), [12.345, 12.4]),
        (("1,234,567", "2"), [1234567, 2]),
        (("1,234.5", "2"), [1234.5, 2]),
        (("1 234.5", "-0.5"), [1234.5, -0.5]),
        (("−1.5", "１２.5"), [-1.5, 12.5]),
        (("1e-3", "+.5"), [0.001, 0.5]),
    ],
)  # fmt: skip
def test_marks_of_numbers(write: Write, cells: tuple[str, ...], values: list[float]) -> None:
    text = "a;value\n" + "".join(f"k;{cell}\n" for cell in cells)
    assert read_sample(write(text)).values.tolist() == values


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_float_comes_back_to_the_bit(tmp_path: Path, values: list[float]) -> None:
    path = tmp_path / "f.csv"
    path.write_text("serial,value\n" + "".join(f"{at}x,{value!r}\n" for at, value in enumerate(values)), "utf-8")
    assert read_sample(path).values.tobytes() == np.array(values).tobytes()
    path.write_text(
        "serial;value\n" + "".join(f"{n}x;{v!r}\n".replace(".", ",") for n, v in enumerate(values)), "utf-8"
    )
    assert read_sample(path).values.tobytes() == np.array(values).tobytes()


# ---------------------------------------------------------------- studies and counts


def test_usable_rows_of_a_study(write: Write) -> None:
    columns = read_columns(write("part,operator,value\n1,Li,10.1\n1,Wu,\n,Li,10.2\n2,Wu,10.4\n"))
    found = columns.usable(["Value"], ["part", "operator"])
    assert found.numbers["Value"].tolist() == [10.1, 10.4]
    assert found.texts == {"part": ("1", "2"), "operator": ("Li", "Wu")}
    assert [(bad.where, bad.field) for bad in found.excluded] == [("holes.csv:3", "value"), ("holes.csv:4", "part")]
    with pytest.raises(InputError, match="no row can be used"):
        read_columns(write("part,value,w\n1,,3\n2,,4\n")).usable(["value"])
    with pytest.raises(InputError, match="no such column") as raised:
        columns.usable(["valeu"])
    assert "value" in raised.value.hint


ARCHIVE = """\
This is a data file of an archive  X.DAT
Number of observations = 6
   1. Response variable = thickness (mils)
To read it:  SKIP 25
   READ X.DAT Y X

{names}
--------------------
   1   24.5
   1   22.4
   1   bad
   2   23.7
   2   23.5
   2   23.1
"""


@pytest.mark.parametrize("names", [" DAY  THICKNESS", ""])
def test_an_archive_s_file_with_a_story_above_its_table(write: Write, names: str) -> None:
    columns = read_columns(write(ARCHIVE.format(names=names), "x.dat"))
    assert columns.names == (("DAY", "THICKNESS") if names else ("column 1", "column 2"))
    day, value = columns.names
    sample = read_sample(columns, value=value, subgroup=day)
    assert groups(sample) == [[24.5, 22.4], [23.7, 23.5, 23.1]]
    assert [(bad.where, bad.came) for bad in sample.excluded] == [("x.dat:11", "bad")]


def test_names_that_come_twice_and_columns_without_a_name(write: Write) -> None:
    assert read_columns(write("x,x,,\n1,2,3,\n")).names == ("x", "x (2)", "column 3")


@pytest.mark.parametrize(
    ("text", "options", "counts", "sizes", "defective"),
    [
        ("n_defective,n_total,subgroup\n14,125,1\n19,200,2\n", {}, [14, 19], [125, 200], True),
        ("n_defects,size,subgroup\n4,2.0,1\n3,2.5,2\n", {}, [4, 3], [2, 2.5], False),
        ("wafer,defects\n1,16\n2,14\n", {}, [16, 14], [1, 1], False),
        ("lot,bad\nA,1\nB,0\n", {"size": 50}, [1, 0], [50, 50], True),
        ("lot,k,m\nA,1,20\nB,0,30\n", {"count": "k", "size": "m"}, [1, 0], [20, 30], True),
        ("lot,k,m\nA,1,20\nB,0,30\n", {"count": "k", "size": "m", "defective": False}, [1, 0], [20, 30], False),
        ("批次,不良数,检验数\nA,1,20\nB,0,30\n", {}, [1, 0], [20, 30], True),
    ],
)
def test_counts(
    write: Write, text: str, options: dict[str, Any], counts: list[float], sizes: list[float], defective: bool
) -> None:
    found = read_counts(write(text), **options)
    assert (found.counts.tolist(), found.sizes.tolist(), found.defective) == (counts, sizes, defective)


def test_counts_that_cannot_be_are_listed(write: Write) -> None:
    found = read_counts(write("lot,defectives,inspected\nA,1,50\nB,1.5,50\nC,-1,50\nD,51,50\nE,1,0\nF,x,50\nG,50,50\n"))
    assert found.labels == ("A", "G")
    assert [(bad.where, bad.reason) for bad in found.excluded] == [
        ("holes.csv:3", "a count is a whole number"),
        ("holes.csv:4", "a count is below zero"),
        ("holes.csv:5", "more defective pieces than the 50 inspected"),
        ("holes.csv:6", "nothing was inspected"),
        ("holes.csv:7", "text instead of a number"),
    ]
    for text, message in (
        ("lot,defectives\nA,1\nB,2\n", "how many pieces were inspected is not known"),
        ("lot,a,b\nA,1,2\nB,2,3\n", "several columns hold numbers"),
        ("lot,defects\nA,x\nB,1.5\nC,0.5\n", "no usable count"),
    ):
        with pytest.raises(InputError, match=message):
            read_counts(write(text))


def test_two_names_with_a_comma_between_cut_two_columns_of_whole_numbers(tmp_path):
    rows = "".join(f"{n},{n % 7 + 10}\n" for n in range(1, 26))
    file = tmp_path / "counts.csv"
    file.write_text("wafer,defects\n" + rows, "utf-8")
    assert read_columns(file).names == ("wafer", "defects")
    file.write_text(rows, "utf-8")
    with pytest.raises(InputError, match="decimal mark, or two columns"):
        read_columns(file)
