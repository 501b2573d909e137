"""Verdicts: an act that helped, one that did not, one that made it worse, and those that nobody can judge."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.verify import Decision, Metric, Prediction, Series, freeze, judge, series
from luban.verify.baseline import Baseline
from luban.verify.outcome import Outcome
from tests.verify.drawn import START, alike, days, moment

METRIC = Metric("scrap", "kg", -1, margin=1.5, price=10.0, currency="EUR")
ACT = Decision("offset 12", moment(), "setpoint", "li")


def verdict(some: Series, metric: Metric = METRIC, decision: Decision = ACT, **options: object) -> Outcome:
    base = freeze(some, metric, act=decision.act, end=decision.at, **options)  # type: ignore[arg-type]
    return judge(base, some, decision)


def test_less_scrap_helped_and_money_has_its_sign() -> None:
    found = verdict(days(effect=-4.0))
    assert found.verdict == "helped"
    assert found.low < -4.0 < found.high < 0
    assert found.money is not None
    assert found.money.value == pytest.approx(-10 * 20 * found.effect)
    assert 0 < found.money.low < found.money.value < found.money.high
    assert found.effect == pytest.approx(found.after - found.expected)


def test_the_same_act_made_worse_what_should_grow() -> None:
    found = verdict(days(effect=-4.0), replace(METRIC, wish=1))
    assert found.verdict == "made worse"
    assert found.money is not None
    assert found.money.value < 0


def test_no_effect_says_how_small_it_is() -> None:
    found = verdict(days(seed=5))
    assert found.verdict == "no effect"
    assert found.small
    assert "less than is worth having" in found.reasons[0]
    wide = verdict(days(seed=5, before=20, after=8, rho=0.7), replace(METRIC, margin=0.1), replace(ACT, at=moment(20)))
    assert wide.verdict == "no effect"
    assert wide.small is False
    assert "not ruled out" in wide.reasons[0]


@pytest.mark.parametrize(
    ("some", "said"),
    [
        (days(before=12), "12 known periods before the act, 20 are needed"),
        (days(trend=0.4, rho=0.0), "the figure drifts before the act"),
        (days().between(None, None), ""),
    ],
)
def test_a_baseline_that_is_none_is_not_evaluable(some: Series, said: str) -> None:
    at = moment(12) if "12" in said else moment()
    found = verdict(some, decision=replace(ACT, at=at), method="regression")
    assert (found.verdict == "not evaluable") == bool(said)
    assert not said or found.reasons[0].startswith(said)
    assert not said or not np.isfinite(found.effect)


def test_a_shift_a_stuck_meter_and_gaps_are_seen() -> None:
    day = np.arange(60)
    g = np.random.default_rng(2)
    shifted = series(START + day * DAY, g.normal(size=60) + 6 * (day >= 25))
    stuck = series(START + day * DAY, np.where(day < 40, 7.0, 7.0 + g.normal(size=60)))
    gappy = series(START + day * DAY, np.where((day < 40) & (day % 2 == 0) & (day > 3), np.nan, g.normal(size=60)))
    wild = series(START + day * DAY, np.where(np.isin(day, [5, 9, 20, 31]), 40.0, g.normal(size=60)))
    for some, said in ((shifted, "shifts|drifts"), (stuck, "never moves"), (gappy, "are known"), (wild, "control")):
        found = verdict(some, method="regression")
        assert found.verdict == "not evaluable"
        assert any(word in found.reasons[0] for word in said.split("|")), found.reasons


def test_a_figure_that_wanders_has_no_level_to_judge_by() -> None:
    day = np.arange(140)
    wanders = series(START + day * DAY, np.cumsum(np.random.default_rng(12).normal(size=140)))
    found = verdict(wanders, decision=replace(ACT, at=moment(110)), method="regression")
    assert found.verdict == "not evaluable"
    assert any(word in found.reasons[0] for word in ("go together too much", "drifts"))


def test_too_little_after_and_an_unconfirmed_act_stay_unverified() -> None:
    some = days()
    base = freeze(some, METRIC, act="a", end=moment())
    early = judge(base, some, ACT, until=moment() + 3 * DAY)
    assert (early.verdict, early.reasons) == ("unverified", ("3 known periods after the act, 8 are needed",))
    assert judge(base, some.between(None, moment()), ACT).verdict == "unverified"
    lost = judge(base, some, ACT, confirmed=False)
    assert lost.verdict == "unverified"
    assert "not confirmed" in lost.reasons[0]


def test_a_baseline_fixed_after_the_act_is_none() -> None:
    some = days(effect=-4.0)
    base = freeze(some, METRIC, act="a", end=moment(), fixed=moment() + DAY)
    assert judge(base, some, ACT).reasons == ("the baseline was fixed after the act",)


def test_corrected_facts_are_judged_anew_and_said() -> None:
    some = days(effect=-4.0)
    base = freeze(some, METRIC, act="a", end=moment())
    values = some.values.copy()
    values[3] += 1.0
    again = judge(base, replace(some, values=values), ACT)
    first = judge(base, some, ACT)
    assert again.facts != first.facts
    assert again.effect != first.effect
    assert any("corrected" in note for note in again.notes)
    assert not any("corrected" in note for note in first.notes)


def test_drivers_explain_what_the_act_did_not_do() -> None:
    g, day = np.random.default_rng(8), np.arange(60)
    pieces = 100 + 10 * alike(g, 60, 0.5) + 12 * (day >= 40)
    values = 20 + 0.5 * pieces + alike(g, 60, 0.3)
    some = series(START + day * DAY, values, unit="kg", drivers={"pieces": pieces})
    assert verdict(some).verdict == "no effect"
    blind = verdict(replace(some, drivers={}))
    assert blind.effect > 3 > 1 > abs(verdict(some).effect)
    far = replace(some, drivers={"pieces": np.where(day >= 40, pieces + 100, pieces)})
    found = verdict(far)
    assert found.verdict == "not evaluable"
    assert "beyond" in found.reasons[0]


def test_a_trend_is_taken_up_by_the_interrupted_series() -> None:
    some = days(trend=0.5, effect=-4.0, rho=0.2)
    found = verdict(some)
    assert found.method == "interrupted"
    assert found.verdict == "helped"
    assert found.low < -4 < found.high
    assert found.figures["slope before"] == pytest.approx(0.5, abs=0.1)


def test_controls_take_off_what_hit_everybody() -> None:
    g, day = np.random.default_rng(9), np.arange(60)
    market = 5 * alike(g, 60, 0.9) + 8 * (day >= 40)
    some = series(START + day * DAY, 100 + market + alike(g, 60, 0.2), unit="kg",
                  controls={"other": 80 + market + alike(g, 60, 0.2)})  # fmt: skip
    found = verdict(some)
    assert found.method == "differences"
    assert found.verdict == "no effect"
    drift = replace(some, controls={"other": some.controls["other"] - 0.4 * day})
    assert "drift apart" in verdict(drift).reasons[0]


def test_a_season_is_found_and_taken_off() -> None:
    day = np.arange(60)
    week = np.array([0, 0, 0, 0, 0, -6, -9])[day % 7]
    some = series(START + day * DAY, 50 + week + alike(np.random.default_rng(3), 60, 0.2), unit="kg")
    base = freeze(some, METRIC, act="a", end=moment())
    assert base.season == 7
    assert base.usable
    assert freeze(days(), METRIC, act="a", end=moment()).season == 0


def test_regression_agrees_with_the_savings_of_energy() -> None:
    from luban.understand.energy.enpi import fit_baseline
    from luban.understand.energy.savings import savings

    g, day = np.random.default_rng(6), np.arange(60)
    pieces = g.uniform(60, 140, 60)
    values = 200 + 3 * pieces + 5 * g.normal(size=60) - 20 * (day >= 40)
    some = series(START + day * DAY, values, unit="kWh", drivers={"pieces": pieces})
    found = verdict(some, Metric("energy", "kWh"))
    fitted = fit_baseline(values[:40], {"pieces": pieces[:40]})
    other = savings(fitted, values[40:], {"pieces": pieces[40:]})
    assert found.effect == pytest.approx(-other.total / 20, abs=0.5)
    assert found.low < -other.total / 20 < found.high


def test_a_promise_is_held_against_what_was_measured() -> None:
    some = days(effect=-4.0)
    base = freeze(some, METRIC, act="a", end=moment())
    right = judge(base, some, ACT, predicted=Prediction(-4.2, -5.0, -3.4))
    wrong = judge(base, some, ACT, predicted=Prediction(-9.0, -9.5, -8.5))
    assert right.against is not None
    assert right.against.held
    assert wrong.against is not None
    assert not wrong.against.held
    assert wrong.against.difference == pytest.approx(wrong.effect + 9.0)


def test_what_is_written_is_read_back() -> None:
    some = days(effect=-4.0)
    base = freeze(some, METRIC, act="a", end=moment())
    assert Baseline.from_dict(base.as_dict()) == base
    found = judge(base, some, ACT, predicted=Prediction(-4.2, -5.0, -3.4))
    again = Outcome.from_dict(found.as_dict())
    assert again.as_dict() == found.as_dict()
    assert again.against == found.against
    short = judge(base, some.between(None, moment()), ACT)
    assert Outcome.from_dict(short.as_dict()).as_dict() == short.as_dict()


def test_options_that_make_no_sense_are_refused() -> None:
    with pytest.raises(InputError, match="method"):
        freeze(days(), METRIC, act="a", end=moment(), method="guess")
    with pytest.raises(InputError, match="better"):
        Metric("x", "kg", 0)
    with pytest.raises(InputError, match="within its interval"):
        Prediction(1.0, 2.0, 3.0)
    with pytest.raises(InputError, match="two values"):
        series([START, START, START + DAY], [1.0, 2.0, 3.0])


def test_every_sentence_can_be_translated() -> None:
    from luban.verify import METHODS, VERDICTS
    from luban.verify.words import SENTENCES

    assert {*METHODS.values(), *VERDICTS} <= set(SENTENCES)
