"""Sentences of decisions on quality that reach a screen, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

__all__ = ["AIM", "CHARTS", "CORRECT", "EDGE", "SAMPLING", "SENTENCES", "SIGNAL"]

AIM: Final = "{machine}: the next pieces would lie {before} off target, after the change {after}"
CORRECT: Final = "offsets of {station} are proposed from now on; its operators no longer correct by single readings"
SAMPLING: Final = (
    "{station}: the first piece and one in {every} is measured: what a reading brings against what it costs"
)
EDGE: Final = "{station}: edges are changed after {minutes} min of cutting; {share} ended earlier than that"
CHARTS: Final = "{station}: control charts are kept by hand"
SIGNAL: Final = "{machine}: readings are off target by {off} on the chart"

SENTENCES: Final = (AIM, CORRECT, SAMPLING, EDGE, CHARTS, SIGNAL)
"""Why an offset, a rule of sampling or a limit of edges is proposed."""
