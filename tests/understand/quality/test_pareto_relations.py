from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.oneway import anova_oneway

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.plant import load
from luban.understand.book import row
from luban.understand.quality.measured import measured
from luban.understand.quality.pareto import events_pareto, pareto, scrap_pareto
from luban.understand.quality.relations import beside, correlate, paired, relations, stratify

WORKSHOP = Path(__file__).parents[3] / "examples" / "tiny_workshop"
GROUPS = [np.round(np.random.default_rng(at).normal(mean, sd, n), 1) for at, (mean, sd, n) in enumerate(
    [(0, 1, 10), (0.5, 2, 15), (1, 0.5, 7)]
)]  # fmt: skip
VALUES = np.concatenate(GROUPS)
CLASSES = ["a"] * 10 + ["b"] * 15 + ["c"] * 7


def test_classes_are_tested_as_statsmodels_and_scipy_do():
    found = stratify(VALUES, CLASSES, factor="machine")
    judge = anova_oneway(GROUPS, use_var="unequal")
    assert (found.f, found.p) == pytest.approx((judge.statistic, judge.pvalue))
    assert found.rank_p == pytest.approx(stats.kruskal(*GROUPS).pvalue)
    inside = sum(((own - own.mean()) ** 2).sum() for own in GROUPS)
    assert found.share == pytest.approx(1 - inside / ((VALUES - VALUES.mean()) ** 2).sum())
    by_name = {one.name: one for one in found.strata}
    ends = stats.t.interval(0.95, 14, GROUPS[1].mean(), stats.sem(GROUPS[1]))
    assert (by_name["b"].low, by_name["b"].high) == pytest.approx(ends)


def test_values_of_no_class_are_counted_not_dropped():
    found = stratify([1.0, 2.0, 3.0, 4.0, 5.0], ["a", "a", "", "b", "b"])
    assert (found.used, found.unknown) == (4, 1)
    assert stratify([1.0, 2.0], ["a", "a"]).reason == "fewer than two classes"
    assert "two values" in stratify([1.0, 2.0], ["a", "b"]).reason
    assert "equal" in stratify([1.0] * 4, list("aabb")).reason


def test_correlations_are_those_of_scipy():
    other = VALUES * 0.3 + np.random.default_rng(9).normal(size=len(VALUES))
    found, judge = correlate(VALUES, other), stats.pearsonr(VALUES, other)
    ends = judge.confidence_interval()
    assert (found.r, found.p) == pytest.approx((judge.statistic, judge.pvalue))
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert (found.rank, found.rank_p) == pytest.approx(tuple(stats.spearmanr(VALUES, other)))
    assert found.slope == pytest.approx(stats.linregress(other, VALUES).slope)
    assert correlate([1.0, 2.0, 3.0, np.nan], [1.0, 2.0, 3.0, 4.0]).reason == "fewer than four pairs"
    assert "never changes" in correlate([1.0] * 5, [1.0, 2, 3, 4, 5]).reason


def test_causes_are_sorted_summed_and_sure():
    found = pareto([*"aaabbcdaaa"])
    assert [(one.name, one.amount, one.vital) for one in found.causes] == [
        ("a", 6, True), ("b", 2, True), ("c", 1, False), ("d", 1, False),
    ]  # fmt: skip
    assert found.causes[-1].cumulative == pytest.approx(1)
    assert found.even == pytest.approx(stats.chisquare([6, 2, 1, 1]).pvalue)
    judge = stats.binomtest(6, 10).proportion_ci(0.95, "exact")
    assert (found.causes[0].low, found.causes[0].high) == pytest.approx((judge.low, judge.high))


