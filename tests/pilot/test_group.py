"""Pilot C5: published as-is figures come out of it, planning does not peek, methods agree with their formulas."""

from __future__ import annotations

import pickle
from dataclasses import replace
from statistics import mean

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.pilot.chance import Chance
from luban.pilot.group import minds
from luban.pilot.group.pilot import GroupPilot, close_day, paid_after, poisoned
from luban.pilot.group.plants import Group
from luban.pilot.plan import COSTS, TARGETS, Arm, Figures
from luban.pilot.registry import open_pilot


@pytest.fixture(scope="module")
def pilot() -> GroupPilot:
    found = open_pilot("c5_group").pilot
    assert isinstance(found, GroupPilot)
    return found


@pytest.fixture(scope="module")
def as_is(pilot: GroupPilot) -> list[Figures]:
    return [pilot.run(Arm(), seed) for seed in range(5)]


def every(pilot: GroupPilot) -> frozenset[str]:
    return frozenset(one.id for one in pilot.levers if not one.capital)


def test_published_practice_comes_out_as_is(as_is: list[Figures]) -> None:
    """Forecast error 46 % (F16), finished stock 19.3 d, receivables 60.6 d (F17), books closed on day 8."""
    assert mean(one.more["forecast error"] for one in as_is) == pytest.approx(0.46, abs=0.04)
    assert mean(one.more["finished stock"] for one in as_is) == pytest.approx(19.3, abs=2)
    assert mean(one.more["receivables"] for one in as_is) == pytest.approx(60.6, abs=1.5)
    assert mean(one.more["close day"] for one in as_is) == pytest.approx(8.0, abs=0.3)


def test_levers_help_on_tuning_seeds(pilot: GroupPilot, as_is: list[Figures]) -> None:
    runs = [pilot.run(Arm(levers=every(pilot)), seed) for seed in range(3)]
    assert mean(one.cycle for one in runs) < 0.8 * mean(one.cycle for one in as_is[:3])
    assert mean(one.defects for one in runs) < 0.5 * mean(one.defects for one in as_is[:3])
    assert mean(one.more["stock turns"] for one in runs) > mean(one.more["stock turns"] for one in as_is[:3])
    for one in runs:
        assert set(one.costs) == set(COSTS)
        assert set(one.more) == set(pilot.units)
        assert one.cycle > pilot.facts.shops.ship * 86_400


def test_planning_does_not_peek(pilot: GroupPilot) -> None:
    arm = Arm(levers=every(pilot))
    assert pilot.run(arm, 7, days=140) == poisoned(pilot).run(arm, 7, days=140)


def test_planning_that_peeks_is_caught(pilot: GroupPilot, monkeypatch: pytest.MonkeyPatch) -> None:
    world: list[Group] = []
    begun = Group.__init__

    def remembered(self: Group, *given: object, **named: object) -> None:
        begun(self, *given, **named)  # type: ignore[arg-type]
        world.append(self)

    def peeks(history: np.ndarray, week: int, ahead: int) -> tuple[np.ndarray, np.ndarray]:
        own, coming = world[-1], np.zeros(history.shape[1])
        for day in range(own.day + 1, own.day + 6):
            for of, pieces in own.hidden.orders[day]:
                coming[of] += pieces
        return coming, np.ones(history.shape[1])

    monkeypatch.setattr(Group, "__init__", remembered)
    monkeypatch.setattr(minds, "learned_forecast", peeks)
    arm = Arm(levers=frozenset({"forecast"}))
    assert pilot.run(arm, 7, days=70) != poisoned(pilot).run(arm, 7, days=70)


def test_orders_do_not_depend_on_how_they_are_served(pilot: GroupPilot) -> None:
    a, b = Group(pilot.facts, 4), Group(pilot.facts, 4, demand=1.5)
    begins = pilot.facts.demand.warmup
    assert a.hidden.orders[:begins] == b.hidden.orders[:begins]
    more = sum(len(day) for day in b.hidden.orders[begins:]) / sum(len(day) for day in a.hidden.orders[begins:])
    assert more == pytest.approx(1.5, rel=0.05)
    assert pilot.run(Arm(levers=every(pilot), silent=True), 5, days=70) == pilot.run(Arm(), 5, days=70)
    assert pickle.loads(pickle.dumps(pilot)) == pilot


def test_no_piece_is_lost(pilot: GroupPilot) -> None:
    """Pieces that came in, less those that left, lie on the shelf; orders are served or still wait."""
    world = Group(pilot.facts, 2)
    made, start = 0, world.stock.copy()
    for _ in range(200):
        made += sum(pieces for _, pieces in world.done_lots.get(world.day, []))
        world.run(1)
    assert start.sum() + made - world.totals.pieces == pytest.approx(world.stock.sum())
    waiting = sum(len(line) for line in world.backlog)
    assert world.totals.lines + waiting == sum(len(day) for day in world.hidden.orders[:200])
    assert (world.stock >= 0).all()
    assert (world.shelf >= 0).all()


def test_season_is_found_and_taken_off() -> None:
    """A course of the year of 25 % is found within 4 points, and the forecast ahead follows it."""
    rng = np.random.default_rng(5)
    weeks = np.arange(130)
    course = 1 + 0.25 * np.sin(2 * np.pi * weeks / 52 + 1)
    history = rng.poisson(60 * course[:104, None], (104, 20)).astype(float)
    found = minds.season(history, 0)
    assert np.abs(found - course[:52] / course[:52].mean()).max() < 0.04
    coming, error = minds.learned_forecast(history, 0, 4)
    assert coming.mean() == pytest.approx(60 * course[104:108].mean(), rel=0.05)
    assert error.mean() == pytest.approx(np.sqrt(60), rel=0.3)
    assert (minds.season(history[:60], 0) == 1).all()


def test_lots_follow_harris() -> None:
    """Square root of 2 x setup x demand over carrying: 2 x 400 x 100 / 2 = 40,000, 200 pieces, 2 weeks."""
    assert minds.lot_weeks(np.array([100.0]), 400.0, 2.0)[0] == pytest.approx(2.0)
    assert minds.lot_weeks(np.array([1e-3]), 400.0, 2.0)[0] == 8.0


def test_books_close_sooner_and_customers_pay_sooner(pilot: GroupPilot) -> None:
    """9,000 x 0.6 min and 360 x 12 min over four clerks of 8 h: 5.06 days, and 3 of closing."""
    facts = replace(pilot.facts, office=replace(pilot.facts.office, late=1e9))
    assert close_day(pilot.facts, at_once=False, chance=Chance(3), months=200) == pytest.approx(8.06, abs=0.1)
    assert close_day(pilot.facts, at_once=True, chance=Chance(3), months=200) == pytest.approx(3.225, abs=0.05)
    shipped = [(day, 10, 0) for day in range(2000)]
    asked = paid_after(facts, shipped, 8.0, remind=True, seed=1)
    assert mean(asked) == pytest.approx(38 + 1 + 8, rel=0.03)
    # the month ends 14 days after a due day in the mean, and is closed 8 working days later
    assert mean(paid_after(facts, shipped, 8.0, remind=False, seed=1)) == pytest.approx(38 + 14 + 11.2 + 8, rel=0.03)


def test_what_the_pilot_says_of_itself(pilot: GroupPilot) -> None:
    assert set(pilot.meanings) == set(TARGETS) == set(pilot.binds)
    with pytest.raises(InputError, match="no such arm"):
        pilot.run(Arm(practice="perfect"), 1)
    with pytest.raises(InputError, match="four weeks"):
        pilot.run(Arm(), 1, days=1e6)
