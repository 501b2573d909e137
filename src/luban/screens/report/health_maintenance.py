"""Maintenance as sheets: policies priced, what is due, the week with what is missing, an order, spare parts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import DAY, HOUR, to_datetime
from luban.decide.maintain import Advice, Due, Lack, Option, Reason, Shelf, WorkOrder
from luban.decide.maintain.parts import Together
from luban.decide.maintain.words import CODES, FLIP, FOUND, POLICY, PRICED, STATES, WARNINGS
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.quality_words import left_out, number, provenance, span
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.data import Excluded

__all__ = [
    "advice_sheet", "day_text", "due_grid", "due_word", "lack_text", "order_sheet", "orders_grid", "policy_word",
    "shelf_grid", "standing_sheet", "state_word", "together_sheet", "why_word",
]  # fmt: skip

_NONE = "–"
_METHOD = "R. E. Barlow, L. C. Hunter (1960); renewal and reward"
_REACH = 2.2  # mean lives that the drawing of costs reaches


def policy_word(name: str, say: Words) -> str:
    """What a policy is called."""
    return say(POLICY[name]) if name in POLICY else name


def state_word(state: str, say: Words) -> str:
    """What the state of a work order is called."""
    return say(STATES[state]) if state in STATES else state


def due_word(state: str, say: Words) -> str:
    """How a task stands."""
    return {
        "overdue": say("overdue"), "asked": say("asked for by its condition"), "due": say("due this week"),
        "coming": say("later"), "unknown": say("not known"), "on condition": say("when its condition asks"),
        "at failure": say("at failure"),
    }.get(state, state)  # fmt: skip


def why_word(why: str, say: Words) -> str:
    """Why an order was planned."""
    return {
        "calendar": say("its time has come"), "age": say("its age is reached"), "condition": say("its condition asks"),
        "failure": say("a failure"), "person": say("somebody asked"),
    }.get(why, why)  # fmt: skip


def lack_text(lack: Lack, say: Words) -> str:
    """What is missing, in words."""
    given = {name: f"{value:g}" if isinstance(value, int | float) else value for name, value in lack.given.items()}
    text = say(WARNINGS[lack.key]).format(**given)
    return f"{lack.order}: {text}" if lack.order else text


def day_text(time: int | None, zone: ZoneInfo, *, hour: bool = True) -> str:
    """A moment on the plant's wall clock, – where there is none."""
    return _NONE if time is None else to_datetime(time, zone).strftime("%Y-%m-%d %H:%M" if hour else "%Y-%m-%d")


# ---------------------------------------------------------------- policies


def advice_sheet(advice: Advice, say: Words, *, name: str, source: str, excluded: Sequence[Excluded] = ()) -> Sheet:
    """Policies of one part, the cheapest first, and what would change the answer."""
    best, money = advice.best, advice.prices.currency
    blocks: list[Block] = [_best(advice, say)]
    blocks += [Note(_told(one, say), "" if one.key in PRICED else "doubt") for one in advice.notes]
    blocks.append(_options(advice, say))
    blocks += [
        Note(f"{policy_word(one.name, say)}: {' '.join(_told(reason, say) for reason in one.reasons)}")
        for one in advice.options
    ]
    drawn = [one for one in advice.options if one.name in {"age", "block", "minimal_repair"}]
    if drawn:
        text = say("The level line is waiting for the failure.")
        blocks.append(Picture(_drawing(advice, drawn, say), say("Cost over the interval"), text))
    if advice.flips:
        rows = tuple(
            (say(FLIP[one.what]).format(now=number(one.now, 3), then=number(one.then, 3), unit=one.unit),
             policy_word(one.other, say))
            for one in advice.flips
        )  # fmt: skip
        blocks.append(Grid((say("what would change the answer"), say("then the cheapest is")), rows,
                           title=say("What would change the answer")))  # fmt: skip
    blocks.append(_prices(advice, say))
    blocks += left_out(say, excluded)
    subtitle = say(
        "{policy}, {cost} {money}/h", policy=policy_word(best.name, say), cost=number(best.rate, 4), money=money
    )
    made = {say("source"): source or _NONE, say("prices"): advice.prices.source or _NONE, say("method"): _METHOD,
            "luban": __version__}  # fmt: skip
    return Sheet(say("Maintenance: {name}", name=name), subtitle, tuple(blocks), made)


def _told(one: Reason, say: Words) -> str:
    return say(one.sentence).format(**one.given)


def _interval(one: Option, say: Words) -> str:
    if not math.isfinite(one.interval):
        return say("never")
    return f"{100 * one.interval:.0f} %" if one.name == "condition" else f"{number(one.interval, 4)} h"


