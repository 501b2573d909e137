"""Tables of a pilot: targets, ways of running the plant, steps of a fall, levers, money, runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from luban.pilot.plan import CONVERSION, COSTS, TARGETS
from luban.pilot.proof import AS_IS, CAPITAL, CONVENTIONAL, LUBAN, Assumption, Change, Fall, LeverTold, Money, Proof
from luban.screens.i18n import Words
from luban.screens.report.pilot_words import (
    LEVER_TONES,
    amount,
    arm_name,
    change_tone,
    cost_names,
    ends,
    field_name,
    metric_name,
    metric_unit,
    shares,
    signed,
    step_name,
    target_text,
    verdict_name,
)
from luban.screens.report.quality_words import level_text
from luban.screens.report.sheet import Figure, Figures, Grid

__all__ = [
    "arms_grid", "assumed_grid", "costs_grid", "fall_grid", "levers_grid", "money_grid", "others_grid",
    "runs_grid", "skipped_grid", "target_figures", "targets_grid", "without_grid",
]  # fmt: skip

_NONE = "–"
_PAIRS = ((LUBAN, AS_IS), (LUBAN, CONVENTIONAL), (CAPITAL, AS_IS), (CAPITAL, CONVENTIONAL))


def target_figures(proof: Proof, say: Words) -> Figures:
    """The plan's targets at a glance: luban against the plant as it is."""
    rows = []
    for one in proof.metrics:
        found = proof.change(one.name)
        if found is None or not found.verdict:
            continue
        note = f"{level_text(say, proof.level)}: {ends(found.share, 1, 100)}; {verdict_name(found.verdict, say)}"
        rows.append(Figure(metric_name(one.name, say), signed(100 * found.share.mean), "%", note, change_tone(found)))
    return Figures(tuple(rows), say("The three targets"))


def targets_grid(proof: Proof, say: Words) -> Grid:
    """Each metric: luban, and luban with capital, against the plant as it is and against a good conventional one."""
    found = [(one, change) for one in proof.metrics for arm, base in _PAIRS
             if (change := proof.change(one.name, arm, base)) is not None]  # fmt: skip
    heads = (say("figure"), say("with"), say("against"), say("before"), say("after"), say("unit"), say("change [%]"),
             say("{level} % interval [%]", level=f"{100 * proof.level:g}"), say("target"), say("verdict"))  # fmt: skip
    rows, tones = [], {}
    for at, (one, change) in enumerate(found):
        tones[at] = change_tone(change)
        rows.append((
            metric_name(one.name, say), arm_name(change.arm, say), arm_name(change.base, say),
            amount(change.before, one.decimals), amount(change.after, one.decimals), metric_unit(one, proof, say),
            signed(100 * change.share.mean), ends(change.share, 1, 100), target_text(one.name, say),
            verdict_name(change.verdict, say),
        ))  # fmt: skip
    return Grid(heads, rows, say("Targets, before and after"), frozenset({3, 4, 6}), tones)


def others_grid(proof: Proof, say: Words) -> Grid | None:
    """What else was run: sold capacity, other loads; None where nothing was."""
    shown = {(arm, base) for arm, base in _PAIRS} | {(CONVENTIONAL, AS_IS)}
    some = [one for one in proof.changes if (one.arm, one.base) not in shown and one.base != CONVENTIONAL]
    some += [one for one in proof.changes if (one.arm, one.base) == (CONVENTIONAL, AS_IS)]
    if not some:
        return None
    by: dict[tuple[str, str], dict[str, Change]] = {}
    for one in some:
        by.setdefault((one.arm, one.base), {})[one.metric] = one
    heads = (say("with"), say("against"), say("orders, times"),
             *(say("{name}, change [%]", name=metric_name(one.name, say)) for one in proof.metrics))  # fmt: skip
    rows = []
    for (arm, base), changes in by.items():
        own = proof.arm(arm)
        told = [shares(changes[one.name].share) if one.name in changes else _NONE for one in proof.metrics]
        demand = amount(own.demand, 2) if own else _NONE
        rows.append((arm_name(arm, say), arm_name(base, say), demand, *told))
    return Grid(heads, rows, say("Other ways to run it"), frozenset(range(2, 3 + len(proof.metrics))))


