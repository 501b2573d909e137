"""Pilot C2: the machining job shop of `examples/c2_machining`, as it is and with luban in its loops.

Reads   the plant's folder    Writes  nothing
"""

from __future__ import annotations

from pathlib import Path

from luban.pilot.plan import Pilot

__all__ = ["open_pilot"]


def open_pilot(folder: Path) -> Pilot:
    """The pilot of a folder. Raises ConfigError where its pilot.toml is missing or wrong."""
    from luban.pilot.c2_machining.shop import MachiningShop

    return MachiningShop(folder)
