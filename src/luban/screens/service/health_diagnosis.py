"""Diagnosis of a plant's machines: the verdict on what is unusual now, the cases people named, signatures on record.

Reads  Fact(signal, state, event), diagnosis.toml    Writes  Fact(event) of kinds diagnosis and model, through the books
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.core.time import DAY, iso, now
from luban.screens.service.health import HealthBooks
from luban.screens.users import Act
from luban.understand.health.diagnosis import (
    Ailment,
    Baseline,
    Case,
    Firing,
    RuleBook,
    RuleWatch,
    Signatures,
    Verdict,
    ailments,
    diagnose,
    dismiss_row,
    gather_cases,
    labels,
    learn,
    learn_baseline,
    learned_before,
    model_row,
    name_row,
    open_row,
    propose_row,
    read_rules,
)
from luban.understand.health.machine import Finding, MachineHealth
from luban.understand.quality.data import Excluded, Floats

__all__ = ["RULES_FILE", "Diagnosed", "DiagnosisDesk", "desk_of"]

RULES_FILE: Final = "diagnosis.toml"
"""Engineers' rules, beside plant.toml."""

_WINDOW: Final = 40  # rows of five minutes that are compared
_GOOD: Final = 600  # rows outside of findings, where nobody says which were good
_RULED: Final = 7 * DAY  # before now, that rules are held against
_MOST_BYTES: Final = 200_000  # of a model that an entry may hold

Row = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Diagnosed:
    """What is said of a machine now.

    health      how it is; None where that cannot be told, with the reason
    finding     that still lasts; None: nothing is unusual
    case        id under which the finding is or would be named
    verdict     on the rows since it began; None where nothing is unusual and no rule holds
    reason      why there is no verdict, "" if there is one
    signatures  learned from the cases on record; None: none
    skipped     rules that do not fit the machine's signals, with the reason
    cases       of the machine, oldest first
    rows        on which the verdict rests
    waiting     cases that were named since anything was learned
    """

    machine: str
    health: MachineHealth | None
    finding: Finding | None
    case: str
    verdict: Verdict | None
    reason: str
    signatures: Signatures | None
    skipped: Mapping[str, str]
    cases: tuple[Ailment, ...]
    rows: int
    waiting: int = 0

    def as_dict(self) -> dict[str, Any]:
        """The same for `--json` and REST."""
        own = self.signatures
        learned = None if own is None else {
            "cases": len(own.cases), "causes": list(own.causes), "rate": own.rate, "threshold": own.threshold,
            "digest": own.digest(), "notes": list(own.notes),
        }  # fmt: skip
        return {
            "machine": self.machine, "case": self.case, "rows": self.rows, "reason": self.reason,
            "waiting": self.waiting,
            "finding": None if self.finding is None else self.finding.as_dict(),
            "verdict": None if self.verdict is None else dict(self.verdict.as_dict()),
            "learned": learned, "rules_skipped": dict(self.skipped), "cases": [one.as_dict() for one in self.cases],
        }  # fmt: skip


def desk_of(books: HealthBooks) -> DiagnosisDesk:
    """The one desk of these books: what it worked out serves every page, sheet and REST."""
    desk: DiagnosisDesk = books.kept.setdefault("diagnosis", DiagnosisDesk(books))
    return desk


