"""Names of lots and serials as small integers: millions of them in little memory, found in well under a microsecond.

A name gets the next number when it first comes. Bytes lie end to end in one array, and an open hash table finds them.
One thread adds; any number of threads read what was published last, without a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from luban.understand.trace.kernel.names import find, find_many, intern, rehash

__all__ = ["NONE", "Ids", "Names"]

Ids: TypeAlias = NDArray[np.int32]
NONE = -1
"""The id of no name."""


class _Store(NamedTuple):
    data: NDArray[np.uint8]
    ends: NDArray[np.int64]  # ends[i] .. ends[i + 1] are the bytes of name i
    hashes: NDArray[np.uint32]
    table: Ids
    known: int


class Names:
    """A growing list of different names.

    Example  names = Names(); names.add(["A", "B", "A"]).tolist() == [0, 1, 0]; names.name(1) == "B"
    """

    def __init__(self) -> None:
        table = np.full(1024, NONE, np.int32)
        self._store = _Store(np.empty(4096, np.uint8), np.zeros(257, np.int64), np.empty(256, np.uint32), table, 0)
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._store.known

    @property
    def nbytes(self) -> int:
        """Memory held [byte]."""
        return sum(one.nbytes for one in self._store[:4])

    def add(self, names: Sequence[str | None] | pa.Array | pa.ChunkedArray) -> Ids:
        """The ids of the names, new ones included; NONE where there is no name or an empty one."""
        if isinstance(names, pa.ChunkedArray):
            if not names.num_chunks:
                return np.empty(0, np.int32)
            return np.concatenate([self.add(chunk) for chunk in names.chunks])
        array = names if isinstance(names, pa.Array) else pa.array(names, pa.string())
        if pa.types.is_dictionary(array.type):
            words = self._used(array)
            codes = array.indices.fill_null(NONE).to_numpy(zero_copy_only=False)
            return np.where(codes < 0, NONE, words[codes]).astype(np.int32) if len(words) else _none(len(array))
        return self._add(*_bytes_of(array))

    def _used(self, array: pa.DictionaryArray) -> Ids:
        """Ids of a dictionary's words; words that no row uses are not added."""
        words = array.dictionary
        if len(words) > len(array):
            used = np.unique(array.indices.drop_null().to_numpy(zero_copy_only=False))
            ids = _none(len(words))
            ids[used] = self._add(*_bytes_of(words.take(pa.array(used))))
            return ids
        return self._add(*_bytes_of(words))

    def _add(self, data: NDArray[np.uint8], ends: NDArray[np.int64]) -> Ids:
        wanted = np.empty(len(ends) - 1, np.int32)
        at = 0
        with self._lock:
            while at < len(wanted):
                left, first = int(ends[-1] - ends[at]), int(ends[at + 1] - ends[at])
                store = self._roomy(self._store, left, first, len(wanted) - at)
                at, count = intern(data, ends, at, *store, wanted)
                self._store = store._replace(known=int(count))
        return wanted

    def _roomy(self, store: _Store, more: int, first: int, rows: int) -> _Store:
        """Room for at least one more name, and for as many as is likely; published before it is used."""
        count, used = store.known, int(store.ends[store.known])
        new = min(rows, max(count, 1024))
        length = max(first, min(more, max(used, 64 * 1024)))
        data, ends, hashes, table = store.data, store.ends, store.hashes, store.table
        if used + length > len(data):
            data = _grown(data, max(used + length, len(data) * 3 // 2))
        if count + new + 1 > len(ends):
            size = max(count + new + 1, len(ends) * 3 // 2)
            ends, hashes = _grown(ends, size), _grown(hashes, size)
        if 2 * (count + new) > len(table):
            size = 1 << int(2 * (count + new)).bit_length()
            table = np.full(size, NONE, np.int32)
            rehash(hashes, count, table)
        return _Store(data, ends, hashes, table, count)

    def id(self, name: str) -> int:
        """The id of a name, or NONE."""
        raw = np.frombuffer(name.encode(), np.uint8)
        return int(find(raw, *self._store)) if len(raw) else NONE

    def ids(self, names: Sequence[str | None]) -> Ids:
        """The ids of the names; NONE for those not there. Adds nothing."""
        return find_many(*_bytes_of(pa.array(names, pa.string())), *self._store)  # type: ignore[no-any-return]

    def name(self, number: int) -> str:
        """The name of an id; "" for NONE."""
        if number < 0:
            return ""
        store = self._store
        return bytes(store.data[store.ends[number] : store.ends[number + 1]]).decode()

    def array(self, numbers: NDArray[Any]) -> pa.Array:
        """Names of many ids as an Arrow array; null for NONE."""
        store, numbers = self._store, np.asarray(numbers, np.int64)
        safe = np.maximum(numbers, 0)
        begin, end = store.ends[safe], store.ends[safe + 1]
        if not store.known:
            return pa.nulls(len(numbers), pa.string())
        if len(numbers) and int(safe.max()) - int(safe.min()) < 4 * len(numbers):
            low, high = int(safe.min()), int(safe.max())
            whole = _strings(store.data, store.ends[low : high + 2])
            return whole.take(pa.array(safe - low, mask=numbers < 0))
        lengths = np.where(numbers < 0, 0, end - begin)
        ends = np.concatenate(([0], np.cumsum(lengths)))
        at = np.repeat(begin - ends[:-1], lengths) + np.arange(ends[-1])
        found = _strings(store.data[at], ends)
        return found if (numbers >= 0).all() else found.take(pa.array(np.arange(len(numbers)), mask=numbers < 0))


def _none(length: int) -> Ids:
    return np.full(length, NONE, np.int32)


def _grown(array: NDArray[Any], size: int) -> NDArray[Any]:
    bigger = np.empty(size, array.dtype)
    bigger[: len(array)] = array
    return bigger


def _bytes_of(array: pa.Array) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Bytes and ends of an array of text; a null is an empty text."""
    if pa.types.is_null(array.type):
        array = array.cast(pa.string())
    if array.null_count:
        array = array.fill_null("")
    if pa.types.is_large_string(array.type):
        kind: Any = np.int64
    else:
        array, kind = array.cast(pa.string()), np.int32
    if not len(array):
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, kind)[array.offset : array.offset + len(array) + 1].astype(np.int64)
    return np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8), offsets


def _strings(data: NDArray[np.uint8], ends: NDArray[np.int64]) -> pa.Array:
    low, high = int(ends[0]), int(ends[-1])
    offsets = pa.py_buffer(np.ascontiguousarray(ends - low))
    bytes_ = pa.py_buffer(np.ascontiguousarray(data[low:high]))
    return pa.LargeStringArray.from_buffers(len(ends) - 1, offsets, bytes_)
