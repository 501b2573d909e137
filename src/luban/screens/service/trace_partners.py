"""Partners of a plant: what each may see, the views handed over to it and taken in from it, and whether all hashes fit.

Reads   Fact(event) of kind `partner`, the graph of trace
Writes  Fact(event) of kind `partner` through the screens' spool; views taken in, and the secret that salts are made
        with, lie in a folder of the plant
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from luban.core.errors import InputError
from luban.loop.places import places
from luban.screens.service.trace import TraceBooks
from luban.screens.users import Act
from luban.understand.trace import (
    Fault,
    Grant,
    Handed,
    Partner,
    Trace,
    heads,
    partner_row,
    partner_view,
    partners,
    upstream_of,
    verify_chain,
)
from luban.understand.trace.words import FILE_GONE

__all__ = ["LARGEST", "Chain", "HandedNow", "PartnerDesk"]

LARGEST: Final = 20_000_000
"""A partner's file holds so much at most [byte]."""

_LISTED: Final = 200
_STATES: Final = ("same", "changed", "gone")


@dataclass(frozen=True, slots=True)
class HandedNow:
    """A view handed over, and what the books say of it now: `same`, `changed` since, or the lot is `gone`."""

    partner: str
    handed: Handed
    state: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What an examination found: views taken in and their records, faults by the file, and what was handed over."""

    documents: int
    records: int
    faults: tuple[Fault, ...]
    handed: tuple[HandedNow, ...]

    @property
    def sound(self) -> bool:
        """Every hash fits, and nothing changed since it was handed over."""
        return not self.faults and all(one.state == "same" for one in self.handed)


class PartnerDesk:
    """Everything that may be asked and written about partners. Safe from any thread."""

    def __init__(self, books: TraceBooks) -> None:
        self.books = books
        self._folder = places(books.view.folder).web / "partners"
        self._writing = threading.Lock()

    def partners(self) -> dict[str, Partner]:
        """Partners by name."""
        return dict(sorted(partners(self.books.view.ledger).items()))

    def partner(self, name: str) -> Partner:
        """One partner. Raises InputError where there is no such one."""
        known = self.partners()
        if name not in known:
            raise InputError("no such partner", came=name, expected=", ".join(list(known)[:20]))
        return known[name]

    def likely(self) -> list[str]:
        """Names of places that got deliveries or brought something back, for a choice."""
        with self.books.asked() as trace:
            ids = np.unique(trace.moves["destination"][trace.deliveries])
            return sorted(name for name in trace.labels.array(ids[ids >= 0][:500]).to_pylist() if name)

    def lots(self, name: str) -> list[str]:
        """Lots in whose history the partner may look, the newest deliveries first; at most 200."""
        own = self.partner(name)
        if own.shown is None:
            return []
        if own.shown.lots:
            return list(own.shown.lots)
        with self.books.asked() as trace:
            return _delivered(trace, name, _LISTED)

    # ------------------------------------------------------------------ views

    def view(self, name: str, lot: str, *, before: int | None = None) -> dict[str, Any]:
        """What the partner sees of a lot.

        before  hashes that suppliers gave before this seq only
        Raises  InputError: nothing is granted to it, or not this lot
        """
        known = self.partners()
        own = known.get(name)
        if own is None or own.shown is None:
            raise InputError("nothing is granted to this partner", came=name)
        with self.books.asked() as trace:
            lot = self.books.find(lot)
            if lot not in (own.shown.lots or _delivered(trace, name, None)):
                raise InputError("this lot was not granted to the partner, nor delivered to it", came=f"{lot}, {name}")
            shown = Grant((lot,), own.shown.steps, own.shown.fields, own.shown.items)
            return partner_view(trace, shown, self._secret(), upstream=upstream_of(known, before=before))

    def hand(self, name: str, lot: str, *, person: str) -> bytes:
        """The view as a file, put on record with its hash."""
        with self._writing:
            document = self.view(name, lot)
            ((own, head),) = document["heads"].items()
            self._write(name, "hand", person, {"lot": own, "head": head}, own)
            return json.dumps(document, ensure_ascii=False, indent=1).encode()

    def take(self, name: str, content: bytes, file: str, *, person: str) -> tuple[Fault, ...]:
        """Take a partner's file in; its hashes go into the records of lots made from what it delivered.

        A forged one is kept as it came, and gives no hashes. What it lacks of its own suppliers is a missing link.
        Raises  InputError: too large, not a view
        """
        if len(content) > LARGEST:
            raise InputError("too large", came=f"{len(content):,}", expected=f"≤ {LARGEST:,}", where=file)
        document = _document(content, file)
        with self._writing:
            lots = set(document["heads"])
            others = [one for _, one in self._kept(self.partners()) if not lots & set(one["heads"])]
            faults = _own_faults(document, others)
            digest = hashlib.sha256(content).hexdigest()
            self._folder.mkdir(parents=True, exist_ok=True)
            path = self._folder / f"{digest}.json"
            part = path.with_suffix(".part")
            part.write_bytes(content)
            part.replace(path)
            bad = sum(one.kind != "missing" for one in faults)
            data = {"heads": dict(document["heads"]), "file": file[:200], "digest": digest, "faults": bad}
            self._write(name, "take", person, data, file[:200])
        return faults

    def check(self) -> Chain:
        """Every view taken in, with all others; and every view handed over, against the books as they are now."""
        known = self.partners()
        kept = dict(self._newest(known))
        faults: list[Fault] = []
        documents = []
        for digest, named in kept.items():
            try:
                documents.append(self._document(digest))
            except InputError:
                faults += [Fault("missing", lot, FILE_GONE) for lot in named]
        chain = list(verify_chain(documents, known=_first_heads(known)))
        records = sum(len(one["records"]) for one in documents)
        return Chain(len(kept), records, (*faults, *chain), tuple(self._handed(known)))

    def _handed(self, known: Mapping[str, Partner]) -> Iterator[HandedNow]:
        with self.books.asked() as trace:
            for name, own in known.items():
                for one in own.handed:
                    if trace.lots.id(one.lot) < 0:
                        yield HandedNow(name, one, "gone")
                        continue
                    upstream = upstream_of(known, before=one.seq)
                    try:
                        now = heads(trace, [one.lot], self._secret(), upstream=upstream)[one.lot]
                    except InputError:  # it hangs in a loop by now
                        now = ""
                    yield HandedNow(name, one, _STATES[now != one.head])

    # ------------------------------------------------------------------ acts

    def grant(
        self, name: str, *, lots: Sequence[str] = (), steps: int = 1, fields: Sequence[str] = ("item", "made"),
        items: Sequence[str] = (), person: str,
    ) -> None:  # fmt: skip
        """Say what a partner may see; what was granted before is replaced.

        lots    none: those that were delivered to it
        Raises  InputError: no name, a lot that no fact names, an unknown field
        """
        found = [self.books.find(lot) for lot in dict.fromkeys(lots)]
        data = {"lots": found, "steps": max(int(steps), -1), "fields": list(fields), "items": list(items)}
        with self._writing:
            self._write(name, "grant", person, data)

    def withdraw(self, name: str, *, person: str) -> None:
        """From now on nothing is shown to the partner; what it has, it keeps. Raises InputError: nothing is granted."""
        with self._writing:
            if self.partner(name).shown is None:
                raise InputError("nothing is granted to this partner", came=name)
            self._write(name, "withdraw", person, {})

    def _write(self, name: str, code: str, person: str, data: Mapping[str, Any], text: str = "") -> None:
        rows = partner_row(name, code, person=person, data=data, text=text)
        self.books.write(Act(person, f"partner {code}", name.strip(), text), "event", rows)

    # ------------------------------------------------------------------ files

    def _newest(self, known: Mapping[str, Partner]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """(digest, lots) of the views that count: of each lot the one taken in last."""
        last: dict[str, str] = {}
        for one in sorted((one for own in known.values() for one in own.taken), key=lambda one: one.seq):
            last.update(dict.fromkeys(one.heads, one.digest))
        for digest in dict.fromkeys(last.values()):
            yield digest, tuple(lot for lot, own in last.items() if own == digest)

    def _kept(self, known: Mapping[str, Partner]) -> Iterator[tuple[str, dict[str, Any]]]:
        for digest, _ in self._newest(known):
            try:
                yield digest, self._document(digest)
            except InputError:  # `check` says so
                continue

    def _document(self, digest: str) -> dict[str, Any]:
        path = self._folder / f"{digest}.json"
        try:
            content = path.read_bytes()
        except OSError as error:
            raise InputError("the file cannot be read", came=str(error), where=path.name) from error
        if hashlib.sha256(content).hexdigest() != digest:
            raise InputError("the file was changed since it was taken in", where=path.name)
        return _document(content, path.name)

    def _secret(self) -> bytes:
        """The plant's own secret; made when it is first needed, readable by its owner only."""
        path = self._folder / "secret"
        try:
            return path.read_bytes().strip()
        except FileNotFoundError:
            self._folder.mkdir(parents=True, exist_ok=True)
        part = self._folder / f"secret.{os.getpid()}.{threading.get_ident()}"
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        try:
            os.link(part, path)  # the first one stays
        except FileExistsError:
            pass
        finally:
            part.unlink()
        return path.read_bytes().strip()


