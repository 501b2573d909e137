from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from luban.core.errors import InputError
from luban.understand.quality.data import individuals
from luban.understand.quality.gauge_study import (
    Readings,
    average_range,
    bias,
    crossed,
    gauge_differences,
    gauge_stability,
    level_study,
    linearity,
    nested,
    range_factor,
    range_form,
    readings,
    single_level,
)

DATA = Path(__file__).parent / "gauge_data"
# AIAG, Measurement Systems Analysis, 4th edition (2010), figure III-B 15: rows are appraiser A, B, C by three trials
AIAG = """\
0.29 -0.56 1.34 0.47 -0.80 0.02 0.59 -0.31 2.26 -1.36
0.41 -0.68 1.17 0.50 -0.92 -0.11 0.75 -0.20 1.99 -1.25
0.64 -0.58 1.27 0.64 -0.84 -0.21 0.66 -0.17 2.01 -1.31
0.08 -0.47 1.19 0.01 -0.56 -0.20 0.47 -0.63 1.80 -1.68
0.25 -1.22 0.94 1.03 -1.20 0.22 0.55 0.08 2.12 -1.62
0.07 -0.68 1.34 0.20 -1.28 0.06 0.83 -0.34 2.19 -1.50
0.04 -1.38 0.88 0.14 -1.46 -0.29 0.02 -0.46 1.77 -1.49
-0.11 -1.13 1.09 0.20 -1.07 -0.67 0.01 -0.56 1.45 -1.77
-0.15 -0.96 0.67 0.11 -1.45 -0.49 0.21 -0.49 1.87 -2.16"""
# the example in the tests of GageRnR 0.8.0 (MIT): operators by parts by trials
SMALL = """\
3.29 3.41 3.64 2.44 2.32 2.42 4.34 4.17 4.27 3.47 3.5 3.64 2.2 2.08 2.16
3.08 3.25 3.07 2.53 1.78 2.32 4.19 3.94 4.34 3.01 4.03 3.2 2.44 1.8 1.72
3.04 2.89 2.85 1.62 1.87 2.04 3.88 4.09 3.67 3.14 3.2 3.11 1.54 1.93 1.55"""
MASTER = {
    2: "2.7 2.5 2.4 2.5 2.7 2.3 2.5 2.5 2.4 2.4 2.6 2.4",
    4: "5.1 3.9 4.2 5.0 3.8 3.9 3.9 3.9 3.9 4.0 4.1 3.8",
    6: "5.8 5.7 5.9 5.9 6.0 6.1 6.0 6.1 6.4 6.3 6.0 6.1",
    8: "7.6 7.7 7.8 7.7 7.8 7.8 7.8 7.7 7.8 7.5 7.6 7.7",
    10: "9.1 9.3 9.5 9.3 9.4 9.5 9.5 9.5 9.6 9.2 9.3 9.4",
}


