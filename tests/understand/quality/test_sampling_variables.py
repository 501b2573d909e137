"""Sampling by variables against scipy's noncentral t and the worked example of MIL-STD-414."""

import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import ndtr

from luban.core.errors import InputError
from luban.understand.quality.sampling import (
    Measured,
    Risks,
    VariablesPlan,
    judge_measured,
    largest_share,
    quality_at,
    share_outside,
    single_plan,
    standard_plan,
    variables_like,
    variables_oc,
    variables_plan,
)


@pytest.mark.parametrize("size", [3, 4, 7, 16, 50, 200])
def test_the_oc_curve_is_the_noncentral_t(size: int) -> None:
    away = np.array([0.5, 1.0, 2.0, 3.0])
    found = variables_oc(VariablesPlan(size, 1.5, "unknown", ""), ndtr(-away))
    exact = stats.nct.sf(1.5 * math.sqrt(size), size - 1, away * math.sqrt(size))
    assert found == pytest.approx(exact, abs=1e-12)


def test_the_worked_example_of_mil_std_414() -> None:
    """MIL-STD-414, examples B-1 and B-3: five temperatures, upper limit 209, k = 1.53; 2.19 % estimated, M = 3.32 %."""
    plan = VariablesPlan(5, 1.53, "unknown", "MIL-STD-414, Table B-1")
    decision = judge_measured(plan, [197, 188, 184, 205, 201], upper=209)
    assert decision.accepted
    assert decision.above == pytest.approx(1.59, abs=0.005)
    assert 100 * decision.share == pytest.approx(2.19, abs=0.03)
    assert 100 * largest_share(plan) == pytest.approx(3.32, abs=0.1)  # k is rounded there


@pytest.mark.parametrize("spread", ["known", "unknown"])
@pytest.mark.parametrize("risks", [Risks(0.02, 0.08), Risks(0.01, 0.05), Risks(0.005, 0.01)])
def test_both_risks_are_kept_and_one_piece_fewer_keeps_them_not(risks: Risks, spread: str) -> None:
    plan = variables_plan(risks, spread=spread)  # type: ignore[arg-type]
    accept = variables_oc(plan, [risks.good, risks.bad])
    assert accept[0] >= 1 - risks.producer
    assert accept[1] <= risks.consumer
    assert plan.size < single_plan(risks).total
    if spread == "known":
        z = stats.norm.isf
        least = ((z(risks.producer) + z(risks.consumer)) / (z(risks.good) - z(risks.bad))) ** 2
        assert plan.size == math.ceil(least)
        return
    n, root = plan.size - 1, math.sqrt(plan.size - 1)
    most = stats.nct.isf(1 - risks.producer, n - 1, stats.norm.isf(risks.good) * root) / root
    fewest = stats.nct.isf(risks.consumer, n - 1, stats.norm.isf(risks.bad) * root) / root
    assert fewest > most


@pytest.mark.parametrize("aql", [0.10, 1.0, 6.5])
@pytest.mark.parametrize("spread", ["known", "unknown"])
def test_a_plan_by_variables_protects_as_the_one_by_attributes_with_fewer_pieces(aql: float, spread: str) -> None:
    like = standard_plan(5000, aql)
    plan = variables_like(like, spread=spread)  # type: ignore[arg-type]
    at = [quality_at(like, 0.95), quality_at(like, 0.10)]
    accept = variables_oc(plan, at)
    assert plan.size < like.total
    assert 0.95 <= accept[0] < 0.97
    assert 0.07 < accept[1] <= 0.10


def test_nonconformities_have_no_plan_by_variables() -> None:
    with pytest.raises(InputError, match="nonconformities"):
        variables_like(standard_plan(100, 65))


def test_the_estimated_share_is_unbiased() -> None:
    random = np.random.default_rng(3)
    rows = random.normal(10, 2, (4000, 7))
    shares = [sum(share_outside(Measured(float(r.mean()), float(r.std(ddof=1)), 7, 6.5, 14.5))) for r in rows]
    true = float(ndtr((6.5 - 10) / 2) + ndtr((10 - 14.5) / 2))
    assert np.mean(shares) == pytest.approx(true, abs=4 * float(np.std(shares)) / math.sqrt(4000))


def test_two_limits_are_judged_by_the_share_outside_both() -> None:
    plan = VariablesPlan(5, 1.53, "unknown", "")
    values = [197, 188, 184, 205, 201]
    assert judge_measured(plan, values, lower=170, upper=209).accepted
    both = judge_measured(plan, values, lower=183, upper=209)
    assert not both.accepted
    assert both.share > both.largest


@pytest.mark.parametrize(
    ("values", "named", "part"),
    [
        ([1.0, 2.0], {"lower": 0.0}, "another number"),
        ([1.0, 2.0, math.nan], {"lower": 0.0}, "finite"),
        ([1.0, 2.0, 3.0], {}, "specification limit"),
        ([1.0, 2.0, 3.0], {"lower": 5.0, "upper": 4.0}, "reversed"),
        ([1.0, 1.0, 1.0], {"lower": 0.0}, "equal"),
    ],
)
def test_what_cannot_be_judged_is_refused(values: list[float], named: dict[str, float], part: str) -> None:
    with pytest.raises(InputError, match=part):
        judge_measured(VariablesPlan(3, 1.0, "unknown", ""), values, **named)


def test_a_known_spread_has_to_be_given() -> None:
    plan = VariablesPlan(3, 1.0, "known", "")
    with pytest.raises(InputError, match="standard deviation of the process"):
        judge_measured(plan, [1.0, 2.0, 3.0], lower=0.0)
    assert judge_measured(plan, [1.0, 2.0, 3.0], lower=0.0, sigma=1.0).accepted
