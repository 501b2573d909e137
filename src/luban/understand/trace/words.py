"""Sentences of trace, with {blanks}; screens translate them."""

from __future__ import annotations

from typing import Final

__all__ = [
    "AMOUNT", "BAD_TIME", "CIRCULAR", "CLAIMED", "CODES", "EARLY", "FAULTS", "FIELD_CHANGED", "FILE_GONE",
    "HASH_CHANGED", "NOT_KNOWN", "NO_INPUT", "NO_LOT", "NO_NUMBER", "NO_RECEIPTS", "NO_RECORD", "OF_ANOTHER",
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

NO_RECORD = "its record {hash} is not in the chain"
OF_ANOTHER = "its hash is that of {lot}"
NOT_KNOWN = "known as {known}, shown as {shown}"
FIELD_CHANGED = "{field} is not what the record was made with"
HASH_CHANGED = "the record does not have its hash"
NO_INPUT = "an input, {hash}, is not in the chain"
FILE_GONE = "the file that was taken in is gone or was changed"

FAULTS: Final = (FILE_GONE, NO_RECORD, OF_ANOTHER, NOT_KNOWN, FIELD_CHANGED, HASH_CHANGED, NO_INPUT)
"""What a chain of records shows."""

SENTENCES: Final = (
    *CODES.values(), *FAULTS, NO_RECEIPTS, OPEN_FLOW, BAD_TIME, NO_LOT, NO_NUMBER,
)  # fmt: skip
