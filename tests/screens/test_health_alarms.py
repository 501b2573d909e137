"""The alarm list live: facts raise alarms, people act on them, a restart changes nothing; REST and its roles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import HOUR, MINUTE, SECOND, now
from luban.ledger import LedgerWriter, Rows
from luban.loop.places import places
from luban.screens.service import PlantView
from luban.screens.service.alarms import AlarmDesk, alarms_of
from luban.screens.service.alarms_live import AlarmWatch
from luban.screens.service.health import HealthBooks
from luban.screens.users import Act
from luban.understand.health.alarms import State
from tests.screens.health_shop import LATHE, MILL, PEOPLE, recorder, write
from tests.screens.rest import answering, own

LOAD = f"{LATHE}:load"
LIST = (
    "id,signal,condition,limit,deadband,on_delay_s,priority,latch,suppress_in,cause,consequence,action,response_s\n"
    "overload,lathe:load,high,80,5,10,high,,off,blunt tool,spindle trips,change the tool,300\n"
    "hot,lathe:temperature,high,60,2,0,medium,yes,,,,,\n"
    "quiet,mill:load,silent,120,,,low,,,,,,\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = write(tmp_path / "plant")
    (made / "alarms.csv").write_text(LIST, "utf-8")
    put(made, "signal", (now() - HOUR, LOAD, 40.0))
    return made


def put(folder: Path, stream: str, *rows: tuple[int, str, object]) -> None:
    times, subjects, values = ([row[at] for row in rows] for at in range(3))
    column = {"signal": "value", "state": "state"}[stream]
    more = {"mapping": ["generic@1"] * len(rows)} if stream == "state" else {}
    told = {"time": times, "subject": subjects, column: values, "quality": [0] * len(rows)} | more
    with LedgerWriter(places(folder).ledger) as writer:
        writer.append(stream, told, source="cell")


class Shop:
    """A plant with its alarm list kept live by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.view = PlantView(folder)
        self.books = HealthBooks(self.view, recorder(folder, []))
        self.desk = AlarmDesk(self.books)
        self.watch = self.started()

    def started(self) -> AlarmWatch:
        return AlarmWatch(self.view.ledger, self.view.plant, self.note)

    def note(self, stream: str, parts: Iterable[Rows]) -> None:
        with LedgerWriter(places(self.folder).ledger) as writer:
            for rows in parts:
                writer.append(stream, rows, source="alarms")

    def look(self, at: int | None = None) -> list[tuple[str, str]]:
        return [(one.alarm, one.code) for one in self.watch.look(at)]

    def states(self) -> dict[str, str]:
        return {one.standing.id: str(one.state) for one in self.desk.listed()}


@pytest.fixture
def shop(folder: Path) -> Iterator[Shop]:
    made = Shop(folder)
    yield made
    made.view.ledger.close()


def test_an_alarm_comes_is_seen_and_goes(shop: Shop) -> None:
    start = now() - MINUTE
    assert shop.look(start) == []
    put(shop.folder, "signal", (start, LOAD, 90.0))
    assert shop.look(start + 8 * SECOND) == []
    assert shop.look(start + 13 * SECOND) == [("overload", "raise")]
    (one,) = shop.desk.listed()
    assert (one.standing.raised, one.standing.value, one.standing.unit) == (start + 10 * SECOND, 90.0, "%")
    assert (one.rule and one.rule.action, one.standing.place) == ("change the tool", LATHE)
    seen = shop.desk.act("overload", "acknowledge", person="li")
    assert (seen.state, seen.standing.seen_by) == (State.ACKNOWLEDGED, "li")
    with pytest.raises(InputError, match="nothing to acknowledge"):
        shop.desk.act("overload", "acknowledge", person="zhao")
    put(shop.folder, "signal", (start + 20 * SECOND, LOAD, 76.0), (start + 30 * SECOND, LOAD, 74.0))
    assert shop.look(start + 40 * SECOND) == [("overload", "return")]
    assert shop.states() == {}
    made = alarms_of(shop.desk, LATHE)
    assert made.history == (("overload", start + 10 * SECOND, start + 30 * SECOND, "high"),)
    assert alarms_of(shop.desk, MILL).history == ()


