"""An act from the command line with its facts: durable at once, and in the books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from luban.ledger import Rows
    from luban.screens.cli.output import Output
    from luban.screens.users import Act

__all__ = ["record"]


def record(say: Output, folder: Path, act: Act, stream: str, rows: Rows) -> None:
    """Make an act and its facts durable, and take them in; a running plant holds the books, and does it itself."""
    from luban.core.errors import LedgerBusyError
    from luban.ledger import Intake, LedgerWriter
    from luban.screens.acts import ActLog
    from luban.screens.service import places

    home = places(folder)
    log = ActLog(home.spool, "cli")
    try:
        log.record(act, stream, rows)
    finally:
        log.close()
    try:
        with LedgerWriter(home.ledger) as writer:
            Intake(home.spool, writer).drain()
    except LedgerBusyError:
        say.say("the running plant takes it in; ask again in a moment")
