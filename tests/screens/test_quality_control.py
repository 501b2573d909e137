"""`luban setpoint`, its sheet, and the control tab of the quality page in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from httpx import ASGITransport, AsyncClient
from playwright.sync_api import Page, expect

from luban.core.errors import LubanError
from luban.core.time import now
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.proposal import Knob, propose
from luban.decide.setpoint.standing import AGREE, agreed
from luban.decide.setpoint.stood import NEWEST
from luban.ledger import LedgerWriter
from luban.loop.places import places
from luban.screens.i18n import words
from luban.screens.quality_control_api import setpoint_router
from luban.screens.reads import Reads
from luban.screens.report.quality_control import control_sheet
from luban.screens.report.sheet import sheet_html, sheet_pdf, sheet_xlsx
from luban.screens.service import PlantView
from luban.screens.service.quality import QualityBooks
from luban.screens.service.setpoints import read_setpoint
from luban.screens.users import Act, Role, User
from luban.understand.book import row
from luban.understand.quality.data import individuals
from tests.screens import quality_shop as shop
from tests.screens.site import Site, served

Cli = Callable[..., tuple[int, str, str]]


def values(shift: float = 0.012) -> list[float]:
    """Diameters [mm] that lie too high by `shift`."""
    draw = np.random.default_rng(6)
    return [float(value) for value in np.round(25 + shift + 0.003 * draw.standard_normal(60), 4)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "shafts.csv"
    path.write_text("diameter [mm]\n" + "\n".join(map(str, values())) + "\nbroken\n", "utf-8")
    return path


# ------------------------------------------------------------------ the command line and the sheet


def test_a_file_gives_a_set_point_inside_its_envelope(run_cli: Cli, file: Path, tmp_path: Path) -> None:
    envelope = ("--lowest", "-0.05", "--highest", "0.05", "--move", "0.01")
    out = tmp_path / "plan.html"
    code, said, _ = run_cli("setpoint", file, "--target", "25", "--upper", "25.02", *envelope, "--json", "-o", out)
    told = json.loads(said)
    assert code == 0
    assert told["decision"] == "change"
    assert told["proposed"] == pytest.approx(-0.01)
    assert told["wanted"] == pytest.approx(-0.012, abs=0.002)
    assert told["rests_on"]["values"] == 60
    assert [one["reason"] for one in told["excluded"]] == ["text instead of a number"]
    assert told["effects"]["cpk"]["after"][0] > told["effects"]["cpk"]["before"][0]
    assert "<svg" in out.read_text("utf-8")
    code, said, _ = run_cli("setpoint", file, "--target", "25", *envelope)
    assert code == 0
    assert "Set offset from 0 to -0.01 mm." in said


def test_a_column_of_set_points_is_taken_off(run_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "etch.csv"
    used = np.repeat([50.0, 54.0], 30)
    depth = np.array(values(0.0)) + 0.001 * (used - 50)
    rows = [f"{d:.4f},{s:g}" for d, s in zip(depth, used, strict=True)]
    path.write_text("depth,seconds\n" + "\n".join(rows) + "\n", "utf-8")
    options = ("--set-points", "seconds", "--gain", "0.001", "--target", "25", "--lowest", "40", "--highest", "60")
    code, said, _ = run_cli("setpoint", path, *options, "--json")
    told = json.loads(said)
    assert code == 0
    assert told["set_point"]["now"] == 54.0
    assert told["wanted"] == pytest.approx(50.0, abs=1.5)


def test_without_an_envelope_nothing_is_proposed(run_cli: Cli, file: Path) -> None:
    code, _, said = run_cli("setpoint", file, "--target", "25")
    assert code == 2
    assert "no safe envelope" in said
    code, _, said = run_cli("setpoint", file, "--lowest", "-1", "--highest", "1")
    assert code == 2
    assert "no target" in said
    code, _, _ = run_cli("setpoint", file, "--target", "25", "--lowest", "0", "--highest", "1", "--now", "0")
    assert code == 1, "blocked: the process wants less than the envelope has"


def test_a_plants_books_say_what_was_agreed_and_set(run_cli: Cli, tmp_path: Path) -> None:
    folder = filled(tmp_path / "plant", 0.008)
    code, _, said = run_cli("setpoint", folder, "--characteristic", shop.DIAMETER)
    assert code == 2
    assert "no safe envelope is agreed on" in said
    begun = now() - 3600 * 1_000_000
    with LedgerWriter(places(folder).ledger) as writer:
        data = agreed("offset of L2", "mm", 1.0, 0.002, Envelope(-0.05, 0.05, 0.004), 25.001)
        writer.append("event", row("setpoint", shop.DIAMETER, AGREE, person="li", data=data, time=begun), source="page")
    code, said, _ = run_cli("setpoint", folder, "--characteristic", shop.DIAMETER, "--json")
    told = json.loads(said)
    assert code == 0
    assert told["target"] == 25.001
    assert told["set_point"]["name"] == "offset of L2"
    assert told["proposed"] == pytest.approx(-0.002)
    code, said, _ = run_cli(
        "setpoint", folder, "--characteristic", shop.DIAMETER, "--lowest", "0", "--highest", "1", "--json"
    )
    assert json.loads(said)["set_point"]["now"] == 0.002


@pytest.mark.parametrize("language", ["en", "zh", "ko"])
def test_the_sheet_speaks_the_language_and_prints(language: str) -> None:
    made = individuals(values(), characteristic="shaft:diameter", unit="mm")
    plan = propose(made, Knob("offset", "mm", 1.0, 0.0, Envelope(-0.05, 0.05, 0.01)), target=25.0)
    sheet = control_sheet(plan, words(language))
    page = sheet_html(sheet, language)
    assert sheet_pdf(sheet, language).startswith(b"%PDF")
    assert sheet_xlsx(sheet)[:2] == b"PK"
    if language != "en":
        text = re.sub(r"<[^>]+>", " ", page.partition("<main>")[2])
        left = set(re.findall(r"[A-Za-z]{3,}", text)) - {
            "luban",
            "offset",
            "shaft",
            "diameter",
            "EWMA",
            "Cpk",
            "Muth",
            "Sachs",
            "Ingolfsson",
            "Nelson",
        }
        assert not left


# ------------------------------------------------------------------ the page


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("control") / "plant", 0.008)


def filled(folder: Path, shift: float) -> Path:
    """The shop with sixty diameters in its books."""
    shop.write(folder)
    end = now()
    with LedgerWriter(places(folder).ledger) as writer:
        found = values(shift)
        rows = {
            "time": [end - (len(found) - k) * 1_000_000 for k in range(len(found))], "value": found,
            "subject": [shop.DIAMETER] * len(found), "quality": [0] * len(found),
        }  # fmt: skip
        writer.append("measurement", rows, source="gauge")
    return folder


async def test_rest_agrees_proposes_sets_and_refuses(tmp_path: Path) -> None:
    folder = filled(tmp_path / "plant", 0.008)
    acts: list[Act] = []
    books = QualityBooks(PlantView(folder), shop.recorder(folder, acts))
    reads, app = Reads(2), FastAPI()
    who = User("li", Role.ENGINEER, ("jinan",))

    def answer(_: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"message": str(error)}, 400)

    app.add_exception_handler(LubanError, answer)
    app.include_router(setpoint_router(books, lambda _role: lambda: who, reads))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://plant") as client:
        path, of = "/quality/setpoint", shop.DIAMETER
        assert (await client.get(path, params={"of": of})).json()["agreed"] is False
        wrong = {"of": of, "name": "offset", "unit": "mm", "gain": 0, "now": 0, "lowest": -0.05, "highest": 0.05}
        assert "effect" in (await client.post(f"{path}/agree", json=wrong)).json()["message"]
        assert (await client.post(f"{path}/agree", json=wrong | {"gain": 1, "move": 0.005})).status_code == 201
        plan = (await client.get(path, params={"of": of})).json()["plan"]
        assert plan["proposed"] == pytest.approx(-0.005)
        assert plan["rests_on"]["last_seq"] > plan["rests_on"]["first_seq"]
        assert (await client.get(path, params={"of": of, "format": "pdf", "language": "zh"})).content.startswith(
            b"%PDF"
        )
        assert (await client.post(f"{path}/propose", json={"of": of})).json()["decision"] == "change"
        assert "outside" in (await client.post(f"{path}/set", json={"of": of, "value": 0.2})).json()["message"]
        assert (await client.post(f"{path}/set", json={"of": of, "value": -0.005})).status_code == 201
        assert (await client.post(f"{path}/refuse", json={"of": of, "reason": "new edge today"})).status_code == 201
        told = (await client.get(path, params={"of": of})).json()
        assert told["set_point"]["now"] == -0.005
        assert [entry["code"] for entry in told["history"]] == ["reject", "set", "propose", "agree"]
        assert "no such" in (await client.get(path, params={"of": "x:y"})).json()["message"]
    reads.close()
    assert [act.code for act in acts] == ["set-point agree", "set-point propose", "set-point set", "set-point reject"]


def test_the_books_are_folded_and_the_newest_values_count(folder: Path) -> None:
    nothing = read_setpoint(QualityBooks(PlantView(folder)), shop.DIAMETER)
    assert nothing.plan is None
    assert "envelope" in str(nothing.why)
    assert NEWEST >= 100


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"admin": "admin", "wang": "viewer"}) as url:
        yield url


def opened(site: Site, who: str, language: str = "en") -> Page:
    page = site.page()
    site.enter(who)
    page.goto(f"{site.url}/{language}/quality?tab=control&of=shaft:diameter")
    return page


@pytest.mark.service
@pytest.mark.timeout(240)
def test_agree_see_the_proposal_and_set_it(site: Site) -> None:
    page = opened(site, "admin")
    expect(page.get_by_text("Nothing is agreed yet")).to_be_visible()
    given = {
        "name": "offset of L2",
        "unit": "mm",
        "gain": "1",
        "now": "0",
        "lowest": "-0.05",
        "highest": "0.05",
        "move": "0.02",
    }
    for name, value in given.items():
        page.locator(f"[data-field=setpoint-{name}]").fill(value)
    page.get_by_role("button", name="Agree on it").click()
    expect(page.get_by_text(re.compile(r"Set offset of L2 from 0 to -0\.00\d+ mm\."))).to_be_visible()
    page.locator("[data-field=setpoint-value]").fill("-0.9")
    page.get_by_role("button", name="It is set").click()
    expect(page.get_by_text("outside its envelope")).to_be_visible()
    page.locator("[data-field=setpoint-value]").fill("-0.008")
    page.get_by_role("button", name="It is set").click()
    table = page.get_by_role("table").last
    expect(table).to_contain_text("set")
    expect(table).to_contain_text("-0.008")
    page.get_by_role("button", name="Propose it").click()
    expect(table).to_contain_text("proposed")


@pytest.mark.service
@pytest.mark.timeout(240)
def test_a_viewer_sees_and_does_not_act(site: Site) -> None:
    page = opened(site, "wang", "zh")
    expect(page.locator(".lb-qpanel article").first).to_be_visible()
    expect(page.get_by_role("button", name="已设定")).to_have_count(0)
    page.set_viewport_size({"width": 390, "height": 800})
    width: Any = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390


def test_an_agreement_written_by_a_program_is_an_entry_like_any_other() -> None:
    data = agreed("offset", "mm", 1.0, 0.0, Envelope(-1, 1))
    made = row("setpoint", shop.DIAMETER, AGREE, person="", data=data)
    assert made["kind"] == ["setpoint"]


def test_the_controller_is_rehearsed_on_a_twin(run_cli: Cli, tmp_path: Path) -> None:
    folder = Path(__file__).parents[2] / "examples" / "c2_machining"
    options = ("--stations", "milling", "--days", "10", "--begin", "8", "--learn", "12", "--runs", "1", "--over", "20")
    out = tmp_path / "rehearsal.html"
    code, said, _ = run_cli("rehearse", folder, *options, "--json", "-o", out, "--lang", "zh")
    told = json.loads(said)
    assert code == (0 if told["back"] is not None else 1)
    assert told["outside"] == told["refused"] == 0
    assert told["moves"] > 100
    assert told["stations"] == ["c2/milling"]
    assert set(told["windows"]) == {"causes", "run_to_run", "as_is"}
    assert told["windows"]["causes"][1]["cpk"] > 1.0
    assert "控制器演练" in out.read_text("utf-8")
    code, _, said = run_cli("rehearse", folder, "--stations", "heat")
    assert code == 2
    assert "measures a size" in said
    code, _, said = run_cli("rehearse", folder, "--begin", "30")
    assert code == 2
    assert "after the end" in said
    code, _, said = run_cli("rehearse", folder.parent / "c1_process")
    assert code == 2
    assert "no size is measured" in said
    code, _, said = run_cli("rehearse", folder.parent / "tiny_workshop")
    assert code == 2
    assert "too coarsely" in said
