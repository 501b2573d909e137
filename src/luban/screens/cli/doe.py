"""`luban doe`: plan an experiment, analyse its runs, find the best settings, ask for the next trial, see projects."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.decide.improve.design import Design, Factor
    from luban.decide.improve.project import Project, Verified
    from luban.decide.improve.trials import Trials

__all__ = ["register"]

_FACTOR = "A factor: name=low:high unit, name=level,level, or name=share for a part of a mixture; once for each."
Runs = Annotated[Path, typer.Argument(metavar="FILE", help="A table of runs: CSV, Excel or Parquet.")]
Factors = Annotated[list[str] | None, typer.Option("--factor", "-f", help=_FACTOR)]
Responses = Annotated[list[str] | None, typer.Option("--response", "-r", help="Column of a response; once for each.")]
SheetName = Annotated[str, typer.Option("--sheet", help="Sheet of a workbook.")]
Mixture = Annotated[bool, typer.Option("--mixture", help="The factors are shares that sum to one.")]
Level = Annotated[float, typer.Option(min=0.5, max=0.9999, help="Confidence level [1].")]
ModelText = Annotated[str, typer.Option("--model", help="e.g. 'x1*x2 + I(x1**2)'; the runs choose if left out.")]
Reduce = Annotated[str, typer.Option(help="Drop terms that explain nothing: p, aic, lenth; none keeps all.")]


class _Runs(TyperGroup):
    """`luban doe runs.csv` is `luban doe analyse runs.csv`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        first = args[0] if args else ""
        if first and not first.startswith("-") and first not in self.commands and Path(first).is_file():
            args = ["analyse", *args]
        return super().parse_args(ctx, args)


group = typer.Typer(
    cls=_Runs, no_args_is_help=True, help="Designed experiments, best settings, and projects with a verified gain."
)


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.add_typer(group, name="doe")


