"""The fact streams: one fixed Arrow schema each, read from `streams.csv`, which the docs render too."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pyarrow as pa

from luban.core.errors import InputError

__all__ = ["Column", "Stream", "stream", "streams"]

# A `name` repeats over many rows, so it is held as a dictionary; a `text` rarely does.
_TYPES: dict[str, pa.DataType] = {
    "int64": pa.int64(),
    "float64": pa.float64(),
    "uint8": pa.uint8(),
    "name": pa.dictionary(pa.int32(), pa.string()),
    "text": pa.string(),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its Arrow type, unit and meaning.

    required  'yes' from whoever writes the fact, 'no' may be empty, 'assigned' by the ledger
    """

    name: str
    type: pa.DataType
    unit: str
    required: str
    description: str


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of fact and its columns, common columns first."""

    name: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pa.Schema:
        """Arrow schema; a column is nullable unless it is required."""
        return pa.schema([pa.field(c.name, c.type, nullable=c.required == "no") for c in self.columns])

    @property
    def own(self) -> tuple[Column, ...]:
        """The columns beyond the common ones."""
        common = {"seq", "recorded", "time", "source", "source_seq", "subject", "supersedes"}
        return tuple(c for c in self.columns if c.name not in common)


@cache
def streams() -> dict[str, Stream]:
    """All streams by name."""
    text = files("luban.ledger").joinpath("streams.csv").read_text("utf-8")
    columns: dict[str, dict[str, Column]] = {}
    for row in csv.DictReader(text.splitlines()):
        column = Column(row["column"], _TYPES[row["type"]], row["unit"], row["required"], row["description"])
        columns.setdefault(row["stream"], {})[column.name] = column
    common = columns.pop("*")
    return {name: Stream(name, tuple((common | own).values())) for name, own in columns.items()}


def stream(name: str) -> Stream:
    """The stream of that name. Raises InputError.

    Example stream("count").own[0].unit == "piece"
    """
    try:
        return streams()[name]
    except KeyError:
        raise InputError("unknown fact stream", came=repr(name), expected=", ".join(streams())) from None
