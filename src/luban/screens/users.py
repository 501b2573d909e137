"""People who may look and act: users with a role at some sites, and their sessions.

Reads and writes master data of kinds `user` and `session`. Every act is handed to `record`, which makes it an
`event` fact of kind `act`. Passwords are held as argon2id hashes and session tokens as SHA-256: whoever reads the
file can log in as nobody.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from luban.core.errors import InputError, NotAllowedError, SecurityError
from luban.core.time import HOUR, now
from luban.ledger import MasterData
from luban.screens.attempts import Attempts

__all__ = ["SESSION_LENGTH", "Act", "Role", "Session", "User", "Users"]

SESSION_LENGTH = 12 * HOUR  # one shift and its hand-over
_SHORTEST_PASSWORD = 10
_NAME = re.compile(r"[\w][\w.@\-]{0,63}\Z")


class Role(IntEnum):
    """What a person may do; each role includes the ones below it."""

    VIEWER = 1  # look
    OPERATOR = 2  # also book facts
    PLANNER = 3  # also plan: solve, move, lock, publish
    ENGINEER = 4  # also configure and correct
    ADMIN = 5  # also manage users

    @classmethod
    def parse(cls, text: str) -> Role:
        """The role of that name. Raises InputError."""
        try:
            return cls[text.strip().upper()]
        except KeyError:
            expected = ", ".join(role.name.lower() for role in cls)
            raise InputError("unknown role", came=repr(text), expected=expected) from None


@dataclass(frozen=True, slots=True)
class User:
    """One person.

    sites   equipment paths below which the role holds; empty = everywhere in this plant
    """

    name: str
    role: Role
    sites: tuple[str, ...] = ()
    active: bool = True

    def may(self, role: Role, path: str = "") -> bool:
        """Whether the person has at least this role at this place."""
        if not self.active or self.role < role:
            return False
        return not self.sites or not path or any(path == site or path.startswith(site + "/") for site in self.sites)


@dataclass(frozen=True, slots=True)
class Session:
    """A person who is logged in until `expires` [µs UTC]; `id` is the hash of the token, never the token."""

    id: str
    user: User
    expires: int


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did: the words of an `event` fact of kind `act`."""

    person: str
    code: str
    subject: str
    text: str


