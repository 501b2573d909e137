from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from luban.core.errors import InputError
from luban.understand.quality.capability import (
    SMALLEST,
    Spread,
    capability,
    exact_share,
    indices_of,
    leave_out,
    stability,
    within,
)
from luban.understand.quality.capability.spread import degrees_of
from luban.understand.quality.data import Sample, individuals, subgroups
from luban.understand.quality.spc.constants import d2, d3

DATA = Path(__file__).parent / "gauge_data"
KNOWN = Spread("known", 2.0, math.inf)


def limited(sample: Sample, lower: float | None, upper: float | None, target: float | None = None) -> Sample:
    return replace(sample, lower=lower, target=target, upper=upper)


def steady(n: int = 120, seed: int = 3) -> Sample:
    return limited(individuals(np.random.default_rng(seed).normal(10, 0.5, n)), 8, 12, 10)


def test_the_example_of_the_nist_handbook():
    # NIST/SEMATECH e-Handbook 6.1.6: limits 8 and 20, mean 16, sigma 2
    found = {one.name: one.value for one in indices_of(16, KNOWN, 50, 8, 14, 20)}
    assert found["Cp"] == pytest.approx(1.0)
    assert (round(found["Cpu"], 4), round(found["Cpl"], 4), round(found["Cpk"], 4)) == (0.6667, 1.3333, 0.6667)
    assert found["Cpm"] == pytest.approx(1 / math.sqrt(1 + ((16 - 14) / 2) ** 2))


def test_the_certified_standard_deviation_of_michelson():
    with (DATA / "nist_strd_michelso.csv").open() as file:
        values = [float(row[-1]) for row in list(csv.reader(file))[1:]]
    study = capability(limited(individuals(values), 299.6, 300.1))
    assert study.overall.sigma == pytest.approx(0.0790105478190518, rel=1e-12)  # StRD
    assert study.index("Pp").value == pytest.approx(1.05471149907961, rel=1e-10)
    # his values wander: nothing is forecast from them
    assert study.stability.in_control is False
    assert study.index("Cpk").value is None
    assert "not in control" in study.index("Cpk").reason


def test_one_sided_interval_inverts_the_noncentral_t():
    one = indices_of(16, Spread("s", 2.0, 49), 50, 8, None, 20, level=0.9)[2]
    t = 3 * math.sqrt(50) * one.value
    assert stats.nct.cdf(t, 49, 3 * math.sqrt(50) * one.low) == pytest.approx(0.95, abs=1e-9)
    assert stats.nct.cdf(t, 49, 3 * math.sqrt(50) * one.high) == pytest.approx(0.05, abs=1e-9)


def test_intervals_hold_the_truth_as_often_as_they_say():
    draw, held = np.random.default_rng(1), np.zeros(4)
    truth = (1.0, 7 / 6, 5 / 6, 5 / 6)  # of a process at 10.5 with sigma 1 and limits 7 and 13
    for _ in range(1500):
        x = draw.normal(10.5, 1, 40)
        found = indices_of(float(x.mean()), Spread("s", float(x.std(ddof=1)), 39), 40, 7, None, 13, level=0.9)[:4]
        held += [one.low <= true <= one.high for one, true in zip(found, truth, strict=True)]
    assert held / 1500 == pytest.approx(0.9, abs=0.025)


@pytest.mark.parametrize(("size", "ranges", "degrees"), [(2, 1, 1.0), (3, 1, 2.0), (10, 1, 7.7), (5, 20, 72.7)])
def test_degrees_of_a_mean_range_are_those_of_the_published_table(size: int, ranges: int, degrees: float):
    # AIAG, Measurement Systems Analysis, 4th edition, appendix C
    assert degrees_of((d3(size) / d2(size)) ** 2 / ranges)[0] == pytest.approx(degrees, abs=0.05)


