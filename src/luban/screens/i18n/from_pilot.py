"""Sentences about pilots that lower floors make, and all that the pilots say which ship; {blanks} are filled in."""

from __future__ import annotations

import re
from functools import cache

from luban.pilot.plan import FIELDS, Pilot
from luban.pilot.registry import SHIPPED, open_pilot, shipped

__all__ = ["pilot_sentences", "said_by"]

_TOLD = (
    "its plant is not here: run it from the source tree", "it cannot be run yet",
    "it has no twin.toml: nothing can be run", "helps", "mixed", "makes worse",
    "{n} pairs of runs with this figure, {k} are needed", "the figure as is cannot be told from zero",
    "at best {best}, at worst {worst}: all of it at or beyond {bar}",
    "the mean reaches {bar}, but the interval goes up to {worst}", "at best {best}, {bar} is asked for",
    "it was left off in this study", "seeds {first} to {last}, {n} pairs on the same chances; intervals at {level}",
    "waterfall: one lever after the other, in the order of the table", "waterfall: the mean over all orders",
    "levers that need capital follow in sequence after all that are decided",
    "some levers were switched on together: their step is that of all of them",
    "these seeds were looked at {n} times before by another program, with other settings or levers",
    "a study is under way", "wait, or stop it", "the pilot cannot be run", "that many seeds", "that many weeks",
    "no pilot of that name", "no such study", "this pilot has no proof yet", "run a study of it",
    "no such run in the pilot's books", "the books of this pilot cannot be read", "the study ended without a proof",
    "the server's log may say why; mostly it is a lack of memory", "another study of this pilot is running",
    "left out in this study: {names}", "the plant is enrolled already",
    "its state before is fixed; a new trial is a new folder name", "levers go on after the state before is fixed",
    "a state before that is fixed afterwards could be chosen to fit",
    "what the levers cost is in operating cost only where it was booked",
    "{n} whole days of facts", "fewer than two days with the figure",
    "no prices.csv: nobody knows what an hour or a kilowatt-hour costs",
    "no order of the time before has cost and good pieces in the books",
    "no order has a time of release in orders.csv and an operation that ended", "no counts in the books", "no facts",
    "wait until it has ended, or stop it", "a proof cannot be read", "pilots show whole plants",
)  # fmt: skip


@cache
def pilot_sentences() -> tuple[str, ...]:
    """All of them; pilots that cannot be run here say nothing."""
    found = dict.fromkeys((*_TOLD, *FIELDS.values(), *(title for _, title in SHIPPED.values())))
    for one in shipped():
        if one.ready:
            found |= dict.fromkeys(sorted(said_by(open_pilot(one.name).pilot)))
    return tuple(found)


def said_by(pilot: Pilot) -> set[str]:
    """Every text of a pilot that a screen shows; of units those that are words, symbols aside."""
    told = {pilot.title, pilot.unit, *pilot.binds.values(), *pilot.skipped.values(), *pilot.arms(), *pilot.units}
    told |= set(getattr(pilot, "meanings", {}).values())
    told |= {unit for unit in pilot.units.values() if re.search(r"[a-z]{4,}", unit)}
    for lever in pilot.levers:
        told |= {lever.name, lever.text}
    return {text for text in told if re.search(r"[A-Za-z]{2,}", text)}
