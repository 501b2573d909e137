"""Returns of enterprises and regions as facts: form, checks, plausibility, confirmation, revision, own books.

Reads   files and forms, Fact(enterprise, return, event), the books of a firm's plant
Writes  rows of the streams `enterprise` and `return`, entries of kind `return`: through whoever holds the ledger
"""

from luban.rollup.returns.amounts import amount
from luban.rollup.returns.batch import REGISTER, Batch, batch_of, joined
from luban.rollup.returns.books import (
    Vintage,
    answer_row,
    confirm_row,
    confirmations,
    history_of,
    kin,
    query_row,
    register,
    registered,
    returns_frame,
    standing,
    vintage_row,
    vintages,
    years_of,
)
from luban.rollup.returns.findings import CODES, SEVERITIES, Finding, quality_of
from luban.rollup.returns.form import REASONS, SIZES, Field, Form, form_model, form_of
from luban.rollup.returns.own import FIGURES, OwnLine, OwnReturn, own_return, state_row
from luban.rollup.returns.plausible import Limits, plausible
from luban.rollup.returns.process import ProcessEvidence, key_processes
from luban.rollup.returns.read import read_returns
from luban.rollup.returns.review import Review, classified, review
from luban.rollup.returns.rules import OPERATORS, Linear, Rule, Settings, linear, settings_of
from luban.rollup.returns.status import STATES, Reporting, UnitReturn, reporting, unit_returns
from luban.rollup.returns.take import Taken, take
from luban.rollup.returns.workbook import filled_form, form_workbook

__all__ = [
    "CODES", "FIGURES", "OPERATORS", "REASONS", "REGISTER", "SEVERITIES", "SIZES", "STATES", "Batch", "Field",
    "Finding", "Form", "Limits", "Linear", "OwnLine", "OwnReturn", "ProcessEvidence", "Reporting", "Review", "Rule",
    "Settings", "Taken", "UnitReturn", "Vintage", "amount", "answer_row", "batch_of", "classified", "confirm_row",
    "confirmations", "filled_form", "form_model", "form_of", "form_workbook", "history_of", "joined", "key_processes",
    "kin", "linear", "own_return", "plausible", "quality_of", "query_row", "read_returns", "register", "registered",
    "reporting", "returns_frame", "review", "settings_of", "standing", "state_row", "take", "unit_returns",
    "vintage_row", "vintages", "years_of",
]  # fmt: skip
