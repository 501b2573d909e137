import io
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.screens.acts import users_of
from luban.screens.cli.main import app

Cli = Callable[..., tuple[int, str, str]]
HEAVY = ("pyarrow", "duckdb", "nicegui", "fastapi", "asyncua", "openpyxl", "numpy", "pydantic", "polars")


@pytest.mark.alone
def test_help_is_there_in_half_a_second():
    def once() -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-m", "luban", "--help"], check=True, capture_output=True)
        return time.perf_counter() - begun

    assert min(once() for _ in range(5)) <= 0.5


def test_the_command_imports_nothing_heavy():
    code = "import sys, luban.app, luban.screens.cli.main; print(*sorted(m for m in sys.modules if '.' not in m))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert not set(HEAVY) & set(loaded)


def commands(group: object = None, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    import typer.main

    group = group or typer.main.get_command(app)
    children = getattr(group, "commands", None)
    if children is None:
        return [path]
    return [found for name, child in children.items() for found in commands(child, (*path, name))]


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(run_cli: Cli, path: tuple[str, ...]):
    code, out, _ = run_cli(*path, "--help")
    assert code == 0
    assert re.search(r"Examples?:", out), out


def test_from_nothing_to_a_plant_without_complaints(run_cli: Cli, tmp_path: Path):
    folder = tmp_path / "plant"
    code, out, err = run_cli("init", folder)
    assert code == 0
    assert (folder / "plant.toml").is_file()
    assert str(folder / "plant.toml") in out
    assert "luban check" in err
    code, out, _ = run_cli("check", folder)
    assert code == 0, out
    code, out, _ = run_cli("init", folder, "--json")
    assert code == 2
    assert json.loads(out)["error"]["error"] == "InputError"


def test_check_names_file_line_and_what_to_do(run_cli: Cli, tmp_path: Path):
    folder = tmp_path / "plant"
    run_cli("init", folder)
    toml = folder / "plant.toml"
    toml.write_text(toml.read_text("utf-8").replace('source = "lathe01"', 'source = "lathe1"', 1), "utf-8")
    code, out, _ = run_cli("check", folder)
    assert code == 1
    assert re.search(r"plant\.toml:\d+", out)
    assert "did you mean lathe01" in out
    code, out, _ = run_cli("check", folder, "--json")
    assert code == 1
    complaint = json.loads(out)["complaints"][0]
    assert complaint["line"] > 0
    code, _, err = run_cli("up", folder)
    assert code == 2
    assert "plant.toml:" in err


def test_errors_are_one_message_on_stderr_and_an_object_in_json(run_cli: Cli, tmp_path: Path):
    code, out, err = run_cli("kpi", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert "no such folder" in err
    assert "hint:" in err
    code, out, err = run_cli("kpi", tmp_path / "nowhere", "--json")
    assert code == 2
    assert json.loads(out)["error"]["message"] == "no such folder"
    code, out, err = run_cli("chek")
    assert code == 2
    assert "check" in err
    code, out, err = run_cli("kpi", tmp_path, "--cycle", "fast", "--json")
    assert code == 2
    assert json.loads(out)["error"]["error"] == "Usage"


def test_the_unexpected_is_a_short_message_and_a_file(run_cli: Cli, shop_folder: Path, monkeypatch: pytest.MonkeyPatch):
    from luban.screens import service

    def broken(*_: object) -> None:
        raise RuntimeError("a wheel came off")

    monkeypatch.setattr(service, "PlantView", broken)
    code, _, err = run_cli("kpi", shop_folder)
    assert code == 70
    assert "a wheel came off" in err
    assert "Traceback" not in err
    log = Path(re.search(r"details:\s+(\S+)", err)[1])
    assert "Traceback" in log.read_text("utf-8")
    log.unlink()


def test_figures_of_a_plant(run_cli: Cli, shop_folder: Path):
    code, out, err = run_cli("kpi", shop_folder, "--range", "1h", "--unit", "machining/lathe01")
    assert code == 0
    assert "overall equipment effectiveness" in out
    assert "books at seq" in err
    code, out, _ = run_cli("kpi", shop_folder, "--range", "1h", "--figure", "availability", "--json")
    figures = json.loads(out)
    assert {f["name"] for f in figures} == {"availability"}
    assert len(figures) == 3
    code, out, _ = run_cli(
        "kpi", shop_folder, "--range", "1h", "--unit", "machining/lathe01", "--explain", "availability"
    )
    assert code == 0
    assert "APT" in out


def test_figures_as_of_an_earlier_moment_know_nothing_later(run_cli: Cli, shop_folder: Path):
    code, out, _ = run_cli("kpi", shop_folder, "--range", "1h", "--as-of", "0", "--json")
    assert code == 1
    assert all(figure["value"] is None for figure in json.loads(out))


STATES = """unit,time,state,good,scrap
lathe,2026-03-02T06:00,running,,
lathe,2026-03-02T06:40,down,38,2
lathe,2026-03-02T07:00,running,,
lathe,2026-03-02T08:00,running,50,10
"""


def test_figures_of_a_file_are_those_of_pencil_and_paper(run_cli: Cli, tmp_path: Path):
    """100 min of 120 running, 100 pieces of 54 s: A = 5/6, E = 100·54/6000 = 0.9, Q = 0.88, OEE = 0.66."""
    file = tmp_path / "states.csv"
    file.write_text(STATES, "utf-8")
    code, out, err = run_cli("kpi", file, "--cycle", "54", "--json")
    assert code == 0, err
    values = {f["name"]: f["value"] for f in json.loads(out)}
    assert values["availability"] == pytest.approx(5 / 6)
    assert values["effectiveness"] == pytest.approx(0.9)
    assert values["quality_ratio"] == pytest.approx(0.88)
    assert values["oee"] == pytest.approx(5 / 6 * 0.9 * 0.88)
    code, out, _ = run_cli("kpi", file, "--json")
    oee = next(f for f in json.loads(out) if f["name"] == "oee")
    assert oee["value"] is None
    assert "no ideal cycle" in oee["withheld"]


def test_excel_and_parquet_say_the_same_as_csv(run_cli: Cli, tmp_path: Path):
    import csv
    from datetime import datetime

    import pyarrow as pa
    import pyarrow.parquet as pq
    from openpyxl import Workbook

    rows = list(csv.DictReader(STATES.splitlines()))
    (tmp_path / "states.csv").write_text(STATES, "utf-8")
    book = Workbook()
    book.active.append(list(rows[0]))
    for row in rows:
        numbers = [float(row[name]) if row[name] else None for name in ("good", "scrap")]
        book.active.append([row["unit"], datetime.fromisoformat(row["time"]), row["state"], *numbers])
    book.save(tmp_path / "states.xlsx")
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "states.parquet")
    answers = []
    for name in ("states.csv", "states.xlsx", "states.parquet"):
        code, out, err = run_cli("kpi", tmp_path / name, "--cycle", "54", "--zone", "Asia/Shanghai", "--json")
        assert code == 0, err
        answers.append({f["name"]: f["value"] for f in json.loads(out)})
    assert answers[0] == answers[1] == answers[2]


def test_a_file_of_any_office_program_says_the_same(run_cli: Cli, tmp_path: Path):
    (tmp_path / "states.csv").write_text(STATES, "utf-8")
    text = STATES.replace(",", ";").replace("2026-03-02T0", "2026/3/2 ").replace(";38;", ";38,0;")
    (tmp_path / "other.csv").write_bytes(text.replace("lathe", "车床").encode("gb18030"))
    answers = []
    for name in ("states.csv", "other.csv"):
        code, out, err = run_cli("kpi", tmp_path / name, "--cycle", "54", "--json")
        assert code == 0, err
        answers.append({f["name"]: f["value"] for f in json.loads(out)})
    assert answers[0]["oee"] is not None
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no unit and no time"),
        ("unit,time,state\nlathe,yesterday,running\n", "not a time"),
        ("unit,time,state\nlathe,2026-03-02T06:00,running\n", "all rows have the same time"),
        ("unit,time,good\nlathe,2026-03-02T06:00,many\n", "not a number of pieces"),
        ("unit,time,state\nla the,2026-03-02T06:00,running\n", "not an equipment path"),
        ("unit,time,state\nlathe,3/4/2026 06:00,running\n", "not a time"),  # March or April
        ("", "the file is empty"),
        ("unit,time,good\nlathe,2026-03-02T06:00,3\n", "no state in this file"),
    ],
)
def test_a_bad_file_is_named_with_its_line(run_cli: Cli, tmp_path: Path, text: str, said: str):
    file = tmp_path / "bad.csv"
    file.write_text(text, "utf-8")
    code, _, err = run_cli("kpi", file)
    assert code == 2
    assert said in err
    assert "bad.csv" in err


