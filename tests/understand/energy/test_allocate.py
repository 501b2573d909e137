"""Whose energy it was."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.norms import TimeElement
from luban.understand.energy.allocate import allocate, by_rule, of_lots, of_orders, split, stays_of
from luban.understand.energy.idle import idle_of
from luban.understand.energy.meters import HOUR, Consumed, Meter, Spell

T0 = 1_780_000_000_000_000
METER = Meter("m", "electricity", "kWh", place="shop/mill")


def fact(hour: float, state: str, order: str = "", item: str = "") -> dict[str, object]:
    time = T0 + int(hour * HOUR)
    return {"time": time, "subject": "shop/mill", "state": state, "mapping": "generic@1", "order": order, "item": item}


def read(step: float, *amounts: float | str) -> Consumed:
    size = int(step * HOUR)
    spells = [Spell(T0 + i * size, T0 + (i + 1) * size, Decimal(str(a))) for i, a in enumerate(amounts)]
    return Consumed(METER, tuple(spells), ())


def test_what_was_read_within_one_state_is_measured() -> None:
    stays = stays_of([fact(0, "running", "A"), fact(2, "idle"), fact(3, "running", "B")], T0 + 4 * HOUR)["shop/mill"]
    found = allocate(read(1, 10, 12, 2, 8), stays, T0, T0 + 4 * HOUR)
    assert found.by("order") == {"A": (22, 0), "": (2, 0), "B": (8, 0)}
    assert found.by("state") == {"running": (30, 0), "idle": (2, 0)}
    assert found.powers == {"running": 10.0, "idle": 2.0}


def test_what_was_read_across_states_is_shared_by_their_power_and_marked() -> None:
    """By hand: the third hour holds half an hour of running at 10 and half an hour of idling at 2."""
    stays = stays_of([fact(0, "running", "A"), fact(2.5, "idle")], T0 + 4 * HOUR)["shop/mill"]
    found = allocate(read(1, 10, 10, 6, 2), stays, T0, T0 + 4 * HOUR)
    assert found.by("order") == {"A": (25, 5), "": (3, 1)}


def test_states_that_were_never_read_alone_are_found_by_least_squares() -> None:
    states = [fact(h + d, s) for h in range(20) for d, s in ((0, "running"), (0.2 + 0.03 * h, "idle"))]
    stays = stays_of(states, T0 + 20 * HOUR)["shop/mill"]
    amounts = [round(10 * (0.2 + 0.03 * h) + 2 * (0.8 - 0.03 * h), 6) for h in range(20)]
    found = allocate(read(1, *amounts), stays, T0, T0 + 20 * HOUR)
    truth = sum(10 * (0.2 + 0.03 * h) for h in range(20))
    amount, shared = found.by("state")["running"]
    assert float(amount) == pytest.approx(truth, rel=1e-6)
    assert shared == amount
    assert found.powers == {}


def test_time_without_a_state_is_unknown() -> None:
    stays = stays_of([fact(2, "running", "A")], T0 + 3 * HOUR)["shop/mill"]
    found = allocate(read(1, 1, 1, 9, 4), stays, T0, T0 + 4 * HOUR)
    assert found.by("state") == {"unknown": (6, 0), "running": (9, 0)}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0.05, 3), st.sampled_from(["running", "idle", "setup", "off"])), min_size=1),
    st.lists(st.decimals(0, 500, places=3), min_size=1, max_size=30),
    st.floats(0.1, 2),
    st.sampled_from(["direct", "time", "apart"]),
)
def test_the_parts_add_up_to_the_last_digit(
    states: list[tuple[float, str]], amounts: list[Decimal], step: float, rule: str
) -> None:
    hour, facts = 0.0, []
    for i, (length, state) in enumerate(states):
        facts.append(fact(hour, state, f"O{i % 3}" if state in ("running", "setup") else ""))
        hour += length
    consumed = read(step, *amounts)
    end = consumed.spells[-1].end
    found = allocate(consumed, stays_of(facts, T0 + int(hour * HOUR)).get("shop/mill", ()), T0, end)
    assert found.total == sum(amounts)
    orders, left = of_orders([found], {}, idle=rule)
    assert sum((one.total for one in orders), left) == sum(amounts)
    assert all(part.shared <= part.amount for part in found.parts)


def test_energy_of_an_order_and_of_a_good_piece() -> None:
    facts = [fact(0, "setup", "A"), fact(1, "running", "A"), fact(2, "idle"), fact(3, "running", "B")]
    found = allocate(read(1, 4, 16, 5, 5), stays_of(facts, T0 + 4 * HOUR)["shop/mill"], T0, T0 + 4 * HOUR)
    (a, b), left = of_orders([found], {"A": Decimal(8)})
    assert (a.direct, a.idle, b.direct, b.idle, left) == (20, 4, 5, 1, 0)
    assert a.each == 3
    assert b.each is None
    (a, b), left = of_orders([found], {}, idle="time")
    assert a.idle == pytest.approx(Decimal(5) * 2 / 3)
    (a, b), left = of_orders([found], {}, idle="apart")
    assert (a.idle, b.idle, left) == (0, 0, 5)
    with pytest.raises(InputError, match="rule"):
        of_orders([found], {}, idle="x")


def test_lots_take_by_quantity() -> None:
    assert of_lots(Decimal(10), {"L1": Decimal(1), "L2": Decimal(3)}) == {"L1": Decimal("2.5"), "L2": Decimal("7.5")}
    thirds = split(Decimal("0.01"), [Fraction(1)] * 3)
    assert sum(thirds) == Decimal("0.01")
    with pytest.raises(InputError, match="weights"):
        of_lots(Decimal(10), {"L1": Decimal(0)})


def test_units_without_a_meter_share_by_rated_power_and_time() -> None:
    stays = [
        *stays_of([fact(0, "running", "A"), fact(1, "idle")], T0 + 3 * HOUR)["shop/mill"],
        *stays_of([fact(0, "running", "B") | {"subject": "shop/saw"}], T0 + 2 * HOUR)["shop/saw"],
    ]
    rated = {"shop/mill": {TimeElement.APT: 10.0, TimeElement.ADOT: 1.0}, "shop/saw": {TimeElement.APT: 4.0}}
    mill, saw = by_rule(Decimal(40), stays, rated, "kWh")
    assert (mill.by("order"), saw.by("order")) == ({"A": (20, 20), "": (4, 4)}, {"B": (16, 16)})


def test_idling_and_what_switching_off_spares() -> None:
    """By hand: 4 h at 3 kW, off draws 0.5 kW, 0.5 h to come back: (3 − 0.5) · 3.5 = 8.75 kWh; 0.5 h is too short."""
    facts = [fact(0, "running"), fact(1, "idle"), fact(5, "running"), fact(6, "idle"), fact(6.5, "off")]
    stays = stays_of(facts, T0 + 8 * HOUR)["shop/mill"]
    amounts = [5, 5, *[1.5] * 8, 5, 5, 1.5, *[0.25] * 3]
    found = idle_of(allocate(read(0.5, *amounts), stays, T0, T0 + 8 * HOUR), restart=0.5)
    assert [(one.state, one.hours, one.amount, one.stretches) for one in found] == [
        ("idle", 4.5, Decimal("13.5"), 1),
        ("off", 1.5, Decimal("0.75"), 0),
    ]
    assert found[0].avoidable == Decimal("8.75")
    assert found[0].power == pytest.approx(3.0)
    assert found[1].avoidable == 0
