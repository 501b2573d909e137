"""A non-conformance from its finding to its proof: opened, held, disposed of, its cause, its actions, their effect.

How it stands is worked out from its entries in their order; nothing is overwritten, and what an entry says that does
not fit (a lot disposed of twice, an action that nobody opened) leaves the others as they are.

Reads   Fact(event) of kind `nonconformance`
Writes  nothing
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from luban.ledger import Ledger
from luban.understand.book import Entry, entries

__all__ = [
    "DECISIONS",
    "SEVERITIES",
    "Action",
    "NonConformance",
    "blocked_lots",
    "fold",
    "next_id",
    "nonconformance",
    "nonconformances",
]

SEVERITIES: Final = ("minor", "major", "critical")
DECISIONS: Final = {
    "use_as_is": "use as it is (concession)",
    "rework": "rework",
    "repair": "repair",
    "sort": "sort",
    "return": "return to the supplier",
    "scrap": "scrap",
}
"""What may be decided about a lot. Used as it is: free at once. Scrapped or returned: never free. The others: free
when somebody releases it after measuring it again."""

_FREE_AT_ONCE: Final = frozenset({"use_as_is"})
_NEVER_FREE: Final = frozenset({"scrap", "return"})


@dataclass(frozen=True, slots=True)
class Action:
    """A corrective or preventive action.

    id      A1, A2, …
    kind    corrective or preventive
    owner   who does it
    due     [µs UTC]; None where nobody said
    check   how its effect is to be checked: statistic, subject, better
    done    when it was done [µs UTC]; None while it is not
    effect  what the newest check found (as `effect.Effect.as_dict`); empty while there is none
    """

    id: str
    kind: str
    text: str
    owner: str
    due: int | None
    check: Mapping[str, Any]
    done: int | None = None
    effect: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """better, worse, unclear, unknown, or "" while nothing was checked."""
        return str(self.effect.get("verdict", ""))

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        shown = {name: getattr(self, name) for name in ("id", "kind", "text", "owner", "due", "done", "verdict")}
        return shown | {"check": dict(self.check), "effect": dict(self.effect)}


@dataclass(frozen=True, slots=True)
class NonConformance:
    """One non-conformance as it stands.

    state      open, held, disposed, acting, checking, closed
    lots       lots concerned
    held       those of them that may not go on
    disposed   lot → decision
    serials    pieces concerned
    facts      seqs of the measurements that show it
    missing    what is wanting before it can be closed, as sentences
    entries    everything that was said, in order
    """

    id: str
    title: str
    state: str
    severity: str
    opened: int
    person: str
    item: str
    subject: str
    operation: str
    unit: str
    origin: str
    lots: tuple[str, ...]
    serials: tuple[str, ...]
    facts: tuple[int, ...]
    held: frozenset[str]
    disposed: Mapping[str, str]
    cause: str
    actions: tuple[Action, ...]
    closed: int | None
    missing: tuple[str, ...]
    entries: tuple[Entry, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same for REST."""
        plain = (
            "id", "title", "state", "severity", "opened", "person", "item", "subject", "operation", "unit", "origin",
            "cause", "closed",
        )  # fmt: skip
        return {name: getattr(self, name) for name in plain} | {
            "lots": list(self.lots), "serials": list(self.serials), "facts": list(self.facts),
            "held": sorted(self.held), "disposed": dict(self.disposed), "missing": list(self.missing),
            "actions": [one.as_dict() for one in self.actions], "entries": [one.as_dict() for one in self.entries],
        }  # fmt: skip


@dataclass(slots=True)
class _Draft:
    first: Entry
    lots: list[str]
    held: set[str] = field(default_factory=set)
    disposed: dict[str, str] = field(default_factory=dict)
    cause: str = ""
    actions: dict[str, Action] = field(default_factory=dict)
    closed: int | None = None
    facts: list[int] = field(default_factory=list)


def nonconformances(ledger: Ledger, *, as_of: int | None = None) -> dict[str, NonConformance]:
    """All of them by id, the newest first."""
    by_id: dict[str, list[Entry]] = {}
    for one in entries(ledger, "nonconformance", as_of=as_of):
        by_id.setdefault(one.subject, []).append(one)
    made = {name: fold(own) for name, own in by_id.items()}
    return {name: one for name, one in reversed(made.items()) if one is not None}


def nonconformance(ledger: Ledger, id: str, *, as_of: int | None = None) -> NonConformance | None:  # noqa: A002
    """One of them, or None."""
    return fold(entries(ledger, "nonconformance", id, as_of=as_of))


def next_id(known: Iterable[str]) -> str:
    """A number that is free: the one after the highest."""
    used = [int(name[3:]) for name in known if name.startswith("NC-") and name[3:].isdigit()]
    return f"NC-{max(used, default=0) + 1:04d}"


def blocked_lots(found: Iterable[NonConformance]) -> dict[str, tuple[str, ...]]:
    """Lots that may not be used or shipped → the non-conformances that hold them."""
    blocked: dict[str, list[str]] = {}
    for one in found:
        for lot in sorted(one.held):
            blocked.setdefault(lot, []).append(one.id)
    return {lot: tuple(ids) for lot, ids in blocked.items()}


