"""`luban cost`: a plant in, books, unit costs, postings and reports out."""

import csv
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from luban.ledger import Intake, Ledger, LedgerWriter, correction
from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from luban.screens.service import places
from luban.understand.cost import ROLES
from tests.understand.cost.cost_shop import SHIPPED, T0, shop_folder
from tests.understand.cost.hand_book import BALANCES


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_it(*arguments: object, code: int = OK) -> tuple[str, str]:
        told = run(None, [str(one) for one in arguments])  # type: ignore[arg-type]
        out, err = capsys.readouterr()
        assert told == code, err
        return out, err

    return run_it


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shop_folder(tmp_path_factory.mktemp("cost"))


def test_books_of_a_plant(ask: Any, folder: Path) -> None:
    text, _ = ask("cost", folder)
    assert "Trial balance" in text
    assert "2,607.61  2,607.61" in text
    found = json.loads(ask("cost", folder, "--json")[0])
    assert found["balances"] == {**BALANCES, "sold": SHIPPED, "idle": 170}
    assert found["in_progress"] == {}
    assert json.loads(ask("cost", folder, "--json", "--as-of", 5)[0])["in_progress"] == {"A": 23625, "B": 16800}


def test_cost_of_a_piece_with_its_standard(ask: Any, folder: Path, tmp_path: Path) -> None:
    text, _ = ask("cost", folder, "A")
    assert "69.2967" in text
    found = json.loads(ask("cost", folder, "shaft", "--json")[0])
    assert (found["good"], found["total"], found["each"]) == ("9", 62367, "6929.666667")
    # 9 × 1.9 kg × 12.50 + 2.75 h × (60 + 36), 5 % and 20 % on top: 213.75 + 264.00 + 43.69
    only = found["variances"][0]
    assert (only["standard"], only["actual"]) == (52144, 62517)
    assert only["by_kind"] == {
        "material price": 120, "material usage": 3625, "machine rate": -750, "tool usage": 2400, "energy usage": 621,
        "overhead": 37, "rework": 4320,
    }  # fmt: skip
    for language in ("zh", "ko"):
        path = tmp_path / f"cost_{language}.html"
        ask("cost", folder, "A", "--lang", language, "-o", path)
        assert "<svg" in path.read_text("utf-8")
    ask("cost", folder, "-o", tmp_path / "books.xlsx")
    book = openpyxl.load_workbook(tmp_path / "books.xlsx")
    assert {2607.61} <= {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}


def test_what_was_left_out_and_what_went_by_rule_is_said(ask: Any, tmp_path: Path) -> None:
    shop_folder(tmp_path)
    for table, line in (
        ("items", "screw,Screw,piece"), ("bom", "flange,screw,4"), ("prices", "material,screw,,,0.055,piece")
    ):  # fmt: skip
        with (tmp_path / f"{table}.csv").open("a") as file:
            file.write(line + "\n")
    prices = (tmp_path / "prices.csv").read_text().replace("labour,,,,36,h\n", "")
    (tmp_path / "prices.csv").write_text(prices)
    with LedgerWriter(places(tmp_path).ledger) as writer:
        row = {"time": [T0], "subject": ["works/hall/m2:steam"], "medium": ["steam"], "interval": [5.0],
               "start": [T0 - 1], "measured_in": ["t"], "quality": [0]}  # fmt: skip
        writer.append("meter", row, source="test")
    text, _ = ask("cost", tmp_path)
    assert "material by the bill of materials: nothing was booked (B)" in text
    assert "Left out of every total: 2 facts" in text  # of labour
    assert "energy that has no price: steam [t], 5" in text
    assert json.loads(ask("cost", tmp_path, "A", "--json")[0])["doubts"] == [
        {"seq": seq, "kind": "no price", "about": "Li", "order": "A", "quantity": quantity, "amount": None}
        for seq, quantity in ((9, "2.75"), (15, "0.4"))
    ]
    assert "规则" in ask("cost", tmp_path, "B", "--lang", "zh")[0]