def _best(advice: Advice, say: Words) -> Figures:
    best, money = advice.best, advice.prices.currency
    interval = "" if best.interval_low is None else _ends(best)
    rows = [
        Figure(say("cheapest policy"), policy_word(best.name, say), tone="good"),
        Figure(say("cost"), number(best.rate, 4), f"{money}/h", _range(best.low, best.high, say)),
    ]
    if math.isfinite(best.interval):
        label = say("threshold of the sign") if best.name == "condition" else say("interval")
        rows.append(Figure(label, _interval(best, say), "", interval))
    rows += [
        Figure(say("not stopped for it"), f"{100 * best.available:.2f}", "%"),
        Figure(say("failures in 1000 h"), number(best.failures, 3)),
    ]
    if best.best is not None:
        rows.append(Figure(say("cheapest in"), f"{100 * best.best:.0f}", "%", say("of the lives that fit the data")))
    return Figures(tuple(rows))


def _range(low: float | None, high: float | None, say: Words) -> str:
    return "" if low is None else f"{say('{level} % interval', level=90)} {span(low, high)}"


def _ends(one: Option) -> str:
    def end(value: float | None) -> str:
        if value is None or not math.isfinite(value):
            return "∞"
        return f"{100 * value:.0f} %" if one.name == "condition" else number(value, 3)

    return f"{end(one.interval_low)} … {end(one.interval_high)}"


def _options(advice: Advice, say: Words) -> Grid:
    money = advice.prices.currency
    heads = (say("policy"), say("interval"), f"{say('cost')} [{money}/h]", say("{level} % interval", level=90),
             f"{say('not stopped for it')} [%]", say("failures in 1000 h"), f"{say('cheapest in')} [%]")  # fmt: skip
    rows = tuple(
        (policy_word(one.name, say), _interval(one, say), number(one.rate, 4), span(one.low, one.high),
         f"{100 * one.available:.2f}", number(one.failures, 3), _NONE if one.best is None else f"{100 * one.best:.0f}")
        for one in advice.options
    )  # fmt: skip
    return Grid(heads, rows, title=say("Policies"), numbers=frozenset({2, 4, 5, 6}), tones={0: "good"})


def _drawing(advice: Advice, drawn: Sequence[Option], say: Words) -> str:
    reach = _REACH * advice.life.mean
    never = next(one.rate for one in advice.options if one.name == "run_to_failure")
    lowest = min(one.rate for one in drawn)
    high = max(2.5 * never - 1.5 * lowest, 1.25 * never)
    plot = Plot(x=(0.0, reach), y=(0.0, high), x_label=f"{say('interval')} [h]",
                y_label=f"{say('cost')} [{advice.prices.currency}/h]")  # fmt: skip
    plot.level(never, policy_word("run_to_failure", say), tone="quiet", dash="4 3")
    for one, tone in zip(drawn, ("accent", "second", "third"), strict=False):
        x, y = one.curve.intervals, one.curve.rates
        seen = np.isfinite(x) & (x <= reach) & (y <= high)
        plot.line(x[seen], y[seen], tone=tone, name=policy_word(one.name, say))
        if math.isfinite(one.interval) and one.interval <= reach:
            plot.dots([one.interval], [one.rate], tone=tone)
    return plot.svg()


def _prices(advice: Advice, say: Words) -> Grid:
    own, money, life = advice.prices, advice.prices.currency, advice.life
    rows = [
        (say("a failure, with the output lost"), number(own.of_failure, 6), money),
        (say("a planned replacement, with the output lost"), number(own.of_planned, 6), money),
        (say("a look, with the output lost"), number(own.of_inspection, 6), money),
        (say("output lost"), number(own.hour, 5), f"{money}/h"),
        (say("of a stop caught up"), number(own.spare, 4), "h"),
        (say("stopped by a failure"), number(own.failure_hours, 4), "h"),
        (say("stopped by a planned replacement"), number(own.planned_hours, 4), "h"),
        (say("mean life"), number(life.mean, 5), "h"),
    ]
    if life.shape is not None:
        rows.append((say("shape"), number(life.shape, 4), ""))
    return Grid((say("what it rests on"), say("value"), say("unit")), tuple(rows), title=say("Prices and life"),
                numbers=frozenset({1}))  # fmt: skip