@group.command(
    "plan",
    epilog="Examples: `luban doe plan -f 'temperature=150:250 °C' -f 'time=2:6 h' -f supplier=A,B -o runs.xlsx` · "
    "`luban doe plan -f a=0:1 -f b=0:1 -f c=0:1 --purpose optimise -r strength -o runs.csv`",
)
def plan(
    factor: Factors = None,
    response: Responses = None,
    design: Annotated[str, typer.Option(help="Name of a design; chosen by purpose and runs if left out.")] = "",
    purpose: Annotated[str, typer.Option(help="screen, understand or optimise.")] = "understand",
    runs: Annotated[int, typer.Option(min=0, help="The most runs, or those of the design named.")] = 0,
    centre: Annotated[int | None, typer.Option(min=0, help="Runs at the middle of all ranges.")] = None,
    repeats: Annotated[int, typer.Option(min=1, max=100, help="Of all runs.")] = 1,
    generator: Annotated[list[str] | None, typer.Option(help="Of a fraction, e.g. 'D = ABC'.")] = None,
    block: Annotated[list[str] | None, typer.Option(help="Interaction given up for two blocks, e.g. ABC.")] = None,
    fold: Annotated[bool, typer.Option("--fold", help="Also the runs with all signs turned.")] = False,
    degree: Annotated[int, typer.Option(min=1, max=6, help="Of a lattice.")] = 2,
    model: ModelText = "",
    seed: Annotated[int, typer.Option(help="Of the order of running.")] = 1,
    file: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The runs to fill in: .csv or .xlsx; or .pdf, .html, .json."
        ),
    ] = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Runs of an experiment, in an order by chance, to print or to fill in."""
    from luban.decide.improve.plans import plan_design, plan_table, recommend
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import design_sheet

    say, factors, why = output(as_json), _factors(factor), ""
    if not factors:
        raise InputError(
            "an experiment has one factor at least", hint="luban doe plan --factor 'temperature=150:250 °C'"
        )
    name, asked = design, runs
    if not design:
        name, needed, why = recommend(factors, purpose, runs)
        asked = needed if name in ("fraction", "plackett-burman", "d-optimal") else 0
    made = plan_design(name, factors, runs=asked, centre=centre, repeats=repeats, generators=generator or (),
                       blocks=block or (), fold=fold, degree=degree, model=model, seed=seed)  # fmt: skip
    results = tuple(response or ("response",))
    heads, rows = plan_table(made, results)
    document = {"design": name, "kind": made.kind, "why": why, "seed": seed, "generators": list(made.generators),
                "words": list(made.words), "notes": list(made.notes), "heads": list(heads), "runs": rows}  # fmt: skip
    fill = file is not None and file.suffix.lower() in (".csv", ".xlsx")
    give(say, design_sheet(made, words(language), results, why), document, None if fill else file, language)
    if fill and file is not None:
        _write_runs(file, heads, rows, made)
        say.say(f"written: {file}")
    return OK


@group.command(
    "analyse",
    epilog="Examples: `luban doe analyse runs.xlsx` · `luban doe analyse runs.csv -r strength --reduce p --aim max "
    "-o report.pdf`",
)
def analyse_runs(
    file: Runs,
    response: Responses = None,
    model: ModelText = "",
    reduce: Reduce = "",
    aim: Annotated[str, typer.Option(help="max, min, or a number to come near to: also gives the best settings.")] = "",
    factor: Factors = None,
    mixture: Mixture = False,
    kind: Annotated[int, typer.Option("--type", min=1, max=3, help="Of the sums of squares.")] = 2,
    level: Level = 0.95,
    sheet: SheetName = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """What the runs of an experiment say: model, effects, fit, checks, best settings."""
    from luban.decide.improve.analysis import analyse
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import experiment_sheet

    say, trials = output(as_json), _trials(file, response, factor, sheet, mixture=mixture)
    way, target = _aim(aim)
    found = [
        analyse(trials, name, model=model, reduce=_reduce(reduce), aim=way, target=target, level=level, kind=kind)
        for name in list(trials.responses)[: max(len(response or ()), 1)]
    ]
    speak = words(language)
    if not as_json:
        for one in found[:-1]:
            give(say, experiment_sheet(one, speak), one.as_dict(), None, language)
    last = found[-1]
    document = last.as_dict() if len(found) == 1 else [one.as_dict() for one in found]
    give(say, experiment_sheet(last, speak), document, out, language)
    return OK


@group.command(
    "optimise",
    epilog="Example: `luban doe optimise tread.csv --goal Y1=max:120:170 --goal Y3=target:400:500:600`",
)
def optimise(
    file: Runs,
    goal: Annotated[
        list[str] | None, typer.Option(help="name=max:low:high, name=min:low:high or name=target:low:target:high.")
    ] = None,
    model: ModelText = "",
    reduce: Reduce = "",
    factor: Factors = None,
    mixture: Mixture = False,
    level: Level = 0.95,
    sheet: SheetName = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The settings that suit several responses at once, by desirability."""
    from luban.decide.improve.analysis import analyse
    from luban.decide.improve.desirability import joint_optimum
    from luban.decide.improve.written import read_goal
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import joint_sheet

    if not goal:
        raise InputError("no goal is given", hint="luban doe optimise runs.csv --goal strength=max:100:150")
    goals = [read_goal(text) for text in goal]
    trials = _trials(file, [name for name, _ in goals], factor, sheet, mixture=mixture)
    found = [analyse(trials, name, model=model, reduce=_reduce(reduce), level=level) for name, _ in goals]
    best = joint_optimum([one.fit for one in found], [one for _, one in goals], level=level,
                         total=1.0 if mixture else None)  # fmt: skip
    document = {
        "settings": found[0].natural(best.settings), "coded": dict(best.settings), "desirability": best.value,
        "at_bound": list(best.at_bound), "level": level,
        "predicted": {n: dict(zip(("mean", "half", "half_run"), v, strict=True)) for n, v in best.predicted.items()},
        "used": {one.response: one.used for one in found},
        "excluded": [e.as_dict() for one in found for e in one.excluded],
    }  # fmt: skip
    give(output(as_json), joint_sheet(found, best, words(language)), document, out, language)
    return OK


