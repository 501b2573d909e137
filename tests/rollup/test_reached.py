"""A target that is reached to the digit is met, from the facts to the word: rounding of the last bit makes no miss."""

from __future__ import annotations

import random

import pytest

from luban.norms.plans import Milestone
from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from luban.rollup.points import Point, points_of, reaches
from luban.rollup.programmes import Effect, RegionTarget, board, pooled, pooled_cut, regional_sum
from luban.rollup.progress import progress
from tests.rollup.firms import PLAN, frame

CUTS = {"I09": ("energy", 18.0), "I10": ("co2", 22.0), "I11": ("water", 23.0)}


def milestone(name: str) -> Milestone:
    found = PLAN.indicator(name).milestone(2020)
    assert found is not None
    return found


def test_facts_that_give_just_what_the_plan_asks_for_are_met() -> None:
    """Fifty regions: rate of value added 20 → 22 %, cuts of just 18, 22 and 23 %, from sums drawn by chance."""
    draw, rows = random.Random(1), []
    for at in range(50):
        then, now = draw.uniform(50, 5000), draw.uniform(50, 9000)
        before = {"value_added": 0.20 * then, "output": then} | {
            name: draw.uniform(9, 900) for name, _ in CUTS.values()
        }
        after = {"value_added": 0.22 * now, "output": now}
        for name, cut in CUTS.values():
            after[name] = before[name] / before["value_added"] * (1 - cut / 100) * after["value_added"]
        rows += [{"unit": f"f{at}", "region": f"R{at}", "year": year, **told}
                 for year, told in ((2015, before), (2020, after))]  # fmt: skip
    flat = Deflators.of([("", 2015, 1.0), ("", 2020, 1.0)])
    found = indicators(frame(*rows), PLAN, ("region",), only=("I04", *CUTS), deflators=flat).collect("pyarrow")
    below = 0
    for name in ("I04", *CUTS):
        for at in range(50):
            points = points_of(found, name, region=f"R{at}")
            own = progress(points, PLAN.indicator(name), milestone(name))
            assert (own.status, own.met) == ("achieved", True), (name, points)
            below += points[-1].value < (milestone(name).value or 0)
    assert below > 40  # without care for the last bit these would be misses
    near = progress([Point(2020, 1.9999)], PLAN.indicator("I04"), milestone("I04"))
    assert (near.status, near.met) == ("on track", False)


def test_what_has_not_moved_is_no_deterioration() -> None:
    """Thirty firms whose energy and value added grow by one factor: the intensity stays, its last bit does not."""
    draw, rows = random.Random(2), []
    for at in range(30):
        energy, added, grown = draw.uniform(9, 900), draw.uniform(9, 900), draw.uniform(1.1, 3)
        rows += [{"unit": f"f{at}", "region": f"R{at}", "year": year, "energy": energy * by, "value_added": added * by}
                 for year, by in ((2015, 1.0), (2019, grown))]  # fmt: skip
    flat = Deflators.of([("", 2015, 1.0), ("", 2019, 1.0)])
    found = indicators(frame(*rows), PLAN, ("region",), only=("I09",), deflators=flat).collect("pyarrow")
    series = [points_of(found, "I09", region=f"R{at}") for at in range(30)]
    assert any(points[-1].value < 0 for points in series)
    told = [progress(points, PLAN.indicator("I09"), milestone("I09")).status for points in series]
    assert set(told) == {"limited progress"}


def test_targets_of_programmes_are_reached_to_the_digit() -> None:
    cut = pooled_cut([("C31", 2015, 10.0, 1.0), ("C31", 2020, 8.0, 1.0)], 2015, 2020)
    assert cut.pooled.cut < 20
    assert next(one.status for one in board(PLAN, 2020, cuts={"T22": cut}) if one.item.id == "T22") == "met"
    pilots = pooled([Effect("a", "cost", 35.0, 100 * (0.1 + 0.2) - 1e-14, 40.0)], "cost", 30.0)
    assert pilots.met == 1
    shares = [RegionTarget(f"CN/{at}", "I08", 2020, value, weight)
              for at, value, weight in ((31, 52.3, 1.4), (32, 47.9, 0.9), (33, 43.35, 0.2))]  # fmt: skip
    (found,) = regional_sum(PLAN, shares)
    assert (found.gap < 0, found.short) == (True, False)


@pytest.mark.parametrize(
    ("value", "target", "sign", "there"),
    [(20.0, 20.0, 1, True), (19.999, 20.0, 1, False), (20.001, 20.0, -1, False), (0.1 + 0.2, 0.3, -1, True),
     (-1e-17, 0.0, 1, True), (-1e-6, 0.0, 1, False), (float("nan"), 1.0, 1, False)],
)  # fmt: skip
def test_what_reaches_a_target(value: float, target: float, sign: int, there: bool) -> None:
    assert reaches(value, target, sign) == there
