"""Intervals from samples: against printed examples, against every sample there is, and how often they hold."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import narwhals as nw
import numpy as np
import pyarrow as pa
import pytest

from luban.rollup.deflators import Deflators
from luban.rollup.indicators import indicators
from tests.rollup.firms import PLAN, frame, one, rows_of


def test_stratified_mean_as_printed() -> None:
    """Acres of farms, 300 of 3,078 counties in four strata: mean 295,561 acres with a standard error of 16,380.

    Source  Lohr: Sampling: Design and Analysis, 2nd ed. (2010), example 3.2
    """
    strata = (
        ("northeast", 220, 21, 97_629.8, 7_647_472_708.0),
        ("north central", 1054, 103, 300_504.2, 29_618_183_543.0),
        ("south", 1382, 135, 211_315.0, 53_587_487_856.0),
        ("west", 422, 41, 662_295.5, 396_185_950_266.0),
    )
    rows = []
    for name, of, n, mean, variance in strata:
        pairs = n // 2
        step = np.sqrt(variance * (n - 1) / (2 * pairs))
        values = [mean] * (n % 2) + [mean - step] * pairs + [mean + step] * pairs
        rows += [{"stratum": name, "weight": of / n, "key_processes": 1e6, "nc_key_processes": v} for v in values]
    found = one(indicators(frame(*rows), PLAN, (), only=("I08",), level=0.6826894921))
    assert found["population"] == pytest.approx(3078.0)
    assert found["value"] * 1e4 == pytest.approx(295_560.8, abs=0.1)
    assert (found["high"] - found["low"]) / 2 * 1e4 == pytest.approx(16_379.87, rel=0.002)  # t in place of normal


def test_variance_is_right_on_average_over_every_sample() -> None:
    """Two of five and two of four units: the mean of all 60 estimated variances is the variance of the 60 means."""
    first, second = (40.3, 40.5, 41.0, 42.2, 46.0), (47.0, 48.0, 48.1, 49.9)  # far from 0 and 100
    rows = [
        {
            "unit": f"{at}-{unit}", "region": f"sample{at}", "stratum": f"{at}{stratum}", "weight": weight,
            "key_processes": 100.0, "nc_key_processes": value,
        }
        for at, (a, b) in enumerate((a, b) for a in combinations(first, 2) for b in combinations(second, 2))
        for stratum, weight, values in (("a", 2.5, a), ("b", 2.0, b))
        for unit, value in enumerate(values, 10 * ord(stratum))
    ]  # fmt: skip
    from scipy.special import stdtrit

    found = rows_of(indicators(frame(*rows), PLAN, ("region",), only=("I08",)))
    assert len(found) == 60
    means = np.array([row["value"] for row in found])
    errors = np.array([(row["high"] - row["low"]) / 2 for row in found]) / stdtrit(2, 0.975)
    assert means.mean() == pytest.approx(np.mean([*first, *second]))
    assert np.mean(errors**2) == pytest.approx(means.var(), rel=1e-7)


def test_a_domain_counts_the_others_of_its_stratum_as_zeros() -> None:
    """Against the formula written out over all units, those outside as zeros."""
    random = np.random.default_rng(5)
    n, of = 40, 200
    x, y, inside = random.gamma(2.0, 5.0, n), random.gamma(3.0, 50.0, n), random.random(n) < 0.4
    rows = [
        {"stratum": "s", "weight": of / n, "rd_spend": a, "revenue": b, "size": "large" if large else "small"}
        for a, b, large in zip(x, y, inside, strict=True)
    ]
    found = one(indicators(frame(*rows), PLAN, ("size",), only=("I01",)), size="large")
    ratio = x[inside].sum() / y[inside].sum()
    residual = np.where(inside, x - ratio * y, 0.0)
    variance = of**2 * (1 - n / of) * residual.var(ddof=1) / n / (of / n * y[inside].sum()) ** 2
    from scipy.special import stdtrit

    relative = stdtrit(int(inside.sum()) - 1, 0.975) * np.sqrt(variance) / ratio
    assert found["value"] == pytest.approx(100 * ratio)
    assert (found["low"], found["high"]) == pytest.approx(
        (100 * ratio / np.exp(relative), 100 * ratio * np.exp(relative))
    )


def test_everyone_asked_leaves_nothing_open() -> None:
    rows = [{"design_tools": float(at % 2), "stratum": "all", "weight": 1.0} for at in range(10)]
    found = one(indicators(frame(*rows), PLAN, (), only=("I07",)))
    assert found["low"] == found["value"] == found["high"] == 50.0


def test_one_unit_alone_in_its_stratum_tells_no_interval() -> None:
    rows = [{"key_processes": 2.0, "nc_key_processes": 1.0, "stratum": s, "weight": 5.0} for s in ("a", "b", "b")]
    found = one(indicators(frame(*rows), PLAN, (), only=("I08",)))
    assert (found["value"], found["low"], found["high"]) == (50.0, None, None)


def test_all_of_a_sample_leaves_a_share_open_on_one_side() -> None:
    """60 of 60 asked: the exact bound 0.025^(1/60)."""
    rows = [{"design_tools": 1.0, "stratum": "s", "weight": 10.0}] * 60
    found = one(indicators(frame(*rows), PLAN, (), only=("I07",)))
    assert (found["value"], found["high"]) == (100.0, 100.0)
    assert found["low"] == pytest.approx(100 * 0.025 ** (1 / 60))


def test_a_sample_in_a_census() -> None:
    """Research is told by all and counted once each; design tools by the sample, which stands for all."""
    rows: list[dict[str, Any]] = [
        {"rd_spend": 1.0, "revenue": 100.0, "design_tools": float(at < 6), "stratum": "s", "weight": 10.0}
        for at in range(10)
    ]
    rows += [{"rd_spend": 3.0, "revenue": 100.0, "weight": None} for _ in range(90)]
    found = indicators(frame(*rows), PLAN, (), only=("I01", "I07"))
    research, tools = one(found, indicator="I01"), one(found, indicator="I07")
    assert (research["n"], research["low"]) == (100, research["value"])
    assert research["value"] == pytest.approx(2.8)
    assert (tools["n"], tools["population"], tools["value"]) == (10, 100.0, 60.0)
    assert tools["low"] < 50.0 < 70.0 < tools["high"]


def test_weighted_sample_reproduces_the_planted_share() -> None:
    """58 % of the planted enterprises design digitally; large ones were asked more often, and do so more often."""
    random = np.random.default_rng(11)
    rows = []
    for stratum, of, n, share in (("large", 2_000, 400, 0.9), ("small", 8_000, 400, 0.5)):
        uses = np.zeros(of)
        uses[: round(of * share)] = 1.0
        asked = random.choice(uses, n, replace=False)
        rows += [{"design_tools": float(one), "stratum": stratum, "weight": of / n} for one in asked]
    found = one(indicators(frame(*rows), PLAN, (), only=("I07",)))
    assert found["low"] < 58.0 < found["high"]
    assert found["high"] - found["low"] < 10.0
    assert np.mean([row["design_tools"] for row in rows]) > 0.67  # without weights it would be far off


def coverage(draws: int, seed: int) -> dict[str, float]:
    """How often 95 % intervals of stratified samples hold what was planted: I07 a share, I08 a mean of rates."""
    random = np.random.default_rng(seed)
    strata = ((4000, 120, 0.5), (1500, 100, 0.68), (300, 60, 0.85))
    columns: dict[str, list[Any]] = {name: [] for name in ("region", "stratum", "weight", "design_tools", "rate")}
    shares, rates = [], []
    for at, (of, n, share) in enumerate(strata):
        uses, rate = (random.random(of) < share).astype(float), random.beta(1 + 2 * at, 3, of)
        shares.append(uses)
        rates.append(rate)
        asked = np.argpartition(random.random((draws, of)), n, axis=1)[:, :n]
        columns["region"].append(np.repeat(np.arange(draws), n))
        columns["stratum"].append(np.repeat(np.arange(draws) * 10 + at, n))
        columns["weight"].append(np.full(draws * n, of / n))
        columns["design_tools"].append(uses[asked].ravel())
        columns["rate"].append(rate[asked].ravel())
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    rows = len(whole["weight"])
    data = pa.table(
        {
            "unit": pa.array(np.arange(rows)).cast(pa.string()), "year": np.full(rows, 2020),
            "region": pa.array(whole["region"]).cast(pa.string()), "industry": ["C3421"] * rows,
            "above_scale": [True] * rows, "stratum": pa.array(whole["stratum"]).cast(pa.string()),
            "weight": whole["weight"], "design_tools": whole["design_tools"], "key_processes": np.full(rows, 1.0),
            "nc_key_processes": whole["rate"],
        }
    )  # fmt: skip
    found = indicators(nw.from_native(data).lazy("duckdb"), PLAN, ("region",), only=("I07", "I08"))
    table = found.collect("pyarrow").to_native()
    truth = {"I07": 100 * np.concatenate(shares).mean(), "I08": 100 * np.concatenate(rates).mean()}
    names, low, high = (table[name].to_numpy(zero_copy_only=False) for name in ("indicator", "low", "high"))
    return {
        name: float(((low <= planted) & (planted <= high))[names == name].mean()) for name, planted in truth.items()
    }


def test_intervals_hold_as_often_as_they_say() -> None:
    """2,000 draws: chance alone moves the share by 0.5 points."""
    found = coverage(2000, 2)
    assert set(found) == {"I07", "I08"}
    assert all(abs(share - 0.95) <= 0.01 for share in found.values()), found


def test_a_sample_without_any_spread_tells_no_interval_of_a_change() -> None:
    """Two of two hundred units that moved alike say nothing of the others."""
    years = ((2015, 20.0), (2020, 22.0))
    rows = [{"unit": unit, "year": year, "stratum": "s", "weight": 100.0, "output": 100.0, "value_added": added,
             "co2": 200.0 - added} for year, added in years for unit in "ab"]  # fmt: skip
    prices = Deflators.of((("", 2015, 1.0), ("", 2020, 1.0)))
    found = indicators(frame(*rows), PLAN, (), only=("I04", "I10"), deflators=prices, years=(2015, 2020))
    for name, value in (("I04", 2.0), ("I10", 100 * (1 - (178 / 22) / (180 / 20)))):
        row = one(found, indicator=name, year=2020)
        assert (row["value"], row["low"], row["high"]) == (pytest.approx(value), None, None)
        base = one(found, indicator=name, year=2015)
        assert (base["value"], base["low"], base["high"]) == (0.0, 0.0, 0.0)


def panel_coverage(draws: int, seed: int, kept: float) -> dict[str, float]:
    """How often intervals of changes hold the truth; `kept` of the units are asked again, 0: a sample of its own."""
    random = np.random.default_rng(seed)
    columns: dict[str, list[Any]] = {name: [] for name in ("draw", "year", "unit", "stratum", "weight")}
    sizes, first = ((900, 180), (300, 120)), 0
    for at, (of, n) in enumerate(sizes):
        old = np.argpartition(random.random((draws, of)), n, axis=1)[:, :n]
        fresh = round(n * (1 - kept))
        for draw in range(draws):
            others = np.setdiff1d(np.arange(of), old[draw]) if kept else np.arange(of)
            new = np.concatenate([old[draw][fresh:], random.choice(others, fresh, replace=False)])
            for year, units in ((2015, old[draw]), (2020, new)):
                columns["draw"].append(np.full(n, draw))
                columns["year"].append(np.full(n, year))
                columns["unit"].append(first + units)
                columns["stratum"].append(np.full(n, draw * 10 + at))
                columns["weight"].append(np.full(n, of / n))
        first += of
    whole = {name: np.concatenate(parts) for name, parts in columns.items()}
    output = random.lognormal(6.0, 0.5, first)
    rate = random.beta(8, 24, first)
    energy = output * random.gamma(20.0, 0.05, first)
    grown, saved = random.lognormal(0.3, 0.1, first), random.lognormal(-0.15, 0.08, first)
    later, unit = whole["year"] == 2020, whole["unit"]
    worth = np.where(later, (output * grown)[unit], output[unit])
    added = worth * np.where(later, (rate * 1.08)[unit], rate[unit])
    used = np.where(later, (energy * grown * saved)[unit], energy[unit])
    rows = len(unit)
    data = pa.table(
        {
            "unit": pa.array(unit).cast(pa.string()), "year": whole["year"],
            "region": pa.array(whole["draw"]).cast(pa.string()), "industry": ["C3421"] * rows,
            "above_scale": [True] * rows, "stratum": pa.array(whole["stratum"]).cast(pa.string()),
            "weight": whole["weight"], "output": worth, "value_added": added, "co2": used,
        }
    )  # fmt: skip
    prices = Deflators.of((("", 2015, 1.0), ("", 2020, 1.2)))
    found = indicators(
        nw.from_native(data).lazy("duckdb"), PLAN, ("region",), only=("I04", "I10"), deflators=prices, years=(2020,)
    )
    table = found.collect("pyarrow").to_native()
    now, then = (output * grown * rate * 1.08).sum(), (output * rate).sum()
    truth = {
        "I04": 100 * (now / (output * grown).sum() - then / output.sum()),
        "I10": 100 * (1 - (energy * grown * saved).sum() / (now / 1.2) / (energy.sum() / then)),
    }
    names, low, high = (table[name].to_numpy(zero_copy_only=False) for name in ("indicator", "low", "high"))
    return {
        name: float(((low <= planted) & (planted <= high))[names == name].mean()) for name, planted in truth.items()
    } | {f"{name} width": float((high - low)[names == name].mean()) for name in truth}


def test_a_panels_change_is_known_better_than_either_year() -> None:
    """The same units asked again, half of them, a sample of its own: of 400 draws chance moves a share by 1.1 %."""
    found = {kept: panel_coverage(400, 5, kept) for kept in (1.0, 0.5, 0.0)}
    for name in ("I04", "I10"):
        assert all(abs(one[name] - 0.95) <= 0.03 for one in found.values()), found
        assert 4 * found[1.0][f"{name} width"] < found[0.5][f"{name} width"] < 0.9 * found[0.0][f"{name} width"]
