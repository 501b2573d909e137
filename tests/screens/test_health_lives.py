"""`luban lifetime DIR`: lives out of a plant's books, against what was written into them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.service import PlantView
from luban.screens.service.lives import machine_lives
from tests.screens import shop

START = 1_767_600_000_000_000
# of each machine: hours of the day between repair and next failure, hours that it stood still of these, mode
TOLD = {
    shop.LATHE: [(30.0, 2.0, "spindle"), (44.0, 0.0, "belt"), (25.0, 5.0, "spindle"), (61.0, 1.0, "spindle")],
    shop.LATHE2: [(52.0, 0.0, "belt"), (38.0, 8.0, ""), (47.0, 0.0, "spindle")],
}
LAST = 12.0  # hours that each has run since its last repair


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two lathes that failed a few times, a mill that never did."""
    made = tmp_path_factory.mktemp("lives") / "plant"
    shop.write_plant(made, 1, 2)
    toml = made / "plant.toml"
    toml.write_text(toml.read_text("utf-8").replace("mtconnect-execution@1", "generic@1"), "utf-8")
    end = START
    with LedgerWriter(places(made).ledger) as writer:
        for machine, told in TOLD.items():
            states, alarms, at = [(START, "running"), (START + 7 * HOUR, "down")], [], START + 8 * HOUR
            for hours, still, mode in told:
                states += [(at, "running"), (at + 3 * HOUR, "idle"), (at + round((3 + still) * HOUR), "running")]
                at += round(hours * HOUR)
                states.append((at, "down"))
                alarms += [(at + MINUTE // 2, mode)] if mode else []
                at += HOUR
            states.append((at, "running"))
            end = max(end, at + round(LAST * HOUR))
            rows = {
                "time": [t for t, _ in states], "subject": [machine] * len(states), "state": [w for _, w in states],
                "mapping": ["generic@1"] * len(states), "quality": [0] * len(states),
            }  # fmt: skip
            writer.append("state", rows, source="okuma")
            if alarms:
                events = {
                    "time": [t for t, _ in alarms], "subject": [machine] * len(alarms), "kind": ["alarm"] * len(alarms),
                    "code": [m for _, m in alarms],
                }  # fmt: skip
                writer.append("event", events, source="okuma")
            _proved(writer, START, at + round(LAST * HOUR))
    return made


def _proved(writer: LedgerWriter, begin: int, end: int) -> None:
    times = list(range(begin, end, HOUR // 2))
    ends = [min(t + HOUR // 2, end) for t in times]
    row = {"time": times, "end": ends, "subject": ["okuma"] * len(times), "kind": ["alive"] * len(times)}
    writer.append("event", row, source="okuma")


@pytest.mark.parametrize(("clock", "less"), [("running", 1.0), ("calendar", 0.0)])
def test_lives_are_those_between_a_repair_and_the_next_failure(folder: Path, clock: str, less: float):
    told = machine_lives(PlantView(folder), clock=clock)
    wanted = [hours - less * still for own in TOLD.values() for hours, still, _ in own]
    assert sorted(told.low[told.exact].tolist()) == pytest.approx(sorted(wanted))
    assert told.running.sum() == 2
    assert told.low[told.running].min() == pytest.approx(LAST)
    assert sorted(filter(None, told.modes)) == ["belt", "belt", "spindle", "spindle", "spindle", "spindle"]
    assert [one.where for one in told.excluded] == [shop.LATHE, shop.LATHE2]  # what went before the first failure
    one = machine_lives(PlantView(folder), [shop.LATHE2], clock=clock)
    assert one.failures == 3


def test_what_cannot_be_told(folder: Path):
    view = PlantView(folder)
    with pytest.raises(InputError, match="no life is on record"):
        machine_lives(view, [shop.MILL])
    with pytest.raises(InputError, match="no such machine"):
        machine_lives(view, ["jinan/machining"])
    with pytest.raises(InputError, match="running or calendar"):
        machine_lives(view, clock="moon")


def test_the_command_takes_a_plant(folder: Path, run_cli: Callable[..., tuple[int, str, str]], tmp_path: Path):
    code, out, _ = run_cli("lifetime", folder, "--json", "-o", tmp_path / "lives.html")
    told = json.loads(out)
    assert code == 0
    assert (told["units"], told["failures"], told["unit"]) == (9, 7, "h")
    assert {one["mode"] for one in told["modes"]} >= {"spindle", "belt"}
    assert "running hours" in (tmp_path / "lives.html").read_text("utf-8")
    code, _, err = run_cli("lifetime", folder, "--part", "bearing")
    assert code == 2
    assert "bearing" in err
    assert run_cli("lifetime", tmp_path)[0] == 2  # no plant
