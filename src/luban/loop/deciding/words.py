"""Sentences of decisions that reach a screen, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "DUE",
    "IDLE",
    "MENDED",
    "MISSING",
    "MISSING_LATE",
    "NOT_WATCHED",
    "NO_LATE_HOUR",
    "NO_TARIFF",
    "RESTING",
    "SENTENCES",
    "UNPLANNED",
    "UNPLANNED_LATE",
]

MENDED: Final = (
    "{machine} stands still: {moved} of {of} operations move, {late} orders are late, {before} if nothing moves"
)
DUE: Final = {
    "overdue": "{task} is overdue",
    "asked": "{task} is asked for by its condition: {why}",
    "due": "{task} is due within a week",
}

RESTING: Final = "it draws {ready} ready and {standby} in standby"
IDLE: Final = "by {hours} a day that it was idle in the last week"
NOT_WATCHED: Final = "{machine} was watched for less than a day"
NO_LATE_HOUR: Final = "what an hour of lateness costs is not set"
NO_TARIFF: Final = "no tariff of [energy] holds in the plant's currency"
MISSING: Final = "{missing} is not there yet: {machine} is done {minutes} min sooner if it takes {first} first"
UNPLANNED: Final = "{order} is there and in no plan: {machine} is done {minutes} min sooner if it takes {first} first"
MISSING_LATE: Final = (
    "{missing} is not there yet: with {first} first at {machine} orders are {minutes} min less late in all"
)
UNPLANNED_LATE: Final = (
    "{order} is there and in no plan: with {first} first at {machine} orders are {minutes} min less late in all"
)

SENTENCES: Final = (
    MENDED, *DUE.values(), IDLE, NOT_WATCHED, NO_TARIFF, NO_LATE_HOUR, MISSING, UNPLANNED,
    MISSING_LATE, UNPLANNED_LATE,
    "what it needs goes to what is worth more", "it is not priced, and what it needs is taken",
    "what it needs is taken already", "it costs more than it brings", "it was not decided on in time",
    "by rule: the lever acts by itself", "nobody decided in time", "a newer proposal takes its place",
    "all automation was stopped before it was carried out", "this decision cannot be taken",
    "this decision cannot be declined", "this decision cannot be undone", "this decision was not undone",
    "no such decision",
    "wait until that is done", "all automation is stopped",
)  # fmt: skip
"""Why decisions are proposed, dropped, turned down, and how they end."""
