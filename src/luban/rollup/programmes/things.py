"""Things that programmes count: centres, factories, parks, processes; parts and who can make them; what was shown.

Reads   Fact(event) of the kind `programme`    Writes  nothing itself: rows for whoever has a spool or the act log
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from luban.core.errors import InputError
from luban.core.time import iso
from luban.ledger import Ledger
from luban.norms.plans import TargetPlan
from luban.rollup.programmes.evidence import Evidence, Standing, evidence_of
from luban.understand.book import entries, row

__all__ = [
    "CODES", "Share", "Source", "Thing", "count_row", "part_row", "share_secured", "shown_row", "source_row", "things",
    "withdraw_row",
]  # fmt: skip

CODES: Final[Mapping[str, str]] = {
    "count": "a thing that counts for a target, with evidence",
    "withdraw": "a thing that counts no more, with the reason",
    "part": "a part or material of the catalogue",
    "source": "who can make a part: qualified or not, domestic or not, with evidence",
    "shown": "a target without a number: what was shown of it, with evidence",
    "target": "what a region sets itself of a target",
}
"""Codes of an entry of the kind `programme`."""

Row = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Source:
    """Who can make a part.

    qualified, domestic  as shown;  until  last day of the qualification, None: open;  evidence  that stands
    """

    name: str
    qualified: bool
    domestic: bool
    until: date | None
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that a target counts.

    item, name      target of the plan, and what it is
    day             from when on it counts;  withdrawn  from when on no more
    evidence        that stands;  doubts  why other evidence does not
    sources         of a part, by name
    kind            "thing", "part" or "shown";  said  last word
    """

    item: str
    name: str
    day: date
    kind: str = "thing"
    region: str = ""
    industry: str = ""
    withdrawn: date | None = None
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    said: str = ""
    seq: int = 0

    def counts(self, day: date) -> bool:
        """Whether it counts on a day: begun, not withdrawn, shown by evidence that stands."""
        return self.day <= day and (self.withdrawn is None or day < self.withdrawn) and bool(self.evidence)

    def secured(self, day: date) -> bool:
        """Whether a part has a qualified domestic source on a day, shown by evidence that stands."""
        return any(
            one.qualified and one.domestic and bool(one.evidence) and (one.until is None or day <= one.until)
            for one in self.sources.values()
        )


@dataclass(frozen=True, slots=True)
class Share:
    """Parts of the catalogue with a qualified domestic source: how many, of how many, which [1]."""

    secured: tuple[str, ...]
    parts: int

    @property
    def value(self) -> float:
        """Share [%]. Example: 40 of 100 parts → 40.0"""
        return 100 * len(self.secured) / self.parts if self.parts else float("nan")


def count_row(
    plan: TargetPlan, item: str, thing: str, *, person: str, day: date, evidence: Sequence[Evidence], region: str = "",
    industry: str = "", time: int | None = None,
) -> Row:  # fmt: skip
    """The entry that counts a thing for a target from a day on.

    Raises   InputError: a target that the plan does not have, no name, no evidence
    """
    if not evidence:
        raise InputError("nothing counts without evidence", came="none", where=f"{item} {thing}",
                         expected="a fact of the books, or a document with its digest")  # fmt: skip
    more = {"day": day.isoformat(), "region": region, "industry": industry}
    return _row(plan, item, thing, "count", person, more, evidence, time)


def withdraw_row(
    plan: TargetPlan, item: str, thing: str, why: str, *, person: str, day: date, time: int | None = None
) -> Row:
    """The entry from which on a thing counts no more; without a name, what was shown of a target without a number.

    Raises   InputError without a reason
    """
    if not why.strip():
        raise InputError("nothing is withdrawn without a reason", where=f"{item} {thing}")
    return _row(plan, item, thing, "withdraw", person, {"day": day.isoformat(), "why": why}, (), time, why)


def part_row(
    plan: TargetPlan, item: str, part: str, *, person: str, day: date, industry: str = "", time: int | None = None
) -> Row:
    """The entry that takes a part or material into the catalogue: it is in the denominator from then on."""
    return _row(plan, item, part, "part", person, {"day": day.isoformat(), "industry": industry}, (), time)


