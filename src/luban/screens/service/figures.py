"""Figures of `understand.kpi` in the shape that screens show.

Reads  Fact(state, count, event)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luban.core.errors import InputError
from luban.ledger import Ledger
from luban.norms import TimeElement, kpi_catalogue, state_mapping
from luban.plant import Plant
from luban.screens.service.board import Board, Loss, ShownFigure, Tile
from luban.screens.service.now import element_kind
from luban.understand import kpi
from luban.understand.kpi.books import open_books
from luban.understand.kpi.figures import Place, figures as kpi_figures
from luban.understand.kpi.losses import losses_of
from luban.understand.kpi.read import sums_by_shift
from luban.understand.kpi.sums import Sums, total

__all__ = ["FRONT", "board", "check_name", "losses_shown", "shown", "tile", "tiles"]

FRONT = ("oee", "availability", "effectiveness", "quality_ratio")


def board(ledger: Ledger, plant: Plant, path: str, start: int, end: int, label: str, as_of: int | None) -> Board:
    """Figures, losses and tiles of one place, from one reading of the same state of the books. Raises InputError."""
    seq = ledger.head if as_of is None else as_of
    members = plant.units_of(path)
    if not members:
        return Board(path, start, end, label, seq, (), (), "", ())
    # what `kpi.read`, `kpi.losses` and `kpi.tiles` do each for itself, with the sums worked out once
    books = open_books(ledger, plant, start, end, members, seq)
    sums = total([Sums(units=members), *sums_by_shift(books).values()])
    place, settings = Place(path, books.start, books.end, books.seq), kpi.Settings.of(books.plant)
    made = [shown(figure) for figure in kpi_figures(kpi.NAMES, sums, place, settings)]
    lost = losses_of(sums, place, settings)
    rows = kpi.time_ledger(*books.frames()).sort("subject", "start").collect("pyarrow").to_native().to_pylist()
    return Board(
        path, start, end, label, seq, tuple(_in_order(made)), losses_shown(lost), lost.withheld, tuple(map(tile, rows))
    )


def shown(figure: kpi.Figure) -> ShownFigure:
    """One figure with its names in every language."""
    names = kpi_catalogue()[figure.name].names
    return ShownFigure(
        figure.name, names, figure.subject, figure.value, figure.unit, figure.withheld, figure.low, figure.high,
        figure.coverage, figure.notes,
    )  # fmt: skip


def tiles(ledger: Ledger, plant: Plant, path: str, start: int, end: int, seq: int) -> list[Tile]:
    """States of each unit at or below a place, by unit and time."""
    if not plant.units_of(path):
        return []
    return [tile(row) for row in kpi.tiles(ledger, plant, start, end, [path], seq).to_pylist()]


def tile(row: Mapping[str, Any]) -> Tile:
    """One row of the time ledger as it is drawn."""
    element = TimeElement(row["element"])
    failed = bool(row["state"] and row["mapping"]) and state_mapping(row["mapping"]).is_failure(row["state"])
    kind = element_kind(element, failure=failed and element is not TimeElement.PDOT)
    return Tile(
        row["subject"],
        row["start"],
        row["end"],
        element.value,
        kind,
        row["state"] or "",
        row["reason"] or "",
        row["seq"],
    )


def losses_shown(lost: kpi.Losses) -> tuple[Loss, ...]:
    """The steps with the planned time before them."""
    last = len(lost.steps) - 1
    steps = [
        Loss(step.name, step.duration / 1e6, "rest" if at == last else "loss") for at, step in enumerate(lost.steps)
    ]
    return (Loss("planned", lost.planned / 1e6, "total"), *steps)


def _in_order(figures: Sequence[ShownFigure]) -> list[ShownFigure]:
    front = {name: at for at, name in enumerate(FRONT)}
    return sorted(figures, key=lambda figure: front.get(figure.id, len(front)))


def check_name(name: str) -> str:
    """The indicator's id if luban works it out. Raises InputError."""
    known = kpi_catalogue()
    if name not in known or not known[name].computed:
        expected = ", ".join(key for key, entry in known.items() if entry.computed)
        raise InputError("no such indicator", came=name, expected=expected)
    return name
