"""The process plant as a pilot: as is is as published, runs repeat, acts under guard, nothing hidden is seen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, HOUR
from luban.loop.deciding.floor import Act, Heard, Proposal, Seen
from luban.loop.deciding.mind import Mind
from luban.pilot.c1_process import ProcessPilot, open_pilot
from luban.pilot.c1_process.floor import ProcessFloor
from luban.pilot.c1_process.pilot import price_of
from luban.pilot.plan import COSTS, Arm
from luban.twin.process import AsIsOperator, CoupledRun, ProcessRun, packing_model
from luban.twin.process.packing import draw_orders
from luban.twin.process.parameters import load
from luban.twin.run import Run

FOLDER = Path(__file__).parents[3] / "examples" / "c1_process"
SHORT = 2.0


@pytest.fixture(scope="module")
def pilot() -> ProcessPilot:
    """The pilot with a warm-up of two days, so that tests are short."""
    own = open_pilot(FOLDER)
    own.settings = type(own.settings)(
        type(own.settings.window)(2.0, SHORT, own.settings.window.age), own.settings.labour, own.settings.energy,
        own.settings.upkeep, own.settings.loss, own.settings.overhead, own.settings.money,
    )  # fmt: skip
    return own


def decided(pilot: ProcessPilot) -> frozenset[str]:
    return frozenset(one.id for one in pilot.levers if not one.capital)


def hidden(floor: ProcessFloor) -> list[np.ndarray[Any, Any]]:
    """What no instrument shows: compositions, what drives them, loops' inner states, memory of the plant."""
    process = floor.plant.process
    return [process._y, process._input, process._loops, process._memory, floor.plant._tank]


