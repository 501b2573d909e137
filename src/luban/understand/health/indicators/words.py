"""Sentences about indicators that reach people, for translation."""

from __future__ import annotations

from typing import Final

__all__ = ["NAMES", "SENTENCES"]

NOTHING: Final = "no value is a number"
CONSTANT: Final = "the values do not vary: no kurtosis, no spectrum"
HOLES: Final = "values are missing: no spectrum"
SHORT: Final = "too few values for a spectrum"
BAND: Final = "the band {low} to {high} Hz is out of reach of the sampling rate or too narrow"
NO_SPEED: Final = "the speed of the shaft is not known: no frequencies of the bearing"
UNREACHED: Final = "{name}: {frequency} Hz cannot be told in the envelope"

DOUBTS: Final = {
    "missing": "The channel is expected and not there",
    "silent": "The channel fell silent while others go on",
    "empty": "The channel holds no number",
    "not a number": "Values that are no finite numbers were left out",
    "gap": "Nothing was measured for a while",
    "clock set back": "The clock was set back",
    "sampling changed": "The time between values changed",
    "constant": "The channel does not vary: is the sensor connected?",
    "unit changed": "All values are multiplied from here on: was the unit changed at the source?",
}

UNSEEN: Final = "the machine runs in a regime never seen before: nothing to compare with"
BRIEF: Final = "the stretch holds too few values to be compared"
FEW: Final = "not enough data: {n} stretches in this regime, at least {least} are needed"
NO_FIGURE: Final = "the indicator was not learned in this regime"
STEADY: Final = "the indicator never varied in this regime"

NAMES: Final = (
    "mean", "rms", "standard deviation", "peak", "peak to peak", "crest factor", "shape factor", "impulse factor",
    "clearance factor", "kurtosis", "skewness", "main frequency", "spectral centroid", "envelope kurtosis",
    "envelope low", "envelope high", "cage", "outer race", "inner race", "ball", "unseen",
)  # fmt: skip
"""What indicators are called."""

SENTENCES: Final = (
    *NAMES,
    NOTHING, CONSTANT, HOLES, SHORT, BAND, NO_SPEED, UNREACHED, *DOUBTS.values(), UNSEEN, BRIEF, FEW, NO_FIGURE, STEADY,
    # what was wrong with the data
    "no bearing looks like that", "the shaft does not turn", "no such band",
    "the band is narrower than the spectrum can tell", "take more samples at a time",
    "a spectrum needs a sampling rate", "too few values for a spectrum", "too few values for an envelope",
    "a signal is one row of numbers", "values and times differ in number", "values and labels differ in number",
    "this is not the state of indicators", "a stretch has no length", "the shaft does not turn forward",
    "fewer than two turns of the shaft", "pulses do not rise in time",
    "a regime needs numbers", "time is not given", "these are not learned regimes",
    "a cycle ends above where it begins", "neither a level nor a state tells where a cycle begins",
    "a signal that never changes has no cycles",
)  # fmt: skip
"""Every sentence with {blanks} where names stand."""
