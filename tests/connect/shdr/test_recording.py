from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from luban.connect.shdr.recording import Replay, read_recording, stamp
from luban.core.errors import InputError
from luban.core.time import SECOND, parse_time

WORKSHOP = Path(__file__).parents[3] / "src" / "luban" / "loop" / "workshop"
OKUMA = read_recording(WORKSHOP / "okuma.shdr")


def test_the_okuma() -> None:
    assert OKUMA.lines == 3306
    assert [round(OKUMA.length(number) / SECOND) for number in range(3)] == [190, 610, 122]
    assert OKUMA.starts[1] == parse_time("2022-08-08T13:37:18.8501483Z")
    states = [word for _, word in Replay(OKUMA).states("pexecution")]
    cycle = ["READY", "ACTIVE", "PROGRAM_COMPLETED", "READY"]
    assert states == [*cycle, *cycle, "READY", "ACTIVE"]
    assert [word for _, word in Replay(OKUMA).states("ppartcount")] == ["0", "1", "0", "1", "2"]


def test_times_keep_their_distance() -> None:
    start = parse_time("2026-11-24T06:00:00Z")
    lines = list(Replay(OKUMA, speed=10.0).schedule(start))
    assert lines[0][1] == start
    assert lines[0][2].startswith("2026-11-24T06:00:00.000000Z|avail|AVAILABLE")
    completed = next(time for _, time, line in lines if "PROGRAM_COMPLETED" in line)
    real = parse_time("2022-08-08T13:54:43.5007997Z") - parse_time("2022-08-08T13:51:34.7167146Z")
    assert abs((completed - start) - real / 10) <= 1
    dues = [due for due, _, _ in lines]
    assert dues == sorted(dues)
    assert all(due >= time for due, time, _ in lines)


def test_speed_loop_and_pause() -> None:
    replay = Replay(OKUMA, speed=100.0, loop=True, pause=1.0)
    once = list(Replay(OKUMA, speed=100.0, pause=1.0).schedule(0))
    twice = list(islice(replay.schedule(0), 2 * len(once)))
    period = twice[len(once)][1]
    assert period == replay.duration() + SECOND
    assert [(due + period, time + period) for due, time, _ in once] == [pair[:2] for pair in twice[len(once) :]]


def test_assets_and_remarks_are_passed_on(tmp_path: Path) -> None:
    file = tmp_path / "a.shdr"
    file.write_text(
        "2022-01-01T00:00:00Z|a|1\n2021-01-01T00:00:00Z|@ASSET@|x|T|--multiline--Q\n<T>\n--multiline--Q\n"
        "* adapterVersion: 2\n2022-01-01T00:00:02Z@1.5|b|2\n2022-01-01T00:10:00Z|a|3\n"
    )
    recording = read_recording(file)
    assert len(recording.sessions) == 2, "ten minutes later is another session"
    lines = [line for _, _, line in Replay(recording).schedule(0)]
    assert lines[1].endswith("--multiline--Q\n<T>\n--multiline--Q")
    assert lines[2] == "* adapterVersion: 2"
    assert lines[3] == "1970-01-01T00:00:02.000000Z@1.5|b|2"


def test_what_is_no_recording(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    for name in ("empty", "missing"):
        with pytest.raises(InputError) as caught:
            read_recording(tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)
    with pytest.raises(InputError):
        Replay(OKUMA, speed=0.0)
    assert stamp(0) == "1970-01-01T00:00:00.000000Z"
