"""Grants: what they open, what they never open, and that they end."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import Client
from hypothesis import given, strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from luban.core.errors import InputError, MissingServiceError, NotAllowedError, SecurityError
from luban.core.time import HOUR, MINUTE, SECOND, now
from luban.ledger import Intake, Ledger, LedgerWriter, MasterData, Rows
from luban.loop.places import places
from luban.screens import grants as grants_module
from luban.screens.acts import grants_of
from luban.screens.api import build_api
from luban.screens.grants import LONGEST, PARTS, Grants
from luban.screens.i18n import words
from luban.screens.outside import Outside
from luban.screens.reads import Reads
from luban.screens.report.health_remote import blotted, grants_sheet
from luban.screens.report.sheet import Picture, Sheet
from luban.screens.service import PlantView
from luban.screens.service.health import HealthBooks
from luban.screens.service.remote import BLOT, Blotter, RemoteDesk
from luban.screens.sessions import GUEST_COOKIE
from luban.screens.users import Act, Role, Users
from luban.screens.web.remote_page import remote_pages
from luban.understand.book import entries, row
from luban.understand.health.diagnosis import ailments, labels, open_row
from tests.outside import free_port
from tests.screens import shop

PASSWORD = "correct horse"
ALL = tuple(PARTS)


class Told(list[tuple[Act, str, Rows | None]]):
    """What was recorded."""

    def __call__(self, act: Act, stream: str = "", rows: Rows | None = None) -> None:
        self.append((act, stream, rows))

    def codes(self) -> list[str]:
        """Codes of the grant entries, in order."""
        return [rows["code"][0] for _, _, rows in self if rows is not None]

    def data(self) -> list[dict[str, Any]]:
        """Their data."""
        return [json.loads(rows["data"][0]) for _, _, rows in self if rows is not None]


@pytest.fixture
def told() -> Told:
    """Nothing yet."""
    return Told()


@pytest.fixture
def grants(tmp_path: Path, told: Told) -> Iterator[Grants]:
    """No grants yet, in books of their own."""
    master = MasterData(places(tmp_path).ledger)
    yield Grants(master, told)
    master.close()


def _opened(grants: Grants, parts: tuple[str, ...] = ALL, length: int = HOUR) -> tuple[str, str]:
    grant, secret = grants.give(shop.LATHE, "Li of Spindle Ltd", length, parts, who="wang")
    return grant.id, grants.open(grant.id, secret, address="10.0.0.9")


# ---------------------------------------------------------------------- the grant itself


def test_a_secret_opens_once_and_every_step_is_in_the_books(grants: Grants, told: Told):
    grant, secret = grants.give(
        shop.LATHE, "Li of Spindle Ltd", HOUR, ("health", "signals"), who="wang", reason="noise"
    )
    assert grant.state(now()) == "waiting"
    token = grants.open(grant.id, secret, address="10.0.0.9")
    visit = grants.require(token, "signals")
    assert visit.grant.machine == shop.LATHE
    assert visit.person == "outside: Li of Spindle Ltd"
    with pytest.raises(SecurityError, match="does not open anything"):
        grants.open(grant.id, secret, address="10.0.0.9")
    grants.look(visit, "signals", {"range": "8h"})
    with pytest.raises(NotAllowedError):
        grants.require(token, "workorders")
    grants.revoke(grant.id, who="wang", reason="done")
    assert grants.visit(token) is None
    assert told.codes() == ["give", "open", "refuse", "look", "refuse", "revoke"]
    assert {one["grant"] for one in told.data()} == {grant.id}
    assert [act.person for act, _, _ in told][:2] == ["wang", "outside: Li of Spindle Ltd"]


def test_nothing_on_disk_opens_anything(tmp_path: Path, told: Told):
    master = MasterData(places(tmp_path).ledger)
    grants = Grants(master, told)
    grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("health",), who="wang")
    before = json.dumps(master.history("grant", grant.id))
    token = grants.open(grant.id, secret)
    kept = before + json.dumps(master.history("grant", grant.id)) + json.dumps(master.list("visit"))
    assert secret not in kept
    assert token not in kept
    for known in master.list("visit"):
        assert grants.visit(known) is None  # the hash is no token
    assert secret not in str(told)
    assert token not in str(told)
    master.close()


def test_a_secret_is_good_for_one_of_many_who_come_at_once(grants: Grants):
    grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("health",), who="wang")
    tokens: list[str] = []
    barrier = threading.Barrier(4)

    def come() -> None:
        barrier.wait()
        with contextlib.suppress(SecurityError):
            tokens.append(grants.open(grant.id, secret))

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 1


def test_a_grant_holds_from_its_beginning_to_its_end_and_not_a_moment_longer(
    grants: Grants, told: Told, monkeypatch: pytest.MonkeyPatch
):
    at = now()
    monkeypatch.setattr(grants_module, "now", lambda: at)
    grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("health",), who="wang", starts=at + MINUTE)
    with pytest.raises(SecurityError):
        grants.open(grant.id, secret)
    at += MINUTE
    token = grants.open(grant.id, secret)
    at += HOUR - 1
    assert grants.visit(token) is not None
    at += 1
    assert grants.visit(token) is None
    at -= 30 * MINUTE  # a clock set back prolongs nothing
    assert grants.visit(token) is None
    assert grants.sweep() == 1
    assert grants.sweep() == 0
    assert told.codes()[-1] == "expire"
    assert grants.get(grant.id).state(at) == "expired"
    with pytest.raises(InputError, match="over"):
        grants.renew(grant.id, who="wang")


def test_a_new_link_puts_out_who_came_by_the_old_one(grants: Grants):
    identifier, token = _opened(grants)
    secret = grants.renew(identifier, who="wang")
    assert grants.visit(token) is None
    assert grants.visit(grants.open(identifier, secret)) is not None


def test_an_end_stands_though_somebody_opens_or_renews_at_that_moment(tmp_path: Path):
    master, elsewhere = MasterData(places(tmp_path).ledger), MasterData(places(tmp_path).ledger)
    other = Grants(elsewhere, Told())
    grant, secret = other.give(shop.LATHE, "Li", HOUR, ("health",), who="wang")
    again, _ = other.give(shop.LATHE, "Li", HOUR, ("health",), who="wang")

    def meanwhile(act: Act, _stream: str, _rows: Rows | None) -> None:
        if act.code in {"grant open", "grant renew"}:  # as `luban grant revoke` does while the server runs
            other.revoke(grant.id if act.code == "grant open" else again.id, who="wang")

    grants = Grants(master, meanwhile)
    assert grants.visit(grants.open(grant.id, secret)) is None
    with pytest.raises(SecurityError):
        grants.open(again.id, grants.renew(again.id, who="wang"))
    assert {one.state(now()) for one in grants.all()} == {"revoked"}
    master.close()
    elsewhere.close()


def test_an_expert_who_leaves_ends_the_grant(grants: Grants, told: Told):
    identifier, token = _opened(grants)
    grants.leave(grants.require(token))
    assert grants.visit(token) is None
    assert grants.get(identifier).state(now()) == "left"
    assert told.codes()[-1] == "leave"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"expert": " "}, "whom"),
        ({"parts": ()}, "shows nothing"),
        ({"parts": ("note",)}, "shows nothing"),
        ({"parts": ("health", "payroll")}, "no such part"),
        ({"length": LONGEST + 1}, "cannot last"),
        ({"length": 0}, "cannot last"),
        ({"starts": 10**30}, "so late"),
    ],
)
def test_what_cannot_be_given(grants: Grants, fields: dict[str, Any], message: str):
    asked: dict[str, Any] = {"machine": shop.LATHE, "expert": "Li", "length": HOUR, "parts": ("health",)} | fields
    with pytest.raises(InputError, match=message):
        grants.give(**asked, who="wang")
    assert grants.all() == []


def test_guessing_is_slowed_down_and_leaves_a_trace(grants: Grants, told: Told):
    grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("health",), who="wang")
    for at in range(5):
        with pytest.raises(SecurityError, match="does not open"):
            grants.open(grant.id, f"guess {at}", address="10.0.0.66")
    with pytest.raises(SecurityError, match="too many failed attempts"):
        grants.open(grant.id, secret, address="10.0.0.9")  # right, but too soon
    assert told.codes().count("refuse") == 5
    for at in range(60):  # of unknown grants an address gets ten times as many
        try:
            grants.open(f"nothing {at}", "guess", address="10.0.0.67")
        except SecurityError as error:
            last = error
    assert "too many" in last.message


def test_looks_and_notes_are_limited(grants: Grants):
    _, token = _opened(grants)
    visit = grants.require(token)
    for _ in range(240):
        grants.look(visit, "signals", {})
    with pytest.raises(NotAllowedError, match="at once"):
        grants.look(visit, "signals", {})
    grants.note(visit, "", "bearing")
    with pytest.raises(InputError):
        grants.note(visit, " ")
    with pytest.raises(InputError, match="too long"):
        grants.note(visit, "x" * 3000)


def test_an_expert_cannot_fill_the_books_with_refusals(grants: Grants, told: Told):
    _, token = _opened(grants, ("health",))
    for _ in range(300):
        with pytest.raises(NotAllowedError):
            grants.require(token, "x" * 60_000)
    assert told.codes().count("refuse") == 240
    assert max(len(one["why"]) for one in told.data() if "why" in one) < 60


def test_without_a_record_nothing_is_given(tmp_path: Path):
    master = MasterData(places(tmp_path).ledger)
    with pytest.raises(MissingServiceError):
        Grants(master).give(shop.LATHE, "Li", HOUR, ("health",), who="wang")
    master.close()


def test_the_books_hold_the_whole_story(tmp_path: Path):
    with LedgerWriter(places(tmp_path).ledger) as writer:
        with grants_of(tmp_path) as grants:
            grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("signals", "note"), who="wang")
            visit = grants.require(grants.open(grant.id, secret))
            grants.look(visit, "signals", {"signal": "coolant"})
            grants.note(visit, "grinds at 1,200 1/min", "spindle bearing")
            grants.revoke(grant.id, who="wang")
        Intake(places(tmp_path).spool, writer).drain()
        ledger = Ledger(places(tmp_path).ledger)
        story = entries(ledger, "grant", shop.LATHE)
    assert [one.code for one in story] == ["give", "open", "look", "note", "revoke"]
    assert story[3].data == {"grant": grant.id, "outside": True, "cause": "spindle bearing"}
    assert story[3].person == "outside: Li"


# ---------------------------------------------------------------------- what is shown


@given(st.text(alphabet="abc ,.-", max_size=30), st.sampled_from(["wang", "zhang.li", "SO-17"]))
def test_a_name_is_blotted_out_wherever_it_stands_alone(text: str, name: str):
    blot = Blotter(["wang", "zhang.li", "SO-17", "王伟", "x"])
    assert name not in blot(f"{text} {name}, {text}")
    assert BLOT in blot(f"{text} {name.upper()}, {text}")
    assert BLOT in blot(f"{text} {name.title()}, {text}")
    assert blot(f"{name}a") == f"{name}a"  # another word that begins alike
    assert blot("由王伟确认") == f"由{BLOT}确认"
    assert blot("x") == "x"
    assert Blotter([])("wang") == "wang"


def test_the_list_of_grants_does_not_say_that_names_are_left_out(grants: Grants):
    _opened(grants)
    sheet = grants_sheet(grants.all(), (), now(), words("en"), ZoneInfo("UTC"))
    assert "Li of Spindle Ltd" in str(sheet.blocks)
    assert "names are left out" not in str(sheet.provenance)


def test_a_name_is_blotted_out_of_a_drawing_too():
    svg = '<svg aria-label="Mill &amp; Saw"><text>Mill &amp; Saw &lt; 3</text><rect class="Mill"/></svg>'
    sheet = blotted(Sheet("", "", (Picture(svg, "", "Mill & Saw"),)), Blotter(["Mill & Saw"]))
    assert sheet.blocks[0] == Picture(
        f'<svg aria-label="{BLOT}"><text>{BLOT} &lt; 3</text><rect class="Mill"/></svg>', "", BLOT
    )


def test_a_desk_shows_its_own_machine_and_nothing_of_others(view: PlantView):
    desk = RemoteDesk(HealthBooks(view), shop.LATHE, lambda: ["wang"])
    seen = desk.now()
    assert seen.name == "Lathe 1"
    # "parts" counts what was made, which is nobody's business outside
    assert {one.name for one in seen.signals} == {"execution", "spindle_load", "spindle_speed", "coolant"}
    span = desk.span("8h")
    assert any(value is not None for value in desk.trend("coolant", span).value)
    for name in ("parts", f"{shop.LATHE2}:coolant", "../lathe02:coolant", "lathe02:coolant", "", "nothing"):
        with pytest.raises(InputError, match="no such signal"):
            desk.trend(name, span)
    with pytest.raises(InputError, match="too long"):
        desk.span("40d")
    for wrong in ("jinan/machining", "jinan/machining/lathe99", ""):
        with pytest.raises(InputError, match="no such machine"):
            RemoteDesk(HealthBooks(view), wrong, list)


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> PlantView:
    """A shop with alarms, work orders and people's words about two machines."""
    folder = tmp_path_factory.mktemp("busy") / "plant"
    shop.write_plant(folder, 1, 2)
    (folder / "orders.csv").write_text("id,item,quantity\nSO-4711,gear,10\n", "utf-8")
    end = shop.seed(folder, hours=1)
    with LedgerWriter(places(folder).ledger) as writer:
        for machine, text in ((shop.LATHE, "hot while SO-4711 ran, wang was told"), (shop.LATHE2, "belt of lathe 2")):
            alarm = {
                "time": [end - 600 * SECOND], "end": [end - 300 * SECOND], "subject": [machine], "kind": ["alarm"],
                "code": ["overheat"], "text": [text], "person": ["zhao"],
            }  # fmt: skip
            writer.append("event", alarm, source="test")
            work = row("workorder", f"WO-{machine[-2:]}", "plan", person="zhao", text="zhao looks at Lathe 2 first",
                       data={"machine": machine, "task": "look"}, time=end)  # fmt: skip
            writer.append("event", work, source="test")
    return PlantView(folder)


