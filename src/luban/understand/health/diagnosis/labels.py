"""What people found out: cases of ailing machines as entries of the book, folded, and work orders' findings as labels.

A case is a story of `diagnosis` entries: opened (by a program that saw something unusual, with what it proposes),
proposed (another cause, by a person or an outside expert), named (a person says what it was), dismissed (no fault).
A finding of a `workorder` names it too, by its `cause` or else its part. Nothing is overwritten; the newest counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from luban.core.time import DAY
from luban.ledger import Ledger
from luban.understand.book import Entry, entries, row
from luban.understand.health.diagnosis import words
from luban.understand.health.diagnosis.learn import Case, Signatures
from luban.understand.health.diagnosis.signature import Baseline
from luban.understand.health.diagnosis.verdict import Verdict
from luban.understand.quality.data import Excluded, Floats

__all__ = [
    "Ailment",
    "Label",
    "Proposal",
    "ailments",
    "dismiss_row",
    "gather_cases",
    "labels",
    "learned_before",
    "model_row",
    "name_row",
    "open_row",
    "propose_row",
]

LEAD = DAY
"""Before a finding without a begin, that is taken as ailing [µs]."""

Rows = tuple[Floats, Sequence[str] | None]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A cause that somebody proposed.

    person  who; "" for a program
    text    why, in words
    """

    cause: str
    person: str
    text: str
    time: int


@dataclass(frozen=True, slots=True)
class Ailment:
    """One case as the book tells it.

    id         of the case
    machine    its path
    state      open | named | dismissed
    start, end it was ailing [µs UTC]; end None: it lasts, or nobody said
    cause      as named, "" before
    person     who named or dismissed it
    text       what was said with it
    proposals  causes that were proposed, oldest first
    verdict    what the program said when it opened the case; {} if a person opened it
    model      digest of the signatures that said it
    """

    id: str
    machine: str
    state: str
    start: int
    end: int | None
    cause: str = ""
    person: str = ""
    text: str = ""
    proposals: tuple[Proposal, ...] = ()
    verdict: Mapping[str, Any] | None = None
    model: str = ""

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        plain = {
            name: getattr(self, name) for name in ("id", "machine", "state", "start", "end", "cause", "person", "text")
        }
        told = [{"cause": p.cause, "person": p.person, "text": p.text, "time": p.time} for p in self.proposals]
        return {**plain, "proposals": told, "verdict": dict(self.verdict or {}), "model": self.model}


@dataclass(frozen=True, slots=True)
class Label:
    """A stretch of a machine with its cause.

    id      of the case or work order
    source  diagnosis | workorder
    """

    id: str
    machine: str
    cause: str
    start: int
    end: int
    person: str
    source: str


def ailments(ledger: Ledger, machine: str | None = None, as_of: int | None = None) -> tuple[Ailment, ...]:
    """Cases in order of their begin.

    machine  only of this one
    as_of    as the book stood at this seq
    """
    return _cases(entries(ledger, "diagnosis", machine, as_of))


def _cases(book: Sequence[Entry]) -> tuple[Ailment, ...]:
    found: dict[str, Ailment] = {}
    for entry in book:
        id_ = _case_of(entry)
        before = found.get(id_) or Ailment(id_, entry.subject, "open", _moment(entry, "from") or entry.time, None)
        found[id_] = _told(before, entry)
    return tuple(sorted(found.values(), key=lambda one: (one.start, one.id)))


def labels(ledger: Ledger, as_of: int | None = None) -> tuple[Label, ...]:
    """Cases that people named, and work orders that found a cause, in order of their begin.

    A work order that was made for a case (`data["case"]`) speaks for it, and a part found sound dismisses it; without a
    case, the day before the machine was stopped counts as ailing. The newest word of a case or an order counts.
    """
    book = entries(ledger, "diagnosis", as_of=as_of)
    own = {one.id: one for one in _cases(book)}
    named: dict[str, tuple[int, Label]] = {}
    for entry in book:
        case = own[_case_of(entry)]
        if entry.code in ("name", "dismiss"):
            cause = str(entry.data.get("cause", "")).strip() if entry.code == "name" else ""
            end = case.end if case.end is not None else entry.time
            named[case.id] = entry.seq, Label(case.id, case.machine, cause, case.start, end, entry.person, "diagnosis")
    for seq, label in _found(entries(ledger, "workorder", as_of=as_of), own):
        if label.id not in named or named[label.id][0] < seq:
            named[label.id] = seq, label
    return tuple(sorted((one for _, one in named.values() if one.cause), key=lambda one: (one.start, one.id)))


def _found(book: Sequence[Entry], cases: Mapping[str, Ailment]) -> Iterator[tuple[int, Label]]:
    """What findings of work orders say, oldest first."""
    orders: dict[str, dict[str, Any]] = {}
    for entry in book:
        order = orders.setdefault(entry.subject, {"machine": "", "end": entry.time, "why": "", "parts": {}})
        order |= {key: entry.data[key] for key in ("machine", "why", "case") if entry.data.get(key)}
        if entry.code == "begin" and order["why"] == "condition":
            order["end"] = entry.time  # it ran on, ailing, until work began
        cause = _finding(entry)
        if cause is None:
            continue
        parts: dict[str, str] = order["parts"]
        parts[str(entry.data.get("part") or "")] = cause
        cause = next((told for told in reversed(parts.values()) if told), "")  # one sound part does not clear another
        case = cases.get(str(order.get("case", "")))
        if case is not None:
            end = case.end if case.end is not None else order["end"]
            yield entry.seq, Label(case.id, case.machine, cause, case.start, end, entry.person, "workorder")
        else:
            end = _moment(entry, "until") or order["end"]
            start = _moment(entry, "from") or end - LEAD
            machine = str(order["machine"])
            yield entry.seq, Label(entry.subject, machine, cause, start, end, entry.person, "workorder")