def together_sheet(found: Together, say: Words, source: str) -> Sheet:
    """Parts of a machine apart, with opportunities, and in step."""
    own, step, money = found.opportunity, found.rhythm, found.parts[0].prices.currency
    rows = [
        Figure(say("each by itself"), number(found.apart, 4), f"{money}/h"),
        Figure(say("with opportunities"), number(own.rate, 4), f"{money}/h", f"± {number(own.half, 2)}",
               "good" if own.saved > own.saved_half else ""),
        Figure(say("saved by opportunities"), number(own.saved, 3), f"{money}/h", f"± {number(own.saved_half, 2)}"),
    ]  # fmt: skip
    if step is not None:
        rows.append(Figure(say("in step, failures repaired"), number(step.rate, 4), f"{money}/h",
                           say("{cost} where each has a rhythm of its own", cost=number(step.apart, 4))))  # fmt: skip
    blocks: list[Block] = [Figures(tuple(rows))]
    if own.share < 1 and own.saved > own.saved_half:
        text = say("When one part stops the machine, replace the others too from {share} % of their age on.",
                   share=f"{100 * own.share:.0f}")  # fmt: skip
    else:
        text = say("Replacing more than what asks for it does not pay.")
    blocks.append(Note(text, "good"))
    heads = (say("part"), f"{say('mean life')} [h]", f"{say('age')} [h]", say("every so many common intervals"))
    body = tuple(
        (part.id, number(part.life.mean, 5), _age(found.ages[part.id], say),
         _NONE if step is None else str(step.times[part.id]))
        for part in found.parts
    )  # fmt: skip
    title = say("Parts") if step is None else say("Parts, common interval {n} h", n=f"{step.interval:.0f}")
    blocks.append(Grid(heads, body, title=title, numbers=frozenset({1, 2, 3})))
    curve = tuple((f"{100 * share:.0f}", number(rate, 4), number(half, 2))
                  for share, rate, half in zip(own.shares, own.rates, own.halves, strict=True))  # fmt: skip
    blocks.append(Grid((f"{say('replaced from')} [% {say('of its age')}]", f"{say('cost')} [{money}/h]", "±"), curve,
                       title=say("Opportunities"), numbers=frozenset({0, 1, 2})))  # fmt: skip
    blocks += left_out(say, found.excluded)
    made = provenance(say, source, len(found.parts), len(found.excluded), "Wildeman, Dekker, Smit (1997)")
    return Sheet(say("Parts at shared stops"), "", tuple(blocks), made)


def _age(value: float, say: Words) -> str:
    return number(value, 4) if math.isfinite(value) else say("never")


# ---------------------------------------------------------------- the plant


def standing_sheet(
    name: str, due: Sequence[Due], orders: Sequence[WorkOrder], shelves: Mapping[str, Shelf], lacks: Sequence[Lack],
    say: Words, zone: ZoneInfo,
) -> Sheet:  # fmt: skip
    """What is due, the orders that are open, what is missing, the shelves."""
    overdue = sum(one.state in {"overdue", "asked"} for one in due)
    low = sum(one.low for one in shelves.values())
    open_orders = [one for one in orders if one.open]
    rows = (
        Figure(say("tasks overdue"), str(overdue), "", "", "bad" if overdue else "good"),
        Figure(say("open work orders"), str(len(open_orders))),
        Figure(say("running"), str(sum(one.state == "running" for one in orders))),
        Figure(say("spare parts to order"), str(low), "", "", "doubt" if low else ""),
    )
    blocks: list[Block] = [Figures(rows)]
    blocks += [Note(lack_text(one, say), "doubt") for one in lacks]
    blocks.append(
        due_grid(due, say, zone) if due else Note(say("No maintenance task yet: maintenance.csv holds them."))
    )
    if open_orders:
        blocks.append(orders_grid(open_orders, say, zone))
    if shelves:
        blocks.append(shelf_grid(list(shelves.values()), say))
    return Sheet(say("Maintenance: {name}", name=name), "", tuple(blocks), {"luban": __version__})


def due_grid(due: Sequence[Due], say: Words, zone: ZoneInfo) -> Grid:
    """Every task with how it stands."""
    heads = (say("machine"), say("task"), say("how it stands"), say("when"), say("last done"), say("used"),
             say("every"), say("work order"))  # fmt: skip
    rows = tuple(
        (one.task.asset, one.task.task, _due_text(one, say), day_text(one.next, zone, hour=False),
         day_text(one.last, zone, hour=False), _amount(one.used, one.task.clock, say),
         _amount(one.task.every, one.task.clock, say), one.order or _NONE)
        for one in due
    )  # fmt: skip
    tones = {at: {"overdue": "bad", "asked": "bad", "due": "doubt", "unknown": "quiet"}.get(one.state, "")
             for at, one in enumerate(due)}  # fmt: skip
    return Grid(heads, rows, title=say("Maintenance tasks"), tones={at: tone for at, tone in tones.items() if tone})