@group.command(
    "next",
    epilog="Examples: `luban doe next trials.csv -f 'T=150:250 °C' -f 'p=1:5 bar' --aim max` · "
    "`luban doe next trials.csv --aim min --limit 'cost<=20' --count 2`",
)
def next_trials(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Trials so far; none: the first ones.")] = None,
    factor: Factors = None,
    response: Responses = None,
    aim: Annotated[str, typer.Option(help="max, min, or a number to come near to.")] = "max",
    limit: Annotated[list[str] | None, typer.Option(help="Another response within bounds, e.g. 'cost<=20'.")] = None,
    count: Annotated[int, typer.Option(min=1, max=20, help="Trials that are made at once.")] = 1,
    mixture: Mixture = False,
    seed: Annotated[int, typer.Option(help="Of everything by chance.")] = 1,
    sheet: SheetName = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The trials to make next where trials are costly (Bayesian optimisation)."""
    from luban.decide.improve.bayes import Limit, propose
    from luban.decide.improve.written import read_limit
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import proposal_sheet

    if file is None:
        return _first(_factors(factor), count, seed, out, language, as_json=as_json)
    limits = [read_limit(text) for text in limit or ()]
    names = [*(response or ()), *(name for name, _, _ in limits)]
    trials = _trials(file, names if response else _aimed(file, names, sheet), factor, sheet, mixture=mixture)
    own = next(iter(trials.responses))
    way, target = _aim(aim)
    found = propose(
        trials.factors, trials.settings, trials.responses[own], largest=way != "min", target=target, count=count,
        seed=seed, limits=[Limit(n, trials.responses[n], low, high) for n, low, high in limits],
    )  # fmt: skip
    rows, gone = trials.usable(own)
    made = proposal_sheet(found, trials.factors, words(language), response=own, unit=trials.units.get(own, ""),
                          source=trials.source, used=len(rows), excluded=len(gone) + len(trials.excluded))  # fmt: skip
    document = {
        "response": own, "aim": aim, "used": len(rows), "excluded": [e.as_dict() for e in (*trials.excluded, *gone)],
        "trials": [{"settings": dict(p.settings), "mean": p.mean, "sd": p.sd, "gain": p.gain, "allowed": p.allowed,
                    "best": p.best} for p in found],
    }  # fmt: skip
    give(output(as_json), made, document, out, language)
    return OK


@group.command("project", epilog="Examples: `luban doe project plant` · `luban doe project plant --id P-1 -o gain.pdf`")
def project_gain(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A plant's folder.")],
    name: Annotated[str, typer.Option("--id", help="Only this project, with its gain in full.")] = "",
    level: Level = 0.95,
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Improvement projects, their gain worked out from facts.

    Exit code 1 if the gain of the project asked for is not verified.
    """
    from luban.decide.improve.project import projects, verify
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import project_sheet, projects_sheet
    from luban.screens.service import places

    speak, plant = words(language), load(plant_folder(folder))
    ledger = Ledger(places(folder).ledger)
    try:
        listed: list[tuple[Project, Verified | None, str]] = []
        for one in projects(ledger, as_of):
            if name and one.id != name:
                continue
            try:
                listed.append((one, verify(ledger, plant, one, level=level, as_of=as_of), ""))
            except InputError as error:
                listed.append((one, None, error.message))
    finally:
        ledger.close()
    if name and not listed:
        raise InputError("no such project", came=name, where=str(folder), hint=f"luban doe project {folder}")
    document = [
        {"id": p.id, "title": p.title, "phase": p.phase, "aim": p.aim.as_dict(), "owner": p.owner,
         "found": found.as_dict() if found else None, "reason": why}
        for p, found, why in listed
    ]  # fmt: skip
    if name:
        one, found, why = listed[0]
        give(output(as_json), project_sheet(one, found, speak, why, plant.zone), document[0], out, language)
        return OK if found is not None and found.gain.verdict == "better" else NO
    give(output(as_json), projects_sheet(listed, speak), document, out, language)
    return OK


# ------------------------------------------------------------------ what was asked


def _factors(texts: list[str] | None) -> tuple[Factor, ...]:
    from luban.decide.improve.written import read_factor

    return tuple(read_factor(text) for text in texts or ())


def _trials(file: Path, responses: list[str] | None, factors: list[str] | None, sheet: str, *, mixture: bool) -> Trials:
    from luban.decide.improve.trials import read_trials

    chosen: list[Any] = [one if "=" not in one else _factors([one])[0] for one in factors or ()]
    return read_trials(file, responses=responses or (), factors=chosen, sheet=sheet, mixture=mixture)


def _aimed(file: Path, names: list[str], sheet: str) -> list[str]:
    """The responses of a file when only those with limits were named: its own response first."""
    if not names:
        return []
    from luban.decide.improve.trials import read_trials

    own = [one for one in read_trials(file, sheet=sheet).responses if one not in names]
    return [*own[:1], *names]


def _aim(text: str) -> tuple[str, float | None]:
    if text in ("", "max", "min"):
        return text, None
    try:
        return "target", float(text)
    except ValueError:
        raise InputError("this aim is not known", came=text, expected="max, min or a number", where="--aim") from None


def _reduce(text: str) -> str:
    if text not in ("", "none", "p", "aic", "lenth"):
        raise InputError("this way to reduce a model is not known", came=text, expected="p, aic, lenth or none",
                         where="--reduce")  # fmt: skip
    return "" if text == "none" else text


def _first(
    factors: tuple[Factor, ...], count: int, seed: int, out: Path | None, language: str, *, as_json: bool
) -> int:
    """Trials to begin with: as many as are needed, or more if more are asked for."""
    from luban.decide.improve.bayes import first_trials
    from luban.decide.improve.design import unordered
    from luban.screens.i18n import words
    from luban.screens.report.quality_experiment import design_sheet

    if not factors:
        raise InputError(
            "an experiment has one factor at least", hint="luban doe next --factor 'temperature=150:250 °C'"
        )
    rows = first_trials(factors, max(count, 2 * len(factors) + 1), seed=seed)
    made = unordered("first trials, spread over the ranges", factors, rows, seed=seed)
    document = {"trials": [{"settings": made.natural(run)} for run in range(len(made))]}
    give(output(as_json), design_sheet(made, words(language)), document, out, language)
    return OK


def _write_runs(file: Path, heads: tuple[str, ...], rows: list[list[Any]], made: Design) -> None:
    part = file.with_name(file.name + ".part")
    try:
        if file.suffix.lower() == ".csv":
            with part.open("w", encoding="utf-8-sig", newline="") as text:
                csv.writer(text).writerows([heads, *rows])
        else:
            _workbook(part, heads, rows, made)
        part.replace(file)
    except OSError as error:
        raise InputError("the runs could not be written", came=str(error), where=str(file)) from None


def _workbook(part: Path, heads: tuple[str, ...], rows: list[list[Any]], made: Design) -> None:
    from io import BytesIO

    from xlsxwriter import Workbook

    held = BytesIO()
    with Workbook(held) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        fill = book.add_format({"bg_color": "#fff7d6", "border": 1})
        page = book.add_worksheet("runs")
        page.write_row(0, 0, heads, bold)
        for at, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                page.write_blank(at, column, None, fill) if cell == "" else page.write(at, column, cell)
        page.freeze_panes(1, 0)
        page.set_column(0, len(heads) - 1, 16)
        about = book.add_worksheet("about")
        about.write_column(0, 0, [made.kind, f"seed {made.seed}", *made.generators, *made.notes])
    part.write_bytes(held.getvalue())
