"""The alarm list by the rules of rationalisation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pytest

from luban.plant import AlarmRule, Plant, Signal, load
from luban.understand.health.alarms import rationalisation

SOUND = AlarmRule(
    "a", "shop/m1:temp", "high", limit=80.0, deadband=1.0, on_delay_s=5.0, priority="medium", cause="coolant low",
    consequence="scrap", action="top up coolant", response_s=600.0,
)  # fmt: skip


def plant(*rules: AlarmRule, enabled: bool = True) -> Plant:
    signal = Signal("shop/m1:temp", "shop/m1", "temp", "w", "a", "°C", (0.0, 100.0), "value", "", None, enabled, "")
    none = MappingProxyType({})
    return Plant(
        "shop", "Shop", "", ZoneInfo("UTC"), "", 0.0, 0.0, none, {signal.id: signal}, none, none, none, (), none, (),
        none, "", (), tuple(rules),
    )  # fmt: skip


def test_a_sound_list_has_no_findings() -> None:
    assert rationalisation(plant(SOUND)) == ()
    assert rationalisation(plant()) == ()


@pytest.mark.parametrize(
    ("change", "text", "heavy"),
    [
        ({"action": ""}, "no action", True),
        ({"consequence": ""}, "no consequence", True),
        ({"response_s": None}, "no response time", False),
        ({"cause": ""}, "no cause", False),
        ({"on_delay_s": 400.0}, "the delay takes 400 s of the 600 s", False),
        ({"on_delay_s": 700.0}, "the delay takes 700 s", True),
        ({"priority": "high", "response_s": 7200.0}, "urgent, though there are 7200 s", False),
        ({"deadband": 0.0, "on_delay_s": 0.0}, "neither dead band nor delay", False),
        ({"deadband": 20.0}, "the dead band is wider", False),
        ({"limit": 120.0}, "outside the signal's range", True),
        ({"condition": "low", "limit": 0.0}, "outside the signal's range", True),
    ],
)
def test_what_is_wrong_with_one(change: dict[str, object], text: str, heavy: bool) -> None:
    (one,) = rationalisation(plant(replace(SOUND, **change)))  # type: ignore[arg-type]
    assert text in one.text
    assert (one.alarm, one.heavy) == ("a", heavy)


def test_two_alarms_of_one_signal() -> None:
    twice = replace(SOUND, id="b", limit=90.0)
    assert [one.text for one in rationalisation(plant(SOUND, twice))] == [
        "the same signal has a with the same action: one of them is enough"
    ]
    upside_down = replace(SOUND, id="b", limit=90.0, priority="low", action="stop the machine")
    (one,) = rationalisation(plant(SOUND, upside_down))
    assert (one.alarm, one.text) == ("b", "a more urgent alarm of the signal comes before it: a")
    staircase = replace(upside_down, priority="high")
    assert rationalisation(plant(SOUND, staircase)) == ()


def test_a_signal_that_is_switched_off_and_too_many_urgent_ones() -> None:
    (one,) = rationalisation(plant(SOUND, enabled=False))
    assert one.heavy
    many = [replace(SOUND, id=f"a{at}", signal=f"shop/m1:s{at}", priority="high") for at in range(10)]
    assert [one.alarm for one in rationalisation(plant(*many))] == [""]


def test_the_list_of_the_example_is_sound() -> None:
    listed = load(Path(__file__).parents[4] / "examples" / "c2_machining")
    assert len(listed.alarms) == 42
    assert rationalisation(listed) == ()
