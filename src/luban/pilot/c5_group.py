"""Pilot C5, intelligent management: a group of three plants, from forecast to closed books.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from pathlib import Path

from luban.pilot.group.pilot import GroupPilot, open_group
from luban.pilot.written import read_pilot

__all__ = ["open_pilot"]


def open_pilot(folder: Path) -> GroupPilot:
    """The pilot as its folder has it. Raises ConfigError with the place of what is missing or unknown."""
    return open_group("c5_group", read_pilot(folder))
