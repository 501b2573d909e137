"""Policies on the twin: what they see, what they order, what the judge counts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.decide.maintain import Prices
from luban.decide.maintain.learned import signs_of
from luban.decide.maintain.rehearse import Excursion, Policy, prepared, rehearse, watched
from luban.plant import load
from luban.twin.distribution import Distribution
from luban.twin.kernel.trace import Kind
from luban.twin.load import load_twin
from luban.twin.model import Failure, Model
from luban.twin.run import Run
from luban.twin.senses import Senses, announced
from luban.understand.health.lifetime import fit_life

C2 = Path(__file__).parents[3] / "examples" / "c2_machining"
DAYS = 120


def _shorter(one: Failure) -> Failure:
    return replace(one, life=one.life.scaled(1 / 4), first=one.first and one.first.scaled(1 / 4))


@pytest.fixture(scope="module")
def model() -> Model:
    """The shop with lives a quarter as long, so that a season holds many of them."""
    own = load_twin(C2, days=DAYS + 5)
    machines = tuple(replace(machine, failures=tuple(map(_shorter, machine.failures))) for machine in own.machines)
    return prepared(replace(own, machines=machines))


def test_the_judge_counts_what_the_twin_counts(model: Model) -> None:
    outcome = rehearse(model, load(C2), Policy("none"), days=DAYS, seed=5)
    run = Run(model, seed=5, trace="facts").to(DAYS * DAY)
    trace = run.take_trace()
    failed = trace[trace["kind"] == Kind.FAILED]
    assert sum(outcome.failures.values()) == len(failed)
    machines = [m for m, own in enumerate(model.machines) if own.failures]
    down = run.totals().machine_time[machines][:, 6].sum() / 3.6e9
    assert outcome.down == pytest.approx(down)
    assert outcome.machines == 14
    assert not outcome.planned


def test_replacing_by_condition_prevents_failures_that_announce_themselves(model: Model) -> None:
    plant = load(C2)
    none = rehearse(model, plant, Policy("none"), days=DAYS, seed=5)
    by_condition = rehearse(model, plant, Policy("condition", {}, 0.35), days=DAYS, seed=5)
    again = rehearse(model, plant, Policy("condition", {}, 0.35), days=DAYS, seed=5)
    assert by_condition == again
    wear = ("spindle", "turret", "chuck")
    lost, kept = (sum(own.failures.get(part, 0) for part in wear) for own in (none, by_condition))
    assert lost > 40
    # 30 % come unannounced, some between two looks
    assert 0.25 * lost < kept < 0.75 * lost
    assert set(by_condition.planned) <= set(wear)
    assert by_condition.looks >= sum(by_condition.planned.values()) / 2
    assert by_condition.false <= 0.1 * by_condition.looks
    prices = {part: Prices(3.0, 2.0) for part in (*wear, "hydraulics and lubrication", "electrics")}
    assert none.cost(prices, 1.0, 0.0) == pytest.approx(3 * sum(none.failures.values()) / (24 * DAYS))
    assert none.cost(prices, 1.0, 2.0) == pytest.approx(
        none.cost(prices, 1.0, 0.0) + 2 * (none.down + none.stopped) / (24 * DAYS)
    )


def test_an_age_is_kept(model: Model) -> None:
    age = 80.0
    outcome = rehearse(model, load(C2), Policy("age", {"turret": age}), days=DAYS, seed=6)
    assert outcome.planned["turret"] > 20
    assert set(outcome.planned) == {"turret"}
    with pytest.raises(InputError, match="no such part"):
        rehearse(model, load(C2), Policy("age", {"belt": 1.0}), days=1)


def test_lives_are_told_by_signals_alone(model: Model) -> None:
    seen, runs = watched(model, load(C2), 0.3, days=DAYS, seeds=[3])
    fit = fit_life(seen["hydraulics and lubrication"])
    true = next(one.life for one in model.machines[0].failures if one.id.startswith("hydraulics"))
    assert fit.mean == pytest.approx(true.mean / 3600, rel=0.35)
    # the first failure of each is of a part that nobody saw new
    assert 0 < seen["turret"].failures < runs[0].failures["turret"]
    assert sum(runs[0].warned.values()) > 0


def test_nature_shows_only_what_wears_and_is_felt(model: Model) -> None:
    run = Run(model, seed=4, trace="facts").to(30 * DAY)
    senses = Senses(run)
    machines = [m for m, own in enumerate(model.machines) if own.failures]
    found = [part for m in machines for part in senses.opened(m)]
    assert found
    assert set(found) <= announced(model, machines[0]) == {"spindle", "turret", "chuck"}
    for m in machines:
        loud = senses.vibration(m, 3) > 1.4 + 5 * 0.15
        assert not loud or senses.opened(m)  # what shakes has something to show


def test_signs_from_excursions() -> None:
    fits = {"spindle": None}
    ended = [Excursion("m", 0, 1, 21.0, "spindle", 100.0)] * 6 + [Excursion("m", 0, 1, 3.0, "")] * 2
    own = signs_of(fits, {"spindle": 10}, {"spindle": 6}, ended, 1000.0, at=0.3)["spindle"]  # type: ignore[arg-type]
    assert (own.share, own.false_every) == (0.6, 500.0)
    assert own.begins == pytest.approx(0.7)
    assert signs_of(fits, {"spindle": 10}, {"spindle": 4}, ended, 1000.0) == {}  # type: ignore[arg-type]
    assert np.isinf(signs_of(fits, {"spindle": 9}, {"spindle": 6}, ended[:6], 1.0)["spindle"].false_every)  # type: ignore[arg-type]


def test_a_prepared_model_meets_the_same_chances() -> None:
    own = load_twin(C2, days=20)
    machine = next(one for one in prepared(own).machines if one.failures)
    assert {one.clock for one in machine.maintenance[1:]} == {"command"}
    repair = next(one.repair for one in machine.failures if one.id == "spindle")
    planned = next(one for one in machine.maintenance if one.id == "replace spindle")
    assert planned.duration == Distribution.constant(0.5 * repair.mean)
    assert [one.failures for one in prepared(own).machines] == [one.failures for one in own.machines]
