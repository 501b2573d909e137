"""Words of a rule: numbers with units, names, signs; each with its place, so that an error can point at it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from luban.core.errors import InputError

__all__ = ["KEYWORDS", "Token", "refuse", "scan"]

KEYWORDS = ("and", "or", "not", "for")
"""Words that cannot be signals; a signal of that name is written in backticks."""

_SAME = {"≤": "<=", "≥": ">=", "≠": "!=", "=": "==", "−": "-", "×": "*", "·": "*", "÷": "/"}
_PATTERN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
    (?:[ \t]*(?P<unit>(?!(?:and|or|not|for)\b)(?:[^\W\d_]|[°%‰])[^\s()<>=!≤≥≠+*,−×÷`"']*))?
  | (?P<quoted>`[^`]+`)
  | (?P<name>[^\W\d][\w.]*)
  | (?P<sign><=|>=|!=|==|[-+*/(),<>=≤≥≠−×÷·])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word.

    kind   number | name | word | sign | end
    text   as written, without backticks; of a sign: in ASCII
    unit   after a number, "" if there is none
    start, end  characters within the rule
    """

    kind: str
    text: str
    unit: str
    start: int
    end: int


def scan(text: str) -> tuple[Token, ...]:
    """The words of a rule, an end word last.

    Raises  InputError with the place of a character that no rule has
    Example [t.text for t in scan("load > 80 % for 5 min")] == ["load", ">", "80", "for", "5", ""]
    """
    found, at = list[Token](), 0
    while at < len(text):
        match = _PATTERN.match(text, at)
        if match is None:
            raise refuse(text, at, "a character that rules do not have", text[at],
                         "names, numbers with units, comparisons; other names in `backticks`")  # fmt: skip
        kind = match.lastgroup or ""
        if kind in ("number", "unit"):
            found.append(Token("number", match["number"], match["unit"] or "", at, match.end()))
        elif kind == "quoted":
            found.append(Token("name", match["quoted"][1:-1], "", at, match.end()))
        elif kind == "name":
            word = match["name"]
            found.append(Token("word" if word in KEYWORDS else "name", word, "", at, match.end()))
        elif kind == "sign":
            found.append(Token("sign", _SAME.get(match["sign"], match["sign"]), "", at, match.end()))
        at = match.end()
    return (*found, Token("end", "", "", len(text), len(text)))


def refuse(text: str, at: int, message: str, came: str = "", expected: str = "", hint: str = "") -> InputError:
    """The error about a place in a rule: it shows what stands there."""
    shown = text[max(0, at - 30) : at] + "⟨here⟩" + text[at : at + 30]
    return InputError(message, came=came or "the end", expected=expected, where=f"character {at + 1}",
                      hint=f"{hint + ': ' if hint else ''}{shown.strip()}")  # fmt: skip