def spoil(arrays: Sequence[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """Garbage in place of each; what it was."""
    kept = [array.copy() for array in arrays]
    rng = np.random.default_rng(3)
    for array in arrays:
        array.view(np.uint8)[:] = rng.integers(0, 255, array.view(np.uint8).shape, dtype=np.uint8)
    return kept


class Blindfolded(ProcessFloor):
    """While somebody decides, the plant's hidden state is garbage, and so are laws that nobody could know."""

    def ask(self, mind: Mind, seen: Seen) -> Sequence[Proposal]:
        arrays = hidden(self)
        kept, lab = spoil(arrays), self.plant.process._lab
        self.plant.process._lab = []
        try:
            return super().ask(mind, seen)
        finally:
            self.plant.process._lab = lab
            for array, own in zip(arrays, kept, strict=True):
                array[:] = own


class Peeping:
    """Looks at the true purity, which it must not."""

    lever = "quality"
    every = HOUR

    def __init__(self) -> None:
        self.floor: ProcessFloor | None = None

    def hear(self, told: Any) -> None:
        """Does not listen."""

    def decide(self, seen: Seen) -> Sequence[Proposal]:
        assert self.floor is not None
        top = self.floor.plant.process.hidden()["top"]
        value = 3.0 + 10.0 * (0.995 - top) if np.isfinite(top) else 3.0
        return (Proposal(self.lever, "peeping", Act("set", "process/column:reflux_sp", min(4.0, max(2.5, value)))),)


def acts(floor: ProcessFloor) -> list[tuple[int, str, object, str]]:
    return [(one.time, one.proposal.act.target, one.proposal.act.value, one.state) for one in floor.acts]


def test_the_run_as_is_is_that_of_the_published_practice(pilot: ProcessPilot) -> None:
    floor = pilot.floor(Arm(), 4, 5)
    floor.to(4 * DAY)
    plant = load(FOLDER / "process.toml")
    process = ProcessRun(plant, seed=4, swift=True, fouled=floor.people._age)
    orders = draw_orders(plant, 4, 0, 5)
    run = CoupledRun(process, Run(packing_model(plant, seed=4, days=7, orders=orders), seed=4), orders=orders)
    AsIsOperator(process).drive(run, 4 * DAY)
    assert floor.plant.totals() == run.totals()
    assert floor.plant.process.totals() == process.totals()


def test_hidden_state_plays_no_part_in_what_is_decided(pilot: ProcessPilot) -> None:
    arm = Arm(levers=decided(pilot))
    plain, blind = pilot.floor(arm, 5, 7), pilot.floor(arm, 5, 7)
    blind.__class__ = Blindfolded
    for floor in (plain, blind):
        floor.to(6 * DAY)
    assert acts(blind) == acts(plain)
    assert {one.proposal.lever for one in plain.acts} >= {"quality", "reactor", "bottom", "tariff"}
    assert plain.plant.totals() == blind.plant.totals()


def test_one_that_peeps_is_caught(pilot: ProcessPilot) -> None:
    found = []
    for kind in (ProcessFloor, Blindfolded):
        floor, peeping = pilot.floor(Arm(), 5, 4), Peeping()
        peeping.floor = floor
        floor.__class__ = kind
        floor._mind = Mind([peeping])
        floor.to(3 * DAY)
        found.append(acts(floor))
    assert found[0] != found[1]


def test_a_silent_plant_runs_as_it_does_as_is_and_nothing_is_booked_for_levers(pilot: ProcessPilot) -> None:
    before = pilot.run(Arm(), 6, days=SHORT + 2)
    silent = pilot.run(Arm(levers=decided(pilot), silent=True), 6, days=SHORT + 2)
    assert silent.costs["energy"] == before.costs["energy"]
    assert silent.costs["levers"] == 0
    assert (silent.cycle, silent.defects, silent.units) == (before.cycle, before.defects, before.units)
    assert silent.more["acts"] > 10


def test_a_run_repeats_and_its_books_are_whole(pilot: ProcessPilot) -> None:
    arm = Arm("conventional", frozenset({"palletiser"}))
    one, two = pilot.run(arm, 6, days=SHORT + 2), pilot.run(arm, 6, days=SHORT + 2)
    assert one == two
    assert set(one.costs) == set(COSTS)
    assert one.units == pytest.approx(one.made * (1 - one.defects), rel=0.01)
    assert one.more["refused"] == 0
    assert set(one.more) == set(pilot.units)
    crew = (28 - 4) * 75463 * 1.35 * (SHORT + 2) / 365.25
    assert one.costs["labour"] == pytest.approx(crew)


def test_acts_beyond_the_band_and_unknown_ones_are_refused_with_the_reason(pilot: ProcessPilot) -> None:
    floor = pilot.floor(Arm(), 1, 4)
    floor.to(HOUR)
    for act in (
        Act("set", "process/column:reflux_sp", 9.0), Act("set", "process/column:level_sp", 1.0),
        Act("maintain", "process/reactor", 0), Act("rule", "process", "x"),
    ):  # fmt: skip
        floor._carry(Proposal("quality", "test", act))
    assert [one.state for one in floor.acts] == ["refused"] * 4
    assert "envelope" in floor.acts[0].reason
    assert floor.plant.process.set_points()["reflux"] == pytest.approx(3.357)


def test_arms_that_are_none_and_the_price_of_an_hour(pilot: ProcessPilot) -> None:
    with pytest.raises(InputError, match="no such arm"):
        pilot.run(Arm(levers=frozenset({"magic"})), 1)
    with pytest.raises(InputError, match="no such arm"):
        pilot.run(Arm("lazy"), 1)
    start = 1_767_567_600_000_000  # 2026-01-05 07:00 in China
    assert price_of(pilot.settings.energy, start) == pytest.approx(0.28)
    assert price_of(pilot.settings.energy, start + 12 * HOUR) == pytest.approx(0.70 * 2.05)


def test_what_is_heard_is_only_what_instruments_laboratory_and_office_tell(pilot: ProcessPilot) -> None:
    floor = pilot.floor(Arm(), 1, 4)
    heard: list[Heard] = []
    for _ in range(60):
        floor.plant.to(floor.plant.now + 600_000_000)
        heard += floor.listen()
    names = {one.name for one in heard}
    assert {"analyser", "product:purity", "ordered", "bag weight", "state"} <= names
    assert not names & (set(floor.plant.process.hidden()) - {"reactor_temperature"})  # which is measured, with noise
    late = [one for one in heard if one.name == "product:purity"]
    assert all(one.time % (8 * HOUR) == floor.plant.process.start % (8 * HOUR) for one in late)
