"""Models as people write them: `x1 + x2 + x1:x2 + I(x1**2)`, `(x1 + x2 + x3)**2`, `x1*x2 - 1`.

The notation of Wilkinson and Rogers (1973, doi:10.2307/2346786), as R and most packages have it, with two things
that people type anyway: `x1^2` or `x1²` is a square, and a term may be written `x1·x2`. Terms are products of powers
of factors, so every model here is linear in its coefficients.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations

from luban.core.errors import InputError

__all__ = ["INTERCEPT", "Model", "Term", "full_model", "read_model", "read_term"]

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+)
    |(?P<quoted>`[^`]+`|Q\(\s*(?:"[^"]+"|'[^']+')\s*\))
    |(?P<name>[^\W\d²³⁴][^\s+\-*:·^()~,²³⁴]*)
    |(?P<power>[²³⁴])
    |(?P<sign>\*\*|[-+*:·^()~]))""",
    re.VERBOSE,
)
_RAISED = {"²": 2, "³": 3, "⁴": 4}
_UP = {2: "²", 3: "³", 4: "⁴"}


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """A product of powers of factors.

    pieces  (factors with their powers), one per piece of the notation: `x1:x2` has two, `I(x1**2)` has one
    Example  read_term("x1·x2²").name == "x1·x2²"
    """

    pieces: tuple[tuple[tuple[str, int], ...], ...]

    @property
    def powers(self) -> dict[str, int]:
        """Power of each factor in the term."""
        found: dict[str, int] = {}
        for piece in self.pieces:
            for name, power in piece:
                found[name] = found.get(name, 0) + power
        return found

    @property
    def degree(self) -> int:
        """Sum of the powers; 0 for the intercept."""
        return sum(self.powers.values())

    @property
    def key(self) -> tuple[tuple[str, int], ...]:
        """What makes two terms the same, however they were written."""
        return tuple(sorted(self.powers.items()))

    @property
    def name(self) -> str:
        """As people read it: `x1·x2`, `x1²`, `Intercept`."""
        parts = [name + ("" if power == 1 else _UP.get(power, f"^{power}")) for name, power in self.powers.items()]
        return "·".join(parts) or "Intercept"

    def within(self, other: Term) -> bool:
        """Whether all pieces of this term are pieces of the other, larger one (marginality)."""
        return set(self.pieces) < set(other.pieces)

    def parent_of(self, other: Term) -> bool:
        """Whether the other term is this one times something: no power is lower there, and it has a higher degree."""
        mine, theirs = self.powers, other.powers
        return other.degree > self.degree and all(theirs.get(name, 0) >= power for name, power in mine.items())


INTERCEPT = Term(())
"""The constant of a model."""


@dataclass(frozen=True, slots=True)
class Model:
    """Terms of a linear model, main effects first; the intercept is the first term where there is one.

    Example  [t.name for t in read_model("a*b").terms] == ["Intercept", "a", "b", "a·b"]
    """

    terms: tuple[Term, ...]

    @property
    def factors(self) -> tuple[str, ...]:
        """Names in the order in which they appear."""
        return tuple(dict.fromkeys(name for term in self.terms for name in term.powers))

    @property
    def has_intercept(self) -> bool:
        """Whether the model has a constant."""
        return INTERCEPT in self.terms

    def without(self, names: Iterable[str]) -> Model:
        """The model less the terms of these names."""
        gone = {read_term(name).key for name in names}
        return Model(tuple(term for term in self.terms if term.key not in gone))

    def __str__(self) -> str:
        words = [term.name for term in self.terms if term != INTERCEPT]
        return " + ".join(([] if self.has_intercept else ["0"]) + words) or "1"


def _ordered(terms: Iterable[Term]) -> tuple[Term, ...]:
    """Each term once, by the number of its pieces, else as they came (as R orders them)."""
    once: dict[tuple[tuple[str, int], ...], Term] = {}
    for term in terms:
        once.setdefault(term.key, term)
    return tuple(sorted(once.values(), key=lambda term: len(term.pieces)))


def _times(left: Sequence[Term], right: Sequence[Term]) -> list[Term]:
    return [Term(tuple(dict.fromkeys(a.pieces + b.pieces))) for a in left for b in right]


