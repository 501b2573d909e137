"""Rules that engineers write in a TOML file, held against values as they come.

hold = "10 min"                       # how long a value counts after it came

[[rule]]
name = "bearing runs dry"
cause = "lack of grease"
when = "vibration > 4.5 mm/s for 10 min and rise(temperature, 1 h) > 5 K"
machine = "turning/*"                 # all machines if left out
advice = "grease the spindle bearing, 5 g"
"""

from __future__ import annotations

import difflib
import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from luban.core.errors import ConfigError, InputError
from luban.core.time import MINUTE, parse_duration
from luban.plant.lines import Lines
from luban.understand.health.diagnosis.rules.nodes import Node, Value
from luban.understand.health.diagnosis.rules.parse import parse
from luban.understand.health.diagnosis.verdict import Firing

__all__ = ["Rule", "RuleBook", "RuleWatch", "read_rules", "rules_of"]

_KEYS = ("name", "cause", "when", "machine", "advice")
_HOLD = 10 * MINUTE


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    name, cause  as people call them
    when     condition, as written
    machine  pattern of paths of machines it is for, e.g. "turning/*"
    advice   what to do; "" if it says nothing
    where    file:line
    """

    name: str
    cause: str
    when: str
    machine: str = "*"
    advice: str = ""
    where: str = ""

    @property
    def signals(self) -> tuple[str, ...]:
        """Names of the signals it looks at, sorted."""
        return tuple(sorted({node.name for node in parse(self.when).walk() if isinstance(node, Value)}))


@dataclass(frozen=True, slots=True)
class RuleBook:
    """Rules in their order.

    hold  how long a value counts after it came [µs]
    """

    rules: tuple[Rule, ...] = ()
    hold: int = _HOLD

    def of(self, machine: str) -> RuleBook:
        """Those that are for a machine."""
        return RuleBook(tuple(rule for rule in self.rules if fnmatchcase(machine, rule.machine)), self.hold)


class RuleWatch:
    """Rules of one machine, held against its values one moment after the other.

    skipped  rules that cannot be held against this machine's signals, with the reason
    """

    def __init__(self, book: RuleBook, units: Mapping[str, str] | None = None) -> None:
        """Watch by a book.

        units   of the machine's signals; None: numbers are compared as they are
        """
        self.book, self._units = book, None if units is None else dict(units)
        self.skipped: dict[str, str] = {}
        self._time: int | None = None
        self._last = dict[str, tuple[int, float]]()
        self._since = dict[str, int]()
        self._rules = list[tuple[Rule, Node]]()
        for rule in book.rules:
            try:
                self._rules.append((rule, parse(rule.when, self._units)))
            except InputError as error:
                self.skipped[rule.name] = f"{error.message}: {error.came}"
        self._names = {node.name for _, root in self._rules for node in root.walk() if isinstance(node, Value)}

    def update(self, time: int, values: Mapping[str, float]) -> tuple[Firing, ...]:
        """Rules that hold at this moment, in the order of the book.

        time    [µs UTC]; a clock that is set back begins everything anew
        values  of the signals that came; a value that is not a number is missing
        """
        if self._time is not None and time < self._time:
            self._restart()
        self._time = time
        for name in self._names & values.keys():
            self._last[name] = (time, float(values[name]))
        there = {name: value for name, (at, value) in self._last.items()
                 if time - at <= self.book.hold and math.isfinite(value)}  # fmt: skip
        found = list[Firing]()
        for rule, root in self._rules:
            if root.update(time, there) == 1.0:
                since = self._since.setdefault(rule.name, time)
                found.append(Firing(rule.name, rule.cause, since, time, root.text(), rule.advice, rule.where))
            else:
                self._since.pop(rule.name, None)
        return tuple(found)

    def run(self, times: Sequence[int], columns: Mapping[str, Sequence[float]]) -> tuple[tuple[Firing, ...], ...]:
        """The same moment by moment, for values of the same times."""
        return tuple(
            self.update(int(time), {name: float(column[at]) for name, column in columns.items()})
            for at, time in enumerate(times)
        )

    def save(self) -> dict[str, Any]:
        """Where it is, as JSON holds it."""
        nodes = [[node.state() for node in root.walk()] for _, root in self._rules]
        last = {name: [at, value] for name, (at, value) in self._last.items() if math.isfinite(value)}
        rules = [[rule.name, rule.when] for rule, _ in self._rules]
        return {"time": self._time, "last": last, "since": self._since, "rules": rules, "nodes": nodes}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where `save` was; a rule that has changed since begins anew."""
        self._restart()
        self._time = state["time"]
        self._last = {name: (int(at), float(value)) for name, (at, value) in state["last"].items()}
        kept = {(name, when): nodes for (name, when), nodes in zip(state["rules"], state["nodes"], strict=True)}
        for rule, root in self._rules:
            for node, own in zip(root.walk(), kept.get((rule.name, rule.when), ()), strict=False):
                if own is not None:
                    node.load(own)
            if (rule.name, rule.when) in kept and rule.name in state["since"]:
                self._since[rule.name] = int(state["since"][rule.name])

    def _restart(self) -> None:
        self._time, self._last, self._since = None, {}, {}
        self._rules = [(rule, parse(rule.when, self._units)) for rule, _ in self._rules]