def _document(content: bytes, file: str) -> dict[str, Any]:
    """A view. Raises InputError for anything else."""
    try:
        found = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError("not a partner's view", came=str(error)[:200], where=file) from error
    if not isinstance(found, dict) or found.get("type") != "luban-trace" or not found.get("heads"):
        raise InputError("not a partner's view", expected="a file written by `luban trace --partner`", where=file)
    found.setdefault("records", [])
    verify_chain([found])  # refuses what has another shape
    return found


def _own_faults(document: dict[str, Any], others: list[dict[str, Any]]) -> tuple[Fault, ...]:
    """Faults of the document itself, in a chain with the others."""
    before = [(one.kind, one.lot, one.text) for one in verify_chain(others)]
    return tuple(one for one in verify_chain([document, *others]) if (one.kind, one.lot, one.text) not in before)


def _first_heads(known: Mapping[str, Partner]) -> dict[str, str]:
    """Hashes of what was taken in, by lot, as each was first given: a later view must not change them."""
    found: dict[str, str] = {}
    for one in sorted((one for own in known.values() for one in own.taken), key=lambda one: one.seq):
        for lot, head in one.heads.items():
            found.setdefault(lot, head)
    return found


def _delivered(trace: Trace, name: str, limit: int | None) -> list[str]:
    """Lots that were delivered to a place, those packed into what was delivered too; the newest first."""
    moves, place = trace.moves, trace.labels.id(name)
    rows = np.flatnonzero(trace.deliveries & (moves["destination"] == place)) if place >= 0 else np.empty(0, np.int64)
    rows = rows[np.argsort(moves["time"][rows], kind="stable")][::-1]
    found = dict.fromkeys(moves["lot"][rows].tolist())
    boxes = [box for box, lot in trace.containers.items() if lot in found]
    if boxes:
        found |= dict.fromkeys(moves["lot"][np.isin(moves["destination"], boxes)].tolist())
    ids = np.array([lot for lot in found if lot >= 0][:limit], np.int32)
    return trace.lots.array(ids).to_pylist() if len(ids) else []
