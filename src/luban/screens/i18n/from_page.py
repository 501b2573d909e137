"""Sentences of the quality page's service that are shown to people; {blanks} stand for what is filled in."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "no such characteristic", "no point to chart yet", "no such grouping",
    "limits are frozen only with a reason", "limits are withdrawn only with a reason", "no limits are frozen",
    "this point is not left out", "say what was found", "no such point on this chart", "nothing can be written here",
    "start the plant", "the books have not taken in what was written", "it is durable; look again",
    "quality shows the whole plant", "Histogram of {n} values", "Target", "Limits {n}",
)  # fmt: skip
"""All of them."""
