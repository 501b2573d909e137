"""What a segment says, hashed: the same rows give the same hash in any file layout.

The hash is over the rows in seq order, column by column, as plain little-endian bytes; so it
survives compaction, export and import, and a new Parquet writer.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["chain_hash", "content_hash", "sorted_by", "whole"]


def whole(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array; where it is a dictionary, as one with one list of words."""
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    array = column.combine_chunks()
    if isinstance(array, pa.ChunkedArray):
        array = array.chunk(0) if array.num_chunks else pa.array([], array.type)
    return array


def sorted_by(table: pa.Table, *names: str) -> pa.Table:
    """The table in the order of the columns (ties keep their order)."""
    if table.num_rows < 2:
        return table
    order = np.arange(table.num_rows)
    for name in reversed(names):  # stable sorts, last key first; integer ranks sort fastest
        key = _rank(table.column(name))[order]
        if not (key[1:] >= key[:-1]).all():  # not np.diff: unsigned keys wrap
            order = order[np.argsort(key, kind="stable")]
    return _taken(table, order) if not (order[1:] > order[:-1]).all() else table


def _taken(table: pa.Table, order: np.ndarray) -> pa.Table:
    """The rows in that order; columns that are one value throughout stay as they are."""
    columns = []
    for column in table.columns:
        array = whole(column)
        kind = array.type
        if array.null_count == len(array) or (pa.types.is_dictionary(kind) and _is_constant(array)):
            columns.append(array)
        elif array.null_count or not (pa.types.is_dictionary(kind) or pa.types.is_primitive(kind)):
            columns.append(array.take(pa.array(order)))
        elif pa.types.is_dictionary(kind):
            indices = array.indices.to_numpy(zero_copy_only=False)[order]
            columns.append(pa.DictionaryArray.from_arrays(pa.array(indices), array.dictionary))
        else:
            columns.append(pa.array(array.to_numpy(zero_copy_only=False)[order], kind))
    return pa.table(columns, schema=table.schema)


def _is_constant(array: pa.DictionaryArray) -> bool:
    return len(array.dictionary) == 1 and not array.null_count


def _rank(column: pa.ChunkedArray) -> Any:
    if not pa.types.is_dictionary(column.type):
        return column.to_numpy()
    array = whole(column)
    rank = np.empty(len(array.dictionary), np.int64)
    rank[pc.sort_indices(array.dictionary).to_numpy()] = np.arange(len(rank))
    ranks = rank[array.indices.to_numpy(zero_copy_only=False)]
    return ranks.astype(np.uint16) if len(rank) <= 1 << 16 else ranks  # 16-bit keys sort by radix


def content_hash(table: pa.Table) -> str:
    """SHA-256 over the rows in seq order."""
    table = sorted_by(table, "seq")
    digest = hashlib.sha256()
    for name in table.column_names:
        column = table.column(name)
        digest.update(f"{name}:{table.num_rows};".encode())
        if column.null_count:
            digest.update(np.packbits(column.is_null().to_numpy()).tobytes())
        if pa.types.is_dictionary(column.type) or pa.types.is_string(column.type):
            _hash_text(digest, column)
        else:
            filled = column.fill_null(0) if column.null_count else column
            digest.update(np.ascontiguousarray(filled.to_numpy()).data)
    return digest.hexdigest()


def _hash_text(digest: hashlib._Hash, column: pa.ChunkedArray) -> None:
    """Each distinct text once, in order of first use, then which one each row has."""
    array = whole(column if pa.types.is_dictionary(column.type) else column.dictionary_encode())
    indices = array.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    first = np.full(len(array.dictionary) + 1, len(indices))
    first[indices[::-1]] = np.arange(len(indices))[::-1]  # the last write is the first use; -1 lands in the spare slot
    used = np.flatnonzero(first[:-1] < len(indices))
    order = used[np.argsort(first[used], kind="stable")]
    texts = array.dictionary.take(pa.array(order)).to_pylist()
    code = np.full(len(array.dictionary) + 1, -1, np.int32)
    code[order] = np.arange(len(order))
    joined = "\0".join(texts)
    if joined.count("\0") >= max(len(texts), 1):  # a text holds the separator itself: say where each ends
        joined += f"\0{[len(text) for text in texts]}"
    digest.update((joined + f"\0{len(texts)};").encode())
    digest.update(code[indices].data)


def chain_hash(previous: str, stream: str, rows: int, seq_min: int, seq_max: int, content: str) -> str:
    """Link of one segment to the one before it."""
    return hashlib.sha256(f"{previous}|{stream}|{rows}|{seq_min}|{seq_max}|{content}".encode()).hexdigest()
