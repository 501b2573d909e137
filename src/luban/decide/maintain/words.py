"""Sentences that maintenance says; the screens translate them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = [
    "CODES", "ERRORS", "FLIP", "FOUND", "POLICY", "PRICED", "REASON", "SENTENCES", "STATES", "STOPS", "STOPS_LEFT",
    "WARNINGS",
]  # fmt: skip

POLICY: Mapping[str, str] = MappingProxyType(
    {
        "run_to_failure": "replace at failure",
        "age": "replace by age",
        "block": "replace at fixed times",
        "minimal_repair": "repair failures, renew by age",
        "inspection": "inspect at fixed times",
        "condition": "replace by condition",
    }
)
"""Key of a policy → what it is called."""

REASON: Mapping[str, str] = MappingProxyType(
    {
        "dearer": "It costs {more} % more than the cheapest.",
        "close": "It costs {more} % more than the cheapest: as good as the same.",
        "age": "A failure costs {ratio} times a planned replacement, and the part wears; {share} % still fail before.",
        "block": "Needs no record of ages, but sometimes replaces what is nearly new.",
        "no_wear": "The failure rate does not rise with age (shape {shape}): replacing what runs brings nothing.",
        "never": "A failure costs only {ratio} times a planned replacement: no age pays.",
        "signs": "{share} % of failures give a sign, from {begins} % of the life on; the others come unannounced.",
        "as_old": "A repair leaves the age as it is; renewing stops the ageing.",
        "run_to_failure": "Uses the whole life of each part, and pays every failure.",
        "few": "The life rests on {n} failures only: read the intervals before the figures.",
        "no_interval": "How sure the life is cannot be told, so costs have no interval.",
        "unsure": "In only {share} % of the lives that fit the data is the first policy the cheapest.",
        "hours": "The lives have no unit: they are taken as hours.",
        "given": "The life was given, not fitted: costs have no interval.",
    }
)
"""Key of a reason → its sentence."""

FLIP: Mapping[str, str] = MappingProxyType(
    {
        "failure": "a failure that costs {then} instead of {now} {unit}",
        "planned": "a planned replacement that costs {then} instead of {now} {unit}",
        "hour": "lost output at {then} instead of {now} {unit}",
        "shape": "a Weibull shape of {then} instead of {now}, at the same mean life",
        "signs": "signs before {then} % of the failures instead of {now} %",
    }
)
"""What would change the answer → its sentence."""

STATES: Mapping[str, str] = MappingProxyType(
    {
        "planned": "planned",
        "released": "released",
        "running": "running",
        "done": "done",
        "closed": "signed off",
        "cancelled": "cancelled",
    }
)
"""State of a work order → what it is called."""

CODES: Mapping[str, str] = MappingProxyType(
    {
        "plan": "planned",
        "move": "moved",
        "release": "released",
        "begin": "begun",
        "check": "checklist item answered",
        "finding": "finding",
        "finish": "finished",
        "close": "signed off",
        "cancel": "cancelled",
    }
)
"""What is done to a work order → what it is called."""

FOUND: Mapping[str, str] = MappingProxyType(
    {
        "failed": "failed",
        "worn": "worn",
        "sound": "sound",
        "other": "something else",
    }
)
"""How a part was found → what it is called."""

WARNINGS: Mapping[str, str] = MappingProxyType(
    {
        "spare": "{item}: {have} of {need} on the shelf",
        "order": "{item}: {have} on the shelf, order at {at}",
        "skill": "nobody has the skill {skill}",
        "hours": "{skill}: {need} h asked, {have} h there",
        "unknown_use": "running time since the last time is not known: due by the calendar only",
        "first": "never done on record: due from the first day of the books",
    }
)
"""What stands in the way of a week's work → its sentence."""

STOPS: Mapping[str, str] = MappingProxyType(
    {
        "fixed": "released: it stands where it is",
        "running": "under way: it holds its machine until its planned end",
        "overrun": "under way longer than planned: a quarter of its planned length is taken from now on",
        "placed": "planned: placed within a week of its begin",
        "overdue": "its begin is over: placed from now on, within a week",
        "freed": "another stop or a lock stands there: placed after its begin",
    }
)
"""How a schedule takes a work order as a stop → its sentence."""

STOPS_LEFT: Mapping[str, str] = MappingProxyType(
    {
        "machine": "no such machine in the plant",
        "length": "it has no length",
        "given": "schedule.toml has it already",
        "beyond": "it begins after the time that is planned",
        "impossible": "no plan can hold it",
    }
)
"""Why a work order is no stop of a schedule → its sentence."""

PRICED: Mapping[str, str] = MappingProxyType(
    {
        "from_published": "Lost output is priced from the published plan {plan}: {machine} is loaded {load} %, the "
        "bottleneck {bottleneck} {most} %. An hour of the plant's output costs {hour} {money}, the hour_cost of the "
        "bottleneck; {spare} h of a stop are caught up within a week.",
        "from_last": "Lost output is priced from the last plan {plan}, which is not published: {machine} is loaded "
        "{load} %, the bottleneck {bottleneck} {most} %. An hour of the plant's output costs {hour} {money}, the "
        "hour_cost of the bottleneck; {spare} h of a stop are caught up within a week.",
        "no_plan": "Lost output is priced by the typed hour_cost, {hour} {money}/h: there is no plan.",
        "no_price": "Lost output is priced by the typed hour_cost, {hour} {money}/h: no row of the bottleneck "
        "{bottleneck} in maintenance.csv has one.",
        "not_in_plan": "Lost output is priced by the typed hour_cost, {hour} {money}/h: plan {plan} tells no load of "
        "{machine}.",
    }
)
"""Where the price of lost output is from → its sentence."""

ERRORS: tuple[str, ...] = (
    "a checklist item that there is not",
    "a finding needs a part and how it was found",
    "a life that is not in hours needs a pace",
    "a life without a mean cannot be priced",
    "a number of pieces",
    "a reason is needed",
    "a spare that nobody keeps",
    "a stop takes some time",
    "a work order cannot take this step now",
    "a work order needs a machine and a task",
    "a work order takes some time",
    "checklist items are open",
    "hours worked",
    "no life of that part is on record",
    "no such maintenance task",
    "no such work order",
    "prices of a failure and of a planned replacement are needed",
    "that task makes no part new",
    "too few failures on record",
    "unknown machine",
    "unknown price",
    "unknown reason",
    "unknown step of a spare part",
    "unknown step of a work order",
)
"""What a page may have to say of what was entered."""

SENTENCES: tuple[str, ...] = (
    *POLICY.values(), *REASON.values(), *FLIP.values(), *STATES.values(), *CODES.values(), *FOUND.values(),
    *WARNINGS.values(), *STOPS.values(), *STOPS_LEFT.values(), *PRICED.values(), *ERRORS,
)  # fmt: skip
"""Every sentence of this package that a screen may show."""