def _due_text(one: Due, say: Words) -> str:
    parts = [due_word(one.state, say), one.asked, say(WARNINGS[one.note]) if one.note else ""]
    return " · ".join(filter(None, parts))


def _amount(value: float | None, clock: str, say: Words) -> str:
    if value is None:
        return _NONE
    if clock == "pieces":
        return say("{n} pieces", n=f"{value:,.0f}")
    if clock == "running":
        return say("{n} h running", n=f"{value / HOUR:,.0f}")
    return say("{n} d", n=f"{value / DAY:,.0f}")


def orders_grid(orders: Sequence[WorkOrder], say: Words, zone: ZoneInfo) -> Grid:
    """Work orders, one a row."""
    heads = (say("work order"), say("machine"), say("task"), say("state"), say("begin"), f"{say('length')} [h]",
             say("skill"), say("why"))  # fmt: skip
    rows = tuple(
        (one.id, one.machine, one.task, state_word(one.state, say), day_text(one.start, zone),
         f"{one.minutes / 60:.1f}",
         f"{one.skill or _NONE} × {one.people}", why_word(one.why, say))
        for one in orders
    )  # fmt: skip
    return Grid(heads, rows, title=say("Work orders"), numbers=frozenset({5}))


def shelf_grid(shelves: Sequence[Shelf], say: Words) -> Grid:
    """Spare parts as they stand."""
    heads = (
        say("spare part"),
        say("on the shelf"),
        say("ordered"),
        say("order at"),
        say("taken a year"),
        say("source"),
    )
    why = {"given": "spares.csv", "demand": say("demand and delivery")}
    rows = tuple(
        (one.name, say("not counted") if one.on_hand is None else str(one.on_hand), str(one.ordered),
         _NONE if one.order_at is None else str(one.order_at), number(one.per_year, 3), why.get(one.why, _NONE))
        for one in shelves
    )  # fmt: skip
    tones = {at: "bad" if not one.on_hand else "doubt" for at, one in enumerate(shelves) if one.low}
    return Grid(heads, rows, title=say("Spare parts"), numbers=frozenset({1, 2, 3, 4}), tones=tones)


def order_sheet(one: WorkOrder, say: Words, zone: ZoneInfo) -> Sheet:
    """One work order with its checklist, findings and history: what a technician takes along."""
    rows = [
        Figure(say("machine"), one.machine), Figure(say("state"), state_word(one.state, say)),
        Figure(say("begin"), day_text(one.start, zone)), Figure(say("length"), f"{one.minutes / 60:.1f}", "h"),
        Figure(say("skill"), one.skill or _NONE, "", say("people: {n}", n=one.people)),
        Figure(say("why"), why_word(one.why, say)),
    ]  # fmt: skip
    if one.hours is not None:
        rows.append(Figure(say("worked"), f"{one.hours:g}", "h"))
    blocks: list[Block] = [Figures(tuple(rows))]
    if one.text:
        blocks.append(Note(one.text))
    if one.checklist:
        body = tuple(
            (item, (say("in order") if one.answers[item][0] else say("not in order")) if item in one.answers else "☐",
             one.answers[item][1] if item in one.answers else "")
            for item in one.checklist
        )  # fmt: skip
        tones = {at: "bad" for at, item in enumerate(one.checklist) if item in one.answers and not one.answers[item][0]}
        blocks.append(Grid((say("checklist"), say("answer"), say("remark")), body, title=say("Checklist"), tones=tones))
    parts = {**dict.fromkeys(one.parts, 0), **one.used}
    if parts:
        body2 = tuple((item, str(one.parts.get(item, 0)), str(one.used.get(item, 0)) if one.finished else _NONE)
                      for item in parts)  # fmt: skip
        blocks.append(Grid((say("spare part"), say("planned"), say("taken")), body2, numbers=frozenset({1, 2}),
                           title=say("Spare parts")))  # fmt: skip
    if one.findings:
        found = tuple((own.part, say(FOUND.get(own.found, own.found)), own.cause, own.text, own.person)
                      for own in one.findings)  # fmt: skip
        blocks.append(Grid((say("part"), say("found"), say("cause"), say("in words"), say("person")), found,
                           title=say("Findings")))  # fmt: skip
    told = tuple((day_text(t, zone), who or _NONE, say(CODES[code]) if code in CODES else code, text)
                 for t, who, code, text in one.history)  # fmt: skip
    blocks.append(Grid((say("time"), say("person"), say("step"), say("in words")), told, title=say("History")))
    return Sheet(f"{one.id} · {one.task}", "", tuple(blocks), {"luban": __version__})
