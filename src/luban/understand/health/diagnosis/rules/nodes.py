"""Parts of a rule that are held against values as they come: each keeps what it must remember, and nothing else.

A number is None, and a truth is None, where it cannot be told: no value, a window that is not yet full. Truths combine
by Kleene's rules, so that a signal that is missing never fulfils a rule and never hides one that holds without it.
"""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Any, Final

from luban.core.time import HOUR
from luban.core.units import Unit

__all__ = [
    "COMPARISONS",
    "Arithmetic",
    "Both",
    "Compare",
    "Constant",
    "Either",
    "Held",
    "Negated",
    "Node",
    "Opposite",
    "Scaled",
    "Size",
    "Value",
    "Window",
    "span_text",
]

Values = Mapping[str, float]

COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
"""Signs between two numbers."""

_ARITHMETIC: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
}  # fmt: skip


_LARGEST: Final = 1e100  # a number beyond it is no reading: figures of it cannot be told


class Node(ABC):
    """A part of a rule.

    source  as written
    truth   it is a truth, not a number
    unit    of a number, None if it is not known or has none
    step    a number that is a difference: its unit has no zero point
    """

    truth = False

    def __init__(self, source: str, *parts: Node) -> None:
        self.source, self.parts = source, parts
        self.unit: Unit | None = None
        self.step = False
        self.now: float | None = None

    def update(self, time: int, values: Values) -> float | None:
        """The number, or 1 or 0 for a truth, at this moment; None where it cannot be told."""
        self.now = self._next(time, values)
        return self.now

    @abstractmethod
    def _next(self, time: int, values: Values) -> float | None: ...

    def text(self) -> str:
        """What fulfils it, with values."""
        return self.source

    def walk(self) -> Iterator[Node]:
        """Itself and all its parts, parts first."""
        for part in self.parts:
            yield from part.walk()
        yield self

    def state(self) -> Any:
        """What it remembers, for JSON."""
        return None

    def load(self, state: Any) -> None:  # noqa: B027 - most remember nothing
        """Go on from a state."""


class Constant(Node):
    """A number that the rule gives."""

    def __init__(self, source: str, number: float) -> None:
        super().__init__(source)
        self.number = number

    def _next(self, time: int, values: Values) -> float | None:  # noqa: ARG002
        return self.number


class Value(Node):
    """A signal."""

    def __init__(self, source: str, name: str) -> None:
        super().__init__(source)
        self.name = name

    def _next(self, time: int, values: Values) -> float | None:  # noqa: ARG002
        came = values.get(self.name)
        return came if came is not None and abs(came) < _LARGEST else None  # NaN is not below it either


class Scaled(Node):
    """A number in another unit."""

    def __init__(self, part: Node, factor: float, offset: float) -> None:
        super().__init__(part.source, part)
        self.factor, self.offset = factor, offset

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        return None if came is None else came * self.factor + self.offset


class Arithmetic(Node):
    """Two numbers and a sign; a division by zero cannot be told."""

    def __init__(self, source: str, sign: str, left: Node, right: Node) -> None:
        super().__init__(source, left, right)
        self.sign = sign

    def _next(self, time: int, values: Values) -> float | None:
        left, right = (part.update(time, values) for part in self.parts)
        if left is None or right is None or (self.sign == "/" and right == 0):
            return None
        told = _ARITHMETIC[self.sign](left, right)
        return told if abs(told) < _LARGEST else None


class Opposite(Node):
    """A number with the other sign."""

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        return None if came is None else -came


class Size(Node):
    """A number without its sign."""

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        return None if came is None else abs(came)


class Window(Node):
    """A figure of a number, or of a truth, over the time before; None until values reach back as far."""

    def __init__(self, source: str, figure: str, part: Node, length: int) -> None:
        super().__init__(source, part)
        self.figure, self.length = figure, length
        self.truth = figure == "within"
        self._kept: deque[tuple[int, float]] = deque()

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        kept = self._kept
        if came is not None:
            kept.append((time, came))
        start = time - self.length
        while len(kept) > 1 and kept[1][0] <= start:
            kept.popleft()
        if self.figure == "within" and any(value and at > start for at, value in kept):
            return 1.0
        if not kept or kept[0][0] > start or kept[-1][0] <= start:
            return None
        return self._figure(start)

    def _figure(self, start: int) -> float | None:
        kept = self._kept
        if self.figure == "rise":
            return kept[-1][1] - kept[0][1]
        inside = [(at, value) for at, value in kept if at > start]
        numbers = [value for _, value in inside]
        if self.figure == "count":
            return float(sum(now > was for was, now in pairwise([kept[0][1], *numbers])))
        if self.figure in ("mean", "share"):
            return math.fsum(numbers) / len(numbers)
        if self.figure == "min":
            return min(numbers)
        if self.figure == "max":
            return max(numbers)
        if self.figure == "within":
            return 0.0
        return _spread(numbers) if self.figure == "sd" else _slope(inside)

    def text(self) -> str:
        """What fulfils it, with values."""
        return self.parts[0].text() if self.truth else self.source

    def state(self) -> Any:
        """What it remembers, for JSON."""
        return [list(pair) for pair in self._kept]

    def load(self, state: Any) -> None:
        """Go on from a state."""
        self._kept = deque((int(at), float(value)) for at, value in state)


