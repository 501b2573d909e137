"""Why a machine is unusual: past cases of its kind and engineers' rules held against its readings.

Reads  Fact(signal, state, event)    Writes  Fact(event, kind=diagnosis) through the books
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from luban.core.errors import InputError
from luban.core.time import now
from luban.ledger import Rows
from luban.screens.service.health import HealthBooks
from luban.screens.users import Act
from luban.understand.health.diagnosis import (
    Ailment,
    Baseline,
    Firing,
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
    name_row,
    open_row,
    read_rules,
)
from luban.understand.health.machine import MachineHealth
from luban.understand.quality.data import Excluded, Floats

__all__ = ["Causes", "CausesDesk"]

_LONGEST = 300
_RULES_FILE = "diagnosis.toml"
_WINDOW = 12  # rows of a comparison: an hour, within which a product rarely changes
_RULE_ROWS = 600  # newest rows that rules are held against


@dataclass(frozen=True, slots=True)
class Causes:
    """What is known of why.

    verdict   None where nothing is unusual now, or nothing was learned
    cases     of this machine, the newest first
    skipped   rules that cannot be held against this machine, with the reason
    excluded  past cases that could not be used
    known     past cases that were
    reason    why there is no verdict
    """

    verdict: Verdict | None
    cases: tuple[Ailment, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    excluded: tuple[Excluded, ...] = ()
    known: int = 0
    reason: str = ""


class CausesDesk:
    """What pages and REST ask and write about causes."""

    def __init__(self, books: HealthBooks) -> None:
        self.books = books

    def causes(self, machine: str) -> Causes:
        """Why a machine is unusual, and its cases. Raises InputError: no such machine; a rule that cannot be read."""
        cases = tuple(reversed(ailments(self.books.view.ledger, self.books.known(machine))))
        try:
            health = self.books.machine(machine)
        except InputError as error:
            return Causes(None, cases, reason=error.message)
        if health.learned is None:
            return Causes(None, cases, reason=health.reason)
        firings, skipped = self._rules(machine, health)
        if health.open is None and not firings:
            return Causes(None, cases, skipped, reason="nothing is unusual now")
        try:
            own = _baseline(health)
            signatures, excluded = self._learned(machine, health.readings.channels)
        except InputError as error:
            return Causes(None, cases, skipped, reason=error.message)
        first = health.open.first if health.open is not None else max(len(health.readings) - own.window, 0)
        rows = health.readings.usable & (np.arange(len(health.readings)) >= first)
        regimes = [label for label, one in zip(health.regimes, rows.tolist(), strict=True) if one]
        verdict = diagnose(own, health.readings.values[rows], signatures, firings, regimes)
        return Causes(verdict, cases, skipped, excluded, len(signatures.cases))

    def _rules(self, machine: str, health: MachineHealth) -> tuple[tuple[Firing, ...], tuple[tuple[str, str], ...]]:
        file = self.books.view.folder / _RULES_FILE
        if not file.is_file():
            return (), ()
        readings = health.readings
        watch = RuleWatch(read_rules(file).of(machine), dict(zip(readings.channels, readings.units, strict=True)))
        newest = readings.rows(slice(-_RULE_ROWS, None))
        columns = {name: newest.values[:, at].tolist() for at, name in enumerate(newest.channels)}
        told = watch.run(newest.time.tolist(), columns)
        return told[-1] if told else (), tuple(watch.skipped.items())

    def _learned(self, machine: str, channels: tuple[str, ...]) -> tuple[Signatures, tuple[Excluded, ...]]:
        """Signatures of all machines that have the same channels."""
        baselines: dict[str, Baseline] = {}
        found: dict[str, MachineHealth] = {}
        for path in (machine, *(one for one in self.books.machines() if one != machine)):
            try:
                health = self.books.machine(path)
                if health.readings.channels == channels and health.learned is not None:
                    baselines[path], found[path] = _baseline(health), health
            except InputError:
                continue

        def read(path: str, start: int, end: int) -> tuple[Floats, list[str]] | None:
            health = found[path]
            own = health.readings
            rows = own.usable & (own.time >= start) & (own.time < end)
            if not rows.any():
                return None
            return own.values[rows], [label for label, one in zip(health.regimes, rows.tolist(), strict=True) if one]

        cases, excluded = gather_cases(labels(self.books.view.ledger), baselines, read)
        return learn(cases, tuple(baselines.values())), excluded

    # ------------------------------------------------------------------ writing

    def open(self, machine: str, text: str, *, person: str) -> str:
        """Open a case for what is unusual now; its id. Raises InputError: nothing is unusual, it is open already."""
        told = self.causes(machine)
        health = self.books.machine(machine)
        current = health.open
        start = current.start if current is not None else now()
        case = f"{machine}@{start}"
        if any(one.id == case for one in told.cases):
            raise InputError("this case is in the book already", came=case)
        rows = open_row(machine, case, start, person=person, text=text.strip()[:_LONGEST], verdict=told.verdict)
        self._write("opened", machine, case, rows, person, text)
        return case

    def name(self, machine: str, case: str, cause: str, text: str = "", *, person: str) -> None:
        """Say what it was; from now on it is a past case that others are compared with."""
        if not cause.strip():
            raise InputError("a case is named by its cause")
        self._known(machine, case)
        rows = name_row(machine, case, cause[:_LONGEST], person=person, text=text.strip()[:_LONGEST])
        self._write("named", machine, case, rows, person, cause)

    def dismiss(self, machine: str, case: str, text: str, *, person: str) -> None:
        """Say that it was no fault."""
        if not text.strip():
            raise InputError("say why it was no fault")
        self._known(machine, case)
        rows = dismiss_row(machine, case, person=person, text=text.strip()[:_LONGEST])
        self._write("dismissed", machine, case, rows, person, text)

    def _known(self, machine: str, case: str) -> None:
        if not any(one.id == case for one in ailments(self.books.view.ledger, self.books.known(machine))):
            raise InputError("no such case of this machine", came=case)

    def _write(self, done: str, machine: str, case: str, rows: Rows, person: str, text: str) -> None:
        self.books.write(Act(person, f"case {done}", machine, f"{case}: {text.strip()[:_LONGEST]}"), "event", rows)


def _baseline(health: MachineHealth) -> Baseline:
    """Good operation of a machine, from the rows that its watch was learned from."""
    rows = np.flatnonzero(health.readings.usable)[: health.good]
    regimes = [health.regimes[at] for at in rows.tolist()]
    return learn_baseline(health.readings.values[rows], health.readings.channels, window=_WINDOW, regimes=regimes)