@pytest.fixture(scope="module")
def aiag() -> Readings:
    rows = [list(map(float, line.split())) for line in AIAG.splitlines()]
    cells = [(part, "ABC"[at // 3], value) for at, row in enumerate(rows) for part, value in enumerate(row, 1)]
    return readings(*zip(*cells, strict=True))


def test_the_aiag_study_by_anova_to_the_printed_digits(aiag: Readings):
    study = crossed(aiag)
    lines = {line.term: line for line in study.table.lines}
    printed = {"operator": 3.1673, "part": 88.3619, "interaction": 0.3590, "repeat": 2.7589}
    assert {name: round(line.squares, 4) for name, line in lines.items()} == printed
    assert round(study.table.total, 4) == 94.6471
    assert (round(lines["operator"].ratio, 4), round(lines["part"].ratio, 3)) == (79.4060, 492.291)
    assert round(lines["interaction"].ratio, 4) == 0.4337
    assert study.pooled is not None
    sds = [round(study.of(name).sd, 6) for name in ("repeatability", "operator", "gauge", "part")]
    assert sds == [0.199933, 0.226838, 0.302372, 1.042327]
    shares = [round(study.of(name).study, 1) for name in ("repeatability", "operator", "gauge", "part")]
    assert shares == [18.4, 20.9, 27.9, 96.0]
    parts = [round(study.of(name).contribution, 1) for name in ("repeatability", "operator", "gauge", "part")]
    assert parts == [3.4, 4.4, 7.8, 92.2]
    assert round(study.categories, 3) == 4.861


def test_the_aiag_form_to_the_printed_digits(aiag: Readings):
    told = range_form(0.3417, 0.4446, 3.511, trials=3, operators=3, parts=10, decimals=4)
    printed = {"EV": 0.20188, "AV": 0.22963, "GRR": 0.30575, "PV": 1.10456, "TV": 1.14610}
    assert {name: round(value, 5) for name, value in told.items()} == printed
    # and without the form's roundings
    study = average_range(aiag)
    for name, value in zip(("repeatability", "operator", "gauge", "part", "total"), printed.values(), strict=True):
        assert study.of(name).sd == pytest.approx(value, rel=4e-4)
    assert study.ndc == 5


def test_constants_of_the_form():
    # K1, K2, K3 of AIAG, Measurement Systems Analysis, 4th edition, figure III-B 16
    assert [round(range_factor(trials, 30), 4) for trials in (2, 3)] == [0.8862, 0.5908]
    assert [round(range_factor(n, 1), 4) for n in (2, 3)] == [0.7071, 0.5231]
    printed = [0.7071, 0.5231, 0.4467, 0.4030, 0.3742, 0.3534, 0.3375, 0.3249, 0.3146]
    assert [round(range_factor(n, 1), 4) for n in range(2, 11)] == printed


def test_another_published_study_by_anova():
    rows = [list(map(float, line.split())) for line in SMALL.splitlines()]
    cells = [(at // 3, operator, value) for operator, row in enumerate(rows) for at, value in enumerate(row)]
    study = crossed(readings(*zip(*cells, strict=True)))
    squares = [round(study.table.line(name).squares, 3) for name in ("operator", "part", "interaction", "repeat")]
    assert squares == [1.630, 28.909, 0.065, 1.712]
    assert study.of("gauge").variance == pytest.approx(0.09799403508771935, rel=1e-9)
    assert study.categories == pytest.approx(4.023255948634778, rel=1e-9)
    assert study.ndc == 4


def made(seed: int, parts: int = 6, operators: int = 3, trials: int = 2, spread: float = 0.0) -> Readings:
    draw = np.random.default_rng(seed)
    piece, person = draw.normal(0, 2, parts), draw.normal(0, 0.5, operators)
    both = draw.normal(0, spread, (parts, operators))
    cells = [
        (p, o, piece[p] + person[o] + both[p, o] + draw.normal(0, 0.3))
        for p in range(parts)
        for o in range(operators)
        for _ in range(trials)
    ]
    return readings(*zip(*cells, strict=True))


def test_unequal_cells_have_the_sums_of_squares_of_statsmodels():
    whole = made(3, spread=0.4)
    keep = np.ones(len(whole.values), bool)
    keep[[1, 8, 20]] = False
    ragged = replace(whole, part=whole.part[keep], operator=whole.operator[keep], values=whole.values[keep])
    study = crossed(ragged)
    frame = pd.DataFrame({"y": ragged.values, "p": ragged.part, "o": ragged.operator})
    judge = anova_lm(ols("y ~ C(p) + C(o) + C(p):C(o)", frame).fit(), typ=1)
    assert [line.squares for line in study.table.lines] == pytest.approx(judge["sum_sq"].tolist(), rel=1e-8)
    assert [line.degrees for line in study.table.lines] == judge["df"].tolist()
    assert any("differ in their number of readings" in note for note in study.notes)


def test_unequal_cells_are_free_of_bias():
    found = []
    for seed in range(40):
        whole = made(seed, 8, 4, 3, spread=0.4)
        keep = np.random.default_rng(seed).random(len(whole.values)) > 0.2
        keep[::3] = True
        ragged = replace(whole, part=whole.part[keep], operator=whole.operator[keep], values=whole.values[keep])
        study = crossed(ragged, pool_above=1.0)
        found.append([study.of(name).variance for name in ("repeatability", "interaction", "part")])
    assert np.mean(found, axis=0) == pytest.approx([0.09, 0.16, 4.0], rel=0.3)


def test_intervals_hold_the_truth_as_often_as_they_say():
    held = np.zeros(3)
    for seed in range(60):
        study = crossed(made(seed, 10, 3, 3), level=0.9)
        truths = (("repeatability", 0.3), ("gauge", np.sqrt(0.09 + 0.25)), ("part", 2.0))
        held += [study.of(name).sd_low <= true <= study.of(name).sd_high for name, true in truths]
    assert held / 60 == pytest.approx(0.9, abs=0.1)


def test_repeatability_has_its_exact_interval(aiag: Readings):
    own = crossed(aiag, level=0.9).of("repeatability")
    line = crossed(aiag).pooled.line("repeat")
    exact = np.sqrt(line.squares / stats.chi2.ppf([0.95, 0.05], line.degrees))
    assert (own.sd_low, own.sd_high) == pytest.approx(exact, rel=5e-3)


def test_nested_parts_belong_to_their_operator():
    # by hand: D. C. Montgomery, Design and Analysis of Experiments, ch. 14: mean squares of a two-stage nested design
    draw = np.random.default_rng(1)
    x = draw.normal(0, 1, (3, 4, 2)) + draw.normal(0, 3, (3, 4, 1)) + draw.normal(0, 2, (3, 1, 1))
    cells = [(p, o, x[o, p, t]) for o in range(3) for p in range(4) for t in range(2)]
    study = nested(readings(*zip(*cells, strict=True)))
    between = 8 * ((x.mean((1, 2)) - x.mean()) ** 2).sum() / 2
    inner = 2 * ((x.mean(2) - x.mean((1, 2))[:, None]) ** 2).sum() / 9
    rest = ((x - x.mean(2, keepdims=True)) ** 2).sum() / 12
    assert [line.mean for line in study.table.lines] == pytest.approx([between, inner, rest])
    assert study.of("part").variance == pytest.approx((inner - rest) / 2)
    assert study.of("operator").variance == pytest.approx(max((between - inner) / 8, 0))


def test_tolerance_and_verdict(aiag: Readings):
    study = crossed(replace(aiag, lower=-4.0, upper=4.0))
    assert study.of("gauge").tolerance == pytest.approx(100 * 6 * 0.3023715 / 8, rel=1e-5)
    assert study.verdict == "doubt"
    assert study.ndc_low < study.categories < study.ndc_high


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1, 1, 2, 2], ["A"] * 4, [1, 2, 3, 4]), "one operator"),
        (([1, 1, 1, 1], list("AABB"), [1, 2, 3, 4]), "one part"),
        (([1, 2, 1, 2], list("AABB"), [1, 2, 3, 4]), "one reading only"),
        (([1, 1, 2, 2], list("AABB"), [1, 2, 3, 4]), "no reading"),
        (([1, 1, 2, 2], list("ABAB"), [5, 5, 5, 5]), "are equal"),
        (([1, 2], list("AB"), [1.0, float("nan")]), "finite"),
    ],
)
def test_what_is_no_study_is_an_error(columns: tuple[list[object], ...], message: str):
    with pytest.raises(InputError, match=message):
        crossed(readings(*columns))


