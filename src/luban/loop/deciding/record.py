"""A decision in the books: from the proposal to what came of it.

    proposed ── taken ── done ── undone
       │          ├───── unverified ── done, failed or undone
       │          └───── failed
       └─ declined, expired

`advised` is what only advises, `dropped` is what lost against another proposal. A decision that stands at `taken` after
a crash may have been carried out: whoever carries it out looks for its trace first.

Reads   Fact(event) of the kind `decision`    Writes  nothing itself: rows for those who write
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from luban.loop.deciding.floor import Act, Proposal
from luban.understand.book import Entry, row

__all__ = ["ENDED", "NOTED", "Decision", "Stage", "fold_decisions", "noted_row", "propose_row", "stage_row"]


class Stage(StrEnum):
    """Where a decision stands."""

    ADVISED = "advised"
    PROPOSED = "proposed"
    TAKEN = "taken"
    DONE = "done"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    DROPPED = "dropped"
    DECLINED = "declined"
    EXPIRED = "expired"
    UNDONE = "undone"


ENDED: Final = frozenset(
    {Stage.DONE, Stage.FAILED, Stage.DROPPED, Stage.DECLINED, Stage.EXPIRED, Stage.UNDONE}
)  # fmt: skip
"""Stages in which nothing more happens by itself."""

NOTED: Final = "noted"
"""Code of an entry: whoever was given what has been undone knows of it."""

_FROM: Final[Mapping[Stage, frozenset[Stage]]] = {
    Stage.TAKEN: frozenset({Stage.PROPOSED}),
    Stage.DONE: frozenset({Stage.TAKEN, Stage.UNVERIFIED}),
    Stage.UNVERIFIED: frozenset({Stage.TAKEN}),
    Stage.FAILED: frozenset({Stage.TAKEN, Stage.UNVERIFIED}),
    Stage.DECLINED: frozenset({Stage.PROPOSED, Stage.ADVISED}),
    Stage.EXPIRED: frozenset({Stage.PROPOSED, Stage.ADVISED}),
    Stage.UNDONE: frozenset({Stage.DONE, Stage.UNVERIFIED}),
}
_FIRST: Final = frozenset({Stage.ADVISED, Stage.PROPOSED, Stage.DROPPED})


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision.

    id        its name in the books
    lever     that decided;  author  program with its version;  act  what is to be done
    worth     expected to bring [currency], low to high; None: not priced
    why       in words for people;  facts  what it rests on;  takes  machine or order → (from, to) [µs]
    bound     what its act can never go beyond, in words
    mode      of its lever when it was proposed;  approver  role that approves
    proposed, expires, since  [µs UTC]
    stage     where it stands;  person  who approved, declined or undid it, '' for a rule
    told      what came of it: the command, work order or plan by name, and by which outcome it is verified
    reason    why it stands where it stands;  to  decisions that it lost to
    noted     who knows that it was undone, of those to whom it was given; '' while nobody has said so
    """

    id: str
    lever: str
    author: str
    act: Act
    why: str
    proposed: int
    expires: int
    worth: float | None = None
    low: float | None = None
    high: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    takes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    bound: str = ""
    mode: str = "advise"
    approver: str = "engineer"
    stage: Stage = Stage.PROPOSED
    since: int = 0
    person: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    to: tuple[str, ...] = ()
    noted: str = ""
    history: tuple[Entry, ...] = ()

    @property
    def open(self) -> bool:
        """Something more may happen to it."""
        return self.stage not in ENDED

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "id": self.id, "lever": self.lever, "author": self.author, "kind": self.act.kind,
            "target": self.act.target, "value": self.act.value, "worth": self.worth, "low": self.low,
            "high": self.high, "why": self.why, "facts": dict(self.facts),
            "takes": {name: list(span) for name, span in self.takes.items()}, "bound": self.bound, "mode": self.mode,
            "approver": self.approver, "proposed": self.proposed, "expires": self.expires, "stage": self.stage.value,
            "since": self.since, "person": self.person, "told": dict(self.told), "reason": self.reason,
            "to": list(self.to), "noted": self.noted, "history": [entry.as_dict() for entry in self.history],
        }  # fmt: skip


