"""Pilot C6, intelligent services: machine tools under an uptime contract.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from pathlib import Path

from luban.pilot.field.pilot import FieldPilot, open_field
from luban.pilot.written import read_pilot

__all__ = ["open_pilot"]


def open_pilot(folder: Path) -> FieldPilot:
    """The pilot as its folder has it. Raises ConfigError with the place of what is missing or unknown."""
    return open_field("c6_uptime", read_pilot(folder))
