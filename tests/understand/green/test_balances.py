"""What must hold of every water and waste balance."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.understand.energy.consumption import consumption
from luban.understand.energy.meters import HOUR, Consumed, Meter, Reading
from luban.understand.green import is_waste, role_of, waste_balance, water_balance

AMOUNT = st.integers(0, 1000)


def meter(name: str, medium: str, amount: int, **more: Any) -> Consumed:
    readings = [Reading(0, Decimal(5)), Reading(10 * HOUR, Decimal(5 + amount))]
    return consumption(Meter(name, medium, "m³", **more), readings)


@given(fresh=AMOUNT, parts=st.lists(AMOUNT, max_size=4), feed=AMOUNT)
def test_meters_below_add_no_fresh_water(fresh: int, parts: list[int], feed: int) -> None:
    meters = [meter("city", "water", fresh), meter("well", "water", feed, parent="city", feeds=True)]
    meters += [meter(f"part{at}", "water", amount, parent="city") for at, amount in enumerate(parts)]
    found = water_balance(meters, 0, 10 * HOUR)
    assert found.fresh == fresh + feed
    assert (found.reuse, found.lost) == (None, None)


@given(fresh=AMOUNT, again=AMOUNT)
def test_the_rate_of_reuse_is_a_share(fresh: int, again: int) -> None:
    found = water_balance([meter("a", "水", fresh), meter("b", "循环水", again)], 0, 10 * HOUR)
    assert found.fresh == fresh
    assert (found.reuse is None) == (fresh + again == 0)
    assert found.reuse is None or 0 <= found.reuse <= 100


def test_what_is_no_volume_and_what_flows_the_wrong_way_is_said() -> None:
    heavy = consumption(Meter("tank", "water", "kg"), [Reading(0, Decimal(0)), Reading(HOUR, Decimal(9))])
    found = water_balance([heavy, meter("in", "water", 5), meter("out", "waste water", 9)], 0, 10 * HOUR)
    assert found.notes == (
        "tank: kg is no volume; left out",
        "more waste water than fresh water: rain, a source without a meter, or a meter that is wrong",
    )
    assert found.lost == -4


def test_half_a_window_without_readings_is_said() -> None:
    assert water_balance([meter("in", "water", 5)], 0, 20 * HOUR).known == pytest.approx(0.5)


def test_roles_and_kinds() -> None:
    assert [role_of(one) for one in ("Waste Water", "natural gas", "中水")] == ["discharged", "", "recycled"]
    assert [is_waste(one) for one in ("waste:chips", "hazardous-waste:oil", "chips")] == ["general", "hazardous", ""]


MOVE = st.tuples(
    st.integers(0, 20), st.sampled_from(["come", "utilised:x", "disposed:x", "yard"]), st.integers(0, 50),
    st.sampled_from(["", "l1", "l2"]),
)  # fmt: skip


def rows(moves: list[tuple[int, str, int, str]]) -> list[dict[str, Any]]:
    return [
        {"time": time, "seq": at + 1, "subject": "waste:s", "quantity": float(amount), "lot": lot or None,
         "origin": None if to == "come" else "yard", "destination": "yard" if to == "come" else to}
        for at, (time, to, amount, lot) in enumerate(moves)
    ]  # fmt: skip


@settings(max_examples=200)
@given(moves=st.lists(MOVE, max_size=25), start=st.integers(0, 20))
def test_waste_closes_to_the_last_gram(moves: list[tuple[int, str, int, str]], start: int) -> None:
    found = waste_balance(rows(moves), {"waste:s": "kg"}, start, 21)
    for one in found.streams:
        assert one.remainder == 0
        assert min(one.opening, one.generated, one.utilised, one.disposed, one.closing, one.excess) >= 0
        assert one.utilised_old <= one.utilised
    for kind in ("with stock", "own"):
        rate = found.rate(kind)
        assert rate is None or 0 <= rate <= 100
    own = waste_balance(rows(moves), {"waste:s": "kg"}, 0, 21)
    assert own.rate() == own.rate("own")  # without older stock both ways are one


def test_what_has_no_unit_or_is_not_there_is_said() -> None:
    moves = rows([(1, "come", 5, ""), (2, "utilised:x", 8, "")])
    found = waste_balance(moves, {"waste:s": "t"}, 0, 10)
    assert (found.streams[0].utilised, found.streams[0].excess) == (5000, 3000)
    assert found.notes == ("waste:s: 3000 kg more taken out than there was; in no sum",)
    assert waste_balance(moves, {}, 0, 10).notes == ("waste:s: no unit in the table of items; left out",)
    assert waste_balance(moves, {"waste:s": "m"}, 0, 10).notes == ("waste:s: m is no mass; left out",)
