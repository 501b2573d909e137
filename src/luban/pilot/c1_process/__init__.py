"""Pilot C1, process manufacturing: a reactor, a column and a packing line, run in virtual time.

Reads   `process.toml` and `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from pathlib import Path

from luban.pilot.c1_process.pilot import ProcessPilot, open_process

__all__ = ["ProcessPilot", "open_pilot"]


def open_pilot(folder: Path) -> ProcessPilot:
    """The pilot as its folder has it. Raises ConfigError with the place of what is missing or unknown."""
    return open_process(folder)