def test_postings_add_up_to_zero_in_the_file(ask: Any, folder: Path, tmp_path: Path) -> None:
    ask("cost", folder, "--journal", tmp_path / "postings.csv")
    with (tmp_path / "postings.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    sums: dict[str, Decimal] = {}
    for row in rows:
        sums[row["subject"]] = sums.get(row["subject"], Decimal(0)) + Decimal(row["amount"])
    assert len(sums) == 23
    assert set(sums.values()) == {0}
    assert {row["currency"] for row in rows} == {"CNY"}


def test_posting_twice_is_posting_once_and_a_corrected_fact_is_turned_round(ask: Any, tmp_path: Path) -> None:
    shop_folder(tmp_path)
    assert json.loads(ask("cost", tmp_path, "--differences", "--json")[0])["entries"] == 23
    first = json.loads(ask("cost", tmp_path, "--post", "--json")[0])
    assert (first["entries"], first["agrees"]) == (23, True)
    assert sum(line["amount"] for line in first["lines"]) == 0
    expected = {ROLES[role][0]: amount for role, amount in {**BALANCES, "sold": SHIPPED, "idle": 170}.items() if amount}
    assert first["balances"] == expected
    again = json.loads(ask("cost", tmp_path, "--post", "--json")[0])
    assert (again["entries"], again["lines"], again["posted_lines"]) == (0, [], first["posted_lines"])
    assert "Nothing is to be posted" in ask("cost", tmp_path, "--differences")[0]
    # m1 read 7.3 kWh, and 8.3 was right, over half an hour of setting up and 2.25 h: 1.13 + 5.08 become 1.28 + 5.77
    ledger = Ledger(places(tmp_path).ledger)
    (wrong,) = [row for row in ledger.table("meter").to_pylist() if row["interval"] == 7.3]
    stream, rows = correction(ledger, wrong["seq"], {"interval": "8.3"})
    with LedgerWriter(places(tmp_path).ledger) as writer:
        writer.append(stream, rows, source="test")
    head = Ledger(places(tmp_path).ledger).head
    text, _ = ask("cost", tmp_path, "--post")
    assert "reversal of energy used A energy" in text
    after = json.loads(ask("cost", tmp_path, "--post", "--json")[0])
    assert (after["entries"], after["agrees"]) == (0, True)
    assert after["balances"]["510103"] == expected["510103"] - 84
    assert "无需过账" in ask("cost", tmp_path, "--differences", "--lang", "zh")[0]
    changed = json.loads(ask("cost", tmp_path, "--since", head - 1, "--json")[0])
    assert {line["role"] for entry in changed["entries"] for line in entry["lines"]} >= {"energy", "wip", "finished"}


def test_standard_cost_along_the_parts(ask: Any, folder: Path, tmp_path: Path) -> None:
    found = json.loads(ask("cost", folder, "--standard", "--json")[0])
    # shaft: 1.9 kg of 12.50 and 5 %; 0.25 + 0.5/10 h of 60 and 20 %, of 36
    (shaft,) = [one for one in found["items"] if one["item"] == "shaft"]
    assert shaft["elements"] == {
        "material": "23.750000", "machine": "18.000000", "labour": "10.800000", "overhead": "4.787500"
    }  # fmt: skip
    text, _ = ask("cost", folder, "flange", "--standard", "-o", tmp_path / "standard.pdf")
    assert "· blank" in text
    assert (tmp_path / "standard.pdf").read_bytes().startswith(b"%PDF")
    _, err = ask("cost", folder, "gear", "--standard", code=WRONG)
    assert "no such item" in err
    _, err = ask("cost", folder, "--standard", "--post", code=WRONG)
    assert "do not go together" in err


def test_purchases_against_the_standard_price(ask: Any, folder: Path) -> None:
    found = json.loads(ask("cost", folder, "--json")[0])
    assert {(one["lot"], one["amount"]) for one in found["purchases"]} == {("B1", 0), ("B2", 3000), ("K1", 0)}
    assert "Purchase price variance" in ask("cost", folder)[0]


def test_questions_without_an_answer(ask: Any, folder: Path, tmp_path: Path) -> None:
    _, err = ask("cost", folder, "gear", code=WRONG)
    assert "shaft, flange, A, B" in err
    shop_folder(tmp_path)
    (tmp_path / "prices.csv").unlink()
    _, err = ask("cost", tmp_path, code=WRONG)
    assert "no prices" in err
    (tmp_path / "prices.csv").write_text("kind,of,price\nmachine,hall/m9,60\n")
    _, err = ask("cost", tmp_path, code=WRONG)
    assert "prices.csv:2:2" in err


def test_a_running_plant_takes_the_postings_in(ask: Any, tmp_path: Path) -> None:
    home = places(shop_folder(tmp_path))
    running, stop = threading.Event(), threading.Event()

    def run_plant() -> None:
        with LedgerWriter(home.ledger) as writer:
            running.set()
            intake = Intake(home.spool, writer)
            while not stop.wait(0.05):
                intake.drain()

    with ThreadPoolExecutor(1) as pool:
        plant = pool.submit(run_plant)
        try:
            assert running.wait(10)
            first = json.loads(ask("cost", tmp_path, "--post", "--json")[0])
            again = json.loads(ask("cost", tmp_path, "--post", "--json")[0])
        finally:
            stop.set()
            plant.result(10)
    assert (first["entries"], first["agrees"], again["entries"]) == (23, True, 0)
    rows = Ledger(home.ledger).table("posting").to_pylist()
    assert len(rows) == first["posted_lines"] == again["posted_lines"]