def arms_grid(proof: Proof, say: Words) -> Grid:
    """Figures of every way of running the plant, means over the runs."""
    names = sorted({name for arm in proof.arms for name in arm.more})
    heads = (say("figure"), say("unit"), *(arm_name(arm.name, say) for arm in proof.arms))
    rows = [
        (metric_name(one.name, say), metric_unit(one, proof, say),
         *(amount(arm.means[one.name].mean, one.decimals) if one.name in arm.means else _NONE for arm in proof.arms))
        for one in proof.metrics
    ]  # fmt: skip
    rows.append((say("good units a year"), say(proof.unit), *(amount(arm.units) for arm in proof.arms)))
    for name in names:
        values = [arm.more.get(name, math.nan) for arm in proof.arms]
        rows.append((say(name), say(proof.units.get(name, "")), *(_fitting(value) for value in values)))
    return Grid(heads, rows, say("Figures of every way to run it"), frozenset(range(2, 2 + len(proof.arms))))


def costs_grid(proof: Proof, say: Words) -> Grid:
    """Cost per good unit by part, operating cost and full cost as sums."""
    names = cost_names(say)
    decimals = proof.measured("cost").decimals
    heads = (say("part of cost"), *(arm_name(arm.name, say) for arm in proof.arms))
    rows = [(names[part], *(amount(arm.costs.get(part, 0.0), decimals) for arm in proof.arms)) for part in COSTS
            if any(arm.costs.get(part) for arm in proof.arms)]  # fmt: skip
    for name, parts in ((say("operating cost"), CONVERSION), (say("full cost"), frozenset(COSTS))):
        sums = [sum(arm.costs.get(part, 0.0) for part in parts) for arm in proof.arms]
        rows.append((name, *(amount(value, decimals) for value in sums)))
    title = say("Cost per {unit} [{currency}]", unit=say(proof.unit), currency=proof.currency)
    return Grid(heads, rows, title, frozenset(range(1, 1 + len(proof.arms))))


def without_grid(proof: Proof, say: Words) -> Grid | None:
    """What the change of operating cost is without each of its parts; None where that was not worked out."""
    if not proof.without:
        return None
    names = cost_names(say)
    heads = (say("figure"), say("change [%]"), say("{level} % interval [%]", level=f"{100 * proof.level:g}"))
    rows = []
    for one in proof.without:
        part = names.get(one.part, say(one.part))
        text = (
            say("operating cost with {part}", part=part)
            if one.added
            else say("operating cost without {part}", part=part)
        )
        rows.append((text, signed(100 * one.share.mean), ends(one.share, 1, 100)))
    return Grid(heads, rows, say("Operating cost with and without each part"), frozenset({1}))


def fall_grid(fall: Fall, proof: Proof, say: Words) -> Grid:
    """The steps of a fall, which add up to the total as they are printed."""
    one = proof.measured(fall.metric)
    unit = metric_unit(one, proof, say)
    heads = (say("lever"), say("change [{unit}]", unit=unit),
             say("{level} % interval [{unit}]", level=f"{100 * proof.level:g}", unit=unit),
             say("of what it was [%]"))  # fmt: skip
    rows: list[tuple[str, ...]] = [(say("before"), amount(fall.before, one.decimals), "", "")]
    rows += [
        (
            step_name(part, proof, say), signed(part.rounded, one.decimals),
            f"{signed(part.low, one.decimals)} … {signed(part.high, one.decimals)}", _of(part.mean, fall.before),
        )
        for part in fall.parts
    ]  # fmt: skip
    interval = f"{signed(fall.total.low, one.decimals)} … {signed(fall.total.high, one.decimals)}"
    total = signed(round(sum(part.rounded for part in fall.parts), 9), one.decimals)
    rows.append((say("in all"), total, interval, _of(fall.total.mean, fall.before)))
    rows.append((say("after"), amount(fall.after, one.decimals), "", ""))
    return Grid(heads, rows, metric_name(fall.metric, say), frozenset({1, 3}))


def levers_grid(proof: Proof, say: Words) -> Grid:
    """What each lever gave of each metric, and whether it stays on."""
    heads = (say("lever"), say("field"), *(say("{name}, change [%]", name=metric_name(one.name, say))
             for one in proof.metrics if one.name != "full cost"), say("verdict"), say("proposal"),
             say("why"))  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(own for own in proof.levers if own.on):
        tones[at] = "bad" if one.off else LEVER_TONES[one.verdict]
        told = [shares(one.shares[own.name]) if own.name in one.shares else _NONE
                for own in proof.metrics if own.name != "full cost"]  # fmt: skip
        proposal = say("switch it off") if one.off else say("leave it on")
        rows.append((say(one.name), field_name(one.field, say), *told, say(one.verdict), proposal, _why(one, say)))
    numbers = frozenset(range(2, 1 + sum(own.name != "full cost" for own in proof.metrics)))
    return Grid(heads, rows, say("Levers"), numbers, tones)


