"""Sentences that come from data or from lower floors and are shown to people: translated like the screens' own.

{names} stand for what is filled in; a name of one letter stands for a number.
"""

from __future__ import annotations

from luban.core.quality import Quality
from luban.screens.i18n.from_pilot import pilot_sentences
from luban.screens.i18n.from_quality import quality_sentences
from luban.screens.i18n.from_schedule import schedule_sentences
from luban.screens.users import Role

__all__ = ["sentences"]

_LIVE = (
    "no value yet", "switched off", "no data since", "no state came yet", "no state since the data came back",
    "no source is configured for this unit", "user or password not accepted", "too many failed logins",
    "check both; an admin can set a new password", "wait {n} s and try again",
)  # fmt: skip
_GAPS = (
    "connection lost", "the link was down", "the process was not running", "gap",
)  # fmt: skip
_TILES = (
    "no data", "no state yet", "planned break", "producing during a planned break", "state is not good: {quality}",
    "no time element for the word {word}", "the source says {word}",
)  # fmt: skip
_WITHHELD = (
    "no planned time: {place} has no shift in this window, see [[calendar]] in plant.toml",
    "only {n} % of the planned time is known, {k} % is needed: nobody can say what happened in {span}",
    "no count of pieces is known of {units}",
    "{n} of {k} counts are not of good quality",
    "a count of pieces is negative",
    "no ideal cycle for item {item} at unit {unit}: add it to routing.csv",
    "no ideal cycle for item {item}, operation {operation} at unit {unit}: add it to routing.csv",
    "no ideal cycle for pieces without an item at unit {unit}: add it to routing.csv",
    "{n} s of work inside {k} s of running: {m} pieces do not fit; check {what}",
    "{n} s of work inside {k} s of running at {unit}: {m} pieces do not fit; check {what}",
    "the ideal cycle, the counter and the state mapping",
    "no state of {mapping} is marked as a failure",
    "no failure began in this window",
    "undefined: {divisor} is 0, all of the time was planned down",
    "undefined: {divisor} is 0, the unit did not produce",
    "undefined: {divisor} is 0, nothing was made",
    "undefined: {divisor} is 0, the unit was not busy",
    "undefined: {divisor} is 0, the unit neither produced nor was set up",
    "undefined: {divisor} is 0",
)  # fmt: skip
_MADE = (
    "{span} of planned time is unknown and left out; low and high say what it could be",
    "{n} counts of doubtful quality are left out",
    "{n} pieces were made in unknown time and are set aside",
    "no scrap or rework was reported: every counted piece is taken as good",
    "no scrap or rework was reported at {unit}: every counted piece is taken as good",
    "withheld: {reason}",
    "between {n} and {k}, whatever happened in unknown time",
    "{edition}; state mapping {mapping}; method {method}; books at seq {n}",
    "planned run time per item, from the routing",
    "(planned time that nobody can account for)",
    "({item} at {unit}, {n} pieces)",
    "fact {n} at {time} by {source}: {content}",
    "{figure} of {place}, {start} to {end}",
    "{place} {start} to {end}, {span}: {state} ({why})",
    "{place} {start} to {end}, {span}: {state}",
    "{h} h {m} min", "{m} min", "{s} s",
)  # fmt: skip


def sentences() -> tuple[str, ...]:
    """All of them."""
    labels = tuple(quality.label for quality in Quality)
    roles = tuple(role.name.lower() for role in Role)
    own = _LIVE + _GAPS + _TILES + _WITHHELD + _MADE + labels + roles
    return own + schedule_sentences() + quality_sentences() + pilot_sentences()
