"""Codes at a work place: one thing each or refused with the reason; what was joined shows both ways."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.plant import Plant, load
from luban.understand.trace import Trace, steps_of
from luban.understand.trace.condition import Condition, same
from luban.understand.trace.scan import Join, Named, check_join, identify, rows_of

TOML = """
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[[equipment]]
path = "hall/press"
"""


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    (tmp_path / "items.csv").write_text("id\nbox\ngear\n", "utf-8")
    (tmp_path / "codes.csv").write_text("code,kind,name\n0042,machine,hall/press\nP7,person,li\nG1,tool,T9\n", "utf-8")
    (tmp_path / "technicians.csv").write_text("name,hours\nkim,40\n", "utf-8")
    return load(tmp_path)


@pytest.fixture
def trace() -> Trace:
    made = Trace()
    made.add("movement", {"time": [1, 1, 1], "seq": [1, 2, 3], "subject": ["gear", "gear", "box"],
                          "lot": ["G1", "A-7", "BOX"], "origin": [None] * 3, "destination": ["store"] * 3,
                          "quantity": [10.0, 1.0, 1.0], "order": [None, None, "M1"]})  # fmt: skip
    made.add("operation", {"time": [1], "seq": [4], "end": [2], "subject": ["works/hall/press"], "order": ["M0"],
                           "operation": ["10"], "person": ["li"], "tool": ["T7"]})  # fmt: skip
    made.add("measurement", {"time": [2], "seq": [5], "subject": ["gear:d"], "serial": ["A-7"], "value": [1.0]})
    return made


def test_a_code_stands_for_one_thing(plant: Plant, trace: Trace) -> None:
    for code, kind, name in (
        ("0042", "machine", "works/hall/press"), ("hall/press", "machine", "works/hall/press"), ("P7", "person", "li"),
        ("li", "person", "li"), ("kim", "person", "kim"), ("T7", "tool", "T7"), ("A-7", "part", "A-7"),
        ("M0", "order", "M0"), ("store", "place", "store"),
    ):  # fmt: skip
        assert identify(plant, trace, [code]) == Named(kind, name), code
    assert identify(plant, trace, ["(01)0952(21)A-7", "A-7"]) == Named("part", "A-7")
    with pytest.raises(InputError, match="nothing is named") as unknown:
        identify(plant, trace, ["X"])
    assert unknown.value.came == "X"
    with pytest.raises(InputError, match="several things") as several:
        identify(plant, trace, ["G1"])  # a label of tool T9, and a lot
    assert several.value.expected == "tool T9, part G1"


def test_what_was_joined_shows_from_the_part_and_from_the_machine(plant: Plant, trace: Trace) -> None:
    one = Join("BOX-2", "works/hall/press", 10, 20, "li", "T7", components=(("G1", 4.0), ("A-7", 1.0)), new="box")
    check_join(plant, trace, one)
    streams = {}
    for stream, rows in rows_of(one, trace):
        streams[stream] = rows
        trace.add(stream, rows | {"seq": list(range(100, 100 + len(rows["time"])))})
    assert list(streams)[-1] == "event"
    assert streams["event"]["subject"] == ["BOX-2"]
    back = trace.graph.walk([trace.lots.id("BOX-2")], back=True)
    assert set(trace.lots.array(back.nodes).to_pylist()) == {"BOX-2", "G1", "A-7"}
    on = trace.graph.walk([trace.lots.id("A-7")])
    assert trace.lots.array(on.nodes).to_pylist() == ["A-7", "BOX-2"]
    (step,) = steps_of(trace, "BOX-2")
    assert (step.unit, step.person, step.tool, step.certain) == ("works/hall/press", "li", "T7", True)
    found = same(trace, Condition(tool="T7", since=5))
    assert trace.lots.array(found.lots).to_pylist() == ["BOX-2"]
    assert not len(trace.examine())
    again = Join("BOX-3", "works/hall/press", 30, 40, components=(("A-7", 1.0),), new="box")
    with pytest.raises(InputError, match="in another part already") as taken:
        check_join(plant, trace, again)
    assert "BOX-2" in taken.value.expected


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"part": ""}, "a part and a machine"), ({"machine": ""}, "a part and a machine"),
        ({"machine": "works/attic"}, "unknown equipment"), ({"part": "NEW"}, "no fact names this lot"),
        ({"new": "box"}, "this name is taken"), ({"part": "T7", "new": "box"}, "this name is taken"),
        ({"part": "NEW", "new": "gold"}, "unknown item"), ({"start": 30}, "ends before it begins"),
        ({"components": (("BOX", 1.0),)}, "made of itself"), ({"components": (("X", 1.0),)}, "no fact names this lot"),
        ({"components": (("G1", 1.0), ("G1", 1.0))}, "read twice"),
        ({"components": (("G1", 0.0),)}, "a number above 0"),
        ({"components": (("G1", 11.0),)}, "not so much left"),
        ({"components": (("A-7", 2.0),)}, "not so much left"),
    ],
)  # fmt: skip
def test_what_cannot_be_true_is_refused_with_the_reason(plant: Plant, trace: Trace, wrong: dict[str, object], why: str):
    given = {"part": "BOX", "machine": "works/hall/press", "start": 10, "end": 20} | wrong
    with pytest.raises(InputError, match=why):
        check_join(plant, trace, Join(**given))  # type: ignore[arg-type]


def test_a_part_does_not_go_into_what_it_is_made_of(plant: Plant, trace: Trace) -> None:
    trace.add("genealogy", {"time": [5], "seq": [50], "subject": ["BOX"], "input": ["G1"], "quantity": [1.0]})
    with pytest.raises(InputError, match="made of itself"):
        check_join(plant, trace, Join("G1", "works/hall/press", 10, 20, components=(("BOX", 1.0),)))
