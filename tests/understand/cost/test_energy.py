"""Energy of orders: the rule of the energy books, once; nothing doubled, nothing lost, weeks that stay as they were."""

from __future__ import annotations

from decimal import Decimal as D
from typing import Any

from hypothesis import given, settings, strategies as st

from luban.core.time import HOUR
from luban.understand.cost.energy import energy_events
from luban.understand.cost.hours import Span, machine_spans
from luban.understand.energy.allocate import allocate, of_orders, stays_of
from luban.understand.energy.consumption import consumption
from luban.understand.energy.meters import Meter, Swap
from luban.understand.energy.read import readings_of

_T0 = 1_790_000_000_000_000 - 1_790_000_000_000_000 % (7 * 24 * HOUR) + 4 * 24 * HOUR  # a Monday, midnight UTC
_KWH = {"electricity": "kWh"}


def _state(seq: int, hours: float, state: str, order: str | None, unit: str = "u") -> dict[str, Any]:
    return {
        "seq": seq, "subject": unit, "time": _T0 + round(hours * HOUR), "state": state, "order": order,
        "mapping": "generic@1", "operation": None, "item": None,
    }  # fmt: skip


def _reading(seq: int, hours: float, meter: str = "u:e", **said: Any) -> dict[str, Any]:
    start = said.pop("start", None)
    return {
        "seq": seq, "subject": meter, "time": _T0 + round(hours * HOUR), "medium": "electricity", "register": None,
        "interval": None, "measured_in": "kWh", "quality": 0,
        "start": None if start is None else _T0 + round(start * HOUR),
    } | said  # fmt: skip