def skipped_grid(levers: Sequence[LeverTold], say: Words) -> Grid | None:
    """Levers that did not run, and why; None where all ran."""
    rows = [(say(one.name), field_name(one.field, say), say(one.skipped or one.why)) for one in levers if not one.on]
    if not rows:
        return None
    return Grid((say("lever"), say("field"), say("why not")), rows, say("Levers that did not run"))


def money_grid(some: Sequence[Money], proof: Proof, say: Words) -> Grid:
    """Investment, saving a year, payback and net present value of ways to run the plant, and of levers."""
    names = {one.id: say(one.name) for one in proof.levers}
    currency = proof.currency
    heads = (
        say("what"), say("invested [{currency}]", currency=currency),
        say("running cost a year [{currency}]", currency=currency), say("saved a year [{currency}]", currency=currency),
        say("interval"), say("payback [years]"), say("net present value [{currency}]", currency=currency),
        say("interval"), say("over [years]"),
    )  # fmt: skip
    rows, tones = [], {}
    for at, one in enumerate(some):
        tones[at] = "good" if one.npv.low > 0 else "bad" if one.npv.high < 0 else "doubt"
        payback = _NONE if one.payback is None else amount(one.payback, 1)
        rows.append((
            _what(one.what, names, say), amount(one.invest), amount(one.running),
            amount(one.saving.mean), f"{amount(one.saving.low)} … {amount(one.saving.high)}", payback,
            amount(one.npv.mean), f"{amount(one.npv.low)} … {amount(one.npv.high)}", str(one.horizon),
        ))  # fmt: skip
    return Grid(heads, rows, say("Money"), frozenset({1, 2, 3, 5, 6, 8}), tones)


def runs_grid(metric: str, proof: Proof, say: Words, arms: Sequence[str] = ()) -> Grid:
    """A metric in every run: one row a seed.

    arms  the ways to show; as is, conventional, luban and luban with projects by default
    """
    one = proof.measured(metric)
    shown = [name for name in arms or (AS_IS, CONVENTIONAL, LUBAN, CAPITAL)
             if len(proof.points.get(name, {}).get(metric, ())) == len(proof.seeds)]  # fmt: skip
    rows = [
        (str(seed), *(amount(proof.points[name][metric][place], one.decimals) for name in shown))
        for place, seed in enumerate(proof.seeds)
    ]
    heads = (say("seed"), *(arm_name(name, say) for name in shown))
    title = say("{name}, every run [{unit}]", name=metric_name(metric, say), unit=metric_unit(one, proof, say))
    return Grid(heads, rows, title, frozenset(range(1, len(heads))))


def assumed_grid(some: Sequence[Assumption], say: Words) -> Grid:
    """What the plant was taken to be, with the source of each figure."""
    heads = (say("figure"), say("value"), say("what it is"), say("source"))
    rows = [
        (one.key, one.value, one.text, say("our own assumption") if one.source in ("A", "A+") else one.source)
        for one in some
    ]
    return Grid(heads, rows, say("What was assumed, and from where"))


def _why(lever: LeverTold, say: Words) -> str:
    """The targets that a lever moves beyond chance."""
    moved = [(metric, one.mean) for metric, one in lever.shares.items() if one.high < 0 or one.low > 0]
    told = [f"{metric_name(metric, say)} {signed(100 * mean)} %" for metric, mean in moved if metric in TARGETS]
    return "; ".join(told) or say("none of the targets is moved beyond chance")


def _what(what: str, names: Mapping[str, str], say: Words) -> str:
    """A way to run the plant, a lever, or several that were switched on together."""
    parts = what.split(" + ")
    return " + ".join(names[one] for one in parts) if set(parts) <= set(names) else arm_name(what, say)


def _of(value: float, base: float) -> str:
    return signed(100 * value / base) if base else _NONE


def _fitting(value: float) -> str:
    """As many decimals as its size is worth."""
    if not math.isfinite(value):
        return _NONE
    size = abs(value)
    return amount(value, 0 if size >= 1000 else 1 if size >= 10 else 3 if size >= 0.1 or size == 0 else 5)
