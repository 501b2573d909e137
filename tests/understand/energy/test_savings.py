"""A saving that was put in comes out again, and its interval holds it as often as it says."""

from __future__ import annotations

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.understand.energy.enpi import fit_baseline
from luban.understand.energy.savings import Savings, savings

DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] * 3, float)


def shop(seed: int, *, share: float = 0.1, rho: float = 0.4, noise: float = 60.0) -> tuple[Savings, float]:
    """Three years of months, the third with the saving; gas heating, pieces, correlated noise."""
    g = np.random.default_rng(seed)
    day = np.arange(int(DAYS.sum()))
    outside = np.split(12 - 11 * np.cos(2 * np.pi * (day - 15) / 365) + g.normal(0, 3, len(day)),
                       np.cumsum(DAYS).astype(int)[:-1])  # fmt: skip
    pieces = g.uniform(60, 140, 36)
    true = DAYS * (300 + 6 * pieces) + 18 * np.array([np.maximum(15 - month, 0).sum() for month in outside])
    e = g.normal(0, 1, 36)
    for at in range(1, 36):
        e[at] = rho * e[at - 1] + np.sqrt(1 - rho * rho) * e[at]
    y = true + np.sqrt(DAYS) * noise * e
    y[24:] -= share * true[24:]
    before = {"pieces": pieces[:24], "outside": outside[:24]}
    baseline = fit_baseline(y[:24], before, temperature="outside", length=DAYS[:24])
    after = {"pieces": pieces[24:], "outside": outside[24:]}
    return savings(baseline, y[24:], after, length=DAYS[24:]), share * float(true[24:].sum())


def test_a_seeded_saving_is_recovered_and_its_interval_keeps_its_word() -> None:
    found = [shop(seed) for seed in range(200)]
    off = np.array([one.total / true - 1 for one, true in found])
    assert np.mean([one.low <= true <= one.high for one, true in found]) >= 0.9
    assert np.quantile(np.abs(off), 0.9) < 0.1
    assert abs(off.mean()) < 0.01
    wide = np.array([one.high - one.low for one, _ in found])
    assert np.median(wide / np.array([true for _, true in found])) < 0.6


def test_no_saving_is_rarely_claimed() -> None:
    assert np.mean([shop(seed, share=0.0)[0].shown for seed in range(300, 340)]) < 0.15


def test_the_running_sum_ends_in_the_total() -> None:
    one, _ = shop(1)
    assert one.running[-1] == pytest.approx(one.total)
    assert one.running_error[-1] == pytest.approx(one.high - one.total)
    assert (np.diff(one.running_error) > 0).all()
    assert one.indicator == pytest.approx(one.used.sum() / one.expected.sum())
    assert one.share == pytest.approx(1 - one.indicator)


def test_what_is_missing_is_left_out_on_both_sides() -> None:
    x = np.arange(30.0)
    y = 100 + 5 * x + np.sin(x * 7)
    baseline = fit_baseline(y, {"x": x})
    after = 100 + 5 * x[:10] - 20
    after[2], after[3] = np.nan, -1
    found = savings(baseline, after, {"x": x[:10]})
    assert found.periods == 8
    assert found.total == pytest.approx(160, abs=8)
    assert [one.where for one in found.excluded] == ["period 3", "period 4"]
    assert found.beyond == 0
    far = savings(baseline, after, {"x": x[:10] + 60})
    assert far.beyond == 1
    assert far.notes == ("x: 8 periods lie beyond what the baseline has seen",)


def test_bad_input_is_said() -> None:
    x = np.arange(30.0)
    baseline = fit_baseline(100 + 5 * x + np.sin(x * 7), {"x": x})
    with pytest.raises(InputError, match="level"):
        savings(baseline, x, {"x": x}, level=95)
    with pytest.raises(InputError, match="unequal"):
        savings(baseline, x, {"x": x[:3]})
    with pytest.raises(InputError, match="no period"):
        savings(baseline, np.full(3, np.nan), {"x": x[:3]})
