"""Sentences of alarms, with {blanks}; screens translate them."""

from __future__ import annotations

__all__ = [
    "ACKNOWLEDGE_FIRST",
    "AGAIN",
    "BUSY_HOURS",
    "BUSY_TENS",
    "CHATTERING",
    "CRITICAL_SHARE",
    "EMPTY_LOG",
    "FEW_ALARMS",
    "FEW_FOR_SHARES",
    "FINDINGS",
    "HIDDEN_ALREADY",
    "HIGH_SHARE",
    "IN_FLOOD",
    "IN_SERVICE",
    "LOOK_AT_IT",
    "MANY_URGENT",
    "MAY_FAIL",
    "MEASURES",
    "MEDIUM_SHARE",
    "MISSING_SIGNAL",
    "NOTHING_SAID",
    "NOTHING_TO_ACKNOWLEDGE",
    "NOTHING_TO_RESET",
    "NOT_CONFIRMED",
    "NOT_KNOWN",
    "NOT_SHELVED",
    "NO_ACTION",
    "NO_ALARM",
    "NO_BAND",
    "NO_CAUSE",
    "NO_CONSEQUENCE",
    "NO_EVENT",
    "NO_ORDER",
    "NO_POSITION",
    "NO_PRIORITY",
    "NO_RESPONSE",
    "NO_RETURNS",
    "ONE_IS_URGENT",
    "OUT_OF_RANGE",
    "PEAK",
    "PER_DAY",
    "PER_HOUR",
    "PER_TEN",
    "READING",
    "REASON",
    "SAME_SIDE",
    "SENTENCES",
    "SEVERITY",
    "SHELVE_HOW_LONG",
    "SHORT_LOG",
    "SLOW_DELAY",
    "STALE",
    "STILL_THERE",
    "TOO_LONG",
    "TOO_SHORT",
    "TOP_SHARE",
    "TRY_OR_GIVE_UP",
    "TWICE",
    "UNKNOWN_ACT",
    "UNMATCHED",
    "UNUSUAL",
    "URGENT_SLOW",
    "WEAR",
    "WIDE_BAND",
]  # fmt: skip

NOTHING_TO_ACKNOWLEDGE = "there is nothing to acknowledge"
STILL_THERE = "the condition is still there"
ACKNOWLEDGE_FIRST = "acknowledge it first"
NOTHING_TO_RESET = "it is not latched"
HIDDEN_ALREADY = "it is out of the list already"
SHELVE_HOW_LONG = "shelving ends within 12 hours: say when"
REASON = "this needs a reason"
NOT_SHELVED = "it is not shelved"
IN_SERVICE = "it is in service"
NOTHING_SAID = "a comment needs words"
UNKNOWN_ACT = "unknown act"
NO_ALARM = "no such alarm"
EMPTY_LOG = "no alarm in the log"
NO_POSITION = "there is no operating position"

TOO_LONG = "the log spans more than 50 years"
NO_RETURNS = "the log does not say when alarms went"
SHORT_LOG = "less than 30 days: the standard recommends at least 30 days of data"
TOO_SHORT = "the log is too short for this"
FEW_ALARMS = "not more alarms than are listed"
NO_PRIORITY = "the log names no priority"
FEW_FOR_SHARES = "fewer than 20 alarms: shares say nothing"
NO_EVENT = "every row counts as an alarm that came: no column says what happened"
UNMATCHED = "{n} rows say that an alarm went or was seen that had not come before"
AGAIN = "{n} rows say again that an alarm is there"
NO_ORDER = "the rows were not in order of time; they were sorted"

SEVERITY = "priorities are severities up to 1000: above 800 critical, above 600 high, above 400 medium"
ONE_IS_URGENT = "priorities are numbers: 1 counts as the most urgent"

PER_DAY = "alarms per day and position"
PER_HOUR = "alarms per hour and position"
PER_TEN = "alarms per 10 min and position"
BUSY_HOURS = "hours with more than 30 alarms"
BUSY_TENS = "10-minute periods with more than 10 alarms"
PEAK = "most alarms within 10 min"
IN_FLOOD = "time in flood"
TOP_SHARE = "share of the 10 most frequent alarms"
CHATTERING = "alarms that chatter"
STALE = "stale alarms on the worst day"
CRITICAL_SHARE = "share of priority critical"
HIGH_SHARE = "share of priority high and above"
MEDIUM_SHARE = "share of priority medium and above"

NO_ACTION = "no action: what does not need one is no alarm"
NO_CONSEQUENCE = "no consequence: nobody can tell its priority"
NO_RESPONSE = "no response time"
NO_CAUSE = "no cause"
SLOW_DELAY = "the delay takes {delay} s of the {response} s in which the action still helps"
NO_BAND = "neither dead band nor delay: it will chatter when the value lies at the limit"
WIDE_BAND = "the dead band is wider than a tenth of the signal's range"
OUT_OF_RANGE = "the limit lies outside the signal's range, so it never comes"
TWICE = "the same signal has {other} with the same action: one of them is enough"
SAME_SIDE = "a more urgent alarm of the signal comes before it: {other}"
URGENT_SLOW = "urgent, though there are {response} s for the action"
MANY_URGENT = "{share} % of the alarms are high or critical; about 5 % are usual"
MISSING_SIGNAL = "the signal is switched off in plant.toml"

UNUSUAL = "its signals are unlike all that was before"
WEAR = "its remaining life is short"
MAY_FAIL = "it may fail unforeseen"
LOOK_AT_IT = "look at the machine's health and decide on an inspection"
NOT_CONFIRMED = "the device did not confirm a command"
NOT_KNOWN = "it is not known where the actuator stands, and it takes no other command"
TRY_OR_GIVE_UP = "look at the machine, then try again, bring back or give up on the page Loop"

MEASURES = (
    PER_DAY, PER_HOUR, PER_TEN, BUSY_HOURS, BUSY_TENS, PEAK, IN_FLOOD, TOP_SHARE, CHATTERING, STALE, CRITICAL_SHARE,
    HIGH_SHARE, MEDIUM_SHARE,
)  # fmt: skip

FINDINGS = (
    NO_ACTION, NO_CONSEQUENCE, NO_RESPONSE, NO_CAUSE, SLOW_DELAY, NO_BAND, WIDE_BAND, OUT_OF_RANGE, TWICE, SAME_SIDE,
    URGENT_SLOW, MANY_URGENT, MISSING_SIGNAL,
)  # fmt: skip

READING = ("no time that can be read", "no alarm is named", "unknown event", "it goes before it comes")
"""Why a row of a log could not be used."""

SENTENCES = (
    NOTHING_TO_ACKNOWLEDGE, STILL_THERE, ACKNOWLEDGE_FIRST, NOTHING_TO_RESET, HIDDEN_ALREADY, SHELVE_HOW_LONG, REASON,
    NOT_SHELVED, IN_SERVICE, NOTHING_SAID, UNKNOWN_ACT, NO_ALARM, EMPTY_LOG, NO_POSITION, TOO_LONG, NO_RETURNS,
    SHORT_LOG, TOO_SHORT, FEW_ALARMS, NO_PRIORITY, FEW_FOR_SHARES, NO_EVENT, UNMATCHED, AGAIN, NO_ORDER, SEVERITY,
    ONE_IS_URGENT, UNUSUAL, WEAR, MAY_FAIL, LOOK_AT_IT, NOT_CONFIRMED, NOT_KNOWN,
    TRY_OR_GIVE_UP, *MEASURES, *FINDINGS, *READING,
)  # fmt: skip
"""All of them, for the catalogues of the screens."""
