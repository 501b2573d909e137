"""Leave for an outside expert to look at one machine: given for a time, used with a one-time secret, ended at once.

A grant is master data of kind `grant`, a visit of kind `visit`; of secret and token only the SHA-256 is kept, and both
are 256 bits of chance, so that whoever reads the file gets in nowhere. A guest is no user: no handler of the plant's
own pages and services knows a visit's token, and what a guest may ask names no machine, because the grant does.

An end is a document of its own, of kind `grant_end`, that nothing overwrites: whoever opens or renews a grant at the
very moment in which another process ends it does not bring it back.

Reads   master data of kinds `grant`, `grant_end` and `visit`
Writes  them, and Fact(event, kind="grant"): given, opened, looked at what, noted, refused, ended
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from luban.core.errors import InputError, MissingServiceError, NotAllowedError, SecurityError
from luban.core.time import DAY, HOUR, MINUTE, SECOND, now
from luban.ledger import MasterData, Rows
from luban.screens.attempts import Attempts
from luban.screens.users import Act
from luban.understand.book import row

__all__ = ["LONGEST", "PARTS", "Grant", "Grants", "Visit"]

PARTS: Final[Mapping[str, str]] = {
    "health": "how the machine is: indicators, anomalies, remaining life",
    "signals": "what its signals show now and showed before",
    "alarms": "its alarms",
    "workorders": "its work orders and their findings",
    "note": "leave a note or propose a cause",
}
"""What a grant may open, and what that is."""

LONGEST: Final = 30 * DAY
_LATEST = 366 * DAY  # ahead that a grant may begin
_LONGEST_TEXT = 500
_LONGEST_NOTE = 2_000
_MOST_LOOKS = 240  # looks of one visit within a minute, refused ones among them
_MOST_NOTES = 20  # notes of one visit within an hour

Record = Callable[[Act, str, Rows | None], None]


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to look at one machine.

    expert   whom it is for, as the giver wrote it; nobody checks it
    parts    of PARTS
    starts   from when it holds [µs UTC]
    expires  until when [µs UTC]
    waiting  its secret was not used yet
    ended    when it was ended before its time, or found to be over [µs UTC]; None while it was not
    why      revoked, expired or left; '' while it was not ended
    """

    id: str
    machine: str
    expert: str
    parts: tuple[str, ...]
    starts: int
    expires: int
    giver: str
    reason: str
    waiting: bool = True
    ended: int | None = None
    why: str = ""

    def state(self, at: int) -> str:
        """How it stands at a time: early, waiting, open, or why it is over."""
        if self.ended is not None:
            return self.why
        if at >= self.expires:
            return "expired"
        if at < self.starts:
            return "early"
        return "waiting" if self.waiting else "open"


@dataclass(frozen=True, slots=True)
class Visit:
    """An expert who is in. `id` is the hash of the token, never the token."""

    id: str
    grant: Grant

    @property
    def person(self) -> str:
        """How the books name the expert: never like one of the plant's own people."""
        return f"outside: {self.grant.expert}"


