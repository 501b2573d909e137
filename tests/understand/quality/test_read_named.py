from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from luban.core.errors import InputError
from luban.understand.quality.read.named import named_columns, roles_in

SPELLINGS = {"time": ("time", "时间"), "amount": ("register", "读数"), "meter": ("meter", "电表")}


def header(names) -> bool:
    return {"time", "amount"} <= set(roles_in(names, SPELLINGS))


def test_the_header_is_found_below_titles_in_any_encoding(tmp_path: Path):
    text = "车间一月抄表\n\n时间;电表;读数 [MWh];\n2026-01-05 06:00;M1;12,5;x\n2026-01-06 06:00;M2;13,25;\n"
    (tmp_path / "a.csv").write_bytes(text.encode("gb18030"))
    table = named_columns(tmp_path / "a.csv", header)
    assert table is not None
    assert table.names == ("时间", "电表", "读数 [MWh]")
    assert table.units == {"读数 [MWh]": "MWh"}
    assert table.text("电表") == ("M1", "M2")
    assert table.numbers("读数 [MWh]").values.tolist() == [12.5, 13.25]
    assert table.place(1) == "a.csv:5"
    assert roles_in(table.names, SPELLINGS) == {"time": "时间", "meter": "电表", "amount": "读数 [MWh]"}


def test_workbooks_and_parquet_say_the_same(tmp_path: Path):
    book = Workbook()
    book.active.title = "Jan"
    for row in (["Readings"], ["Time", "Register"], ["2026-01-05", 12.5]):
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    pq.write_table(pa.table({"Time": ["2026-01-05"], "Register": [12.5]}), tmp_path / "a.parquet")
    for name, place in (("a.xlsx", "a.xlsx!Jan!B3"), ("a.parquet", "a.parquet:1")):
        table = named_columns(tmp_path / name, header)
        assert table is not None
        assert table.numbers("register").values.tolist() == [12.5]
        assert table.place(0, "Register") == place


def test_no_header_no_table(tmp_path: Path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", "utf-8")
    assert named_columns(tmp_path / "a.csv", header) is None
    with pytest.raises(InputError, match="no such file"):
        named_columns(tmp_path / "b.csv", header)


def test_of_two_columns_of_a_role_the_first_is_taken_and_two_of_a_name_are_refused(tmp_path: Path):
    (tmp_path / "b.csv").write_text("time,register,register,读数,,\n2026-01-05,1,2,3,,\n", "utf-8")
    with pytest.raises(InputError, match="two columns have one name") as caught:
        named_columns(tmp_path / "b.csv", header)
    assert (caught.value.came, caught.value.where) == ("register (column 2), register (column 3)", "b.csv")
    (tmp_path / "a.csv").write_text("time,register,读数,,\n2026-01-05,1,3,,\n", "utf-8")
    table = named_columns(tmp_path / "a.csv", header)
    assert table is not None
    assert roles_in(table.names, SPELLINGS)["amount"] == "register"
