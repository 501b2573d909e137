"""Pilots C3 and C6: published as-is figures come out of them, chance is not shifted, minds do not peek."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from pathlib import Path
from statistics import mean

import numpy as np
import pytest

from luban.core.errors import ConfigError, InputError
from luban.pilot.chance import Chance
from luban.pilot.field import minds
from luban.pilot.field.fleet import Field
from luban.pilot.field.ground import Rules
from luban.pilot.field.pilot import FieldPilot, poisoned
from luban.pilot.field.rules import Opening
from luban.pilot.money import lever_cost
from luban.pilot.plan import COSTS, TARGETS, Arm, Figures
from luban.pilot.registry import open_pilot
from luban.pilot.written import read_pilot

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("c3_pumps", "c6_uptime")


def opened(name: str) -> FieldPilot:
    pilot = open_pilot(name).pilot
    assert isinstance(pilot, FieldPilot)
    return pilot


def every(pilot: FieldPilot) -> frozenset[str]:
    return frozenset(one.id for one in pilot.levers if not one.capital)


@pytest.fixture(scope="module")
def as_is() -> dict[str, list[Figures]]:
    return {name: [opened(name).run(Arm(), seed) for seed in range(5)] for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_published_practice_comes_out_as_is(name: str, as_is: dict[str, list[Figures]]) -> None:
    """First-time fix 77 %, 1.6 more visits after one in vain (F18), 15 % from afar (C3), 15 % short of parts (C6)."""
    told = as_is[name]
    assert mean(one.more["first-time fix"] for one in told) == pytest.approx(0.77, abs=0.02)
    visited = [one.more["breakdowns"] * (1 - one.more["from afar"]) for one in told]
    vain = [v * (1 - one.more["first-time fix"]) for v, one in zip(visited, told, strict=True)]
    more = mean(one.more["repeat visits"] for one in told) / mean(vain)
    assert more == pytest.approx(1.6, abs=0.15)
    if name == "c3_pumps":
        assert mean(one.more["from afar"] for one in told) == pytest.approx(0.15, abs=0.02)
    else:
        short = mean(one.more["short of parts"] for one in told) / mean(visited)
        assert short == pytest.approx(0.15, abs=0.03)


def test_failures_come_as_renewal_theory_has_them(as_is: dict[str, list[Figures]]) -> None:
    """Renewals a running hour: 1 over the Weibull mean, scale x gamma(1 + 1/shape), of each mode."""
    pilot = opened("c3_pumps")
    rate = sum(1 / (mode.scale * math.gamma(1 + 1 / mode.shape)) for mode in pilot.facts.modes)
    month = pilot.facts.wanted.open(364 * 24) / 12 * pilot.facts.fleet.use
    found = mean(one.more["breakdowns"] for one in as_is["c3_pumps"])
    assert found == pytest.approx(rate * month, rel=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_levers_help_cycle_and_defects_on_tuning_seeds(name: str, as_is: dict[str, list[Figures]]) -> None:
    pilot = opened(name)
    runs = [pilot.run(Arm(levers=every(pilot)), seed) for seed in range(3)]
    before = as_is[name][:3]
    assert mean(one.cycle for one in runs) < 0.75 * mean(one.cycle for one in before)
    assert mean(one.defects for one in runs) < 0.75 * mean(one.defects for one in before)
    for one in runs:
        assert set(one.costs) == set(COSTS)
        assert set(one.more) == set(pilot.units)
        assert 0 < one.units < one.made
        assert one.costs["levers"] == pytest.approx(lever_cost(pilot.levers, every(pilot), pilot.rate, one.days))


@pytest.mark.parametrize("name", NAMES)
def test_minds_do_not_peek(name: str) -> None:
    """All that is hidden is garbage whenever a mind is asked; not a bit of the outcome changes."""
    pilot = opened(name)
    arm = Arm(levers=every(pilot))
    assert pilot.run(arm, 7, days=182) == poisoned(pilot).run(arm, 7, days=182)


def test_a_mind_that_peeks_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    pilot = opened("c6_uptime")
    world: list[Field] = []
    begun = Field.__init__

    def remembered(self: Field, *given: object, **named: object) -> None:
        begun(self, *given, **named)  # type: ignore[arg-type]
        world.append(self)

    def peeks(self: minds.Watch, share: object) -> list[int]:
        own = world[-1]
        left = own.born + own.hidden.life - own.ran[:, None]
        return np.flatnonzero(left.ravel() < 40.0).tolist()

    monkeypatch.setattr(Field, "__init__", remembered)
    monkeypatch.setattr(minds.Watch, "asked", peeks)
    arm = Arm(levers=frozenset({"condition"}))
    assert pilot.run(arm, 7, days=182) != poisoned(pilot).run(arm, 7, days=182)


def test_minds_know_nothing_of_the_world() -> None:
    told = Path(minds.__file__).read_text()
    for name in ("fleet", "ground", "visits", "chance", "rules"):
        assert f"luban.pilot.field.{name}" not in told
        assert f"luban.pilot.{name}" not in told


def test_a_decision_shifts_no_chance() -> None:
    """Lives of parts that were never touched by a lever are the same in both runs."""
    facts = opened("c6_uptime").facts
    worlds = [Field(facts, 20, 3) for _ in range(2)]
    practice = facts.practices["as is"]
    for world, rules in zip(
        worlds, (Rules(practice), Rules(practice, link=True, spares=True, dispatch=True)), strict=True
    ):
        world.run(100 * 24)
        world.change(rules)
        world.run(400 * 24)
    same = worlds[0].ordinal == worlds[1].ordinal
    assert same.mean() > 0.3
    assert (worlds[0].hidden.life[same] == worlds[1].hidden.life[same]).all()


@pytest.mark.parametrize("name", NAMES)
def test_a_silent_plant_answers_to_nothing(name: str) -> None:
    pilot = opened(name)
    assert pilot.run(Arm(levers=every(pilot), silent=True), 5, days=91) == pilot.run(Arm(), 5, days=91)
    assert pickle.loads(pickle.dumps(pilot)) == pilot


@pytest.mark.parametrize("name", NAMES)
def test_what_a_pilot_says_of_itself(name: str) -> None:
    pilot = opened(name)
    assert set(pilot.meanings) == set(TARGETS)
    assert set(pilot.binds) == set(TARGETS)
    assert [one.capital for one in pilot.levers] == sorted(one.capital for one in pilot.levers)
    assert all(arm.demand > 1 for arm in pilot.arms().values())
    with pytest.raises(InputError, match="no such arm"):
        pilot.run(Arm(levers=frozenset({"magic"})), 1)
    with pytest.raises(InputError, match="four weeks"):
        pilot.run(Arm(), 1, days=math.nan)


def test_penalties_follow_the_contract() -> None:
    """Two points below 95 % cost 4 % of the quarter's fee, a machine that stood a whole quarter the cap of 20 %."""
    pilot = opened("c6_uptime")
    facts = replace(pilot.facts, fleet=replace(pilot.facts.fleet, count=3))
    world = Field(facts, 3, 1)
    quarter = world.wanted.open(91 * 24)
    world.down[0, 4], world.down[1, 4] = 0.07 * quarter, quarter
    owed, below = replace(pilot, facts=facts)._penalties(world, 91)
    assert owed == pytest.approx(40000 / 4 * (0.04 + 0.20))
    assert below == pytest.approx(2 / 3)


