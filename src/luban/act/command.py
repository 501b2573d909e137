"""A command's life, worked out from its entries in the books: nothing of it is kept anywhere else.

    proposed ── approved ── sending ── confirmed ── rolled back
        │           │          ├────── unverified ── (the next attempt, or rolled back)
        │           │          └────── failed
        └─ refused, withdrawn, expired

An unverified command keeps its actuator to itself until a person tries again, rolls it back or withdraws it.

`sending` is durable before the first byte leaves: a command that stands there after a crash may have been written, and
is never written again before the device has been asked.

Reads  Fact(event) of the kind `command`
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from luban.understand.book import Entry

__all__ = ["ENDED", "Command", "State", "fold"]


class State(StrEnum):
    """Where a command stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    SENDING = "sending"
    CONFIRMED = "confirmed"
    UNVERIFIED = "unverified"
    FAILED = "failed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    ROLLED_BACK = "rolled back"


ENDED: Final = frozenset(
    {State.CONFIRMED, State.FAILED, State.REFUSED, State.WITHDRAWN, State.EXPIRED, State.ROLLED_BACK}
)
"""States in which nothing more happens by itself."""

_FROM: Final[Mapping[State, frozenset[State]]] = {
    State.APPROVED: frozenset({State.PROPOSED}),
    State.SENDING: frozenset({State.APPROVED, State.UNVERIFIED}),
    State.CONFIRMED: frozenset({State.SENDING, State.UNVERIFIED}),
    State.UNVERIFIED: frozenset({State.SENDING}),
    State.FAILED: frozenset({State.SENDING}),
    State.REFUSED: frozenset({State.PROPOSED, State.APPROVED}),
    State.WITHDRAWN: frozenset({State.PROPOSED, State.APPROVED, State.UNVERIFIED}),
    State.EXPIRED: frozenset({State.PROPOSED, State.APPROVED}),
    State.ROLLED_BACK: frozenset({State.CONFIRMED, State.UNVERIFIED}),
}


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    id        its name in the books
    actuator  signal that it moves
    value     value to be written [unit]
    author    person or program that proposed it; a program's name ends in `@version` or starts with `luban`
    why       the reason, in words for people
    plan      the plan that it carries out, as its decision wrote it
    facts     facts it rests on: seqs, or the first and last of them
    expires   not written after this [µs UTC]
    before    what the actuator stood at when the command was sent; None while not known
    state     where it stands, since `since` [µs UTC]
    attempts  how often it was written
    told      what the device answered last
    undoes    the command that this one rolls back, '' for none
    history   its entries, oldest first
    """

    id: str
    actuator: str
    value: float
    unit: str
    author: str
    why: str
    proposed: int
    expires: int
    plan: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    undoes: str = ""
    state: State = State.PROPOSED
    since: int = 0
    before: float | str | bool | None = None
    attempts: int = 0
    approver: str = ""
    told: float | str | bool | None = None
    reason: str = ""
    history: tuple[Entry, ...] = ()

    @property
    def open(self) -> bool:
        """Something more may happen to it."""
        return self.state not in ENDED

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "id": self.id, "actuator": self.actuator, "value": self.value, "unit": self.unit, "author": self.author,
            "why": self.why, "state": self.state.value, "since": self.since, "proposed": self.proposed,
            "expires": self.expires, "before": self.before, "told": self.told, "attempts": self.attempts,
            "approver": self.approver, "reason": self.reason, "undoes": self.undoes, "plan": dict(self.plan),
            "facts": dict(self.facts), "history": [entry.as_dict() for entry in self.history],
        }  # fmt: skip


def fold(entries: Iterable[Entry], into: dict[str, Command] | None = None) -> dict[str, Command]:
    """Commands as they stand after the entries, in the order in which they were proposed.

    An entry that does not follow from where its command stands changes nothing but the history: what has ended
    never comes back to life.
    into  commands as they stood before; changed in place
    """
    found = {} if into is None else into
    for entry in entries:
        if entry.kind != "command":
            continue
        command = found.get(entry.subject)
        if command is not None:
            found[entry.subject] = _after(command, entry)
        elif entry.code == "propose":
            found[entry.subject] = _proposed(entry)
    return found


def _proposed(entry: Entry) -> Command:
    data = entry.data
    return Command(
        id=entry.subject, actuator=str(data.get("actuator", "")), value=float(data.get("value", "nan")),
        unit=str(data.get("unit", "")), author=entry.person or str(data.get("author", "")), why=entry.text,
        proposed=entry.time, expires=int(data.get("expires", entry.time)), plan=data.get("plan") or {},
        facts=data.get("facts") or {}, undoes=str(data.get("undoes", "")), since=entry.time, history=(entry,),
    )  # fmt: skip


def _after(command: Command, entry: Entry) -> Command:
    command = replace(command, history=(*command.history, entry))
    try:
        state = State(entry.code)
    except ValueError:
        return command
    if command.state not in _FROM.get(state, frozenset()):
        return command
    data = entry.data
    change: dict[str, Any] = {"state": state, "since": entry.time, "reason": entry.text}
    if state is State.APPROVED:
        change["approver"] = entry.person or "by rule"
    elif state is State.SENDING:
        change |= {"attempts": command.attempts + 1, "before": data.get("before", command.before)}
    elif state in {State.CONFIRMED, State.UNVERIFIED, State.FAILED}:
        change["told"] = data.get("told")
    return replace(command, **change)
