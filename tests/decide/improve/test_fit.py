"""Least squares against certified values (NIST StRD) and against statsmodels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.decide.improve.fit import fit

SETS = json.loads((Path(__file__).parent / "data" / "strd.json").read_text())["sets"]


def digits(ours: Any, certified: Any) -> float:
    """How many digits agree, the least of all numbers."""
    a, b = np.atleast_1d(np.asarray(ours, float)), np.atleast_1d(np.asarray(certified, float))
    away = np.abs(a - b) / np.where(b == 0, 1, np.abs(b))
    return float(np.min(-np.log10(np.maximum(away, 1e-15))))


@pytest.mark.parametrize("one", SETS, ids=[s["name"] for s in SETS])
def test_certified_values_to_nine_digits(one: dict[str, Any]) -> None:
    got = fit(one["model"], {k: np.array(v, float) for k, v in one["x"].items()}, np.array(one["y"], float))
    assert digits(got.coefficients, one["coefficients"]) >= 9
    assert digits(got.standard_errors, one["errors"]) >= 9
    assert digits(got.sigma, one["sigma"]) >= 9
    assert digits(got.r_squared, one["r_squared"]) >= 9


def test_everything_that_statsmodels_gives() -> None:
    smf = pytest.importorskip("statsmodels.formula.api")
    pd = pytest.importorskip("pandas")
    chance = np.random.default_rng(3)
    a, b = chance.normal(size=30), chance.normal(size=30)
    y = 2 + a - 0.5 * b + 0.3 * a * b + chance.normal(size=30)
    ours = fit("a*b + I(a**2)", {"a": a, "b": b}, y)
    theirs = smf.ols("y ~ a + b + I(a**2) + a:b", pd.DataFrame({"a": a, "b": b, "y": y})).fit()
    assert ours.names == ("Intercept", "a", "b", "a²", "a·b")
    np.testing.assert_allclose(ours.coefficients, theirs.params, rtol=1e-10)
    np.testing.assert_allclose(ours.standard_errors, theirs.bse, rtol=1e-10)
    np.testing.assert_allclose(ours.p, theirs.pvalues, rtol=1e-8)
    np.testing.assert_allclose(np.stack(ours.interval(0.9)).T, theirs.conf_int(0.1), rtol=1e-9)
    for mine, its in (
        (ours.f, theirs.fvalue),
        (ours.f_p, theirs.f_pvalue),
        (ours.r_squared_adjusted, theirs.rsquared_adj),
    ):
        assert mine == pytest.approx(its, rel=1e-9)
    influence = theirs.get_influence()
    np.testing.assert_allclose(ours.leverage, influence.hat_matrix_diag, rtol=1e-9)
    np.testing.assert_allclose(ours.studentized, influence.resid_studentized_internal, rtol=1e-9)
    assert ours.press == pytest.approx(float(np.sum(influence.resid_press**2)), rel=1e-9)
    at = {"a": np.array([0.3, -1.0]), "b": np.array([0.1, 2.0])}
    frame = theirs.get_prediction(pd.DataFrame(at)).summary_frame(alpha=0.05)
    mean, half, run = ours.predict(at)
    np.testing.assert_allclose(mean, frame["mean"], rtol=1e-9)
    np.testing.assert_allclose(mean + half, frame["mean_ci_upper"], rtol=1e-9)
    np.testing.assert_allclose(mean - run, frame["obs_ci_lower"], rtol=1e-9)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.01, 100), st.floats(-1000, 1000))
def test_shift_and_scale_of_the_response_change_what_they_should(seed: int, scale: float, shift: float) -> None:
    chance = np.random.default_rng(seed)
    x, y = chance.normal(size=(2, 12))
    before, after = fit("x", {"x": x}, y), fit("x", {"x": x}, shift + scale * y)
    assert after.coefficients[1] == pytest.approx(scale * before.coefficients[1], rel=1e-6, abs=1e-9 * scale)
    assert after.p[1] == pytest.approx(before.p[1], rel=1e-4, abs=1e-12)
    order = chance.permutation(12)
    np.testing.assert_allclose(fit("x", {"x": x[order]}, y[order]).coefficients, before.coefficients, rtol=1e-10)


def test_columns_that_others_already_hold_are_named() -> None:
    x = np.array([[a, b] for a in (-1.0, 1.0) for b in (-1.0, 1.0)])
    data = {"a": x[:, 0], "b": x[:, 1], "c": x[:, 0] * x[:, 1]}
    got = fit("a + b + c + a:b", data, [1.0, 2.0, 3.0, 5.0])
    assert got.aliased == ("a·b",)
    assert got.df_residual == 0
    assert np.isnan(got.sigma)


def test_named_levels_sum_to_zero() -> None:
    got = fit("m", {"m": ["u", "v", "w"] * 3}, [1.0, 2.0, 6.0, 1.1, 2.1, 6.1, 0.9, 1.9, 5.9])
    assert got.coefficients.tolist() == pytest.approx([3.0, -2.0, -1.0])
    assert got.predict({"m": ["w"]})[0][0] == pytest.approx(6.0)
    with pytest.raises(InputError, match="a level that no run had"):
        got.predict({"m": ["z"]})


@pytest.mark.parametrize(
    ("model", "data", "y", "said"),
    [
        ("x", {"z": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0], "a factor that the data have not"),
        ("x", {"x": [1.0, np.nan, 3.0]}, [1.0, 2.0, 3.0], "no number"),
        ("x", {"x": [1.0, 2.0, 3.0]}, [1.0, np.inf, 3.0], "no number"),
        ("I(m**2)", {"m": ["a", "b", "c"]}, [1.0, 2.0, 3.0], "no square"),
    ],
)
def test_what_cannot_be_fitted_is_said(model: str, data: dict[str, Any], y: list[float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        fit(model, data, y)