class DiagnosisDesk:
    """Everything that pages and REST may ask and write about what ails machines. Safe from any thread."""

    def __init__(self, books: HealthBooks) -> None:
        self.books = books
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[object, int, Diagnosed]] = {}
        self._models: dict[str, Signatures] = {}

    def rules(self) -> RuleBook:
        """The engineers' rules of the plant; none where there is no file. Raises ConfigError with file:line."""
        path = self.books.view.folder / RULES_FILE
        return read_rules(path) if path.is_file() else RuleBook()

    def cases(self, machine: str | None = None) -> tuple[Ailment, ...]:
        """Cases in order of their begin."""
        return ailments(self.books.view.ledger, machine)

    def diagnosed(self, machine: str) -> Diagnosed:
        """What is said of a machine now.

        Raises  InputError: no such machine; ConfigError: the rules cannot be read
        """
        try:
            health = self.books.machine(self.books.known(machine))
        except InputError as error:
            self.books.known(machine)
            return Diagnosed(machine, None, None, "", None, error.message, None, {}, self.cases(machine), 0)
        head = self.books.view.ledger.head
        with self._lock:
            known = self._kept.get(machine)
        if known is not None and known[0] is health and known[1] == head:
            return known[2]
        found = self._diagnosed(machine, health)
        with self._lock:
            self._kept[machine] = health, head, found
        return found

    # ------------------------------------------------------------------ what people say

    def open(self, machine: str, *, person: str, text: str = "") -> str:
        """Open a case: of what is unusual now, or, where nothing is, of what a person saw. Returns its id.

        Raises  InputError: no such machine, the case is open already; what `Books.write` raises
        """
        told = self.diagnosed(machine)
        seen = text.strip()[:500]
        if told.finding is None:
            if not seen:
                raise InputError("nothing is unusual now", hint="say what was seen")
            start = now()
            case = _new_case(self.books, machine, start)
            if any(one.id == case for one in told.cases):
                raise InputError("this case is in the book already", came=case)
            row = open_row(machine, case, start, person=person, text=seen)
        else:
            rows, case = self._rows(machine, "")
            if not rows:
                raise InputError("this case is in the book already", came=case)
            row = _with_person(rows[0], person, seen)
        self.books.write(Act(person, "case opened", machine, case), "event", row)
        return case

    def name(self, machine: str, cause: str, *, person: str, text: str = "", case: str = "") -> str:
        """Say what it was: of a case, or of what is unusual now. What is learned from it is recorded.

        Raises  InputError: no cause, no such case, nothing unusual; what `Books.write` raises
        """
        said = " ".join(cause.split())[:120]
        if not said:
            raise InputError("a case is named by a cause")
        rows, own = self._rows(machine, case)
        row = name_row(machine, own, said, person=person, text=text.strip()[:500])
        self.books.write(Act(person, "case named", machine, f"{own}: {said}"), "event", _joined(*rows, row))
        self._relearned(machine, f"{own}: {said}")
        return own

    def dismiss(self, machine: str, *, person: str, text: str, case: str = "") -> str:
        """Say that it was nothing. Raises InputError as `name`, and without a reason."""
        reason = text.strip()[:500]
        if not reason:
            raise InputError("a reason is needed")
        rows, own = self._rows(machine, case)
        row = dismiss_row(machine, own, person=person, text=reason)
        self.books.write(Act(person, "case dismissed", machine, own), "event", _joined(*rows, row))
        self._relearned(machine, own)
        return own

    def propose(self, machine: str, cause: str, *, person: str, text: str = "", case: str = "") -> str:
        """Propose a cause, which is no label yet. Raises InputError as `name`."""
        said = " ".join(cause.split())[:120]
        if not said:
            raise InputError("a case is named by a cause")
        rows, own = self._rows(machine, case)
        row = propose_row(machine, own, said, person=person, text=text.strip()[:500])
        self.books.write(Act(person, "cause proposed", machine, f"{own}: {said}"), "event", _joined(*rows, row))
        return own

    def relearn(self, machine: str, *, person: str, text: str) -> Signatures | None:
        """Learn from all named cases of machines with the same channels, and put it on record.

        Returns None, and records nothing, where nothing has changed.
        Raises  InputError: no named case, no machine with enough good operation
        """
        group = self._group(machine)
        subject = _subject(group)
        before = learned_before(self.books.view.ledger, subject)
        signatures, baselines = self._learned(group, before)
        if before is not None and before.get("digest") == signatures.digest():
            return None
        row = model_row(subject, signatures, before, person=person, text=text)
        self.books.write(Act(person or "luban", "diagnosis learned", machine, text), "event",
                         _with_model(row, signatures, baselines))  # fmt: skip
        return signatures

    # ------------------------------------------------------------------ how it is worked out

    def _diagnosed(self, machine: str, health: MachineHealth) -> Diagnosed:
        group = self._group(machine)
        before = learned_before(self.books.view.ledger, _subject(group))
        signatures = self._restored(before)
        firings, skipped = self._fired(machine, health)
        finding, cases = health.open, self.cases(machine)
        verdict, reason, rows = None, "", 0
        case = "" if finding is None else _case_of(self.books, machine, finding, cases)
        if finding is None and not firings:
            reason = "nothing is unusual now"
        else:
            values, regimes = _rows_of(health, finding)
            rows = len(values)
            others = None if signatures is None else signatures.without(case)
            try:
                baseline = _baseline_of(machine, health, before)
                verdict = diagnose(baseline, values, others, firings, regimes)
            except InputError as error:
                reason = error.message
                verdict = Verdict(False, (), error.message) if firings else None
        learned: Mapping[str, str] = {} if before is None else before["cases"]
        named = {one.id: one.cause for one in labels(self.books.view.ledger) if one.machine in group}
        waiting = sum(learned.get(one) != cause for one, cause in named.items())
        return Diagnosed(machine, health, finding, case, verdict, reason, signatures, skipped, cases, rows, waiting)

    def _fired(self, machine: str, health: MachineHealth) -> tuple[tuple[Firing, ...], Mapping[str, str]]:
        book = self.rules().of(machine)
        readings = health.readings
        if not book.rules or not readings.timed:
            return (), {}
        watch = RuleWatch(book, dict(zip(readings.channels, readings.units, strict=True)))
        start = int(np.searchsorted(readings.time, readings.time[-1] - _RULED)) if len(readings) else 0
        firings: tuple[Firing, ...] = ()
        for at in range(start, len(readings)):
            values = dict(zip(readings.channels, readings.values[at].tolist(), strict=True))
            firings = watch.update(int(readings.time[at]), values)
        return firings, watch.skipped

    def _group(self, machine: str) -> dict[str, MachineHealth]:
        """Machines with the same channels, this one among them."""
        own = self.books.machine(machine).readings.channels
        found = {}
        for path in self.books.machines():
            try:
                health = self.books.machine(path)
            except InputError:
                continue
            if health.readings.channels == own:
                found[path] = health
        return found

    def _learned(
        self, group: Mapping[str, MachineHealth], before: Mapping[str, Any] | None
    ) -> tuple[Signatures, dict[str, Baseline]]:
        baselines, left = dict[str, Baseline](), list[Excluded]()
        for path, health in group.items():
            try:
                baselines[path] = _baseline_of(path, health, before)
            except InputError as error:
                left.append(Excluded("", path, error.came, error.message))
        if not baselines:
            raise InputError("no machine has enough good operation", came="; ".join(one.reason for one in left))
        found = [one for one in labels(self.books.view.ledger) if one.machine in group]

        def read(path: str, start: int, end: int) -> tuple[Floats, Sequence[str]] | None:
            readings, regimes = group[path].readings, group[path].regimes
            rows = np.flatnonzero(readings.usable & (readings.time >= start) & (readings.time <= end))
            return (readings.values[rows], [regimes[at] for at in rows.tolist()]) if len(rows) else None

        cases, _ = gather_cases(found, baselines, read)
        fresh = {one.id for one in cases if len(one.signatures)}
        # cases whose rows are no longer read keep the signatures on record, under the name they have now
        older = self._restored(before)
        named = {one.id: one.cause for one in found}
        kept = [] if older is None else [
            replace(one, cause=named[one.id]) for one in older.cases if one.id in named and one.id not in fresh
        ]  # fmt: skip
        whole = [*(one for one in cases if one.id in fresh), *kept]
        if not whole and older is None:
            raise InputError("no case has been named yet", hint="say what it was, of something unusual")
        return _fitting(learn(whole, tuple(baselines.values())), tuple(baselines.values())), baselines

    def _restored(self, before: Mapping[str, Any] | None) -> Signatures | None:
        if before is None or "model" not in before:
            return None
        digest = str(before["digest"])
        if digest not in self._models:
            self._models[digest] = Signatures.restore(base64.b64decode(str(before["model"])))
        return self._models[digest]

    def _relearned(self, machine: str, text: str) -> None:
        try:
            self.relearn(machine, person="", text=text)
        except InputError:
            return  # what a person said stands all the same; the next one learns from both

    def _rows(self, machine: str, case: str) -> tuple[list[Row], str]:
        """Rows that open the case if it is not open yet, and its id."""
        if case and any(one.id == case for one in self.cases(machine)):
            return [], case
        told = self.diagnosed(machine)
        if told.finding is None or (case and case != told.case):
            raise InputError("no such case", came=case, expected=", ".join(one.id for one in told.cases) or "none yet",
                             hint="nothing is unusual now" if told.finding is None else "")  # fmt: skip
        if any(one.id == told.case for one in told.cases):
            return [], told.case
        digest = told.signatures.digest() if told.signatures is not None else ""
        return [open_row(machine, told.case, told.finding.start, verdict=told.verdict, model=digest)], told.case


