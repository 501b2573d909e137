"""Experiments in the books: the plan is one entry, each result another, and how it stands is read from them.

Reads   Fact(event) of the kind `experiment`: codes plan, run, analyse, close
Writes  nothing itself: `plan_data` and `run_data` make what `understand.book.row` puts into an entry
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.design import Design, Factor
from luban.decide.improve.trials import Trials
from luban.ledger import Ledger
from luban.understand.book import Entry, entries

__all__ = ["Record", "experiments", "factor_of", "plan_data", "record_of", "run_data", "trials_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """One experiment as the books have it.

    id         its name in the books;  title  for people
    design     the plan
    responses  their names, and units by name
    results    of each run in standard order, by response
    made       runs with a result of every response, in standard order
    closed     nothing more is expected
    aim        what is wanted: {"response", "aim": max|min|target, "target"}; empty if nobody said it
    entries    all of it, in order
    """

    id: str
    title: str
    design: Design
    responses: tuple[str, ...]
    units: Mapping[str, str]
    results: Mapping[int, Mapping[str, float]]
    closed: bool
    aim: Mapping[str, Any] = field(default_factory=dict)
    entries: tuple[Entry, ...] = ()

    @property
    def made(self) -> tuple[int, ...]:
        """Runs that have all their results."""
        return tuple(r for r in range(len(self.design)) if set(self.responses) <= set(self.results.get(r, {})))

    @property
    def waiting(self) -> tuple[int, ...]:
        """Runs still to make, in the order in which to make them."""
        made = set(self.made)
        return tuple(r for r in self.design.order.tolist() if r not in made)


def factor_of(raw: Mapping[str, Any]) -> Factor:
    """A factor as `Factor.as_dict` wrote it. Raises InputError if its range is empty."""
    return Factor(
        str(raw["name"]), float(raw.get("low", -1)), float(raw.get("high", 1)), str(raw.get("unit", "")),
        tuple(map(str, raw.get("levels", ()))), bool(raw.get("mixture", False)),
    )  # fmt: skip


def plan_data(
    design: Design, responses: Sequence[str], *, title: str = "", units: Mapping[str, str] | None = None,
    aim: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Fields of the entry `plan`.

    Raises  InputError without a response, or where a response is called as a factor
    """
    names = [f.name for f in design.factors]
    both = sorted(set(names) & set(responses))
    if not responses or both or len(set(responses)) < len(responses):
        raise InputError("every response needs a name of its own", came=", ".join(both or responses) or "none")
    return {
        "title": title, "kind": design.kind, "factors": [f.as_dict() for f in design.factors],
        "settings": design.settings.tolist(), "order": design.order.tolist(), "block": design.block.tolist(),
        "seed": design.seed, "generators": list(design.generators), "words": list(design.words),
        "notes": list(design.notes), "responses": list(responses), "units": dict(units or {}), "aim": dict(aim or {}),
    }  # fmt: skip


def run_data(record: Record, run: int, values: Mapping[str, float]) -> dict[str, Any]:
    """Fields of the entry `run`: results of one run; a later entry of the same run wins.

    run     in standard order, from 0
    Raises  InputError: no such run or response, or a result that is not a finite number
    """
    if not 0 <= run < len(record.design):
        raise InputError("there is no such run", came=str(run + 1), expected=f"1 to {len(record.design)}")
    strange = sorted(set(values) - set(record.responses))
    if strange or not values:
        raise InputError(
            "there is no such response", came=", ".join(strange) or "none", expected=", ".join(record.responses)
        )
    if not all(np.isfinite(v) for v in values.values()):
        raise InputError("a result is not a finite number", came=str(dict(values)), where=f"run {run + 1}")
    return {"run": run, "values": {k: float(v) for k, v in values.items()}}


def experiments(ledger: Ledger, as_of: int | None = None) -> tuple[Record, ...]:
    """All experiments of the books, the newest first."""
    by: dict[str, list[Entry]] = {}
    for entry in entries(ledger, "experiment", as_of=as_of):
        by.setdefault(entry.subject, []).append(entry)
    found = [record_of(some) for some in by.values() if any(e.code == "plan" for e in some)]
    return tuple(sorted(found, key=lambda r: -r.entries[0].seq))


def record_of(some: Sequence[Entry]) -> Record:
    """How an experiment stands by its entries. A new plan keeps the results of runs that it still has.

    Raises  InputError without a plan, or where the plan cannot be read
    """
    plan = next((e for e in reversed(some) if e.code == "plan"), None)
    if plan is None:
        raise InputError("an experiment without a plan", came=some[0].subject if some else "nothing")
    raw = plan.data
    try:
        factors = tuple(factor_of(f) for f in raw["factors"])
        settings = np.asarray(raw["settings"], np.float64).reshape(-1, len(factors))
        design = Design(
            str(raw.get("kind", "")), factors, settings, np.asarray(raw["order"], np.int64),
            np.asarray(raw["block"], np.int64), int(raw.get("seed", 0)), tuple(raw.get("generators", ())),
            tuple(raw.get("words", ())), tuple(raw.get("notes", ())),
        )  # fmt: skip
        responses = tuple(map(str, raw["responses"]))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("the plan of an experiment cannot be read", came=str(error), where=plan.subject) from None
    results: dict[int, dict[str, float]] = {}
    for entry in some:
        if entry.code == "run" and 0 <= int(entry.data.get("run", -1)) < len(design):
            values = {k: float(v) for k, v in dict(entry.data.get("values", {})).items() if k in responses}
            results.setdefault(int(entry.data["run"]), {}).update(values)
    closed = next((e.code == "close" for e in reversed(some) if e.code in ("close", "plan", "reopen")), False)
    return Record(plan.subject, str(raw.get("title") or plan.subject), design, responses, dict(raw.get("units", {})),
                  results, closed, dict(raw.get("aim", {})), tuple(some))  # fmt: skip


def trials_of(record: Record) -> Trials:
    """The runs with a result, as an analysis takes them, in the order in which their results came.

    Raises  InputError if no run has a result yet
    """
    rows = [r for r in range(len(record.design)) if record.results.get(r)]
    if not rows:
        raise InputError("no run has a result yet", came=record.id, hint="make the first runs of the plan")
    when = {int(e.data["run"]): e.seq for e in record.entries if e.code == "run" and "run" in e.data}
    block = record.design.block[rows]
    return Trials(
        record.design.factors, record.design.settings[rows],
        {n: np.array([record.results[r].get(n, np.nan) for r in rows]) for n in record.responses}, dict(record.units),
        np.array([when.get(r, 0) for r in rows], np.int64), block if len(set(block.tolist())) > 1 else None,
        tuple(f"run {r + 1}" for r in rows), (), record.id,
    )  # fmt: skip