def propose_row(
    id: str,  # noqa: A002 - its name in the books
    proposal: Proposal,
    stage: Stage,
    *,
    at: int,
    expires: int,
    mode: str,
    approver: str,
    bound: str = "",
    reason: str = "",
    to: Iterable[str] = (),
) -> dict[str, list[Any]]:
    """The first entry of a decision.

    stage   ADVISED, PROPOSED or DROPPED;  to  decisions that it lost to
    Raises  InputError where a field cannot be written as JSON
    """
    act = proposal.act
    data = {
        "lever": proposal.lever, "author": proposal.author, "kind": act.kind, "target": act.target, "value": act.value,
        "worth": proposal.worth, "low": proposal.low, "high": proposal.high, "facts": dict(proposal.facts),
        "takes": {name: list(span) for name, span in proposal.takes.items()}, "expires": expires, "mode": mode,
        "approver": approver, "bound": bound, "reason": reason, "to": list(to),
    }  # fmt: skip
    return row("decision", id, stage.value, person="", text=proposal.why, data=data, time=at)


def stage_row(
    id: str,  # noqa: A002 - its name in the books
    stage: Stage,
    *,
    at: int,
    person: str = "",
    reason: str = "",
    told: Mapping[str, Any] | None = None,
) -> dict[str, list[Any]]:
    """One step on: who, why, and what came of it."""
    return row("decision", id, stage.value, person=person, text=reason, data=told, time=at)


def noted_row(id: str, *, at: int, person: str) -> dict[str, list[Any]]:  # noqa: A002 - its name in the books
    """Somebody to whom it was given knows that it was undone."""
    return row("decision", id, NOTED, person=person, text="", time=at)


def fold_decisions(entries: Iterable[Entry], into: dict[str, Decision] | None = None) -> dict[str, Decision]:
    """Decisions as they stand after the entries, in the order in which they were proposed.

    An entry that does not follow from where its decision stands changes nothing but the history.
    into  decisions as they stood before; changed in place
    """
    found = {} if into is None else into
    for entry in entries:
        if entry.kind != "decision":
            continue
        if entry.code == NOTED:
            own = found.get(entry.subject)
            if own is not None and own.stage is Stage.UNDONE:
                found[own.id] = replace(own, noted=own.noted or entry.person, history=(*own.history, entry))
            continue
        try:
            stage = Stage(entry.code)
        except ValueError:
            continue
        known = found.get(entry.subject)
        if known is None and stage in _FIRST:
            found[entry.subject] = _first(entry, stage)
        elif known is not None:
            found[entry.subject] = _after(known, entry, stage)
    return found


def _first(entry: Entry, stage: Stage) -> Decision:
    data = entry.data
    takes = data.get("takes") or {}
    return Decision(
        id=entry.subject, lever=str(data.get("lever", "")), author=str(data.get("author", "")),
        act=Act(str(data.get("kind", "")), str(data.get("target", "")), data.get("value")), why=entry.text,
        proposed=entry.time, expires=int(data.get("expires", entry.time)), worth=data.get("worth"),
        low=data.get("low"), high=data.get("high"), facts=data.get("facts") or {},
        takes={name: (int(span[0]), int(span[1])) for name, span in takes.items()}, bound=str(data.get("bound", "")),
        mode=str(data.get("mode", "advise")), approver=str(data.get("approver", "engineer")), stage=stage,
        since=entry.time, reason=str(data.get("reason", "")), to=tuple(map(str, data.get("to") or ())),
        history=(entry,),
    )  # fmt: skip


def _after(one: Decision, entry: Entry, stage: Stage) -> Decision:
    one = replace(one, history=(*one.history, entry))
    if one.stage not in _FROM.get(stage, frozenset()):
        return one
    return replace(
        one, stage=stage, since=entry.time, person=entry.person or one.person, reason=entry.text,
        told={**one.told, **entry.data},
    )  # fmt: skip
