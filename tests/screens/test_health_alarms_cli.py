"""`luban alarms`: a log in a file, the books of a plant, its alarm list."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.core.time import MINUTE, SECOND, now
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.understand.book import row
from tests.screens.health_shop import LATHE, write

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    lines = ["time,tag,state,priority"]
    for at in range(300):
        lines.append(
            f"2026-03-{1 + at // 10:02d} {at % 10:02d}:00:00,TI-{at % 20},ALM,{'high' if at % 20 == 0 else 'low'}"
        )
        lines.append(f"2026-03-{1 + at // 10:02d} {at % 10:02d}:30:00,TI-{at % 20},RTN,low")
    path = tmp_path / "journal.csv"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_a_log_in_a_file(run_cli: Run, journal: Path, tmp_path: Path) -> None:
    code, out, _ = run_cli("alarms", journal, "-o", tmp_path / "alarms.html", "--lang", "zh")
    assert code == 1  # the ten most frequent of twenty are half of the load
    assert "300 次报警" in out
    assert "报警统计" in (tmp_path / "alarms.html").read_text("utf-8")
    code, out, _ = run_cli("alarms", journal, "--json", "--positions", 2)
    told = json.loads(out)
    by_name = {one["name"]: one for one in told["measures"]}
    assert by_name["share of the 10 most frequent alarms"]["value"] == pytest.approx(50)
    assert by_name["share of priority high and above"]["verdict"] == "acceptable"
    assert by_name["alarms per day and position"]["value"] == pytest.approx(150 / (29 + 9.5 / 24))
    code, out, _ = run_cli("alarms", journal, "--json", "--from", "2026-03-02", "--to", "2026-03-03")
    assert json.loads(out)["n"] == 11


def test_a_plants_list_and_books(run_cli: Run, tmp_path: Path) -> None:
    folder = write(tmp_path / "plant")
    code, out, _ = run_cli("alarms", folder, "--list")
    assert (code, "mill-shakes" in out) == (0, True)  # it can be better, but nothing is grave
    (folder / "alarms.csv").write_text("id,signal,condition,limit\nhot,lathe:temperature,high,60\n", "utf-8")
    code, out, _ = run_cli("alarms", folder, "--list", "--json")
    findings = json.loads(out)["findings"]
    assert code == 1
    assert any(one["heavy"] and one["text"].startswith("no action") for one in findings)
    code, _, err = run_cli("alarms", folder)
    assert code != 0
    assert "no books yet" in err
    begin = now() - 20 * MINUTE
    alarm = {"time": [begin], "end": [begin + SECOND], "subject": [LATHE], "kind": ["alarm"], "code": ["E7"]}
    with LedgerWriter(places(folder).ledger) as writer:
        for at, what in ((0, "raise"), (5, "acknowledge"), (12, "return")):
            data = {"priority": "high", "place": LATHE} if what == "raise" else {}
            entry = row("annunciation", "hot", what, person="", data=data, time=begin + at * MINUTE)
            writer.append("event", entry, source="alarms")
        writer.append("event", alarm, source="cell")
    code, out, _ = run_cli("alarms", folder, "--json")
    told = json.loads(out)
    assert (told["n"], told["seen_s"][0], told["alarms"][0]["median_s"]) == (1, 300.0, 720.0)
    code, out, _ = run_cli("alarms", folder, "--devices", "--json")
    assert json.loads(out)["alarms"][0]["name"] == f"{LATHE} E7"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--list",), "this needs a plant"),
        (("--devices",), "this needs a plant"),
        (("--alarm", "tga"), "no such column"),
        (("--from", "2027-01-01", "--to", "2027-01-02"), "no alarm in the log"),
        (("--from", "2026-04-02", "--to", "2026-04-01"), "the span ends before it begins"),
    ],
)
def test_what_cannot_be_done_says_why(run_cli: Run, journal: Path, arguments: tuple[str, ...], message: str) -> None:
    code, _, err = run_cli("alarms", journal, *arguments)
    assert code not in {0, 1}
    assert message in err
    assert "Traceback" not in err