def test_alarms_and_work_orders_are_those_of_the_machine_without_names(busy: PlantView):
    desk = RemoteDesk(HealthBooks(busy), shop.LATHE, lambda: ["wang"])
    alarms = desk.alarms(desk.span("1d"))
    assert [(one.code, one.text) for one in alarms] == [("overheat", f"hot while {BLOT} ran, {BLOT} was told")]
    assert alarms[0].end is not None
    work = desk.work()
    assert [(one.order, one.code) for one in work] == [("WO-01", "plan")]
    assert work[0].text == f"{BLOT} looks at {BLOT} first"
    other = RemoteDesk(HealthBooks(busy), shop.LATHE2, lambda: ["wang"])
    assert [one.text for one in other.alarms(other.span("1d"))] == ["belt of lathe 2"]
    assert other.work()[0].text == f"{BLOT} looks at Lathe 2 first"


def test_the_command_line_gives_lists_renews_and_ends(
    shop_folder: Path, tmp_path: Path, run_cli: Callable[..., tuple[int, str, str]]
):
    folder = tmp_path / "plant"
    shop.write_plant(folder, 1, 2)
    code, out, _ = run_cli("grant", "give", folder, shop.LATHE, "--expert", "Li", "--for", "2h", "--part", "signals",
                           "--url", "https://plant.example/", "--json")  # fmt: skip
    made = json.loads(out)
    assert code == 0
    assert made["link"].startswith(f"https://plant.example/en/remote#{made['id']}.")
    assert made["parts"] == ["signals"]
    _, out, _ = run_cli("grant", "list", folder, "--json")
    assert [(one["id"], one["state"]) for one in json.loads(out)["grants"]] == [(made["id"], "waiting")]
    _, out, _ = run_cli("grant", "renew", folder, made["id"], "--json")
    assert json.loads(out)["link"] != made["link"]
    with grants_of(folder) as grants, pytest.raises(SecurityError):
        grants.open(made["id"], made["link"].rpartition(".")[2])  # the old link is dead
    assert run_cli("grant", "revoke", folder, made["id"], "--reason", "found")[0] == 0
    code, _, err = run_cli("grant", "revoke", folder, made["id"])
    assert (code, "over" in err) == (2, True)
    code, out, _ = run_cli("grant", "list", folder, "--lang", "zh", "-o", tmp_path / "g.html")
    assert "已撤销" in out
    assert "已撤销" in (tmp_path / "g.html").read_text("utf-8")
    for wrong in (["jinan/machining", "--expert", "Li"], [shop.LATHE, "--expert", "Li", "--for", "60d"],
                  [shop.LATHE, "--expert", "Li", "--part", "payroll"]):  # fmt: skip
        assert run_cli("grant", "give", folder, *wrong)[0] == 2
    assert run_cli("grant", "revoke", shop_folder / "nowhere", "x")[0] == 2