class Grants:
    """The grants of one plant. Safe from any thread; every question reads how things stand now.

    master  where they are kept
    record  makes an act and its facts durable; without it nothing can be given and nobody gets in
    """

    def __init__(self, master: MasterData, record: Record | None = None) -> None:
        self._master, self._record = master, record
        self._attempts = Attempts("too many failed attempts", "grant")
        self._lock = threading.Lock()
        self._changing = threading.Lock()  # while it is looked whether a grant may change, and changed
        self._looks: dict[tuple[str, str], deque[int]] = {}
        self._newest = 0

    # ------------------------------------------------------------------ the plant's side

    def all(self) -> list[Grant]:
        """Every grant there ever was, newest first."""
        ends = self._master.list("grant_end")
        found = [_grant(id_, doc | ends.get(id_, {})) for id_, doc in self._master.list("grant").items()]
        return sorted(found, key=lambda grant: (-grant.starts, grant.id))

    def get(self, identifier: str) -> Grant:
        """One grant. Raises InputError."""
        return _grant(identifier, self._known(identifier))

    def give(
        self,
        machine: str,
        expert: str,
        length: int,
        parts: Sequence[str] = ("health", "signals", "alarms"),
        *,
        who: str,
        reason: str = "",
        starts: int | None = None,
    ) -> tuple[Grant, str]:
        """A new grant, and its secret, which is shown once and kept nowhere.

        machine  path of a work unit; the caller has checked that it is one
        length   how long it holds [µs], at most LONGEST
        starts   from when [µs UTC], at most 366 days ahead; now by default
        Raises   InputError: no name, no part, an unknown part, a length or begin that cannot be; MissingServiceError
        """
        at = self._now()
        begin = max(at, starts or at)
        _text(expert, "say whom the grant is for", 100)
        if strange := [part for part in parts if part not in PARTS]:
            raise InputError("a grant has no such part", came=", ".join(strange), expected=", ".join(PARTS))
        if not set(parts) - {"note"}:
            raise InputError("a grant that shows nothing", expected=", ".join(list(PARTS)[:-1]))
        if not SECOND <= length <= LONGEST:
            raise InputError("a grant cannot last so long", came=f"{length / DAY:g} d", expected="1 s to 30 d")
        if begin - at > _LATEST:
            raise InputError("a grant cannot begin so late", came=f"{(begin - at) / DAY:.0f} d ahead", expected="366 d")
        identifier, secret = secrets.token_urlsafe(9), secrets.token_urlsafe(32)
        grant = Grant(
            identifier, machine, expert.strip(), tuple(part for part in PARTS if part in parts), begin, begin + length,
            who, reason.strip()[:_LONGEST_TEXT],
        )  # fmt: skip
        until = {"starts": begin, "expires": grant.expires, "parts": list(grant.parts), "expert": grant.expert}
        self._write(grant, "give", who, grant.reason, until)
        self._store(grant, _digest(secret), who)
        return grant, secret

    def renew(self, identifier: str, *, who: str) -> str:
        """A new secret for the same grant, as when the expert lost the way in; whoever is in by the old one is out.

        Raises  InputError: no such grant, or it is over
        """
        with self._changing:
            grant = self._running(identifier)
            secret = secrets.token_urlsafe(32)
            self._write(grant, "renew", who, "", {})
            self._end_visits(identifier, who)
            self._store(replace(grant, waiting=True), _digest(secret), who)
        return secret

    def revoke(self, identifier: str, *, who: str, reason: str = "") -> Grant:
        """End a grant now; open pages of it end within a second. Raises InputError if it is over already."""
        with self._changing:
            grant = self._running(identifier)
            return self._end(grant, "revoked", "revoke", who, reason.strip()[:_LONGEST_TEXT])

    def sweep(self) -> int:
        """Enter into the books which grants are over by the clock; how many. Nobody's leave depends on it."""
        with self._changing:
            at = self._now()
            over = [grant for grant in self.all() if grant.ended is None and at >= grant.expires]
            for grant in over:
                self._end(grant, "expired", "expire", "", "")
        return len(over)

    # ------------------------------------------------------------------ the expert's side

    def open(self, identifier: str, secret: str, *, address: str = "") -> str:
        """A visit's token for a grant's secret, once.

        address  where the expert comes from; attempts are counted by grant and by address
        Raises   SecurityError, with the same words whatever was wrong
        """
        keys = [f"address:{address}"] if address else []
        doc = self._document(identifier) if len(identifier) <= 64 else None
        keys += [f"grant:{identifier}"] if doc else []
        self._attempts.check(keys)
        with self._changing:
            # read again within the lock: the secret is good for one of two who come at once
            doc = self._document(identifier) if doc else None
            grant = _grant(identifier, doc) if doc else None
            given, kept = _digest(secret), str(doc.get("secret") or "") if doc else ""
            good = secrets.compare_digest(given.encode(), kept.encode())
            if grant is not None and good and grant.state(self._now()) == "waiting":
                token = secrets.token_urlsafe(32)
                visit = Visit(_digest(token), replace(grant, waiting=False))
                self._write(grant, "open", visit.person, "", {"address": address})
                self._store(visit.grant, "", visit.person)
                self._master.put("visit", visit.id, {"grant": identifier, "began": now()}, who=visit.person)
                self._attempts.forget(keys)
                return token
        self._attempts.count(keys)
        state = grant.state(self._now()) if grant else "unknown"
        self._refused(grant, "secret not known" if not good else state, address)
        hint = "a link works once and for a time; ask the plant for a new one"
        raise SecurityError("this link does not open anything", hint=hint)

    def visit(self, token: str | None) -> Visit | None:
        """The visit of this token, if its grant holds at this moment."""
        return self.visit_by_id(_digest(token)) if token else None

    def visit_by_id(self, identifier: str) -> Visit | None:
        """As `visit`, by the token's hash: what an open page remembers."""
        doc = self._master.get("visit", identifier)
        if not doc or doc.get("ended"):
            return None
        own = self._document(str(doc["grant"]))
        grant = _grant(str(doc["grant"]), own) if own else None
        return Visit(identifier, grant) if grant and grant.state(self._now()) == "open" else None

    def require(self, token: str | None, part: str = "") -> Visit:
        """The visit, if it is open and its grant has this part.

        Raises  SecurityError (over, or never there), NotAllowedError (not this part, or refused too often)
        """
        visit = self.visit(token)
        if visit is None:
            raise SecurityError("no open visit", hint="the grant has ended, or it was opened elsewhere")
        return self.permitted(visit, part)

    def permitted(self, visit: Visit, part: str) -> Visit:
        """The visit as it stands now, if its grant has this part. Raises as `require`."""
        now_open = self.visit_by_id(visit.id)
        if now_open is None:
            raise SecurityError("no open visit", hint="the grant has ended, or it was opened elsewhere")
        if part and part not in now_open.grant.parts:
            # each refusal is written down, so nobody may have the books filled with them
            self._often(now_open, "look", _MOST_LOOKS, MINUTE)
            self._refused(now_open.grant, f"part {part[:40]}", "", now_open.person)
            expected = ", ".join(now_open.grant.parts)
            raise NotAllowedError("the grant does not open this", came=part[:40], expected=expected)
        return now_open

    def look(self, visit: Visit, part: str, what: Mapping[str, Any]) -> None:
        """Enter into the books what an expert looks at, before it is shown. Raises NotAllowedError: too many."""
        self._often(visit, "look", _MOST_LOOKS, MINUTE)
        self._write(visit.grant, "look", visit.person, part, {"part": part, **what})

    def note(self, visit: Visit, text: str, cause: str = "") -> None:
        """Enter what the expert wrote, marked as from outside: a note, or what may be the cause.

        Raises  InputError (nothing written), NotAllowedError (not in the grant, or too many)
        """
        own = self.permitted(visit, "note")
        self._often(own, "note", _MOST_NOTES, HOUR)
        said = _text(text or cause, "write something first", _LONGEST_NOTE)
        data = {"outside": True, "cause": cause.strip()[:100]} if cause.strip() else {"outside": True}
        self._write(own.grant, "note", own.person, said, data)

    def leave(self, visit: Visit) -> None:
        """The expert is done; the grant is over, and its link opens nothing any more."""
        with self._changing:
            if (own := self.visit_by_id(visit.id)) is not None:
                self._end(own.grant, "left", "leave", own.person, "")

    # ------------------------------------------------------------------ keeping

    def _end(self, grant: Grant, why: str, code: str, who: str, text: str) -> Grant:
        over = replace(grant, waiting=False, ended=now(), why=why)
        # first the end, then the word of it: a disk that is full must not keep anybody in
        self._master.put("grant_end", grant.id, {"ended": over.ended, "why": why}, who=who or "program")
        self._end_visits(grant.id, who or "program")
        self._write(grant, code, who, text, {})
        return over

    def _end_visits(self, identifier: str, who: str) -> None:
        for key, doc in self._master.list("visit").items():
            if doc.get("grant") == identifier and not doc.get("ended"):
                self._master.put("visit", key, {**doc, "ended": now()}, who=who)

    def _running(self, identifier: str) -> Grant:
        grant = self.get(identifier)
        if (state := grant.state(self._now())) not in {"early", "waiting", "open"}:
            raise InputError("this grant is over", came=state, where=identifier, hint="give a new one")
        return grant

    def _document(self, identifier: str) -> dict[str, Any] | None:
        doc = self._master.get("grant", identifier)
        # the end is read last: one that came between the two counts
        return doc | (self._master.get("grant_end", identifier) or {}) if doc else None

    def _known(self, identifier: str) -> dict[str, Any]:
        doc = self._document(identifier)
        if not doc:
            raise InputError("no such grant", came=identifier, hint="luban grant list DIR")
        return doc

    def _store(self, grant: Grant, secret: str, who: str) -> None:
        document = {
            "machine": grant.machine, "expert": grant.expert, "parts": list(grant.parts), "starts": grant.starts,
            "expires": grant.expires, "giver": grant.giver, "reason": grant.reason, "secret": secret,
            "waiting": grant.waiting,
        }  # fmt: skip
        self._master.put("grant", grant.id, document, who=who)

    def _write(self, grant: Grant, code: str, who: str, text: str, data: Mapping[str, Any]) -> None:
        if self._record is None:
            raise MissingServiceError("nothing can be written here", hint="start the plant")
        own = row("grant", grant.machine, code, person=who, text=text, data={"grant": grant.id, **data})
        self._record(Act(who, f"grant {code}", grant.machine, text), "event", own)

    def _refused(self, grant: Grant | None, why: str, address: str, who: str = "") -> None:
        """A refusal is a fact too; of an unknown grant only that somebody tried."""
        if self._record is None:
            return
        subject = grant.machine if grant else "unknown"
        data = {"grant": grant.id if grant else "", "why": why, "address": address}
        own = row("grant", subject, "refuse", person=who, text=why, data=data)
        self._record(Act(who, "grant refuse", subject, why), "event", own)

    def _often(self, visit: Visit, what: str, most: int, span: int) -> None:
        at = now()
        with self._lock:
            if len(self._looks) > 1_000:
                self._looks = {key: times for key, times in self._looks.items() if times and times[-1] > at - HOUR}
            times = self._looks.setdefault((visit.id, what), deque())
            while times and times[0] <= at - span:
                times.popleft()
            if len(times) >= most:
                expected = f"at most {most} within {span // MINUTE} min"
                raise NotAllowedError("too much was asked at once", expected=expected, hint="wait a little")
            times.append(at)

    def _now(self) -> int:
        """The clock, but never earlier than it was: a clock set back prolongs no grant."""
        self._newest = max(self._newest, now())
        return self._newest


def _grant(identifier: str, doc: Mapping[str, Any]) -> Grant:
    ended = doc.get("ended")
    waiting = ended is None and bool(doc.get("waiting"))
    return Grant(
        identifier, str(doc["machine"]), str(doc["expert"]), tuple(doc["parts"]), int(doc["starts"]),
        int(doc["expires"]), str(doc["giver"]), str(doc.get("reason") or ""), waiting,
        int(ended) if ended is not None else None, str(doc.get("why") or ""),
    )  # fmt: skip


def _text(text: str, message: str, longest: int) -> str:
    if not text.strip():
        raise InputError(message)
    if len(text) > longest:
        raise InputError("this text is too long", came=f"{len(text)} characters", expected=f"at most {longest}")
    return text.strip()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
