"""Partners: what each sees of a lot, files handed over and taken in, and what a chain of hashes shows."""

from __future__ import annotations

import copy
import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from luban.core.errors import InputError
from luban.core.time import now
from luban.loop.places import places
from luban.screens.service import PlantView
from luban.screens.service.trace import TraceBooks
from luban.screens.service.trace_partners import PartnerDesk, _document
from luban.understand.trace import Grant, Trace, heads, partner_view, verify_chain
from tests.screens.rest import answering, own
from tests.screens.trace_shop import PEOPLE, add, recorder, traced

SUPPLIER = b"the secret of the steel works"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return traced(tmp_path / "plant")


@pytest.fixture
def desk(folder: Path) -> Iterator[PartnerDesk]:
    books = TraceBooks(PlantView(folder), recorder(folder, []))
    yield PartnerDesk(books)
    books.stop()
    books.view.ledger.close()


def steel(*, upstream: dict[str, str] | None = None, ore: float = 50.0) -> dict[str, Any]:
    """The view that the steel works gives of S-1, made from ore that it bought."""
    trace = Trace()
    trace.add("movement", {"time": [1], "seq": [1], "subject": ["ore"], "lot": ["ORE"], "origin": [None],
                           "destination": ["yard"], "quantity": [100.0], "order": [None]})  # fmt: skip
    trace.add("genealogy", {"time": [2], "seq": [2], "subject": ["S-1"], "input": ["ORE"], "quantity": [ore],
                            "item": ["ore"], "order": ["H1"]})  # fmt: skip
    return partner_view(trace, Grant(("S-1",)), SUPPLIER, upstream=upstream)


def test_a_partner_sees_what_was_granted_and_delivered_to_it(desk: PartnerDesk) -> None:
    assert desk.partners() == {}
    assert desk.likely() == ["customer:north", "customer:south"]
    with pytest.raises(InputError, match="nothing is granted"):
        desk.view("customer:north", "BOX-1")
    desk.grant("customer:north", steps=1, fields=["item", "order"], person="li")
    assert desk.lots("customer:north") == ["BOX-1"]
    view = desk.view("customer:north", "BOX-1")
    told = json.dumps(view)
    assert {row["lot"] for row in view["records"] if "lot" in row} == {"BOX-1", "P-1", "G-1"}
    assert not any(word in told for word in ('"S-1"', '"S-2"', "40.0", '"quantity": {', '"made": {'))
    with pytest.raises(InputError, match="nor delivered to it"):
        desk.view("customer:north", "BOX-2")
    desk.grant("customer:north", lots=["BOX-2"], steps=0, fields=["item"], items=["gearbox"], person="li")
    assert [row.get("lot") for row in desk.view("customer:north", "BOX-2")["records"] if "lot" in row] == ["BOX-2"]
    desk.withdraw("customer:north", person="li")
    assert desk.lots("customer:north") == []
    for wrong in ({"name": " "}, {"fields": ["price"]}, {"lots": ["nothing"]}):
        with pytest.raises(InputError):
            desk.grant(**({"name": "north", "person": "li"} | wrong))  # type: ignore[arg-type]
    with pytest.raises(InputError, match="nothing is granted"):
        desk.withdraw("customer:north", person="li")


def test_the_secret_is_made_once_and_is_its_owners(desk: PartnerDesk, folder: Path) -> None:
    desk.grant("customer:north", person="li")
    first = desk.hand("customer:north", "BOX-1", person="li")
    path = places(folder).web / "partners" / "secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = PartnerDesk(desk.books)
    assert json.loads(again.hand("customer:north", "BOX-1", person="li"))["heads"] == json.loads(first)["heads"]
    assert path.read_text("ascii").strip().encode() not in first
    with desk.books.asked() as trace:
        assert json.loads(first)["heads"] == heads(trace, ["BOX-1"], path.read_bytes().strip())


def test_what_changed_after_it_was_handed_over_shows(desk: PartnerDesk, folder: Path) -> None:
    desk.grant("customer:north", person="li")
    desk.grant("customer:south", person="li")
    desk.hand("customer:north", "BOX-1", person="li")
    desk.hand("customer:south", "BOX-2", person="li")
    assert desk.check().sound
    table = desk.books.view.ledger.table("genealogy")
    seq = next(row["seq"] for row in table.to_pylist() if row["input"] == "G-1")
    add(folder, "genealogy", {"time": [now()], "subject": ["BOX-1"], "input": ["G-9"], "quantity": [8.0],
                              "item": ["gear"], "order": ["A1"], "supersedes": [seq]})  # fmt: skip
    desk.books.catch_up()
    found = desk.check()
    assert {one.handed.lot: one.state for one in found.handed} == {"BOX-1": "changed", "BOX-2": "same"}
    assert not found.sound


