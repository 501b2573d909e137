"""A firm's return from its own books: figures by hand and from print, evidence, and reasons where books say nothing."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from luban.core.errors import ConfigError, InputError
from luban.core.time import DAY, parse_time
from luban.ledger import Ledger, LedgerWriter
from luban.norms.emissions import factors_of
from luban.norms.plans import TargetPlan
from luban.plant import load
from luban.rollup.returns import OwnReturn, own_return, returns_frame, standing, state_row, take
from luban.rollup.returns.rules import settings_of

START, END = parse_time("2024-01-01T00:00:00Z"), parse_time("2025-01-01T00:00:00Z")
KEY, HEARD = 100, 33
NOTHING = "no figure of the books fills it: state it with its document"
_METERS = (
    "id,medium,unit,parent,error,place\nmain,electricity,kWh,,0.01,\nfurnace,electricity,kWh,main,0.01,\n"
    "city,water,m³,,0.02,\nbath,water,m³,city,0.02,\nloop,circulating water,m³,,0.02,\n"
)
_YEAR = {"main": ("electricity", "kWh", 1_200_000.0), "furnace": ("electricity", "kWh", 500_000.0),
         "city": ("water", "m³", 3660.0), "bath": ("water", "m³", 1000.0),
         "loop": ("circulating water", "m³", 9000.0)}  # fmt: skip


def plant_of(folder: Path, key: int = KEY) -> Path:
    units = "".join(f'[[equipment]]\npath = "m{at:03d}"\nname = "Machine {at}"\n\n' for at in range(key))
    head = '[plant]\nid = "mill"\nname = "Mill"\ntime_zone = "UTC"\n\n'
    (folder / "plant.toml").write_text(head + units, "utf-8")
    (folder / "meters.csv").write_text(_METERS, "utf-8")
    (folder / "items.csv").write_text("id,name,unit\nwaste:slag,Slag,t\n", "utf-8")
    rows = "".join(f"p{at},m{at:03d},Process {at}\n" for at in range(key))
    (folder / "key_processes.csv").write_text("id,unit,name\n" + rows, "utf-8")
    return folder


def readings(days: int = 366) -> dict[str, list[Any]]:
    names = ("time", "subject", "medium", "register", "measured_in", "quality")
    rows: dict[str, list[Any]] = {name: [] for name in names}
    for day in range(days + 1):
        for meter, (medium, unit, whole) in _YEAR.items():
            told = (START + day * DAY, meter, medium, whole * day / 366, unit, 0)
            for name, cell in zip(names, told, strict=True):
                rows[name].append(cell)
    return rows


def states() -> dict[str, list[Any]]:
    """33 controllers heard in time; the others late, by hand, from power, of bad quality, silent, or never."""
    rows: dict[str, list[Any]] = {name: [] for name in ("time", "subject", "state", "mapping", "quality")}

    def say(at: int, days: int, mapping: str, state: str = "ACTIVE", quality: int = 0) -> None:
        told = (END - days * DAY, f"mill/m{at:03d}", state, mapping, quality)
        for name, cell in zip(rows, told, strict=True):
            rows[name].append(cell)

    for at in range(HEARD):
        say(at, 1 + 2 * at, ("mtconnect-execution@1", "opc40501-1@1", "packml@1")[at % 3])
    for at in range(HEARD, 60):
        say(at, 91 + at, "mtconnect-execution@1")
    for at in range(60, 75):
        say(at, 5, "generic@1", "running")
    for at in range(75, 85):
        say(at, 5, "power@1", "running")
    for at in range(85, 90):
        say(at, 5, "mtconnect-execution@1", quality=8)
    for at in range(90, 95):
        say(at, 5, "mtconnect-execution@1", "UNAVAILABLE")
    return rows


def moved() -> dict[str, list[Any]]:
    """40 t lay there; 100 t came up, 90 t were utilised, so 40 of them old."""
    rows = [(START - 30 * DAY, "", "store", 40.0), (START + 10 * DAY, "", "store", 100.0),
            (START + 200 * DAY, "store", "utilised:works", 90.0)]  # fmt: skip
    names = ("time", "origin", "destination", "quantity")
    told = {name: [one[at] or None for one in rows] for at, name in enumerate(names)}
    return told | {"subject": ["waste:slag"] * 3}


def journal() -> dict[str, list[Any]]:
    """Twelve months of sales and a return of goods; the year is closed to profit at its end."""
    lines = [(START + (30 * month + month // 2 + 3) * DAY, f"s{month}", "600101", -1_000_000.0) for month in range(12)]
    lines += [(START + 20 * DAY, "r1", "600101", 250_000.0), (END - 1, "close", "600101", 11_750_000.0),
              (END - 1, "close", "4103", -11_750_000.0), (START + DAY, "d1", "5301", 200_000.0)]  # fmt: skip
    names = ("time", "subject", "account", "amount")
    return {name: [one[at] for one in lines] for at, name in enumerate(names)} | {"currency": ["CNY"] * len(lines)}


FACTORS = """start = 2024-01-01
reference = "test"
unit = "kgCO2e/kWh"
verified = true
[factor.grid]
medium = "electricity"
scope = 2
year = 2024
value = 0.5
[factor.gas]
medium = "natural gas"
scope = 1
year = 2024
value = 0.2
"""


def books(folder: Path, **streams: dict[str, list[Any]]) -> Ledger:
    with LedgerWriter(folder / ".luban" / "ledger") as writer:
        for stream, rows in streams.items():
            writer.append(stream, rows, source="test")
    return Ledger(folder / ".luban" / "ledger")


def asked(folder: Path, plan: TargetPlan, year: int = 2024) -> OwnReturn:
    own = tuple(factors_of(tomllib.loads(FACTORS), "test").values())
    ledger = Ledger(folder / ".luban" / "ledger")
    try:
        return own_return(ledger, load(folder), plan, year, own_factors=own)
    finally:
        ledger.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = plant_of(tmp_path_factory.mktemp("mill"))
    books(made, meter=readings(), state=states(), movement=moved(), posting=journal()).close()
    return made


@pytest.fixture(scope="module")
def found(folder: Path, plan: TargetPlan) -> OwnReturn:
    return asked(folder, plan)


def test_33_of_100_key_processes_with_evidence_are_33_percent(found: OwnReturn) -> None:
    """Row F06: evidence older than 90 days, of people, of power meters and of bad quality is not counted."""
    assert (found.line("key_processes").value, found.line("nc_key_processes").value) == (KEY, HEARD)
    assert [one.id for one in found.processes if one.controlled] == [f"p{at}" for at in range(HEARD)]
    reasons = {one.id: one.reason for one in found.processes}
    assert reasons["p40"] == "its controller was last heard 131 days before; 90 count"
    assert reasons["p70"] == reasons["p80"] == reasons["p87"] == reasons["p92"] == "no controller of it was ever heard"
    (facts,) = found.line("nc_key_processes").facts
    assert (facts.stream, len(facts.seqs)) == ("state", HEARD)


def test_energy_in_coal_equivalent_as_the_standard_prints_it(found: OwnReturn) -> None:
    # GB/T 2589-2020, annex A: electricity 0.1229 kgce/kWh (equivalent value)
    line = found.line("energy")
    assert line.value == pytest.approx(1_200_000 * 0.1229 / 1000, rel=1e-3)
    assert line.unit == "tce"
    assert line.evidence[0]["count"] == 367  # the meter below the main one adds nothing


def test_a_plant_that_meters_no_fuel_guesses_no_direct_emission(found: OwnReturn) -> None:
    line = found.line("co2")
    assert line.value is None
    assert line.reason == "no fuel is metered: state what is emitted on the site with its document"


def test_carbon_dioxide_of_power_counts_where_it_is_made_and_says_scope_and_factor(
    tmp_path: Path, plan: TargetPlan
) -> None:
    plant_of(tmp_path)
    (tmp_path / "meters.csv").write_text(_METERS + "boiler,natural gas,kWh,,0.01,\n", "utf-8")
    rows = readings()
    for day in (0, 366):
        for name, cell in zip(rows, (START + day * DAY, "boiler", "natural gas", 1000.0 * day, "kWh", 0), strict=True):
            rows[name].append(cell)
    books(tmp_path, meter=rows).close()
    line = asked(tmp_path, plan).line("co2")
    assert line.value == pytest.approx(366 * 0.2)  # t; the 600 t of the grid are the power plant's
    assert line.notes[:2] == ("scope 1, in CO₂ equivalents", "gas: 0.2 kgCO2e/kWh, 2024")
    assert {one["stream"] for one in line.evidence} == {"meter"}
    assert "scope 1" in plan.indicator("I10").definition.reference
    assert "scope 1" in plan.element("co2").name.en  # so that whoever fills a form, or reads the indicator, sees it
    # whoever asks for both scopes gets both, and is told so
    own = settings_of(plan)
    both = replace(own, own={**own.own, "co2": "greenhouse gases"})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("luban.rollup.returns.own.settings_of", lambda _: both)
        line = asked(tmp_path, plan).line("co2")
    assert line.value == pytest.approx(366 * 0.2 + 600.0)
    assert line.notes[0] == "scopes 1 and 2, in CO₂ equivalents"


def test_fresh_water_is_counted_once_and_what_is_used_again_not_at_all(found: OwnReturn) -> None:
    assert found.line("water").value == pytest.approx(3660.0)


def test_waste_with_the_stock_of_earlier_years(found: OwnReturn, plan: TargetPlan) -> None:
    told = {name: found.line(name).value for name in ("waste_generated", "waste_utilised", "waste_old_utilised")}
    assert told == {"waste_generated": 100.0, "waste_utilised": 90.0, "waste_old_utilised": 40.0}


def test_revenue_is_the_journals_and_the_closing_entry_is_no_sale(found: OwnReturn) -> None:
    assert found.line("revenue").value == pytest.approx(1175.0)  # 10⁴ CNY: 12 × 100 − 25
    assert found.line("rd_spend").value == pytest.approx(20.0)
    assert found.line("revenue").notes == ("account 6001, 13 postings in 12 months",)


def test_what_the_books_do_not_know_has_a_reason_and_no_number(found: OwnReturn) -> None:
    for name in ("staff", "patents", "value_added"):
        assert (found.line(name).value, found.line(name).reason) == (
            None,
            NOTHING,
        )
    assert "output" in found.line("output").reason
    assert all((one.value is None) == bool(one.reason) for one in found.lines)
    with pytest.raises(InputError):
        found.line("nothing")


def test_a_statement_with_its_document_fills_what_no_machine_knows(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path)
    books(tmp_path, event=state_row("mill", 2024, "patents", 44, person="li", document="list of 2024-12-31")).close()
    line = asked(tmp_path, plan).line("patents")
    assert (line.value, line.document) == (44.0, "list of 2024-12-31")
    assert {"document": "list of 2024-12-31"} in line.evidence
    assert asked(tmp_path, plan, 2023).line("patents").value is None
    with pytest.raises(InputError, match="document"):
        state_row("mill", 2024, "patents", 44, person="li", document=" ")
    with pytest.raises(InputError, match="finite"):
        state_row("mill", 2024, "patents", float("inf"), person="li", document="list")


def test_books_of_a_part_of_the_year_are_no_figure_of_the_year(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path)
    late = {name: list(cells) for name, cells in moved().items()}
    late["time"] = [one + 100 * DAY for one in late["time"]]
    sold = {name: [cells[6]] for name, cells in journal().items()}
    books(tmp_path, meter=readings(183), movement=late, posting=sold).close()
    told = asked(tmp_path, plan)
    for name in ("energy", "co2", "water"):
        assert told.line(name).value is None
        assert told.line(name).reason == "the meters know 50.0 % of the year, 95 % is needed"
    assert told.line("revenue").reason.startswith("the journal begins on 2024-07")
    assert told.line("waste_generated").reason.startswith("the books of waste begin on 2024-03-11")


def posted(*lines: tuple[float, str, str, float]) -> dict[str, list[Any]]:
    """Postings as (day of the year, entry, account, amount)."""
    told = {name: [one[at] for one in lines] for at, name in enumerate(("time", "subject", "account", "amount"))}
    return told | {"time": [START + int(one[0] * DAY) for one in lines], "currency": ["CNY"] * len(lines)}


def test_spend_on_research_is_what_came_in_not_what_is_left_once_it_is_cleared(
    tmp_path: Path, plan: TargetPlan
) -> None:
    """530101 to 6604 and 6602 (expensed), 530102 to 1701 (capitalised); wages in one entry on both accounts stay."""
    plant_of(tmp_path)
    lines = [
        (3, "a", "530101", 200_000.0),
        (9, "b", "530102", 50_000.0),
        (20, "wages", "5301", 30_000.0),
        (20, "wages", "6602", 70_000.0),
        (20, "wages", "2211", -100_000.0),
        (25, "credit note", "530101", -5_000.0),
    ]
    clearing = [(30, "c", "530101", -195_000.0), (30, "c", "6604", 195_000.0), (30, "d", "5301", -30_000.0),
                (30, "d", "6602", 30_000.0), (364, "e", "530102", -50_000.0), (364, "e", "1701", 50_000.0)]  # fmt: skip
    books(tmp_path, posting=posted(*lines, *clearing)).close()
    told = asked(tmp_path, plan).line("rd_spend")
    assert told.value == pytest.approx(27.5)  # 10⁴ CNY: 20 + 5 + 3 − 0.5
    assert told.evidence[0]["count"] == 4


def test_a_journal_that_ends_early_is_no_figure_of_the_year(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path)
    sold = [(30.0 * month + 5, f"s{month}", "600101", -1_000_000.0) for month in range(5)]
    books(tmp_path, posting=posted(*sold)).close()
    told = asked(tmp_path, plan).line("revenue")
    assert (told.value, told.reason) == (None, "the journal of the year ends on 2024-05-05")


def test_months_and_days_of_the_journal_are_those_of_the_plant(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path)
    told = (tmp_path / "plant.toml").read_text("utf-8")
    (tmp_path / "plant.toml").write_text(told.replace('"UTC"', '"Asia/Shanghai"'), "utf-8")
    # 18:00 UTC of 31 January is February in Shanghai
    sold = [(1, "s0", "6001", -1e6), (30.75, "s1", "6001", -1e6), (364, "s2", "6001", -1e6)]
    books(tmp_path, posting=posted(*sold)).close()
    assert asked(tmp_path, plan).line("revenue").notes == ("account 6001, 3 postings in 3 months",)


def test_a_year_that_is_not_over_is_not_returned(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path)
    books(tmp_path, meter=readings(10)).close()
    assert asked(tmp_path, plan, 2099).line("key_processes").reason == "the year 2099 is not over"


def test_the_own_return_goes_into_the_books_with_its_evidence(
    found: OwnReturn, plan: TargetPlan, write
) -> None:  # fmt: skip
    about = {"region": "CN/31/3101", "industry": "C3120", "above_scale": 1}
    batch = found.batch("91310000", about)
    ledger = write(take(write(), plan, batch, method="own books", evidence=found.evidence))
    rows = {one["element"]: one for one in pa.table(standing(ledger, plan).collect("pyarrow").to_native()).to_pylist()}
    assert rows["energy"]["method"] == "own books"
    assert json.loads(rows["nc_key_processes"]["evidence"])[0]["stream"] == "state"
    assert (rows["patents"]["value"], rows["patents"]["text"]) == (
        None,
        NOTHING,
    )
    (row,) = returns_frame(ledger, plan).collect("pyarrow").to_native().to_pylist()
    assert (row["unit"], row["industry"], row["nc_key_processes"]) == ("91310000", "C3120", 33.0)
    assert row["patents"] is None


def test_an_element_that_no_figure_of_the_books_can_fill_is_refused(tmp_path: Path, plan: TargetPlan) -> None:
    plant_of(tmp_path, 1)
    books(tmp_path, meter=readings(1)).close()
    (tmp_path / "plan").mkdir()
    (tmp_path / "plan" / "checks.toml").write_text('[own]\nstaff = "heads"\n', "utf-8")
    with pytest.raises(ConfigError, match="no such figure"):
        asked(tmp_path, replace(plan, folder=tmp_path / "plan"))