@pytest.mark.parametrize("method", ["pooled", "rbar", "sbar"])
def test_spread_within_unequal_subgroups_is_free_of_bias(method: str):
    draw = np.random.default_rng(5)
    found = [
        within(
            subgroups([draw.normal(level, 2, size) for level, size in ((0, 2), (50, 5), (9, 3), (1, 5))]), method
        ).root
        for _ in range(1500)
    ]
    assert np.mean(np.square(found)) == pytest.approx(4, rel=0.04)


def test_moving_ranges_know_how_uncertain_they_are():
    draw = np.random.default_rng(7)
    found = [within(individuals(draw.normal(0, 1, 30))) for _ in range(3000)]
    sigma = np.array([one.sigma for one in found])
    assert sigma.mean() == pytest.approx(1, abs=0.02)
    expected = 1 / stats.chi(found[0].degrees).mean() ** 2 * found[0].degrees - 1
    assert sigma.var() == pytest.approx(expected, rel=0.1)


def test_refusals_say_why():
    few = capability(limited(individuals([1.0, 2.0, 3.0]), 0, None))
    assert {one.reason for one in few.indices} == {f"3 values are too few, at least {SMALLEST} are needed"}
    same = capability(limited(individuals([5.0] * 30), 0, 9))
    assert all(one.value is None and "30 values are equal" in one.reason for one in same.indices)
    one = capability(limited(subgroups([np.random.default_rng(0).normal(size=30)]), -4, 4))
    assert "one subgroup" in one.index("Cpk").reason
    assert one.index("Ppk").value > 0
    shifted = np.concatenate([np.random.default_rng(0).normal(0, 1, 15), np.random.default_rng(1).normal(9, 1, 15)])
    moved = capability(limited(individuals(shifted), -20, 20))
    assert moved.index("Cp").value is None
    told = capability(limited(individuals(shifted), -20, 20), despite="two shifts, known")
    assert told.index("Cp").value > 0
    assert any("two shifts, known" in note for note in told.notes)


def test_a_subgroup_left_out_stands_in_the_list_with_its_reason():
    draw = np.random.default_rng(0)
    rows = draw.normal(10, 0.5, (30, 4))
    rows[6] += 9
    sample = limited(subgroups(rows), 5, 15)
    assert capability(sample).index("Cpk").value is None
    study = capability(leave_out(sample, {"7": "coil changed"}))
    assert study.index("Cpk").value > 1
    assert study.used == 116
    assert [(one.where, one.reason) for one in study.excluded] == [("subgroup 7", "coil changed")]
    for out, message in (({"99": "x"}, "no such point"), ({"7": " "}, "without a reason")):
        with pytest.raises(InputError, match=message):
            leave_out(sample, out)


@pytest.mark.parametrize(
    ("sample", "message"),
    [(individuals([]), "no value"), (individuals([1.0, 2.0]), "no specification limit")],
)
def test_nothing_to_judge_is_an_error(sample: Sample, message: str):
    with pytest.raises(InputError, match=message):
        capability(sample if message.startswith("no spec") else limited(sample, 0, 1))


def test_ten_values_far_from_their_limits_have_an_interval():
    study = capability(limited(individuals(np.random.default_rng(1).normal(10, 0.1, 10)), 0, 20))
    assert study.index("Ppl").low < study.index("Ppl").value < study.index("Ppl").high


def test_values_that_cannot_be_squared_are_an_answer():
    with pytest.raises(InputError, match="too large"):
        capability(limited(individuals([1e300, -1e300, 2e300] * 5), -1, 1))
    tiny = capability(limited(individuals([1e-300, 2e-300, 3e-300] * 5), -1, 1))
    assert "are equal" in tiny.index("Ppk").reason


def test_reversed_limits_and_odd_levels_are_errors():
    with pytest.raises(InputError, match="reversed"):
        indices_of(1, KNOWN, 5, 3, None, 2)
    with pytest.raises(InputError, match="confidence"):
        capability(steady(), level=95)
    with pytest.raises(InputError, match="moving ranges"):
        within(subgroups([[1, 2], [3, 4]]), "mr")