def test_the_books_verify_and_travel(run_cli: Cli, shop_folder: Path, tmp_path: Path):
    code, out, _ = run_cli("ledger", "verify", shop_folder, "--json")
    assert code == 0
    assert json.loads(out)["ok"] is True
    file = tmp_path / "books.luban"
    assert run_cli("ledger", "export", shop_folder, file)[0] == 0
    assert run_cli("ledger", "export", shop_folder, file)[0] == 2  # nothing is overwritten
    other = tmp_path / "other"
    other.mkdir()
    (other / "plant.toml").write_text((shop_folder / "plant.toml").read_text("utf-8"), "utf-8")
    code, out, err = run_cli("ledger", "import", other, file, "--json")
    assert code == 0, err
    code, out, _ = run_cli("ledger", "at", other, 10**9, "--stream", "event", "--json")
    assert any(row["kind"] == "gap" for row in json.loads(out))


def test_users_are_managed_without_a_password_on_the_command_line(
    run_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path / "plant"
    run_cli("init", folder)
    code, out, _ = run_cli("users", "add", folder, "wang", "--role", "engineer", "--generate", "--json")
    assert code == 0
    assert len(json.loads(out)["password"]) >= 12
    code, out, _ = run_cli("users", "list", folder)
    assert "wang" in out
    assert "engineer" in out
    assert run_cli("users", "disable", folder, "wang")[0] == 0
    assert json.loads(run_cli("users", "list", folder, "--json")[1])[0]["active"] is False
    assert run_cli("users", "passwd", folder, "nobody")[0] == 2
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert run_cli("users", "add", folder, "li", "--role", "viewer")[0] == 0
    with users_of(folder) as users:
        assert users.login("li", "correct horse", address="10.0.0.1")


def test_schema_and_version(run_cli: Cli, tmp_path: Path):
    code, out, _ = run_cli("config", "schema")
    assert code == 0
    assert json.loads(out)["$schema"]
    assert run_cli("config", "schema", "-o", tmp_path / "s.json")[0] == 0
    assert json.loads((tmp_path / "s.json").read_text("utf-8")) == json.loads(out)
    from luban import __version__

    assert run_cli("--version")[1].strip() == f"luban {__version__}"


def test_a_pipe_that_closes_early_is_no_error(shop_folder: Path):
    command = f"{sys.executable} -m luban ledger at {shop_folder} 1000000 --stream signal --limit 3000 | head -1"
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=os.environ)
    assert "Traceback" not in done.stderr
    assert "unexpected" not in done.stderr


