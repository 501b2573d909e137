"""A rule's text becomes parts that are held against values: read word by word, never run as a program.

either   = both { "or" both }
both     = one { "and" one }
one      = "not" one | held
held     = compared [ "for" TIME ]
compared = sum [ SIGN sum [ SIGN sum ] ]          SIGN: < <= > >= == !=
sum      = product { ("+" | "-") product }
product  = atom { ("*" | "/") atom }
atom     = NUMBER [UNIT] | NAME | "-" atom | "(" either ")" | FIGURE "(" either [ "," TIME ] ")"
TIME     = NUMBER UNIT { NUMBER UNIT }            us, ms, s, min, h, d
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Final

from luban.core.errors import InputError, UnitError
from luban.core.time import parse_duration
from luban.core.units import Unit, parse_unit
from luban.understand.health.diagnosis.rules.nodes import (
    COMPARISONS,
    Arithmetic,
    Both,
    Compare,
    Constant,
    Either,
    Held,
    Negated,
    Node,
    Opposite,
    Scaled,
    Size,
    Value,
    Window,
)
from luban.understand.health.diagnosis.rules.scan import Token, refuse, scan

__all__ = ["FIGURES", "parse"]

FIGURES: Final[Mapping[str, str]] = {
    "mean": "mean over the time before",
    "min": "least value over the time before",
    "max": "greatest value over the time before",
    "sd": "standard deviation over the time before",
    "rise": "value now less the value so long ago",
    "slope": "change per hour, by least squares over the time before",
    "share": "share of values over the time before at which a condition held [1]",
    "count": "how often a condition began to hold over the time before",
    "within": "the condition held at any moment of the time before",
    "abs": "value without its sign",
}
"""What can be asked of a signal or a condition, with its meaning."""

_OF_TRUTH = ("share", "count", "within")
_NUMBER, _TRUTH = "a number", "a condition"
_DEEPEST = 40


def parse(text: str, units: Mapping[str, str] | None = None) -> Node:
    """The condition that a rule's text says.

    units   of the signals, to convert numbers that the rule gives with a unit; None: only the grammar is checked
    Raises  InputError with the character, what stands there and what was expected
    Example parse("vibration > 4.5 mm/s for 10 min and rise(temperature, 1 h) > 5 K")
    """
    reader = _Reader(text, units)
    node = reader.either()
    reader.end()
    reader.need(node, 0, truth=True)
    return node


class _Reader:
    def __init__(self, text: str, units: Mapping[str, str] | None) -> None:
        self.text, self.units = text, units
        self.tokens, self.at, self.depth = scan(text), 0, 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> Token | None:
        token = self.token
        if token.kind in ("sign", "word") and token.text in texts:
            self.at += 1
            return token
        return None

    def end(self) -> None:
        if self.token.kind != "end":
            raise self.refuse("a rule that goes on where it should end", "and, or, for, a comparison, or the end")

    def refuse(self, message: str, expected: str, hint: str = "") -> InputError:
        token = self.token
        return refuse(self.text, token.start, message, self.text[token.start : token.end], expected, hint)

    def need(self, node: Node, start: int, *, truth: bool) -> Node:
        if node.truth != truth:
            kind, other = (_TRUTH, _NUMBER) if truth else (_NUMBER, _TRUTH)
            hint = "compare it with a limit" if truth else ""
            raise refuse(self.text, start, f"{kind} is needed here", f"{other}: {node.source}", kind, hint)
        return node

    def either(self) -> Node:
        return self.joined("or", Either)

    def both(self) -> Node:
        return self.joined("and", Both)

    def joined(self, word: str, kind: type[Both | Either]) -> Node:
        read = self.both if word == "or" else self.one
        start = self.token.start
        parts = [read()]
        while self.take(word):
            self.need(parts[0], start, truth=True)
            begin = self.token.start
            parts.append(self.need(read(), begin, truth=True))
        return parts[0] if len(parts) == 1 else kind(self.since(start), *parts)

    def one(self) -> Node:
        start = self.token.start
        if self.take("not"):
            begin = self.token.start
            self.deeper(1)
            part = self.need(self.one(), begin, truth=True)
            self.deeper(-1)
            return Negated(self.since(start), part)
        node = self.compared()
        if self.take("for"):
            self.need(node, start, truth=True)
            length = self.time()
            return Held(self.since(start), node, length)
        return node

    def since(self, start: int) -> str:
        return self.text[start : self.tokens[self.at - 1].end]

    def compared(self) -> Node:
        start = self.token.start
        left = self.sum()
        parts = list[Node]()
        while sign := self.take(*COMPARISONS):
            if len(parts) == 2:
                raise self.refuse("more than two comparisons in a row", "and between them")
            self.need(left, start, truth=False)
            begin, index = self.token.start, self.at
            right = self.need(self.sum(), begin, truth=False)
            left, right = self.same(left, right, begin)
            parts.append(Compare(self.since(start), sign.text, left, right))
            # read anew: a part that remembers must not see a value twice
            start, self.at = begin, index
            left = self.sum()
        if not parts:
            return left
        return parts[0] if len(parts) == 1 else Both(self.since(start), *parts)

    def sum(self) -> Node:
        start = self.token.start
        left = self.product()
        while sign := self.take("+", "-"):
            self.need(left, start, truth=False)
            begin = self.token.start
            right = self.need(self.product(), begin, truth=False)
            fixed = isinstance(right, Constant)
            right.step = right.step or fixed  # a number that is added is a difference: 5 K warmer
            left, right = self.same(left, right, begin)
            node = Arithmetic(self.since(start), sign.text, left, right)
            node.unit, node.step = left.unit, left.step or (sign.text == "-" and not fixed)
            left = node
        return left

    def product(self) -> Node:
        start = self.token.start
        left = self.atom()
        while sign := self.take("*", "/"):
            self.need(left, start, truth=False)
            begin = self.token.start
            right = self.need(self.atom(), begin, truth=False)
            node = Arithmetic(self.since(start), sign.text, left, right)
            node.unit, node.step = _multiplied(left.unit, right.unit, sign.text), True
            left = node
        return left

    def atom(self) -> Node:
        self.deeper(1)
        node = self.inner()
        self.deeper(-1)
        return node

    def deeper(self, step: int) -> None:
        self.depth += step
        if self.depth > _DEEPEST:
            raise self.refuse("a rule that is nested too deep", f"at most {_DEEPEST} levels", "split it")

    def inner(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.at += 1
            node: Node = Constant(self.since(token.start), float(token.text))
            node.unit = self.unit(token)
            return node
        if token.kind == "name":
            self.at += 1
            if self.token.text == "(" and self.text[token.start] != "`":
                return self.figure(token)
            node = Value(token.text, token.text)
            node.unit = self.unit_of(token)
            return node
        if self.take("-"):
            begin = self.token.start
            part = self.need(self.atom(), begin, truth=False)
            if isinstance(part, Constant):
                node = Constant(self.since(token.start), -part.number)
            else:
                node = Opposite(self.since(token.start), part)
            node.unit, node.step = part.unit, part.step
            return node
        if self.take("("):
            node = self.either()
            if not self.take(")"):
                raise self.refuse("a bracket that is not closed", ")")
            return node
        raise self.refuse("something is missing", "a signal, a number or (")

    def figure(self, token: Token) -> Node:
        if token.text not in FIGURES:
            near = difflib.get_close_matches(token.text, FIGURES, 1)
            raise refuse(self.text, token.start, "unknown figure", token.text, ", ".join(FIGURES),
                         f"did you mean {near[0]}" if near else "")  # fmt: skip
        self.at += 1
        begin = self.token.start
        part = self.need(self.either(), begin, truth=token.text in _OF_TRUTH)
        length = 0
        if token.text != "abs":
            if not self.take(","):
                raise self.refuse("over which time?", ", and a time, e.g. 10 min")
            length = self.time()
        if not self.take(")"):
            raise self.refuse("a bracket that is not closed", ")")
        source = self.since(token.start)
        node: Node = Size(source, part) if token.text == "abs" else Window(source, token.text, part, length)
        if token.text not in _OF_TRUTH:
            hourly = part.unit is not None and token.text == "slope"
            node.unit = part.unit / parse_unit("h") if hourly and part.unit is not None else part.unit
            node.step = part.step or token.text in ("sd", "rise", "slope")
        return node

    def time(self) -> int:
        start = self.token.start
        parts = list[str]()
        while self.token.kind == "number" and self.token.unit in ("us", "ms", "s", "min", "h", "d"):
            parts.append(f"{self.token.text} {self.token.unit}")
            self.at += 1
        if not parts:
            raise self.refuse("not a time", "a number with us, ms, s, min, h or d, e.g. 90 s")
        length = parse_duration(" ".join(parts))
        if length <= 0:
            raise refuse(self.text, start, "a time that does not pass", parts[0], "more than 0 s")
        return length

    # ------------------------------------------------------------ units

    def unit(self, token: Token) -> Unit | None:
        if not token.unit:
            return None
        try:
            return parse_unit(token.unit)
        except UnitError as error:
            raise refuse(self.text, token.start, error.message, token.unit, error.expected, error.hint) from None

    def unit_of(self, token: Token) -> Unit | None:
        if self.units is None:
            return None
        if token.text not in self.units:
            near = difflib.get_close_matches(token.text, self.units, 1)
            raise refuse(self.text, token.start, "no signal of this name", token.text,
                         ", ".join(sorted(self.units)) or "signals of the machine",
                         f"did you mean {near[0]}" if near else "")  # fmt: skip
        unit = self.units[token.text]
        return parse_unit(unit) if unit else None

    def same(self, left: Node, right: Node, start: int) -> tuple[Node, Node]:
        """Both in one unit: that of the side that is measured."""
        if isinstance(left, Constant) and not isinstance(right, Constant):
            right, left = self.same(right, left, start)
            return left, right
        if right.unit is None or (self.units is None and left.unit is None):
            return left, right
        if left.unit is None:
            if isinstance(left, Constant):
                return left, right
            raise refuse(self.text, start, "a unit beside a number whose unit is not known",
                         f"{left.source}, {right.source}", "no unit, or the signal's unit in plant.toml")  # fmt: skip
        if not left.unit.converts_to(right.unit):
            raise refuse(self.text, start, "these units do not convert", f"{right.unit}", f"a unit like {left.unit}")
        factor = float(right.unit.factor / left.unit.factor)
        offset = 0.0 if left.step or right.step else float((right.unit.offset - left.unit.offset) / left.unit.factor)
        if factor == 1 and offset == 0:
            return left, right
        scaled = Scaled(right, factor, offset)
        scaled.unit, scaled.step = left.unit, left.step
        return left, scaled


def _multiplied(left: Unit | None, right: Unit | None, sign: str) -> Unit | None:
    if right is None:
        return left
    if left is None:
        return None
    return left * right if sign == "*" else left / right
