"""Rules that say when a chart speaks: Nelson 1-8, Western Electric 1-4, each by name.

A point on a line between two zones belongs to the inner zone. A point on the centre line is on neither side and ends a
run. A rule fires at each point that completes its pattern, so a run of eleven fires nelson_2 at the ninth, tenth and
eleventh point, and the point at which `m of n` fires is one of the m. A pattern never reaches across a point that was
left out of the limits or whose statistic does not exist.

Source  L. S. Nelson, The Shewhart control chart: tests for special causes, Journal of Quality Technology 16 (1984)
        237-239; Western Electric, Statistical Quality Control Handbook (1956), pages 25-28; ISO 7870-2:2013 clause 7.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from luban.core.errors import InputError
from luban.understand.quality.spc.kind import DISTANCE, LOCATION, SHARE, SPREAD, SUM, WEIGHTED

__all__ = [
    "ALTERNATE",
    "LIMIT",
    "OUTSIDE",
    "RULES",
    "RULE_SETS",
    "SIDE",
    "TREND",
    "WITHIN",
    "ZONE",
    "Rule",
    "chosen_rules",
]

LIMIT, SIDE, TREND, ALTERNATE, ZONE, WITHIN, OUTSIDE = range(7)
"""Patterns: beyond a limit, one side, steady trend, up and down, m of n beyond, all within, none within."""

_ALL = frozenset({LOCATION, SPREAD, SHARE, WEIGHTED, SUM, DISTANCE})
_RUNS = frozenset({LOCATION, SHARE})
_ZONES = frozenset({LOCATION})
LONGEST = 60
"""Most points in a window of `m of n`: the window is a word of 64 bits."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    name     id in `Violation.rule`
    pattern  LIMIT, SIDE, TREND, ALTERNATE, ZONE, WITHIN or OUTSIDE
    points   points that make the pattern
    of       window in which they lie (ZONE), `points` <= `of` <= 60
    sigmas   zone line [standard errors from the centre] (ZONE, WITHIN, OUTSIDE)
    both     OUTSIDE only: points must lie on both sides; else on either
    roles    panels that it applies to: zones need a symmetric, about normal statistic (location); runs also fit counts
    title    what it says, for people, with {blanks} for the numbers
    mark     beside a point on a chart: 1 … 8 (Nelson), W1 … W4 (Western Electric), L (beyond a limit)

    Example  replace(RULES["nelson_2"], name="seven_on_one_side", points=7)
    """

    name: str
    pattern: int
    points: int
    of: int
    sigmas: float
    roles: frozenset[str]
    title: str
    both: bool = False
    mark: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.points <= self.of <= LONGEST or not 0 <= self.sigmas < 100:
            raise InputError(
                "a rule cannot be", came=f"{self.points} of {self.of} beyond {self.sigmas:g}", where=self.name,
                expected=f"1 <= points <= of <= {LONGEST}",
            )  # fmt: skip

    @property
    def sentence(self) -> str:
        """What it says with its numbers."""
        return self.title.format(points=self.points, of=self.of, sigmas=f"{self.sigmas:g}")

    def changed(self, **numbers: Any) -> Rule:
        """The same rule with other `points`, `of`, `sigmas`, `both` or `roles`."""
        if "points" in numbers and "of" not in numbers and self.pattern != ZONE:
            numbers["of"] = numbers["points"]
        return replace(self, **numbers)


def _rule(
    name: str, pattern: int, points: int, roles: frozenset[str], title: str, of: int = 0, sigmas: float = 0.0
) -> Rule:
    family, _, number = name.rpartition("_")
    mark = {"nelson": number, "western_electric": f"W{number}"}.get(family, "L")
    return Rule(name, pattern, points, of or points, sigmas, roles, title, mark=mark)


_BEYOND = "One point beyond a control limit"
_ONE_SIDE = "{points} points in a row on one side of the centre line"
_OF = "{points} of {of} points in a row beyond {sigmas} sigma on one side"

RULES: Mapping[str, Rule] = {
    rule.name: rule
    for rule in (
        _rule("beyond_limits", LIMIT, 1, _ALL, _BEYOND),
        _rule("nelson_1", LIMIT, 1, _ALL, _BEYOND),
        _rule("nelson_2", SIDE, 9, _RUNS, _ONE_SIDE),
        _rule("nelson_3", TREND, 6, _RUNS, "{points} points in a row steadily rising or falling"),
        _rule("nelson_4", ALTERNATE, 14, _RUNS, "{points} points in a row alternating up and down"),
        _rule("nelson_5", ZONE, 2, _ZONES, _OF, 3, 2.0),
        _rule("nelson_6", ZONE, 4, _ZONES, _OF, 5, 1.0),
        _rule(
            "nelson_7", WITHIN, 15, _ZONES, "{points} points in a row within {sigmas} sigma of the centre line", 0, 1.0
        ),
        _rule(
            "nelson_8",
            OUTSIDE,
            8,
            _ZONES,
            "{points} points in a row, none within {sigmas} sigma of the centre line",
            0,
            1.0,
        ),
        _rule("western_electric_1", LIMIT, 1, _ALL, _BEYOND),
        _rule("western_electric_2", ZONE, 2, _ZONES, _OF, 3, 2.0),
        _rule("western_electric_3", ZONE, 4, _ZONES, _OF, 5, 1.0),
        _rule("western_electric_4", SIDE, 8, _RUNS, _ONE_SIDE),
    )
}
"""Every rule by name."""

RULE_SETS: Mapping[str, tuple[str, ...]] = {
    "limits": ("beyond_limits",),
    "nelson": tuple(f"nelson_{number}" for number in range(1, 9)),
    "western_electric": tuple(f"western_electric_{number}" for number in range(1, 5)),
    "none": (),
}
"""Rules that go together, by the name of the set."""


def chosen_rules(rules: str | Rule | Iterable[str | Rule]) -> tuple[Rule, ...]:
    """Rules from names of rules, names of sets, or rules of one's own; each once, in the order given.

    InputError if a name is unknown, or if two rules of one name differ.

    Example  [rule.name for rule in chosen_rules(["limits", "nelson_2"])] == ["beyond_limits", "nelson_2"]
    """
    taken: dict[str, Rule] = {}
    for one in [rules] if isinstance(rules, (str, Rule)) else rules:
        named = [RULES[name] for name in RULE_SETS[one]] if isinstance(one, str) and one in RULE_SETS else [one]
        for rule in named:
            if isinstance(rule, str):
                if rule not in RULES:
                    raise InputError(
                        "there is no such rule", came=rule, expected=", ".join((*RULE_SETS, *RULES)),
                        hint="a rule of your own is a Rule, e.g. RULES['nelson_2'].changed(points=7)",
                    )  # fmt: skip
                rule = RULES[rule]  # noqa: PLW2901
            if taken.setdefault(rule.name, rule) != rule:
                raise InputError("two rules have one name", came=rule.name, hint="give one of them another name")
    return tuple(taken.values())
