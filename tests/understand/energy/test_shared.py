"""Meters over several work units."""

from __future__ import annotations

from decimal import Decimal

from luban.norms import TimeElement
from luban.understand.energy.allocate import Stay
from luban.understand.energy.meters import HOUR, Consumed, Meter, Spell
from luban.understand.energy.shared import shares_of

WORK, IDLE = TimeElement.APT, TimeElement.ADOT


def read(name: str, amount: str, place: str, unit: str = "m³", parent: str = "") -> Consumed:
    return Consumed(
        Meter(name, "compressed air", unit, parent, place=place), (Spell(0, 4 * HOUR, Decimal(amount)),), ()
    )


STAYS = {
    "p/hall/a": (Stay("p/hall/a", 0, HOUR, "run", WORK, "A"), Stay("p/hall/a", HOUR, 4 * HOUR, "idle", IDLE)),
    "p/hall/b": (Stay("p/hall/b", 0, 3 * HOUR, "run", WORK, "B"), Stay("p/hall/b", 3 * HOUR, 4 * HOUR, "idle", IDLE)),
    "p/hall/c": (Stay("p/hall/c", 0, 4 * HOUR, "run", WORK, "C"),),
}


def test_what_a_wider_meter_saw_beyond_others_is_shared_by_time_at_work() -> None:
    """100 m³ into the hall, c has 20 of its own: 80 left, a worked 1 h and b 3 h."""
    found = shares_of((read("hall", "100", "p/hall"), read("c", "20", "p/hall/c", parent="hall")), STAYS, 0, 4 * HOUR)
    by_unit = {
        one.unit: (one.total, sum(part.shared for part in one.parts), one.meter) for one in found["compressed air"]
    }
    assert by_unit == {"p/hall/c": (20, 0, "c"), "p/hall/a": (20, 20, ""), "p/hall/b": (60, 60, "")}
    assert {part.stay.order: part.amount for part in found["compressed air"][2].parts} == {"B": 60, "": 0}


def test_another_unit_below_is_converted() -> None:
    found = shares_of((read("hall", "100", "p/hall"), read("c", "20000", "p/hall/c", "L")), STAYS, 0, 4 * HOUR)
    assert sum(one.total for one in found["compressed air"] if not one.meter) == 80


def test_nothing_is_shared_where_nobody_worked_or_nothing_is_left() -> None:
    idle = {unit: (Stay(unit, 0, 4 * HOUR, "idle", IDLE),) for unit in STAYS}
    assert shares_of((read("hall", "100", "p/hall"),), idle, 0, 4 * HOUR) == {}
    own = tuple(read(unit[-1], "50", unit) for unit in STAYS)
    found = shares_of((read("hall", "150", "p/hall"), *own), STAYS, 0, 4 * HOUR)
    assert [one.meter for one in found["compressed air"]] == ["a", "b", "c"]


def test_a_wider_meter_is_shared_reading_by_reading() -> None:
    """a works the first hour, b the first three: 12 m³ are halved, 8 and 6 are b's, 4 in the last hour nobody's."""
    hours = tuple(Spell(at * HOUR, (at + 1) * HOUR, Decimal(amount)) for at, amount in enumerate((12, 8, 6, 4)))
    hall = Consumed(Meter("hall", "compressed air", "m³", place="p/hall"), hours, ())
    two = {unit: STAYS[unit] for unit in ("p/hall/a", "p/hall/b")}
    found = {one.unit: one.total for one in shares_of((hall,), two, 0, 4 * HOUR)["compressed air"]}
    assert found == {"p/hall/a": 6, "p/hall/b": 20}
    part = {one.unit: one.total for one in shares_of((hall,), two, HOUR, 4 * HOUR)["compressed air"]}
    assert part == {"p/hall/b": 14}  # the window makes no difference to an hour


def test_a_meter_in_a_wider_one_is_seen_once() -> None:
    """Of 100 m³ into the plant the hall took 60, and c in it 20: 40 are left for the yard, and 40 in the hall."""
    stays = STAYS | {"p/yard": (Stay("p/yard", 0, 4 * HOUR, "run", WORK, "Y"),)}
    top = read("top", "100", "p")
    hall, c = read("hall", "60", "p/hall", parent="top"), read("c", "20", "p/hall/c", parent="hall")
    found = {one.unit: one.total for one in shares_of((top, hall, c), stays, 0, 4 * HOUR)["compressed air"]}
    assert found == {"p/hall/c": 20, "p/hall/a": 10, "p/hall/b": 30, "p/yard": 40}
