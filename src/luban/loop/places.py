"""Where a plant keeps what luban writes: everything lies in `.luban/` beside plant.toml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Places", "places"]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one plant.

    ledger  the books
    spool   what was heard and is on its way into the books
    memory  what each collector must know after a restart
    web     what the web server keeps for itself
    """

    folder: Path
    ledger: Path
    spool: Path
    memory: Path
    web: Path


def places(folder: Path | str) -> Places:
    """The folders of the plant in `folder`; makes none of them."""
    home = Path(folder)
    own = home / ".luban"
    return Places(home, own / "ledger", own / "ledger" / "spool", own / "collectors", own / "web")
