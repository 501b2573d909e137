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
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

__all__ = ["SLOTS", "accessor", "entry", "inlined"]

SLOTS = 64
"""Places in the directory."""


inlined = njit(forceinline=True)
"""For what is small or has one caller: a call costs more than its work."""


def accessor(slot: int, dtype: Any) -> Callable[[int], Any]:
    """An inlined function from `w` to the array in that place of the directory."""
    kind = types.Array(from_dtype(np.dtype(dtype)), 1, "C")
    size = np.dtype(dtype).itemsize

    @intrinsic
    def view(_context: Any, _w: Any) -> Any:
        def code(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
            word = ir.IntType(64)
            directory = builder.inttoptr(arguments[0], word.as_pointer())
            address = builder.load(builder.gep(directory, [word(slot)]))
            length = builder.load(builder.gep(directory, [word(SLOTS + slot)]))
            constant = builder.module.add_metadata([])  # a directory changes only between two calls of the entry point
            address.set_metadata("invariant.load", constant)
            length.set_metadata("invariant.load", constant)
            array = context.make_array(kind)(context, builder)
            populate_array(
                array,
                data=builder.inttoptr(address, array.data.type),
                shape=(length,),
                strides=(word(size),),
                itemsize=word(size),
                meminfo=None,
            )
            return array._getvalue()  # noqa: SLF001

        return kind(types.int64), code

    return view


def _stamp() -> str:
    """Changes with any source of the kernel: the compiler's cache looks at the file of an entry point only."""
    here = Path(__file__).parent
    return sha256(b"".join(path.read_bytes() for path in sorted(here.glob("*.py")))).hexdigest()


STAMP = _stamp()


def entry(make: Callable[[str], Callable[..., Any]]) -> Any:
    """Compiles an entry point and keeps it on disk; `make` closes over the stamp of the kernel's sources."""
    return njit(cache=True)(make(STAMP))
