"""Improvement projects (define, measure, analyse, improve, control): what people did, and a gain that facts verify.

Nobody types a gain. A project says what is measured and which way is better; the gain is worked out from the facts of
the time before the change and of the time after it, each time it is looked at, and by a test.

Reads   Fact(event) of the kind `project`, and Fact(measurement) or Fact(count) of what the project measures
Writes  nothing itself: `charter` makes the fields of the first entry, `closing` those of the last
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import narwhals as nw
import numpy as np

from luban.core.errors import InputError
from luban.core.time import now
from luban.ledger import Ledger
from luban.plant import Plant
from luban.understand.book import Entry, entries
from luban.understand.quality.before_after import MEASURES, Gain, compare_mean, compare_share, compare_spread
from luban.understand.quality.measured import measured

__all__ = ["PHASES", "Aim", "Project", "Verified", "charter", "closing", "project_of", "projects", "verify"]

PHASES: Final = ("define", "measure", "analyse", "improve", "control", "closed")
"""In their order; an entry of a phase's name brings the project there, also back."""


@dataclass(frozen=True, slots=True)
class Aim:
    """What a project makes better.

    of       characteristic `item:name` whose measured values count, or a work unit whose pieces count
    measure  mean, spread or share (outside the specification; of a work unit: scrap and rework)
    pieces   `of` is a work unit
    wish     -1 less is better, +1 more is better (mean only)
    target   nearer to it is better (mean only); None: `wish` counts
    wanted   the figure to reach; None if nobody said it
    """

    of: str
    measure: str
    pieces: bool = False
    wish: int = -1
    target: float | None = None
    wanted: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the entry's data."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Project:
    """One project as its entries tell it.

    start, end  the time before [µs UTC]
    change      when the change took effect [µs UTC]; None before the phase improve
    until       end of the time after [µs UTC]; None: until now
    """

    id: str
    title: str
    problem: str
    phase: str
    aim: Aim
    start: int
    end: int
    change: int | None
    until: int | None
    owner: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Verified:
    """A gain with what it rests on.

    gain     figures, interval, test, verdict
    before, after  start and end of each time [µs UTC]
    facts    how many facts were used
    head     seq up to which the books were read: with it anyone gets the same gain again
    reached  whether `wanted` is reached by the figure after; None if nothing was wanted
    """

    gain: Gain
    before: tuple[int, int]
    after: tuple[int, int]
    facts: int
    head: int
    reached: bool | None

    def as_dict(self) -> dict[str, Any]:
        """For entries, `--json` and REST."""
        return {"gain": self.gain.as_dict(), "before": list(self.before), "after": list(self.after),
                "facts": self.facts, "head": self.head, "reached": self.reached}  # fmt: skip


def charter(title: str, aim: Aim, start: int, end: int, *, problem: str = "") -> dict[str, Any]:
    """Fields of the entry `define`.

    start, end  the time that shows the problem [µs UTC]
    Raises      InputError: unknown measure, no title, a time that is empty
    """
    if aim.measure not in MEASURES:
        raise InputError("this measure is not known", came=aim.measure, expected=", ".join(MEASURES))
    if aim.pieces and aim.measure != "share":
        raise InputError("of counted pieces only a share can be compared", came=aim.measure, expected="share")
    if aim.measure == "mean" and aim.target is None and aim.wish not in (-1, 1):
        raise InputError("say which way is better", expected="-1 for less, +1 for more, or a target")
    if not title.strip() or not aim.of.strip():
        raise InputError("a project needs a title and something that is measured")
    if start >= end:
        raise InputError("the time before is empty or reversed", came=f"{start} to {end}")
    return {"title": title, "problem": problem, "aim": aim.as_dict(), "start": start, "end": end}


def projects(ledger: Ledger, as_of: int | None = None) -> tuple[Project, ...]:
    """All projects of the books, the newest first."""
    by: dict[str, list[Entry]] = {}
    for entry in entries(ledger, "project", as_of=as_of):
        by.setdefault(entry.subject, []).append(entry)
    found = [project_of(some) for some in by.values() if any(e.code == "define" for e in some)]
    return tuple(sorted(found, key=lambda p: -p.entries[0].seq))


def project_of(some: Sequence[Entry]) -> Project:
    """How a project stands. The newest charter holds; `improve` says since when the change is in effect.

    Raises  InputError without a charter, or where it cannot be read
    """
    first = next((e for e in reversed(some) if e.code == "define"), None)
    if first is None:
        raise InputError("a project without a charter", came=some[0].subject if some else "nothing")
    raw = first.data
    try:
        one = raw["aim"]
        aim = Aim(str(one["of"]), str(one["measure"]), bool(one.get("pieces", False)), int(one.get("wish", -1)),
                  one.get("target"), one.get("wanted"))  # fmt: skip
        start, end = int(raw["start"]), int(raw["end"])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("the charter of a project cannot be read", came=str(error), where=first.subject) from None
    phase, change, until = "define", None, None
    for entry in some:
        if entry.code in PHASES:
            phase = entry.code
        if entry.code == "improve":
            change, until = int(entry.data.get("since", entry.time)), None
        if entry.code == "control" and entry.data.get("until") is not None:
            until = int(entry.data["until"])
    return Project(first.subject, str(raw.get("title") or first.subject), str(raw.get("problem") or ""), phase, aim,
                   start, end, change, until, first.person, tuple(some))  # fmt: skip


