"""Sentences of the gauge register that reach people, for translation."""

from typing import Final

from luban.understand.quality.gauge_use import CLEARED, REASONS
from luban.understand.quality.gauges import BREAKS, STATES

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    *STATES.values(),
    *BREAKS.values(),
    *REASONS.values(),
    *(text for text in CLEARED.values() if text),
    "{gauge}: the certificate states no uncertainty",
    "{gauge}: no finer than {other}, which it calibrates",
    "a gauge needs a number",
    "no such gauge",
    "a calibration lies in the future",
    "a calibration needs the number of its certificate",
    "an uncertainty lies above 0",
    "a coverage factor lies above 0",
    "as found: in tolerance or out of it",
    "a gauge is not its own standard",
    "nobody said when the next calibration is due",
    "give the due date, or register the days between calibrations",
    "the next calibration is due before this one",
    "days between calibrations",
    "not a date",
    "not a number",
)
"""Every sentence with {blanks} where names stand."""
