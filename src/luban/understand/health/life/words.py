"""Sentences about remaining life that reach people, for translation."""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

TOO_FEW_FAILURES: Final = "not enough data: {n} histories that end in a failure, at least {least} are needed"
NO_SIGNAL: Final = "not enough data: no channel changes between a fresh machine and a worn one"
NOT_ENDED: Final = "the history does not end in a failure: its age counts, its readings do not"
TOO_SHORT: Final = "not enough data: {n} readings, at least {least} are needed"
WIDE: Final = "no interval: {n} failures do not carry {share} %, at least {least} are needed"
CONSTANT: Final = "the channel never changes"
NO_NUMBERS: Final = "the channel holds no numbers"
TIME_DOUBLE: Final = "the same moment of the same machine a second time"
TIME_MISSING: Final = "the moment is not a number"
CHANNEL_MISSING: Final = "{channel} is missing: learned again without it"
STRANGE_CHANNEL: Final = "{channel} lies outside of everything learned; was its unit changed? Left out"
STRANGE_STATE: Final = "{n} readings are in a state of operation never seen before; left out"
GAP: Final = "the clock jumps by {step} after {time}; usual is {usual}"
NEW_STATE: Final = "the machine runs in a state of operation never seen before"
RATE: Final = "readings come every {step}, learned were some every {usual}: the interval may not hold"
ALREADY: Final = "the threshold is passed already"
NO_TREND: Final = "not enough data: no trend towards the threshold can be told from noise"
ONE_CLASS: Final = "not enough data: {n} failures among {all} cases, at least {least} of both are needed"
ROW_NUMBER: Final = "a row number or a name that never repeats says nothing about others"

SENTENCES: Final = (
    TOO_FEW_FAILURES, NO_SIGNAL, NOT_ENDED, TOO_SHORT, WIDE, CONSTANT, NO_NUMBERS, TIME_DOUBLE, TIME_MISSING,
    CHANNEL_MISSING, STRANGE_CHANNEL, STRANGE_STATE, NEW_STATE, GAP, RATE, ALREADY, NO_TREND, ONE_CLASS, ROW_NUMBER,
    # what was wrong with the data
    "no reading of any machine is left", "a channel is missing", "a column is missing", "time does not rise",
    "put readings in order of age in use", "the threshold is not a number", "times and indicator differ in length",
    "a limit is high or low",
)  # fmt: skip
"""Every sentence with {blanks} where names stand."""
