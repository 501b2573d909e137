"""What `luban twin` prints: loads before a run, figures with intervals after it, findings of a calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from luban.core.time import DAY, iso
from luban.screens.cli.output import Output
from luban.screens.service.twin import TIGHT, difference, short_name, shown
from luban.screens.service.twin_words import amounts, bottleneck, sentence, shares, unit_of

if TYPE_CHECKING:
    from luban.screens.service.twin import Load, Plan, Study, Twin
    from luban.twin.scenario import Scenario

__all__ = ["calibration", "loads", "results"]

_MOST_UNKNOWN = 200


def loads(say: Output, twin: Twin, wanted: Sequence[Scenario]) -> None:
    """What each station is asked to do, as it is expected before any run."""
    found = [{load.place: load for load in twin.loads(own)} for own in wanted]
    places = dict.fromkeys(place for own in found for place in own)
    rows: list[list[object]] = []
    for place in places:
        row: list[object] = [short_name(place, twin.model)]
        for own in found:
            row += _load(own.get(place))
        rows.append(row)
    heads = ["asked of"]
    for scenario in wanted:
        heads += [scenario.name if len(wanted) > 1 else "load", ""]
    say.table(heads, rows, title="Expected load (means only, before any run)")
    if any(load.verdict == "tight" for own in found for load in own.values()):
        say.say(f"tight: from {TIGHT:.0%} on queues grow steeply, and so does what chance does to the figures")
    say.line("")


def _load(load: Load | None) -> list[object]:
    if load is None:
        return ["–", ""]
    return [f"{100 * max(load.used, load.busiest[1]):.1f} %", load.verdict]


def results(say: Output, study: Study, plan: Plan) -> None:
    """Figures with intervals, comparisons in sentences, states of the machines, the bottleneck."""
    first = study.results[0]
    window = (first.until - first.warmup) / DAY
    say.line(
        f"{study.models[0].id}: {len(first.samples)} runs of {first.until / DAY:g} d, "
        f"{'no warm-up' if not first.warmup else f'the first {first.warmup / DAY:.1f} d left out'}, "
        f"seed {plan.seed}; in brackets where the true mean lies at {100 * first.level:g} %"
    )
    for own in study.results:
        if own.note:
            say.say(f"note: {own.note}")
    rows = []
    for figure in shown(study):
        found = [own.interval(figure.id) for own in study.results]
        unit = unit_of(figure.id, [own.mean for own in found], window)
        rows.append([figure.label, *(amounts(own, unit) for own in found), unit.name])
    heads = ["", *(study.names if len(study.names) > 1 else ("mean",)), ""]
    say.table(heads, rows)
    say.line("")
    for place in range(1, len(study.names)):
        _compared(say, study, place, window)
    _states(say, study)


def _compared(say: Output, study: Study, place: int, window: float) -> None:
    comparison = study.comparison(place)
    silent = []
    say.line(f"{study.names[place]}, against {study.names[0]}, pair by pair:")
    for figure in shown(study):
        verdict, found = difference(comparison, figure)
        if verdict == "unknown":
            continue
        if verdict == "none":
            silent.append(figure.label)
            continue
        unit = unit_of(figure.id, [found.mean], window)
        say.line(f"  {sentence(figure, found, unit)}  [{verdict}]")
    if silent:
        say.line(f"  no difference shown: {', '.join(silent)}")
    say.line("")


def _states(say: Output, study: Study) -> None:
    model, own = study.models[0], study.results[0]
    found = shares(model, own)
    used = [state for state in found[0][1] if any(row[state] >= 0.0005 for _, row in found)]
    rows = [[short_name(machine, model), *(f"{100 * row[state]:.1f}" for state in used)] for machine, row in found]
    say.table(["% of the time", *used], rows, title="" if len(study.names) == 1 else study.names[0])
    say.line("")
    for name, model, own in zip(study.names, study.models, study.results, strict=True):
        head = f"{name}: " if len(study.names) > 1 else ""
        queue, busy = bottleneck(model, own)
        if queue is not None:
            say.line(f"{head}longest queue at {short_name(queue[0], model)}: {queue[1].mean:.1f} lots wait on average")
        if busy is not None:
            share = f"{100 * busy[1]:.1f} % of its working time"
            say.line(f"{head}most active machine is {short_name(busy[0], model)}: {share}")


# ---- calibration


def calibration(say: Output, made: Any, judged: Any, zone: Any) -> None:
    """Findings, what could not be identified, and how a held-out window came out."""
    found = made.parts.found
    say.line(
        f"from {iso(found.since, zone)} to {iso(found.until, zone)}: "
        f"{len(found.visits):,} operations of {len(found.orders):,} orders"
    )
    say.table(
        ("parameter", "where", "value", "between", "values", "fit p", "as", "doubt"),
        [
            (own.what, own.where, _value(own.value, own.unit), _between(own), _count(own),
             "" if math.isnan(own.goodness) else f"{own.goodness:.2f}", own.shown or own.method, own.note)
            for own in made.findings
        ],
    )  # fmt: skip
    unknown = made.findings.unknown
    if unknown:
        say.line("")
        say.table(
            ("not identified", "where", "why", "assumed instead", "would settle it"),
            [(own.what, own.where, own.why, own.assumed, own.needs) for own in unknown[:_MOST_UNKNOWN]],
        )
    if judged is None:
        say.say("not judged yet: --hold-out 4w keeps the last weeks back and forecasts them")
        return
    say.line("")
    _judged(say, judged, zone)


def _judged(say: Output, judged: Any, zone: Any) -> None:
    until = f"{iso(judged.since, zone)} to {iso(judged.until, zone)}"
    for title, rows in (("orders as they really came", judged.known), ("orders drawn from the demand", judged.drawn)):
        say.table(
            ("figure", "facts", "twin", "interval", "error", "limit", ""),
            [
                (own.figure, _value(own.fact, own.unit), _value(own.predicted, own.unit),
                 f"{own.low:,.4g} … {own.high:,.4g}", f"{own.error:+.1%}", f"± {own.limit:.0%}",
                 _holds(own))
                for own in rows
            ],
            title=f"Held-out window {until}: {title}",
        )  # fmt: skip
        say.line("")


def _holds(own: Any) -> str:
    if own.close:
        return "within the limit" if own.inside else "within the limit, outside the interval"
    return "beyond the limit, inside the interval" if own.inside else "MISSED"


def _value(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "1" else f"{value:,.4g} {unit}"


def _between(own: Any) -> str:
    if math.isnan(own.low):
        return ""
    return f"{_value(own.low, own.unit).removesuffix(f' {own.unit}')} … {_value(own.high, own.unit)}"


def _count(own: Any) -> str:
    return f"{own.n:,}" + (f" ({own.censored:,} cut short)" if own.censored else "")
