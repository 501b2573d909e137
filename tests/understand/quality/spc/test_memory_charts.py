"""EWMA, CUSUM and moving average against printed examples, and each cut in pieces against the whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.spc import Limits, Stream, control_chart, fit_limits
from luban.understand.quality.spc.cusum import cusum_shifts
from luban.understand.quality.spc.simulation import (
    cusum_run_length,
    ewma_run_length,
    moving_average_run_length,
)

# D. C. Montgomery, Introduction to Statistical Quality Control, 7th edition (2012), table 9.1: mean 10, sigma 1, and
# from point 21 on mean 11; tables 9.2 (CUSUM), 9.10 (EWMA) and 9.12 (moving average) work it out
SHIFTED = [
    9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34, 9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62,
    10.31, 8.52, 10.84, 10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52,
]  # fmt: skip
# NIST/SEMATECH e-Handbook 6.3.2.4 (US government work): target 50, sigma 2.0539, λ 0.3, limits at their final place
NIST = [52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5, 49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4,
        53.6, 52.1]  # fmt: skip
NIST_EWMA = [50.60, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33, 50.11, 49.36, 49.52, 50.05, 49.38,
             49.92, 50.73, 51.23, 51.94, 51.99]  # fmt: skip


def test_ewma_of_the_nist_handbook() -> None:
    chart = control_chart("ewma", NIST, weight=0.3, centre=50.0, sigma=2.0539, growing=False)
    panel = chart.panels[0]
    assert np.round(panel.values, 2).tolist() == NIST_EWMA
    assert panel.upper[0] == pytest.approx(52.5884, abs=5e-5)
    assert panel.lower[-1] == pytest.approx(47.4115, abs=1e-4)  # printed 47.4115, the formula gives 47.41157
    assert chart.in_control


def test_ewma_with_limits_that_grow() -> None:
    chart = control_chart("ewma", SHIFTED, weight=0.1, width=2.7, centre=10.0, sigma=1.0)
    panel = chart.panels[0]
    assert np.round(panel.values[:3], 4).tolist() == [9.945, 9.7495, 9.7036]
    assert np.round(panel.upper[:2], 2).tolist() == [10.27, 10.36]
    assert panel.upper[-1] == pytest.approx(10 + 2.7 * np.sqrt(0.1 / 1.9 * (1 - 0.9**60)), rel=1e-12)
    assert [one.point + 1 for one in chart.violations] == [29, 30]


def test_tabular_cusum_and_when_the_shift_began() -> None:
    chart = control_chart("cusum", SHIFTED, centre=10.0, sigma=1.0)
    upper, lower = chart.panels
    assert np.round(upper.values[[3, 4, 5, 27, 28, 29]], 2).tolist() == [1.16, 2.82, 2.50, 4.47, 5.28, 5.30]
    assert np.round(lower.values[:3], 2).tolist() == [-0.05, -1.56, -1.77]
    assert [(one.panel, one.point + 1, one.side) for one in chart.violations] == [(0, 29, 1), (0, 30, 1)]
    (shift,) = cusum_shifts(chart)
    assert (shift.first + 1, shift.signal + 1) == (23, 29)  # N+ = 7: the shift came between 22 and 23
    assert shift.mean == pytest.approx(11.25, abs=0.005)


def test_a_head_start_begins_both_sums_at_its_share() -> None:
    chart = control_chart("cusum", [10.0, 10.0], centre=10.0, sigma=1.0, interval=4.0, head_start=0.5)
    assert chart.panels[0].values.tolist() == [1.5, 1.0]
    assert chart.panels[1].values.tolist() == [-1.5, -1.0]


def test_moving_average_of_five() -> None:
    panel = control_chart("moving_average", SHIFTED, centre=10.0, sigma=1.0).panels[0]
    assert np.round(panel.values[[0, 1, 2, 3, 4, 9]], 3).tolist() == [9.45, 8.72, 8.91, 9.598, 10.11, 9.844]
    assert np.round(panel.upper[:6], 3).tolist() == [13.0, 12.121, 11.732, 11.5, 11.342, 11.342]


def test_subgroups_of_unequal_size_have_the_variance_of_what_went_in() -> None:
    data = subgroups([[1.0, 3.0], [2.0], [4.0, 4.0, 1.0, 3.0]])
    given: dict[str, Any] = {"centre": 2.0, "sigma": 1.5}
    ewma = control_chart("ewma", data, weight=0.4, **given).panels[0]
    weights = np.array([0.4 * 0.6**2, 0.4 * 0.6, 0.4])
    assert ewma.values[2] == pytest.approx(weights @ [2.0, 2.0, 3.0] + 0.6**3 * 2.0)
    assert ewma.sigma[2] == pytest.approx(1.5 * np.sqrt(weights**2 @ [1 / 2, 1, 1 / 4]))
    moving = control_chart("moving_average", data, span=3, **given).panels[0]
    assert moving.values[2] == pytest.approx(7 / 3)
    assert moving.sigma[2] == pytest.approx(1.5 / 3 * np.sqrt(1 / 2 + 1 + 1 / 4))
    sums = control_chart("cusum", data, reference=0.25, **given).panels[0]
    assert sums.values[2] == pytest.approx((3.0 - 2.0) / 1.5 * 2 - 0.25)


def test_estimates_are_those_of_the_shewhart_charts() -> None:
    single = fit_limits("ewma", SHIFTED).parameters
    shewhart = fit_limits("i_mr", SHIFTED).parameters
    assert (single["centre"], single["sigma"]) == (shewhart["centre"], shewhart["sigma"])
    rows = np.reshape(SHIFTED, (10, 3))
    grouped, mean_s = fit_limits("cusum", rows).parameters, fit_limits("xbar_s", rows).parameters
    assert (grouped["centre"], grouped["sigma"]) == (mean_s["centre"], mean_s["sigma"])
    assert grouped["sigma_from"] == "mean s / c4"


GROUPS = st.lists(st.lists(st.floats(-50, 50), min_size=1, max_size=4), min_size=4, max_size=30)
KINDS = st.sampled_from(["ewma", "cusum", "moving_average"])


@settings(max_examples=40, deadline=None)
@given(KINDS, GROUPS, st.data())
def test_cut_saved_and_restored_it_is_the_same_to_the_bit(
    kind: str, groups: list[list[float]], draw: st.DataObject
) -> None:
    limits = Limits(kind, {"centre": 1.0, "sigma": 7.0})
    whole = control_chart(kind, subgroups(groups), limits=limits, rules="limits")
    stream, at = Stream(limits, rules="limits"), 0
    plotted: list[list[float]] = [[] for _ in whole.panels]
    while at < len(groups):
        step = draw.draw(st.integers(1, len(groups) - at))
        stream = Stream.from_bytes(stream.to_bytes())
        if step == 1:
            point = stream.update(groups[at])
            for panel, value in enumerate(point.values):
                plotted[panel].append(value)
        else:
            for panel, own in enumerate(stream.extend(subgroups(groups[at : at + step])).panels):
                plotted[panel] += own.values.tolist()
        at += step
    for panel, values in zip(whole.panels, plotted, strict=True):
        assert np.array_equal(panel.values, values)


@settings(max_examples=30, deadline=None)
@given(KINDS, st.lists(st.integers(-40, 40), min_size=6, max_size=40), st.floats(-1e3, 1e3), st.floats(0.01, 100))
def test_signals_do_not_change_with_origin_and_unit(kind: str, ticks: list[int], origin: float, unit: float) -> None:
    # values far from any limit by rounding: limits are given, so that nothing else moves
    values = np.array(ticks, float)
    one = control_chart(kind, values, centre=0.3137, sigma=7.7713)
    two = control_chart(kind, origin + unit * values, centre=origin + unit * 0.3137, sigma=unit * 7.7713)
    assert [(v.panel, v.point) for v in one.violations] == [(v.panel, v.point) for v in two.violations]


@pytest.mark.parametrize(
    ("kind", "options", "simulate"),
    [
        ("ewma", {"weight": 0.25, "width": 2.6}, lambda n: ewma_run_length(weight=0.25, width=2.6, runs=n, seed=7)),
        ("cusum", {"reference": 0.5, "interval": 3.0},
         lambda n: cusum_run_length(reference=0.5, interval=3.0, runs=n, seed=7)),
        ("moving_average", {"span": 3, "width": 2.5},
         lambda n: moving_average_run_length(span=3, width=2.5, runs=n, seed=7)),
    ],
)  # fmt: skip
def test_the_chart_signals_as_often_as_the_simulation_says(kind: str, options: dict[str, Any], simulate: Any) -> None:
    """The simulation is written apart from the charts: their mean run lengths must agree."""
    limits = Limits(kind, {"centre": 0.0, "sigma": 1.0, **options})
    random, lengths = np.random.default_rng(3), []
    for _ in range(400):
        stream, length, first = Stream(limits), 0, None
        while first is None:
            chart = stream.extend(individuals(random.standard_normal(256)))
            first = chart.violations[0].point if chart.violations else None
            length += 256 if first is None else first + 1
        lengths.append(length)
    told = simulate(4000)
    error = np.hypot(np.std(lengths) / np.sqrt(len(lengths)), told.error)
    assert abs(np.mean(lengths) - told.mean) < 4 * error


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("ewma", {"weight": 1.5}), ("ewma", {"weight": "much"}), ("ewma", {"growing": 1}), ("ewma", {"sigma": 0.0}),
        ("moving_average", {"span": 2.5}), ("moving_average", {"span": 1}), ("cusum", {"head_start": 1.0}),
        ("cusum", {"interval": -1.0}), ("cusum", {"colour": 3}),
    ],
)  # fmt: skip
def test_impossible_options_are_refused(kind: str, options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        control_chart(kind, SHIFTED, **options)


def test_what_does_not_vary_has_no_limits_and_only_a_cusum_tells_shifts() -> None:
    with pytest.raises(InputError, match="vary"):
        control_chart("ewma", [5.0] * 20)
    with pytest.raises(InputError, match="CUSUM"):
        cusum_shifts(control_chart("ewma", SHIFTED))
