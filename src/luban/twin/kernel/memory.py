"""How compiled code reaches the arrays of a run: one address, from which every array of structs is a view.

A run's arrays are many; handing them from function to function one by one costs more than the work they do. The
compiled functions take `w`, the address of a directory of (address, length) pairs, as C code takes a pointer.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["SLOTS", "accessor", "entry", "pointer"]

SLOTS = 64
"""Places in the directory."""


@intrinsic  # type: ignore[untyped-decorator]
def pointer(_context: Any, _address: Any) -> Any:
    """A number as an address."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], cgutils.voidptr_t)

    return types.voidptr(types.int64), code


def accessor(slot: int, dtype: Any) -> Callable[[int], Any]:
    """A compiled function from `w` to the array in that place of the directory."""

    @njit
    def view(w: int) -> Any:
        directory = carray(pointer(w), (2 * SLOTS,), np.int64)
        return carray(pointer(directory[slot]), (directory[SLOTS + slot],), dtype)

    return view  # type: ignore[no-any-return]


def _stamp() -> str:
    """Changes with any source of the kernel: the compiler's cache looks at the file of an entry point only."""
    here = Path(__file__).parent
    return sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()


STAMP = _stamp()


def entry(make: Callable[[str], Callable[..., Any]]) -> Any:
    """Compiles an entry point and keeps it on disk; `make` closes over the stamp of the kernel's sources."""
    return njit(cache=True)(make(STAMP))
