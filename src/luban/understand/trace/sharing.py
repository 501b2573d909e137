"""What partners may see of a plant's trace, what was handed over to them, and what was taken in from them.

Reads   Fact(event) of kind `partner`    Writes  nothing itself: `partner_row` makes the row of an entry
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.understand.book import entries, row
from luban.understand.trace.partner import FIELDS

__all__ = ["Handed", "Partner", "Shown", "Taken", "partner_row", "partners", "upstream_of"]

_CODES: Final = ("grant", "withdraw", "hand", "take")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a partner may see.

    lots    lots in whose history it may look; none: those that were delivered to it
    steps   how many steps back records are in the open; below 0: all of them
    fields  of FIELDS, that are shown
    items   only records of these items are in the open; empty: of all
    since   when it was granted [µs UTC]
    """

    lots: tuple[str, ...] = ()
    steps: int = 1
    fields: tuple[str, ...] = ("item", "made")
    items: tuple[str, ...] = ()
    since: int = 0


@dataclass(frozen=True, slots=True)
class Handed:
    """A view that was handed over: of this lot, with this hash.

    seq   of the entry: hashes taken in later are not in the view
    """

    lot: str
    head: str
    time: int
    seq: int
    person: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A view that was taken in.

    heads   hashes by lot
    file    its name; digest: of what was in it
    faults  records without their hash, and lots with another hash than known; with any, it gives no hashes
    """

    heads: Mapping[str, str]
    file: str
    digest: str
    faults: int
    time: int
    seq: int
    person: str


@dataclass(slots=True)
class Partner:
    """A firm beside ours; `shown` None while nothing is granted to it."""

    name: str
    shown: Shown | None = None
    withdrawn: int | None = None
    handed: list[Handed] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)


def partner_row(
    name: str, code: str, *, person: str, data: Mapping[str, Any] | None = None, text: str = "", time: int | None = None
) -> dict[str, list[Any]]:
    """The row of an entry.

    code    grant: data {lots, steps, fields, items}; withdraw; hand: {lot, head}; take: {heads, file, digest, faults}
    Raises  InputError: no name, unknown code, fields missing or none of FIELDS
    """
    data = dict(data or {})
    if code not in _CODES:
        raise InputError("a partner has no such entry", came=code, expected=", ".join(_CODES))
    if not name.strip():
        raise InputError("a partner needs a name")
    wrong = [str(one) for one in data.get("fields", ()) if one not in FIELDS] if code == "grant" else []
    if wrong:
        raise InputError("not a field of a record", came=", ".join(wrong), expected=", ".join(FIELDS))
    needed = {"hand": ("lot", "head"), "take": ("heads", "digest")}.get(code, ())
    missing = [one for one in needed if not data.get(one)]
    if missing:
        raise InputError("fields of a partner's entry are missing", came=", ".join(missing), where=code)
    return row("partner", name.strip(), code, person=person, text=text, data=data, time=time)


def partners(ledger: Ledger, *, as_of: int | None = None) -> dict[str, Partner]:
    """Partners by name, as of a seq."""
    found: dict[str, Partner] = {}
    for one in entries(ledger, "partner", as_of=as_of):
        own, data = found.setdefault(one.subject, Partner(one.subject)), one.data
        if one.code == "grant":
            lots, fields, items = (tuple(map(str, data.get(name, ()))) for name in ("lots", "fields", "items"))
            own.shown, own.withdrawn = Shown(lots, int(data.get("steps", 1)), fields, items, one.time), None
        elif one.code == "withdraw":
            own.shown, own.withdrawn = None, one.time
        elif one.code == "hand":
            own.handed.append(Handed(str(data["lot"]), str(data["head"]), one.time, one.seq, one.person))
        elif one.code == "take":
            heads = {str(lot): str(head) for lot, head in data["heads"].items()}
            own.taken.append(Taken(heads, str(data.get("file", "")), str(data["digest"]), int(data.get("faults", 0)),
                                   one.time, one.seq, one.person))  # fmt: skip
    return found


def upstream_of(known: Mapping[str, Partner], *, before: int | None = None) -> dict[str, str]:
    """Hashes that partners gave for bought lots, as they stood before a seq; the newest of a lot counts.

    A view that showed a fault when it was taken in gives none; a missing link is none.
    """
    taken = sorted((one for own in known.values() for one in own.taken), key=lambda one: one.seq)
    return {
        lot: head for one in taken if not one.faults and (before is None or one.seq < before)
        for lot, head in one.heads.items()
    }  # fmt: skip