def test_a_restart_changes_nothing_and_misses_nothing(shop: Shop) -> None:
    start = now() - 30 * MINUTE
    assert shop.look(start) == []
    put(shop.folder, "signal", (start, LOAD, 90.0))
    assert shop.look(start + MINUTE) == [("overload", "raise")]
    shop.watch = shop.started()
    assert shop.look(start + 2 * MINUTE) == []
    # it goes, and another comes, while nobody watches
    put(shop.folder, "signal", (start + 3 * MINUTE, LOAD, 10.0), (start + 3 * MINUTE, f"{LATHE}:temperature", 70.0))
    put(shop.folder, "signal", (start + 4 * MINUTE, f"{LATHE}:temperature", 50.0))
    shop.watch = shop.started()
    assert shop.look(start + 5 * MINUTE) == [("overload", "return"), ("hot", "raise"), ("hot", "return")]
    assert shop.states() == {"hot": "latched, unacknowledged", "overload": "returned, unacknowledged"}
    shop.watch = shop.started()
    assert shop.look(start + 6 * MINUTE) == []


def test_shelved_alarms_come_back_by_themselves(shop: Shop) -> None:
    start = now()
    put(shop.folder, "signal", (start - MINUTE, LOAD, 90.0))
    assert shop.look(start) == [("overload", "raise")]
    until = now() + 10 * MINUTE
    shelved = shop.desk.act("overload", "shelve", person="li", reason="being repaired", until=until)
    assert shelved.state is State.SHELVED
    assert shop.states() == {}
    assert shop.look(start + 5 * MINUTE) == []
    assert shop.desk.one("overload").standing.until == until
    shop.look(until + SECOND)
    shop.look(until + 2 * SECOND)  # written once
    codes = [entry.code for entry in shop.desk.history("overload")]
    assert codes == ["raise", "shelve", "unshelve"]
    assert shop.states() == {"overload": "unacknowledged"}


def test_suppressed_by_design_while_the_machine_is_off(shop: Shop) -> None:
    start = now() - 5 * MINUTE
    assert shop.look(start) == []
    put(shop.folder, "state", (start + SECOND, LATHE, "off"))
    put(shop.folder, "signal", (start + 2 * SECOND, LOAD, 90.0))
    assert shop.look(start + MINUTE) == [("overload", "suppress"), ("overload", "raise")]
    assert shop.states() == {}
    put(shop.folder, "state", (start + 90 * SECOND, LATHE, "running"))
    assert shop.look(start + 2 * MINUTE) == [("overload", "unsuppress")]
    assert shop.states() == {"overload": "unacknowledged"}


def test_a_stop_is_no_return_also_after_a_restart(shop: Shop) -> None:
    text = "id,signal,condition,limit,on_delay_s,priority,watch_in\nshakes,lathe:vibration,high,5,10,medium,running\n"
    (shop.folder / "alarms.csv").write_text(text, "utf-8")
    shop = Shop(shop.folder)
    start, signal = now() - 30 * MINUTE, f"{LATHE}:vibration"
    put(shop.folder, "state", (start, LATHE, "running"))
    put(shop.folder, "signal", (start + SECOND, signal, 9.0))
    assert shop.look(start + MINUTE) == [("shakes", "raise")]
    put(shop.folder, "state", (start + 2 * MINUTE, LATHE, "idle"))
    put(shop.folder, "signal", (start + 2 * MINUTE + SECOND, signal, 0.1))
    assert shop.look(start + 3 * MINUTE) == []
    shop.watch = shop.started()
    assert shop.look(start + 4 * MINUTE) == []
    put(shop.folder, "state", (start + 5 * MINUTE, LATHE, "running"))
    put(shop.folder, "signal", (start + 5 * MINUTE + SECOND, signal, 2.0))
    assert shop.look(start + 6 * MINUTE) == [("shakes", "return")]


