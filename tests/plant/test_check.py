"""Every complaint names the file and the line (or cell), says what came, and what was expected."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from luban.core.errors import ConfigError
from luban.plant import check, load

GOOD = """\
[plant]
id = "jinan"
name = "Jinan gearbox works"
time_zone = "Asia/Shanghai"

[[calendar]]
id = "two"
shifts = [
  { name = "early", start = "06:30", end = "14:30", days = "Mon-Fri" },
  { name = "night", start = "22:00", end = "06:00", days = "Mon-Fri" },
]

[[equipment]]
path = "machining/lathe01"
calendar = "two"

[[source]]
id = "okuma"
type = "shdr"
url = "tcp://127.0.0.1:7878"

[[signal]]
id = "machining/lathe01:load"
source = "okuma"
address = "S1load"
unit = "%"
range = [0, 200]
"""

TABLES = {
    "items.csv": "id,name,unit\nshaft,Drive shaft,piece\nbar,Steel bar,kg\n",
    "routing.csv": "item,operation,unit,ideal_cycle_s,setup_s\nshaft,10,machining/lathe01,48,1200\n",
    "orders.csv": "id,item,quantity,release,due,priority\nPO-1,shaft,500,2026-11-23T06:30,2026-11-27T22:30,1\n",
    "bom.csv": "parent,item,quantity\nshaft,bar,1.2\n",
    "characteristics.csv": "item,name,unit,nominal,lower,upper\nshaft,diameter,mm,25,24.9,25.1\n",
}


def plant_folder(folder: Path, toml: str = GOOD, **tables: str) -> Path:
    (folder / "plant.toml").write_text(toml, "utf-8")
    for name, text in TABLES.items():
        (folder / name).write_text(tables.get(name.removesuffix(".csv"), text), "utf-8")
    return folder


def test_good_folder_has_no_complaint(tmp_path):
    assert check(plant_folder(tmp_path)) == []


# (what is wrong, text replaced, replacement, where the complaint points, words in it)
TOML_CASES = [
    ("broken TOML", "[plant]", "[plant", "plant.toml:1:7", "broken TOML"),
    ("broken at the end", "range = [0, 200]\n", "range = [0, 200", "plant.toml:27", "broken TOML"),
    ("key given twice", 'unit = "%"', 'unit = "%"\nunit = "%"', "plant.toml:27:11", "broken TOML"),
    ("unknown section", "[[calendar]]", "[[calender]]", "plant.toml:6", "did you mean calendar?"),
    ("unknown key", 'unit = "%"', 'untis = "%"', "plant.toml:26", "did you mean unit?"),
    ("unknown key in a shift", 'start = "22:00"', 'strat = "22:00"', "plant.toml:10", "did you mean start?"),
    ("missing table", "[plant]", "[kpi]", "plant.toml:1", "missing table"),
    ("missing key", 'name = "Jinan gearbox works"\n', "", "plant.toml:1", "missing key"),
    ("missing key in an entry", 'source = "okuma"\n', "", "plant.toml:22", "missing key"),
    ("wrong type", "range = [0, 200]", 'range = "0-200"', "plant.toml:27", "a list in [ ]"),
    ("wrong type within", "range = [0, 200]", 'range = [0,\n  "200"]', "plant.toml:28", "a number"),
    ("yes is not true", 'unit = "%"', 'enabled = "yes"', "plant.toml:26", "true or false"),
    ("one table for a list", "[[source]]", "[source]", "plant.toml:17", "[[source]]"),
    ("unknown kind", 'calendar = "two"', 'kind = "work unti"', "plant.toml:15", "did you mean work unit?"),
    ("bad time zone", "Asia/Shanghai", "Asia/Shangai", "plant.toml:4", "did you mean Asia/Shanghai?"),
    ("bad plant id", 'id = "jinan"', 'id = "ji nan"', "plant.toml:2", "not an equipment path"),
    ("unknown unit", 'unit = "%"', 'unit = "KWH"', "plant.toml:26", "did you mean kWh?"),
    ("range turned round", "range = [0, 200]", "range = [200, 0]", "plant.toml:27", "low < high"),
    ("range of one", "range = [0, 200]", "range = [7]", "plant.toml:27", "low < high"),
    ("bad duration", 'unit = "%"', 'stuck_after = "soon"', "plant.toml:26", "not a duration"),
    ("unknown source", 'source = "okuma"', 'source = "okum"', "plant.toml:24", "did you mean okuma?"),
    ("unknown calendar", 'calendar = "two"', 'calendar = "tow"', "plant.toml:15", "did you mean two?"),
    (
        "unknown mapping",
        'unit = "%"',
        'role = "state"\nmapping = "packml@2"',
        "plant.toml:27",
        "did you mean packml@1?",
    ),
    ("state without mapping", 'unit = "%"', 'role = "state"', "plant.toml:26", "without a mapping"),
    ("mapping without state", 'unit = "%"', 'mapping = "packml@1"', "plant.toml:26", "no state"),
    ("unknown equipment", "lathe01:load", "lathe1:load", "plant.toml:23", "did you mean machining/lathe01?"),
    (
        "path with the plant",
        "machining/lathe01:load",
        "jinan/machining/lathe01:load",
        "plant.toml:23",
        "leave out 'jinan/'",
    ),
    ("equipment with the plant", 'path = "machining', 'path = "jinan/machining', "plant.toml:14", "leave out 'jinan'"),
    ("no signal id", "machining/lathe01:load", "machining/lathe01", "plant.toml:23", "not a signal id"),
    ("bad path", "machining/lathe01", "machining//lathe01", "plant.toml:14", "not an equipment path"),
    ("no time of day", 'start = "06:30"', 'start = "6.30"', "plant.toml:9", "HH:MM"),
    ("no weekdays", 'days = "Mon-Fri" },\n  {', 'days = "Mo-Fr" },\n  {', "plant.toml:9", "Mon-Fri"),
    ("shifts overlap", 'start = "06:30"', 'start = "05:30"', "plant.toml:10", "shifts overlap"),
    (
        "night shift over Sunday",
        'start = "06:30", end = "14:30", days = "Mon-Fri"',
        'start = "05:00", end = "14:30", days = "Sat"',
        "plant.toml:10",
        "shifts overlap",
    ),
    ("ends at 24:00", 'start = "22:00", end = "06:00"', 'start = "22:00", end = "24:00"', "", ""),
    ("bad closed day", "shifts = [", 'closed = ["2026-10-01", "2026-13-01"]\nshifts = [', "plant.toml:8", "not a date"),
    (
        "closed turned round",
        "shifts = [",
        'closed = ["2026-10-07/2026-10-01"]\nshifts = [',
        "plant.toml:8",
        "range of dates",
    ),
    (
        "break outside",
        'days = "Mon-Fri" },\n  {',
        'days = "Mon-Fri", breaks = [{ start = "14:00", end = "15:00" }] },\n  {',
        "plant.toml:9",
        "break outside its shift",
    ),
    (
        "breaks overlap",
        'days = "Mon-Fri" },\n  {',
        'days = "Mon-Fri", breaks = [{ start = "10:00", end = "11:00" }, { start = "10:30", end = "11:30" }] },\n  {',
        "plant.toml:9",
        "breaks overlap",
    ),
    (
        "extra overlaps",
        "shifts = [",
        'extra = [{ name = "x", date = "2026-11-24", start = "05:00", end = "06:10" }]\nshifts = [',
        "plant.toml:8",
        "shifts overlap",
    ),
]


@pytest.mark.parametrize(
    ("old", "new", "where", "words"), [case[1:] for case in TOML_CASES], ids=[c[0] for c in TOML_CASES]
)
def test_toml(tmp_path, old, new, where, words):
    assert old in GOOD
    complaints = check(plant_folder(tmp_path, GOOD.replace(old, new, 1)))
    if not where:
        assert complaints == []
        return
    found = [str(complaint) for complaint in complaints if complaint.where == where]
    assert any(words in text for text in found), [str(complaint) for complaint in complaints]


APPENDED = [
    ("duplicate equipment", '[[equipment]]\npath = "machining/lathe01"', 30, "duplicate equipment"),
    ("duplicate source", '[[source]]\nid = "okuma"\ntype = "shdr"', 30, "duplicate source"),
    ("duplicate calendar", '[[calendar]]\nid = "two"', 30, "duplicate calendar"),
    (
        "duplicate signal",
        '[[signal]]\nid = "machining/lathe01:load"\nsource = "okuma"\naddress = "x"',
        30,
        "duplicate signal",
    ),
    (
        "one address twice",
        '[[signal]]\nid = "machining/lathe01:l2"\nsource = "okuma"\naddress = "S1load"',
        32,
        "mapped twice",
    ),
    (
        "cycle",
        (
            '[[equipment]]\npath = "a"\nkind = "area"\nparent = "b"\n'
            '[[equipment]]\npath = "b"\nkind = "area"\nparent = "a"'
        ),
        32,
        "cycle in the equipment tree",
    ),
    ("own parent", '[[equipment]]\npath = "a"\nparent = "a"', 31, "cycle in the equipment tree"),
    ("unknown parent", '[[equipment]]\npath = "a"\nparent = "machinig"', 31, "did you mean machining?"),
    (
        "area in a work unit",
        '[[equipment]]\npath = "machining/lathe01/hall"\nkind = "area"',
        31,
        "cannot contain an area",
    ),
    ("unit in a unit", '[[equipment]]\npath = "machining/lathe01/spindle"', 29, "cannot contain"),
    ("site in a site", '[[equipment]]\npath = "b"\nkind = "site"', 31, "cannot contain"),
]


@pytest.mark.parametrize(("more", "line", "words"), [case[1:] for case in APPENDED], ids=[c[0] for c in APPENDED])
def test_entries_that_do_not_fit_together(tmp_path, more, line, words):
    complaints = check(plant_folder(tmp_path, f"{GOOD}\n{more}\n"))
    assert [(c.file, c.line) for c in complaints] == [("plant.toml", line)]
    assert words in str(complaints[0])


TABLE_CASES = [
    ("unknown column", "items", "id,nmae,unit", "items.csv:1:2", "did you mean name?"),
    ("missing column", "bom", "parent,quantity\nshaft,1", "bom.csv:1", "missing column"),
    ("column twice", "bom", "parent,item,quantity,item\nshaft,bar,1,bar", "bom.csv:1:4", "twice"),
    ("empty table", "items", "", "items.csv:1", "an empty table"),
    ("empty cell", "routing", "item,operation,unit,ideal_cycle_s\nshaft,10,,48", "routing.csv:2:3", "empty cell"),
    (
        "no number",
        "routing",
        "item,operation,unit,ideal_cycle_s\nshaft,10,machining/lathe01,fast",
        "routing.csv:2:4",
        "s/piece",
    ),
    ("decimal comma", "bom", 'parent,item,quantity\nshaft,bar,"1,2"', "bom.csv:2:3", "decimal mark"),
    (
        "cycle of nothing",
        "routing",
        "item,operation,unit,ideal_cycle_s\nshaft,10,machining/lathe01,0",
        "routing.csv:2:4",
        "above 0",
    ),
    ("not finite", "bom", "parent,item,quantity\nshaft,bar,inf", "bom.csv:2:3", "out of range"),
    ("unknown unit", "items", "id,unit\nshaft,piece\nbar,kgs", "items.csv:3:2", "did you mean kg?"),
    ("no time", "orders", "id,item,quantity,due\nPO-1,shaft,5,tomorrow", "orders.csv:2:4", "not a time"),
    (
        "due before release",
        "orders",
        "id,item,quantity,release,due\nPO-1,shaft,5,2026-11-24T00:00,2026-11-23T00:00",
        "orders.csv:2:5",
        "due before",
    ),
    ("unknown item", "orders", "id,item,quantity\nPO-1,shaf,5", "orders.csv:2:2", "did you mean shaft?"),
    (
        "unknown work unit",
        "routing",
        "item,operation,unit,ideal_cycle_s\nshaft,10,lathe01,48",
        "routing.csv:2:3",
        "unknown equipment",
    ),
    ("row twice", "items", "id\nshaft\nbar\nbar", "items.csv:4:1", "given twice"),
    (
        "too many cells",
        "items",
        "id,name\nshaft,Drive shaft, long\nbar,Bar",
        "items.csv:2:3",
        "more cells than columns",
    ),
    ("item in itself", "bom", "parent,item,quantity\nshaft,bar,1\nbar,shaft,1", "bom.csv:3:2", "goes into itself"),
    ("item straight in itself", "bom", "parent,item,quantity\nshaft,shaft,1", "bom.csv:2:2", "goes into itself"),
    (
        "limits turned round",
        "characteristics",
        "item,name,unit,lower,upper\nshaft,d,mm,2,1",
        "characteristics.csv:2:4",
        "limits out of order",
    ),
    ("line of a long row", "items", 'id,name\nshaft,"Drive\nshaft"\nbar,Bar\nbar,Bar', "items.csv:5:1", "given twice"),
]


@pytest.mark.parametrize(
    ("table", "text", "where", "words"), [c[1:] for c in TABLE_CASES], ids=[c[0] for c in TABLE_CASES]
)
def test_tables(tmp_path, table, text, where, words):
    complaints = check(plant_folder(tmp_path, **{table: text}))
    found = [str(complaint) for complaint in complaints if complaint.where == where]
    assert any(words in text for text in found), [str(complaint) for complaint in complaints]


def test_bad_csv_bytes(tmp_path):
    plant_folder(tmp_path)
    (tmp_path / "items.csv").write_bytes(b"id,name\n\xff\x00\x00")
    assert [c.where for c in check(tmp_path) if c.message == "not a text table"] == ["items.csv"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    plant_folder(tmp_path)
    text = "id,name,unit\nshaft,传动轴,件\nbar,钢棒,kg\n".replace(",", delimiter)
    (tmp_path / "items.csv").write_bytes(text.replace("\n", "\r\n").encode(encoding))
    items = load(tmp_path).items
    assert (items["shaft"].name, items["shaft"].unit, items["bar"].name) == ("传动轴", "piece", "钢棒")


def test_western_text_of_an_old_office_program(tmp_path):
    plant_folder(tmp_path)
    (tmp_path / "items.csv").write_bytes("id,name,unit\nshaft,Fräswelle für Größe 3,pcs\nbar,bar,kg\n".encode("cp1252"))
    assert load(tmp_path).items["shaft"].name == "Fräswelle für Größe 3"


def test_the_sign_that_cuts_all_lines_alike_is_the_delimiter(tmp_path):
    plant_folder(tmp_path)
    (tmp_path / "items.csv").write_text("id;name;unit\nshaft;shaft, long, hard;pcs\nbar;bar;kg\n", "utf-8")
    assert load(tmp_path).items["shaft"].name == "shaft, long, hard"


def test_toml_in_another_encoding(tmp_path):
    plant_folder(tmp_path)
    (tmp_path / "plant.toml").write_bytes(GOOD.replace("Jinan gearbox works", "济南齿轮厂").encode("gbk"))
    (complaint,) = check(tmp_path)
    assert complaint.where == "plant.toml:3"
    assert "UTF-8" in complaint.expected


def test_toml_with_mark_and_windows_lines(tmp_path):
    plant_folder(tmp_path)
    (tmp_path / "plant.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").replace("200]", "-1]").encode())
    assert [c.where for c in check(tmp_path)] == ["plant.toml:27"]


def workbook(folder: Path, **sheets: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(folder / "plant.xlsx")


def test_workbook_cells(tmp_path):
    (tmp_path / "plant.toml").write_text(GOOD, "utf-8")
    workbook(
        tmp_path,
        items=[["id", "name", "unit"], [1001, "Drive shaft", "piece"], ["bar", "Bar", "kgs"]],
        routing=[["item", "operation", "unit", "ideal_cycle_s"], [1001, 10, "machining/lathe01", "48 s"]],
        ordres=[["id"]],
        notes=[["anything"]],
    )
    found = {complaint.where: complaint.hint for complaint in check(tmp_path)}
    assert found == {
        "plant.xlsx!items!C3": "did you mean kg?",
        "plant.xlsx!routing!D2": "",
        "plant.xlsx!ordres": "did you mean orders?",
    }


def test_workbook_is_as_good_as_csv(tmp_path):
    (tmp_path / "plant.toml").write_text(GOOD, "utf-8")
    workbook(
        tmp_path,
        items=[["id"], [1001.0]],
        orders=[["id", "item", "quantity", "due"], ["PO-1", 1001, 5, datetime.fromisoformat("2026-11-27T22:30")]],
    )
    order = load(tmp_path).orders["PO-1"]
    assert (order.item, order.quantity, order.due) == ("1001", 5.0, 1795789800000000)


def test_one_table_in_two_places(tmp_path):
    workbook(plant_folder(tmp_path), items=[["id"], ["shaft"]])
    assert [c.where for c in check(tmp_path)] == ["plant.xlsx!items!A1"]


def test_no_workbook(tmp_path):
    (plant_folder(tmp_path) / "plant.xlsx").write_bytes(b"PK nothing")
    assert [(c.where, c.message) for c in check(tmp_path)] == [("plant.xlsx", "not an Excel workbook")]


def test_file_that_looks_like_a_table(tmp_path):
    (plant_folder(tmp_path) / "item.csv").write_text("id\n")
    assert [(c.where, c.hint) for c in check(tmp_path)] == [("item.csv", "did you mean items?")]


def test_no_folder(tmp_path):
    (complaint,) = check(tmp_path / "nowhere")
    assert "luban init" in complaint.hint


def test_all_complaints_at_once_in_order(tmp_path):
    text = GOOD.replace("Asia/Shanghai", "Mars/Olympus").replace('"%"', '"KWH"').replace("[0, 200]", "[3, 2]")
    complaints = check(plant_folder(tmp_path, text, bom="parent,item,quantity\nshaft,bra,1\n"))
    assert [c.where for c in complaints] == ["plant.toml:4", "plant.toml:26", "plant.toml:27", "bom.csv:2:2"]


def test_load_raises_the_first(tmp_path):
    with pytest.raises(ConfigError) as caught:
        load(plant_folder(tmp_path, GOOD.replace("[0, 200]", "[3, 2]")))
    assert caught.value.where == "plant.toml:27"
    assert caught.value.came
    assert caught.value.expected


def test_one_fault_is_one_complaint(tmp_path):
    """A signal of a source that does not pass is not blamed for an unknown source too."""
    complaints = check(plant_folder(tmp_path, GOOD.replace('type = "shdr"', "type = 3")))
    assert [(c.where, c.field) for c in complaints] == [("plant.toml:19", "type")]
