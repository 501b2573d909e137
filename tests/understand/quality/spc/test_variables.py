"""Charts of measured values against NIST and against formulas done another way."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.quality.data import individuals, subgroups
from luban.understand.quality.spc import Limits, control_chart, fit_limits
from luban.understand.quality.spc.constants import c4, d2, d3
from luban.understand.quality.spc.variables import exact_mean
from tests.understand.quality.spc.tables import flowrate, thickness

NUMBER = st.integers(-1000, 1000).map(float)


def test_individuals_of_the_handbook_to_every_printed_digit() -> None:
    # NIST/SEMATECH e-Handbook 6.3.2.2, whose d2 is 1.128
    chart = control_chart("i_mr", flowrate(), decimals=3)
    individual, moving = chart.panels
    assert round(individual.centre[0], 2) == 50.81
    assert round(individual.upper[0], 4) == 55.8041
    assert round(individual.lower[0], 4) == 45.8159
    assert round(moving.centre[0], 4) == 1.8778
    assert chart.in_control
    assert math.isnan(moving.values[0])
    assert chart.used == 10
    assert chart.phase == 1


def test_mean_and_range_of_dataplot() -> None:
    # limits worked out by hand from d2(5) = 2.3259289472810396, d3(5) = 0.8640819410994944, mean range 2.05
    mean, spread = control_chart("xbar_r", thickness()).panels
    assert mean.centre[0] == pytest.approx(23.726, rel=1e-12)
    assert mean.upper[0] == pytest.approx(24.908479634874425, rel=1e-10)
    assert mean.lower[0] == pytest.approx(22.543520365125573, rel=1e-10)
    assert spread.centre[0] == pytest.approx(2.05, rel=1e-12)
    assert spread.upper[0] == pytest.approx(4.334723247446558, rel=1e-10)
    assert spread.lower[0] == 0


def test_mean_and_standard_deviation_of_dataplot() -> None:
    mean, spread = control_chart("xbar_s", thickness()).panels
    assert mean.upper[0] == pytest.approx(24.8973248368599, rel=1e-10)
    assert mean.lower[0] == pytest.approx(22.554675163140097, rel=1e-10)
    assert spread.centre[0] == pytest.approx(0.8206581777685613, rel=1e-10)
    assert spread.upper[0] == pytest.approx(1.714353184232537, rel=1e-10)


@pytest.mark.parametrize("kind", ["xbar_r", "xbar_s"])
def test_printed_factors_of_handbook_tables(kind: str) -> None:
    # A2 .577, D4 2.114 and A3 1.427, B4 2.089 for subgroups of five, as every printed table has them
    place, scatter = {"xbar_r": (0.577, 2.114), "xbar_s": (1.427, 2.089)}[kind]
    mean, spread = control_chart(kind, thickness(), decimals=3).panels
    usual = spread.centre[0]
    assert usual == pytest.approx({"xbar_r": 2.05, "xbar_s": 0.8206581777685613}[kind], rel=1e-12)
    assert mean.upper[0] - mean.centre[0] == pytest.approx(place * usual, rel=1e-12)
    assert (spread.lower[0], spread.upper[0]) == (0.0, pytest.approx(scatter * usual, rel=1e-12))
    assert control_chart("i_mr", flowrate(), decimals=3).panels[1].upper[0] == pytest.approx(
        3.267 * 16.9 / 9, rel=1e-12
    )


@pytest.mark.parametrize("kind", ["xbar_r", "xbar_s"])
def test_unequal_subgroups_have_the_best_linear_sigma_and_lines_of_their_own(kind: str) -> None:
    rows = [[3.0, 5.0, 4.0], [2.0, 6.0], [4.0, 4.5, 5.0, 3.0], [5.0], [1.0, 2.0, 4.0]]
    groups = [np.array(row) for row in rows if len(row) > 1]
    if kind == "xbar_r":
        parts = [(np.ptp(g) / d2(len(g)), (d2(len(g)) / d3(len(g))) ** 2) for g in groups]
    else:
        parts = [(np.std(g, ddof=1) / c4(len(g)), c4(len(g)) ** 2 / (1 - c4(len(g)) ** 2)) for g in groups]
    sigma = sum(w * s for s, w in parts) / sum(w for _, w in parts)
    chart = control_chart(kind, rows)
    mean, spread = chart.panels
    assert chart.parameters["sigma"] == pytest.approx(sigma, rel=1e-12)
    assert chart.parameters["centre"] == pytest.approx(np.mean(np.concatenate([np.array(r) for r in rows])), rel=1e-12)
    for at, row in enumerate(rows):
        assert mean.upper[at] - mean.centre[at] == pytest.approx(3 * sigma / math.sqrt(len(row)), rel=1e-12)
    expected = (d2 if kind == "xbar_r" else c4)(4) * sigma
    assert spread.centre[2] == pytest.approx(expected, rel=1e-12)
    assert math.isnan(spread.values[3])
    assert math.isnan(spread.upper[3])
    assert any("differ in size" in note for note in chart.notes)
    assert any("1 subgroups of one value" in note for note in chart.notes)


def test_the_estimate_of_sigma_has_no_bias_for_mixed_sizes() -> None:
    draw = np.random.default_rng(7)
    found = [
        fit_limits(kind, [draw.normal(5, 2, size) for size in (2, 3, 5, 8) * 5]).parameters["sigma"]
        for kind in ("xbar_r", "xbar_s")
        for _ in range(300)
    ]
    assert np.mean(found) == pytest.approx(2.0, abs=4 * np.std(found) / math.sqrt(len(found)))


def test_a_known_centre_and_sigma_stand_in_for_the_estimates() -> None:
    chart = control_chart("xbar_r", thickness(), centre=23.5, sigma=0.9)
    assert chart.panels[0].upper[0] == pytest.approx(23.5 + 3 * 0.9 / math.sqrt(5), rel=1e-12)
    assert chart.parameters["sigma_from"] == "given"
    with pytest.raises(InputError, match="above 0"):
        control_chart("xbar_r", thickness(), sigma=0.0)


def test_a_large_offset_costs_no_digit() -> None:
    # as NIST StRD NumAcc4: values 10000000.1 to .3, mean 10000000.2, standard deviation 0.1
    values = np.array([10000000.2] + [10000000.1, 10000000.3] * 500)
    assert exact_mean(values) == pytest.approx(10000000.2, rel=2e-16)
    sigma = fit_limits("xbar_s", [values, values]).parameters["mean_spread"]
    assert sigma == pytest.approx(0.1, rel=1e-8)  # the values themselves hold no more digits
    many = np.tile(values, 30)
    assert exact_mean(many) == pytest.approx(10000000.2, rel=1e-15)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(NUMBER, min_size=2, max_size=5), min_size=3, max_size=25), st.randoms())
@pytest.mark.parametrize("kind", ["xbar_r", "xbar_s"])
def test_the_order_of_subgroups_does_not_touch_the_limits(kind: str, rows: list[list[float]], random: object) -> None:
    if all(len(set(row)) == 1 for row in rows):
        return
    before = fit_limits(kind, rows).parameters
    random.shuffle(rows)  # type: ignore[attr-defined]
    after = fit_limits(kind, rows).parameters
    assert (before["centre"], before["sigma"]) == (after["centre"], after["sigma"])


@settings(max_examples=60, deadline=None)
@given(st.lists(NUMBER, min_size=12, max_size=80), st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-100, 100))
def test_another_unit_and_another_zero_move_the_lines_and_nothing_else(
    x: list[float], scale: float, shift: int
) -> None:
    if len(set(x)) == 1:
        return
    values = np.array(x)
    plain = control_chart("i_mr", values, rules="nelson")
    scaled = control_chart("i_mr", values * scale, rules="nelson")
    assert scaled.violations == plain.violations  # a power of two is exact
    assert np.array_equal(scaled.panels[0].upper, plain.panels[0].upper * scale)
    moved = control_chart("i_mr", values + shift, rules="none")
    assert moved.parameters["sigma"] == plain.parameters["sigma"]
    assert moved.panels[0].upper[0] == pytest.approx(plain.panels[0].upper[0] + shift, rel=1e-9, abs=1e-9)
    assert np.array_equal(moved.panels[1].values[1:], plain.panels[1].values[1:])


@pytest.mark.parametrize(
    ("kind", "rows", "says"),
    [
        ("i_mr", [5.0, 5.0, 5.0], "do not vary"),
        ("i_mr", [5.0], "too few values"),
        ("i_mr", [[1.0, 2.0], [3.0, 4.0]], "single values"),
        ("i_mr", [], "nothing to chart"),
        ("i_mr", [1.0, "a"], "not a number"),
        ("i_mr", [1.0, float("nan")], "not a finite number"),
        ("i_mr", [1e308, -1e308, 1e308, 1e308, 1e308], "too large"),
        ("xbar_s", [[1e308, -1e308], [1e308, 1e308], [1e308, -1e307]], "too large"),
        ("xbar_r", [[1.0, 2.0]], "too few subgroups"),
        ("xbar_r", [1.0, 2.0, 3.0], "no scatter within"),
        ("xbar_s", [[2.0, 2.0], [3.0, 3.0]], "do not vary"),
        ("p", [1.0, 2.0], "takes counts"),
    ],
)
def test_bad_data_get_an_answer(kind: str, rows: list[object], says: str) -> None:
    with pytest.raises(InputError) as caught:
        control_chart(kind, rows)
    assert says in str(caught.value)


def test_coarse_gauges_and_few_points_are_noted() -> None:
    chart = control_chart("i_mr", [1.0, 1.0, 1.0, 2.0, 2.0, 1.0])
    assert any("3 of 5 moving ranges are zero" in note for note in chart.notes)
    assert any("6 points" in note for note in chart.notes)


def test_impossible_limits_are_refused() -> None:
    for parameters, says in (
        ({"centre": 1.0}, "sigma"), ({"centre": 1.0, "sigma": 0.0}, "above 0"),
        ({"centre": "x", "sigma": 1.0}, "centre"),
        ({"centre": 1.0, "sigma": 1.0, "decimals": 1.5}, "decimals"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=says):
            control_chart("i_mr", [1.0, 2.0], limits=Limits("i_mr", parameters))


def test_samples_hand_on_what_they_hold() -> None:
    sample = individuals([1.0, 2.0, 4.0], characteristic="shaft:diameter", unit="mm")
    chart = control_chart("i_mr", sample)
    assert (chart.characteristic, chart.panels[0].unit, chart.panels[1].unit) == ("shaft:diameter", "mm", "mm")
    assert chart.as_dict()["panels"][1]["values"] == [None, 1.0, 2.0]
    assert control_chart("xbar_r", subgroups([[1.0, 2.0], [2.0, 4.0]])).labels[1] == "2"


def test_what_makes_limits_doubtful_is_noted() -> None:
    draw = np.random.default_rng(2)
    steps = draw.normal(0, 1, 200)
    assert any("alike" in note for note in control_chart("i_mr", np.cumsum(steps)).notes)
    assert not control_chart("i_mr", steps).notes
    wide = draw.normal(0, 1, (25, 12)).tolist()
    assert any("up to 12" in note for note in control_chart("xbar_r", wide).notes)
    assert not control_chart("xbar_s", wide).notes
