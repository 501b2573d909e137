"""`luban twin`: run a plant's twin and compare scenarios, make it from the books, let it answer as devices."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import INTERRUPTED, NO, OK, Output

if TYPE_CHECKING:
    from luban.screens.service.twin import Plan, Study, Twin
    from luban.twin.scenario import Scenario

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The twin: a simulation of the plant that runs far faster than the plant.")

_RUN = (
    "Examples: `luban twin run plant` · `luban twin run plant --days 90 --replications 40 --compare more_orders` · "
    "`luban twin run plant --set rule.milling=setup,edd --compare 'machines.milling=+1; demand=1.1' --json`"
)
_CALIBRATE = (
    "Examples: `luban twin calibrate plant --hold-out 4w` · "
    "`luban twin calibrate plant --since 2026-01-05 --until 2026-03-02 --output twin.json`"
)
_SERVE = "Examples: `luban twin serve plant --scale 60` · `luban twin serve plant --port-base 48400 --until 8h`"


@app.command("run", epilog=_RUN)
def run(
    folder: Plant,
    days: Annotated[float | None, typer.Option(min=0.01, help="Length of each run [d]; as twin.toml says.")] = None,
    warmup: Annotated[str, typer.Option(help="Left out at the beginning: auto, or days.")] = "auto",
    replications: Annotated[int, typer.Option(min=2, max=10_000, help="Runs of each scenario.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the random numbers; the same seed gives the same figures.")] = 1,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; as many as there are cores.")] = None,
    scenario: Annotated[
        str, typer.Option(metavar="NAME|FILE#NAME", help="Run this scenario instead of the plant as it is.")
    ] = "",
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Change one thing; may be repeated.")
    ] = None,
    compare: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME|FILE|KEY=VALUE", help="Another scenario, on top of that; may be repeated; `;` parts changes."
        ),
    ] = None,
    level: Annotated[float, typer.Option(min=0.5, max=0.999, help="Confidence of the intervals [1].")] = 0.95,
    facts: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write the first run's facts into new books in this folder.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Simulate the plant: what it can do, by chance, with intervals; scenarios side by side.

    What can be changed: demand, lot_size, cap, rule.STATION, machines.STATION, people.POOL, buffer.STATION,
    time.STATION, setup, failures, repair. Exit code 130 if it was interrupted; what was run is shown.
    """
    from luban.screens.cli import twin_tables as tables
    from luban.screens.service.twin import Plan, Twin

    say = output(as_json)
    twin = Twin(plant_folder(folder), days=days)
    base, others = _scenarios(twin, scenario, settings or (), compare or ())
    wanted = [base, *others]
    flaws = {own.name: twin.flaws(own) for own in wanted}
    _before(say, twin, wanted, flaws)
    plan = Plan(None, _warmup(warmup), replications, seed, level, workers)
    _load_kernel(say, twin)
    if facts is not None:
        _write_facts(say, twin, base, seed, facts)
    study = _study(say, twin, wanted, plan)
    if as_json:
        say.document(_document(twin, study, wanted, flaws))
    else:
        tables.results(say, study, plan)
    return OK if all(own.complete for own in study.results) and len(study.names) == len(wanted) else INTERRUPTED


