"""Which pilots there are, where their plants lie, and how to open one.

Reads   folders of plants    Writes  nothing
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from luban.core.errors import InputError
from luban.pilot.plan import Pilot

__all__ = ["SHIPPED", "Opened", "Shipped", "examples", "open_pilot", "open_plant", "settings_digest", "shipped"]

SHIPPED: Final[dict[str, tuple[str, str]]] = {
    "c1_process": ("C1", "process manufacturing: reactor, column, packing"),
    "c2_machining": ("C2", "discrete manufacturing: machining job shop"),
    "c3_pumps": ("C3", "intelligent products: pumps in the field with remote diagnosis"),
    "c4_network": ("C4", "new models: a network of shops that sell capacity"),
    "c5_group": ("C5", "intelligent management: a group of three plants"),
    "c6_uptime": ("C6", "intelligent service: machine tools under an uptime contract"),
}
"""Name → category of the plan's column 2, and what it is."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """A pilot that comes with luban; `ready` unless `why`."""

    name: str
    category: str
    title: str
    folder: Path
    ready: bool
    why: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A pilot that can be run, the folder of its plant and the digest of its settings (SHA-256)."""

    pilot: Pilot
    folder: Path
    settings: str


def examples() -> Path:
    """Folder in which shipped plants lie: of the source tree, else `examples` below the working folder."""
    own = Path(__file__).resolve().parents[3] / "examples"
    return own if own.is_dir() else Path.cwd() / "examples"


def shipped() -> tuple[Shipped, ...]:
    """All pilots that ship, ready or not; opens none."""
    found = []
    for name, (category, title) in SHIPPED.items():
        folder = examples() / name
        lacks = "" if folder.is_dir() else "its plant is not here: run it from the source tree"
        spec = find_spec(f"luban.pilot.{name}")
        lacks = lacks or ("" if spec is not None and spec.origin else "it cannot be run yet")
        found.append(Shipped(name, category, title, folder, not lacks, lacks))
    return tuple(found)


def open_pilot(name: str) -> Opened:
    """A shipped pilot.

    Raises  InputError: no such pilot, or its plant is not here
    """
    one = next((own for own in shipped() if own.name == name), None)
    if one is None:
        raise InputError("no pilot of that name", came=name, expected=", ".join(SHIPPED), hint="`luban pilot list`")
    if not one.ready:
        raise InputError("the pilot cannot be run", came=one.why, where=str(one.folder))
    return Opened(import_module(f"luban.pilot.{name}").open_pilot(one.folder), one.folder, settings_digest(one.folder))


def open_plant(folder: Path) -> Opened:
    """The pilot of a plant's folder: a shipped one's own, else one of its twin with levers that fit any plant.

    Raises  InputError: no twin in it, or one that cannot be run
    """
    where = folder.resolve()
    if not where.is_dir():
        raise InputError("no such folder", came=str(folder))
    if next((own for own in shipped() if own.ready and own.folder.resolve() == where), None):
        return open_pilot(where.name)
    pilot = import_module("luban.pilot.generic").open_pilot(where)
    return Opened(pilot, where, settings_digest(where))


def settings_digest(folder: Path) -> str:
    """SHA-256 over names and contents of the .toml and .csv files in a plant's folder; its books do not count."""
    found = hashlib.sha256()
    for path in sorted(folder.glob("*")):
        if path.suffix in (".toml", ".csv") and path.is_file():
            found.update(f"{path.name}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()
