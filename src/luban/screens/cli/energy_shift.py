"""`luban energy shift`: the runs of a plan where power is cheap, every due date kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError, LubanError
from luban.core.time import HOUR
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luban.decide.schedule import Problem, Schedule
    from luban.norms.tariffs import Tariff

__all__ = ["EXAMPLES", "shift"]

EXAMPLES = (
    "Examples: `luban energy shift plant` · `luban energy shift orders.xlsx --tariff cn-example --power mill=18 "
    "-o shift.pdf` · `luban energy shift plant --search 20 --demand`"
)


def shift(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A plant folder, or a CSV or Excel file of orders.")
    ],
    tariff: Annotated[
        str, typer.Option(help="A tariff by its id, or a TOML file; else [[tariff]] of the schedule, else the plant's.")
    ] = "",
    power: Annotated[
        list[str] | None, typer.Option(help="machine=kW while it works; may be repeated; goes before all others.")
    ] = None,
    demand: Annotated[
        bool, typer.Option("--demand", help="The charge for the highest demand counts too, of these machines alone.")
    ] = False,
    plan: Annotated[
        str, typer.Option(help="Id of a plan of the folder; the published or newest one; none yet: planned first.")
    ] = "",
    seconds: Annotated[
        float, typer.Option("--time", min=0.1, max=3600, help="To make the plan, then to move [s].")
    ] = 5,
    search: Annotated[
        float, typer.Option(min=0.0, max=3600, help="To look for other machines and orders of work too [s].")
    ] = 0.0,
    spread: Annotated[float, typer.Option(min=0.0, max=1.0, help="How far work takes longer or shorter [1].")] = 0.1,
    seed: Annotated[int, typer.Option(help="Of the search and of chance.")] = 0,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The runs of a plan go to where power is cheap, every due date kept. What has begun or is locked stays.

    The plan is the published or newest one of the folder; without one it is made first, as `luban schedule` does.
    Powers are what the schedule's file says, else what the plant's meters say of machines at work. Every plan is
    checked by code that has no part in the search.
    """
    from luban.decide.energy.shift import risk_of, shift_load
    from luban.decide.schedule import solve
    from luban.screens.cli.schedule import asked, usual_objective, zone_of
    from luban.screens.i18n import words
    from luban.screens.report.energy_shift import shift_document, shift_sheet

    say = output(as_json)
    kept = _in_force(source, plan)
    problem = kept[0].problem if kept else asked(source)[0]
    tariffs = _tariffs(source, tariff, problem)
    problem, told = _powered(source, problem, power or [])
    if not (tariffs or problem.tariff_time.size):
        raise InputError("no tariff", where=problem.name, hint="[[tariff]] in schedule.toml, or --tariff")
    if not (problem.machine_power > 0).any():
        hint = "--power machine=kW, power in [[machine]] of schedule.toml, or meters"
        raise InputError("no machine has a power", where=problem.name, hint=hint)
    if kept:
        made, now = kept
    else:
        with say.progress("Planning"):
            made, now = solve(problem, usual_objective(source, problem), seconds=seconds, seed=seed).schedule, 0
    made = replace(made, problem=_priced(problem, tariffs, int(made.end.max(initial=0))))
    price = float(tariffs[0].demand) if demand and tariffs else 0.0
    minutes = tariffs[0].demand_minutes if tariffs else 15
    if demand and not price:
        raise InputError("no tariff with a price of the highest demand", hint="--tariff", where="--demand")
    with say.progress("Moving"):
        found = shift_load(
            made, demand_price=price, demand_minutes=minutes, seconds=seconds, search=search, now=now, seed=seed
        )
        risk = risk_of(found, spread=spread, seed=seed)
    currency = tariffs[0].currency if tariffs else ""
    zone = zone_of(source) or (ZoneInfo(tariffs[0].zone) if tariffs else ZoneInfo("UTC"))
    speak = words(language)
    sheet = shift_sheet(found, risk, speak, zone, problem.name, currency=currency, powers=told)
    give(say, sheet, shift_document(found, risk, currency), out, language)
    return OK


