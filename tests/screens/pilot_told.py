"""A proof worked out from runs that were made up: what a study hands to the screens, without a study."""

from __future__ import annotations

import numpy as np

from luban.pilot.proof import (
    AS_IS,
    CAPITAL,
    CONVENTIONAL,
    LUBAN,
    METRICS,
    ArmTold,
    Assumption,
    Change,
    Fall,
    FallPart,
    LeverTold,
    Measured,
    Money,
    Proof,
    Span,
    Without,
)
from luban.twin.intervals import student_t
from luban.verify import relative

__all__ = ["SEEDS", "told_proof"]

SEEDS = tuple(range(1000, 1012))
ARMS = (AS_IS, CONVENTIONAL, LUBAN, CAPITAL)
# metric → mean of each arm
_MEANS = {
    "cost": (61.0, 60.4, 57.2, 58.0), "cycle": (9.9, 6.8, 4.1, 3.2), "defects": (4.4, 3.9, 2.6, 2.6),
    "full cost": (141.0, 140.1, 136.8, 137.9),
}  # fmt: skip
_UNITS = {"cost": "CNY", "cycle": "d", "defects": "%", "full cost": "CNY"}
_PARTS = {
    "labour": 31.0, "energy": 9.0, "tooling": 4.0, "scrap and rework": 9.0, "carrying": 3.0, "lateness": 5.0,
    "levers": 0.0, "overhead": 40.0, "material": 40.0,
}  # fmt: skip
_LEVERS = (
    ("release", "release per order", "production", False), ("dispatch", "dispatch by due date and setup", "production",
     False), ("offsets", "offsets from run to run", "processes", False), ("edges", "edges by their life", "processes",
     False), ("fixtures", "quick-change fixtures", "robots", True),
)  # fmt: skip
_STEPS = {
    "cost": (-1.5, -0.9, -2.0, 0.6, 0.8), "cycle": (-4.0, -1.3, -0.3, -0.2, -0.9),
    "defects": (0.0, 0.1, -1.9, 0.0, 0.0), "full cost": (-1.6, -1.0, -2.0, 0.4, 1.1),
}  # fmt: skip

_SKIPPED = LeverTold(
    "cell",
    "robot cell",
    "robots",
    "a robot tends two lathes",
    True,
    False,
    "no post of that kind",
    {},
    (),
    "",
    False,
    "",
)


def told_proof(name: str = "tiny", *, cost: float = 0.0, seeds: tuple[int, ...] = SEEDS, looks: int = 0) -> Proof:
    """Figures of a plant that was never run.

    cost  added to operating cost with luban [CNY]
    """
    chance = np.random.default_rng(7)
    points: dict[str, dict[str, tuple[float, ...]]] = {arm: {} for arm in ARMS}
    for metric, means in _MEANS.items():
        shared = chance.normal(1.0, 0.08, len(seeds))
        for arm, mean in zip(ARMS, means, strict=True):
            more = cost if "cost" in metric and arm in (LUBAN, CAPITAL) else 0.0
            values = mean * shared * chance.normal(1.0, 0.01, len(seeds)) + more
            points[arm][metric] = tuple(float(value) for value in values)
    return Proof(
        name=name, title="a workshop that is told", category="C2", currency="CNY", unit="good part",
        seeds=seeds, days=150.0, level=0.95, method="shapley", looks=looks, made=1_780_000_000_000_000,
        code="c0de" * 16, settings="5e77" * 16, cpu=321.0,
        metrics=tuple(
            Measured(one, METRICS[one], "", _UNITS[one], 1 if one == "defects" else 2) for one in METRICS
        ),
        arms=tuple(_arm(arm, points) for arm in ARMS), points=points,
        seqs={arm: tuple(range(100 * at, 100 * at + len(seeds))) for at, arm in enumerate(ARMS)},
        changes=tuple(
            _change(metric, arm, base, points) for arm in ARMS[1:] for base in ARMS[:2] if arm != base
            for metric in METRICS
        ),
        binds={"cost": "labour and overhead, which no decision of a day moves, are most of it"},
        falls=tuple(_fall(metric, points) for metric in METRICS),
        without=(
            Without("lateness", False, Span(-0.04, -0.05, -0.03)), Without("overhead", True, Span(-0.03, -0.04, -0.02)),
        ),
        levers=(*(_lever(at, points) for at in range(len(_LEVERS))), _SKIPPED),
        money=(
            Money(LUBAN, 2e5, 6e4, Span(4.1e5, 3.5e5, 4.7e5), 0.5, Span(2.1e6, 1.8e6, 2.5e6), 0.08, 8),
            Money("fixtures", 9e5, 2e4, Span(-3e4, -6e4, 5e3), None, Span(-1.07e6, -1.2e6, -9e5), 0.08, 8),
        ),
        units={"energy": "kWh", "shop flow": "d"},
        assumptions=(Assumption("money.wage", "75463", "pay of a worker a year, CNY", "K1"),
                     Assumption("money.interest", "0.08", "interest a year", "A")),
        notes=("2 levers lack data at this plant",),
    )  # fmt: skip