def source_row(
    plan: TargetPlan, item: str, part: str, source: str, *, person: str, qualified: bool, domestic: bool,
    evidence: Sequence[Evidence] = (), until: date | None = None, time: int | None = None,
) -> Row:  # fmt: skip
    """The entry that says who can make a part. Raises InputError: qualified without evidence, no name."""
    if not source.strip() or (qualified and not evidence):
        raise InputError("a source has a name, and is qualified by evidence", came=repr(source), where=f"{item} {part}")
    more = {"source": source, "qualified": qualified, "domestic": domestic, "until": until and until.isoformat()}
    return _row(plan, item, part, "source", person, more, evidence, time)


def shown_row(
    plan: TargetPlan,
    item: str,
    text: str,
    *,
    person: str,
    day: date,
    evidence: Sequence[Evidence],
    reached: bool = False,
    time: int | None = None,
) -> Row:
    """The entry that says what was shown of a target without a number. Raises InputError without words or evidence."""
    if not text.strip() or not evidence:
        raise InputError("what was shown, and by which evidence?", came=repr(text), where=item)
    more = {"day": day.isoformat(), "reached": reached}
    return _row(plan, item, "", "shown", person, more, evidence, time, text)


def things(ledger: Ledger, plan: str, *, as_of: int | None = None) -> tuple[Thing, ...]:
    """Everything counted for the targets of a plan, in the order of target and name; withdrawn ones too."""
    standing = Standing(ledger, as_of)
    found: dict[str, Thing] = {}
    for one in entries(ledger, "programme", as_of=as_of):
        data, item = one.data, str(one.data.get("item", ""))
        if data.get("plan") != plan or not item or one.code == "target":
            continue
        day = _day(data.get("day"), one.time)
        sound, lacks = standing.sound(evidence_of(data.get("evidence")))
        own = found.get(one.subject) or Thing(item, str(data.get("thing", "")), day)
        own = replace(own, seq=one.seq, said=one.text or own.said, industry=str(data.get("industry") or own.industry))
        if one.code == "count":
            again = own.withdrawn is not None or not own.evidence
            own = replace(
                own,
                day=day if again else own.day,
                withdrawn=None,
                region=str(data.get("region") or own.region),
                evidence=tuple(dict.fromkeys((*own.evidence, *sound))),
                doubts=(*own.doubts, *lacks),
            )
        elif one.code == "withdraw":
            own = replace(own, withdrawn=day)
        elif one.code == "part":
            again = own.withdrawn is not None
            own = replace(own, kind="part", day=day if again else min(own.day, day), withdrawn=None)
        elif one.code == "source":
            until = data.get("until")
            source = Source(
                str(data.get("source", "")),
                data.get("qualified") is True,
                data.get("domestic") is True,
                date.fromisoformat(str(until)[:10]) if until else None,
                sound,
            )
            own = replace(own, kind="part", sources={**own.sources, source.name: source}, doubts=(*own.doubts, *lacks))
        elif one.code == "shown":
            own = replace(own, kind="shown", doubts=(*own.doubts, *lacks))
            if data.get("reached") is True:
                again = own.withdrawn is not None or not own.evidence
                kept = sound if again else tuple(dict.fromkeys((*own.evidence, *sound)))
                first = day if again else min(own.day, day) if sound else own.day
                own = replace(own, evidence=kept, day=first, withdrawn=None)
        found[one.subject] = own
    return tuple(sorted(found.values(), key=lambda one: (one.item, one.name)))


def share_secured(some: Iterable[Thing], item: str, day: date) -> Share:
    """Parts of a catalogue with a qualified domestic source on a day; withdrawn parts are in neither number."""
    own = [
        one
        for one in some
        if one.item == item and one.kind == "part" and one.day <= day and (one.withdrawn is None or day < one.withdrawn)
    ]
    return Share(tuple(one.name for one in own if one.secured(day)), len(own))


def _row(
    plan: TargetPlan, item: str, thing: str, code: str, person: str, more: Mapping[str, Any],
    evidence: Sequence[Evidence], time: int | None, text: str = "",
) -> Row:  # fmt: skip
    plan.item(item)
    if code not in ("shown", "withdraw") and not thing.strip():
        raise InputError("what is counted has a name", came=repr(thing), where=item)
    data = {"plan": plan.id, "item": item, "thing": thing, **more, "evidence": [one.as_dict() for one in evidence]}
    return row("programme", f"{plan.id}:{item}:{thing}", code, person=person, text=text or thing, data=data, time=time)


def _day(given: Any, time: int) -> date:
    try:
        return date.fromisoformat(str(given)[:10])
    except ValueError:
        return date.fromisoformat(iso(time)[:10])
