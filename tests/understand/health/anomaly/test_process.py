"""A process of many variables: what its monitor finds and names, how often it is wrong, what it says it cannot do."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.health.anomaly import SENTENCES, ProcessRule, fit_monitor
from luban.understand.health.anomaly.innovation import best_setting, fit_model, innovations, lagged
from luban.understand.health.anomaly.process import _bound

NAMES = tuple(f"v{at}" for at in range(12))


def plant(count: int, seed: int, *, level: float = 0.0) -> np.ndarray:
    """Twelve variables on three slow ones, each with noise of its own."""
    random = np.random.default_rng(seed)
    slow = np.zeros((count, 3))
    for at in range(1, count):
        slow[at] = 0.9 * slow[at - 1] + random.normal(size=3)
    mix = np.random.default_rng(0).normal(size=(3, 12))
    return level + slow @ mix + random.normal(0, 0.3, (count, 12))


def alarms(steps: tuple) -> np.ndarray:
    return np.array([step.alarm for step in steps])


def test_a_small_shift_against_the_others_is_found_and_named() -> None:
    monitor = fit_monitor(plant(600, 1), NAMES)
    rows = plant(400, 2)
    rows[200:, 4] += 1.0  # well within the range of the variable
    steps = monitor.run(rows)
    assert alarms(steps)[:200].mean() <= 0.02
    assert alarms(steps)[230:].mean() > 0.95
    assert steps[260].contributions[0][0] == "v4"
    assert sum(abs(share) for _, share in steps[260].contributions) == pytest.approx(1)
    assert not steps[50].contributions


def test_false_alarms_stay_below_what_is_stated() -> None:
    """The share over forty plants: the limit holds in nine of ten, and so the mean lies well below."""
    shares = []
    for seed in range(40):
        monitor = fit_monitor(plant(400, 100 + seed), NAMES, ProcessRule(false_alarms=0.02))
        shares.append(alarms(monitor.run(plant(1500, 700 + seed))).mean())
    assert np.mean(shares) <= 0.02
    assert sum(share <= 0.02 for share in shares) >= 33
    assert max(shares) > 0, "a limit that never fires says nothing"


def test_the_bound_is_the_handbooks() -> None:
    assert _bound(0.1, 0.99, 43) == pytest.approx(1.8752, abs=5e-5)


def test_row_by_row_is_the_same_as_all_rows() -> None:
    rows = plant(100, 6)
    monitor = fit_monitor(plant(300, 5), NAMES)
    whole = monitor.run(rows)
    monitor.restart()
    assert tuple(monitor.update(row) for row in rows)[2:] == whole[2:]
    assert whole[0].reason == "too few rows yet"


def test_a_saved_monitor_goes_on_to_the_bit() -> None:
    rows = plant(120, 6)
    rows[60:, 2] += 2
    monitor = fit_monitor(plant(400, 5), NAMES, regimes=["a"] * 380 + ["b"] * 20)
    whole = monitor.run(rows, ["a"] * 120)
    monitor.restart()
    told = []
    for at, row in enumerate(rows):
        if at in (0, 1, 50, 90):
            monitor = type(monitor).restore(monitor.save())
        told.append(monitor.update(row, "a"))
    assert tuple(told)[2:] == whole[2:]
    assert alarms(whole)[80:].all()
    assert monitor.reasons == {"b": "not enough rows of good operation"}
    with pytest.raises(InputError, match="not the state"):
        type(monitor).restore(b"PK")


def test_the_unit_of_a_variable_does_not_matter() -> None:
    scale, offset = np.linspace(0.001, 1000, 12), np.linspace(-50, 50, 12)
    plain = fit_monitor(plant(300, 7), NAMES).run(plant(200, 8))
    other = fit_monitor(plant(300, 7) * scale + offset, NAMES).run(plant(200, 8) * scale + offset)
    assert np.allclose([step.q for step in plain][5:], [step.q for step in other][5:], rtol=1e-6)


def test_another_product_is_no_anomaly_once_it_is_known() -> None:
    good = np.concatenate([plant(400, 9), plant(400, 10, level=30.0)])
    labels = ["a"] * 400 + ["b"] * 400
    monitor = fit_monitor(good, NAMES, regimes=labels)
    rows = np.concatenate([plant(100, 11), plant(100, 12, level=30.0)])
    assert alarms(monitor.run(rows, ["a"] * 100 + ["b"] * 100)).mean() <= 0.02
    assert alarms(monitor.run(rows, ["a"] * 200))[105:].all()
    assert monitor.update(rows[0], "c").reason == "this regime was never seen"


def test_what_cannot_be_watched_is_told_and_the_rest_goes_on() -> None:
    good = plant(400, 13)
    good[:, 2] = 5.0
    good[:300, 7] = np.nan
    good[10, 1] = np.nan
    labels = ["run"] * 380 + ["rare"] * 20
    monitor = fit_monitor(good, NAMES, regimes=labels)
    assert {one.field: one.reason for one in monitor.excluded if one.field} == {
        "v2": "does not vary in good operation", "v7": "missing in more than half of the rows",
    }  # fmt: skip
    assert [one.where for one in monitor.excluded if not one.field] == ["row 11"]
    assert monitor.reasons == {"rare": "not enough rows of good operation"}
    assert "v2" not in monitor.names
    rows = plant(60, 14)
    rows[:, 2] = 5.0
    rows[30:, 3] = np.nan
    steps = monitor.run(rows, ["run"] * 60)
    assert steps[40].missing == ("v3",)
    assert alarms(steps).sum() <= 2
    assert np.isfinite(steps[50].q)
    said = {one.reason for one in monitor.excluded} | set(monitor.reasons.values()) | {steps[0].reason}
    assert said <= set(SENTENCES)


def test_refusals() -> None:
    with pytest.raises(InputError, match="not enough rows"):
        fit_monitor(plant(50, 15), NAMES)
    with pytest.raises(InputError, match="fewer than two"):
        fit_monitor(np.ones((500, 3)), NAMES[:3])
    with pytest.raises(InputError, match="do not fit"):
        fit_monitor(plant(200, 16), NAMES[:5])
    with pytest.raises(InputError, match="lacks variables"):
        fit_monitor(plant(200, 17), NAMES).update(np.zeros(3))
    for bad in ({"false_alarms": 0.0}, {"weight": 0.0}, {"lags": ()}, {"blocks": 1}):
        with pytest.raises(InputError, match="cannot be watched"):
            ProcessRule(**bad)  # type: ignore[arg-type]


def test_innovations_are_those_of_least_squares_when_the_ridge_vanishes() -> None:
    """Against statsmodels' vector autoregression."""
    vector = pytest.importorskip("statsmodels.tsa.api").VAR
    rows = plant(500, 18)[:, :4]
    model = fit_model([rows], 2, 1e-12, 0.5)
    own = innovations(model, lagged((rows - model.mean) / model.scale, 2)) * model.scale
    judge = vector(rows - rows.mean(axis=0)).fit(2, trend="n").resid
    assert np.allclose(own, judge, atol=1e-8)
    assert best_setting(rows, (1, 2), (0.01, 10.0), 5)[1] == 0.01