def read_rules(path: Path) -> RuleBook:
    """Rules of a TOML file.

    Raises  ConfigError with file:line: not TOML, an unknown key, a key missing, a condition that cannot be read
    Example read_rules(plant / "diagnosis.toml").of("turning/L1")
    """
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("rules cannot be read", came=str(error), expected="UTF-8 text", where=path.name) from None
    return rules_of(text, path.name)


def rules_of(text: str, file: str = "rules") -> RuleBook:
    """Rules of a TOML text.

    Raises  ConfigError, as `read_rules`
    """
    text = text.replace("\r\n", "\n")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        where = f"{file}:{found[1]}" if found else file
        raise ConfigError("not TOML", came=str(error), where=where) from None
    lines = Lines(text)
    hold = _HOLD
    for key, value in table.items():
        where = f"{file}:{lines.line((key,))}"
        if key == "hold":
            hold = _time(value, where)
        elif key != "rule" or not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise ConfigError("unknown key", came=key, expected="hold, [[rule]]", where=where)
    rules, names = list[Rule](), dict[str, str]()
    for at, own in enumerate(table.get("rule", ())):
        places = {key: f"{file}:{lines.line(('rule', at, key))}" for key in own}
        rule = _rule(own, places, f"{file}:{lines.line(('rule', at))}")
        if rule.name in names:
            raise ConfigError("two rules of one name", came=rule.name, where=places["name"],
                              hint=f"the other is in {names[rule.name]}")  # fmt: skip
        names[rule.name] = places["name"]
        rules.append(rule)
    return RuleBook(tuple(rules), hold)


def _rule(own: Mapping[str, Any], places: Mapping[str, str], where: str) -> Rule:
    for key, value in own.items():
        if key not in _KEYS:
            near = difflib.get_close_matches(key, _KEYS, 1)
            raise ConfigError("unknown key", came=key, expected=", ".join(_KEYS), where=places[key],
                              hint=f"did you mean {near[0]}?" if near else "")  # fmt: skip
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{key} is not a text", came=repr(value), expected="text", where=places[key])
    for key in ("name", "cause", "when"):
        if key not in own:
            raise ConfigError(
                f"a rule without {key}", came=str(own.get("name", "")), expected=f'{key} = "…"', where=where
            )
    try:
        parse(own["when"])
    except InputError as error:
        raise ConfigError(error.message, came=error.came, expected=error.expected,
                          where=f"{places['when']}: when, {error.where}", hint=error.hint) from None  # fmt: skip
    return Rule(**{key: value.strip() for key, value in own.items()}, where=where)


def _time(value: object, where: str) -> int:
    try:
        return parse_duration(value if isinstance(value, str) else repr(value))
    except InputError as error:
        raise ConfigError(error.message, came=error.came, expected=error.expected, where=where) from None
