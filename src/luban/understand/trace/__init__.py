"""Trace: where every lot came from, where it went, what else ran under the same condition, and whom to call back.

Reads   Fact(genealogy, movement, operation, measurement), of the books or of a file
Writes  nothing; doubtful facts are named, kept, and left out of totals with their amount
"""

from luban.understand.trace.claims import REMEDIES, Claim, Proof, claim_row, claims_of, proof_of, rights, sales_of
from luban.understand.trace.closure import RecallCase, Told, recall_cases, recall_row
from luban.understand.trace.condition import (
    Condition,
    Match,
    Step,
    Window,
    alarm_windows,
    same,
    signal_windows,
    steps_of,
    windows_asked,
)
from luban.understand.trace.doubt import Doubt, Doubts
from luban.understand.trace.facts import STREAMS
from luban.understand.trace.flow import Balance, Content, Spread, balance_of, contents, spread_of
from luban.understand.trace.graph import Graph, Walk
from luban.understand.trace.loops import Loop
from luban.understand.trace.mock import Mock, mock_recall
from luban.understand.trace.names import Names
from luban.understand.trace.partner import Fault, Grant, heads, partner_view, verify_chain
from luban.understand.trace.read import TraceFiles, read_trace
from luban.understand.trace.recall import GRADES, Delivery, Notice, Recall, recall
from luban.understand.trace.scan import Join, Named, check_join, identify, rows_of
from luban.understand.trace.sharing import Handed, Partner, Shown, Taken, partner_row, partners, upstream_of
from luban.understand.trace.stock import OnHand, on_hand
from luban.understand.trace.stores import Cards, Move, Pick, Stores, cards_of, oldest_first, picks_of, stock_of
from luban.understand.trace.suspects import Suspect, suspects_of
from luban.understand.trace.trace import Trace, trace_of

__all__ = [
    "GRADES", "REMEDIES", "STREAMS", "Balance", "Cards", "Claim", "Condition", "Content", "Delivery", "Doubt",
    "Doubts", "Fault", "Grant", "Graph", "Handed", "Join", "Loop", "Match", "Mock", "Move", "Named", "Names",
    "Notice", "OnHand", "Partner", "Pick", "Proof", "Recall", "RecallCase", "Shown", "Spread", "Step", "Stores",
    "Suspect", "Taken", "Told", "Trace", "TraceFiles", "Walk", "Window", "alarm_windows", "balance_of", "cards_of",
    "check_join", "claim_row", "claims_of", "contents", "heads", "identify", "mock_recall", "oldest_first", "on_hand",
    "partner_row", "partner_view", "partners", "picks_of", "proof_of", "read_trace", "recall", "recall_cases",
    "recall_row", "rights", "rows_of", "sales_of", "same", "signal_windows", "spread_of", "steps_of", "stock_of",
    "suspects_of", "trace_of", "upstream_of", "verify_chain", "windows_asked",
]  # fmt: skip
