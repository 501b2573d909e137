"""Nouns of moving and selling: customers, kanban loops, labels that can be scanned, warranty."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CodeLabel", "Customer", "KanbanLoop", "Warranty"]


@dataclass(frozen=True, slots=True)
class Customer:
    """A line of customers.csv.

    place     what movements name as destination
    name      as it is written to; the place if the file has none
    address   in one line, parts by semicolons
    contact   person, telephone or mail
    language  that a notice is written in: en, zh, ko; "" for that of who writes it
    """

    place: str
    name: str
    address: str = ""
    contact: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class KanbanLoop:
    """A line of kanban.csv: cards of one item between the place that uses it and the place that fills it.

    quantity  of a card [unit of the item]
    cards     in the loop
    """

    id: str
    item: str
    place: str
    source: str
    quantity: float
    cards: int


@dataclass(frozen=True, slots=True)
class CodeLabel:
    """A line of codes.csv: what a label stands for.

    kind  part, tool, person, machine, order or place
    name  as facts name it; of a machine the full path
    """

    code: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Warranty:
    """A line of warranty.csv: how long what was sold is repaired, replaced or taken back.

    months   of free repair
    refund   days in which the customer may have it taken back
    replace  days in which the customer may have it replaced
    """

    item: str
    months: int
    refund: int
    replace: int
