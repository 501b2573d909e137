"""The proof of a pilot: what every screen, report and page says of it, as plain figures.

Means are over runs, intervals are of matched pairs (as is and with the levers on the same chances). Everything is in
the unit that stands beside it, shares are shares of the before state, and nothing is rounded but `FallPart.rounded`.

Reads   nothing    Writes  nothing: `luban.pilot.books` keeps it as a `pilot` entry
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from luban.core.errors import InputError

__all__ = [
    "AS_IS", "CAPITAL", "CONVENTIONAL", "LUBAN", "METRICS", "VERDICTS", "ArmTold", "Assumption", "Change", "Fall",
    "FallPart", "LeverTold", "Measured", "Money", "Proof", "Span", "Without",
]  # fmt: skip

AS_IS: Final = "as is"
CONVENTIONAL: Final = "conventional"
LUBAN: Final = "luban"
"""All levers that are decided, none that costs capital; where no lever rules, the rules as is."""
CAPITAL: Final = "luban and capital"
"""Those, and the projects with money: fixtures, transport, robots."""

METRICS: Final[Mapping[str, str]] = {
    "cost": "operating cost per good unit (conversion cost)",
    "cycle": "production cycle, order receipt to shipment",
    "defects": "defect rate",
    "full cost": "full cost per good unit, with overhead and material",
}
"""What is judged; the first three are the plan's targets."""

VERDICTS: Final[Mapping[str, str]] = {
    "met 2025": "the whole interval lies at or beyond the target of 2025",
    "met 2020": "the whole interval lies at or beyond the target of 2020",
    "missed": "the interval does not reach the target of 2020 as a whole",
    "not evaluable": "no sound figure before or after",
}


