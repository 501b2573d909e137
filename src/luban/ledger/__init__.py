"""Append-only records of what was observed, and what was made of it.

Writes and reads Facts; every other floor reaches them through these names. The only floor that
speaks SQL or touches record files.
"""

from luban.ledger.correction import correction
from luban.ledger.master import MasterData
from luban.ledger.reader import ENGINES, Ledger
from luban.ledger.rows import Rows
from luban.ledger.spool import Intake, Spool
from luban.ledger.streams import Column, Stream, stream, streams
from luban.ledger.transfer import export_ledger, import_ledger
from luban.ledger.verify import VerifyReport, verify
from luban.ledger.writer import LedgerWriter, Receipt

__all__ = [
    "ENGINES",
    "Column",
    "Intake",
    "Ledger",
    "LedgerWriter",
    "MasterData",
    "Receipt",
    "Rows",
    "Spool",
    "Stream",
    "VerifyReport",
    "correction",
    "export_ledger",
    "import_ledger",
    "stream",
    "streams",
    "verify",
]