def test_what_no_peer_answers_is_said_plainly(run_cli: Cli):
    from tests.outside import free_port

    code, _, err = run_cli("connect", "browse", f"opc.tcp://127.0.0.1:{free_port()}")
    assert code == 2
    assert "Traceback" not in err
    code, _, err = run_cli("connect", "browse", "gopher://machine")
    assert code == 2
    assert "cannot tell the type" in err


def test_a_wrong_count_is_superseded_and_the_figure_of_then_can_be_asked_again(run_cli: Cli, tmp_path: Path):
    from luban.ledger import Ledger, LedgerWriter

    folder = tmp_path / "plant"
    run_cli("init", folder)
    books = folder / ".luban" / "ledger"
    with LedgerWriter(books) as writer:
        count = {"time": [1], "subject": ["p/m"], "good": [220.0], "scrap": [0.0], "rework": [0.0], "quality": [0]}
        writer.append("count", count, source="plc")
    code, out, _ = run_cli(
        "ledger", "correct", folder, "1", "--set", "good=22", "--why", "one zero too many", "--who", "li"
    )
    assert (code, "superseded" in out) == (0, True), out
    ledger = Ledger(books)
    assert ledger.table("count").column("good").to_pylist() == [22.0]
    assert ledger.table("count", as_of=1).column("good").to_pylist() == [220.0]
    (act,) = ledger.table("event").to_pylist()
    assert (act["kind"], act["code"], act["person"]) == ("act", "correction", "li")
    assert "one zero too many" in act["text"]
    code, _, err = run_cli("ledger", "correct", folder, "1", "--set", "good=23", "--why", "again")
    assert (code, "corrected already" in err) == (2, True)
