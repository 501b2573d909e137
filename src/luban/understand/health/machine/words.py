"""Sentences about a machine's health that reach people, for translation."""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

NO_CHANNEL: Final = "no channel of numbers varies: nothing can be watched"
TOO_FEW: Final = "not enough data: {n} readings in operation, {least} are needed to learn what is usual"
NOT_YET: Final = "all readings so far are those from which what is usual was learned"
NO_LIMIT: Final = "no limit of wear is known for any channel"
BY_ITSELF: Final = "{channel} is watched by itself: {reason}"
ONE_VARIES: Final = "no second channel varies"
GOOD_ASSUMED: Final = "The first {n} readings in operation are taken as good; name another stretch if they are not."
GOOD_NAMED: Final = "What is usual was learned from the first {n} readings in operation."
UNSEEN: Final = "{n} readings are in a regime never seen while learning, without a verdict"
THIN: Final = "{n} readings are in a regime with too few good readings, without a verdict"
COUNTER: Final = "{channel} only counts up: its rise in an hour is watched"
SET_APART: Final = "{channel} tells regimes apart and is not watched: {reason}"
NOT_RUNNING: Final = "the machine did not run"
NEVER_SEEN: Final = "this regime was never seen"
OFTEN_MISSING: Final = "missing in more than a fifth of the good readings"
CONSTANT_IN_ONE: Final = "it does not vary within a regime"
FEW_GOOD: Final = "not enough rows of good operation"
NAMES_PASSED: Final = (
    "Fewer than {least} good readings in most named regimes: regimes are found from the readings instead."
)
NO_MOMENT: Final = "no moment or running number can be read"
NO_VALUES: Final = "nothing was read of this signal in operation in the days looked at"
SELDOM: Final = "not enough data: a reading each {step} s, one each {least} s or more often is needed for indicators"
FAST: Final = "{rate} readings a second, {most} are taken at most: have the device send indicators, and watch those"
USUAL_NOT_YET: Final = "what is usual is not learned yet: nothing to compare with"
USUAL_NO_VALUES: Final = "the signal held too few values when what is usual was learned: nothing to compare with"
USUAL_FAR_BACK: Final = "the days taken as usual lie too far back to be read again: learn anew what is usual"
READING: Final = "the single values are still being read: what is usual, and stretches, follow"
UNIT_APART: Final = "{channel} changes its unit; values from there on are not compared"

SENTENCES: Final = (
    NO_CHANNEL, TOO_FEW, NOT_YET, NO_LIMIT, BY_ITSELF, ONE_VARIES, GOOD_ASSUMED, GOOD_NAMED,
    UNSEEN, THIN, COUNTER, SET_APART, NO_MOMENT, NOT_RUNNING, OFTEN_MISSING, CONSTANT_IN_ONE, UNIT_APART, FEW_GOOD,
    NAMES_PASSED, NO_VALUES, SELDOM, FAST, USUAL_NOT_YET, USUAL_NO_VALUES, USUAL_FAR_BACK, READING,
    # what was wrong with the question
    "no reading of any machine", "a limit needs a channel and a number",
    "the file holds no column of numbers", "these are other channels",
    "this is not the state of a watched machine",
)  # fmt: skip
"""Every sentence with {blanks} where names stand."""