class _Reader:
    """Recursive descent over the tokens of one formula."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where, self.at = text, where, 0
        self.tokens: list[tuple[str, str]] = []
        place = 0
        while place < len(text.rstrip()):
            found = _TOKEN.match(text, place)
            if not found:
                raise self.wrong(f"a sign that no model has: {text[place:].strip()[:1]!r}")
            kind = str(found.lastgroup)
            word = found.group(kind)
            if kind == "quoted":
                kind, word = "name", re.sub(r"^Q\(\s*|\s*\)$", "", word).strip("`\"'")
            self.tokens.append((kind, word))
            place = found.end()

    def wrong(self, message: str) -> InputError:
        return InputError(
            f"the model cannot be read: {message}", came=self.text, where=self.where,
            expected="factors joined by + : * and powers, e.g. x1 + x2 + x1:x2 + I(x1**2)",
        )  # fmt: skip

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self.wrong("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def whole(self) -> list[Term]:
        """The sum; the intercept is in it unless it is taken out."""
        terms: list[Term] = [INTERCEPT]
        sign = "+"
        if self.peek() in ("+", "-"):
            sign = self.take()[1]
        while True:
            if self.peek() in ("0", "1") and self.tokens[self.at][0] == "number":
                wanted = (self.take()[1] == "1") == (sign == "+")
                terms = [t for t in terms if t != INTERCEPT] + ([INTERCEPT] if wanted else [])
            else:
                found = self.product()
                keys = {term.key for term in found}
                terms = terms + found if sign == "+" else [term for term in terms if term.key not in keys]
            if not self.peek():
                return terms
            if self.peek() not in ("+", "-"):
                raise self.wrong(f"a sign is missing before {self.peek()!r}")
            sign = self.take()[1]

    def inner(self) -> list[Term]:
        terms = self.product()
        while self.peek() in ("+", "-"):
            sign = self.take()[1]
            found = self.product()
            keys = {term.key for term in found}
            terms = terms + found if sign == "+" else [term for term in terms if term.key not in keys]
        return terms

    def product(self) -> list[Term]:
        """`a*b`: a + b + a:b."""
        left = self.crossing()
        while self.peek() == "*":
            self.take()
            right = self.crossing()
            left = left + right + _times(left, right)
        return left

    def crossing(self) -> list[Term]:
        left = self.power()
        while self.peek() in (":", "·"):
            self.take()
            left = _times(left, self.power())
        return left

    def power(self) -> list[Term]:
        group = self.peek() == "("
        left = self.single()
        while self.peek() in ("**", "^") or self.peek() in _RAISED:
            sign = self.take()[1]
            times = _RAISED.get(sign) or self.number()
            if group:
                out = left
                for _ in range(times - 1):
                    out = out + _times(out, left)
                left = list(_ordered(out))
            else:
                left = [Term(tuple(tuple((n, p * times) for n, p in piece) for piece in term.pieces)) for term in left]
        return left

    def number(self) -> int:
        kind, word = self.take()
        if kind != "number" or not 1 <= int(word) <= 20:
            raise self.wrong(f"a power from 1 to 20 belongs where {word!r} stands")
        return int(word)

    def single(self) -> list[Term]:
        kind, word = self.take()
        if word == "(":
            found = self.inner()
            self.close()
            return found
        if kind != "name":
            raise self.wrong(f"a factor belongs where {word!r} stands")
        if word in ("I", "C") and self.peek() == "(":
            self.take()
            found = self.monomial() if word == "I" else self.single()
            self.close()
            return found
        return [Term((((word, 1),),))]

    def close(self) -> None:
        if self.peek() != ")":
            raise self.wrong("a bracket is not closed")
        self.take()

    def monomial(self) -> list[Term]:
        """What stands in `I( )`: powers of factors and their products, as arithmetic."""
        powers: dict[str, int] = {}
        while True:
            kind, word = self.take()
            if kind != "name":
                raise self.wrong("I( ) holds products and powers of factors only")
            power = 1
            if self.peek() in ("**", "^") or self.peek() in _RAISED:
                sign = self.take()[1]
                power = _RAISED.get(sign) or self.number()
            powers[word] = powers.get(word, 0) + power
            if self.peek() != "*":
                return [Term((tuple(powers.items()),))]
            self.take()


def read_model(text: str, *, where: str = "model") -> Model:
    """The terms of a formula; what stands left of `~` is left out.

    text    e.g. `x1*x2 + I(x1**2)`; `1` is the mean alone; `0 +` or `- 1` takes the intercept out
    where   what to name in an error
    Raises  InputError if it cannot be read
    Example  str(read_model("(a + b)**2")) == "a + b + a·b"
    """
    return Model(_ordered(_Reader(text.rpartition("~")[2] or "1", where).whole()))


def read_term(text: str) -> Term:
    """One term by its name: `x1:x2`, `x1·x2²`, `I(x1**2)`, `Intercept`.

    Raises  InputError if it is not one term
    """
    if text.strip().casefold() in ("intercept", "(intercept)", "1", "constant"):
        return INTERCEPT
    reader = _Reader(re.sub(r"(?<!\*)\*(?!\*)", ":", text) if "I(" not in text else text, "term")
    found = reader.inner()
    if len(found) != 1 or reader.peek():
        raise InputError("this is not one term of a model", came=text, expected="e.g. x1, x1·x2 or x1²")
    return found[0]


def full_model(numeric: Sequence[str], order: str = "quadratic", *, categorical: Sequence[str] = ()) -> Model:
    """A model of a common shape.

    numeric      names of numeric factors
    order        linear, interactions (all two-factor), quadratic, or saturated (all interactions, no squares)
    categorical  names of factors without a scale: they get no squares
    Example  str(full_model(["a", "b"])) == "a + b + a² + b² + a·b"
    """
    names = [*numeric, *categorical]
    terms = [INTERCEPT, *(Term((((name, 1),),)) for name in names)]
    if order == "saturated":
        for size in range(2, len(names) + 1):
            terms += [Term(tuple(((name, 1),) for name in some)) for some in combinations(names, size)]
    elif order in ("interactions", "quadratic"):
        terms += [Term((((a, 1),), ((b, 1),))) for i, a in enumerate(names) for b in names[i + 1 :]]
        if order == "quadratic":
            terms += [Term((((name, 2),),)) for name in numeric]
    elif order != "linear":
        raise InputError("this model is not known", came=order, expected="linear, interactions, quadratic or saturated")
    return Model(_ordered(terms))
