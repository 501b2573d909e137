"""`luban lifetime`: how long units last, from a file of failures and of units that still run; tests that prove it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.screens.cli.output import Output
    from luban.understand.health.lifetime import Lives

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban lifetime bearings.csv --mode cause -o bearings.pdf` · "
    "`luban lifetime looks.xlsx --low 'last ok' --high 'found failed' --family auto --age 500` · "
    "`luban lifetime plant --machine jinan/machining/lathe01` · `luban lifetime plant --part bearing` · "
    "`luban lifetime prototype.csv --growth --end 1500` · "
    "`luban lifetime --prove 0.95 --confidence 0.9 --shape 2 --ratio 1.5`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("lifetime", epilog=_EXAMPLES)(lifetime)


def lifetime(
    file: Annotated[
        Path | None,
        typer.Argument(help="A CSV, Excel or Parquet file of lives, or a plant's folder.", metavar="[FILE|DIR]"),
    ] = None,
    family: Annotated[
        str,
        typer.Option(help="weibull, exponential, lognormal, loglogistic, normal, weibull_3, …; auto: the likeliest."),
    ] = "weibull",
    shape: Annotated[
        float | None, typer.Option(help="Hold the Weibull shape at this value; for plans: known shape.")
    ] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of all intervals, and of plans [1].")] = 0.95,
    share: Annotated[
        list[float] | None, typer.Option(help="Failed share whose life is asked [1]; 0.1 is B10; may be repeated.")
    ] = None,
    age: Annotated[list[float] | None, typer.Option(help="Age that units shall outlive; may be repeated.")] = None,
    life: Annotated[str, typer.Option(help="Column of the lives.")] = "",
    status: Annotated[str, typer.Option(help="Column that says which units failed.")] = "",
    low: Annotated[str, typer.Option(help="Column of the last look at which the unit was in order.")] = "",
    high: Annotated[str, typer.Option(help="Column of the first look that found it failed; empty: still runs.")] = "",
    count: Annotated[str, typer.Option(help="Column of the number of units.")] = "",
    mode: Annotated[str, typer.Option(help="Column of the mode of failure.")] = "",
    entry: Annotated[str, typer.Option(help="Column of the age at which watching began.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the lives; converted where the file names another.")] = "",
    machine: Annotated[
        list[str] | None, typer.Option(help="With DIR: path of a work unit; may be repeated; all by default.")
    ] = None,
    part: Annotated[
        str,
        typer.Option(help="With DIR: a part, by its work orders; machines between failures if empty."),
    ] = "",
    clock: Annotated[str, typer.Option(help="With DIR: running or calendar hours.")] = "running",
    growth: Annotated[
        bool, typer.Option("--growth", help="The file holds the running times of one repaired system at its failures.")
    ] = False,
    end: Annotated[
        float | None, typer.Option(help="With --growth: when watching ended; with the last failure.")
    ] = None,
    prove: Annotated[float | None, typer.Option(help="Plan a test that proves this share of survivors [1].")] = None,
    prove_mean: Annotated[float | None, typer.Option(help="Plan a test that proves this mean life.")] = None,
    better: Annotated[
        float | None, typer.Option(help="With a plan: share or mean life that units are hoped to have.")
    ] = None,
    ratio: Annotated[float, typer.Option(help="With --prove: test length over the life to be proved [1].")] = 1.0,
    allow: Annotated[int, typer.Option(min=0, max=1000, help="With a plan: up to so many failures.")] = 2,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Weibull and other lives with censored units, intervals, B lives, modes of failure, growth, and test plans.

    Exit code 1 if the family asked for cannot be told from the file.
    """
    say = output(as_json)
    if prove is not None or prove_mean is not None:
        if file is not None or (prove is not None and prove_mean is not None):
            raise InputError(
                "a plan needs no file, and proves one thing", where="--prove", hint="leave one of them out"
            )
        _plan(say, prove, prove_mean, confidence, better, ratio, allow, shape, unit, out, language)
        return OK
    if file is None:
        raise InputError("no file", expected="a file of lives, or --prove, or --prove-mean", where="FILE")
    if growth:
        _growth(say, file, life, count, sheet, end, confidence, unit, out, language)
        return OK
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.health_lifetime import lifetime_sheet
    from luban.understand.health.lifetime import life_study, read_lives

    if file.is_dir():
        lives = _on_record(file, machine or (), part, clock)
    else:
        lives = read_lives(
            file, life=life, status=status, low=low, high=high, count=count, mode=mode, entry=entry, sheet=sheet,
            unit=unit, where=pairs(where or (), "--where"),
        )  # fmt: skip
    shares = tuple(share or (0.1, 0.5))
    study = life_study(lives, family, level=confidence, shape=shape, shares=shares, ages=tuple(age or ()))
    give(say, lifetime_sheet(study, words(language)), study.as_dict(), out, language)
    return NO if study.fit.reason else OK


def _on_record(folder: Path, machines: Sequence[str], part: str, clock: str) -> Lives:
    """Lives out of a plant's books."""
    from luban.screens.service import PlantView
    from luban.screens.service.lives import machine_lives, part_lives

    view = PlantView(plant_folder(folder))
    return part_lives(view, part, machines, clock=clock) if part else machine_lives(view, machines, clock=clock)


def _growth(
    say: Output, file: Path, life: str, count: str, sheet: str, end: float | None, level: float, unit: str,
    out: Path | None, language: str,
) -> None:  # fmt: skip
    from luban.screens.i18n import words
    from luban.screens.report.health_lifetime import growth_sheet
    from luban.understand.health.lifetime import grouped_growth, growth, read_times

    times, counts, own, source = read_times(file, life=life, count=count, sheet=sheet)
    if counts is None:
        result = growth(times, end, level, unit=unit or own)
    else:
        result = grouped_growth(times.tolist(), counts.tolist(), level, unit=unit or own)
    give(say, growth_sheet(result, words(language), times, counts, source), result.as_dict(), out, language)


def _plan(
    say: Output, share: float | None, mean: float | None, confidence: float, better: float | None, ratio: float,
    allow: int, shape: float | None, unit: str, out: Path | None, language: str,
) -> None:  # fmt: skip
    from dataclasses import asdict

    from luban.screens.i18n import words
    from luban.screens.report.health_lifetime import mean_plan_sheet, unit_plan_sheet
    from luban.understand.health.lifetime import mean_test, prove_mean, prove_reliability

    spoken = words(language)
    if share is not None:
        plans = [
            prove_reliability(share, confidence, failures, ratio=ratio, shape=shape, better=better)
            for failures in range(allow + 1)
        ]
        shown = unit_plan_sheet(plans, share, confidence, shape, spoken)
        give(say, shown, {"plans": [asdict(one) for one in plans]}, out, language)
        return
    assert mean is not None  # noqa: S101 - one of both is given
    lengths = [prove_mean(mean, confidence, failures, better=better) for failures in range(allow + 1)]
    if better is not None:
        lengths.append(mean_test(better, mean, 1 - confidence, 1 - confidence))
    give(
        say,
        mean_plan_sheet(lengths, mean, better, unit, spoken),
        {"plans": [asdict(one) for one in lengths]},
        out,
        language,
    )
