"""Mid-term evaluation: mixtures against a general solver, effects put in, placebos, what cannot be judged."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks.evaluation import CASES, NOISE, judged, world
from scipy.optimize import minimize

from luban.core.errors import ConfigError, InputError
from luban.rollup.evaluation import (
    Panel,
    Policy,
    evaluate,
    mixture,
    panel_of,
    read_panel,
    read_policies,
    synthetic,
)


def test_a_mixture_is_the_best_one_there_is() -> None:
    g = np.random.default_rng(3)
    for _ in range(8):
        donors, own = g.normal(size=(6, 9)), g.normal(size=9)
        found = mixture(own, donors)
        assert found.sum() == pytest.approx(1)
        assert found.min() >= 0
        best = minimize(
            lambda w, d=donors, y=own: float(((y - w @ d) ** 2).sum()), np.full(6, 1 / 6), method="SLSQP",
            bounds=[(0, 1)] * 6, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-14},
        )  # fmt: skip
        assert ((own - found @ donors) ** 2).sum() <= best.fun + 1e-6


def test_a_unit_that_is_a_mixture_gives_its_weights_and_the_effect_put_in() -> None:
    g = np.random.default_rng(5)
    donors = np.cumsum(g.normal(size=(8, 20)), axis=1) + 30
    own = 4 + 0.25 * donors[1] + 0.75 * donors[6]
    own[14:] += 2.5
    found = synthetic(own[None, :], donors, 14)
    assert found.weights[0, [1, 6]] == pytest.approx([0.25, 0.75], abs=1e-5)
    assert found.estimate.effect == pytest.approx(2.5, abs=1e-5)
    assert found.fit == pytest.approx(0, abs=1e-5)
    assert found.others.min() > 0.01
    # nine units, the one acted on strays furthest: the ninth part, and no more can be said of the interval
    assert found.estimate.level == pytest.approx(8 / 9)
    assert found.estimate.p >= 1 / 9 - 1e-12


def test_the_interval_holds_just_the_effects_that_leave_the_unit_among_the_others() -> None:
    panel, policy = world("synthetic", 11, 0.5, 1.0)
    found = synthetic(panel.values[:1], panel.values[1:], 12).estimate
    for put, inside in ((found.low + 1e-6, True), (found.high - 1e-6, True), (found.low - 1e-3, False)):
        moved = panel.values.copy()
        moved[0, 12:] -= put
        p = synthetic(moved[:1], moved[1:], 12).estimate.p
        assert (p > 1 / 31 + 1e-9) == inside, put
    assert policy.treated == ("R00",)


@pytest.mark.parametrize("case", [name for name in CASES if name != "interrupted"])
def test_intervals_hold_what_was_put_in_and_nothing_is_found_where_nothing_is(case: str) -> None:
    seeds = range(7_000, 7_025)
    known = [judged(case, at, 0.5, 2 * NOISE) for at in seeds]
    none = [judged(case, at, 0.5, 0.0) for at in seeds]
    assert sum(one.low <= 2 * NOISE <= one.high for one in known) >= 20  # of 25 at 95 %: chance of fewer is 0.1 %
    assert sum(one.p <= 0.05 for one in none) <= 5
    assert sum(one.time.p <= 0.05 for one in none if one.time) <= 5
    assert all(one.time is not None and one.space is not None for one in known)


def test_a_course_by_itself() -> None:
    found = [judged("interrupted", at, 0.5, 2 * NOISE) for at in range(12)]
    assert sum(one.low <= 2 * NOISE <= one.high for one in found) >= 10
    assert all(one.space is None and one.time is not None and one.time.at == 2018 for one in found)


def test_which_way_is_better_decides_the_verdict() -> None:
    panel, policy = world("differences", 4, 0.0, 8.0)
    up = evaluate(panel, policy)
    assert (up.verdict, up.method, up.judged) == ("helped", "differences", True)
    assert up.effect == pytest.approx(up.after - up.expected)
    down = evaluate(panel, replace(policy, wish=-1))
    assert (down.verdict, down.effect) == ("made worse", up.effect)
    assert evaluate(panel, replace(policy, method="auto")).method == "differences"
    one = evaluate(panel, replace(policy, method="auto", treated=("R00",)))
    assert one.method == "synthetic"
    assert abs(sum(w for _, w in one.weights) - 1) < 1e-6
    json.dumps(one.as_dict(), allow_nan=False)
    alone = Panel("x", "1", ("R00",), panel.periods, panel.values[:1])
    assert evaluate(alone, replace(policy, method="auto", treated=("R00",))).method == "interrupted"


def test_an_effect_before_there_was_one_judges_nothing() -> None:
    panel, policy = world("differences", 4, 0.0, 0.0)
    moved = panel.values.copy()
    moved[:8, 8:] += 9.0  # four years before the act
    found = evaluate(replace_values(panel, moved), policy)
    assert found.verdict == "not evaluable"
    assert not found.judged
    assert any("2008" in one for one in found.reasons)


def test_units_and_periods_that_are_not_known() -> None:
    panel, policy = world("synthetic", 8, 0.0, 1.0)
    holes = panel.values.copy()
    holes[5, 3] = np.nan
    found = evaluate(replace_values(panel, holes), replace(policy, spared={"R07": "a flood"}))
    assert dict(found.left_out) == {"R05": "a period is not known", "R07": "a flood"}
    assert not {"R05", "R07"} & {name for name, _ in found.weights}
    with pytest.raises(InputError, match="no such unit"):
        evaluate(panel, replace(policy, treated=("R99",)))
    late = evaluate(panel, replace(policy, since=2030))
    assert (late.verdict, late.reasons) == ("unverified", ("no period after the act is known",))
    # a unit that is withheld is not known at all: no error, which would stop the review of everything else
    holes[0] = np.nan
    for method in ("auto", "synthetic", "differences", "interrupted"):
        none = evaluate(replace_values(panel, holes), replace(policy, method=method))
        assert (none.verdict, none.reasons) == ("unverified", ("no period after the act is known",))
    few = Panel("x", "1", panel.units[:4], panel.periods, panel.values[:4])
    refused = evaluate(few, policy)
    assert refused.verdict == "not evaluable"
    assert "5 and 4 are needed" in refused.reasons[0]
    six = Panel("x", "1", panel.units[:8], panel.periods, panel.values[:8])
    fewer = evaluate(six, policy)
    assert fewer.level == pytest.approx(7 / 8)
    assert any("allow 88%" in one for one in fewer.reasons)


def test_a_period_that_is_not_known_keeps_its_place_in_a_course_by_itself() -> None:
    g = np.random.default_rng(0)
    at = np.arange(40)
    own = 20 + np.array([0, 6.0, -2, -4])[at % 4] + g.normal(0, 0.2, 40) + (at >= 28)
    own[10] = np.nan
    others = 20 + g.normal(0, 1, (2, 40))  # too few for a mixture
    panel = Panel("x", "1", ("A", "B", "C"), tuple(at.tolist()), np.vstack([own, others]))
    policy = Policy("p", "p", "x", ("A",), 28, wish=1, season=4)
    found = evaluate(panel, replace(policy, method="auto"))
    assert (found.method, found.verdict) == ("interrupted", "helped")
    assert found.low < 1 < found.high
    asked = evaluate(panel, replace(policy, method="interrupted"))
    assert (found.low, found.high) == (asked.low, asked.high)
    assert found.course is not None
    assert len(found.course.periods) == 40


def test_reading(tmp_path: Path) -> None:
    file = tmp_path / "water.csv"
    file.write_text(
        "region,year,indicator,value\nA,2015,I11,1\nB,2015,I11,2\nA,2017,I11,\nB,2016,I11,4\nA,2015,I12,9\n"
    )
    panel = read_panel(file, indicator="I11")
    assert panel.rows() == [("A", 2015, 1.0), ("A", 2016, None), ("A", 2017, None),
                            ("B", 2015, 2.0), ("B", 2016, 4.0), ("B", 2017, None)]  # fmt: skip
    with pytest.raises(InputError, match="which indicator"):
        read_panel(file)
    with pytest.raises(InputError, match="two values"):
        panel_of([("A", 2015, 1.0), ("A", 2015, 1.0)])
    file.write_text("region,year,value\nA,soon,1\n")
    with pytest.raises(InputError, match=r"water\.csv"):
        read_panel(file)
    acts = tmp_path / "evaluation.toml"
    acts.write_text(
        '[[policy]]\nid = "q"\nname = "quotas"\nindicator = "I11"\ntreated = ["A"]\nsince = 2016\nwish = -1\n'
    )
    assert read_policies(acts) == (Policy("q", "quotas", "I11", ("A",), 2016, wish=-1),)
    for wrong, said in (("since = 2016", "since is missing"), ('treated = ["A"]', "treated is missing")):
        acts.write_text(acts.read_text().replace(wrong, ""))
        with pytest.raises(ConfigError, match=said):
            read_policies(acts)
        acts.write_text(acts.read_text() + wrong + "\n")
    acts.write_text('[[policy]]\nid = "q"\nsince = "2016"\n')
    with pytest.raises(ConfigError, match="since is of another kind"):
        read_policies(acts)


def replace_values(panel: Panel, values: np.ndarray) -> Panel:
    return Panel(panel.indicator, panel.unit, panel.units, panel.periods, values)
