"""Prices and accounts of a plant folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from luban.core.time import parse_time
from luban.plant import check, load

TOML = """\
[plant]
id = "works"
name = "Works"
time_zone = "Asia/Shanghai"
[cost]
currency = "EUR"
scrap = "written off"
[[equipment]]
path = "hall/m1"
"""
HEAD = "kind,of,lot,state,basis,price,per,start\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plant.toml").write_text(TOML, "utf-8")
    return tmp_path


def test_prices_accounts_and_rule_are_read(folder: Path) -> None:
    rows = "machine,hall,,setup,,45.5,h,2026-01-01\nmaterial,bar,B2,,standard,12.50,kg,\noverhead,material,,,,0.05,,\n"
    (folder / "prices.csv").write_text(HEAD + rows)
    (folder / "accounts.csv").write_text("role,account,name\nwip,1410,Unfinished\nsold,7000,\n")
    assert check(folder) == []
    plant = load(folder)
    machine, bar, _ = plant.prices
    assert (machine.of, machine.state, machine.price) == ("works/hall", "setup", 45.5)
    assert machine.start == parse_time("2026-01-01T00:00:00+08:00", plant.zone)
    assert (bar.lot, bar.basis, bar.start) == ("B2", "standard", None)
    assert (plant.cost.currency, plant.cost.absorb, plant.cost.rework) == ("EUR", False, ("rework",))
    assert plant.cost.accounts == {"wip": ("1410", "Unfinished"), "sold": ("7000", "sold")}


def test_a_plant_without_prices_has_the_usual_rule(folder: Path) -> None:
    (folder / "plant.toml").write_text(TOML.replace('[cost]\ncurrency = "EUR"\nscrap = "written off"\n', ""))
    plant = load(folder)
    assert plant.prices == ()
    assert (plant.cost.currency, plant.cost.absorb) == ("CNY", True)


def test_wrong_words_and_names_have_their_cell(folder: Path) -> None:
    rows = "machin,hall,,,,1,,\nmachine,hal,,,,1,,\nmaterial,,,,,1,,\noverhead,time,,,,1,,\nlabour,,,,actuel,1,,\n"
    (folder / "prices.csv").write_text(HEAD + rows + "labour,,,,,-1,,\n")
    (folder / "accounts.csv").write_text("role,account\nwip,1\nsold,1\nwipp,3\n")
    found = {(one.file, one.line, one.place.column) for one in check(folder)}
    assert found == {
        ("prices.csv", 2, 1), ("prices.csv", 3, 2), ("prices.csv", 4, 2), ("prices.csv", 5, 2), ("prices.csv", 6, 5),
        ("prices.csv", 7, 6), ("accounts.csv", 3, 2), ("accounts.csv", 4, 1),
    }  # fmt: skip


def test_foreign_prices_have_a_rate_and_orders_a_usual_size(folder: Path) -> None:
    (folder / "plant.toml").write_text(TOML.replace("[cost]\n", "[cost]\nclosed = 2026-11-01\n"))
    (folder / "items.csv").write_text("id,name,unit,lot\nbar,Bar,kg,\nshaft,Shaft,,60\n")
    (folder / "prices.csv").write_text("kind,of,price,currency\nmaterial,bar,14.20,USD\nmachine,hall,60,EUR\n")
    (folder / "rates.csv").write_text("currency,rate,start,source\nUSD,0.92,,bank\nUSD,0.9,2026-06-01,bank\n")
    assert check(folder) == []
    plant = load(folder)
    assert [one.currency for one in plant.prices] == ["USD", "EUR"]
    assert [(one.rate, one.start is None, one.source) for one in plant.rates] == [
        (0.92, True, "bank"),
        (0.9, False, "bank"),
    ]
    assert (plant.items["bar"].lot, plant.items["shaft"].lot) == (None, 60)
    assert plant.cost.closed == parse_time("2026-11-01T00:00:00+08:00")


def test_money_without_a_rate_is_refused_with_its_cell(folder: Path) -> None:
    (folder / "plant.toml").write_text(TOML.replace("[cost]\n", '[cost]\nclosed = "1 Nov"\n'))
    rows = "material,bar,1,USD\nmaterial,rod,1,dollar\noverhead,machine,0.1,CHF\nmaterial,tin,1,CHF\n"
    (folder / "prices.csv").write_text("kind,of,price,currency\n" + rows)
    (folder / "rates.csv").write_text("currency,rate,start\nCHF,1.04,\nEUR,1,\nFr,2,\nCHF,0,2026-01-01\nCHF,2,\n")
    assert {(one.file, one.line, one.place.column) for one in check(folder)} == {
        ("prices.csv", 2, 4), ("prices.csv", 3, 4), ("prices.csv", 4, 4), ("rates.csv", 3, 1), ("rates.csv", 4, 1),
        ("rates.csv", 5, 2), ("rates.csv", 6, 3), ("plant.toml", 6, 0),
    }  # fmt: skip
