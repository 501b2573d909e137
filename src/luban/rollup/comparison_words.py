"""Sentences of comparing: places among peers, dependence."""

from __future__ import annotations

__all__ = ["NO_INTERVAL", "SENTENCES"]

NO_INTERVAL = "its interval is not known"
"""Why a value that rests on a part of a census has no rank."""

SENTENCES = (
    "the economy's product is not known",
    "spending on research is not known",
    "receipts are not known",
    "nothing is paid",
    "output is not known",
    "imports are not known",
    "exports are not known",
    "nothing is used: more goes out than is there",
    "fewer than {n} peers",
    NO_INTERVAL,
)
