"""Average run length of a chart with run rules: exact by a Markov chain where a rule looks at zones alone.

A zone is a band of one standard error; what the rules remember of the past points is the state of the chain, found by
walking from the first point. Rules on rising or alternating points compare values, not zones: `simulation` has those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from luban.core.errors import InputError
from luban.understand.quality.data import Floats, Ints

__all__ = ["PATTERNS", "Pattern", "patterns", "rules_arl"]


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a run rule looks for.

    kind   beyond: `count` of `span` points beyond `zone` standard errors on one side; side: `count` in a row on one
           side of the centre; hug: `count` in a row within `zone`; mixture: `count` in a row beyond `zone` on either
           side; trend: `count` in a row steadily rising or falling; alternate: `count` in a row going up and down
    """

    kind: str
    count: int
    span: int = 0
    zone: float = 0.0


_LIMIT = Pattern("beyond", 1, 1, 3.0)
_WESTERN = (_LIMIT, Pattern("beyond", 2, 3, 2.0), Pattern("beyond", 4, 5, 1.0),
            Pattern("side", 8))  # fmt: skip
_NELSON = (
    _LIMIT, Pattern("side", 9), Pattern("trend", 6), Pattern("alternate", 14),
    Pattern("beyond", 2, 3, 2.0), Pattern("beyond", 4, 5, 1.0), Pattern("hug", 15, 15, 1.0),
    Pattern("mixture", 8, 8, 1.0),
)  # fmt: skip

PATTERNS: dict[str, Pattern] = {
    "beyond_limits": _LIMIT,
    **{f"nelson_{at}": pattern for at, pattern in enumerate(_NELSON, 1)},
    **{f"western_electric_{at}": pattern for at, pattern in enumerate(_WESTERN, 1)},
}
"""Each rule as the chain and the simulation know it: Nelson (1984), doi:10.1080/00224065.1984.11978921; Western
Electric Statistical Quality Control Handbook (1956)."""

_MOST_STATES = 60_000


def patterns(rules: Sequence[str], width: float = 3.0) -> tuple[Pattern, ...]:
    """The patterns of rules by id, each once; limits at ± width [standard errors]. InputError for an unknown rule."""
    unknown = [rule for rule in rules if rule not in PATTERNS]
    if unknown or not rules:
        raise InputError("not a rule", came=", ".join(unknown) or "none", expected=", ".join(PATTERNS))
    limit = Pattern("beyond", 1, 1, width)
    return tuple(dict.fromkeys(limit if PATTERNS[rule] == _LIMIT else PATTERNS[rule] for rule in rules))


def rules_arl(
    rules: Sequence[str], shift: float = 0.0, *, width: float = 3.0, spread: float = 1.0, beside: float = 0.0
) -> float:
    """Points until one of these rules fires on a chart of independent normal points.

    rules   ids such as nelson_1 or western_electric_2
    shift   of the mean [standard errors]
    width   limits at ± width [standard errors]; zones stay where they are
    spread  true standard error [that of the limits], > 0
    beside  chance that a second, independent panel signals at a point, 0 ≤ beside < 1
    Raises  InputError for nelson_3 and nelson_4, which compare values
    Source  Champ and Woodall (1987), doi:10.1080/00401706.1987.10488266
    Example round(rules_arl(["western_electric_1", "western_electric_2"]), 2) == 225.44
    """
    from scipy.sparse import csc_matrix, identity
    from scipy.sparse.linalg import spsolve
    from scipy.special import ndtr

    wanted = patterns(rules, width)
    values = [pattern for pattern in wanted if pattern.kind in {"trend", "alternate"}]
    if values:
        raise InputError(
            "a rule compares values, so that zones do not tell its run length", came=values[0].kind,
            hint="luban.understand.quality.spc.simulation.rules_run_length",
        )  # fmt: skip
    cuts, start, source, zone, target, states = _chain(wanted)
    chance = np.diff(ndtr((np.concatenate(([-np.inf], cuts, [np.inf])) - shift) / spread))
    stay = csc_matrix(((1 - beside) * chance[zone], (source, target)), shape=(states, states))
    solved = spsolve(identity(states, format="csc") - stay, np.ones(states))
    return float(np.atleast_1d(solved)[start])


@lru_cache(maxsize=32)
def _chain(wanted: tuple[Pattern, ...]) -> tuple[Floats, int, Ints, Ints, Ints, int]:
    """Zone borders, first state, and the moves that do not signal: from, by zone, to; number of states."""
    bounds = {pattern.zone for pattern in wanted if pattern.kind != "side"}
    sided = any(pattern.kind == "side" for pattern in wanted)
    cuts = np.array(sorted({*bounds, *(-bound for bound in bounds), *((0.0,) if sided else ())}))
    middle = np.concatenate(([cuts[0] - 1], (cuts[:-1] + cuts[1:]) / 2, [cuts[-1] + 1]))
    first: tuple[Any, ...] = tuple((0, 0) for _ in wanted)
    number = {first: 0}
    moves: list[tuple[int, int, int]] = []
    todo = [first]
    while todo:
        state = todo.pop()
        for zone, value in enumerate(middle.tolist()):
            after = tuple(_after(pattern, own, value) for pattern, own in zip(wanted, state, strict=True))
            if any(own is None for own in after):
                continue
            if after not in number:
                number[after] = len(number)
                todo.append(after)
                if len(number) > _MOST_STATES:
                    raise InputError("these rules together have too many states", came=f"more than {_MOST_STATES}",
                                     hint="simulation.rules_run_length gives the same by chance")  # fmt: skip
            moves.append((number[state], zone, number[after]))
    source, zones, target = (np.array(column, np.int64) for column in zip(*moves, strict=True))
    return cuts, 0, source, zones, target, len(number)


def _after(pattern: Pattern, state: tuple[int, int], value: float) -> tuple[int, int] | None:
    """What a pattern remembers after a point, None if it fires.

    beyond: bits of the last points above and below; side: length of the run, above positive; else: length of the run.
    """
    one, two = state
    if pattern.kind == "beyond":
        if pattern.span == 1:
            return None if abs(value) > pattern.zone else (0, 0)
        above, below = (one << 1) | (value > pattern.zone), (two << 1) | (value < -pattern.zone)
        if above.bit_count() >= pattern.count or below.bit_count() >= pattern.count:
            return None
        keep = (1 << (pattern.span - 1)) - 1
        return _useful(above & keep, pattern), _useful(below & keep, pattern)
    if pattern.kind == "side":
        run = max(one, 0) + 1 if value > 0 else min(one, 0) - 1
        return None if abs(run) >= pattern.count else (run, 0)
    inside = abs(value) < pattern.zone
    run = one + 1 if inside == (pattern.kind == "hug") else 0
    return None if run >= pattern.count else (run, 0)


def _useful(bits: int, pattern: Pattern) -> int:
    """Leave off the oldest points that can no longer complete the pattern: fewer states, the same chain."""
    for age in range(pattern.span - 1, 0, -1):
        top = 1 << (age - 1)
        # until this point leaves the window, span - age points follow; all of them beyond would not be enough
        if bits & top and bits.bit_count() + (pattern.span - age) < pattern.count:
            bits &= ~top
    return bits