@pytest.mark.parametrize(
    ("names", "amounts", "message"),
    [
        (["a"], [-1.0], "below zero"),
        (["a"], [float("nan")], "below zero"),
        (["a"], [0.0], "nothing"),
        (["a"], [], "number"),
    ],
)
def test_what_cannot_be_sorted_is_an_error(names: list[str], amounts: list[float], message: str):
    with pytest.raises(InputError, match=message):
        pareto(names, amounts)


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    folder = tmp_path_factory.mktemp("ledger")
    draw = np.random.default_rng(4)
    n = 120
    machine = [f"tiny/cell/m{at % 2}" for at in range(n)]
    warm = draw.normal(20, 2, n)
    value = 25 + 0.004 * np.array([at % 2 for at in range(n)]) + 0.0005 * (warm - 20) + draw.normal(0, 0.001, n)
    length = 180 + (value - 25) * 5 + draw.normal(0, 0.002, n)
    common = {
        "time": [at * 60_000_000 for at in range(n)], "quality": [0] * n, "serial": [f"s{at}" for at in range(n)],
        "unit": machine, "conditions": [f'{{"temperature [Cel]": {one:.3f}}}' for one in warm],
    }  # fmt: skip
    with LedgerWriter(folder) as writer:
        writer.append("measurement", common | {"subject": ["shaft:diameter"] * n, "value": value.tolist()}, source="g")
        writer.append("measurement", common | {"subject": ["shaft:length"] * n, "value": length.tolist()}, source="h")
        counts = {
            "time": [1, 2, 3, 4], "subject": ["m0", "m0", "m1", "m1"], "good": [90.0, 95, 99, 50],
            "scrap": [10.0, 5, 1, 50], "rework": [0.0] * 4, "item": ["x", "y", "x", "x"], "quality": [0, 0, 0, 64],
        }  # fmt: skip
        writer.append("count", counts, source="c")
        for at, (cause, cost) in enumerate([("burr", 10.0), ("burr", 5.0), ("scratch", 30.0), ("dent", None)]):
            data = {"cause": cause} | ({} if cost is None else {"cost": cost})
            entry = row("nonconformance", f"n{at}", "open", person="li", data=data, time=at)
            writer.append("event", entry, source=f"e{at}")
    return Ledger(folder)


def test_scrap_and_events_of_the_books(books: Ledger):
    found = scrap_pareto(books, by="subject")
    assert [(one.name, one.amount, one.of) for one in found.causes] == [("m0", 15, 185), ("m1", 1, 99)]
    assert found.causes[0].rate == pytest.approx(15 / 200)
    assert (found.used, found.left_out) == (3, 1)
    counted = events_pareto(books, "nonconformance", by="cause")
    assert [(one.name, one.amount) for one in counted.causes] == [("burr", 2), ("dent", 1), ("scratch", 1)]
    money = events_pareto(books, "nonconformance", by="cause", amount="cost")
    assert [(one.name, one.amount) for one in money.causes] == [("scratch", 30), ("burr", 15)]
    assert money.left_out == 1


def test_what_stood_beside_the_values_is_ranked(books: Ledger):
    plant = load(WORKSHOP)
    found = relations(measured(books, plant, "shaft:diameter"))
    by_factor = {one.factor: one for one in found.strata}
    assert by_factor["unit"].p < 1e-6
    assert by_factor["unit"].strata[0].name.endswith("m1")
    heat = next(one for one in found.correlations if one.other.startswith("temperature"))
    assert heat.low > 0
    chances = [one.p for one in (*found.strata, *found.correlations) if one.p is not None]
    judge = multipletests(chances, method="fdr_bh")[1]
    told = [one.q for one in (*found.strata, *found.correlations) if one.q is not None]
    assert told == pytest.approx(judge.tolist())
    assert found.looked == len(chances)


def test_two_characteristics_of_the_same_pieces(books: Ledger):
    plant = load(WORKSHOP)
    one, other = (measured(books, plant, f"shaft:{name}") for name in ("diameter", "length"))
    found = paired(one, other)
    assert found.r > 0.9
    assert found.used == 120
    assert paired(one, other, by="lot").used == 0
    alone = relations(one)
    together = beside(alone, [found])
    assert together.looked == alone.looked + 1
    assert together.correlations[0].other == "shaft:length"
