"""The conventional plant: its chart, its alarm, its aims, its rate; better than as is where nobody tuned it to be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from luban.core.time import DAY, HOUR
from luban.pilot.c1_process import ProcessPilot, open_pilot
from luban.pilot.c1_process.floor import LOOK, ProcessFloor
from luban.pilot.c1_process.practice import CONVENTIONAL
from luban.pilot.plan import Arm, Figures
from luban.twin.process.layout import Reading
from luban.twin.process.run import LabResult

FOLDER = Path(__file__).parents[3] / "examples" / "c1_process"
SIGMA = 0.0008


@dataclass
class Told:
    """A plant whose instruments say what a test wants, and which keeps what it is ordered."""

    floor: ProcessFloor

    def __post_init__(self) -> None:
        self.people = self.floor.people
        self.people.begin("conventional", frozenset())
        self.people.act()
        self.floor.plant.to(self.floor.plant.now + 6 * HOUR)  # the reflux has arrived where it was sent
        self.at = self.floor.plant.now + 2 * DAY

    @property
    def reflux(self) -> float:
        process = self.floor.plant.process
        return float(process._points["target"][[p.id for p in process.parameters.set_points].index("reflux")])

    def result(self, top: float) -> None:
        self.at += 8 * HOUR
        self.people._answer(LabResult(self.at, self.at + 2 * HOUR, top, 0.005, 0.001))


@pytest.fixture
def told() -> Told:
    floor = open_pilot(FOLDER).floor(Arm(), 40, 40)
    floor.to(DAY)
    return Told(floor)


def test_the_aim_lies_so_far_above_the_guarantee_as_the_mean_may_stray_and_the_laboratory_may_lie(told: Told) -> None:
    queue, grades = told.floor.plant.queue(), told.floor.plant.process.parameters.grades
    near = [grades[queue[0].order.grade].purity]
    assert CONVENTIONAL.margin(SIGMA) == pytest.approx(3 * SIGMA / math.sqrt(3) + 2 * 0.0005)
    assert (queue[0].order.pallets - queue[0].done) / CONVENTIONAL.rate > CONVENTIONAL.lead
    assert told.people.target == pytest.approx(near[0] + CONVENTIONAL.margin(SIGMA))


def test_one_result_is_never_answered_and_the_mean_of_two_or_three_only_beyond_its_limits(told: Told) -> None:
    aim, before = told.people.target, told.reflux
    told.result(aim - 4 * SIGMA)
    assert told.reflux == before
    told.result(aim + 3 * SIGMA)
    told.result(aim + 0.5 * SIGMA)
    assert told.reflux == before
    for _ in range(2):
        told.result(aim - 2 * SIGMA)
    mean = (0.5 - 2 - 2) / 3 * SIGMA
    assert abs(mean) < CONVENTIONAL.limit(SIGMA, 3)
    assert told.reflux == before
    told.result(aim - 2 * SIGMA)
    assert told.reflux - before == pytest.approx(0.53 * 2 * SIGMA / (1 - aim))
    again = told.reflux
    told.people._moved = told.at - HOUR
    told.result(aim - 9 * SIGMA)
    assert told.reflux == again  # sampled before the column had settled


def test_the_alarm_is_by_grade_and_by_the_mean_of_an_hour(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    process, people = told.floor.plant.process, told.people
    limit = people._guarantee + CONVENTIONAL.margin(SIGMA) - CONVENTIONAL.alarm

    def look(analyser: float, times: int) -> None:
        monkeypatch.setattr(process, "reading", lambda of: {Reading.ANALYSER: analyser}[of])
        for _ in range(times):
            people._alarm(CONVENTIONAL)

    look(limit - 0.001, 3)
    look(limit + 0.002, 9)
    assert not process.diverted
    look(limit - 0.001, 6)
    assert process.diverted
    told.result(people._guarantee - 1e-4)
    assert process.diverted
    people._stopped = 0
    told.result(people._guarantee + 1e-4)
    assert not process.diverted


def test_a_purer_grade_is_prepared_a_day_before_and_the_purest_while_none_is_known(told: Told) -> None:
    plant, people = told.floor.plant, told.people
    purest = max(range(3), key=lambda g: plant.process.parameters.grades[g].purity)
    leanest = min(range(3), key=lambda g: plant.process.parameters.grades[g].purity)
    one = plant._orders[0]
    now = plant.now

    def planned(*pallets: tuple[int, int]) -> float:
        plant._orders = [
            replace(one, id=f"T-{n}", grade=grade, pallets=count, received=now, due=(n + 1) * DAY)
            for n, (grade, count) in enumerate(pallets)
        ]
        count = len(pallets)
        plant._queue, plant._done, plant._begun, plant._finish = (
            list(range(count)),
            [0] * count,
            [0] * count,
            [-1] * count,
        )
        people._plan(CONVENTIONAL)
        return people.target - CONVENTIONAL.margin(SIGMA)

    lean, pure = (plant.process.parameters.grades[g].purity for g in (leanest, purest))
    assert planned((leanest, 100), (purest, 300)) == pytest.approx(lean)
    assert planned((leanest, 50), (purest, 300)) == pytest.approx(pure)
    assert planned((leanest, 50)) == pytest.approx(pure)
    assert planned() == pytest.approx(pure)


def test_the_rate_follows_the_jackets_valve_a_notch_a_shift_and_falls_where_work_runs_short(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    process, people = told.floor.plant.process, told.people
    sent: list[float] = []
    monkeypatch.setattr(process, "set_point", lambda name, value: sent.append(value))
    monkeypatch.setattr(process, "reading", lambda of: {Reading.JACKET_VALVE: 85.0}[of])
    people._work = 100.0
    for _ in range(2 * 8 * HOUR // LOOK):
        people._rate(CONVENTIONAL)
    assert people._feed == 96.0
    assert set(sent) == {98.0, 96.0}
    people._work = 10.0
    people._rate(CONVENTIONAL)
    assert sent[-1] == 70.0


def short(days: float) -> ProcessPilot:
    own = open_pilot(FOLDER)
    own.settings = replace(own.settings, window=replace(own.settings.window, warm=3.0, days=days))
    return own


def test_the_conventional_plant_is_better_than_as_is() -> None:
    pilot, figures = short(30.0), dict[str, Figures]()
    for practice in ("as is", "conventional"):
        figures[practice] = pilot.run(Arm(practice), 40)
    before, after = figures["as is"], figures["conventional"]

    def operating(one: Figures) -> float:
        return sum(one.costs[name] for name in set(one.costs) - {"overhead", "material"}) / one.units

    assert operating(after) < 0.85 * operating(before)
    assert after.defects < before.defects
    assert after.cycle < before.cycle