@dataclass(frozen=True, slots=True)
class Span:
    """A mean with its interval; NaN where it is not known."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """What a metric is in this pilot.

    name      key of METRICS;  label  in words;  meaning  what it is at this plant, "" if as the label says
    unit      of all values in the proof, e.g. CNY, d, %;  decimals  that are worth printing
    """

    name: str
    label: str
    meaning: str
    unit: str
    decimals: int


@dataclass(frozen=True, slots=True)
class ArmTold:
    """One way the plant was run.

    name, practice, levers, demand  as in `Arm`
    means   metric → mean over runs with Student's interval [unit of the metric]
    costs   part of COSTS → mean per good unit [currency]
    more    further figures → mean [unit in `Proof.units`]
    units   good units a year [1/a]
    """

    name: str
    practice: str
    levers: tuple[str, ...]
    demand: float
    means: Mapping[str, Span]
    costs: Mapping[str, float]
    more: Mapping[str, float]
    units: float


@dataclass(frozen=True, slots=True)
class Change:
    """What an arm brought against another, over pairs of runs.

    before, after  means [unit of the metric];  share  after / before - 1, with Fieller's interval [1]
    verdict        of VERDICTS, by the plan's bar for a target; "" for what is no target
    why            in words: what the verdict rests on
    """

    metric: str
    base: str
    arm: str
    before: float
    after: float
    share: Span
    pairs: int
    verdict: str
    why: str


@dataclass(frozen=True, slots=True)
class FallPart:
    """A step of the waterfall: one lever, or several that were split together.

    mean, low, high  change of the metric [its unit];  rounded  likewise, so that the steps add up as printed
    """

    levers: tuple[str, ...]
    name: str
    mean: float
    low: float
    high: float
    rounded: float


@dataclass(frozen=True, slots=True)
class Fall:
    """From the metric before to that after, lever by lever: `before` + all parts = `after`.

    method   shapley or sequential, for decided levers; capital ones follow in sequence
    decided  how many of the parts are decided levers; the rest needs capital
    """

    metric: str
    unit: str
    method: str
    before: float
    after: float
    total: Span
    parts: tuple[FallPart, ...]
    decided: int
    runs: int


@dataclass(frozen=True, slots=True)
class Without:
    """Operating cost with a part of it left out, or one added: the change of what remains [1]."""

    part: str
    added: bool
    share: Span


@dataclass(frozen=True, slots=True)
class Money:
    """What an arm, or a lever, is worth.

    what      arm or lever id
    invest    once;  running  a year, without capital [currency]
    saving    a year against as is: per good unit, times good units a year; running costs off, capital not [currency/a]
    payback   years until the investment is back, without interest; None: never, or nothing to invest
    npv       of `horizon` years at `rate` [currency]
    """

    what: str
    invest: float
    running: float
    saving: Span
    payback: float | None
    npv: Span
    rate: float
    horizon: int


@dataclass(frozen=True, slots=True)
class LeverTold:
    """A lever, and what it gave.

    id, name, field, text, capital  as in `Lever`
    on       it was on in the arm `luban` (or, with capital, in `luban and capital`)
    skipped  why not, in words, else ""
    shares   metric → its step of the waterfall as a share of the before state [1]
    with_it  levers whose steps were split together with it, this one included
    verdict  helps, no effect, mixed, makes worse, or "" where it did not run;  off  proposed to be switched off
    why      in words
    """

    id: str
    name: str
    field: str
    text: str
    capital: bool
    on: bool
    skipped: str
    shares: Mapping[str, Span]
    with_it: tuple[str, ...]
    verdict: str
    off: bool
    why: str


@dataclass(frozen=True, slots=True)
class Assumption:
    """A figure the pilot rests on: where it stands in its settings, its value, in words, and who says so."""

    key: str
    value: str
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Proof:
    """A pilot, proved or not.

    name, title, category, currency, unit  as in `Pilot`
    seeds    that all arms met;  days  measured in each run;  level  of all intervals
    method   of the waterfall;  looks  proofs on these seeds before this one, by other code, settings or levers
    made     when [µs UTC];  code, settings  digests of the program and of the plant's folder
    cpu      seconds of work in all runs, those of earlier proofs included
    metrics  in the order of METRICS
    arms     as is first;  points  arm → metric → one value a seed [unit of the metric]
    seqs     arm → seq of each run's entry in the pilot's books, in the order of `seeds`
    changes  every arm against as is and conventional, and against its own load as is
    binds    metric → which constraint binds, for targets that were missed
    falls    one per metric;  without  what operating cost is without each of its parts
    money    of the arms, then of each lever;  units  of `ArmTold.more`
    assumptions  of its settings, with their sources
    notes    what a reader should know: left-out seeds, method, looks
    """

    name: str
    title: str
    category: str
    currency: str
    unit: str
    seeds: tuple[int, ...]
    days: float
    level: float
    method: str
    looks: int
    made: int
    code: str
    settings: str
    cpu: float
    metrics: tuple[Measured, ...]
    arms: tuple[ArmTold, ...]
    points: Mapping[str, Mapping[str, tuple[float, ...]]]
    seqs: Mapping[str, tuple[int, ...]]
    changes: tuple[Change, ...]
    binds: Mapping[str, str]
    falls: tuple[Fall, ...]
    without: tuple[Without, ...]
    levers: tuple[LeverTold, ...]
    money: tuple[Money, ...]
    units: Mapping[str, str]
    assumptions: tuple[Assumption, ...]
    notes: tuple[str, ...]

    def arm(self, name: str) -> ArmTold | None:
        """The arm of that name; None if it was not run."""
        return next((one for one in self.arms if one.name == name), None)

    def change(self, metric: str, arm: str = LUBAN, base: str = AS_IS) -> Change | None:
        """What `arm` brought in `metric` against `base`; None if it was not run."""
        found = ((one.metric, one.arm, one.base) == (metric, arm, base) for one in self.changes)
        return next((one for one, fits in zip(self.changes, found, strict=True) if fits), None)

    def measured(self, metric: str) -> Measured:
        """Label and unit of a metric. Raises KeyError for an unknown one."""
        return {one.name: one for one in self.metrics}[metric]

    def as_dict(self) -> dict[str, Any]:
        """For entries, `--json` and REST; what is not known is null."""
        told: dict[str, Any] = _plain(asdict(self))
        return told

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Proof:
        """From what `as_dict` gave. Raises InputError where it cannot be read."""
        try:
            made: Proof = _built(cls, data)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise InputError("a proof cannot be read", came=str(error)) from None
        return made


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _built(kind: Any, value: Any) -> Any:
    """A value of an annotated kind from plain JSON."""
    origin, inner = get_origin(kind), get_args(kind)
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{one.name: _built(hints[one.name], value[one.name]) for one in fields(kind)})  # type: ignore[operator]
    if origin is tuple:
        return tuple(_built(inner[0], one) for one in value)
    if origin in (UnionType, Union):
        return None if value is None else _built(next(one for one in inner if one is not type(None)), value)
    if origin in (Mapping, dict) or (isinstance(origin, type) and issubclass(origin, Mapping)):
        return {name: _built(inner[1], one) for name, one in value.items()}
    if kind is float:
        return math.nan if value is None else float(value)
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value
