"""Pilot C4, new formats and models: shops that sell capacity for lots of one to five pieces.

Reads   `pilot.toml` of its folder    Writes  nothing
"""

from __future__ import annotations

from pathlib import Path

from luban.pilot.network.pilot import NetworkPilot, open_network
from luban.pilot.written import read_pilot

__all__ = ["open_pilot"]


def open_pilot(folder: Path) -> NetworkPilot:
    """The pilot as its folder has it. Raises ConfigError with the place of what is missing or unknown."""
    return open_network("c4_network", read_pilot(folder))