def test_a_suppliers_file_carries_the_chain_on(desk: PartnerDesk) -> None:
    desk.grant("customer:north", steps=-1, person="li")
    before = json.loads(desk.hand("customer:north", "BOX-1", person="li"))
    document = steel()
    assert desk.take("steel works", json.dumps(document).encode(), "s1.json", person="zhao") == ()
    after = json.loads(desk.hand("customer:north", "BOX-1", person="li"))
    assert after["heads"] != before["heads"]
    inputs = {one for row in after["records"] for one in row["inputs"]}
    assert document["heads"]["S-1"] in inputs
    found = desk.check()  # what was handed over before does not know the supplier's hash, and is as it was
    assert (found.sound, found.documents, [one.state for one in found.handed]) == (True, 1, ["same", "same"])


def test_forged_missing_and_replaced_files_show(desk: PartnerDesk, folder: Path) -> None:
    forged = copy.deepcopy(steel())
    next(row for row in forged["records"] if row.get("lot") == "S-1")["fields"]["item"]["value"] = "gold"
    faults = desk.take("steel works", json.dumps(forged).encode(), "f.json", person="li")
    assert [(one.kind, one.lot) for one in faults] == [("forged", "S-1")]
    desk.grant("customer:north", steps=-1, person="li")
    view = desk.view("customer:north", "BOX-1")
    assert forged["heads"]["S-1"] not in {one for row in view["records"] for one in row["inputs"]}
    assert [one.kind for one in desk.check().faults] == ["forged"]
    # the works' own supplier is not in the chain: a missing link, but no forgery, and its hash counts
    open_ = steel(upstream={"ORE": "0" * 64})
    assert [one.kind for one in desk.take("steel works", json.dumps(open_).encode(), "s.json", person="li")] == [
        "missing"
    ]
    assert {one.kind for one in desk.check().faults} == {"missing", "head"}  # another hash than the first of S-1
    for path in (places(folder).web / "partners").glob("*.json"):
        path.write_bytes(path.read_bytes().replace(b"S-1", b"S-7"))
    assert ("missing", "S-1") in {(one.kind, one.lot) for one in desk.check().faults}


def test_what_is_no_view_is_refused(desk: PartnerDesk) -> None:
    for content in (
        b"",
        b"[]",
        b'{"type": "luban-trace", "heads": {"A": "1"}, "records": 3}',
        b"\xff\xfe",
        b"[" * 9000,
    ):
        with pytest.raises(InputError):
            desk.take("works", content, "x.json", person="li")
    assert desk.partners() == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(["a" * 64, "S-1"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
            st.sampled_from(["hash", "inputs", "lot", "fields", "leaves", "salt", "value"]), inner, max_size=4
        ), max_leaves=8,
    ),
    st.recursive(st.text(max_size=3) | st.integers(), lambda inner: st.lists(inner, max_size=2), max_leaves=3),
)  # fmt: skip
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_whatever_is_in_it_breaks_the_desk(tmp_path: Path, row: Any, head: Any) -> None:
    for records in ([row], row, [row, {"hash": "1", "inputs": []}]):
        document = {"type": "luban-trace", "version": 1, "heads": {"S-1": head}, "records": records}
        try:
            found = _document(json.dumps(document).encode(), "x.json")
            assert isinstance(found["records"], list)
            assert all(one.text for one in verify_chain([found, found], known={"S-1": "0"}))
        except InputError:
            continue


def test_rest_with_roles(folder: Path) -> None:
    with answering(folder, PEOPLE) as client:
        li, zhao, wang = (own(client, name) for name in ("li", "zhao", "wang"))
        base = "/api/v1/trace/partners"
        assert client.get(base, headers=wang).json() == []
        asked = {"partner": "customer:north", "fields": ["item"]}
        assert client.post(f"{base}/grants", json=asked, headers=zhao).status_code == 403
        assert client.post(f"{base}/grants", json=asked, headers=li).status_code == 501  # nothing is written here
        assert client.post(f"{base}/grants", json=asked | {"fields": ["price"]}, headers=li).status_code == 422
        assert client.get(f"{base}/view?partner=customer:north&lot=BOX-1", headers=li).status_code == 400
        assert client.get(f"{base}/view?partner=customer:north&lot=BOX-1", headers=wang).status_code == 403
        assert client.get(f"{base}/chain", headers=wang).json()["sound"] is True
