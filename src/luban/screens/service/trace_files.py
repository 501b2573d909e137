"""What is handed out of trace: a lot's facts as an EPCIS 2.0 document, its sheet, a condition as it was typed.

Reads  the graph of trace    Writes  nothing
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import now
from luban.understand.trace import Trace
from luban.understand.trace.epcis import document_of
from luban.understand.trace.flow import lot_id
from luban.understand.trace.records import GENEALOGY, KINDS, LABEL, LOT

__all__ = ["epcis_of", "newest"]

_MOST: Final = 50_000


def epcis_of(trace: Trace, lot: str) -> bytes:
    """All facts of use and movements of what a lot came from and went into, as an EPCIS 2.0 document.

    Raises InputError for a lot that no fact names, or for more than 50,000 facts
    """
    start = lot_id(trace, lot)
    found = [trace.graph.walk([start], back=back) for back in (True, False)]
    facts = np.unique(np.concatenate([walk.facts[walk.facts >= 0] for walk in found]))
    nodes = np.unique(np.concatenate([walk.nodes for walk in found]))
    inner = trace.graph.facts_of(nodes)[1]
    targets = trace.graph.view.columns["target"][inner]
    facts = np.union1d(facts, inner[np.isin(targets, nodes)])
    moved = np.sort(trace.moves.by_lot.of_many(nodes)[1])
    if len(facts) + len(moved) > _MOST:
        raise InputError("too many facts for one document", came=f"{len(facts) + len(moved):,}", expected=f"{_MOST:,}")
    columns = trace.graph.view.columns
    uses = _rows(trace, GENEALOGY, {name: columns[name][facts] for name in GENEALOGY})
    moves = _rows(trace, KINDS["movement"], {name: trace.moves[name][moved] for name in KINDS["movement"]})
    document = document_of(uses, moves, created=now(), serials=trace.serial_names(), customers=trace.partners)
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _rows(trace: Trace, fields: Any, columns: dict[str, Any]) -> list[dict[str, Any]]:
    table = {
        name: (
            (trace.lots if kind == LOT else trace.labels).array(columns[own]).to_pylist()
            if kind in (LOT, LABEL)
            else columns[own].tolist()
        )
        for own, (name, kind) in fields.items()
    }
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def newest(trace: Trace, limit: int = 12) -> list[str]:
    """Lots that were made last, the newest first; where none was made, those that were moved last."""
    view = trace.graph.view
    made = view.columns["target"][max(view.edges - 2000, 0) : view.edges][::-1]
    lots = made if len(made) else trace.moves["lot"][-2000:][::-1]
    ids = list(dict.fromkeys(one for one in lots.tolist() if one >= 0))[:limit]
    return trace.lots.array(np.array(ids, np.int32)).to_pylist() if ids else []
