"""`luban trace` and `luban recall`: files and a plant in, sheets, documents, reports and exit codes out."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from luban.ledger import LedgerWriter
from luban.screens.cli.main import run
from luban.screens.cli.output import NO, OK, WRONG
from luban.screens.service import places
from luban.understand.trace import recall_row
from tests.understand.trace.made_up import shop

EXAMPLE = Path(__file__).parents[2] / "examples" / "tiny_workshop"
DAY = 86_400_000_000
T0 = 1_794_787_200_000_000  # 2026-11-16T00:00Z


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        told = run(None, [str(one) for one in arguments])  # type: ignore[arg-type]
        out, err = capsys.readouterr()
        assert told == code, err
        return out, err

    return run_it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    own = tmp_path / "facts"
    own.mkdir()
    (own / "uses.csv").write_text(
        "output,input,quantity,time,order,machine\nP,S,10,2026-11-16 08:00,M1,lathe\nP,S,x,2026-11-16 08:00,M1,lathe\n"
        "Q,P,2,2026-11-16 09:00,M2,mill\nR,R,1,2026-11-16 09:00,M3,mill\n", "utf-8",
    )  # fmt: skip
    (own / "moves.csv").write_text(
        "item,lot,from,to,quantity,time,order\nsteel,S,,store,40,2026-11-15 08:00,\n"
        "axle,Q,store,ACME,2,2026-11-17 08:00,SO1\n", "utf-8",
    )  # fmt: skip
    (own / "steps.csv").write_text(
        "machine,order,tool,start,end\nlathe,M1,T1,2026-11-16 07:00,2026-11-16 09:00\n", "utf-8"
    )
    return own


@pytest.fixture
def plant(tmp_path: Path) -> Path:
    own = tmp_path / "plant"
    shutil.copytree(EXAMPLE, own)
    made = shop(11)
    with LedgerWriter(places(own).ledger) as writer:
        for stream, rows in (("movement", made.moves), ("genealogy", made.uses)):
            columns = {name: [row[name] for row in rows] for name in rows[0] if name != "seq"}
            writer.append(stream, columns | {"time": [T0 + 1_000_000 * one for one in columns["time"]]}, source="erp")
        writer.append("operation", {
            "time": [T0], "end": [T0 + DAY], "subject": ["tiny/machining/lathe01"], "order": ["M0"],
            "operation": ["10"], "person": ["li"], "tool": ["T7"],
        }, source="mes")  # fmt: skip
        for code, data in (("open", {"suspects": ["B0"]}), ("notify", {"customer": "north", "quantity": 5})):
            writer.append("event", recall_row("R-1", code, person="li", data=data), source="page")
    return own


def test_a_lot_both_ways_with_its_report(ask: Any, folder: Path, tmp_path: Path):
    out, _ = ask("trace", folder, "P", "-o", tmp_path / "r.html")
    for word in ("Trace of P", "Made from", "Went into", "uses.csv:3", "must be left"):
        assert word in out
    page = (tmp_path / "r.html").read_text("utf-8")
    assert page.count("<svg") == 2  # the mark, the picture
    told = json.loads(ask("trace", folder, "P", "--json")[0])
    assert [(one["lot"], one["amount"], one["confidence"]) for one in told["from"]] == [("S", 10.0, "certain")]
    assert [step["tool"] for step in told["steps"]] == ["T1"]
    assert json.loads(ask("trace", folder, "S", "--json")[0])["balance"] == {
        "had": 40.0, "used": 10.0, "out": 0.0, "left": 30.0, "excluded": 0.0, "gap": 0.0,
    }  # fmt: skip


@pytest.mark.parametrize("language", ["zh", "ko"])
def test_reports_speak_the_language(ask: Any, folder: Path, tmp_path: Path, language: str):
    ask("recall", folder, "S", "-o", tmp_path / "r.xlsx", "--lang", language, code=NO)
    out, _ = ask("trace", folder, "--lang", language)
    assert "the lot would be made of itself" not in out
    assert (tmp_path / "r.xlsx").stat().st_size > 3000


def test_all_that_is_on_record_with_its_doubts(ask: Any, folder: Path):
    told = json.loads(ask("trace", folder, "--json")[0])
    assert [(one["code"], one["lot"], one["excluded"]) for one in told["doubts"]] == [("circular", "R", 1.0)]
    assert (told["uses"], told["movements"], len(told["excluded"])) == (3, 2, 1)
    assert "Doubtful facts" in ask("trace", folder)[0]


def test_a_condition_and_a_recall_by_it(ask: Any, folder: Path):
    told = json.loads(ask("trace", folder, "--tool", "T1", "--json")[0])
    assert told["lots"] == [{"lot": "P", "certain": True}]
    for start, found in (("2026-11-16", ["P"]), ("2026-11-17", [])):  # without a zone: UTC, as the file is read
        told = json.loads(ask("trace", folder, "--tool", "T1", "--from", start, "--json")[0])
        assert [one["lot"] for one in told["lots"]] == found
    called = json.loads(ask("recall", folder, "--tool", "T1", "--json", code=NO)[0])
    assert (called["suspects"], called["orders"]) == (["P"], ["SO1"])
    assert called["notices"][0]["customer"] == "ACME"
    out, _ = ask("recall", folder, "S", code=NO)
    assert "Notices" in out


def test_epcis_out_and_in_again(ask: Any, folder: Path, tmp_path: Path):
    _, told = ask("trace", folder, "--epcis", tmp_path / "e.json")
    assert "events" in told
    first, second = (
        json.loads(ask("recall", place, "S", "--json", code=NO)[0]) for place in (folder, tmp_path / "e.json")
    )
    assert [one["lot"] for one in first["affected"]] == [one["lot"] for one in second["affected"]]
    assert first["orders"] == second["orders"]


def test_a_view_for_a_partner_and_its_faults(ask: Any, folder: Path, tmp_path: Path):
    (tmp_path / "key").write_text("sixteen bytes or more", "utf-8")
    _, told = ask("trace", folder, "Q", "--partner", tmp_path / "v.json", "--secret", tmp_path / "key")
    view = json.loads((tmp_path / "v.json").read_text("utf-8"))
    assert view["heads"]["Q"] in told
    assert json.loads(ask("trace", tmp_path / "v.json", "--json")[0])["faults"] == []
    given = ("trace", folder, "Q", "--partner", tmp_path / "w.json", "--secret", tmp_path / "key")
    ask(*given, "--upstream", f"S={'0' * 64}")
    assert [one["kind"] for one in json.loads(ask("trace", tmp_path / "w.json", "--json", code=NO)[0])["faults"]] == [
        "missing"
    ]
    view["records"][-1]["fields"]["item"]["value"] = "gold"
    (tmp_path / "v.json").write_text(json.dumps(view), "utf-8")
    out, _ = ask("trace", tmp_path / "v.json", code=NO)
    assert "forged" in out
    ask("trace", folder, "Q", "--partner", tmp_path / "v.json", code=WRONG)


def test_the_books_of_a_plant(ask: Any, plant: Path):
    told = json.loads(ask("trace", plant, "--json")[0])
    assert told["uses"] > 0
    assert told["doubts"] == []
    lot = json.loads(ask("trace", plant, "--person", "li", "--json")[0])["lots"][0]["lot"]
    assert json.loads(ask("trace", plant, lot, "--json")[0])["steps"][0]["tool"] == "T7"
    mocks = json.loads(ask("recall", plant, "--mock", 3, "--json")[0])["mocks"]
    assert all(one["recall"] in (1.0, None) and one["accounted"] == pytest.approx(1.0) for one in mocks)
    case = json.loads(ask("recall", plant, "--case", "R-1", "--json", code=NO)[0])
    assert (case["suspects"], case["closure"], case["answered"]) == (["B0"], 0.0, 0.0)
    assert "north" in ask("recall", plant, "--case", "R-1", code=NO)[0]
    assert json.loads(ask("trace", plant, "--as-of", 1, "--json")[0])["uses"] == 0


def test_notices_and_letters_of_a_case(ask: Any, plant: Path, tmp_path: Path):
    (plant / "customers.csv").write_text("place,name,language\ncustomer:north,Nord,ko\n", "utf-8")
    with LedgerWriter(places(plant).ledger) as writer:
        writer.append(
            "movement",
            {
                "time": [T0 + DAY],
                "subject": ["bought0"],
                "lot": ["B0"],
                "origin": ["store"],
                "destination": ["customer:north"],
                "quantity": [1.0],
                "order": ["SO9"],
            },
            source="erp",
        )
    written = ("--notices", tmp_path / "n.xlsx", "--letters", tmp_path / "letters")
    ask("recall", plant, "--case", "R-1", *written, code=NO)
    assert (tmp_path / "n.xlsx").read_bytes().startswith(b"PK")
    assert "customer-north.pdf" in {one.name for one in (tmp_path / "letters").iterdir()}
    ask("recall", plant, "B0", "--notices", tmp_path / "n.doc", code=WRONG)


@pytest.mark.parametrize(
    "arguments",
    [
        ("trace", "nowhere"), ("trace", "{f}", "nothing"), ("trace", "{f}", "P", "--tool", "T1"), ("recall", "{f}"),
        ("recall", "{f}", "S", "--tool", "T1"), ("trace", "{f}", "--tool", "T9"), ("trace", "{f}", "--alarm", "hot"),
        ("recall", "{p}", "--case", "R-9"), ("trace", "{p}", "--signal", "tiny/machining/lathe01:power"),
        ("trace", "{f}", "--slack", "inf"),
        ("trace", "{f}", "--epcis", "{f}/no/such/e.json"), ("trace", "{f}", "P", "--lang", "xx"),
    ],
)  # fmt: skip
def test_wrong_questions_are_one_sentence(ask: Any, folder: Path, plant: Path, arguments: tuple[str, ...]):
    _, told = ask(*(one.format(f=folder, p=plant) for one in arguments), code=WRONG)
    assert told.startswith("luban: ")
    assert "Traceback" not in told
