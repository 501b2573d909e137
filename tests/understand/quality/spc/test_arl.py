"""Average run lengths against printed tables, and against a second way of working them out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from benchmarks.spc_published import MISPRINTS, PUBLISHED, SPREAD_TABLE, Published

from luban.core.errors import InputError
from luban.understand.quality.data import subgroups
from luban.understand.quality.spc import Limits, Stream
from luban.understand.quality.spc.arl import (
    cusum_arl,
    cusum_interval,
    ewma_arl,
    ewma_width,
    individuals_range_arl,
    moving_pair_arl,
    shewhart_arl,
)
from luban.understand.quality.spc.arl_rules import rules_arl
from luban.understand.quality.spc.arl_vector import count_arl, mewma_arl, mewma_limit, spread_arl, t2_arl
from luban.understand.quality.spc.expected import expected_run_lengths
from luban.understand.quality.spc.simulation import (
    RunLength,
    counts_run_length,
    cusum_run_length,
    ewma_run_length,
    individuals_range_run_length,
    mewma_run_length,
    moving_average_run_length,
    rules_run_length,
    t2_run_length,
)

_WAYS: dict[str, Any] = {
    "ewma": ewma_arl, "cusum": cusum_arl, "i_mr": individuals_range_arl, "mewma": mewma_arl,
    "ewma_width": ewma_width, "cusum_interval": cusum_interval, "mewma_limit": mewma_limit,
}  # fmt: skip


def worked_out(one: Published, at: float) -> float:
    """What luban gives for a printed value."""
    if one.chart == "rules":
        return rules_arl(str(one.parameters["rules"]).split(), at)
    return float(_WAYS[one.chart](at, **one.parameters))


def last_digit(printed: float) -> float:
    """One in the last digit of a value as printed."""
    return 10.0 ** -len(f"{printed:.10g}".partition(".")[2])


@pytest.mark.parametrize("one", PUBLISHED, ids=lambda one: f"{one.chart} {one.source} {dict(one.parameters)}")
def test_printed_tables(one: Published) -> None:
    for at, printed in one.points:
        found = worked_out(one, at)
        if one.tight:
            assert abs(found - printed) <= last_digit(printed), (at, printed, found)
        assert found == pytest.approx(printed, rel=0.02, abs=last_digit(printed) / 2), (at, printed, found)


def test_spread_of_an_individuals_chart_as_printed() -> None:
    for spread, printed in SPREAD_TABLE:
        assert individuals_range_arl(width=2.992, range_width=4.139, spread=spread) == pytest.approx(printed, rel=0.02)


@pytest.mark.parametrize(("one", "why"), MISPRINTS, ids=lambda one: getattr(one, "source", ""))
def test_what_contradicts_a_misprint_is_found_in_two_ways(one: Published, why: str) -> None:
    for at, printed in one.points:
        found = worked_out(one, at)
        assert abs(found / printed - 1) > 0.02
        told = simulated(one, at, 8000)
        assert abs(told.mean - found) < 4 * told.error
        assert abs(told.mean - printed) > 1.5 * told.error


def simulated(one: Published, at: float, runs: int) -> RunLength:
    """The same by chance."""
    if one.chart == "rules":
        return rules_run_length(str(one.parameters["rules"]).split(), at, runs=runs)
    numbers: dict[str, Any] = dict(one.parameters)
    if one.chart == "ewma":
        return ewma_run_length(at, runs=runs, **{"growing": False, **numbers})
    if one.chart == "cusum":
        return cusum_run_length(at, runs=runs, **numbers)
    if one.chart == "i_mr":
        return individuals_range_run_length(at, runs=runs, **numbers)
    return mewma_run_length(at, runs=runs, **numbers)


SECOND_WAY = [
    ("ewma, growing", lambda s: ewma_arl(s, weight=0.1, width=2.7, growing=True),
     lambda s, n: ewma_run_length(s, weight=0.1, width=2.7, runs=n)),
    ("cusum, head start", lambda s: cusum_arl(s, reference=0.5, interval=4.0, head_start=2.0),
     lambda s, n: cusum_run_length(s, reference=0.5, interval=4.0, head_start=2.0, runs=n)),
    ("individuals and moving range", individuals_range_arl, lambda s, n: individuals_range_run_length(s, runs=n)),
    ("moving average of two", moving_pair_arl, lambda s, n: moving_average_run_length(s, span=2, runs=n)),
    ("zone rules of Nelson", lambda s: rules_arl([f"nelson_{at}" for at in (1, 2, 5, 6, 7, 8)], s),
     lambda s, n: rules_run_length([f"nelson_{at}" for at in (1, 2, 5, 6, 7, 8)], s, runs=n)),
    ("T²", lambda s: t2_arl(s, limit=10.6, variables=3),
     lambda s, n: t2_run_length(s, limit=10.6, variables=3, runs=n)),
    ("MEWMA", lambda s: mewma_arl(s, weight=0.15, limit=9.0, variables=3),
     lambda s, n: mewma_run_length(s, weight=0.15, limit=9.0, variables=3, runs=n)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "solved", "chance"), SECOND_WAY, ids=[one[0] for one in SECOND_WAY])
def test_solved_and_simulated_agree(name: str, solved: Any, chance: Any) -> None:
    for shift in (0.0, 1.0, 2.5):
        told = chance(shift, 4000)
        assert abs(told.mean - solved(shift)) < 4 * told.error, (name, shift, told, solved(shift))


def test_a_mewma_of_weight_near_one_is_a_t2_chart() -> None:
    assert mewma_arl(weight=0.999, limit=10.6, variables=2) == pytest.approx(t2_arl(limit=10.6, variables=2), rel=1e-4)


def test_a_mewma_of_many_variables_and_small_weight() -> None:
    """Where the equations are many they still give what chance gives, and say so where they cannot."""
    found = mewma_arl(0.5, weight=0.2, limit=30.0, variables=10)
    told = mewma_run_length(0.5, weight=0.2, limit=30.0, variables=10, runs=2000)
    assert abs(told.mean - found) < 4 * told.error
    with pytest.raises(InputError, match="too small"):
        mewma_arl(0.5, weight=0.01, limit=30.0, variables=10)
    parameters = {"mean": [0.0] * 10, "weight": 0.02, "limit": 30.0}
    on, off = expected_run_lengths("mewma", parameters, ["beyond_limits"], (0.0, 1.0))
    assert on.error == 0 < off.error


def test_an_ewma_of_weight_one_is_a_shewhart_chart() -> None:
    for growing in (False, True):
        assert ewma_arl(1.0, weight=1.0, width=3.0, growing=growing) == pytest.approx(shewhart_arl(1.0), rel=1e-9)


def test_trend_and_alternation_by_counting_orders() -> None:
    """Ranks alone matter, so the chance that the first points make the pattern is known: 2/6! and 2·E14/14!."""
    zigzag = 199_360_981  # Euler's up/down number of 14 (OEIS A000111)
    for rule, chance, most in (
        ("nelson_3", 2 / math.factorial(6), 6),
        ("nelson_4", 2 * zigzag / math.factorial(14), 14),
    ):
        told = rules_run_length([rule], runs=4000)
        # the pattern overlaps with itself, so its mean is longer than that of independent trials and not by much
        assert most < 1 / chance < told.mean < 3 / chance + most


def test_counts_and_spreads() -> None:
    from scipy.stats import chi2, poisson

    assert 1 / count_arl("c", 16.0, lower=4.0, upper=28.0) == pytest.approx(poisson.sf(28, 16) + poisson.cdf(3, 16))
    assert count_arl("u", 8.0, lower=2.0, upper=14.0, size=2) == pytest.approx(
        count_arl("c", 16.0, lower=4.0, upper=28.0)
    )
    assert math.isinf(count_arl("np", 0.0, lower=0.0, upper=5.0, size=20))
    assert 1 / spread_arl("s", size=5, lower=0.0, upper=1.964) == pytest.approx(chi2.sf(4 * 1.964**2, 4))
    # two values: their range is √2 times the absolute value of a normal number
    assert 1 / spread_arl("r", size=2, lower=0.0, upper=3.0) == pytest.approx(2 * 0.016947426762, rel=1e-6)


def test_expected_run_lengths_of_a_chart() -> None:
    found = expected_run_lengths("xbar_r", {"width": 3.0}, ["nelson_1"], (0.0, 1.0))
    assert [round(one.points, 2) for one in found] == [370.40, 43.89]
    assert found[0].error == 0
    assert found[0].panels == "mean"
    both = expected_run_lengths("i_mr", {"width": 3.0}, ["beyond_limits"], (0.0,))[0]
    assert both.points == pytest.approx(individuals_range_arl(), rel=1e-3)
    with_trend = expected_run_lengths("i_mr", {"width": 3.0}, ["nelson_1", "nelson_3"], (1.0,))[0]
    assert with_trend.error > 0
    assert expected_run_lengths("cusum", {"reference": 0.5, "interval": 4.0}, ["nelson_1", "nelson_2"], (0.0,))[
        0
    ].points == pytest.approx(167.68, rel=1e-3)
    assert expected_run_lengths("t2", {"mean": [0, 0], "alpha": 0.005}, ["beyond_limits"], (0.0,))[
        0
    ].points == pytest.approx(200)


def test_both_panels_of_a_chart_of_subgroups_count() -> None:
    """As the charts themselves signal: subgroups of four by the engine that draws them."""
    limits = Limits("xbar_r", {"centre": 0.0, "sigma": 1.0, "size": 4})
    rules = ["western_electric_1", "western_electric_4"]
    expected = expected_run_lengths("xbar_r", limits.parameters, rules, (0.0, 1.0))
    assert expected[0].panels == "mean, range"
    random = np.random.default_rng(8)
    for one in expected:
        lengths = []
        for _ in range(400):
            stream, length, first = Stream(limits, rules=rules), 0, None
            while first is None:
                chart = stream.extend(subgroups(random.standard_normal((128, 4)) + one.shift / 2))
                first = chart.violations[0].point if chart.violations else None
                length += 128 if first is None else first + 1
            lengths.append(length)
        assert abs(np.mean(lengths) - one.points) < 4 * np.std(lengths) / 20


def test_charts_of_counts_by_exact_tails_and_by_chance() -> None:
    for kind, rate, centre, size in (("p", 0.12, 0.1, 50.0), ("c", 18.0, 16.0, 1.0)):
        error = math.sqrt(centre * (1 - centre) / size if kind == "p" else centre / size)
        exact = count_arl(kind, rate, lower=max(centre - 3 * error, 0.0), upper=centre + 3 * error, size=size)
        told = counts_run_length(kind, rate, ["nelson_1"], centre=centre, size=size, runs=4000)
        assert abs(told.mean - exact) < 4 * told.error
        with_runs = counts_run_length(kind, rate, ["nelson_1", "nelson_2"], centre=centre, size=size, runs=4000)
        assert with_runs.mean < told.mean
    found = expected_run_lengths("np", {"centre": 5.0, "size": 50}, ["beyond_limits", "nelson_6"], (0.0,))[0]
    assert found.points == pytest.approx(count_arl("np", 0.1, lower=0.0, upper=5 + 3 * math.sqrt(4.5), size=50))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: ewma_arl(weight=0.0, width=3.0),
        lambda: ewma_arl(weight=0.2, width=3.0, start=9.0),
        lambda: cusum_arl(reference=0.5, interval=4.0, head_start=4.0),
        lambda: cusum_interval(1.0, reference=0.5),
        lambda: mewma_arl(weight=0.1, limit=8.0, variables=1),
        lambda: mewma_arl(-1.0, weight=0.1, limit=8.0, variables=2),
        lambda: rules_arl(["nelson_3"]),
        lambda: rules_arl(["rule of thumb"]),
        lambda: expected_run_lengths("p", {}, ["beyond_limits"]),
        lambda: expected_run_lengths("xbar_r", {}, []),
        lambda: expected_run_lengths("c", {"centre": 4.0, "size": 1}, ["nelson_6"]),
        lambda: counts_run_length("c", 4.0, ["nelson_7"], centre=4.0),
        lambda: count_arl("x", 1.0, lower=0, upper=1),
        lambda: moving_average_run_length(span=0),
    ],
)
def test_refusals(wrong: Any) -> None:
    with pytest.raises(InputError):
        wrong()
