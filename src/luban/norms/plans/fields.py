"""One table of a plan's file, read key by key: what is missing, unknown or of the wrong kind is named by its place."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NoReturn, TypeVar

from luban.core.errors import ConfigError
from luban.norms.plans.model import LANGUAGES, Text

__all__ = ["Fields", "text_of"]

_W = TypeVar("_W", bound=str)

_MISSING = object()


def text_of(value: object, where: str) -> Text:
    """A term: one for all languages, three in the order zh, en, ko, or a table of the three. Raises ConfigError."""
    if isinstance(value, str) and value:
        return Text(value, value, value)
    if isinstance(value, Mapping) and set(value) == set(LANGUAGES):
        value = [value[language] for language in LANGUAGES]
    if isinstance(value, list) and len(value) == 3 and all(isinstance(one, str) and one for one in value):
        return Text(*value)
    raise ConfigError(
        "not a term",
        came=repr(value),
        expected='a text for all languages, ["中文", "English", "한국어"], or { zh = …, en = …, ko = … }',
        where=where,
    )


class Fields:
    """A table of a file. Every key is taken once; `done` complains of the rest.

    where  file and table, e.g. "mic2025/indicators.toml [indicator.I01]"
    Raises ConfigError from each method, with file, table and key
    """

    def __init__(self, data: object, where: str, top: Mapping[str, Any] | None = None) -> None:
        if not isinstance(data, Mapping):
            raise ConfigError("not a table", came=repr(data), where=where)
        self.where = where
        self._data: dict[str, Any] = dict(data)
        self.top = top or {}
        self._asked: set[str] = set()

    def fail(self, key: str, message: str, came: object, expected: str = "", hint: str = "") -> NoReturn:
        """Refuse the value of a key."""
        came = came if isinstance(came, str) else repr(came)
        raise ConfigError(message, came=came, expected=expected, where=f"{self.where} {key}", hint=hint)

    def raw(self, key: str, default: Any = _MISSING) -> Any:
        """Whatever stands there, or once at the top of the file."""
        self._asked.add(key)
        value = self._data.pop(key, self.top.get(key, default))
        if value is _MISSING:
            self.fail(key, "a key is missing", "nothing", expected=f"{key} = …")
        return value

    def has(self, key: str) -> bool:
        """Whether the table itself has the key."""
        self._asked.add(key)
        return key in self._data

    def string(self, key: str, default: Any = _MISSING) -> str:
        """A text that is not empty; empty only as the default."""
        value = self.raw(key, default)
        if not isinstance(value, str) or (not value and default is _MISSING):
            self.fail(key, "not a text", value)
        return str(value)

    def text(self, key: str, default: Any = _MISSING) -> Text:
        """A term in three languages."""
        value = self.raw(key, default)
        return value if isinstance(value, Text) else text_of(value, f"{self.where} {key}")

    def word(self, key: str, known: Iterable[_W], default: Any = _MISSING) -> _W:
        """One of a closed list of words."""
        value, words = self.raw(key, default), tuple(known)
        if value not in words:
            close = difflib.get_close_matches(str(value), words, 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else ""
            self.fail(key, "not one of the words", value, ", ".join(words), hint)
        return words[words.index(value)]

    def number(self, key: str, default: Any = _MISSING) -> float:
        """A finite number."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            self.fail(key, "not a number", value, "a finite number; leave the key out where the number is unknown")
        return float(value)

    def whole(self, key: str, default: Any = _MISSING) -> int:
        """A whole number."""
        value = self.raw(key, default)
        if isinstance(value, bool) or not isinstance(value, int):
            self.fail(key, "not a whole number", value)
        return int(value)

    def year(self, key: str, default: Any = _MISSING) -> int:
        """A year of four digits."""
        value = self.whole(key, default)
        if not 1000 <= value <= 9999:
            self.fail(key, "not a year", value, "four digits")
        return value

    def years(self, key: str) -> tuple[int, ...]:
        """Years, each later than the one before."""
        values = self.many(key)
        if any(isinstance(one, bool) or not isinstance(one, int) or not 1000 <= one <= 9999 for one in values):
            self.fail(key, "not a list of years", values, "e.g. [2020, 2025]")
        if list(values) != sorted(set(values)):
            self.fail(key, "years are not in order", values)
        return tuple(values)

    def flag(self, key: str, default: Any = _MISSING) -> bool:
        """True or false."""
        value = self.raw(key, default)
        if not isinstance(value, bool):
            self.fail(key, "neither true nor false", value)
        return value

    def day(self, key: str) -> date:
        """A day."""
        value = self.raw(key)
        if type(value) is not date:
            self.fail(key, "not a day", value, "a TOML date, e.g. 2015-05-08")
        return value

    def many(self, key: str, default: Any = _MISSING) -> list[Any]:
        """A list of anything."""
        value = self.raw(key, default)
        if not isinstance(value, (list, tuple)):
            self.fail(key, "not a list", value)
        return list(value)

    def strings(self, key: str, default: Any = _MISSING) -> tuple[str, ...]:
        """A list of texts."""
        values = self.many(key, default)
        if not all(isinstance(one, str) and one for one in values):
            self.fail(key, "not a list of texts", values)
        return tuple(values)

    def texts(self, key: str, default: Any = _MISSING) -> tuple[Text, ...]:
        """A list of terms."""
        values = self.many(key, default)
        return tuple(text_of(one, f"{self.where} {key}[{number}]") for number, one in enumerate(values, 1))

    def table(self, key: str) -> Fields:
        """The table of `key`."""
        return Fields(self.raw(key), f"{self.where} {key}", self.top)

    def tables(self, key: str) -> list[Fields]:
        """The tables of `[[key]]`, each with its number as its place; none where there are none."""
        values = self.many(key, ())
        return [Fields(one, f"{self.where} [[{key}]] {number}", self.top) for number, one in enumerate(values, 1)]

    def done(self) -> None:
        """Complain of a key that nobody asked for."""
        for key, value in self._data.items():
            close = difflib.get_close_matches(key, self._asked, 1, 0.5)
            hint = f"did you mean {close[0]}?" if close else ""
            self.fail(key, "an unknown key", value, ", ".join(sorted(self._asked)), hint)
