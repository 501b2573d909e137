"""The door of the ledger: rows as a caller has them become an Arrow table of a stream's schema, or an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from luban.core.errors import InputError
from luban.ledger.content import whole
from luban.ledger.streams import Column, Stream

__all__ = ["Rows", "complete", "prepare"]

Rows: TypeAlias = Mapping[str, Sequence[Any] | np.ndarray | pa.Array | pa.ChunkedArray] | pa.Table | pa.RecordBatch


def prepare(stream: Stream, rows: Rows) -> pa.Table:
    """The caller's columns, checked and typed; `source_seq` and `supersedes` only if given.

    Raises InputError: missing, unknown or ill-typed column, empty value where one is required, unequal lengths.
    """
    if isinstance(rows, pa.RecordBatch):
        rows = pa.Table.from_batches([rows])
    given = {name: rows.column(name) for name in rows.column_names} if isinstance(rows, pa.Table) else dict(rows)
    known = {c.name: c for c in stream.columns if c.name not in {"seq", "recorded", "source"}}
    unknown = [name for name in given if name not in known]
    missing = [c.name for c in known.values() if c.required == "yes" and c.name not in given]
    if unknown or missing:
        raise InputError(
            f"columns of a {stream.name} fact",
            came=", ".join(given),
            expected=", ".join(c.name if c.required == "yes" else f"[{c.name}]" for c in known.values()),
            hint="; ".join(
                [f"unknown: {', '.join(unknown)}"] * bool(unknown) + [f"missing: {', '.join(missing)}"] * bool(missing)
            ),
        )
    columns = {name: _typed(stream, known[name], values) for name, values in given.items()}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) > 1:
        raise InputError(
            f"columns of a {stream.name} fact differ in length", came=str({n: len(v) for n, v in columns.items()})
        )
    return pa.table({name: columns[name] for name in known if name in columns})


def _typed(stream: Stream, column: Column, values: Any) -> pa.Array:
    try:
        array = _array(column, values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError, OverflowError) as error:
        raise InputError(
            f"{stream.name}.{column.name} does not fit its type",
            came=str(error).splitlines()[0],
            expected=f"{column.type} [{column.unit or 'text'}]: {column.description}",
        ) from error
    if column.required == "yes" and array.null_count:
        row = pc.index(pc.is_null(array), True).as_py()
        raise InputError(f"{stream.name}.{column.name} is empty", where=f"row {row}", expected=column.description)
    return array


def _array(column: Column, values: Any) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = whole(values)
    if not isinstance(values, pa.Array):
        values = pa.array(values)
    if values.type == column.type:
        return values
    if pa.types.is_dictionary(column.type):
        if pa.types.is_dictionary(values.type):
            values = values.dictionary_decode()
        return values.cast(pa.string()).dictionary_encode()
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    return values.cast(column.type)


def complete(stream: Stream, rows: pa.Table, *, source: str, first_seq: int, recorded: int) -> pa.Table:
    """All columns of the stream: numbers assigned, absent optional columns null."""
    n = rows.num_rows
    names = set(rows.column_names)
    assigned = {
        "seq": lambda: pa.array(np.arange(first_seq, first_seq + n, dtype=np.int64)),
        "recorded": lambda: pa.array(np.full(n, recorded, np.int64)),
        "source": lambda: pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int32)), pa.array([source])),
    }
    columns = [
        rows.column(c.name) if c.name in names else assigned[c.name]() if c.name in assigned else pa.nulls(n, c.type)
        for c in stream.columns
    ]
    return pa.table(columns, schema=stream.schema)
