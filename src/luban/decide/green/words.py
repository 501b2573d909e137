"""Sentences of green processes."""

from __future__ import annotations

__all__ = ["SENTENCES"]

SENTENCES: tuple[str, ...] = (
    # families and signs
    "waste heat", "water reuse", "heavy metals", "substitution", "slag", "flue gas",
    "no fuel, steam or heat is on record; a hot stream that no meter knows would be one",
    "heat is used: {media}",
    "no waste water is on record",
    "waste water leaves that could be fresh water saved",
    "no item or waste names a plating metal",
    "named after a plating metal: {names}",
    "no hazardous waste and no hazardous material is on record",
    "hazardous: {names}",
    "no slag, and no general waste that is disposed of, is on record",
    "not utilised: {names}",
    "nothing that is burnt on the spot is on record",
    "burnt on the spot: {media}",
    # what limits a change
    "the exchanger is the limit", "the stream may not be cooled further", "the sink takes no more",
    "the user takes all that comes through", "the user's demand is the limit", "the user's limit of salt is the limit",
    "the bath takes all of the rinse back", "what the bath evaporates is the limit",
    # savings
    "fuel", "discharge", "metal", "sludge", "old material", "new material", "hazardous waste", "into the air",
    "metal won", "sold", "not dumped", "crushing and sorting", "levy on sulphur dioxide", "levy on nitrogen oxides",
    "levy on dust", "gypsum", "limestone", "ammonia",
    # balances and their flows
    "energy", "salt", "mass", "sulphur", "calcium", "ash", "nitrogen oxides",
    "hot stream", "sink", "hot stream after", "gas before", "gas after", "loss", "user", "concentrate",
    "waste water untreated", "carried out of the bath", "back to the bath", "on the parts", "bought", "product", "air",
    "dumped", "dried off", "stack", "limestone left", "below the grate", "filter", "flame", "made harmless",
    # what is refused
    "no such kind of project", "no project in the file", "something is missing", "the projects cannot be read",
    "{kind} has no such quantity", "the quantity cannot be", "such money of a change cannot be", "spread is a share",
    "the streams give no exchanger", "the gas does no work", "there is no water to use again",
    "the user may not have even the fresh water", "no such rinse", "nothing to rinse off", "more goes out than in",
    "more metal and water than slag", "too little limestone",
)  # fmt: skip
"""All of them."""
