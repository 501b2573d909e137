"""Baselines find the change points and slopes that were put in; a straight one is what statsmodels has."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.energy.enpi import FORMS, degree_days, fit_baseline
from luban.understand.energy.noise import noise_of

T = np.linspace(-8, 34, 200)
TRUE = {
    "2P": 900 - 12 * T,
    "3PH": 300 + 14 * np.maximum(15 - T, 0),
    "3PC": 300 + 9 * np.maximum(T - 19, 0),
    "4P": 300 + 14 * np.maximum(13 - T, 0) - 4 * np.maximum(T - 13, 0),
    "5P": 300 + 14 * np.maximum(12 - T, 0) + 9 * np.maximum(T - 21, 0),
}


@pytest.mark.parametrize("form", TRUE)
def test_the_form_and_its_change_points_are_found(form: str) -> None:
    noisy = TRUE[form] + np.random.default_rng(5).normal(0, 6, len(T))
    found = fit_baseline(noisy, {"outside": T}, temperature="outside")
    assert found.form == form
    wanted = {"3PH": (15,), "3PC": (19,), "4P": (13,), "5P": (12, 21)}.get(form, ())
    assert found.points == pytest.approx(wanted, abs=1.0)
    assert found.expected({"outside": T}) == pytest.approx(TRUE[form], abs=6)
    assert found.r2 > 0.98


def test_a_straight_baseline_is_what_statsmodels_has() -> None:
    api = pytest.importorskip("statsmodels.api")
    g = np.random.default_rng(1)
    pieces, moist = g.uniform(50, 150, 40), g.uniform(2, 9, 40)
    y = 200 + 5 * pieces + 30 * moist + g.normal(0, 20, 40) * np.where(np.arange(40) % 2, 1.2, -1.2)
    ours = fit_baseline(y, {"pieces": pieces, "moist": moist}, independent=True)
    peer = api.OLS(y, api.add_constant(np.column_stack([pieces, moist]))).fit()
    assert ours.coefficients == pytest.approx(peer.params, rel=1e-9)
    assert (ours.r2, ours.adjusted_r2) == pytest.approx((peer.rsquared, peer.rsquared_adj), rel=1e-9)
    assert ours.errors == pytest.approx(peer.bse, rel=1e-9)
    assert ours.noise.free == pytest.approx(37)


def test_degree_days_of_a_month_come_from_its_days_not_from_its_mean() -> None:
    days = [np.array([10.0, 26.0]), np.array([18.0, 18.0]), np.array([8.0, 12.0]), np.array([22.0, 24.0])] * 6
    y = np.array([(100 * len(d) + 7 * degree_days(d, 18)) for d in days])
    found = fit_baseline(y, {"outside": days}, temperature="outside", form="3PH", length=np.full(24, 2.0))
    assert found.expected({"outside": days}, np.full(24, 2.0)) == pytest.approx(y, rel=0.02)
    with pytest.raises(InputError, match="unequal"):
        fit_baseline(y, {"outside": days[:-1]}, temperature="outside")


def test_errors_know_of_autocorrelation() -> None:
    g, matrix = np.random.default_rng(3), np.column_stack([np.ones(300), np.arange(300) / 300])
    seen = []
    for _ in range(60):
        e = np.zeros(300)
        for at in range(1, 300):
            e[at] = 0.6 * e[at - 1] + 0.8 * g.normal()
        beta = np.linalg.lstsq(matrix, e, rcond=None)[0]
        noise, covariance = noise_of(e - matrix @ beta, matrix)
        seen.append((noise.rho, noise.size, beta[1] / np.sqrt(covariance[1, 1])))
    rho, size, score = np.mean(np.array(seen)[:, 0]), np.mean(np.array(seen)[:, 1]), np.std(np.array(seen)[:, 2])
    assert (rho, size) == (pytest.approx(0.6, abs=0.03), pytest.approx(1.0, abs=0.05))
    assert score == pytest.approx(1.0, abs=0.25)  # taken as independent it would be 2


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000), st.floats(-20, 20))
def test_units_do_not_matter(scale: float, shift: float) -> None:
    y = TRUE["3PH"] + 5 * np.sin(np.arange(len(T)) * 1.7)
    one = fit_baseline(y, {"t": T}, temperature="t", form="3PH")
    two = fit_baseline(y * scale, {"t": T + shift}, temperature="t", form="3PH")
    assert two.points[0] - shift == pytest.approx(one.points[0], abs=1e-3)
    assert two.r2 == pytest.approx(one.r2, rel=1e-6)


@pytest.mark.parametrize(
    ("energy", "drivers", "more", "said"),
    [
        (np.ones(3), {}, {}, "too few periods"),
        (np.arange(9.0), {"a": np.ones(9)}, {}, "never moves"),
        (np.arange(9.0), {"a": np.arange(9.0), "b": 2 * np.arange(9.0)}, {}, "say the same"),
        (np.arange(9.0), {"a": np.arange(9.0)}, {"form": "6P"}, "no such form"),
        (np.arange(9.0), {"a": np.arange(9.0)}, {"form": "3PH"}, "bends in temperature"),
        (np.arange(9.0), {"a": np.arange(9.0)}, {"temperature": "t"}, "not among the drivers"),
        (np.arange(7.0), {"a": np.arange(7.0)}, {"temperature": "a", "form": "5P"}, "too few periods"),
    ],
)
def test_what_cannot_be_fitted_is_said(energy: np.ndarray, drivers: dict, more: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit_baseline(energy, drivers, **more)


def test_what_is_not_known_is_left_out_with_its_reason() -> None:
    y, a = np.arange(20.0) + 5, np.arange(20.0)
    y[3], y[4], a[5] = np.nan, -7, np.nan
    found = fit_baseline(y, {"a": a})
    assert [(one.where, one.reason) for one in found.excluded] == [
        ("period 4", "energy is not known"),
        ("period 5", "negative energy: the meter ran backwards"),
        ("period 6", "a is not known"),
    ]
    assert found.used == 17
    with pytest.raises(InputError, match="missing"):
        found.expected({"b": a})


def test_every_form_is_tried() -> None:
    assert set(TRUE) | {"plain"} == set(FORMS)