def test_ranges_need_equal_cells(aiag: Readings):
    ragged = replace(aiag, part=aiag.part[1:], operator=aiag.operator[1:], values=aiag.values[1:])
    with pytest.raises(InputError, match="same number of trials"):
        average_range(ragged)
    assert crossed(ragged).used == 89


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e4, 1e4), st.floats(1e-3, 1e3))
def test_shares_do_not_change_with_unit_or_order(seed: int, shift: float, scale: float):
    study = made(seed)
    order = np.random.default_rng(seed).permutation(len(study.values))
    moved = replace(
        study, part=study.part[order], operator=study.operator[order], values=study.values[order] * scale + shift
    )
    for one, other in zip(crossed(study).sources, crossed(moved).sources, strict=True):
        assert other.contribution == pytest.approx(one.contribution, rel=1e-4, abs=1e-6)


def test_the_published_linearity_study():
    # AIAG, Measurement Systems Analysis, 4th edition, table III-B 4; p of Minitab's example of the same data
    pairs = [(reference, float(value)) for reference, row in MASTER.items() for value in row.split()]
    found = linearity(*zip(*pairs, strict=True), process=16.5368)
    assert (round(found.intercept.value, 6), round(found.slope.value, 6)) == (0.736667, -0.131667)
    assert (round(found.intercept.t, 2), round(found.slope.t, 2)) == (10.16, -12.04)
    assert (round(found.fit_sd, 4), round(100 * found.r_squared, 1)) == (0.2395, 71.4)
    assert [round(one.bias, 6) for one in found.levels] == [0.491667, 0.125, 0.025, -0.291667, -0.616667]
    assert [round(one.p, 3) for one in found.levels] == [0.0, 0.354, 0.667, 0.0, 0.0]
    assert (round(found.average.bias, 4), round(found.average.p, 3)) == (-0.0533, 0.089)
    assert (round(found.linearity, 3), round(found.share, 2)) == (2.177, 13.17)
    line, low, high = found.band(np.array([6.0]))
    assert low < line < high


