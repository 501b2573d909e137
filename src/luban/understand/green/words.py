"""Sentences of the green account and sheet."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    # water and waste
    "{meter}: {unit} is no volume; left out",
    "more waste water than fresh water: rain, a source without a meter, or a meter that is wrong",
    "{item}: no unit in the table of items; left out",
    "{item}: {unit} is no mass; left out",
    "{item}: {amount} {unit} more taken out than there was; in no sum",
    # footprints
    "{name}: {amount} {unit} per piece, no factor",
    "{item}: nothing of it was counted in the window; energy not known",
    "{item}: no meter gives energy to its orders",
    "{item} carries {share} of its burden: {rule}",
    # figures
    "the plant's books hold no meter readings of this window",
    "{medium}: nobody says how much heat it holds, in the table of meters",
    "no meter of fresh water",
    "no meter of waste water",
    "no meters of fresh water and of water used again",
    "no meters of waste water and of recycled water",
    "no movement of waste is on record: {kind}",
    "no good piece was counted",
    "{count} kinds of product together",
    "not whole: {items}",
    "nobody has stated: {quantity}",
    "{quantity}: stated for a period that does not cover the window",
    "{quantity}: shared by time out of a longer period",
    "nothing to divide by",
    "{factor}: not checked at its source",
    "{count} doubtful readings are in no sum",
    # the sheet
    "nobody has stated it",
    "nobody has stated what the trade reaches and its best",
    "the leading value is worse than the baseline",
    "stated: {value}; what the facts say counts",
    "nothing up to the baseline value, all from the leading value on, straight in between",
    "nothing up to the baseline value, all from the leading value on, straight in between (own convention)",
    # statements
    "output value",
    "renewable energy with its certificates",
    "area of the site",
    "ground that buildings stand on",
    "floor area of all buildings",
    "nothing of that name can be stated",
    "the period is empty",
    "baseline and leading value are the same",
    "a statement names the document that shows it",
    "no such edition of the sheet",
    "no such point or number",
    "no good piece of this item was counted in the window",
    "the green sheet shows the whole plant",
    "give the window with {first} and {last}",
    # media
    "circulating water",
    "recycled water",
    "waste water",
)
"""All of them."""
