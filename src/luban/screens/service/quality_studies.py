"""Capability, relations, causes and gauge studies of a plant's books, for pages and REST.

Reads  Fact(measurement, count, event)    Writes  nothing
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.screens.service.gauge_studies import Asked, repeatability_of, study_of
from luban.screens.service.quality import QualityBooks
from luban.understand.quality.capability import Capability, capability, leave_out
from luban.understand.quality.data import Excluded
from luban.understand.quality.gauge_study import GaugeStudy, readings
from luban.understand.quality.measured import Measured, measured
from luban.understand.quality.pareto import Pareto, events_pareto, scrap_pareto
from luban.understand.quality.read import read_columns
from luban.understand.quality.relations import Relations, relations

__all__ = [
    "capability_of", "causes_of", "gauge_of_books", "gauge_of_table", "relations_of", "window_of",
]  # fmt: skip

_LARGEST = 20_000_000  # bytes of a table that a person brings


def window_of(books: QualityBooks, span: str, start: str = "", end: str = "") -> tuple[int | None, int | None]:
    """Start and end [µs UTC] of a range such as 7d; both None for everything."""
    if not (span or start or end):
        return None, None
    own = books.view.range(span, start, end)
    return own.start, own.end


def capability_of(
    books: QualityBooks, subject: str, *, group: str = "", family: str = "normal", span: str = "", start: str = "",
    end: str = "", despite: str = "", level: float = 0.95,
) -> Capability:  # fmt: skip
    """Capability of a characteristic against the plant's own limits.

    group   single, lot, or how many values in a row are a subgroup; as it is charted by default
    Raises  InputError: no values, no limits, unknown family
    """
    taken = str(group or books.usual(subject).group or "single")
    grouped: str | int = int(taken) if taken.isdecimal() else taken
    found = _measured(books, subject, span, start, end, grouped)
    return capability(
        leave_out(found.sample, _left(books, subject, found)), family=family, despite=despite, level=level
    )


def relations_of(books: QualityBooks, subject: str, *, span: str = "", start: str = "", end: str = "") -> Relations:
    """What goes with a characteristic's values."""
    return relations(_measured(books, subject, span, start, end, "single"))


def causes_of(
    books: QualityBooks, *, kind: str = "", by: str = "", amount: str = "", rework: bool = False, span: str = "",
    start: str = "", end: str = "",
) -> Pareto:  # fmt: skip
    """Pareto of scrap, or of events of a kind."""
    begin, until = window_of(books, span, start, end)
    if kind:
        return events_pareto(books.view.ledger, kind, begin, until, by=by or "code", amount=amount)
    return scrap_pareto(books.view.ledger, begin, until, by=by or "item", rework=rework)


def gauge_of_books(
    books: QualityBooks, subject: str, asked: Asked, *, gauge: str = "", span: str = "", start: str = "", end: str = ""
) -> GaugeStudy:
    """Repeatability and reproducibility from measurement facts: serial is the part, person the operator.

    gauge   only readings of this gauge
    Raises  InputError where the facts are no study, with what is missing
    """
    found = _measured(books, subject, span, start, end, "single", {"gauge": gauge} if gauge else None)
    serial, person, sample = found.factors["serial"], found.factors["person"], found.sample
    kept = [at for at in range(len(sample.values)) if serial[at] and person[at]]
    if not kept:
        expected = "readings that name the serial of the piece and the person"
        raise InputError("these readings are no gauge study", came=f"{len(sample.values)} readings", expected=expected)
    left = _unnamed(found, kept)
    read = readings(
        [serial[at] for at in kept], [person[at] for at in kept], sample.values[kept],
        characteristic=sample.characteristic, unit=sample.unit, lower=sample.lower, upper=sample.upper,
        excluded=(*sample.excluded, *left), source=sample.source,
    )  # fmt: skip
    return repeatability_of(read, asked)


def gauge_of_table(content: bytes, name: str, asked: Asked, sheet: str = "") -> Any:
    """Any gauge study of a table that a person brings, as `gauge_studies.study_of`.

    content  the file, at most 20 MB
    name     its name, whose ending says what it is
    """
    if len(content) > _LARGEST:
        raise InputError("the file is too large", came=f"{len(content):,} bytes", expected=f"at most {_LARGEST:,}")
    with tempfile.TemporaryDirectory(prefix="luban-") as folder:
        path = Path(folder) / (Path(name).name or "table.csv")
        path.write_bytes(content)
        return study_of(read_columns(path, sheet), asked)


def _measured(
    books: QualityBooks, subject: str, span: str, start: str, end: str, group: str | int,
    where: dict[str, str] | None = None,
) -> Measured:  # fmt: skip
    if not subject:
        raise InputError("which characteristic", came="none", expected="item:name")
    begin, until = window_of(books, span, start, end)
    found = measured(books.view.ledger, books.view.plant, subject, begin, until, group=group, where=where)
    if not len(found.sample.values):
        raise InputError("no values in this time", came=subject, hint="choose a longer time")
    return found


def _left(books: QualityBooks, subject: str, found: Measured) -> dict[int, str]:
    """Points that people left out of the chart's limits, by index, each with its reason."""
    stands, sample = books.standing(subject), found.sample
    out: dict[int, str] = {}
    for at, seq in enumerate(found.seqs.tolist()):
        if seq in stands.out:
            point = int(np.searchsorted(sample.starts, at, side="right")) - 1
            out[point] = stands.out[seq]
    return out


def _unnamed(found: Measured, kept: Sequence[int]) -> list[Excluded]:
    """Readings that name no piece or no person."""
    known, sample = set(kept), found.sample
    return [
        Excluded(
            f"seq {found.seqs[at]}", sample.characteristic, f"{sample.values[at]:g}", "no serial or no person is named"
        )
        for at in range(len(sample.values))
        if at not in known
    ]
