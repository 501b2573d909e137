"""T² and MEWMA: against textbook limits, scipy's distance, the false alarms that they promise, and their definition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.spatial.distance import mahalanobis
from scipy.stats import chi2, f

from luban.core.errors import InputError
from luban.understand.quality.spc import Limits, Stream, control_chart, fit_limits
from luban.understand.quality.spc.multivariate import Vectors, decompose, vectors

SIGMA = np.array([[1.0, 0.7, 0.2], [0.7, 2.0, -0.3], [0.2, -0.3, 0.5]])


def normal(count: int, seed: int = 1) -> Any:
    return np.random.default_rng(seed).multivariate_normal([10.0, -3.0, 0.5], SIGMA, count)


def test_values_are_squared_distances() -> None:
    rows = normal(40)
    chart = control_chart("t2", vectors(rows, ["a", "b", "c"]))
    inverse = np.linalg.inv(np.cov(rows, rowvar=False))
    expected = [mahalanobis(row, rows.mean(axis=0), inverse) ** 2 for row in rows]
    assert chart.panels[0].values == pytest.approx(expected, rel=1e-10)
    assert chart.panels[0].unit == "1"


def test_limits_of_subgroups_as_in_the_textbook() -> None:
    """Montgomery (2012), example 11.1: 20 samples of 10, two characteristics, α 0.001: 13.72."""
    data = vectors(np.random.default_rng(2).normal(size=(200, 2)), size=10)
    first = control_chart("t2", data, alpha=0.001)
    assert first.panels[0].upper[0] == pytest.approx(13.72, abs=0.005)
    second = control_chart("t2", data, limits=fit_limits("t2", data, alpha=0.001))
    assert second.panels[0].upper[0] == pytest.approx(2 * 21 * 9 / 179 * f.isf(0.001, 2, 179), rel=1e-12)


def test_known_mean_and_covariance_have_a_chi_square_limit() -> None:
    rows = normal(30)
    chart = control_chart("t2", vectors(rows), mean=[10.0, -3.0, 0.5], known_covariance=SIGMA.tolist(), alpha=0.01)
    assert chart.panels[0].upper[0] == pytest.approx(chi2.isf(0.01, 3))
    assert chart.panels[0].values[4] == pytest.approx(mahalanobis(rows[4], [10, -3, 0.5], np.linalg.inv(SIGMA)) ** 2)


@pytest.mark.parametrize("way", ["single", "differences", "subgroups", "unequal"])
def test_false_alarms_are_as_many_as_promised(way: str) -> None:
    """Estimates from few points move the limit: phase 1 and phase 2 each keep α. Differences: approximately."""
    alpha, sets, alarms = 0.05, 300, np.zeros(2)
    random = np.random.default_rng(11)
    points = 0
    for _ in range(sets):
        rows = random.multivariate_normal([0.0, 0.0, 0.0], SIGMA, 60)
        if way in {"single", "differences"}:
            data, new = vectors(rows[:30]), vectors(rows[30:])
            options: dict[str, Any] = {
                "alpha": alpha,
                "covariance": "differences" if way == "differences" else "pooled",
            }
        else:
            data, new = vectors(rows[:30], size=3), vectors(rows[30:], size=3)
            options = {"alpha": alpha}
            if way == "unequal":
                data, new = recut(data, [1, 5, 2, 4, 6, 3, 3, 6]), recut(new, [2, 4, 6, 3, 5, 1, 3, 6])
        chart = control_chart("t2", data, **options)
        later = control_chart("t2", new, limits=fit_limits("t2", data, **options))
        alarms += [len(chart.violations), len(later.violations)]
        points += len(data)
    share = alarms / points
    # three standard errors of a share: 9000 single points, 3000 and 2400 subgroups
    assert share == pytest.approx(alpha, abs={"single": 0.007, "differences": 0.012}.get(way, 0.014))


def recut(data: Vectors, sizes: list[int]) -> Vectors:
    starts = np.concatenate(([0], np.cumsum(sizes)))
    return Vectors(
        data.names,
        data.units,
        data.values,
        starts,
        tuple(map(str, range(len(sizes)))),
        data.time[:1].repeat(len(sizes)),
    )


def test_parts_are_what_t2_loses_without_a_characteristic() -> None:
    rows = normal(50)
    limits = fit_limits("t2", vectors(rows, ["a", "b", "c"]))
    mean, covariance = np.array(limits.parameters["mean"]), np.array(limits.parameters["covariance"])
    point = mean + np.array([0.5, -3.0, 0.8])
    whole = (point - mean) @ np.linalg.inv(covariance) @ (point - mean)
    parts = decompose(point, limits.parameters)
    assert parts[0].name == "b"
    assert [one.adds for one in parts] == sorted((one.adds for one in parts), reverse=True)
    for one in parts:
        at = "abc".index(one.name)
        rest = [other for other in range(3) if other != at]
        off = (point - mean)[rest]
        without = off @ np.linalg.inv(covariance[np.ix_(rest, rest)]) @ off
        assert one.adds == pytest.approx(whole - without, rel=1e-9)
        assert one.alone == pytest.approx((point - mean)[at] ** 2 / covariance[at, at])
        assert one.speaks == (one.adds > one.limit)


def test_mewma_is_its_definition() -> None:
    rows = normal(30)
    data = vectors(rows, ["a", "b", "c"])
    for growing in (False, True):
        chart = control_chart("mewma", data, weight=0.15, limit=11.0, growing=growing)
        mean, covariance = rows.mean(axis=0), np.cov(rows, rowvar=False)
        z, expected = np.zeros(3), []
        for at, row in enumerate(rows, 1):
            z = 0.15 * (row - mean) + 0.85 * z
            factor = 0.15 / 1.85 * ((1 - 0.85 ** (2 * at)) if growing else 1.0)
            expected.append(z @ np.linalg.inv(factor * covariance) @ z)
        assert chart.panels[0].values == pytest.approx(expected, rel=1e-9)
        assert set(chart.panels[0].upper.tolist()) == {11.0}


def test_the_limit_of_a_mewma_follows_from_its_run_length() -> None:
    """Prabhu and Runger (1997): p = 4, λ = 0.1: H = 12.73 for 200 points."""
    data = vectors(np.random.default_rng(5).normal(size=(100, 4)))
    assert control_chart("mewma", data, weight=0.1, arl=200.0).parameters["limit"] == pytest.approx(12.73, abs=0.01)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["t2", "mewma"]), st.integers(0, 1000), st.data())
def test_cut_in_pieces_it_is_the_same_to_the_bit(kind: str, seed: int, draw: st.DataObject) -> None:
    rows = normal(24, seed)
    limits = fit_limits(kind, vectors(normal(40)))
    data = vectors(rows, size=draw.draw(st.sampled_from([1, 2, 3])))
    whole = control_chart(kind, data, limits=limits)
    stream = Stream(limits)
    told = []
    for at in range(len(data)):
        stream = Stream.from_bytes(stream.to_bytes())
        told.append(stream.update(rows[data.starts[at] : data.starts[at + 1]]).values[0])
    assert np.array_equal(whole.panels[0].values, told)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 100), st.floats(-1e3, 1e3))
def test_unit_origin_and_order_of_the_characteristics_do_not_matter(seed: int, unit: float, origin: float) -> None:
    rows = normal(30, seed)
    one = control_chart("t2", vectors(rows)).panels[0].values
    two = control_chart("t2", vectors(origin + unit * rows[:, ::-1])).panels[0].values
    assert two == pytest.approx(one, rel=1e-6)


def test_refusals() -> None:
    rows = normal(30)
    for wrong, says in (
        (lambda: control_chart("t2", rows[:, 0]), "several characteristics"),
        (lambda: vectors(rows[:, :1]), "two characteristics"),
        (lambda: vectors(rows, size=7), "whole subgroups"),
        (lambda: control_chart("t2", vectors(rows[:4])), "too few points"),
        (
            lambda: control_chart("t2", vectors(np.column_stack((rows, rows[:, 0] + rows[:, 1])))),
            "depend on each other",
        ),
        (lambda: control_chart("t2", vectors(np.column_stack((rows, np.ones(30))))), "does not vary"),
        (lambda: control_chart("t2", vectors(rows), alpha=1.5), "chance"),
        (lambda: control_chart("t2", vectors(rows), mean=[1, 2, 3]), "known covariance"),
        (lambda: control_chart("t2", vectors(rows), covariance="robust"), "estimate of the covariance"),
        (lambda: control_chart("mewma", vectors(rows), weight=1.0), "0 … 1"),
        (lambda: Stream(fit_limits("t2", vectors(rows))).update([1.0, 2.0]), "as many values"),
        (lambda: Stream(Limits("t2", {"mean": [0, 0]})), "lack mean or covariance"),
    ):
        with pytest.raises(InputError, match=says):
            wrong()