def _subject(group: Mapping[str, MachineHealth]) -> str:
    channels = next(iter(group.values())).readings.channels
    return "signatures:" + hashlib.sha256("\n".join(channels).encode("utf-8")).hexdigest()[:12]


def _case_of(books: HealthBooks, machine: str, finding: Finding, cases: Sequence[Ailment]) -> str:
    """The id of the case that began within the finding; a new one where there is none."""
    own = [one for one in cases if finding.start <= one.start <= now()]
    return own[0].id if own else _new_case(books, machine, finding.start)


def _new_case(books: HealthBooks, machine: str, start: int) -> str:
    """The machine, by its path where another has the same last name, and the moment by the plant's clock."""
    leaf = machine.rsplit("/", 1)[-1]
    alone = sum(path.rsplit("/", 1)[-1] == leaf for path in books.machines()) == 1
    return f"{leaf if alone else machine} {iso(start, books.view.plant.zone)[:16].replace('T', ' ')}"


def _with_person(row: Row, person: str, text: str) -> Row:
    return {**row, "person": [person], "text": [text or row["text"][0]]}


def _rows_of(health: MachineHealth, finding: Finding | None) -> tuple[Floats, list[str]]:
    """Rows in operation since it began to be unusual; the last window where only a rule holds."""
    usable = np.flatnonzero(health.readings.usable)
    rows = usable[usable >= finding.first] if finding is not None else usable[-_WINDOW:]
    return health.readings.values[rows], [health.regimes[at] for at in rows.tolist()]


