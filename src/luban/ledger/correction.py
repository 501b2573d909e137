"""Corrections: a new fact that supersedes an old one, made from the old one and what is right instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.ledger.reader import Ledger
from luban.ledger.streams import Column, stream

__all__ = ["correction"]


def correction(ledger: Ledger, seq: int, changes: Mapping[str, str]) -> tuple[str, dict[str, list[Any]]]:
    """Stream and row of the fact that says what is right.

    seq      the wrong fact
    changes  column to its right value, as text; '' empties a column that may be empty
    Raises   InputError: no such fact, superseded already, unknown column, value that does not fit
    Example  correction(ledger, 1187, {"good": "22"})
    """
    wrong = ledger.fact(seq)
    if wrong is None:
        raise InputError(
            "no such fact", came=f"seq {seq}", expected=f"1 … {ledger.head}", hint="luban ledger at DIR SEQ"
        )
    name = wrong["stream"]
    newer = ledger.frame(name).filter(_supersedes(seq)).select("seq").collect().to_dict(as_series=False)["seq"]
    if newer:
        raise InputError(
            "the fact is corrected already", came=f"seq {seq}", hint=f"correct the newer one, seq {newer[0]}"
        )
    columns = {c.name: c for c in stream(name).columns if c.required != "assigned" and c.name != "supersedes"}
    row = {column: wrong[column] for column in columns}
    if not changes:
        raise InputError("nothing to change", expected=f"NAME=VALUE with a column of {name}: {', '.join(columns)}")
    for column, text in changes.items():
        if column not in columns:
            raise InputError(f"no such column of a {name} fact", came=column, expected=", ".join(columns))
        row[column] = _value(columns[column], text)
    if row == {column: wrong[column] for column in columns}:
        raise InputError("the correction says what the fact says", came=str(dict(changes)), where=f"seq {seq}")
    return name, {column: [value] for column, value in row.items()} | {"supersedes": [seq]}


def _supersedes(seq: int) -> Any:
    import narwhals as nw

    return nw.col("supersedes") == seq


def _value(column: Column, text: str) -> Any:
    if not text:
        if column.required == "yes":
            raise InputError(f"{column.name} cannot be empty", expected=column.description)
        return None
    try:
        if column.unit == "µs UTC":
            return int(text) if text.lstrip("-").isdigit() else parse_time(text)
        if pa.types.is_integer(column.type):
            return int(text)
        return float(text) if pa.types.is_floating(column.type) else text
    except ValueError as error:
        expected = f"a number [{column.unit}]: {column.description}"
        raise InputError(f"{column.name} does not fit", came=repr(text), expected=expected) from error
