"""Proposed changes of a target: what they change, and when none is proposed."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest
from benchmarks.evaluation import judged

from luban.norms.plans import Indicator, Milestone, load_plan
from luban.rollup.evaluation import propose
from luban.rollup.forecast import indicator_forecast
from luban.rollup.points import Point


@pytest.fixture(scope="module")
def eight() -> tuple[Indicator, Milestone]:
    one = load_plan("mic2025").indicator("I08")
    stone = one.milestone(2025)
    assert stone is not None
    return one, stone


def course(first: float, slope: float) -> list[Point]:
    return [Point(2013 + n, first + slope * n + (0.2 if n % 2 else -0.2)) for n in range(9)]


def test_a_target_that_is_met_anyway_is_raised_and_one_out_of_reach_lowered(eight: tuple[Indicator, Milestone]) -> None:
    one, stone = eight
    easy = propose(course(30, 4.5), one, stone)
    assert (easy.kind, easy.old) == ("raise", 64)
    assert easy.new > 64
    assert easy.new == int(easy.new)  # 64 is printed without decimals
    assert easy.chance_old >= 0.95
    assert 0.6 < easy.chance_new < 0.9
    assert easy.required_new > easy.required_old
    hard = propose(course(30, 0.6), one, stone)
    assert hard.kind == "lower"
    assert hard.new < 64
    assert hard.chance_old <= 0.2 < hard.chance_new
    # the chance told is the one the forecast gives for that number
    again = indicator_forecast(course(30, 0.6), one, replace(stone, value=hard.new))
    assert again.chance == hard.chance_new
    assert "expected" in hard.reasons[2]
    json.dumps(hard.as_dict(), allow_nan=False)


def test_in_between_it_is_kept_and_without_a_number_nothing_is_said(eight: tuple[Indicator, Milestone]) -> None:
    one, stone = eight
    kept = propose(course(30, 3.3), one, stone)
    assert (kept.kind, kept.new) == ("keep", 64)
    none = propose(course(30, 2.7), one, replace(stone, value=None))
    assert (none.kind, math.isnan(none.old)) == ("unknown", True)
    few = propose(course(30, 2.7)[:3], one, stone)
    assert few.kind == "unknown"
    assert few.reasons[0]


def test_what_helped_is_weighed_before_a_target_is_lowered(eight: tuple[Indicator, Milestone]) -> None:
    one, stone = eight
    helped = judged("differences", 4, 0.0, 8.0)
    assert helped.verdict == "helped"
    found = propose(course(30, 0.6), one, stone, evaluations=[(helped, 23 / 31)])
    (more,) = found.extensions
    assert more.effect == pytest.approx(helped.effect * 23 / 31)
    assert any("before lowering" in reason for reason in found.reasons)
    assert (
        propose(course(30, 0.6), one, stone, evaluations=[(judged("differences", 4, 0.0, 0.0), 0.5)]).extensions == ()
    )


def test_effects_of_acts_in_the_same_places_and_years_are_not_added_up(eight: tuple[Indicator, Milestone]) -> None:
    one, stone = eight
    helped = judged("differences", 4, 0.0, 8.0)

    def told(**other: object) -> tuple[list[tuple[str, ...]], str]:
        second = replace(helped, policy=replace(helped.policy, id="other", **other))
        found = propose(course(30, 0.6), one, stone, evaluations=[(helped, 0.5), (second, 0.5)])
        return [own.overlaps for own in found.extensions], found.reasons[-1]

    apart, said = told(treated=("elsewhere",))
    assert apart == [(), ()]
    assert said.startswith(f"what helped, taken everywhere, would add {helped.effect:+.3g}:")
    first, _ = helped.policy.treated[:2]
    mixed, said = told(treated=(first, "elsewhere"))
    assert mixed == [("other",), (helped.policy.id,)]
    half = f"{helped.effect / 2:+.3g}"
    assert f"{half} ({helped.policy.id}), {half} (other), not to be added up" in said
    assert told(treated=(first,), since=helped.policy.since - 4, until=helped.policy.since - 1)[0] == [(), ()]