class Compare(Node):
    """Two numbers held against each other."""

    truth = True

    def __init__(self, source: str, sign: str, left: Node, right: Node) -> None:
        super().__init__(source, left, right)
        self.sign = sign

    def _next(self, time: int, values: Values) -> float | None:
        left, right = (part.update(time, values) for part in self.parts)
        return None if left is None or right is None else float(COMPARISONS[self.sign](left, right))

    def text(self) -> str:
        """What fulfils it, with values."""
        left, right = self.parts
        own = left.unit or right.unit
        unit = "" if own is None else f" {own}"

        def told(part: Node) -> str:
            fixed = all(isinstance(own, Constant | Scaled | Opposite) for own in part.walk())
            return part.source if fixed or part.now is None else f"{part.source} ({part.now:.4g}{unit})"

        return f"{told(left)} {self.sign} {told(right)}"


class Both(Node):
    """Truths that must hold together."""

    truth = True

    def _next(self, time: int, values: Values) -> float | None:
        told = [part.update(time, values) for part in self.parts]  # all of them: each must see every value
        return 0.0 if 0.0 in told else None if None in told else 1.0

    def text(self) -> str:
        """What fulfils it, with values."""
        return " and ".join(part.text() for part in self.parts)


class Either(Node):
    """Truths of which one must hold."""

    truth = True

    def _next(self, time: int, values: Values) -> float | None:
        told = [part.update(time, values) for part in self.parts]
        return 1.0 if 1.0 in told else None if None in told else 0.0

    def text(self) -> str:
        """What fulfils it, with values."""
        return " and ".join(part.text() for part in self.parts if part.now == 1.0)


class Negated(Node):
    """A truth that must not hold."""

    truth = True

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        return None if came is None else 1.0 - came

    def text(self) -> str:
        """What fulfils it, with values."""
        return f"not ({self.parts[0].text()})"


class Held(Node):
    """A truth that has held for a while, as far as values tell: a silence longer than that begins it anew."""

    truth = True

    def __init__(self, source: str, part: Node, length: int) -> None:
        super().__init__(source, part)
        self.length = length
        self._since: int | None = None
        self._seen: int | None = None
        self._time = 0

    def _next(self, time: int, values: Values) -> float | None:
        came = self.parts[0].update(time, values)
        self._time = time
        if came is None:
            return None
        if not came:
            self._since = self._seen = None
            return 0.0
        if self._since is None or self._seen is None or time - self._seen > self.length:
            self._since = time
        self._seen = time
        return float(time - self._since >= self.length)

    def text(self) -> str:
        """What fulfils it, with values."""
        if self._since is None:
            return self.source
        return f"{self.parts[0].text()} for {span_text(self._time - self._since)}"

    def state(self) -> Any:
        """What it remembers, for JSON."""
        return [self._since, self._seen, self._time]

    def load(self, state: Any) -> None:
        """Go on from a state."""
        self._since, self._seen, self._time = state


def span_text(span: int) -> str:
    """A time in the unit that suits it, e.g. "12 min"."""
    seconds = span / 1_000_000
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= 2 * size or size == 1:
            return f"{seconds / size:.3g} {unit}"
    return "0 s"


def _spread(numbers: list[float]) -> float | None:
    if len(numbers) < 2:
        return None
    mean = math.fsum(numbers) / len(numbers)
    return math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / (len(numbers) - 1))


def _slope(inside: list[tuple[int, float]]) -> float | None:
    """Least squares, per hour."""
    if len(inside) < 2:
        return None
    first = inside[0][0]
    hours = [(at - first) / HOUR for at, _ in inside]
    middle, mean = math.fsum(hours) / len(hours), math.fsum(value for _, value in inside) / len(inside)
    below = math.fsum((hour - middle) ** 2 for hour in hours)
    above = math.fsum((hour - middle) * (value - mean) for hour, (_, value) in zip(hours, inside, strict=True))
    return above / below if below > 0 else None
