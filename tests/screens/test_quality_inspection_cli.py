"""`luban inspect`: how inspection stands, as text, document and report."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.cli import inspect
from luban.screens.cli.main import app
from luban.understand.quality.inspection import open_row, result_row, results, review_row
from tests.screens import quality_shop as shop

PLAN = "item,characteristic,gauge,every,reaction\nshaft,diameter,micrometer 2,2h,stop\nflange,depth,,lot,\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from luban.ledger import Ledger

    made = shop.write(tmp_path_factory.mktemp("inspect") / "plant")
    (made / "inspection.csv").write_text(PLAN, "utf-8")
    shop.seed(made)
    ledger = Ledger(places(made).ledger)
    with LedgerWriter(places(made).ledger) as writer:
        _, rows = open_row(ledger, "bore too wide", person="li", subject=shop.BORE, lots=["L-5"])
        writer.append("event", {name: own for name, own in rows.items() if own[0] is not None}, source="screens")
        for piece, verdict, confidence in (("P1", "good", 0.2), ("P2", "scratch", 0.3)):
            rows = result_row(piece, verdict, confidence, device="cam2", model="surface", version="4")
            writer.append("event", {name: own for name, own in rows.items() if own[0] is not None}, source="cam2")
        rows = review_row(results(ledger)[0], "good", person="li")
        writer.append("event", {name: own for name, own in rows.items() if own[0] is not None}, source="screens")
    return made


@pytest.fixture(autouse=True)
def registered() -> None:
    if not any(command.name == "inspect" for command in app.registered_commands):
        inspect.register(app)


def test_how_it_stands(folder: Path, run_cli: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run_cli("inspect", folder)
    assert code == 1  # a lot is held
    for word in ("shaft:diameter", "L-5", "NC-0001", "bore too wide", "P2", "for every lot"):
        assert word in out


def test_as_a_document(folder: Path, run_cli: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run_cli("inspect", folder, "--json")
    told = json.loads(out)
    assert code == 1
    assert told["held"] == {"L-5": ["NC-0001"]}
    assert [one["piece"] for one in told["waiting"]] == ["P2"]
    assert {one["characteristic"]: one["state"] for one in told["plan"]} == {"diameter": "waiting", "depth": "asked"}


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_one_non_conformance_as_a_report(
    folder: Path, tmp_path: Path, run_cli: Callable[..., tuple[int, str, str]], language: str
) -> None:
    for kind in ("html", "xlsx", "json"):
        file = tmp_path / f"nc.{kind}"
        code, _, _ = run_cli("inspect", folder, "--id", "NC-0001", "-o", file, "--lang", language)
        assert code == 0
        assert file.stat().st_size > 500
    text = (tmp_path / "nc.html").read_text("utf-8")
    assert {"en": "no decision yet", "zh": "尚未处置", "ko": "아직 결정 없음"}[language] in text


def test_devices_and_the_past(folder: Path, run_cli: Callable[..., tuple[int, str, str]]) -> None:
    code, out, _ = run_cli("inspect", folder, "--devices")
    assert code == 0
    assert "100.0" in out
    assert run_cli("inspect", folder, "--as-of", 0)[0] == 0  # nothing was held then


def test_what_is_wrong(folder: Path, tmp_path: Path, run_cli: Callable[..., tuple[int, str, str]]) -> None:
    for arguments in ((tmp_path,), (folder, "--id", "NC-9"), (folder, "--lang", "xx")):
        code, _, err = run_cli("inspect", *arguments)
        assert code == 2
        assert "Traceback" not in err
