"""The one error tree. Catch `LubanError` at a door and print it: it is written for the user.

LubanError
├── InputError            what came in is not acceptable (file, row, field, value)
│   ├── ConfigError       plant.toml, tables, settings
│   └── UnitError         unknown unit, or units that do not convert
├── LedgerError           the books
│   ├── IntegrityError    a hash, a chain link or a checksum does not match
│   ├── LedgerBusyError   another writer holds this ledger
│   └── DiskFullError     no room: nothing was acknowledged, nothing is half written
├── ConnectError          a wire
│   ├── LinkDownError     the peer is not there or went away; the collector tries again
│   ├── SecurityError     certificate, policy, user or password refused; trying again is no use
│   └── PayloadError      one message is bad; it goes to quarantine and nothing stops
├── NotAllowedError       the role does not permit it
└── MissingServiceError   an optional program or package is not installed
"""

from __future__ import annotations

__all__ = [
    "ConfigError",
    "ConnectError",
    "DiskFullError",
    "InputError",
    "IntegrityError",
    "LedgerBusyError",
    "LedgerError",
    "LinkDownError",
    "LubanError",
    "MissingServiceError",
    "NotAllowedError",
    "PayloadError",
    "SecurityError",
    "UnitError",
]


class LubanError(Exception):
    """Any error luban raises on purpose.

    came      what came, as the user knows it
    expected  what was expected instead
    where     file:line, file!sheet!cell, endpoint, field
    hint      what to do next
    """

    def __init__(self, message: str, *, came: str = "", expected: str = "", where: str = "", hint: str = "") -> None:
        self.message = message
        self.came = came
        self.expected = expected
        self.where = where
        self.hint = hint
        super().__init__(message)

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        parts = [head]
        if self.came:
            parts.append(f"came: {self.came}")
        if self.expected:
            parts.append(f"expected: {self.expected}")
        if self.hint:
            parts.append(f"hint: {self.hint}")
        return " · ".join(parts)

    def as_dict(self) -> dict[str, str]:
        """The same facts for `--json` and the REST service (empty fields left out)."""
        fields = {
            "error": type(self).__name__,
            "message": self.message,
            "came": self.came,
            "expected": self.expected,
            "where": self.where,
            "hint": self.hint,
        }
        return {key: value for key, value in fields.items() if value}


class InputError(LubanError):
    """What came in is not acceptable."""


class ConfigError(InputError):
    """The plant's configuration or tables are wrong."""


class UnitError(InputError):
    """A unit is unknown or does not convert."""


class LedgerError(LubanError):
    """The books could not be read or written."""


class IntegrityError(LedgerError):
    """A hash, a chain link or a checksum does not match."""


class LedgerBusyError(LedgerError):
    """Another writer holds this ledger."""


class DiskFullError(LedgerError):
    """No room on the disk; nothing was acknowledged."""


class ConnectError(LubanError):
    """A wire failed."""


class LinkDownError(ConnectError):
    """The peer is not there or went away."""


class SecurityError(ConnectError):
    """The peer or its credentials were refused."""


class PayloadError(ConnectError):
    """One message could not be understood."""


class NotAllowedError(LubanError):
    """The role does not permit it."""


class MissingServiceError(LubanError):
    """An optional program or package is not installed."""
