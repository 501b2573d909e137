"""Append-only records of what was observed, and what was made of it.

Writes and reads Facts; every other floor reaches them through these names. The only floor that
speaks SQL or touches record files.
"""

from luban.ledger.reader import ENGINES, Ledger
from luban.ledger.rows import Rows
from luban.ledger.spool import Intake, Spool
from luban.ledger.streams import Column, Stream, stream, streams
from luban.ledger.writer import LedgerWriter, Receipt

__all__ = ["ENGINES", "Column", "Intake", "Ledger", "LedgerWriter", "Receipt", "Rows", "Spool", "Stream", "stream", "streams"]
