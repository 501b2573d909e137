"""Worlds whose groups did go together before the act: few may be refused. Proposals mean the chances they tell."""

from __future__ import annotations

import pytest
from benchmarks.evaluation import NOISE, judged

from luban.norms.plans import load_plan
from luban.rollup.evaluation import propose
from luban.rollup.points import Point


def test_few_honest_worlds_are_refused() -> None:
    """1 % by the courses before the act, 5 % by the false date: of 100 worlds six, with luck twice as many."""
    found = [judged("differences", seed, 0.5, 4 * NOISE) for seed in range(91_000, 91_100)]
    refused = [one for one in found if one.verdict == "not evaluable"]
    assert len(refused) <= 12
    assert sum(any("moved apart" in reason for reason in one.reasons) for one in refused) <= 8
    assert sum(one.verdict == "helped" for one in found) >= 80  # an effect of four times the noise is seen


@pytest.mark.parametrize(("slope", "kind", "least", "most"), [(0.6, "lower", 0.45, 0.65), (4.5, "raise", 0.6, 0.85)])
def test_a_proposed_target_is_met_as_often_as_the_rule_asks(slope: float, kind: str, least: float, most: float) -> None:
    """Lowered to what one of two futures meets, raised to what seven of ten do; rounded to the easier side."""
    one = load_plan("mic2025").indicator("I08")
    stone = one.milestone(2025)
    assert stone is not None
    course = [Point(2013 + n, 30 + slope * n + (0.2 if n % 2 else -0.2)) for n in range(9)]
    found = propose(course, one, stone)
    assert found.kind == kind
    assert least <= found.chance_new <= most
