"""Sentences about machines read from their power that reach people, for translation."""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

ONE_LEVEL: Final = "power stays at one level: nothing can be told from it"
ON_ONLY: Final = "power shows only on and off: idling cannot be told from work"
CLOSE: Final = "idling and work lie close to the noise of the meter"
SHORT: Final = "not enough data: {hours} h of power, at least {least} h are needed"
NO_CYCLES: Final = "no cycle repeats in the power: pieces cannot be counted from it"
COARSE: Final = "the meter reads every {step} s: cycles shorter than {least} s cannot be counted"
DOUBTFUL: Final = "{n} pulses of power fit no cycle: they are counted as doubtful"
BY_CYCLE: Final = "pieces are counted by the given cycle of {cycle} s, not seen in the power"
GAPS: Final = "{hours} h without a reading are unknown"
CHANGED: Final = "the levels of power are no longer those learned: learn them again"

SENTENCES: Final = (
    ONE_LEVEL, ON_ONLY, CLOSE, SHORT, NO_CYCLES, COARSE, DOUBTFUL, BY_CYCLE, GAPS, CHANGED,
    # what was wrong with the data
    "there is no power to read", "power and times differ in number", "this is not a learned meter",
    "a counter rises by one a piece", "a cycle takes time", "power of several machines", "which column is the power?",
    "power without times",
)  # fmt: skip
"""Every sentence with {blanks} where names stand."""
