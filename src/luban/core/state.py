"""The state of something learned, as bytes: named arrays, and what is said beside them.

The bytes are numpy's own archive of arrays; what is said beside them lies in it as JSON under `told`. The same state
gives the same bytes. Nothing in it is ever run: no pickle.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from luban.core.errors import InputError

__all__ = ["pack", "unpack", "unpacking"]

_TOLD: Final = "told"
# what foreign or broken bytes lead to, in the archive, in the JSON, or where something is made of both
_BROKEN: Final = (
    ArithmeticError, AttributeError, EOFError, LookupError, NotImplementedError, OSError, TypeError, ValueError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def pack(told: Any, arrays: Mapping[str, NDArray[Any]], *, small: bool = False) -> bytes:
    """The bytes of a state.

    told    what JSON can say; lists come back for tuples
    arrays  by name; any name but `told`, no objects
    small   compressed: slower, for states that are written seldom
    Raises  ValueError for an array of objects or of the name `told`

    Example  pack({"names": ["load"]}, {"limit": np.ones(2)})
    """
    if _TOLD in arrays:
        raise ValueError("the name 'told' is taken")
    text = json.dumps(told, ensure_ascii=False).encode("utf-8")
    file = io.BytesIO()
    write = np.savez_compressed if small else np.savez
    write(file, allow_pickle=False, **{_TOLD: np.frombuffer(text, np.uint8)}, **arrays)
    return file.getvalue()


def unpack(state: bytes) -> tuple[Any, dict[str, NDArray[Any]]]:
    """What was said, and the arrays by name.

    Raises  one of many errors where the bytes are not such a state: use it within `unpacking`

    Example  unpack(pack({"names": ["load"]}, {}))[0]["names"]
    """
    with np.load(io.BytesIO(state), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    return json.loads(arrays.pop(_TOLD).tobytes().decode("utf-8")), arrays


@contextmanager
def unpacking(what: str) -> Iterator[None]:
    """Where something is made of a state again: whatever is wrong with the bytes is an InputError that says `what`.

    Example  with unpacking("this is not a saved model"): told, arrays = unpack(state)
    """
    try:
        yield
    except InputError:
        raise
    except _BROKEN as error:
        raise InputError(what, came=f"{type(error).__name__}: {error}") from None
