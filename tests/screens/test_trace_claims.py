"""Warranty claims through their service and REST: against a delivery, within rights, closed on proof."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from luban.core.errors import InputError
from luban.core.time import DAY, now
from luban.screens.service import PlantView
from luban.screens.service.trace import TraceBooks
from luban.screens.service.trace_claims import ClaimDesk
from luban.screens.service.trace_stock import StockDesk
from luban.understand.trace import Move
from tests.screens.rest import answering, own
from tests.screens.trace_shop import PEOPLE, recorder, traced


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return traced(tmp_path / "plant")


@pytest.fixture
def desk(folder: Path) -> Iterator[ClaimDesk]:
    books = TraceBooks(PlantView(folder), recorder(folder, []))
    yield ClaimDesk(books)
    books.stop()
    books.view.ledger.close()


def test_a_claim_is_closed_when_facts_prove_it(desk: ClaimDesk) -> None:
    stock = StockDesk(desk.books)
    made = desk.register("BOX-1", "noise", "repair", person="zhao", quantity=1.0)
    claim = desk.claim(made)
    assert (made, claim.customer, desk.rights(claim)) == ("C-1", "customer:north", ("refund", "replace", "repair"))
    with pytest.raises(InputError, match="decided before"):
        desk.close(made, "", person="li")
    with pytest.raises(InputError, match="needs a reason"):
        desk.decide(made, "refuse", " ", person="li")
    desk.decide(made, "repair", "", person="li")
    with pytest.raises(InputError, match="no fact proves"):
        desk.close(made, "", person="li")
    stock.move(Move("gearbox", "BOX-1", "customer:north", "repairs", 1.0, made), person="zhao")
    assert [one.seq is None for one in desk.proof(desk.claim(made))] == [False, True]
    stock.move(Move("gearbox", "BOX-1", "repairs", "customer:north", 1.0, made), person="zhao")
    assert desk.close(made, "", person="li")
    assert desk.claim(made).state == "closed"
    with pytest.raises(InputError, match="is closed"):
        desk.decide(made, "repair", "", person="li")


def test_a_refund_needs_goods_and_voucher_and_a_close_without_proof_says_so(desk: ClaimDesk) -> None:
    made = desk.register("BOX-2", "crack", "refund", person="zhao", quantity=5.0)
    with pytest.raises(InputError, match="voucher is of a refund"):
        desk.settle(made, "V1", person="zhao")
    desk.decide(made, "refund", "", person="li")
    desk.settle(made, "V1", person="zhao")
    assert [one.seq for one in desk.proof(desk.claim(made))] == [None, 0]
    assert not desk.close(made, "scrapped at the customer's", person="li")
    assert desk.claim(made).state == "unproven"


def test_claims_that_cannot_be_are_refused(desk: ClaimDesk) -> None:
    desk.register("BOX-1", "noise", "repair", person="zhao", quantity=2.0)
    for wrong, why in (
        ({"lot": "X"}, "no fact names"), ({"lot": "S-1"}, "nothing of this lot was delivered"),
        ({"quantity": 1.5}, "more than was delivered"), ({"quantity": 0.0}, "more than was delivered"),
        ({"customer": "customer:south"}, "who has it"), ({"fault": " "}, "what is wrong"),
        ({"wanted": "gift"}, "not a remedy"), ({"sold": now() + DAY}, "later than now"),
    ):  # fmt: skip
        given = {"lot": "BOX-1", "fault": "noise", "wanted": "repair", "person": "zhao"} | wrong
        with pytest.raises(InputError, match=why):
            desk.register(**given)  # type: ignore[arg-type]
    assert len(desk.claims()) == 1
    old = desk.register("BOX-1", "noise", "repair", person="zhao", sold=now() - 400 * DAY)
    assert desk.rights(desk.claim(old)) == ()


def test_what_claimed_lots_have_in_common(desk: ClaimDesk) -> None:
    desk.register("BOX-1", "Noise", "repair", person="zhao")
    with pytest.raises(InputError, match="2 lots or more"):
        desk.common()
    desk.register("BOX-2", "noise at 40 Hz", "repair", person="zhao")
    found = {(one.kind, one.name): (one.hit, one.reach) for one in desk.common("noise")}
    assert found["lot", "P-1"] == (2, 2)
    assert found["lot", "G-1"] == (1, 1)
    with pytest.raises(InputError):
        desk.common("leak")


def test_rest_with_roles(folder: Path) -> None:
    with answering(folder, PEOPLE) as client:
        li, zhao, wang = (own(client, name) for name in ("li", "zhao", "wang"))
        base = "/api/v1/trace/claims"
        assert client.get(base, headers=wang).json() == []
        asked = {"lot": "BOX-1", "fault": "noise", "wanted": "repair"}
        assert client.post(base, json=asked, headers=wang).status_code == 403
        assert client.post(base, json=asked, headers=zhao).status_code == 501  # nothing is written here
        assert client.post(base, json=asked | {"wanted": "gift"}, headers=zhao).status_code == 422
        assert client.post(f"{base}/C-1/decision", json={"remedy": "repair"}, headers=zhao).status_code == 403
        assert client.post(f"{base}/C-1/close", json={}, headers=li).status_code == 400
        assert client.get(f"{base}/C-1", headers=wang).status_code == 400
        assert client.get(f"{base}/common", headers=wang).status_code == 400
