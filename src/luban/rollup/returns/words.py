"""Sentences that returns make and screens say in the language of whoever reads."""

from __future__ import annotations

from typing import Final

__all__ = ["SENTENCES"]

SENTENCES: Final = (
    "a rule of the plan does not hold: {rule}",
    "off by a power of ten: {amount}",
    "unit and year stand twice: {place}",
    "one firm under two ids: {other}",
    "one firm in two regions: {other}",
    "no figure of the books fills it: state it with its document",
    "the year {year} is not over",
    "the meters know {share} % of the year, {least} % is needed",
    "no fuel is metered: state what is emitted on the site with its document",
    "scope 1, in CO₂ equivalents",
    "scopes 1 and 2, in CO₂ equivalents",
    "the books hold no movement of solid waste; if none came up, state 0",
    "the books of waste begin on {day}",
    "the journal begins on {day}",
    "the journal of the year ends on {day}",
    "the journal has no posting of account {account} (main-business revenue)",
    "the journal has no posting of account {account} (R&D expenditure)",
    "account {account} holds several currencies: {currencies}",
    "account {account}, {count} postings in {months} months",
    "as the accounts have it; research that others do is not intramural spend",
    "the plant has no table of key processes",
    "as the firm registered them",
    "no controller of it was ever heard",
    "its controller was last heard {days} days before; {fresh} count",
    "{unit} is no {wanted}: {why}",
)
