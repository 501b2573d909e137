"""The main job end to end: four machines on real wires, one server killed, every value accounted for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.outside import require

from luban.core.errors import InputError, LubanError
from luban.loop.pilot import PilotResult, run_pilot


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> PilotResult:
    require("mosquitto")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("pilot"))
        return asyncio.run(run_pilot(seconds=24))


@pytest.mark.service
@pytest.mark.alone
def test_every_check_holds(result: PilotResult) -> None:
    assert [check for check in result.checks if not check.holds] == []
    assert result.remarks == []


@pytest.mark.service
@pytest.mark.alone
def test_figures_say_what_they_can_and_why_not_the_rest(result: PilotResult) -> None:
    oee = {figure.subject.split("/")[-1]: figure for figure in result.figures if figure.name == "oee"}
    assert oee["lathe01"].value is not None  # that it is the true one is a check of the pilot itself
    assert "no ideal cycle" in oee["okuma"].withheld
    assert "of work inside" in oee["pack01"].withheld
    for waterfall in result.losses:
        assert sum(step.duration for step in waterfall.steps) == waterfall.planned


@pytest.mark.service
@pytest.mark.alone
def test_the_killed_server_left_an_exact_gap_that_was_filled(result: PilotResult) -> None:
    (gap,) = [gap for gap in result.gaps if gap["source"] == "lathe01"]
    assert gap["backfilled"] > 10
    tiles = [tile for tile in result.tiles.to_pylist() if tile["subject"].endswith("lathe01")]
    assert not [tile for tile in tiles if tile["element"] == "UNKNOWN"]


async def test_an_unknown_pilot_names_the_known_one() -> None:
    with pytest.raises(InputError, match="expected: workshop"):
        await run_pilot("moonbase")


async def test_a_pilot_does_not_clear_a_folder_that_is_not_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    precious = tmp_path / ".luban" / "pilots" / "workshop" / "thesis.txt"
    precious.parent.mkdir(parents=True)
    precious.write_text("years of work")
    with pytest.raises(LubanError, match="holds something else"):
        await run_pilot()
    assert precious.read_text() == "years of work"
