"""Releases over REST: a viewer is told a release and nothing of the books, whatever is asked; an engineer both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from httpx import Client

from luban.core.errors import InputError
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.norms.plans import load_plan
from luban.rollup.protect import publication_row, write_publication
from luban.rollup.returns import batch_of, take, vintage_row
from luban.screens.cli.main import run
from luban.screens.cli.output import OK, WRONG
from luban.screens.i18n import words
from luban.screens.service import PlantView
from luban.screens.service.releases import Releases
from luban.screens.service.rollup import Place, RollupBooks
from luban.screens.users import Role, User
from luban.screens.web.rollup_panel import RollupPanel
from tests.screens.rest import answering, own

URL = "/api/v1/indicators"
PEOPLE = {"li": (Role.ENGINEER, []), "wang": (Role.VIEWER, []), "part": (Role.VIEWER, ["office/x"])}
PLANT = '[plant]\nid = "office"\nname = "Office"\ntime_zone = "Asia/Shanghai"\n'
ELEMENTS = ["revenue", "rd_spend", "design_tools"]
ASKED = (
    "", "?region=CN/31", "?industry=C34", "?region=CN/33&industry=C38", "/releases", "/cells?by=region",
    "/cells?by=industry", "/cells?by=region&by=industry", "/cells?by=industry&industry_digits=0",
    "/cells?by=region&region_depth=0", "/I01/parts?year=2020", "/I01/parts?year=2020&by=industry",
    "/I01/parts?year=2020&by=industry&region=CN/33", "/I01/parts?year=2020&region=CN/33&industry=C38",
    "/I07/parts?year=2019",
)  # fmt: skip


def firm(at: int, region: str, industry: str, year: int, more: float = 0.0) -> dict[str, Any]:
    revenue = 1000.0 + 137 * at + 50 * (year - 2019) + more
    return {"unit": f"f{region}{at}", "year": year, "region": f"CN/{region}", "industry": industry, "above_scale": 1,
            "revenue": revenue, "rd_spend": revenue * (0.01 + 0.003 * at), "design_tools": at % 2}  # fmt: skip


def firms() -> list[dict[str, Any]]:
    """Six a region, in two industries; one of the last region alone in C38."""
    return [firm(at, region, "C3829" if (region, at) == ("33", 0) else ("C3421", "C3512")[at % 2], year)
            for region in ("31", "32", "33") for at in range(6) for year in (2019, 2020)]  # fmt: skip


def taken(folder: Path, rows: list[dict[str, Any]]) -> None:
    with LedgerWriter(places(folder).ledger):
        pass
    ledger = Ledger(places(folder).ledger)
    made = take(ledger, load_plan(), batch_of(rows, ELEMENTS, source="test"))
    head = ledger.head
    ledger.close()
    with LedgerWriter(places(folder).ledger) as writer:
        for stream, columns in made.parts():
            writer.append(stream, columns, source="returns")
    assert head >= 0


def act(folder: Path, row: dict[str, list[Any]]) -> None:
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append("event", row, source="test")


def named(folder: Path, name: str) -> None:
    ledger = Ledger(places(folder).ledger)
    head = ledger.head
    ledger.close()
    act(folder, vintage_row(name, head, person="li"))


def desk(folder: Path) -> Releases:
    return Releases(RollupBooks(PlantView(folder)))


def put_out(folder: Path, name: str) -> None:
    named(folder, name)
    act(folder, desk(folder).make(name, "li")[1])
    desk(folder).check(name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "office"
    made.mkdir()
    (made / "plant.toml").write_text(PLANT, "utf-8")
    plan = load_plan()
    short = replace(plan, indicators={name: plan.indicators[name] for name in ("I01", "I07")})
    monkeypatch.setattr(RollupBooks, "plan", short)
    taken(made, firms())
    return made


@pytest.fixture
def client(folder: Path) -> Iterator[Client]:
    with answering(folder, PEOPLE) as made:
        yield made


def answers(client: Client, user: str) -> dict[str, tuple[int, Any]]:
    head = own(client, user)
    found = {one: client.get(URL + one, headers=head) for one in ASKED}
    return {one: (made.status_code, made.json()) for one, made in found.items()}


def test_a_viewer_is_told_the_release_whatever_the_books_hold(
    folder: Path, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing = answers(client, "wang")
    assert nothing["/releases"] == (200, [])
    assert {status for one, (status, _) in nothing.items() if one != "/releases"} == {400}
    assert "nothing was released yet" in str(nothing[""][1])
    put_out(folder, "first")
    told = answers(client, "wang")
    assert {status for status, _ in told.values()} == {200}
    parts = told["/I01/parts?year=2020&by=industry&region=CN/33"][1]
    assert parts["withheld"]
    assert all(one["numerator"] is None for one in parts["parts"] if one["key"] in parts["withheld"])
    whole = told["/I01/parts?year=2020&region=CN/33&industry=C38"][1]["whole"]
    assert (whole["n"], whole["numerator"], whole["denominator"], whole["value"]) == (1, None, None, None)
    revenue = sum(row["revenue"] for row in firms() if row["year"] == 2020)
    assert told["/I01/parts?year=2020"][1]["whole"]["denominator"] == pytest.approx(revenue)
    taken(folder, [firm(9, "31", "C3421", 2020, 1e6), firm(0, "33", "C3829", 2020, 5e5)])
    monkeypatch.setattr(RollupBooks, "frame", lambda *_: pytest.fail("the books were read for a viewer"))
    assert answers(client, "wang") == told
    known = figures(desk(folder)) | {0.8, 0.95}  # levels of intervals
    known |= {one.value for name in ("I01", "I07") for one in load_plan().indicators[name].milestones if one.value}
    for _, document in told.values():
        assert figures_in(document) <= known


def figures(releases: Releases) -> set[float]:
    held = releases.told()
    assert held is not None
    return {round(row[name], 6) for row in held.rows.to_pylist() for name in FIGURES if row[name] is not None}


FIGURES = ("value", "low", "high", "numerator", "denominator", "level", "base")


def figures_in(document: Any) -> set[float]:
    """Figures that a document tells under the names of those that a row has; of an outlook its points."""
    if isinstance(document, list):
        return {one for part in document for one in figures_in(part)}
    if not isinstance(document, dict) or "mean" in document or "status" in document:
        return set()  # a forecast and a status are made of points
    own_figures = {round(document[name], 6) for name in FIGURES if isinstance(document.get(name), float)}
    return own_figures | {one for part in document.values() for one in figures_in(part)}


def test_who_may_ask_what(folder: Path, client: Client) -> None:
    put_out(folder, "first")
    wang, li = own(client, "wang"), own(client, "li")
    for address in ("/review?year=2020", "/bundle?year=2020", "/I01/facts?year=2020&unit=f330"):
        assert client.get(URL + address, headers=wang).status_code == 403, address
    for address in ("?as_of=1", "/cells?by=region&as_of=1", "/I01/parts?year=2020&as_of=3",
                    "/I01/parts?year=2020&by=unit", "/I01/parts?year=2020&by=size", "/cells?by=region&region_depth=2",
                    "?release=second"):  # fmt: skip
        assert client.get(URL + address, headers=wang).status_code == 400, address
    assert client.get(URL, headers=own(client, "part")).status_code == 403
    alone = "/I01/parts?year=2020&region=CN/33&industry=C38"
    assert client.get(URL + alone, headers=li).json()["whole"]["n"] == 1
    assert client.get(URL + alone, headers=li).json()["whole"]["denominator"] == 1050.0
    assert client.get(f"{URL}{alone}&release=first", headers=li).json()["whole"]["denominator"] is None


def test_what_was_told_stays_told(folder: Path, client: Client) -> None:
    put_out(folder, "first")
    wang = own(client, "wang")
    first = client.get(f"{URL}/cells?by=region", headers=wang).json()
    taken(folder, [firm(9, "31", "C3421", 2020, 700.0)])
    put_out(folder, "second")
    now = client.get(f"{URL}/cells?by=region", headers=wang).json()
    assert client.get(f"{URL}/cells?by=region&release=first", headers=wang).json() == first
    before = {(one["indicator"], one["year"], one["region"]): one["denominator"] for one in first}
    tells = [one for one in now if one["denominator"] is not None and before.get(
        (one["indicator"], one["year"], one["region"])) is not None]  # fmt: skip
    assert tells
    assert all(before[one["indicator"], one["year"], one["region"]] == one["denominator"] for one in tells), (
        "no difference is told: one came alone"
    )
    moved = {name: held.drivers(Place(), "I01", 2020, "region") for name in ("first", "second")
             if (held := desk(folder).told(name)) is not None}  # fmt: skip
    assert moved["first"] is not None
    assert moved["second"] is None, "a region is withheld: what moved the others is not the whole"
    with pytest.raises(InputError, match="is out"):
        desk(folder).make("first", "li")
    with pytest.raises(InputError, match="no such vintage"):
        desk(folder).make("third", "li")
    out = desk(folder).out()
    (folder / "releases" / f"{out[1].told}.parquet").write_bytes(b"another")
    refused = client.get(URL, headers=wang)
    assert refused.status_code == 400
    assert "not what was put out" in refused.text
    named(folder, "third")
    (folder / "releases" / f"{out[0].behind}.parquet").unlink()
    with pytest.raises(InputError, match="not there"):
        desk(folder).make("third", "li")


def test_from_the_command_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named(folder, "in May")
    arguments = ["indicators", str(folder), "--release", "in May", "--depth", "region=1,industry=0", "--json"]
    assert run(None, arguments) == OK
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert told["depth"] == {"region": 1, "industry": 0}
    assert told["figures"]["I01"]["told"] > 0
    assert "1 of 2 years" in err
    assert [one.name for one in desk(folder).out()] == ["in May"]
    for bad in (arguments, [*arguments[:3], "in June"], ["indicators", "no.csv", "--release", "in May"]):
        assert run(None, bad) == WRONG
    assert "no such vintage" in capsys.readouterr().err


def test_of_two_that_go_out_at_once_one_is_none(folder: Path) -> None:
    named(folder, "a")
    named(folder, "b")
    one, other = desk(folder).make("a", "li")[1], desk(folder).make("b", "li")[1]
    act(folder, one)
    act(folder, other)
    assert [put.name for put in desk(folder).out()] == ["a"]
    with pytest.raises(InputError, match="before this one"):
        desk(folder).check("b")


def test_a_release_that_a_running_plant_has_yet_to_take_in_is_waited_for(folder: Path) -> None:
    named(folder, "a")
    row = desk(folder).make("a", "li")[1]
    head = desk(folder).books.view.ledger.head
    assert not desk(folder).check("a", after=head), "neither out nor lost to another one"
    act(folder, row)
    assert desk(folder).check("a", after=head)


def test_what_was_defined_otherwise_is_not_shown_under_todays_name(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_out(folder, "a")
    told = desk(folder).told()
    assert told is not None
    assert set(told.rows["indicator"].to_pylist()) == {"I01", "I07"}
    today = desk(folder).books.plan
    own = today.indicator("I01")
    other = replace(own, definition=replace(own.definition, factor=own.definition.factor * 10))
    monkeypatch.setattr(RollupBooks, "plan", replace(today, indicators={**today.indicators, "I01": other}))
    told = desk(folder).told()
    assert told is not None
    assert set(told.rows["indicator"].to_pylist()) == {"I07"}


def test_what_moved_a_region_is_not_what_moved_the_country(folder: Path) -> None:
    books = desk(folder).books
    year = books.years()[-1]
    assert books.drivers(Place(), "I01", year, "region") is not None
    assert books.drivers(Place(region="CN/33"), "I01", year, "region") is None
    assert books.drivers(Place(industry="C34"), "I01", year, "industry") is None


def test_files_are_the_same_to_the_byte(folder: Path, tmp_path: Path) -> None:
    named(folder, "a")
    made = desk(folder).make("a", "li")[0]
    digests = write_publication(tmp_path / "again", made)
    assert publication_row(made, digests, after="", person="li")["data"] == desk(folder).make("a", "li")[1]["data"]


def test_who_is_an_engineer_no_more_sees_no_returns_on_an_open_page() -> None:
    people = {"role": Role.ENGINEER}
    bench: Any = SimpleNamespace(
        say=words("en"), books=SimpleNamespace(stamp=0), view=SimpleNamespace(plant=SimpleNamespace(id="office")),
        user_now=lambda: User("li", people["role"], ()), reads=lambda *_: pytest.fail("read"),
    )  # fmt: skip
    panel = RollupPanel(bench)
    with pytest.raises(pytest.fail.Exception):
        asyncio.run(panel.again())
    people["role"] = Role.VIEWER
    asyncio.run(panel.again())