class Users:
    """The people of one plant.

    master  where they are kept
    record  takes each act; the caller makes it a fact
    """

    def __init__(self, master: MasterData, record: Callable[[Act], None] = lambda _act: None) -> None:
        self._master = master
        self._record = record
        self._hasher = PasswordHasher()
        self._attempts = Attempts("too many failed logins", "login")
        # verified when the name is unknown, so that the answer takes as long as for a known one
        self._nobody = self._hasher.hash(secrets.token_urlsafe(16))

    @property
    def master(self) -> MasterData:
        """Where they are kept."""
        return self._master

    def all(self) -> list[User]:
        """Everyone, by name."""
        return sorted((_user(doc) for doc in self._master.list("user").values()), key=lambda user: user.name)

    def get(self, name: str) -> User | None:
        """The person of that name, or None."""
        doc = self._master.get("user", name)
        return _user(doc) if doc else None

    def first_admin(self) -> str | None:
        """Create `admin` where nobody exists yet; its password if it was made here, to be shown once.

        LUBAN_ADMIN_PASSWORD in the environment is taken instead, and then None is returned.
        """
        if self._master.list("user"):
            return None
        given = os.environ.get("LUBAN_ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        self.add("admin", password, Role.ADMIN, who="first start")
        return None if given else password

    def add(self, name: str, password: str, role: Role, sites: Iterable[str] = (), *, who: str) -> User:
        """A new person. Raises InputError if the name is taken or unfit, or the password is too short."""
        if not _NAME.match(name):
            expected = "letters, digits, '.', '-', '_' or '@', at most 64"
            raise InputError("not a user name", came=repr(name), expected=expected)
        if self._master.get("user", name):
            raise InputError("this user exists already", came=name, hint="choose another name, or change its password")
        user = User(name, role, tuple(sites))
        self._store(user, self._hash(password), who)
        self._log(who, "user added", name, f"role {role.name.lower()}, sites {', '.join(user.sites) or 'all'}")
        return user

    def set_password(self, name: str, password: str, *, who: str) -> None:
        """Change a password; ends the person's sessions."""
        doc = self._known(name)
        self._store(_user(doc), self._hash(password), who)
        self.end_sessions(name, who=who)
        self._log(who, "password changed", name, "")

    def set_role(self, name: str, role: Role, sites: Iterable[str] = (), *, who: str) -> User:
        """Change what a person may do; open pages follow at their next act."""
        doc = self._known(name)
        user = User(name, role, tuple(sites), bool(doc.get("active", True)))
        self._store(user, str(doc["password"]), who)
        self._log(who, "role changed", name, f"role {role.name.lower()}, sites {', '.join(user.sites) or 'all'}")
        return user

    def disable(self, name: str, *, who: str, active: bool = False) -> None:
        """Lock a person out (or let them in again); ends their sessions. The last active admin stays."""
        doc = self._known(name)
        user = _user(doc)
        others = [u for u in self.all() if u.active and u.role is Role.ADMIN and u.name != name]
        if not active and user.role is Role.ADMIN and not others:
            raise InputError("this is the last active admin", came=name, hint="give another user the role admin first")
        self._store(User(user.name, user.role, user.sites, active), str(doc["password"]), who)
        if not active:
            self.end_sessions(name, who=who)
        self._log(who, "user enabled" if active else "user disabled", name, "")

    def login(self, name: str, password: str, *, address: str = "") -> str:
        """A new session's token. Raises SecurityError, with the same words for a wrong name and a wrong password.

        address  where the person comes from; attempts are counted by name and by address
        """
        keys = [f"name:{name}", f"address:{address}"] if address else [f"name:{name}"]
        self._attempts.check(keys)
        doc = self._master.get("user", name) if _NAME.match(name) else None
        try:
            self._hasher.verify(str(doc["password"]) if doc else self._nobody, password)
            good = bool(doc) and bool(doc and doc.get("active", True))
        except (VerificationError, InvalidHashError):
            good = False
        if not good:
            self._attempts.count(keys)
            self._log(name if doc else "", "login refused", name if doc else "unknown", f"from {address or 'here'}")
            raise SecurityError("user or password not accepted", hint="check both; an admin can set a new password")
        self._attempts.forget(keys)
        token = secrets.token_urlsafe(32)
        self._master.put("session", _digest(token), {"user": name, "expires": now() + SESSION_LENGTH}, who=name)
        self._log(name, "logged in", name, f"from {address or 'here'}")
        return token

    def session(self, token: str | None) -> Session | None:
        """The session of this token if it is still open and its user still active, with the role of this moment."""
        return self.session_by_id(_digest(token)) if token else None

    def session_by_id(self, identifier: str) -> Session | None:
        """As `session`, by the token's hash: what an open page remembers."""
        doc = self._master.get("session", identifier)
        if not doc or doc.get("ended") or int(doc["expires"]) <= now():
            return None
        user = self.get(str(doc["user"]))
        return Session(identifier, user, int(doc["expires"])) if user and user.active else None

    def logout(self, identifier: str) -> None:
        """End one session, in every tab that uses it."""
        doc = self._master.get("session", identifier)
        if doc and not doc.get("ended"):
            self._master.put("session", identifier, {**doc, "ended": now()}, who=str(doc["user"]))
            self._log(str(doc["user"]), "logged out", str(doc["user"]), "")

    def end_sessions(self, name: str, *, who: str) -> int:
        """End every open session of a person; how many there were."""
        ended = 0
        for identifier, doc in self._master.list("session").items():
            if doc.get("user") == name and not doc.get("ended"):
                self._master.put("session", identifier, {**doc, "ended": now()}, who=who)
                ended += 1
        return ended

    @staticmethod
    def known(session: Session | None) -> Session:
        """The session, if there is one. Raises SecurityError."""
        if session is None:
            raise SecurityError("not logged in", hint="log in first")
        return session

    def require(self, session: Session | None, role: Role, path: str = "") -> User:
        """The session's user if the role suffices. Raises SecurityError (nobody) or NotAllowedError."""
        session = self.known(session)
        if not session.user.may(role, path):
            came = f"{session.user.name} is {session.user.role.name.lower()}"
            expected = f"{role.name.lower()}{' at ' + path if path else ''} or above"
            raise NotAllowedError("your role does not permit this", came=came, expected=expected)
        return session.user

    def note(self, act: Act) -> None:
        """Have an act recorded that is not one of this module's own."""
        self._record(act)

    def _known(self, name: str) -> dict[str, Any]:
        doc = self._master.get("user", name)
        if not doc:
            known = ", ".join(user.name for user in self.all()) or "nobody yet"
            raise InputError("no such user", came=name, expected=known)
        return dict(doc)

    def _hash(self, password: str) -> str:
        if len(password) < _SHORTEST_PASSWORD:
            came, expected = f"{len(password)} characters", f"at least {_SHORTEST_PASSWORD} characters"
            raise InputError("the password is too short", came=came, expected=expected)
        return self._hasher.hash(password)

    def _store(self, user: User, password: str, who: str) -> None:
        document = {
            "name": user.name, "role": user.role.name.lower(), "sites": list(user.sites), "active": user.active,
            "password": password,
        }  # fmt: skip
        self._master.put("user", user.name, document, who=who)

    def _log(self, person: str, code: str, subject: str, text: str) -> None:
        self._record(Act(person, code, subject, text))


def _user(doc: dict[str, Any]) -> User:
    role = Role.parse(str(doc["role"]))
    return User(str(doc["name"]), role, tuple(doc.get("sites", ())), bool(doc.get("active", True)))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
