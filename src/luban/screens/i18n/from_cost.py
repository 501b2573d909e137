"""Sentences of the cost page's service that are shown to people; {blanks} stand for what is filled in."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "the cost books are being worked out", "ask again in a moment", "the plant has no prices",
    "no order, item or lot of that name has cost",
    "look at its spelling", "no such element of cost", "variances cannot be added up by that",
    "no such kind of variance", "no such role of an account", "no such kind of event",
    "the interval ends before it starts", "no good piece yet, so no cost of one", "cost shows the whole plant",
    "carried by good pieces", "in progress", "moved to scrap", "lost with scrap", "settled after completion",
)  # fmt: skip
"""All of them."""