def fold(own: Iterable[Entry]) -> NonConformance | None:
    """How one stands after its entries; None where nobody opened it."""
    told = tuple(own)
    first = next((one for one in told if one.code == "open"), None)
    if first is None:
        return None
    draft = _Draft(first, _texts(first.data.get("lots")))
    draft.facts = [int(seq) for seq in first.data.get("facts", ()) if isinstance(seq, int)]
    if first.data.get("hold"):
        draft.held |= set(draft.lots)
    for one in told:
        if one is not first and one.code in _STEPS:
            _STEPS[one.code](draft, one)
    return _made(draft, told)


def _texts(value: Any) -> list[str]:
    return list(dict.fromkeys(str(one) for one in value)) if isinstance(value, list) else []


def _of(draft: _Draft, one: Entry) -> list[str]:
    """The lots of an entry, all by default; new ones join the non-conformance."""
    lots = _texts(one.data.get("lots")) or list(draft.lots)
    draft.lots += [lot for lot in lots if lot not in draft.lots]
    return lots


def _hold(draft: _Draft, one: Entry) -> None:
    draft.held |= {lot for lot in _of(draft, one) if draft.disposed.get(lot) not in _NEVER_FREE}
    draft.facts += [int(seq) for seq in one.data.get("facts", ()) if isinstance(seq, int)]


def _dispose(draft: _Draft, one: Entry) -> None:
    decision = str(one.data.get("decision", ""))
    if decision not in DECISIONS:
        return
    for lot in _of(draft, one):
        draft.disposed[lot] = decision
        (draft.held.discard if decision in _FREE_AT_ONCE else draft.held.add)(lot)


def _release(draft: _Draft, one: Entry) -> None:
    draft.held -= {lot for lot in _of(draft, one) if draft.disposed.get(lot) not in _NEVER_FREE}


def _cause(draft: _Draft, one: Entry) -> None:
    draft.cause = one.text


def _action(draft: _Draft, one: Entry) -> None:
    data = one.data
    name = str(data.get("action") or f"A{len(draft.actions) + 1}")
    check = data.get("check")
    due = data.get("due")
    draft.actions[name] = Action(
        name, str(data.get("type", "corrective")), one.text, str(data.get("owner", "")),
        due if isinstance(due, int) else None, check if isinstance(check, dict) else {},
    )  # fmt: skip


def _done(draft: _Draft, one: Entry) -> None:
    _change(draft, one, done=one.time)


def _effect(draft: _Draft, one: Entry) -> None:
    result = one.data.get("result")
    if isinstance(result, dict):
        _change(draft, one, effect=result)


def _change(draft: _Draft, one: Entry, **fields: Any) -> None:
    name = str(one.data.get("action", ""))
    if name in draft.actions:
        old = draft.actions[name]
        kept = {slot: getattr(old, slot) for slot in ("id", "kind", "text", "owner", "due", "check", "done", "effect")}
        draft.actions[name] = Action(**(kept | fields))


def _close(draft: _Draft, one: Entry) -> None:
    draft.closed = one.time


def _reopen(draft: _Draft, _one: Entry) -> None:
    draft.closed = None


_STEPS: Final = {
    "hold": _hold, "dispose": _dispose, "release": _release, "cause": _cause, "action": _action, "done": _done,
    "effect": _effect, "close": _close, "reopen": _reopen,
}  # fmt: skip


def _made(draft: _Draft, told: tuple[Entry, ...]) -> NonConformance:
    data, actions = draft.first.data, tuple(draft.actions.values())
    missing = _missing(draft)
    if draft.closed is not None:
        state = "closed"
    elif actions:
        state = "checking" if all(one.done is not None for one in actions) else "acting"
    elif draft.lots and all(lot in draft.disposed for lot in draft.lots):
        state = "disposed"
    else:
        state = "held" if draft.held else "open"
    texts = {name: str(data.get(name, "")) for name in ("item", "subject", "operation", "unit", "origin")}
    severity = str(data.get("severity", "minor"))
    return NonConformance(
        id=draft.first.subject, title=draft.first.text, state=state,
        severity=severity if severity in SEVERITIES else "minor", opened=draft.first.time, person=draft.first.person,
        lots=tuple(draft.lots), serials=tuple(_texts(data.get("serials"))), facts=tuple(dict.fromkeys(draft.facts)),
        held=frozenset(draft.held), disposed=dict(draft.disposed), cause=draft.cause, actions=actions,
        closed=draft.closed, missing=missing, entries=told, **texts,
    )  # fmt: skip


def _missing(draft: _Draft) -> tuple[str, ...]:
    wanting = []
    if any(lot not in draft.disposed for lot in draft.lots):
        wanting.append("a lot has no disposition yet")
    if any(lot in draft.held and decision not in _NEVER_FREE for lot, decision in draft.disposed.items()):
        wanting.append("a reworked, repaired or sorted lot is not released yet")
    if not draft.cause:
        wanting.append("no cause is named")
    if not draft.actions:
        wanting.append("there is no action against the cause")
    if any(one.done is None for one in draft.actions.values()):
        wanting.append("an action is not done")
    if any(one.done is not None and not one.effect for one in draft.actions.values()):
        wanting.append("the effect of an action is not checked")
    return tuple(wanting)
