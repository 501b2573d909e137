"""`luban schedule`: orders on machines from a file or a plant folder, with objective, bound and dispatch lists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import INTERRUPTED, OK, Output

if TYPE_CHECKING:
    from luban.decide.schedule import Objective, Problem
    from luban.decide.schedule.portfolio import Progress
    from luban.screens.service.schedule_stops import Stop

__all__ = ["asked", "find_name", "register", "usual_objective", "zone_of"]

_EXAMPLES = (
    "Examples: `luban schedule plant` · `luban schedule orders.xlsx --time 30 --objective 'tardiness > setup_time' "
    "--output plan.xlsx` · `luban schedule orders.xlsx --template` · `luban schedule plant --why PO-103 -o plan.pdf`"
)


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("schedule", epilog=_EXAMPLES)(schedule)


def schedule(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="FILE|DIR",
            help="A plant folder, a CSV or Excel file of orders, or a job shop file (jsp, fjsp, fjs).",
        ),
    ],
    seconds: Annotated[float, typer.Option("--time", min=0.1, max=86_400, help="Time to search [s].")] = 10.0,
    objective: Annotated[
        str | None,
        typer.Option(
            help="What to make small: terms with prices, levels by >; as the plant says, else makespan or tardiness."
        ),
    ] = None,
    gap: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Stop at this proven distance from the optimum [1].")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the search.")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=2, help="Threads that search.")] = 2,
    machine: Annotated[str, typer.Option(help="Print this machine's dispatch list.")] = "",
    why: Annotated[str, typer.Option(metavar="ORDER", help="Print why that order ends when it does.")] = "",
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write the plan: .xlsx, .pdf, .csv or .json.")
    ] = None,
    template: Annotated[
        bool, typer.Option("--template", help="Write an example workbook to FILE (.xlsx) to begin with; no search.")
    ] = False,
    stops: Annotated[
        bool, typer.Option("--stops/--no-stops", help="With DIR: work orders of maintenance stop their machines.")
    ] = True,
    as_json: AsJson = False,
) -> int:
    """Schedule orders on machines: feasible within a second, then better until time is over or it is proven optimal.

    Terms of an objective: makespan, tardiness, late, flow_time, setups, setup_time, setup_cost, energy_cost, earliness.
    Ctrl-C ends with the best so far (exit code 130). Every plan is checked by code that has no part in the search.
    """
    from luban.decide.schedule import Objective, solve
    from luban.decide.schedule.lanes import load_kernels
    from luban.screens.cli import schedule_tables as tables

    say = output(as_json)
    if template:
        return _template(say, source)
    if file is not None and file.suffix.lower() not in tables.FORMATS:
        raise InputError("unknown kind of file", came=file.name, expected=", ".join(tables.FORMATS), where="--output")
    problem, taken = asked(source, stops=stops)
    goal = Objective.parse(objective) if objective else usual_objective(source, problem)
    job = find_name(problem.jobs, why, "order", "--why") if why else None
    unit = find_name(problem.machines, machine, "machine", "--machine") if machine else None
    say.say(
        f"{problem.name}: {problem.job_count} orders, {problem.operation_count} operations, "
        f"{problem.machine_count} machines; objective: {goal}"
    )
    for own in taken:
        say.say(_stop_line(own))
    with say.progress("Loading the search (compiled once, about a minute)"):
        load_kernels(problem, goal)
    with say.progress("Searching", total=1.0) as advance:

        def show(progress: Progress) -> None:
            advance(progress.share, f"Searching: {tables.state(progress.entry.value, progress.entry.gap)}")

        found = solve(problem, goal, seconds=seconds, gap=gap, seed=seed, workers=workers, on_progress=show)
    zone = zone_of(source)
    if file is not None:
        tables.write(found, file, zone)
        say.say(f"plan: {file}")
    if as_json:
        from luban.screens.service.schedule_stops import standing

        told = standing(found.schedule, [own.as_dict() for own in taken])
        say.document(tables.document(found, job, unit, zone) | {"stops": told})
    else:
        tables.show(say, found, job, unit, zone)
    return INTERRUPTED if found.reason == "stopped" else OK


def _template(say: Output, file: Path) -> int:
    from luban.decide.schedule.read.template import write_template

    if file.suffix.lower() != ".xlsx" or file.exists():
        raise InputError(
            "a template is a new Excel file", came=str(file), expected="a name that ends in .xlsx and is not there yet"
        )
    write_template(file)
    say.say(f"template: {file}; fill it in, then: luban schedule {file}")
    return OK


def asked(source: Path, *, stops: bool = True) -> tuple[Problem, tuple[Stop, ...]]:
    """What a file or a folder asks for; a plant's folder with its work orders of maintenance as stops."""
    from luban.decide.schedule import read_problem

    if not (source / "plant.toml").is_file():
        return read_problem(source), ()
    from luban.screens.service.schedule_stops import plan_problem

    taken = plan_problem(source, None if stops else ())
    return taken.problem, taken.stops


def _stop_line(stop: Stop) -> str:
    what = f"{stop.order} {stop.task}, {stop.machine}: {stop.text}"
    return what if stop.taken else f"left out of the plan: {what}{f' ({stop.why})' if stop.why else ''}"


def zone_of(source: Path) -> ZoneInfo | None:
    """Time zone of a plant folder; a file's times carry their own."""
    if not source.is_dir():
        return None
    from luban.plant import load

    return load(source).zone


def usual_objective(source: Path, problem: Problem) -> Objective:
    """What the plant says; else tardiness where orders are due, makespan where none is."""
    from luban.decide.schedule import NEVER, Objective
    from luban.decide.schedule.read import read_objective

    return read_objective(source) or Objective.parse(
        "tardiness > flow_time" if bool((problem.due < NEVER).any()) else "makespan"
    )


def find_name(names: tuple[str, ...], wanted: str, what: str, where: str) -> int:
    """Number of a name that the command line gives; its last part will do where only one has it. Raises InputError."""
    from luban.plant.complaint import did_you_mean

    found = [at for at, name in enumerate(names) if name == wanted] or [
        at for at, name in enumerate(names) if name.rpartition("/")[2] == wanted
    ]
    if len(found) != 1:
        raise InputError(
            f"unknown {what}" if not found else f"several {what}s of that name",
            came=wanted,
            expected=", ".join(names[:8]) + (" …" if len(names) > 8 else ""),
            where=where,
            hint=did_you_mean(wanted, names),
        )
    return found[0]
