"""Sentences of trace, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AMOUNT", "BAD_TIME", "CIRCULAR", "CLAIMED", "CODES", "EARLY", "NO_LOT", "NO_NUMBER", "NO_RECEIPTS",
    "OPEN_FLOW", "OVER", "OVER_OUT", "SENTENCES", "UNKNOWN",
]  # fmt: skip

AMOUNT = "the quantity is not a number above 0"
CIRCULAR = "the lot would be made of itself"
CLAIMED = "a second parent claims the same serial number"
EARLY = "used before it was made or received"
OVER = "more was taken than there was"
OVER_OUT = "more went out than there was"
UNKNOWN = "a lot that no fact brings in"
NO_RECEIPTS = "what there was of the lot is not on record, so its shares rest on what was taken"
OPEN_FLOW = "the flow in a loop did not settle"
BAD_TIME = "not a time"
NO_LOT = "no lot is named"
NO_NUMBER = "not a number"

CODES: Final = {
    "amount": AMOUNT, "unknown": UNKNOWN, "circular": CIRCULAR, "early": EARLY, "claimed": CLAIMED, "over": OVER,
    "over_out": OVER_OUT,
}  # fmt: skip
"""Kinds of doubt about a fact, worst first."""

SENTENCES: Final = (
    *CODES.values(), NO_RECEIPTS, OPEN_FLOW, BAD_TIME, NO_LOT, NO_NUMBER,
)  # fmt: skip