def test_findings_of_health_raise_alarms_with_their_source(shop: Shop) -> None:
    assert [one.code for one in shop.watch.report(MILL, "anomaly", 1.0, "vibration")] == ["raise"]
    assert shop.watch.report(MILL, "anomaly", 1.0) == []
    assert [one.code for one in shop.watch.report(MILL, "life", 30.0, "bearing: 30 h")] == ["raise"]
    open_now = {one.standing.id: one for one in alarms_of(shop.desk, MILL).open}
    assert open_now[f"{MILL} anomaly"].standing.text == "vibration"
    assert (open_now[f"{MILL} life"].standing.value, open_now[f"{MILL} life"].standing.unit) == (30.0, "h")
    rule = open_now[f"{MILL} anomaly"].rule
    assert rule is not None
    assert rule.action
    assert [one.code for one in shop.watch.report(MILL, "anomaly", 0.0)] == ["return"]


def test_a_device_that_does_not_confirm_raises_an_alarm_until_a_person_has_settled_it(shop: Shop) -> None:
    doubted = {f"{MILL}:feed": "the device did not show the value"}

    def watch() -> AlarmWatch:
        return AlarmWatch(shop.view.ledger, shop.view.plant, shop.note, commands=lambda: doubted)

    first = watch()
    assert [one.code for one in first.look_at_commands()] == ["raise"]
    assert first.look_at_commands() == []
    (one,) = [one for one in shop.desk.listed() if one.standing.id == f"{MILL}:feed command"]
    assert (one.standing.priority, one.standing.text) == ("medium", "the device did not show the value")
    again = watch()  # after a restart it still stands, and is not raised twice
    assert again.look_at_commands() == []
    doubted.clear()
    assert [one.code for one in again.look_at_commands()] == ["return"]
    assert again.look_at_commands() == []


def test_a_flood_is_said_while_it_lasts(shop: Shop) -> None:
    start = now() - 20 * MINUTE
    shop.look(start)
    for at in range(12):
        moment = start + at * 20 * SECOND
        put(
            shop.folder,
            "signal",
            (moment, f"{LATHE}:temperature", 70.0),
            (moment + SECOND, f"{LATHE}:temperature", 50.0),
        )
    shop.look(start + 5 * MINUTE)
    count, flood = shop.desk.load(start + 5 * MINUTE)
    assert count == 12
    assert flood is not None
    assert (flood.start, flood.count, flood.first) == (start + 200 * SECOND, 12, "hot")
    assert shop.desk.load(start + 19 * MINUTE) == (0, None)


def test_a_new_list_does_not_raise_what_is_history(shop: Shop) -> None:
    put(shop.folder, "signal", (now() - 5 * HOUR, f"{LATHE}:temperature", 70.0))
    put(shop.folder, "signal", (now() - 4 * HOUR, f"{LATHE}:temperature", 50.0), (now() - 3 * HOUR, LOAD, 85.0))
    put(shop.folder, "signal", (now() - 2 * HOUR, LOAD, 84.0))
    start = now()
    assert shop.look(start) == []  # the newest load is 40, an hour ago
    put(shop.folder, "signal", (start - 2 * HOUR, LOAD, 99.0))
    assert shop.look(start + MINUTE) == []  # too late to tell anybody


def test_a_silent_signal_raises_an_alarm(shop: Shop) -> None:
    put(shop.folder, "signal", (now() - 5 * MINUTE, f"{MILL}:load", 1.0))
    assert shop.look() == [("quiet", "raise")]


def test_what_is_not_in_the_list_is_refused(shop: Shop) -> None:
    with pytest.raises(InputError, match="no such alarm"):
        shop.desk.act("nothing", "acknowledge", person="li")


