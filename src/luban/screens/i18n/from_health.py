"""Sentences of the health page's service that are shown to people; {blanks} stand for what is filled in."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "no such machine", "see the fleet", "no signal tells of this machine's condition",
    "declare a signal with a unit or a range in plant.toml", "nothing was read of this machine yet",
    "what is usual is learned anew only with a reason", "this moment is still to come",
    "this machine is not among your sites",
)  # fmt: skip
"""All of them."""
