"""What a plant is once it is read."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import MINUTE, iso, parse_time
from luban.plant import check, init_plant, load, schema, table_columns, templates
from luban.plant.starter import schema_text

TOML = """\
[plant]
id = "jinan"
name = "Jinan"
time_zone = "Asia/Shanghai"
calendar = "day"
[kpi]
mapping = "packml@1"
[[calendar]]
id = "day"
shifts = [{ name = "day", start = 06:30:00, end = "14:30" }]
closed = [2026-10-01]
[[calendar]]
id = "night"
shifts = [{ name = "night", start = "22:00", end = "06:00" }]
[[equipment]]
path = "hall/cell/lathe01"
name = "Lathe 1"
[[equipment]]
path = "hall"
kind = "area"
calendar = "night"
[[equipment]]
path = "M77"
parent = "hall/cell"
[[equipment]]
path = "yard/press01"
[[source]]
id = "okuma"
type = "shdr"
url = "tcp://127.0.0.1:7878"
retries = 3
[[signal]]
id = "hall/cell/lathe01:state"
source = "okuma"
address = "execution"
role = "state"
[[signal]]
id = "M77:power"
source = "okuma"
address = "P"
unit = "kW·h"
range = [0, 1e6]
stuck_after = "10min"
enabled = false
"""


@pytest.fixture
def plant(tmp_path: Path):
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "items.csv").write_text("id\na\nb\n")
    (tmp_path / "routing.csv").write_text(
        "item,operation,unit,ideal_cycle_s\n"
        "a,10,hall/cell,40\na,20,yard/press01,9\nb,10,hall/cell,40\nb,20,yard/press01,12\na,30,yard/press01,7\n"
    )
    return load(tmp_path)


def test_tree(plant):
    assert plant.equipment["jinan"].kind == "site"
    assert plant.equipment["jinan"].children == ("jinan/hall", "jinan/yard")
    assert plant.equipment["jinan/hall/cell"].kind == "work center"  # filled in
    assert plant.equipment["jinan/hall/cell"].children == ("jinan/hall/cell/lathe01", "jinan/M77")
    assert plant.equipment["jinan/M77"].parent == "jinan/hall/cell"  # stated, not in its path
    assert plant.work_units == ("jinan/hall/cell/lathe01", "jinan/M77", "jinan/yard/press01")
    assert plant.units_of("jinan/hall") == ("jinan/hall/cell/lathe01", "jinan/M77")
    assert plant.ancestry("jinan/M77") == ("jinan/M77", "jinan/hall/cell", "jinan/hall", "jinan")


def test_parents_stand_before_children(plant):
    order = list(plant.equipment)
    assert all(e.parent is None or order.index(e.parent) < order.index(e.path) for e in plant.equipment.values())


def test_calendar_is_inherited(plant):
    start, end = parse_time("2026-11-24T00:00", plant.zone), parse_time("2026-11-24T20:00", plant.zone)
    assert [s.name for s in plant.shifts("jinan/M77", start, end)] == ["night"]
    (day,) = plant.shifts("jinan/yard/press01", start, end)
    assert (day.name, iso(day.start, plant.zone)) == ("day", "2026-11-24T06:30:00+08:00")
    closed = parse_time("2026-10-01T00:00", plant.zone)
    assert plant.shifts("jinan/yard/press01", closed, closed + 12 * 60 * MINUTE) == []


def test_no_calendar_no_shifts(tmp_path):
    init_plant(tmp_path / "p", "minimal")
    assert load(tmp_path / "p").shifts("plant/machine01", 0, 10**15) == []


def test_signals(plant):
    state, power = plant.signals.values()
    assert (state.id, state.unit_path, state.name) == (
        "jinan/hall/cell/lathe01:state",
        "jinan/hall/cell/lathe01",
        "state",
    )
    assert (state.role, state.mapping, state.range, state.stuck_after) == ("state", "packml@1", None, None)
    assert (power.mapping, power.range, power.stuck_after, power.enabled) == ("", (0.0, 1e6), 10 * MINUTE, False)


def test_source_settings_stay_raw_with_their_lines(plant):
    source = plant.sources["okuma"]
    assert dict(source.settings) == {"url": "tcp://127.0.0.1:7878", "retries": 3}
    assert TOML.splitlines()[int(source.where_of("retries").partition(":")[2]) - 1] == "retries = 3"
    assert source.where_of("timeout") == source.where


def test_ideal_cycle(plant):
    assert plant.ideal_cycle("jinan/hall/cell/lathe01", "a") == 40  # of its group
    assert plant.ideal_cycle("jinan/hall/cell/lathe01") == 40  # all items agree
    assert plant.ideal_cycle("jinan/yard/press01", "b") == 12
    assert plant.ideal_cycle("jinan/yard/press01", "a") is None  # two operations there, which differ
    assert plant.ideal_cycle("jinan/yard/press01", "a", "30") == 7
    assert plant.ideal_cycle("jinan/yard/press01") is None
    assert plant.ideal_cycle("jinan/yard/press01", "c") is None


def test_unknown_path(plant):
    with pytest.raises(InputError, match="did you mean jinan/M77"):
        plant.shifts("jinan/M78", 0, 1)


def test_immutable(plant):
    with pytest.raises(FrozenInstanceError):
        plant.name = "x"
    with pytest.raises(TypeError):
        plant.equipment["x"] = None


def test_fingerprint_names_the_revision(plant, tmp_path):
    assert load(tmp_path).fingerprint == plant.fingerprint
    (tmp_path / "notes.txt").write_text("not part of the plant")
    assert load(tmp_path).fingerprint == plant.fingerprint
    (tmp_path / "items.csv").write_text("id\na\nb\nc\n")
    assert load(tmp_path).fingerprint != plant.fingerprint


@pytest.mark.parametrize("template", templates())
def test_starter_loads_as_it_is(tmp_path, template):
    written = init_plant(tmp_path / "new", template)
    assert {path.name for path in written} >= {"plant.toml", "plant.schema.json"}
    assert check(tmp_path / "new") == []


def test_starter_overwrites_nothing(tmp_path):
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        init_plant(tmp_path)
    with pytest.raises(InputError, match="did you mean workshop"):
        init_plant(tmp_path / "new", "workshp")


def test_schema_keeps_to_draft_4():
    text = json.dumps(schema())
    assert not [word for word in ("$defs", "$ref", "prefixItems", "const", "exclusiveMinimum", "anyOf") if word in text]
    assert json.loads(schema_text()) == schema()


def test_table_columns_are_described():
    assert all(column.description for columns in table_columns().values() for column in columns.values())
