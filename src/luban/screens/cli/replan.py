"""`luban promise` and `luban repair`: what a new order or an event does to the plan in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK, Output
from luban.screens.cli.schedule import asked, find_name, usual_objective, zone_of

if TYPE_CHECKING:
    from luban.decide.schedule import Problem
    from luban.loop.plans import PlanState

__all__ = ["register"]

_PROMISE = (
    "Examples: `luban promise plant --like PO-103 --due 2026-12-04T18:00` · `luban promise orders.xlsx --like A1`"
)
_REPAIR = (
    "Examples: `luban repair plant --breakdown lathe01,2026-12-01T10:00,2026-12-01T15:00` · "
    "`luban repair plant --material PO-103,2026-12-02T06:00 --keep 0.95 --take 1`"
)
Source = Annotated[
    Path, typer.Argument(metavar="FILE|DIR", help="A plant folder with a plan, or whatever `luban schedule` takes.")
]
PlanId = Annotated[str, typer.Option("--plan", help="Id of a plan of the folder; the published or newest one.")]
Now = Annotated[str, typer.Option(help="Moment of the question, ISO 8601 or tick; the clock, or the plan's begin.")]
T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("promise", epilog=_PROMISE)(promise)
    app.command("repair", epilog=_REPAIR)(repair)


def promise(
    source: Source,
    like: Annotated[str, typer.Option(help="Order of the plan whose route the new one has.")],
    size: Annotated[float, typer.Option(min=0.001, max=1000, help="How many times as large [1].")] = 1.0,
    due: Annotated[str, typer.Option(help="When it is wanted, ISO 8601 or tick.")] = "",
    weight: Annotated[float, typer.Option(min=0, help="Price of a tick of its lateness.")] = 1.0,
    name: Annotated[str, typer.Option(help="What to call it.")] = "new order",
    plan: PlanId = "",
    now: Now = "",
    seconds: Annotated[float, typer.Option("--time", min=0.1, max=600, help="Time to search [s].")] = 3.0,
    as_json: AsJson = False,
) -> int:
    """By when a new order can be promised, and what each date costs the orders that are planned. Changes nothing.

    A folder without a plan, or a file, is planned first (10 s).
    """
    from luban.screens.service.schedule_offer import offered

    say = output(as_json)
    state = _plan(say, source, plan)
    when = _Clock(source, state)
    order = {"name": name, "like": like, "size": size, "weight": weight, "due": when.tick(due, "--due")}
    with say.progress("Trying dates"):
        found = offered(state, order, when.now(now), seconds=seconds)
    if as_json:
        say.document(found)
        return OK
    rows = [
        (
            when.text(own["end"]), when.length(own["late"]) if due else "", f"{own['price']:,.4g}",
            ", ".join(f"{other} +{when.length(late)}" for other, late in own["harmed"][:5]) or "nobody",
            "best" if at == found["best"] else "",
        )
        for at, own in enumerate(found["quotes"])
    ]  # fmt: skip
    say.table(("promised for", "late", "price", "who is later", ""), rows)
    say.say(f"alone in the plant it would end {when.text(found['alone'])}; objective: {state.made['objective']}")
    return OK


def repair(
    source: Source,
    breakdown: Annotated[list[str] | None, typer.Option(metavar="UNIT,FROM,TO", help="A machine is down.")] = None,
    people: Annotated[list[str] | None, typer.Option(metavar="POOL,FROM,TO,N", help="N fewer of a pool.")] = None,
    material: Annotated[list[str] | None, typer.Option(metavar="ORDER,READY", help="Material comes late.")] = None,
    rush: Annotated[list[str] | None, typer.Option(metavar="NAME,LIKE,DUE", help="A new order that hurries.")] = None,
    keep: Annotated[float, typer.Option(min=0, max=1, help="Share of operations to leave where they are [1].")] = 0.9,
    take: Annotated[int | None, typer.Option(min=1, help="Make this way a plan of the folder.")] = None,
    plan: PlanId = "",
    now: Now = "",
    seconds: Annotated[float, typer.Option("--time", min=0.1, max=600, help="Time to search [s].")] = 2.0,
    as_json: AsJson = False,
) -> int:
    """Ways to go on after something happened, from the least disturbance to the least cost.

    Nothing is changed unless --take says which way becomes a plan; the old one stays.
    """
    from luban.screens.service.schedule_repair import mended

    say = output(as_json)
    told = (breakdown, people, material, rush)
    if not any(told):
        options = ", ".join(_FORMS)
        raise InputError("nothing happened", expected=f"one of {options}", where="luban repair")
    for option, texts in zip(_FORMS, told, strict=True):
        for text in texts or ():
            _parts(text, option)
    state = _plan(say, source, plan)
    when = _Clock(source, state)
    happened = [
        *(_breakdown(text, state.schedule.problem, when) for text in breakdown or ()),
        *(_people(text, when) for text in people or ()),
        *(_material(text, when) for text in material or ()),
        *(_rush(text, when) for text in rush or ()),
    ]
    if take is None:
        with say.progress("Mending the plan"):
            found = mended(state, happened, when.now(now), seconds=seconds, stability=keep)
        made = ""
    else:
        found, made = _taken(say, source, state, happened, when.now(now), seconds, keep, take)
    if as_json:
        say.document({**found, "made": made} if made else found)
        return OK
    rows = [
        (at, f"{100 * own['kept']:.1f} %", own["moved"], own["machines"], own["late"], _levels(own["value"]),
         "chosen" if at == found["chosen"] + 1 else "")
        for at, own in enumerate(found["options"], 1)
    ]  # fmt: skip
    say.table(("way", "kept", "moved", "other machine", "orders late", str(found["objective"]), ""), rows)
    say.say(f"before: {_levels(found['before'])}, {found['late']} late; {len(found['hit'])} operations hit")
    if made:
        say.say(f"plan {made} made of way {take}; plan {state.id} stays as it was")
    return OK


def _taken(
    say: Output, source: Path, state: PlanState, happened: Sequence[Mapping[str, Any]], now: int, seconds: float,
    keep: float, take: int,
) -> tuple[dict[str, Any], str]:  # fmt: skip
    from luban.screens.acts import ActLog
    from luban.screens.service import PlantView, places
    from luban.screens.service.schedule import Desk

    if not source.is_dir() or state.id == _UNKEPT:
        hint = "plan on the page first, then mend that plan"
        raise InputError("only a plan of a plant's folder can be mended for good", came=str(source), hint=hint)
    log = ActLog(places(source).spool, "cli")
    try:
        desk = Desk(PlantView(source), log.record)
        with say.progress("Mending the plan"):
            found = desk.repair(state.id, happened, version=state.n, now=now, seconds=seconds, stability=keep)
        if take > len(found["options"]):
            raise InputError("no such way", came=str(take), expected=f"1 to {len(found['options'])}", where="--take")
        return found, desk.take_repair(state.id, found["id"], take - 1, who="cli")
    finally:
        log.close()


_UNKEPT = "found now"
_FORMS = {
    "--breakdown": "UNIT,FROM,TO", "--people": "POOL,FROM,TO,N", "--material": "ORDER,READY", "--rush": "NAME,LIKE,DUE",
}  # fmt: skip


def _plan(say: Output, source: Path, wanted: str) -> PlanState:
    """The plan in force of a folder, or one that is found now."""
    from luban.core.time import now
    from luban.loop.plans import Entry, Plans, PlanState

    if source.is_dir():
        plans = Plans(source)
        if wanted:
            return plans.get(wanted)
        if known := plans.all():
            return next((own for own in known if own.published), known[0])
    if wanted:
        raise InputError(
            "no plan of that id", came=wanted, where="--plan", hint="luban schedule, or the page /schedule"
        )
    from luban.decide.schedule import Objective, solve
    from luban.decide.schedule.lanes import load_kernels

    problem, stops = asked(source)
    goal: Objective = usual_objective(source, problem)
    with say.progress("No plan yet: planning first"):
        load_kernels(problem, goal)
        found = solve(problem, goal)
    made = Entry(0, now(), "cli", "made", 0, {}, "")
    told = {"objective": str(goal), "stops": [own.as_dict() for own in stops]}
    return PlanState(_UNKEPT, told, found.schedule, frozenset(), (), (), (made,), published=False)


class _Clock:
    """Between the times that people say and the ticks of a plan."""

    def __init__(self, source: Path, state: PlanState) -> None:
        from luban.screens.cli.schedule_tables import clock_of

        self.problem, self.state, self.zone = state.schedule.problem, state, zone_of(source)
        self.text = clock_of(state.schedule, self.zone)

    def tick(self, text: str, where: str) -> int | None:
        """The tick of a time; None for an empty text. Raises InputError."""
        from luban.core.time import parse_time

        if not text.strip():
            return None
        if text.strip().lstrip("-").isdigit():
            return int(text)
        if not self.problem.tick:
            raise InputError("this plan has no dates", came=text, expected="a tick: a whole number", where=where)
        try:
            return (parse_time(text.strip(), self.zone) - self.problem.start) // self.problem.tick
        except InputError as error:
            raise InputError(error.message, came=error.came, expected=error.expected, where=where) from None

    def now(self, text: str) -> int:
        from luban.screens.service.schedule_ways import clock

        told = self.tick(text, "--now")
        return clock(self.state) if told is None else told

    def length(self, ticks: int) -> str:
        if not self.problem.tick:
            return str(ticks)
        hours, minutes = divmod(round(ticks * self.problem.tick / 60e6), 60)
        return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"


def _parts(text: str, option: str) -> list[str]:
    form = _FORMS[option]
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != form.count(",") + 1 or not all(parts):
        raise InputError("not in the form of this option", came=text, expected=form, where=option)
    return parts


def _breakdown(text: str, problem: Problem, when: _Clock) -> dict[str, Any]:
    unit, start, end = _parts(text, "--breakdown")
    machine = find_name(problem.machines, unit, "machine", "--breakdown")
    return {
        "kind": "breakdown", "machine": problem.machines[machine],
        "start": when.tick(start, "--breakdown"), "end": when.tick(end, "--breakdown"),
    }  # fmt: skip


def _people(text: str, when: _Clock) -> dict[str, Any]:
    pool, start, end, missing = _parts(text, "--people")
    fewer = _number(missing, int, "--people")
    return {
        "kind": "people", "pool": pool, "start": when.tick(start, "--people"), "end": when.tick(end, "--people"),
        "missing": fewer,
    }  # fmt: skip


def _material(text: str, when: _Clock) -> dict[str, Any]:
    order, ready = _parts(text, "--material")
    return {"kind": "material", "order": order, "ready": when.tick(ready, "--material")}


def _rush(text: str, when: _Clock) -> dict[str, Any]:
    name, like, due = _parts(text, "--rush")
    return {"kind": "rush", "name": name, "like": like, "due": when.tick(due, "--rush")}


def _number(text: str, kind: Callable[[str], T], where: str) -> T:
    try:
        return kind(text)
    except ValueError:
        raise InputError("not a number", came=text, where=where) from None


def _levels(value: Sequence[float]) -> str:
    return " > ".join(f"{level:,.6g}" for level in value)