def _finding(entry: Entry) -> str | None:
    """The cause that a finding names, "" for a part that was found sound, None for other entries."""
    found, part = str(entry.data.get("found") or ""), str(entry.data.get("part") or "").strip()
    cause = str(entry.data.get("cause") or "").strip()
    if entry.code != "finding" and not cause:
        return None
    if found == "sound":
        return ""
    return cause or (f"{part}: {found}" if part and found in ("failed", "worn") else None)


def gather_cases(
    found: Sequence[Label], baselines: Mapping[str, Baseline], read: Callable[[str, int, int], Rows | None]
) -> tuple[tuple[Case, ...], tuple[Excluded, ...]]:
    """Cases of labels, with what cannot be used and why.

    baselines  good operation by machine
    read       rows and regimes of a machine from a time to a time [µs UTC]; None: it has none
    """
    cases, excluded = list[Case](), list[Excluded]()
    for one in found:
        baseline = baselines.get(one.machine)
        rows = read(one.machine, one.start, one.end) if baseline is not None else None
        if baseline is None or rows is None or not len(rows[0]):
            reason = words.NO_BASELINE if baseline is None else words.NO_ROWS
            excluded.append(Excluded(one.id, one.machine, one.cause, reason))
            continue
        cases.append(Case.of(baseline, rows[0], one.cause, name=one.id, machine=one.machine, time=one.start,
                             regimes=rows[1]))  # fmt: skip
    return tuple(cases), tuple(excluded)


# ---------------------------------------------------------------- rows for the book


def open_row(machine: str, case: str, start: int, *, end: int | None = None, person: str = "", text: str = "",
             verdict: Verdict | None = None, model: str = "") -> dict[str, list[Any]]:  # fmt: skip
    """The row that opens a case: a program with its verdict and its model's digest, or a person."""
    data = {"case": case, "from": start, "until": end, "model": model,
            "verdict": dict(verdict.as_dict()) if verdict is not None else {}}  # fmt: skip
    return row("diagnosis", machine, "open", person=person, text=text or (verdict.text if verdict else ""), data=data)


def name_row(machine: str, case: str, cause: str, *, person: str, text: str = "", start: int | None = None,
             end: int | None = None) -> dict[str, list[Any]]:  # fmt: skip
    """The row by which a person says what it was; a begin and an end correct those of the case."""
    data: dict[str, Any] = {"case": case, "cause": cause.strip()}
    data |= {key: value for key, value in (("from", start), ("until", end)) if value is not None}
    return row("diagnosis", machine, "name", person=person, text=text, data=data)


def propose_row(machine: str, case: str, cause: str, *, person: str, text: str = "") -> dict[str, list[Any]]:
    """The row of a proposed cause, which is no label."""
    return row("diagnosis", machine, "propose", person=person, text=text, data={"case": case, "cause": cause.strip()})


def dismiss_row(machine: str, case: str, *, person: str, text: str = "") -> dict[str, list[Any]]:
    """The row by which a person says that it was nothing."""
    return row("diagnosis", machine, "dismiss", person=person, text=text, data={"case": case})


def model_row(subject: str, signatures: Signatures, before: Mapping[str, Any] | None = None, *, person: str = "",
              text: str = "") -> dict[str, list[Any]]:  # fmt: skip
    """The row of kind `model` that says signatures were learned, on what, and what changed.

    subject  what they are for, e.g. "signatures:lathe"
    before   what `learned_before` gives
    """
    cases = {one.id: one.cause for one in signatures.cases}
    earlier: Mapping[str, str] = (before or {}).get("cases", {})
    data = {
        "digest": signatures.digest(), "cases": cases, "threshold": signatures.threshold, "rate": signatures.rate,
        "signals": list(signatures.names), "excluded": [one.as_dict() for one in signatures.excluded],
        "added": sorted(cases.keys() - earlier.keys()), "removed": sorted(earlier.keys() - cases.keys()),
        "renamed": sorted(key for key in cases.keys() & earlier.keys() if cases[key] != earlier[key]),
        "before": (before or {}).get("digest", ""),
    }  # fmt: skip
    return row("model", subject, "learn", person=person, text=text, data=data)


def learned_before(ledger: Ledger, subject: str, as_of: int | None = None) -> Mapping[str, Any] | None:
    """Data of the newest record of these signatures; None: never learned.

    Signatures whose `digest()` is in it need no new record.
    """
    own = [entry for entry in entries(ledger, "model", subject, as_of) if entry.code == "learn"]
    return own[-1].data if own else None


def _told(before: Ailment, entry: Entry) -> Ailment:
    start, end = _moment(entry, "from") or before.start, _moment(entry, "until")
    now = replace(before, start=start, end=before.end if end is None else end)
    cause = str(entry.data.get("cause", "")).strip()
    if entry.code == "open":
        verdict = entry.data.get("verdict")
        return replace(now, verdict=verdict if isinstance(verdict, Mapping) else {}, text=entry.text,
                       model=str(entry.data.get("model", "")))  # fmt: skip
    if entry.code == "propose":
        said = Proposal(cause, entry.person, entry.text, entry.time)
        return replace(now, proposals=(*before.proposals, said))
    if entry.code == "name" and cause:
        return replace(now, state="named", cause=cause, person=entry.person, text=entry.text)
    if entry.code == "dismiss":
        return replace(now, state="dismissed", cause="", person=entry.person, text=entry.text)
    return now


def _moment(entry: Entry, key: str) -> int | None:
    value = entry.data.get(key)
    return value if isinstance(value, int) else None


def _case_of(entry: Entry) -> str:
    return str(entry.data.get("case") or f"{entry.subject}@{entry.time}")