def test_one_limit_is_enough_for_its_side():
    study = capability(limited(steady(), None, 12))
    assert study.index("Cp").reason == "needs a lower and an upper limit"
    assert study.index("Cpk").value == study.index("Cpu").value
    assert study.index("Cpl").value is None
    (above,) = study.outside
    assert above.side == "above"
    assert above.share_low < above.share < above.share_high


def test_long_records_are_not_refused_for_points_that_chance_brings():
    draw = np.random.default_rng(11)
    assert stability(individuals(draw.normal(size=20_000))).in_control
    spoiled = draw.normal(size=20_000)
    spoiled[7000] = 9
    assert (
        stability(individuals(spoiled)).reasons[0].startswith("55 of 20000")
        or not stability(individuals(spoiled)).in_control
    )
    refused = [stability(individuals(draw.normal(size=30))).in_control is False for _ in range(200)]
    assert np.mean(refused) < 0.15


def test_another_family_goes_by_its_percentiles():
    draw = np.random.default_rng(2)
    sample = limited(individuals(draw.weibull(1.5, 400) * 2), None, 12)
    study = capability(sample, family="weibull")
    law = stats.weibull_min(study.fit.law.named["shape"], scale=study.fit.law.named["scale"])
    low, middle, high = law.ppf(stats.norm.cdf([-3, 0, 3]))
    assert study.index("Ppk").value == pytest.approx((12 - middle) / (high - middle), rel=1e-9)
    assert study.outside[0].share == pytest.approx(law.sf(12), rel=1e-9)
    assert study.index("Cpk").value is None
    assert low > 0
    again = capability(sample, family="weibull")
    assert (again.index("Ppk").low, again.index("Ppk").high) == (study.index("Ppk").low, study.index("Ppk").high)


def test_percentile_intervals_hold_the_truth():
    draw, held = np.random.default_rng(4), 0
    law = stats.weibull_min(2.0, scale=5.0)
    low, middle, high = law.ppf(stats.norm.cdf([-3, 0, 3]))
    truth = min((15 - middle) / (high - middle), (middle - 0.01) / (middle - low))
    for _ in range(60):
        sample = limited(individuals(draw.weibull(2.0, 150) * 5), None, 15)
        own = capability(sample, family="weibull", level=0.9).index("Ppu")
        held += own.low <= (15 - middle) / (high - middle) <= own.high
    assert truth > 0
    assert 46 <= held <= 60


def test_auto_keeps_the_normal_until_it_is_refuted():
    assert capability(steady(), family="auto").fit.family == "normal"
    skewed = limited(individuals(np.random.default_rng(0).lognormal(0, 0.8, 300)), None, 30)
    study = capability(skewed, family="auto")
    assert study.fit.family.startswith("lognormal")
    plain = capability(skewed)
    assert any("do not look normal" in note for note in plain.notes)


def test_exact_share_is_that_of_scipy():
    for counted, of in ((0, 10), (8, 15), (15, 15), (3, 100)):
        judge = stats.binomtest(counted, of).proportion_ci(0.95, "exact")
        assert exact_share(counted, of) == pytest.approx((judge.low, judge.high), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.floats(-1e3, 1e3), st.floats(1e-2, 1e3))
def test_indices_do_not_change_with_the_unit(shift: float, scale: float):
    sample = steady(60)
    moved = replace(
        sample,
        values=sample.values * scale + shift,
        lower=8 * scale + shift,
        target=10 * scale + shift,
        upper=12 * scale + shift,
    )
    for one, other in zip(capability(sample).indices, capability(moved).indices, strict=True):
        assert other.value == pytest.approx(one.value, rel=1e-6)
        assert other.low == pytest.approx(one.low, rel=1e-6)
