"""Stock through its service, REST and the command: what lies where, checked moves, cards that are filled."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from luban.core.errors import InputError
from luban.screens.cli.main import run
from luban.screens.i18n import words
from luban.screens.report.trace_stock import stock_sheet, totals
from luban.screens.service import PlantView
from luban.screens.service.trace import TraceBooks
from luban.screens.service.trace_stock import StockDesk
from luban.understand.trace import Move
from tests.screens.rest import answering, own
from tests.screens.trace_shop import PEOPLE, recorder, traced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = traced(tmp_path / "plant")
    (made / "kanban.csv").write_text("id,item,place,source,quantity,cards\nK1,gear,line,store,6,3\n", "utf-8")
    return made


@pytest.fixture
def desk(folder: Path) -> Iterator[StockDesk]:
    books = TraceBooks(PlantView(folder), recorder(folder, []))
    yield StockDesk(books)
    books.stop()
    books.view.ledger.close()


def here(desk: StockDesk, **asked: str) -> dict[tuple[str, str], float]:
    return {(one.lot, one.place): one.quantity for one in desk.stock(**asked)}


def test_what_was_received_less_what_was_used_and_delivered_lies_in_the_store(desk: StockDesk) -> None:
    assert here(desk) == {
        ("S-1", "store"): 20.0,
        ("S-2", "store"): 30.0,
        ("G-1", "store"): 12.0,
        ("BOX-1", "store"): 1.0,
    }
    assert here(desk, item="gear") == {("G-1", "store"): 12.0}
    assert here(desk, place="attic") == {}
    assert totals(desk.stock())["store", "steel"] == (2, 50.0, 0.0)
    assert desk.places() == ["customer:north", "customer:south", "store"]


def test_a_move_is_booked_and_one_of_too_much_is_refused(desk: StockDesk) -> None:
    desk.move(Move("steel", "S-1", "store", "line/a", 15.0), person="zhao")
    assert here(desk, lot="S-1") == {("S-1", "store"): 5.0, ("S-1", "line/a"): 15.0}
    assert here(desk, place="line") == {("S-1", "line/a"): 15.0}
    desk.move(Move("steel", "S-9", "", "store", 7.0), person="zhao")
    desk.move(Move("steel", "S-1", "line/a", "", 15.0), person="zhao")
    assert here(desk, item="steel") == {("S-1", "store"): 5.0, ("S-2", "store"): 30.0, ("S-9", "store"): 7.0}
    for wrong in (Move("steel", "S-1", "store", "line", 5.1), Move("steel", "S-1", "attic", "line", 1.0),
                  Move("gold", "S-1", "store", "line", 1.0), Move("gear", "S-1", "store", "line", 1.0),
                  Move("steel", "S-8", "store", "line", 1.0), Move("gear", "", "store", "line", 1.0)):  # fmt: skip
        with pytest.raises(InputError):
            desk.move(wrong, person="zhao")
    desk.move(Move("gear", "", "", "bin", 100.0), person="zhao")  # kept without lots
    desk.move(Move("gear", "", "bin", "line", 40.0), person="zhao")
    assert here(desk, item="gear")["", "bin"] == 60.0


def test_a_customer_sends_back_no_more_than_it_got(desk: StockDesk) -> None:
    with pytest.raises(InputError, match="not so much"):
        desk.move(Move("gearbox", "BOX-1", "customer:north", "store", 3.5), person="zhao")
    desk.move(Move("gearbox", "BOX-1", "customer:north", "store", 2.0), person="zhao")
    assert here(desk, lot="BOX-1") == {("BOX-1", "store"): 3.0}
    with pytest.raises(InputError, match="not so much"):
        desk.move(Move("gearbox", "BOX-1", "customer:north", "store", 1.5), person="zhao")
    with pytest.raises(InputError, match="not so much"):
        desk.move(Move("gearbox", "BOX-1", "customer:south", "store", 1.0), person="zhao")


def test_two_who_take_the_last_at_once_do_not_both_get_it(desk: StockDesk) -> None:
    told: list[str] = []

    def take(person: str) -> None:
        try:
            desk.move(Move("gearbox", "BOX-1", "store", "dock", 1.0), person=person)
        except InputError:
            told.append(person)

    both = [threading.Thread(target=take, args=(name,)) for name in ("zhao", "li")]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(told) == 1
    assert here(desk, lot="BOX-1") == {("BOX-1", "dock"): 1.0}


def test_a_card_is_filled_from_the_oldest_lots_and_none_beyond_what_is_there(desk: StockDesk) -> None:
    desk.move(Move("gear", "G-2", "", "store", 4.0), person="zhao")
    (cards,) = desk.cards()
    assert (cards.full, cards.free, cards.short) == (0, 3, True)  # 16 of 18
    assert [(one.lot, one.quantity) for one in desk.bring("K1", person="zhao")] == [("G-1", 6.0)]
    assert [(one.lot, one.quantity) for one in desk.bring("K1", person="zhao")] == [("G-1", 6.0)]
    with pytest.raises(InputError, match="not so much"):
        desk.bring("K1", person="zhao")
    desk.move(Move("gear", "G-2", "", "store", 3.0), person="zhao")
    desk.bring("K1", person="zhao")
    with pytest.raises(InputError, match="every card"):
        desk.bring("K1", person="zhao")
    with pytest.raises(InputError, match="no such kanban loop"):
        desk.bring("K9", person="zhao")
    assert here(desk, item="gear") == {("G-1", "line"): 12.0, ("G-2", "line"): 6.0, ("G-2", "store"): 1.0}
    sheet = stock_sheet(desk.stock(), desk.cards(), words("zh"), {"gear": "piece"}, as_of=1)
    assert "看板" in str(sheet)


def test_what_an_order_needs_is_picked_from_the_oldest_lots(folder: Path) -> None:
    (folder / "bom.csv").write_text("parent,item,quantity\ngearbox,shaft,1\ngearbox,gear,2\nshaft,steel,5\n", "utf-8")
    (folder / "orders.csv").write_text("id,item,quantity\nA1,gearbox,9\nM9,shaft,9\nX,steel,1\n", "utf-8")
    books = TraceBooks(PlantView(folder), recorder(folder, []))
    desk = StockDesk(books)
    assert desk.orders() == ["A1", "M9"]
    picked = [(one.item, one.lot, one.place, one.quantity) for one in desk.picks("M9")]
    assert picked == [("steel", "S-1", "store", 20.0), ("steel", "S-2", "store", 25.0)]
    # A1 has used 4 shafts and 8 gears of the 9 and 18 it needs; no shaft is left
    assert [(one.item, one.lot, one.quantity) for one in desk.picks("A1")] == [
        ("gear", "G-1", 10.0),
        ("shaft", "", 5.0),
    ]
    for wrong in ("X", "nothing"):
        with pytest.raises(InputError):
            desk.picks(wrong)
    books.stop()
    books.view.ledger.close()


def test_rest_and_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(folder, PEOPLE) as client:
        wang, zhao = own(client, "wang"), own(client, "zhao")
        base = "/api/v1/trace"
        rows: list[dict[str, Any]] = client.get(f"{base}/stock?item=gear", headers=wang).json()["rows"]
        assert [(one["lot"], one["quantity"]) for one in rows] == [("G-1", 12.0)]
        assert client.get(f"{base}/kanban", headers=wang).json()[0]["free"] == 3
        assert client.get(f"{base}/stock/file?language=ko", headers=wang).content.startswith(b"PK")
        move = {"item": "gear", "lot": "G-1", "origin": "store", "destination": "line", "quantity": 99}
        assert client.post(f"{base}/moves", json=move, headers=wang).status_code == 403
        assert client.post(f"{base}/moves", json=move, headers=zhao).status_code == 400
        assert client.post(f"{base}/moves", json=move | {"quantity": 1}, headers=zhao).status_code == 501
    assert run(None, ["trace", str(folder), "--stock", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["kanban"] == [{"loop": "K1", "stock": 0.0, "at_source": 12.0, "full": 0, "free": 3}]
    assert {one["lot"] for one in told["stock"]} == {"S-1", "S-2", "G-1", "BOX-1"}