def _baseline_of(machine: str, health: MachineHealth, before: Mapping[str, Any] | None) -> Baseline:
    """Good operation on record, or else what the watch was learned from, or else rows that nothing was said of."""
    kept = (before or {}).get("baselines", {})
    if isinstance(kept, Mapping) and machine in kept:
        return Baseline.restore(base64.b64decode(str(kept[machine])))
    usable = np.flatnonzero(health.readings.usable)
    if health.good:
        rows = usable[: health.good]
    else:
        said = np.zeros(len(health.readings), bool)
        for one in health.findings:
            said[max(0, one.first - _WINDOW) : one.last + _WINDOW] = True
        rows = usable[~said[usable]][:_GOOD]
    regimes = [health.regimes[at] for at in rows.tolist()]
    return learn_baseline(health.readings.values[rows], health.readings.channels, window=_WINDOW, regimes=regimes)


def _fitting(signatures: Signatures, baselines: Sequence[Baseline]) -> Signatures:
    """Few enough windows a case that a record holds them."""
    most = max((len(one.signatures) for one in signatures.cases), default=0)
    while len(signatures.save()) > _MOST_BYTES and most > 1:
        most //= 2
        thin = [replace(one, signatures=_thinned(one, most)) for one in signatures.cases]
        signatures = learn(thin, baselines)
    return signatures


def _thinned(case: Case, most: int) -> Floats:
    own = case.signatures
    kept = np.unique(np.linspace(0, len(own) - 1, min(most, len(own))).round().astype(int))
    thin: Floats = own[kept]
    return thin


def _with_model(row: Row, signatures: Signatures, baselines: Mapping[str, Baseline]) -> Row:
    data = json.loads(row["data"][0])
    data["model"] = base64.b64encode(signatures.save()).decode()
    data["baselines"] = {path: base64.b64encode(own.save()).decode() for path, own in baselines.items()}
    return {**row, "data": [json.dumps(data, ensure_ascii=False, sort_keys=True)]}


def _joined(*rows: Row) -> Row:
    return {name: [value for row in rows for value in row[name]] for name in rows[0]}