def verify(
    ledger: Ledger, plant: Plant, project: Project, *, at: int | None = None, level: float = 0.95,
    as_of: int | None = None,
) -> Verified:  # fmt: skip
    """The gain of a project, from facts.

    at      the present [µs UTC]; now if None
    as_of   the books as they stood at this seq: gives the gain of then
    Raises  InputError: no change yet, no facts of what is measured, no specification where a share outside it is asked
    """
    if project.change is None:
        raise InputError("nothing was changed yet, so there is nothing to verify", where=project.id,
                         hint="enter the phase improve with the time of the change")  # fmt: skip
    head = ledger.head if as_of is None else as_of
    before = (project.start, min(project.end, project.change))
    after = (project.change, project.until or (now() if at is None else at))
    if before[0] >= before[1] or after[0] >= after[1]:
        raise InputError("the time before or after the change is empty", where=project.id)
    aim = project.aim
    if aim.pieces:
        (a, n), (b, m) = (_pieces(ledger, aim.of, *when, head) for when in (before, after))
        _enough(n, m, aim.of)
        gain, facts = compare_share(a, n, b, m, level=level), n + m
    else:
        gain, facts = _measured_gain(ledger, plant, aim, before, after, level, head)
    return Verified(gain, before, after, facts, head, _reached(aim, gain))


def _measured_gain(
    ledger: Ledger, plant: Plant, aim: Aim, before: tuple[int, int], after: tuple[int, int], level: float, head: int
) -> tuple[Gain, int]:
    one = measured(ledger, plant, aim.of, *before, as_of=head).sample
    two = measured(ledger, plant, aim.of, *after, as_of=head).sample
    _enough(len(one.values), len(two.values), aim.of)
    facts = len(one.values) + len(two.values)
    if aim.measure == "spread":
        return compare_spread(one.values, two.values, level=level, unit=one.unit), facts
    if aim.measure == "mean":
        made = compare_mean(one.values, two.values, wish=aim.wish, target=aim.target, level=level, unit=one.unit)
        return made, facts
    low, high = one.lower, one.upper
    if low is None and high is None:
        raise InputError("the characteristic has no specification to lie outside of", where=aim.of,
                         hint="give it limits in characteristics.csv, or compare mean or spread")  # fmt: skip
    counts = []
    for values in (one.values, two.values):
        out = np.zeros(len(values), bool)
        out |= values < low if low is not None else False
        out |= values > high if high is not None else False
        counts += [int(out.sum()), len(values)]
    return compare_share(*counts, level=level), facts


def _enough(n: int, m: int, of: str) -> None:
    if min(n, m) < 2:
        raise InputError("too few facts to compare", came=f"{n} before, {m} after", where=of,
                         expected="2 each at least")  # fmt: skip


def _pieces(ledger: Ledger, unit: str, start: int, end: int, head: int) -> tuple[int, int]:
    """Bad pieces and all pieces of a work unit, by its counts."""
    frame = ledger.frame("count", subjects=[unit], since=start, until=end, as_of=head)
    table = frame.select(nw.col("good", "scrap", "rework").sum()).collect("pyarrow").to_arrow().to_pylist()[0]
    bad = round((table["scrap"] or 0) + (table["rework"] or 0))
    return bad, bad + round(table["good"] or 0)


def _reached(aim: Aim, gain: Gain) -> bool | None:
    """The figure to reach is of the mean itself, or of the distance from target, the spread or the share: then less."""
    if aim.wanted is None:
        return None
    more = aim.measure == "mean" and aim.target is None and aim.wish > 0
    return gain.after >= aim.wanted if more else gain.after <= aim.wanted


def closing(found: Verified | None, reason: str = "") -> Mapping[str, Any]:
    """Fields of the entry `closed`: the gain as the facts gave it, or the reason for closing without one.

    Raises  InputError if the gain is not verified and nobody says why the project ends all the same
    """
    good = found is not None and found.gain.verdict == "better"
    if not good and not reason.strip():
        raise InputError("the gain is not verified: say why the project ends without one",
                         came=found.gain.verdict if found else "no change")  # fmt: skip
    return {"verified": good, "reason": reason} | ({"found": found.as_dict()} if found else {})