def test_a_cause_from_outside_is_proposed_in_the_open_case_and_is_no_label(tmp_path: Path):
    folder = tmp_path / "plant"
    shop.write_plant(folder, 1, 2)
    with LedgerWriter(places(folder).ledger) as writer:

        def record(act: Act, stream: str = "", rows: Rows | None = None) -> None:
            if rows is not None:
                writer.append(stream, rows, source="test")
            told = {"time": [now()], "subject": [act.subject], "kind": ["act"], "code": [act.code]}
            writer.append("event", told, source="test")

        view, master = PlantView(folder), MasterData(places(folder).ledger)
        grants, users = Grants(master, record), Users(master, lambda act: record(act))
        outside = Outside(HealthBooks(view, record, grants), grants, users)
        grant, secret = grants.give(shop.LATHE, "Li", HOUR, ("health", "note"), who="wang")
        visit = grants.require(grants.open(grant.id, secret))
        outside.note(visit, "no case is open yet", "spindle bearing")
        assert ailments(view.ledger, shop.LATHE) == ()
        writer.append("event", open_row(shop.LATHE, "D-1", start=now(), person="wang"), source="test")
        outside.note(visit, "grinds at 1,200 1/min", "spindle bearing")
        (case,) = ailments(view.ledger, shop.LATHE)
        assert (case.state, case.cause) == ("open", "")
        assert [(one.cause, one.person) for one in case.proposals] == [("spindle bearing", "outside: Li")]
        assert labels(view.ledger) == ()
        master.close()