def test_a_reading_across_states_is_shared_by_the_power_measured_in_each() -> None:
    states = [_state(1, 0, "running", "A"), _state(2, 1, "idle", None), _state(3, 2, "running", "A"),
              _state(4, 3, "running", "B"), _state(5, 4, "idle", None)]  # fmt: skip
    meters = [
        _reading(11, 1, start=0, interval=9.0),  # running alone: 9 kW
        _reading(12, 2, start=1, interval=1.0),  # idle alone: 1 kW
        _reading(13, 5, start=2, interval=20.9),  # two hours running, one idle: 19 fits, 20.9 is a tenth more
    ]
    found = energy_events(meters, states, machine_spans(states, [], ()), _KWH, {})
    assert [(one.seq, one.order, one.quantity, (one.time - _T0) // HOUR) for one in found] == [
        (11, "A", D(9), 1), (12, "", D(1), 2), (13, "A", D("9.9"), 3), (13, "B", D("9.9"), 4), (13, "", D("1.1"), 5),
    ]  # fmt: skip


def test_roll_over_and_replacement_are_exact_and_nonsense_is_named() -> None:
    states = [_state(1, 0, "running", "A")]
    tree = [Meter("u:e", "electricity", "kWh", capacity=D(1000), place="u")]
    swaps = {"u:e": [Swap(_T0 + 3 * HOUR, D(18), D(2))]}
    meters = [_reading(at, at, register=value) for at, value in ((1, 990.0), (2, 8.0), (4, 7.0))]
    notes: dict[str, D] = {}
    spans = [Span(1, "u", "A", _T0, _T0 + 9 * HOUR, "running", False, True)]
    found = energy_events(meters, states, spans, _KWH, notes, meters=tree, swaps=swaps)
    # 990 to 1000 and on to 8; then 8 to 18, and 2 to 7
    assert [(one.seq, one.order, one.quantity) for one in found] == [(2, "A", D(18)), (4, "A", D(15))]
    assert notes == {}
    backwards = [_reading(1, 1, register=9.0), _reading(2, 2, register=5.0)]
    assert energy_events(backwards, states, spans, _KWH, notes) == []
    assert notes == {"energy of meters that ran backwards: electricity [kWh]": D(4)}


def test_a_meter_of_meters_counts_once_and_the_rest_is_said() -> None:
    states = [_state(1, 0, "running", "A"), _state(2, 0, "running", "B", "v")]
    tree = [
        Meter("main", "electricity", "MWh"), Meter("u:e", "electricity", "kWh", "main", place="u"),
        Meter("v:e", "electricity", "kWh", "main", place="v"), Meter("roof", "electricity", "kWh", "main", feeds=True),
    ]  # fmt: skip
    meters = [
        _reading(11, 2, "main", start=0, interval=0.02, measured_in="MWh"), _reading(12, 2, start=0, interval=15.0),
        _reading(13, 2, "v:e", start=0, interval=6.0), _reading(14, 2, "roof", start=0, interval=3.0),
        _reading(15, 2, "gate:e", start=0, interval=4.0), _reading(16, 2, "v:steam", start=0, interval=7.0)
        | {"medium": "steam", "measured_in": "t"},
    ]  # fmt: skip
    spans = [
        Span(one["seq"], one["subject"], one["order"], _T0, _T0 + 2 * HOUR, "running", False, True) for one in states
    ]
    notes: dict[str, D] = {}
    found = energy_events(meters, states, spans, _KWH | {"steam": "kWh"}, notes, meters=tree)
    assert {(one.order, one.of): one.quantity for one in found} == {("A", "electricity"): 15, ("B", "electricity"): 6}
    assert notes == {
        "energy between a meter and those below it: electricity [MWh]": D("0.002"),
        "energy of meters that belong to no work unit: electricity [kWh]": D(3) + D(4),
        "energy in a unit that is not that of its price: steam [t]": D(7),
    }


def test_orders_side_by_side_get_no_more_than_the_meter_read() -> None:
    steps = [
        {"seq": at, "subject": "u", "time": _T0, "end": _T0 + 2 * HOUR, "order": order, "operation": "10"}
        for at, order in enumerate("AB", start=1)
    ]
    found = energy_events([_reading(4, 2, start=0, interval=9.0)], [], machine_spans([], steps, ()), _KWH, {})
    assert [(one.order, one.quantity) for one in found] == [("A", D("4.5")), ("B", D("4.5"))]


def test_a_meter_of_a_wider_place_comes_to_the_units_without_one_by_their_time_at_work() -> None:
    states = [
        _state(1, 0, "running", "A", "hall/u"), _state(2, 2, "idle", None, "hall/u"),
        _state(3, 0, "running", None, "hall/v"), _state(4, 1, "setup", "B", "hall/v"),
        _state(5, 0, "running", "C", "hall/w"), _state(6, 9, "idle", None, "hall/u"),
        _state(7, 9, "idle", None, "hall/v"), _state(8, 9, "idle", None, "hall/w"),
    ]  # fmt: skip
    tree = [Meter("air", "air", "m³", place="hall"), Meter("w:air", "air", "m³", place="hall/w"),
            Meter("roof", "air", "m³", place="attic")]  # fmt: skip
    air = {"medium": "air", "measured_in": "m³"}
    meters = [
        _reading(11, 2, "air", start=0, interval=50.0) | air, _reading(12, 2, "w:air", start=0, interval=10.0) | air,
        _reading(13, 10, "air", start=9, interval=3.0) | air, _reading(14, 2, "roof", start=0, interval=1.0) | air,
        _reading(15, 2, "hall/u:gas", start=0, interval=6.0) | {"medium": "gas", "measured_in": "m³"},
    ]  # fmt: skip
    spans, notes = machine_spans(states, [], ()), dict[str, D]()
    found = energy_events(meters, states, spans, {"air": "m³"}, notes, meters=tree)
    # 40 m³ are of u and v: u ran 2 h for A, v 1 h for nobody and 1 h for B; when all were idle it is that of nobody
    assert {(one.seq, one.order): one.quantity for one in found} == {
        (11, "A"): 20, (11, ""): 10, (11, "B"): 10, (12, "C"): 10, (13, ""): 3,
    }  # fmt: skip
    assert notes == {
        "energy of meters that belong to no work unit: air [m³]": D(1), "energy that has no price: gas [m³]": D(6)
    }  # fmt: skip


_amounts = st.lists(st.integers(0, 20_000).map(lambda n: n / 1000), min_size=2, max_size=9)
_changes = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["running", "idle", "setup"]), st.sampled_from([None, "A", "B"])),
    min_size=1, max_size=12, unique_by=lambda one: one[0],
)  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(_amounts, _changes)
def test_energy_is_that_of_the_energy_books_and_adds_up(
    amounts: list[float], changes: list[tuple[int, str, str | None]]
) -> None:
    states = [
        _state(at, tenths / 40, state, order)
        for at, (tenths, state, order) in enumerate(sorted(changes, key=lambda one: one[0]))
    ]
    states.append(_state(99, 20, "idle", None))
    meters = [_reading(100 + at, at + 1, start=at, interval=amount) for at, amount in enumerate(amounts)]
    found = energy_events(meters, states, machine_spans(states, [], ()), _KWH, {})
    once = consumption(Meter("u:e", "electricity", "kWh", place="u"), readings_of(meters)["u:e"])
    assert sum((one.quantity for one in found), D(0)) == once.total()
    end = meters[-1]["time"]
    energy, none = of_orders([allocate(once, stays_of(states, end).get("u", ()), _T0, end)], {}, idle="apart")
    sums: dict[str, D] = {}
    for one in found:
        sums[one.order] = sums.get(one.order, D(0)) + one.quantity
    assert {one.order: one.direct for one in energy if one.direct} == {k: v for k, v in sums.items() if k and v}
    assert sums.get("", D(0)) == none


def test_a_later_week_changes_nothing_of_those_before() -> None:
    states = [_state(1, 0, "running", "A"), _state(2, 1, "idle", "A"), _state(3, 3, "running", "B"),
              _state(4, 170, "idle", None), _state(5, 171, "running", "B"), _state(6, 180, "idle", None)]  # fmt: skip
    meters = [_reading(11, 2, start=0, interval=8.0), _reading(12, 4, start=2, interval=7.0)]
    more = [_reading(13, 170, start=169, interval=90.0), _reading(14, 172, start=170, interval=1.0)]
    spans = machine_spans(states, [], ())
    first, both = (energy_events(rows, states, spans, _KWH, {}) for rows in (meters, meters + more))
    assert both[: len(first)] == first
    assert len(both) > len(first)
