"""Power over time, checked by hand and against sums of the spells."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.norms.tariffs import tariff
from luban.understand.energy.meters import HOUR, Consumed, Meter, Spell
from luban.understand.energy.profile import gaps_of, profile, usual_day

METER = Meter("m", "electricity", "kWh")
MONDAY = parse_time("2026-11-23T00:00:00+08:00")
CHINA = ZoneInfo("Asia/Shanghai")


def consumed(*spells: tuple[float, float, float]) -> Consumed:
    """Spells of (from, to [h], amount)."""
    made = (Spell(MONDAY + round(a * HOUR), MONDAY + round(b * HOUR), Decimal(str(amount))) for a, b, amount in spells)
    return Consumed(METER, tuple(made), ())


def test_steps_by_hand() -> None:
    """8 kWh in two hours, nothing known for one, 3 kWh in half an hour: steps of one hour."""
    found = profile(consumed((0, 2, 8), (3, 3.5, 3)), MONDAY, MONDAY + 4 * HOUR, HOUR)
    assert found.unit == "kW"
    np.testing.assert_allclose(found.power, [4, 4, np.nan, 6])
    np.testing.assert_allclose(found.known, [1, 1, 0, 0.5])
    assert (found.peak, found.base) == (3, 4)
    assert found.factor == pytest.approx((4 + 4 + 3) / 2.5 / 6)
    assert gaps_of(found) == ((MONDAY + 2 * HOUR, MONDAY + 3 * HOUR),)


def test_bands_are_those_of_the_tariff_at_the_middle_of_a_step() -> None:
    own = tariff("cn-example")
    found = profile(consumed((0, 24, 24)), MONDAY, MONDAY + 24 * HOUR, HOUR, tariffs=[own])
    letters = {name[0]: name for name in ("valley", "flat", "peak")} | {"d": "deep_valley"}
    assert found.bands == tuple(letters[one] for one in "vvvvvvvvffppdffffpppppff")
    none = profile(consumed((0, 24, 24)), MONDAY, MONDAY + 24 * HOUR, HOUR)
    assert set(none.bands) == {""}


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 40), st.integers(0, 900)), min_size=1, max_size=12),
    st.integers(1, 97),
)
def test_steps_add_up_to_what_the_meter_said(parts: list[tuple[int, int, int]], minutes: int) -> None:
    """Spells with holes between them: power · known time of all steps is the sum of the amounts."""
    spells, at = [], 0
    for hole, length, amount in parts:
        at += hole
        spells.append(Spell(MONDAY + at * HOUR // 4, MONDAY + (at + length) * HOUR // 4, Decimal(amount)))
        at += length
    one = Consumed(METER, tuple(spells), ())
    found = profile(one, MONDAY, MONDAY + at * HOUR // 4, minutes * HOUR // 60)
    hours = np.diff(found.edges) / HOUR * found.known
    assert np.nansum(found.power * hours) == pytest.approx(float(one.total()), abs=1e-6)


def test_a_usual_day_tells_working_days_from_the_weekend() -> None:
    spells = [(24 * day + hour, 24 * day + hour + 1, 10 if day < 5 and 8 <= hour < 16 else 1)
              for day in range(14 // 2) for hour in range(24)]  # fmt: skip
    found = profile(consumed(*spells), MONDAY, MONDAY + 7 * 24 * HOUR, HOUR)
    day = usual_day(found, CHINA)
    assert day[0].tolist() == [10 if 8 <= hour < 16 else 1 for hour in range(24)]
    assert set(day[1]) == {1}


def test_a_step_that_cannot_be_is_refused() -> None:
    for end, step in ((MONDAY, HOUR), (MONDAY + HOUR, 0), (MONDAY + 10**6 * HOUR, HOUR)):
        with pytest.raises(InputError, match="no such steps"):
            profile(consumed((0, 1, 1)), MONDAY, end, step)