# ---------------------------------------------------------------------- the doors


class Doors:
    """REST and page of a plant, with its people's and its experts' ways in."""

    def __init__(self, view: PlantView, folder: Path) -> None:
        self.told = told = Told()
        self.tokens: dict[str, str] = {}
        self.master = MasterData(places(folder).ledger)
        self.users = Users(self.master, lambda act: told(act))
        self.users.add("wang", PASSWORD, Role.ENGINEER, who="test")
        self.users.add("op", PASSWORD, Role.OPERATOR, who="test")
        self.users.add("far", PASSWORD, Role.ENGINEER, [shop.MILL], who="test")
        self.grants = Grants(self.master, told)
        self.reads = Reads(2)
        outside = Outside(HealthBooks(view), self.grants, self.users)
        self.app: FastAPI = build_api(view, self.users, self.reads, outside=outside)
        self.app.include_router(remote_pages(outside, self.reads))
        self.port = free_port()
        self.clients: list[Client] = []

    def client(self, token: str = "", cookie: str = "") -> Client:
        """A program with this bearer token, or a browser with this cookie."""
        made = Client(base_url=f"http://127.0.0.1:{self.port}", timeout=30)
        self.clients.append(made)
        if token:
            made.headers["Authorization"] = f"Bearer {token}"
        if cookie:
            made.cookies.set(GUEST_COOKIE, cookie)
        return made

    def socket(self, cookie: str) -> ClientConnection:
        """The page's socket, as a browser opens it."""
        headers = {"Cookie": f"{GUEST_COOKIE}={cookie}", "Origin": f"http://127.0.0.1:{self.port}"}
        return connect(f"ws://127.0.0.1:{self.port}/en/remote/live", additional_headers=headers)

    def person(self, name: str) -> Client:
        """A person who has logged in."""
        if name not in self.tokens:
            self.tokens[name] = self.users.login(name, PASSWORD)
        return self.client(self.tokens[name])


