"""What people decide is a fact too: an `event` fact of its own kind, with its fields as JSON.

Nothing is overwritten. A frozen limit, a switched inspection, a hold or a calibration is one more entry, and how
things stand is worked out by going through the entries of a subject in their order.

Reads   Fact(event) of the kinds in KINDS
Writes  nothing itself: `row` makes what a spool or the act log of the screens puts into the books
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw

from luban.core.errors import InputError
from luban.core.time import now
from luban.ledger import Ledger

__all__ = ["KINDS", "Entry", "entries", "row"]

KINDS: Final[Mapping[str, str]] = {
    "limits": "control limits of a characteristic: frozen, revised, a point left out, a cause noted",
    "sampling": "acceptance sampling of a supplier's item: a lot inspected, a switch of inspection",
    "gauge": "a gauge: registered, calibrated, out of service",
    "inspection": "an inspection: what a device or a person judged of a piece or a lot",
    "nonconformance": "a non-conformance: opened, held, disposed of, corrected, its effect checked, closed",
    "experiment": "a designed experiment: planned, run by run, analysed",
    "project": "an improvement project: its phases, its measure, its verified gain",
    "setpoint": "a set-point proposed by a controller, and what people made of it",
    "annunciation": "an alarm of the alarm list: raised, acknowledged, shelved, returned to normal, out of service",
    "model": "a model of a machine's health: fitted, adapted, replaced, with the data it rests on",
    "diagnosis": "what ailed a machine: named by a person, or proposed by a program with its evidence",
    "workorder": "a work order of maintenance: planned, begun, its findings, closed",
    "spare": "a spare part: received, taken, counted, ordered",
    "recall": "a recall: opened with its lots, a customer told, an answer with what became of the goods, closed",
    "partner": "a partner: what it may see, views handed over to it, views taken in from it",
    "claim": "a claim of a customer: registered, its cause named, decided, settled with proof, closed",
    "scan": "codes that were read at a work place and joined: a part, its tool, person and machine",
    "command": "a command to a device: proposed, approved, sent, read back, refused, rolled back",
    "automation": "what acts by itself: the mode of an actuator, the stop of all automation and its release",
    "baseline": "a baseline of energy: frozen with its numbers before the act, put aside later",
    "green": "the green sheet of the factory: a quantity or a point stated for a period, with its document",
    "outcome": "what an act brought: its baseline fixed before it, its verdict, judged anew when facts change",
    "decision": "a decision of the running plant: proposed with its price, settled against others, taken or dropped",
    "pilot": "a pilot: enrolled, its before state fixed, its runs, its verdict",
    "return": "returns of firms: confirmed, a question about them and its answer, a vintage of all of them named",
    "task": "a measure of a plan: taken on with owner and date, reported, late, closed on evidence",
    "programme": "a programme of a plan: a thing counted with its evidence, a part and who makes it, a region's target",
    "advice": "an item before those who steer a plan: advice, decisions with the versions they quote, minutes",
    "maturity": "a self-assessment of maturity: a requirement answered with its mark and its document",
    "grant": "leave for an outside expert to look at one machine: given, used, ended",
}
"""Kinds of entry, and what their subjects go through."""

_COLUMNS: Final = ("seq", "time", "recorded", "kind", "code", "subject", "person", "text", "data")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the book.

    seq       its place in the ledger's order; later entries of a subject win
    time      when it was true [µs UTC]
    recorded  when the ledger made it durable [µs UTC]
    kind      one of KINDS
    code      what was done, e.g. freeze, calibrate, open, hold, dispose
    subject   what it is about: a characteristic `item:name`, a gauge, a non-conformance's id, …
    person    who did it; "" for a program
    text      in words, for people
    data      further fields, as the kind's owner writes them
    """

    seq: int
    time: int
    recorded: int
    kind: str
    code: str
    subject: str
    person: str
    text: str
    data: Mapping[str, Any]

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        return {name: getattr(self, name) for name in _COLUMNS} | {"data": dict(self.data)}


def entries(
    ledger: Ledger, kind: str, subject: str | None = None, as_of: int | None = None, *, after: int | None = None
) -> tuple[Entry, ...]:
    """Entries of a kind in the ledger's order; a corrected entry shows as corrected.

    subject  only of this subject
    as_of    the book as it stood at this seq
    after    only entries with a greater seq
    Raises   InputError for a kind that is not in KINDS
    Example  [e.code for e in entries(ledger, "gauge", "caliper 7")] == ["register", "calibrate"]
    """
    _known(kind)
    subjects = None if subject is None else [subject]
    frame = ledger.frame("event", subjects=subjects, as_of=as_of).filter(nw.col("kind") == kind)
    if after is not None:
        frame = frame.filter(nw.col("seq") > after)
    rows = frame.select(*_COLUMNS).sort("seq").collect("pyarrow").to_arrow().to_pylist()
    return tuple(_entry(one) for one in rows)


def row(
    kind: str,
    subject: str,
    code: str,
    *,
    person: str,
    text: str = "",
    data: Mapping[str, Any] | None = None,
    time: int | None = None,
) -> dict[str, list[Any]]:
    """The one row of an entry, ready for `Spool.put("event", …)`, `LedgerWriter.append` or `ActLog.record`.

    person  who does it; "" for a program
    time    when it is true [µs UTC]; now if None
    Raises  InputError: unknown kind, empty subject or code, a field that JSON does not hold (NaN, infinity)
    Example row("gauge", "caliper 7", "calibrate", person="li", data={"due": 1_800_000_000_000_000})
    """
    _known(kind)
    if not subject.strip() or not code.strip():
        raise InputError("an entry needs a subject and a code", came=f"{subject!r}, {code!r}", where=kind)
    try:
        document = json.dumps(dict(data or {}), ensure_ascii=False, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as error:
        expected = "text, finite numbers, lists and objects"
        raise InputError("a field cannot be written", came=str(error), expected=expected, where=kind) from error
    return {
        "time": [now() if time is None else time], "subject": [subject], "kind": [kind], "code": [code],
        "text": [text or None], "person": [person or None], "data": [document],
    }  # fmt: skip


def _known(kind: str) -> None:
    if kind not in KINDS:
        raise InputError("unknown kind of entry", came=repr(kind), expected=", ".join(KINDS))


def _entry(one: Mapping[str, Any]) -> Entry:
    try:
        data = json.loads(one["data"] or "{}")
    except ValueError:
        data = {"unread": one["data"]}
    fields = {name: one[name] or "" for name in ("kind", "code", "subject", "person", "text")}
    data = data if isinstance(data, dict) else {"value": data}
    return Entry(seq=one["seq"], time=one["time"], recorded=one["recorded"], data=data, **fields)
