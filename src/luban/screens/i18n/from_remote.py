"""Sentences of remote diagnosis that are shown to people and come from the grants themselves."""

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    "this link does not open anything",
    "a link works once and for a time; ask the plant for a new one",
    "too many failed attempts",
    "no open visit",
    "the grant has ended, or it was opened elsewhere",
    "the grant does not open this",
    "too much was asked at once",
    "wait a little",
    "say whom the grant is for",
    "a grant has no such part",
    "a grant that shows nothing",
    "a grant cannot last so long",
    "a grant cannot begin so late",
    "no such grant",
    "this grant is over",
    "give a new one",
    "write something first",
    "this text is too long",
    "no such signal",
    "this interval is too long",
    "the plant has no such machine",
)
"""All of them."""