def test_open_hours_come_back() -> None:
    shift = Opening(5, 8.0, 8.0)
    assert shift.open(7 * 24.0) == 40
    assert shift.when(12.0) == 24 + 8 + 4
    for hours in np.linspace(0.1, 199.9, 57):
        assert shift.open(shift.when(float(hours))) == pytest.approx(hours)


def test_chance_has_keys() -> None:
    draw = Chance(4)
    many = draw.uniforms(2000, "life", 3)
    assert [draw.uniform("life", 3, i) for i in (0, 17, 1999)] == [many[0], many[17], many[1999]]
    assert many.mean() == pytest.approx(0.5, abs=0.03)
    assert draw.uniform("life", 3, 1) != draw.uniform("life", 1, 3)
    assert np.mean([draw.weibull(1.0, 5.0, "w", i) for i in range(2000)]) == pytest.approx(5.0, rel=0.08)
    assert np.mean([draw.lognormal(5.0, 0.8, "l", i) for i in range(4000)]) == pytest.approx(5.0, rel=0.08)


def test_diagnosis_learns_in_spite_of_wrong_reports() -> None:
    rng = np.random.default_rng(3)
    mind = minds.Diagnoser()
    assert mind.name(np.zeros(3)) == -1
    middle = np.eye(3) * 4
    for i in range(60):
        true = i % 3
        mind.learn(middle[true] + rng.normal(size=3), true if rng.random() > 0.2 else (true + 1) % 3)
    named = [mind.name(middle[i % 3] + rng.normal(size=3)) == i % 3 for i in range(90)]
    assert np.mean(named) > 0.85
    assert mind.name(middle.mean(axis=0)) == -1


def test_signs_are_told_from_noise() -> None:
    rng = np.random.default_rng(1)
    watch = minds.Watch(np.zeros(200), 7.0)
    asked: set[int] = set()
    for week in range(60):
        told = 2.5 + 0.4 * rng.normal(size=200)
        told[:10] += 5 * max(0.0, (week - 20) / 40)
        asked |= set(watch.asked({0: 0.5}))
        watch.hear(told)
    assert set(range(10)) == asked
    assert watch.asked({}) == []


def test_bad_settings_are_named(tmp_path: Path) -> None:
    text = (EXAMPLES / "c3_pumps" / "pilot.toml").read_text()
    from luban.pilot.c3_pumps import open_pilot as opens

    for old, new, told in (
        ("count = 400", "count = true", "count is no int"),
        ("count = 400", "cuont = 400", "no such key"),
        ("trip = 450.0", "", "trip is missing"),
        ('field = "processes"', 'field = "magic"', "no such field"),
        ("[fleet]", "[fleet", "not TOML"),
    ):
        (tmp_path / "pilot.toml").write_text(text.replace(old, new, 1))
        with pytest.raises(ConfigError, match=told):
            opens(tmp_path)
    with pytest.raises(ConfigError, match="no file of a pilot"):
        read_pilot(tmp_path / "nowhere")
