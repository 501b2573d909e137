"""The meter tree."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from luban.core.errors import ConfigError
from luban.understand.energy.balance import balance
from luban.understand.energy.consumption import consumption
from luban.understand.energy.meters import HOUR, Consumed, Meter, Reading, Swap

T0 = 1_780_000_000_000_000


def read(meter: Meter, amounts: list[Decimal], swap: int | None = None, first: Decimal = Decimal(0)) -> Consumed:
    stand, readings, swaps = first, [Reading(T0, first)], []
    for i, amount in enumerate(amounts):
        stand += amount
        if meter.capacity:
            stand %= meter.capacity
        if i == swap:
            swaps.append(Swap(T0 + (i + 1) * HOUR, stand, Decimal(5)))
            stand = Decimal(5)
        readings.append(Reading(T0 + (i + 1) * HOUR, stand))
    return consumption(meter, readings, swaps)


def drawn(rng: random.Random, n: int, most: int) -> list[Decimal]:
    return [Decimal(rng.randint(most // 4, most)) / 10 for _ in range(n)]


@pytest.mark.parametrize("seed", range(20))
def test_the_tree_closes_over_roll_over_replacement_and_classes(seed: int) -> None:
    """Made-up loads, each meter wrong by what its class allows: closes within 1 %, and exactly without error."""
    rng = random.Random(seed)
    loads = [drawn(rng, 200, 300) for _ in range(4)]
    whole = [sum(hour) for hour in zip(*loads, strict=True)]
    for error in (0.0, 0.005):
        factors = [Decimal(str(round(1 + rng.uniform(-error, error), 6))) for _ in range(5)]
        meters = [
            read(Meter("main", "electricity", "kWh", error=error), [w * factors[4] for w in whole]),  # type: ignore[operator]
            read(Meter("a", "electricity", "kWh", "main", error=error), [x * factors[0] for x in loads[0]], swap=77),
            read(
                Meter("b", "electricity", "kWh", "main", capacity=Decimal(10_000), error=error),
                [x * factors[1] for x in loads[1]],
                first=Decimal(8000),
            ),
            read(Meter("c", "electricity", "kWh", "main", error=error), [x * factors[2] for x in loads[2]]),
            read(Meter("d", "electricity", "MWh", "main", error=error), [x * factors[3] / 1000 for x in loads[3]]),
        ]
        (node,) = balance(meters, T0, T0 + 200 * HOUR).nodes
        assert node.verdict == "closes"
        assert node.share is not None
        assert abs(node.share) <= 2 * error
        assert node.known == 1
        if error == 0:
            assert node.remainder == 0


def test_what_is_not_metered_is_the_remainder_with_its_interval() -> None:
    meters = [
        read(Meter("main", "electricity", "kWh", error=0.005), [Decimal(100)] * 10),
        read(Meter("a", "electricity", "kWh", "main", error=0.01), [Decimal(60)] * 10),
    ]
    (node,) = balance(meters, T0, T0 + 10 * HOUR).nodes
    assert (node.supply, node.metered, node.remainder, node.verdict) == (1000, 600, 400, "open")
    # by hand: 1.96 · √((1000 · 0.005)² / 3 + (600 · 0.01)² / 3)
    assert node.half == pytest.approx(1.959964 * (25 / 3 + 36 / 3) ** 0.5, rel=1e-6)


def test_a_missing_reading_below_is_no_unmetered_use() -> None:
    child = Meter("a", "electricity", "kWh", "main")
    flows = [Reading(T0 + (i + 1) * HOUR, None, Decimal(100), T0 + i * HOUR) for i in range(10) if i not in (3, 4)]
    meters = [read(Meter("main", "electricity", "kWh"), [Decimal(100)] * 10), consumption(child, flows)]
    found = balance(meters, T0, T0 + 10 * HOUR)
    (node,) = found.nodes
    assert (node.remainder, node.verdict, node.known) == (0, "closes", 0.8)
    assert node.half is None
    assert [doubt.kind for doubt in found.doubts] == ["gap"]
    assert found.totals == {"electricity": (Decimal(1000), "kWh")}


def test_what_feeds_is_supply() -> None:
    meters = [
        read(Meter("grid", "electricity", "kWh"), [Decimal(60)] * 10),
        read(Meter("roof", "electricity", "kWh", "grid", feeds=True), [Decimal(40)] * 10),
        read(Meter("shop", "electricity", "kWh", "grid"), [Decimal(100)] * 10),
    ]
    found = balance(meters, T0, T0 + 10 * HOUR)
    assert (found.nodes[0].supply, found.nodes[0].remainder) == (1000, 0)
    assert found.totals["electricity"][0] == 1000


def test_a_meter_a_thousand_times_off_is_named() -> None:
    meters = [
        read(Meter("main", "electricity", "kWh"), [Decimal(100)] * 10),
        read(Meter("a", "electricity", "kWh", "main"), [Decimal(40)] * 10),
        read(Meter("b", "electricity", "kWh", "main"), [Decimal("0.06")] * 10),
    ]
    (node,) = balance(meters, T0, T0 + 10 * HOUR).nodes
    assert (node.verdict, node.unit_like) == ("open", "b")


def test_more_below_than_came_in() -> None:
    meters = [
        read(Meter("main", "water", "m³"), [Decimal(10)] * 10),
        read(Meter("a", "water", "m³", "main"), [Decimal(12)] * 10),
    ]
    assert balance(meters, T0, T0 + 10 * HOUR).nodes[0].verdict == "over"


@pytest.mark.parametrize(
    ("meters", "said"),
    [
        ([Meter("a", "water", "m³", "x")], "no such meter"),
        ([Meter("a", "water", "m³", "b"), Meter("b", "water", "m³", "a")], "ring"),
        ([Meter("a", "water", "m³"), Meter("b", "steam", "t", "a")], "the one before"),
        ([Meter("a", "steam", "t"), Meter("b", "steam", "m³", "a")], "convert"),
    ],
)
def test_trees_that_are_none(meters: list[Meter], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        balance([consumption(meter, []) for meter in meters], T0, T0 + HOUR)