def test_rest_and_its_roles(folder: Path) -> None:
    shop, acts = Shop(folder), list[Act]()
    put(folder, "signal", (now() - MINUTE, LOAD, 90.0), (now() - MINUTE, f"{LATHE}:temperature", 70.0))
    assert sorted(shop.look()) == [("hot", "raise"), ("overload", "raise")]
    base = "/api/v1/health/alarms"
    with answering(folder, PEOPLE, health=lambda view: HealthBooks(view, recorder(folder, acts))) as client:
        viewer, operator, engineer, part = (own(client, name) for name in ("wang", "zhao", "li", "part"))
        assert client.get(base).status_code == 401
        listed = client.get(base, headers=viewer).json()
        assert [(one["id"], one["state"], one["action"]) for one in listed] == [
            ("overload", "unacknowledged", "change the tool"), ("hot", "unacknowledged", ""),
        ]  # fmt: skip
        assert len(client.get(base, params={"every": True}, headers=viewer).json()) == 3
        assert client.get(base, params={"unit": MILL}, headers=viewer).json() == []

        def act(headers: dict[str, str], **body: object) -> int:
            return client.post(f"{base}/acts", json=body, headers=headers).status_code

        assert act(viewer, alarm="hot", code="acknowledge") == 403
        assert act(operator, alarm="hot", code="acknowledge") == 201
        assert act(operator, alarm="hot", code="acknowledge") == 400
        assert act(operator, alarm="hot", code="withdraw", reason="sensor broken") == 403
        assert act(engineer, alarm="hot", code="withdraw") == 400
        assert act(engineer, alarm="hot", code="withdraw", reason="sensor broken") == 201
        assert act(operator, alarm="overload", code="shelve", reason="known", minutes=30) == 201
        assert act(operator, alarm="overload", code="shelve", reason="known") == 400
        assert act(operator, alarm="overload", code="shelve", reason="known", minutes=721) == 422
        assert act(operator, alarm="none", code="acknowledge") == 400
        assert act(part, alarm="quiet", code="comment", text="mine?") == 403
        one = client.get(f"{base}/one", params={"alarm": "hot"}, headers=part).json()
        assert (one["state"], [entry["code"] for entry in one["history"]]) == (
            "out of service", ["raise", "acknowledge", "withdraw"],
        )  # fmt: skip
        assert client.get(f"{base}/one", params={"alarm": "quiet"}, headers=part).status_code == 403
        machine = client.get(f"{base}/machine", params={"unit": LATHE}, headers=viewer).json()
        assert [row["alarm"] for row in machine["history"]] == ["hot", "overload"]
        assert client.get(f"{base}/statistics", headers=part).status_code == 403
        told = client.get(f"{base}/statistics", headers=viewer).json()
        assert (told["n"], told["priorities"]["high"]) == (2, 1)
        findings = client.get(f"{base}/list", headers=viewer).json()["findings"]
        assert {one["alarm"] for one in findings if one["heavy"]} == {"hot", "quiet"}
    assert [act.code for act in acts] == ["alarm acknowledge", "alarm withdraw", "alarm shelve"]


def test_what_is_not_held_in_memory_is_read_from_the_books(shop: Shop):
    at = now() - 20 * MINUTE
    put(shop.folder, "signal", (at, LOAD, 90.0), (at + MINUTE, LOAD, 50.0), (at + 2 * MINUTE, LOAD, 95.0))
    shop.look()
    shop.desk.act("overload", "acknowledge", person="zhao")
    whole, few = AlarmDesk(shop.books), AlarmDesk(shop.books, kept=2)
    assert len(few.history("overload")) == len(whole.history("overload")) > 2
    assert few._entries is None
    assert not few._by_alarm
    for ask in (
        lambda desk: desk.standing(), lambda desk: desk.history("overload"), lambda desk: desk.load(),
        lambda desk: [one.tolist() for one in (desk.log().which, desk.log().raised, desk.log().returned)],
    ):  # fmt: skip
        assert ask(few) == ask(whole)
    shop.desk.act("overload", "comment", person="zhao", text="seen")
    assert few.history("overload")[-1].code == "comment"
    assert few.standing() == whole.standing()