def test_one_reading_at_each_reference_is_a_line_too():
    found = linearity([1, 2, 3, 4, 5], [1.1, 2.2, 3.2, 4.5, 5.5])
    assert found.levels == ()
    assert found.pure_p is None
    line, low, high = found.band(np.array([3.0]))
    assert low < line < high


def test_the_published_bias_study():
    # AIAG, Measurement Systems Analysis, 4th edition, table III-B 1
    x = [5.8, 5.7, 5.9, 5.9, 6.0, 6.1, 6.0, 6.1, 6.4, 6.3, 6.0, 6.1, 6.2, 5.6, 6.0]
    own = bias(x, 6.0, tolerance=3.0)
    assert (round(own.mean, 4), round(own.sd, 4), round(own.t, 4)) == (6.0067, 0.2120, 0.1218)
    assert (round(own.low, 4), round(own.high, 4)) == (-0.1107, 0.1241)
    judge = stats.ttest_1samp(x, 6.0)
    assert own.p == pytest.approx(judge.pvalue)
    assert own.cg == pytest.approx(0.2 * 3 / (6 * own.sd))


def mpc61() -> list[dict[str, str]]:
    with (DATA / "nist_mpc61_gauge_study.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_levels_of_the_nist_study():
    rows = mpc61()

    def study(own: list[dict[str, str]]) -> object:
        return level_study(
            [float(row["average"]) for row in own], [float(row["stddev"]) for row in own],
            [row["wafer"] for row in own], [row["run"] for row in own], [row["probe"] for row in own], repeats=6,
        )  # fmt: skip

    whole = study(rows)
    assert whole.of("repeat").sd == pytest.approx(0.10739132149914783, rel=1e-9)
    assert whole.of("day").sd == pytest.approx(0.046702461391237425, rel=1e-9)
    assert whole.of("run").sd == pytest.approx(0.042789350115811274, rel=1e-9)
    # NIST/SEMATECH e-Handbook 2.6.3: probe 2362 alone, degrees of freedom 300, 50 and 5
    own = study([row for row in rows if row["probe"] == "2362"])
    assert [one.degrees for one in own.levels] == [300, 50, 5]
    assert (round(own.of("repeat").sd, 4), round(own.of("day").sd, 4)) == (0.0729, 0.0362)


def test_pooling_of_the_nist_page():
    # NIST/SEMATECH e-Handbook 2.4.4.1: sums of squares of five wafers, 60 degrees of freedom each, s = 0.10290
    squares = [0.48115, 0.69209, 0.48483, 1.21752, 0.30076]
    x = [sign * np.sqrt(one / 60) for one in squares for sign in (1, -1) for _ in range(30)]
    wafers = [at for at in range(5) for _ in range(60)]
    assert single_level(x, wafers).sd * np.sqrt(295 / 300) == pytest.approx(0.10290, abs=5e-6)


def test_differences_between_gauges_are_tested():
    rows = [row for row in mpc61() if row["run"] == "1"]
    found = gauge_differences(
        [float(row["average"]) for row in rows], [row["wafer"] for row in rows], [row["probe"] for row in rows]
    )
    assert sum(one.bias for one in found) == pytest.approx(0, abs=1e-9)
    by_name = {one.label: one for one in found}
    # NIST/SEMATECH e-Handbook 2.6.1.3 and 2.6.1.1: probe 2362 reads low, and 138 by probe 1 differs by 0.0248
    assert by_name["2362"].bias == pytest.approx(-0.0272, abs=5e-5)
    assert by_name["2362"].t < -4


def test_a_master_piece_over_time():
    draw = np.random.default_rng(1)
    still = gauge_stability(individuals(draw.normal(6.01, 0.2, 60)), 6.0)
    assert still.judged.in_control
    assert still.bias.low < 0 < still.bias.high
    creeping = gauge_stability(individuals(draw.normal(0, 0.1, 60) + np.linspace(0, 1, 60)))
    assert creeping.drift.p < 1e-6
    assert creeping.drift.value == pytest.approx(1 / 59, rel=0.3)
    with pytest.raises(InputError, match="one sitting"):
        gauge_stability(individuals([6.0]))