@pytest.fixture(scope="module")
def doors(busy: PlantView, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Doors]:
    """A plant whose ledger is there, with people of its own."""
    made = Doors(busy, tmp_path_factory.mktemp("doors"))
    server = uvicorn.Server(uvicorn.Config(made.app, port=made.port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    yield made
    for client in made.clients:
        client.close()
    server.should_exit = True
    thread.join()
    made.reads.close()
    made.master.close()


GIVE = {"machine": shop.LATHE, "expert": "Li of Spindle Ltd", "length": "4h", "parts": list(ALL), "reason": "noise"}


def test_who_may_give_a_grant(doors: Doors):
    assert doors.client().post("/api/v1/grants", json=GIVE).status_code == 401
    assert doors.person("op").post("/api/v1/grants", json=GIVE).status_code == 403
    assert doors.person("far").post("/api/v1/grants", json=GIVE).status_code == 403
    wang = doors.person("wang")
    given_now = wang.post("/api/v1/grants", json=GIVE)
    assert given_now.status_code == 201
    assert given_now.json()["secret"] in given_now.json()["path"]
    assert wang.post("/api/v1/grants", json=GIVE | {"machine": "jinan/machining"}).status_code == 400
    assert wang.post("/api/v1/grants", json=GIVE | {"length": "31d"}).status_code == 400
    assert [one["state"] for one in wang.get("/api/v1/grants").json()] == ["waiting"]
    assert doors.person("far").get("/api/v1/grants").json() == []
    identifier = given_now.json()["id"]
    assert doors.person("far").post(f"/api/v1/grants/{identifier}/revoke", json={}).status_code == 403
    assert doors.person("far").get(f"/api/v1/grants/{identifier}/steps").status_code == 403
    assert doors.person("op").get("/api/v1/grants").status_code == 403


def _way_in(doors: Doors, **fields: object) -> tuple[str, str]:
    made = doors.person("wang").post("/api/v1/grants", json=GIVE | fields).json()
    opened = doors.client().post("/api/v1/remote/open", json={"id": made["id"], "secret": made["secret"]}).json()
    return made["id"], opened["token"]


def test_an_expert_sees_the_machine_and_only_what_the_grant_opens(doors: Doors):
    _, token = _way_in(doors, parts=["signals", "alarms"])
    expert = doors.client(token)
    machine = expert.get("/api/v1/remote/machine")
    assert machine.json()["name"] == "Lathe 1"
    assert machine.headers["cache-control"] == "no-store"
    assert expert.get("/api/v1/remote/trend", params={"signal": "coolant"}).json()["signal"] == f"{shop.LATHE}:coolant"
    other = expert.get("/api/v1/remote/trend", params={"signal": f"{shop.LATHE2}:coolant"})
    assert other.status_code == 400
    assert "lathe02" not in other.json()["expected"]
    assert [one["code"] for one in expert.get("/api/v1/remote/alarms").json()] == ["overheat"]
    assert expert.get("/api/v1/remote/workorders").status_code == 403
    assert expert.post("/api/v1/remote/note", json={"text": "x"}).status_code == 403
    assert doors.told.codes()[-6:] == ["look", "look", "look", "look", "refuse", "refuse"]


def test_no_door_of_the_plant_knows_an_experts_token(doors: Doors):
    """Every other operation of the service refuses it, whatever it is, and so does the page of a person."""
    _, token = _way_in(doors)
    expert = doors.client(token)
    schema = expert.get("/api/openapi.json").json()
    open_to_all = {"health", "login", "open_visit"}
    tried = 0
    for path, methods in schema["paths"].items():
        if path.startswith("/api/v1/remote/"):
            continue
        for method, told_of in methods.items():
            if told_of["operationId"] in open_to_all:
                continue
            answer = expert.request(method.upper(), path.replace("{", "").replace("}", ""), json={})
            assert answer.status_code in {401, 422}, (method, path, answer.status_code)
            if answer.status_code == 422:
                continue
            tried += 1
    assert tried > 40
    as_person = doors.client()
    as_person.cookies.set("luban_session", token)
    assert as_person.get("/api/v1/tree").status_code == 401


def test_a_persons_token_is_no_experts(doors: Doors):
    assert doors.person("wang").get("/api/v1/remote/machine").status_code == 401


def test_a_revoked_grant_is_over_for_rest_downloads_and_notes_at_once(doors: Doors):
    identifier, token = _way_in(doors)
    expert, browser = doors.client(token), doors.client(cookie=token)
    assert expert.get("/api/v1/remote/file", params={"part": "signals", "kind": "xlsx"}).status_code == 200
    assert browser.get("/en/remote/file", params={"part": "alarms", "kind": "html"}).status_code == 200
    doors.person("wang").post(f"/api/v1/grants/{identifier}/revoke", json={"reason": "enough"})
    for path in ("machine", "alarms", "workorders", "trend?signal=coolant", "file?part=signals&kind=html"):
        assert expert.get(f"/api/v1/remote/{path}").status_code == 401, path
    assert expert.post("/api/v1/remote/note", json={"text": "late"}).status_code == 401
    assert browser.get("/en/remote/file", params={"part": "alarms"}).status_code == 401
    assert browser.get("/en/remote/machine").status_code == 401


def test_an_answer_that_is_ready_after_the_end_is_not_given(doors: Doors, monkeypatch: pytest.MonkeyPatch):
    identifier, token = _way_in(doors)
    usual = RemoteDesk.now

    def slow(desk: RemoteDesk) -> Any:
        found = usual(desk)
        doors.grants.revoke(identifier, who="wang")
        return found

    monkeypatch.setattr(RemoteDesk, "now", slow)
    assert doors.client(token).get("/api/v1/remote/machine").status_code == 401


def test_the_form_opens_once_and_puts_the_token_into_a_cookie_scripts_cannot_read(doors: Doors):
    grant, secret = doors.grants.give(shop.LATHE, "Li", HOUR, ALL, who="wang")
    browser = doors.client()
    assert 'name="code"' in browser.get("/zh/remote").text
    assert browser.post("/en/remote", data={"code": f"{grant.id}.wrong"}).status_code == 401
    opened = browser.post("/en/remote", data={"code": f"{grant.id}.{secret}"})
    assert opened.status_code == 303
    cookie = opened.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    page = browser.get("/en/remote/machine")
    assert page.status_code == 200
    assert "Lathe 1" in page.text
    assert "lathe02" not in page.text
    assert "wang" not in page.text
    assert doors.client().post("/en/remote", data={"code": f"{grant.id}.{secret}"}).status_code == 401
    assert doors.client().get("/en/remote/machine").status_code == 401
    browser.post("/en/remote/leave", headers={"origin": "http://evil.example"})
    assert browser.get("/en/remote/machine").status_code == 200  # a foreign page ends nothing
    browser.post("/en/remote/leave")
    assert browser.get("/en/remote/machine").status_code == 401


def test_the_socket_shows_parts_and_is_closed_when_the_grant_ends(doors: Doors):
    identifier, token = _way_in(doors, parts=["signals", "workorders", "note"])
    with doors.socket(token) as socket:

        def ask(**asked: str) -> Any:
            socket.send(json.dumps(asked))
            return json.loads(socket.recv(timeout=10))

        assert "spindle_load" in ask(part="signals")["html"]
        assert "<svg" in ask(part="signals", signal="coolant", span="8h")["html"]
        assert "does not open this" in ask(part="alarms")["html"]
        assert ask(note="grinds", cause="bearing")["noted"] is True
        doors.grants.revoke(identifier, who="wang")
        begun = time.monotonic()
        assert json.loads(socket.recv(timeout=10)) == {"over": "revoked"}
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
        assert time.monotonic() - begun < 1
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4401
    with doors.socket(token) as socket, pytest.raises(ConnectionClosed):
        socket.recv(timeout=10)


@pytest.mark.parametrize("sent", ["no json", b"\x00", "[" * 100_000])
def test_what_the_page_never_sends_ends_the_socket_and_stays_out_of_the_log(
    doors: Doors, sent: str | bytes, caplog: pytest.LogCaptureFixture
):
    _, token = _way_in(doors, parts=["signals"])
    with doors.socket(token) as socket:
        socket.send(sent)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    assert "broke" not in caplog.text
    with doors.socket(token) as socket:  # and the visit goes on
        socket.send(json.dumps({"part": "signals"}))
        assert "spindle_load" in json.loads(socket.recv(timeout=10))["html"]


def test_what_an_expert_reads_is_written_down_before_it_is_shown(doors: Doors, monkeypatch: pytest.MonkeyPatch):
    _, token = _way_in(doors)

    def full(*_: object) -> None:
        raise InputError("the disk is full")

    monkeypatch.setattr(doors.grants, "_record", full)
    assert doors.client(token).get("/api/v1/remote/machine").status_code == 400