def _in_force(source: Path, wanted: str) -> tuple[Schedule, int] | None:
    """The plan of a folder that is asked for, what is locked fixed in it, and its tick now; None where there is none.

    Raises  InputError: no plan of that id
    """
    from luban.loop.plans import Plans
    from luban.screens.service.schedule_ways import clock, held

    if not source.is_dir():
        if wanted:
            raise InputError("a file has no plans", came=wanted, where="--plan", hint="name a plant's folder")
        return None
    plans = Plans(source)
    known = [plans.get(wanted)] if wanted else plans.all()
    if not known:
        return None
    state = next((own for own in known if own.published), known[0])
    return held(state), clock(state)


def _tariffs(source: Path, named: str, problem: Problem) -> Sequence[Tariff]:
    """What --tariff says, else nothing where the schedule has prices, else the plant's own for electricity."""
    from luban.norms.tariffs import in_force, tariffs_named

    if named:
        found = in_force(tariffs_named(named)).get("electricity", ())
        if not found:
            raise InputError("no tariff for electricity", came=named, where="--tariff")
        return found
    if problem.tariff_time.size or not (source / "plant.toml").is_file():
        return ()
    from luban.plant import load

    plant = load(source)
    every = [one for name in plant.energy.tariff for one in tariffs_named(name, source)]
    return in_force(every).get("electricity", ())


def _priced(problem: Problem, tariffs: Sequence[Tariff], end: int) -> Problem:
    """With the prices of a tariff from a day before to the latest due date, or a week after the plan."""
    from luban.decide.energy.shift import tariff_steps, with_tariff
    from luban.decide.schedule import NEVER

    if not tariffs or not problem.tick:
        return problem
    due = [int(one) for one in problem.due if one < NEVER]
    until = max([end, *due]) + 24 * HOUR // problem.tick
    return with_tariff(problem, tariff_steps(tariffs, problem, until))


def _powered(source: Path, problem: Problem, given: Sequence[str]) -> tuple[Problem, dict[str, str]]:
    """Powers of machines: as said, as the schedule says, as metered; and where each comes from."""
    from luban.decide.energy.shift import with_tariff
    from luban.screens.cli.schedule import find_name
    from luban.screens.cli.spc_data import pairs

    powers: dict[str, float] = {}
    told = {name: "schedule" for at, name in enumerate(problem.machines) if problem.machine_power[at] > 0}
    for name, value in _metered(source).items():
        if name in problem.machines and name not in told:
            powers[name], told[name] = value, "meter"
    for name, text in pairs(given, "--power").items():
        machine = problem.machines[find_name(problem.machines, name, "machine", "--power")]
        try:
            powers[machine] = float(text)
        except ValueError:
            raise InputError("a power is a number", came=f"{name}={text}", where="--power") from None
        told[machine] = "given"
    steps = list(zip(problem.tariff_time.tolist(), problem.tariff_price.tolist(), strict=True))
    told |= {name: "none" for name in problem.machines if name not in told}
    return with_tariff(problem, steps, powers), told


def _metered(source: Path) -> dict[str, float]:
    """Mean power of work units at work on orders, from their meters over the last 30 days [kW]."""
    from luban.screens.service import PlantView, places
    from luban.screens.service.energy import EnergyBooks

    if not (source / "plant.toml").is_file() or not places(source).ledger.is_dir():
        return {}
    view = PlantView(source)
    try:
        books = EnergyBooks(view)
        account = books.account(books.range("30d"))
    except LubanError:
        return {}
    finally:
        view.ledger.close()
    found = {}
    for one in (one for one in account.allocations if one.measured_in == "kWh"):
        parts = [part for part in one.parts if part.stay.order]
        hours = sum(part.stay.end - part.stay.start for part in parts) / HOUR
        amount = float(sum(part.amount for part in parts))
        if hours >= 1 and amount > 0:
            found[one.unit] = amount / hours
    return found
