"""Effects, what stands out of them, and checks of residuals, against printed pages and other programs."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.decide.improve.effects import effects, half_normal, normal_scores
from luban.decide.improve.factorial import two_level
from luban.decide.improve.fit import fit
from luban.decide.improve.residuals import box_cox, cooks_distance, deleted_residuals, residual_checks

SPRINGS = [67.0, 79, 61, 75, 59, 90, 52, 87]  # NIST/SEMATECH e-Handbook 5.5.9, standard order


def springs() -> dict[str, np.ndarray]:
    return dict(zip(("X1", "X2", "X3"), two_level(3).T, strict=True))


def test_the_printed_effects_of_the_springs() -> None:
    """5.5.9.4: 23, 10, -5, 1.5, 1.5, 0.5, 0; the residual standard deviation of the mean alone is 13.7."""
    found = effects(fit("X1*X2*X3", springs(), SPRINGS))
    assert dict(zip(found.names, found.values, strict=True)) == pytest.approx(
        {"X1": 23, "X2": -5, "X3": 1.5, "X1·X2": 1.5, "X1·X3": 10, "X2·X3": 0, "X1·X2·X3": 0.5}, abs=1e-9
    )
    assert round(fit("1", springs(), SPRINGS).sigma, 1) == 13.7


def test_lenth_by_hand() -> None:
    """Sizes 0, 0.5, 1.5, 1.5, 5, 10, 23: s0 = 2.25, those below 5.625 have the median 1.5, so PSE = 2.25."""
    found = effects(fit("X1*X2*X3", springs(), SPRINGS))
    assert found.pseudo == pytest.approx(2.25)
    assert found.margin == pytest.approx(3.764 * 2.25, rel=1e-3)  # t of 0.975 with 7/3 degrees of freedom (Lenth 1989)
    assert found.simultaneous == pytest.approx(9.008 * 2.25, rel=2e-3)
    assert found.active == ("X1", "X1·X3")


def test_half_normal_scores() -> None:
    names, scores, sizes = half_normal(effects(fit("X1*X2*X3", springs(), SPRINGS)))
    assert names[-1] == "X1"
    assert (np.diff(scores) > 0).all()
    assert sizes[-1] == 23
    stats = pytest.importorskip("scipy.stats")
    np.testing.assert_allclose(normal_scores(9), stats.probplot(np.arange(9.0), fit=False)[0], rtol=1e-9)


def test_a_square_has_no_effect() -> None:
    with pytest.raises(InputError, match="no effect from low to high"):
        effects(fit("x + I(x**2)", {"x": [-1.0, 0, 1, 1]}, [1.0, 2, 3, 4]))


def test_influence_as_statsmodels_has_it() -> None:
    smf = pytest.importorskip("statsmodels.formula.api")
    pd = pytest.importorskip("pandas")
    chance = np.random.default_rng(2)
    x = chance.normal(size=20)
    y = x + chance.normal(size=20)
    y[3] += 15
    ours = fit("x", {"x": x}, y)
    theirs = smf.ols("y ~ x", pd.DataFrame({"x": x, "y": y})).fit().get_influence()
    np.testing.assert_allclose(cooks_distance(ours), theirs.cooks_distance[0], rtol=1e-8)
    np.testing.assert_allclose(deleted_residuals(ours), theirs.resid_studentized_external, rtol=1e-8)
    far = residual_checks(ours, np.arange(20.0))[0]
    assert (far.check, far.passed, far.runs) == ("outlier", False, (3,))


def test_drift_in_the_order_of_running_is_seen() -> None:
    chance = np.random.default_rng(4)
    x = chance.choice([-1.0, 1.0], 40)
    drift = np.linspace(-3, 3, 40)
    order = np.arange(40.0)
    found = {
        f.check: f.passed for f in residual_checks(fit("x", {"x": x}, x + drift + chance.normal(0, 0.3, 40)), order)
    }
    assert found["order"] is False
    calm = {f.check: f.passed for f in residual_checks(fit("x", {"x": x}, x + chance.normal(0, 0.3, 40)), order)}
    assert calm["order"] is True
    assert calm["normality"] is True


def test_the_power_that_straightens() -> None:
    chance = np.random.default_rng(6)
    x = np.linspace(0, 3, 60)
    power, low, high = box_cox(fit("x", {"x": x}, np.exp(1 + x + chance.normal(0, 0.05, 60))))
    assert low <= 0 <= high
    assert abs(power) < 0.1
    with pytest.raises(InputError, match="above zero"):
        box_cox(fit("x", {"x": x}, x - 1))
