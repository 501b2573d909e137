"""Identifiers: an equipment path is a place in the tree, a signal is `path:name`.

`jinan/machining/cell3/lathe07` and `jinan/machining/cell3/lathe07:spindle_load`.
"""

from __future__ import annotations

import re

from luban.core.errors import InputError

__all__ = ["check_path", "check_signal", "split_signal"]

# Letters of any script: plants name machines in their own language.
_SEGMENT = re.compile(r"[\w][\w.\-]*\Z")


def check_path(path: str, *, where: str = "") -> str:
    """The path itself if every segment is letters, digits, `_`, `-` or `.`; else InputError."""
    if not path or not all(_SEGMENT.match(segment) for segment in path.split("/")):
        raise InputError(
            "not an equipment path",
            came=repr(path),
            where=where,
            expected="segments of letters, digits, '_', '-' or '.', joined by '/', e.g. jinan/machining/lathe07",
        )
    return path


def split_signal(signal: str, *, where: str = "") -> tuple[str, str]:
    """(equipment path, signal name) of `path:name`. Raises InputError."""
    path, colon, name = signal.rpartition(":")
    if not colon or not _SEGMENT.match(name):
        raise InputError(
            "not a signal id", came=repr(signal), expected="path:name, e.g. jinan/lathe07:spindle_load", where=where
        )
    return check_path(path, where=where), name


def check_signal(signal: str, *, where: str = "") -> str:
    """The signal id itself if it is well formed; else InputError."""
    split_signal(signal, where=where)
    return signal