@app.command("calibrate", epilog=_CALIBRATE)
def calibrate(
    folder: Plant,
    since: Annotated[str, typer.Option(help="Facts from then on, ISO 8601 in the plant's zone; the first ones.")] = "",
    until: Annotated[str, typer.Option(help="Facts before then; the last ones.")] = "",
    hold_out: Annotated[str, typer.Option("--hold-out", help="Kept back at the end to judge by, e.g. 4w, 10d.")] = "",
    ledger: Annotated[Path | None, typer.Option(metavar="DIR", help="Other books than the plant's own.")] = None,
    replications: Annotated[int, typer.Option(min=5, max=1000, help="Runs that the forecast is made of.")] = 40,
    file: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write model and findings as JSON.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a twin from the facts in the books: every parameter with its interval, and what nobody can know from them.

    With --hold-out, exit code 1 if a figure of the held-out weeks misses its limit.
    """
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.cli import twin_tables as tables
    from luban.screens.service import places
    from luban.twin.calibrate import calibrate as make, validate

    say = output(as_json)
    plant = load(plant_folder(folder))
    books = Ledger(ledger or places(folder).ledger)
    first, last = _window(books, plant, since, until)
    edge = last - _length(hold_out) if hold_out else last
    if edge <= first:
        raise InputError("nothing is left to learn from", came=f"--hold-out {hold_out}", hint="hold back less")
    with say.progress("Reading the books and fitting"):
        made = make(books, plant, first, edge)
    judged = None
    if hold_out:
        _load_kernel(say, made.model)
        with say.progress(f"Forecasting the held-out {hold_out} {replications} times"):
            judged = validate(made, books, last, replications=replications)
    if file is not None:
        file.write_text(made.to_json(), "utf-8")
        say.say(f"model and findings: {file}")
    if as_json:
        from dataclasses import asdict

        held = None if judged is None else {**asdict(judged), "verdict": judged.verdict}
        say.document({"since": first, "until": edge, **made.findings.as_dict(), "validation": held})
    else:
        tables.calibration(say, made, judged, plant.zone)
    return OK if judged is None or all(own.close or own.inside for own in judged.known) else NO


@app.command("serve", epilog=_SERVE)
def serve(
    folder: Plant,
    scale: Annotated[
        float | None, typer.Option(min=0.001, max=100_000, help="Times faster than real time; as twin.toml says.")
    ] = None,
    port_base: Annotated[
        int | None,
        typer.Option(min=1024, max=65500, help="OPC UA here, then SHDR, MTConnect, Modbus on the next ports."),
    ] = None,
    begin: Annotated[str, typer.Option(help="Plant time that has passed before the first device answers.")] = "",
    until: Annotated[str, typer.Option(help="End after so much plant time, e.g. 8h.")] = "",
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 1,
    as_json: AsJson = False,
) -> int:
    """Let the twin answer as the plant's machines, for any program that collects or controls, until Ctrl-C.

    Without --port-base it answers where plant.toml and [serve] of twin.toml say.
    """
    from luban.core.time import iso
    from luban.loop.serve import read_settings, serve as answer
    from luban.screens.service.twin import Twin

    say = output(as_json)
    twin = Twin(plant_folder(folder))
    settings = read_settings(folder)
    more: dict[str, Any] = {} if scale is None else {"scale": scale}
    if port_base is not None:
        own = ("opcua", "opc.tcp"), ("shdr", "tcp"), ("mtconnect", "http"), ("modbus", "modbus")
        more |= {kind: f"{word}://127.0.0.1:{port_base + place}" for place, (kind, word) in enumerate(own)}
        more["sources"] = False
    settings = settings.model_copy(update=more)
    _load_kernel(say, twin)
    say.say(f"{twin.plant.name} from {iso(twin.model.start, twin.plant.zone)}, {settings.scale:g} × real time (Ctrl-C)")
    status = answer(
        twin.model, twin.plant, folder, settings, seed=seed, begin=_length(begin) if begin else 0,
        until=_length(until) if until else None, say=say.say,
    )  # fmt: skip
    text = f"ended: {status.values:,} values shown, {status.commands} commands taken, {status.refused} refused"
    say.answer(status, text)
    return OK


# ---- scenarios


def _scenarios(
    twin: Twin, scenario: str, settings: Sequence[str], compare: Sequence[str]
) -> tuple[Scenario, list[Scenario]]:
    from luban.twin.scenario import Scenario

    chosen = _find(twin, scenario) if scenario else [Scenario("as it is")]
    if len(chosen) != 1:
        names = ", ".join(own.name for own in chosen) or "none"
        raise InputError("which scenario of the file?", came=scenario, expected=names, hint="--scenario FILE#NAME")
    base = chosen[0]
    if settings:
        own = Scenario.parse(settings)
        base = Scenario(f"{base.name}, {own.name}" if scenario else own.name, (*base.changes, *own.changes))
    others = [own for text in compare for own in _find(twin, text)]
    return base, [Scenario(own.name, (*base.changes, *own.changes)) for own in others]


def _find(twin: Twin, text: str) -> list[Scenario]:
    """By name, by file, or as changes."""
    from luban.twin.scenario import FILE, Scenario, read_scenarios

    if text in twin.scenarios:
        return [twin.scenarios[text]]
    path, _, name = text.partition("#")
    if path.endswith(".toml"):
        found = read_scenarios(Path(path))
        if not name:
            return list(found.values())
        if name in found:
            return [found[name]]
        raise InputError("no such scenario", came=name, expected=", ".join(found), where=path)
    if "=" in text:
        return [Scenario.parse([part.strip() for part in text.split(";") if part.strip()])]
    expected = ", ".join(twin.scenarios) or "key=value, or a file"
    raise InputError("no such scenario", came=text, expected=expected, where=str(twin.folder / FILE))


# ---- what is said


def _before(say: Output, twin: Twin, wanted: Sequence[Scenario], flaws: dict[str, Any]) -> None:
    """What was taken for granted, what is wrong, and what the plant is asked to do. Raises the first error."""
    from luban.screens.cli import twin_tables as tables

    for name, found in flaws.items():
        if found and not found[0].warning:
            error = found[0].error()
            error.where = error.where if len(flaws) == 1 else f"{name}: {error.where}"
            raise error
    for text in twin.loaded.assumptions:
        say.say(f"assumed: {text}")
    for name, found in flaws.items():
        for flaw in found:
            say.say(f"warning: {f'{name}: ' if len(flaws) > 1 else ''}{flaw.where}: {flaw.message} ({flaw.came})")
    if not say.as_json:
        tables.loads(say, twin, wanted)


@contextmanager
def _runs(say: Output, text: str, wanted: int) -> Iterator[Any]:
    """A bar that says how many runs are done and how long the rest takes."""
    begun = time.monotonic()
    with say.progress(text, total=wanted) as advance:

        def tell(done: int, of: int) -> None:
            left = "" if done == 0 else f", {_about((time.monotonic() - begun) / done * (of - done))} left"
            advance(done, f"{text}: {done} of {of}{left}")

        yield tell


def _about(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def _study(say: Output, twin: Twin, wanted: Sequence[Scenario], plan: Plan) -> Study:
    from luban.screens.service.twin import run_study

    with _runs(say, "Runs", len(wanted) * plan.replications) as tell:
        return run_study(twin, wanted, plan, tell)


def _load_kernel(say: Output, twin: Any) -> None:
    """Compiles it where that was never done on this computer; a person must not wonder what takes so long."""
    with say.progress("Loading the simulation kernel; the very first time it is compiled, about half a minute"):
        from luban.twin.run import Run

        Run(getattr(twin, "model", twin), trace="none")


def _write_facts(say: Output, twin: Twin, scenario: Scenario, seed: int, folder: Path) -> None:
    from luban.core.time import DAY
    from luban.ledger import Ledger, LedgerWriter
    from luban.screens.service import places
    from luban.twin.facts import FactWriter
    from luban.twin.run import Run

    books = places(folder).ledger if (folder / "plant.toml").is_file() else folder
    if books.is_dir() and Ledger(books).head:
        hint = "name a new folder: what was simulated must never stand among what happened"
        raise InputError("these books hold facts already", where=str(books), hint=hint)
    model = twin.changed(scenario)
    run, taken = Run(model, seed=seed, trace="facts"), 0
    with LedgerWriter(books) as writer, say.progress("Writing the facts of the first run", model.horizon) as advance:
        facts = FactWriter(run, twin.plant, writer)
        while run.now < model.horizon:
            run.to(min(run.now + DAY, model.horizon))
            taken += sum(facts.write().values())
            advance(run.now)
    say.say(f"{taken:,} facts of the first run: {books}")


def _document(twin: Twin, study: Study, wanted: Sequence[Scenario], flaws: dict[str, Any]) -> Any:
    checked = [
        {"scenario": own.name, "changes": [str(change) for change in own.changes],
         "flaws": [flaw.as_dict() for flaw in flaws[own.name]], "loads": twin.loads(own)}
        for own in wanted
    ]  # fmt: skip
    return {"checked": checked, "assumed": twin.loaded.assumptions, **study.as_dict()}


# ---- reading


def _warmup(text: str) -> float | Literal["auto"]:
    if text == "auto":
        return "auto"
    try:
        found = float(text.removesuffix("d"))
    except ValueError:
        found = -1.0
    if not found >= 0:
        raise InputError("no warm-up", came=repr(text), expected="auto, or a number of days", where="--warmup")
    return found


def _length(text: str) -> int:
    """A duration, weeks too [µs]."""
    from luban.core.time import DAY, parse_duration

    if text.endswith("w") and text[:-1].strip().isdigit():
        return int(text[:-1]) * 7 * DAY
    return parse_duration(text)


def _window(books: Any, plant: Any, since: str, until: str) -> tuple[int, int]:
    from luban.core.time import parse_time

    if since and until:
        return parse_time(since, plant.zone), parse_time(until, plant.zone)
    times = books.table("operation")["time"]
    if len(times) == 0:
        hint = "operations come from a MES, or from luban twin run DIR --facts BOOKS"
        raise InputError("no operation in the books: a twin is made from lots that were worked on", hint=hint)
    import pyarrow.compute as pc

    ends = pc.min_max(times).as_py()
    first = parse_time(since, plant.zone) if since else int(ends["min"])
    return first, parse_time(until, plant.zone) if until else int(ends["max"]) + 1
