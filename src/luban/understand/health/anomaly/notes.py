"""What a watch says of a signal: alarms, what it took as normal since, and what was odd about the data."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SENTENCES", "Adaptation", "Alarm", "Note"]

_ALARMS = {
    "value": "A value unlike any before",
    "shape": "A pattern unlike any before",
    "rhythm": "Unlike the same hour of yesterday and of a week ago",
}
_ADAPTATIONS = {
    "new level": "The signal stays at a new level, which is taken as normal from now on",
    "passed": "The signal is back where it was; what was seen is remembered",
}
_NOTES = {
    "clock set back": "The clock was set back",
    "gap": "Nothing was measured for a while",
    "sampling changed": "The time between values changed: patterns and rhythm have to be learned anew",
    "constant": "The signal has not varied since it is watched: is the sensor connected?",
}

_REASONS = (
    "too few rows yet", "this regime was never seen", "not enough rows of good operation",
    "a variable does not vary in this regime", "missing in more than half of the rows",
    "does not vary in good operation", "a value is missing", "not a finite number",
)  # fmt: skip

_ERRORS = (
    "there are not enough rows of good operation", "fewer than two variables vary", "watch a single signal by itself",
    "a row lacks variables", "rows and regimes differ in number", "values and times differ in number",
)  # fmt: skip

SENTENCES: tuple[str, ...] = (*_REASONS, *_ERRORS, *_ALARMS.values(), *_ADAPTATIONS.values(), *_NOTES.values())
"""All sentences here, for translation."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm.

    at      number of the value, from 0
    time    of the value [µs UTC], NO_TIME if not known
    value   that came [unit of the signal]
    rarity  -log10 of the chance of such a distance
    kind    value | shape | rhythm: the first of these that is rare enough by itself
    """

    at: int
    time: int
    value: float
    rarity: float
    kind: str

    @property
    def text(self) -> str:
        """For people."""
        return _ALARMS[self.kind]


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What a watch learned after an alarm: no silent retraining.

    at      number of the value at which the stretch after the alarm ended
    alarm   number of the value that raised the alarm
    kind    new level: the median since lies outside the 1st to 99th percentile before; passed: it does not
    before  median remembered when the alarm came [unit]
    after   median since the alarm [unit]
    """

    at: int
    time: int
    alarm: int
    kind: str
    before: float
    after: float

    @property
    def text(self) -> str:
        """For people."""
        return _ADAPTATIONS[self.kind]


@dataclass(frozen=True, slots=True)
class Note:
    """Something odd about the data.

    code    clock set back | gap | sampling changed | constant
    amount  seconds, or the value that does not vary
    """

    at: int
    time: int
    code: str
    amount: float

    @property
    def text(self) -> str:
        """For people."""
        return _NOTES[self.code]
