"""Experiments and improvement projects: what pages and REST ask and write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.decide.improve.analysis import Analysis, analyse
from luban.decide.improve.bayes import Proposal, propose
from luban.decide.improve.design import Design, Factor
from luban.decide.improve.plans import plan_design, recommend
from luban.decide.improve.project import PHASES, Aim, Project, Verified, charter, closing, projects, verify
from luban.decide.improve.records import Record, experiments, plan_data, run_data, trials_of
from luban.screens.service.quality import QualityBooks
from luban.screens.users import Act
from luban.understand.book import row

__all__ = ["ExperimentDesk", "GainDesk", "first_response", "record_dict"]

_COUNTED = ("fraction", "plackett-burman", "d-optimal")


def first_response(record: Record) -> str:
    """The response that the experiment is about: the one of its aim, else the first."""
    wanted = str(record.aim.get("response") or "")
    return wanted if wanted in record.responses else record.responses[0]


def record_dict(record: Record) -> dict[str, Any]:
    """An experiment for REST: its runs in standard order, with settings and results."""
    runs = [
        {"run": run + 1, "block": int(record.design.block[run]), "settings": record.design.natural(run),
         "results": dict(record.results.get(run, {}))}
        for run in range(len(record.design))
    ]  # fmt: skip
    return {
        "id": record.id, "title": record.title, "design": record.design.kind, "seed": record.design.seed,
        "factors": [f.as_dict() for f in record.design.factors], "responses": list(record.responses),
        "units": dict(record.units), "aim": dict(record.aim), "closed": record.closed, "made": len(record.made),
        "order": [run + 1 for run in record.design.order.tolist()], "waiting": [run + 1 for run in record.waiting],
        "notes": list(record.design.notes), "words": list(record.design.words), "runs": runs,
    }  # fmt: skip


class ExperimentDesk:
    """Experiments of the plant. Safe from any thread."""

    def __init__(self, books: QualityBooks) -> None:
        self.books = books

    def listed(self) -> tuple[Record, ...]:
        """All of them, the newest first."""
        return experiments(self.books.view.ledger)

    def one(self, name: str) -> Record:
        """Raises InputError for one that is not there."""
        found = next((r for r in self.listed() if r.id == name), None)
        if found is None:
            raise InputError("no such experiment", came=name)
        return found

    def design(
        self, factors: Sequence[Factor], *, purpose: str = "understand", design: str = "", runs: int = 0,
        repeats: int = 1, centre: int | None = None, seed: int = 1,
    ) -> tuple[Design, str]:  # fmt: skip
        """A plan and the reason for it. Raises InputError where no design serves."""
        kind, why, asked = design, "", runs
        if not kind:
            kind, needed, why = recommend(factors, purpose, runs)
            asked = needed if kind in _COUNTED else 0
        if not factors:
            raise InputError("an experiment has one factor at least")
        return plan_design(kind, factors, runs=asked, repeats=repeats, centre=centre, seed=seed), why

    def plan(
        self, name: str, made: Design, responses: Sequence[str], *, title: str, person: str,
        units: Mapping[str, str] | None = None, aim: Mapping[str, Any] | None = None,
    ) -> Record:  # fmt: skip
        """Enter a plan. Raises InputError if the experiment is there already, or has no response."""
        if any(r.id == name for r in self.listed()):
            raise InputError("an experiment of this name is in the books", came=name)
        data = plan_data(made, responses, title=title or name, units=units, aim=aim)
        self._write(name, "plan", data, person, title or name)
        return self.one(name)

    def result(self, name: str, run: int, values: Mapping[str, float], *, person: str) -> Record:
        """Enter the results of a run, counted from 1. Raises InputError: no such run, closed, no number."""
        record = self.one(name)
        if record.closed:
            raise InputError("the experiment is closed", came=name, hint="open it again first")
        data = run_data(record, run - 1, values)
        self._write(name, "run", data, person, f"run {run}: " + ", ".join(f"{k} {v:g}" for k, v in values.items()))
        return self.one(name)

    def grow(self, name: str, coded: Sequence[float], *, person: str) -> Record:
        """Add one run to the plan; the results so far stay."""
        record = self.one(name)
        old, n = record.design, len(record.design)
        grown = replace(old, settings=np.vstack([old.settings, coded]), order=np.append(old.order, n),
                        block=np.append(old.block, 1))  # fmt: skip
        data = plan_data(grown, record.responses, title=record.title, units=record.units, aim=record.aim)
        self._write(name, "plan", data, person, record.title)
        return self.one(name)

    def close(self, name: str, *, closed: bool, person: str) -> Record:
        """Close an experiment, or open it again."""
        record = self.one(name)
        self._write(name, "close" if closed else "reopen", {}, person, record.title)
        return self.one(name)

    def analysis(self, name: str, response: str = "", model: str = "", reduce: str = "", aim: str = "") -> Analysis:
        """What its runs say about a response. Raises InputError where they say nothing yet."""
        record = self.one(name)
        chosen = response or first_response(record)
        own = str(record.aim.get("aim") or "") if chosen == first_response(record) else ""
        return analyse(trials_of(record), chosen, model=model, reduce=reduce, aim=aim or own)

    def next(self, name: str, count: int = 1) -> tuple[Proposal, ...]:
        """The trials to make next, by its aim."""
        record = self.one(name)
        trials, largest = trials_of(record), record.aim.get("aim") != "min"
        return propose(trials.factors, trials.settings, trials.responses[first_response(record)], largest=largest,
                       count=count)  # fmt: skip

    def _write(self, name: str, code: str, data: Mapping[str, Any], person: str, text: str) -> None:
        made = row("experiment", name, code, person=person, data=data, text=text)
        self.books.write(Act(person, f"experiment {code}", name, text), "event", made)


class GainDesk:
    """Improvement projects of the plant. Safe from any thread."""

    def __init__(self, books: QualityBooks) -> None:
        self.books = books

    def listed(self) -> list[tuple[Project, Verified | None, str]]:
        """Each project with its gain, or the reason why there is none."""
        return [self._found(one) for one in projects(self.books.view.ledger)]

    def one(self, name: str) -> tuple[Project, Verified | None, str]:
        """Raises InputError for one that is not there."""
        found = next((p for p in projects(self.books.view.ledger) if p.id == name), None)
        if found is None:
            raise InputError("no such project", came=name)
        return self._found(found)

    def _found(self, one: Project) -> tuple[Project, Verified | None, str]:
        try:
            return one, verify(self.books.view.ledger, self.books.view.plant, one), ""
        except InputError as error:
            return one, None, error.message

    def define(
        self, name: str, title: str, aim: Aim, start: int, end: int, *, problem: str, person: str
    ) -> tuple[Project, Verified | None, str]:
        """Enter a charter. Raises InputError if it says too little, or the project is there already."""
        if any(p.id == name for p in projects(self.books.view.ledger)):
            raise InputError("a project of this name is in the books", came=name)
        self._write(name, "define", charter(title, aim, start, end, problem=problem), person, problem)
        return self.one(name)

    def go_on(
        self, name: str, phase: str, *, text: str, person: str, since: int | None = None
    ) -> tuple[Project, Verified | None, str]:
        """Bring a project to a phase.

        since   improve: when the change took effect [µs UTC]; now if None
        text    what was found or done; closed: the reason, where the gain is not verified
        Raises  InputError: no such project or phase, not verified and no reason
        """
        _, found, _ = self.one(name)
        if phase not in PHASES[1:]:
            raise InputError("no such phase", came=phase, expected=", ".join(PHASES[1:]))
        data = dict(closing(found, text)) if phase == "closed" else {}
        data |= {"since": since} if phase == "improve" and since is not None else {}
        self._write(name, phase, data, person, text)
        return self.one(name)

    def _write(self, name: str, code: str, data: Mapping[str, Any], person: str, text: str) -> None:
        made = row("project", name, code, person=person, data=data, text=text)
        self.books.write(Act(person, f"project {code}", name, text), "event", made)