def _arm(arm: str, points: dict[str, dict[str, tuple[float, ...]]]) -> ArmTold:
    saved = 0.0 if arm == AS_IS else 3.0
    costs = {part: value - (saved if part == "scrap and rework" else 0.0) for part, value in _PARTS.items()}
    own = () if arm in ARMS[:2] else tuple(one[0] for one in _LEVERS if arm == CAPITAL or not one[3])
    practice = CONVENTIONAL if arm == CONVENTIONAL else AS_IS
    means = {metric: _span(values) for metric, values in points[arm].items()}
    return ArmTold(arm, practice, own, 1.0, means, costs, {"energy": 412_345.6, "shop flow": 3.21}, 98_765.0)


def _span(values: tuple[float, ...] | np.ndarray) -> Span:
    found = student_t(list(values), 0.95)
    return Span(found.mean, found.low, found.high)


def _change(metric: str, arm: str, base: str, points: dict[str, dict[str, tuple[float, ...]]]) -> Change:
    before, after = np.array(points[base][metric]), np.array(points[arm][metric])
    share = Span(*relative(before, after))
    verdict = "met 2025" if share.high <= -0.5 else "met 2020" if share.high <= -0.3 else "missed"
    verdict = "" if metric == "full cost" else verdict
    why = "the whole interval lies beyond it" if verdict.startswith("met") else "the interval does not reach it"
    return Change(metric, base, arm, float(before.mean()), float(after.mean()), share, len(before), verdict, why)


def _fall(metric: str, points: dict[str, dict[str, tuple[float, ...]]]) -> Fall:
    before, after = np.array(points[AS_IS][metric]), np.array(points[CAPITAL][metric])
    total = _span(after - before)
    steps = list(_STEPS[metric])
    steps[0] += total.mean - sum(steps)
    rounded = [round(one, 2) for one in steps]
    rounded[0] = round(round(total.mean, 2) - sum(rounded[1:]), 2)
    parts = tuple(
        FallPart((lever[0],), lever[1], step, step - 0.1, step + 0.1, told)
        for lever, step, told in zip(_LEVERS, steps, rounded, strict=True)
    )
    return Fall(
        metric, _UNITS[metric], "shapley", float(before.mean()), float(after.mean()), total, parts, 4, len(before)
    )


def _lever(at: int, points: dict[str, dict[str, tuple[float, ...]]]) -> LeverTold:
    key, name, field, capital = _LEVERS[at]
    shares = {}
    for metric, steps in _STEPS.items():
        base = float(np.mean(points[AS_IS][metric]))
        shares[metric] = Span(steps[at] / base, (steps[at] - 0.1) / base, (steps[at] + 0.1) / base)
    off = key == "edges"
    verdict = "makes worse" if off else "mixed" if capital else "helps"
    why = "it costs more than it saves" if off else ""
    text = f"with {name} on, the shift begins otherwise"
    return LeverTold(key, name, field, text, capital, True, "", shares, (key,), verdict, off, why)
