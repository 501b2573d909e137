"""Sentences about pilots that lower floors make; {blanks} stand for what is filled in."""

from luban.pilot.plan import FIELDS
from luban.pilot.registry import SHIPPED

__all__ = ["SENTENCES"]

_TOLD = (
    "its plant is not here: run it from the source tree", "it cannot be run yet",
    "it has no twin.toml: nothing can be run", "helps", "mixed", "makes worse",
    "{n} pairs of runs with this figure, {k} are needed", "the figure as is cannot be told from zero",
    "at best {best}, at worst {worst}: all of it at or beyond {bar}",
    "the mean reaches {bar}, but the interval goes up to {worst}", "at best {best}, {bar} is asked for",
    "it was left off in this study", "seeds {first} to {last}, {n} pairs on the same chances; intervals at {level}",
    "waterfall: one lever after the other, in the order of the table", "waterfall: the mean over all orders",
    "levers that need capital follow in sequence after all that are decided",
    "some levers were switched on together: their step is that of all of them",
    "these seeds were looked at {n} times before by another program, with other settings or levers",
    "a study is under way", "wait, or stop it", "the pilot cannot be run", "that many seeds", "that many weeks",
    "no pilot of that name", "no such study", "this pilot has no proof yet", "run a study of it",
    "no such run in the pilot's books", "the books of this pilot cannot be read", "the study ended without a proof",
    "the server's log may say why; mostly it is a lack of memory", "another study of this pilot is running",
    "wait until it has ended, or stop it", "a proof cannot be read", "pilots show whole plants",
)  # fmt: skip
_PILOTS: tuple[str, ...] = ()

SENTENCES: tuple[str, ...] = (
    *_TOLD, *FIELDS.values(), *(title for _, title in SHIPPED.values()), *_PILOTS,
)  # fmt: skip
"""All of them."""
