"""`luban health diagnose`: what ails a machine, by past cases and engineers' rules; from a file or a plant's books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.screens.cli.output import Output
    from luban.understand.health.diagnosis import Asked, Verdict
    from luban.understand.quality.read import Columns

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban health diagnose pump.csv --cause fault` · `luban health diagnose mill.xlsx --cause cause "
    "--rules diagnosis.toml -o mill.pdf` · `luban health diagnose . --machine jinan/mill`"
)


def register(group: typer.Typer) -> None:
    """Hang the command into `luban health`."""
    group.command("diagnose", epilog=_EXAMPLES)(diagnose)


def diagnose(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A table of signals (CSV, Excel, Parquet), or a plant's folder.")
    ],
    cause: Annotated[
        str, typer.Option(help="With FILE: column of causes; empty or good: good operation, ?: what is asked.")
    ] = "cause",
    rules: Annotated[
        Path | None, typer.Option(help="With FILE: engineers' rules, a TOML file. With DIR: diagnosis.toml there.")
    ] = None,
    machine: Annotated[
        str, typer.Option(help="With FILE: column that names the machine. With DIR: path of one machine.")
    ] = "",
    time: Annotated[str, typer.Option(help="With FILE: column of the clock.")] = "",
    regime: Annotated[str, typer.Option(help="With FILE: column of product, program, load: what is compared.")] = "",
    channel: Annotated[
        list[str] | None, typer.Option(help="With FILE: column to compare; all numbers by default; may be repeated.")
    ] = None,
    window: Annotated[int, typer.Option(min=5, max=10_000, help="Rows of a window that is compared.")] = 40,
    false_known: Annotated[
        float,
        typer.Option(min=0.001, max=0.99, help="Share of windows of an unknown cause that may be named [1]."),
    ] = 0.1,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The likely cause with its evidence and its past case, or that it is unknown, at a stated rate of mix-ups.

    Exit code 1 if a cause is named, or something unusual has no known cause.
    """
    say = output(as_json)
    if source.is_dir():
        return _plant(say, source, machine, out, language)
    if not source.exists():
        raise InputError("no such file or folder", where=str(source))
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.health_diagnosis import study_sheet
    from luban.understand.health.diagnosis import LearnRule, diagnosis_study, read_rules
    from luban.understand.quality.data import NO_TIME
    from luban.understand.quality.read import read_columns

    table = read_columns(source, sheet)
    table = table.only(pairs(where, "--where")) if where else table
    machines = _asked(table, cause, machine, time, regime, tuple(channel or ()))
    book = read_rules(rules) if rules is not None else None
    if book is not None and any((one.time == NO_TIME).any() for one in machines):
        raise InputError("rules need a clock", where=str(source), hint="name the column of the clock with --time")
    study = diagnosis_study(
        machines, window=window, rule=LearnRule(false_known=false_known), rules=book, source=table.source
    )  # fmt: skip
    rows = sum(len(one.time) for one in machines)
    give(say, study_sheet(study, words(language), source.stem, rows), study.as_dict(), out, language)
    return NO if any(_ailing(one.verdict) for one in study.told) else OK


def _asked(table: Columns, cause: str, machine: str, time: str, regime: str, channels: tuple[str, ...]) -> list[Asked]:
    """Each machine's rows with their causes: read once with regimes, once with causes in their place."""
    from dataclasses import replace

    from luban.understand.health.diagnosis import Asked
    from luban.understand.health.machine import Asked as Columned, read_readings

    column = table.find(cause)
    rest = replace(table, names=tuple(name for name in table.names if name != column))
    signals = read_readings(rest, Columned(time, machine, regime, channels=channels))
    plain = read_readings(table, Columned(time, machine, column, channels=channels))
    return [
        Asked(one.machine, one.time, one.channels, one.units, one.values, told.regimes or (), one.regimes)
        for one, told in zip(signals, plain, strict=True)
    ]  # fmt: skip


def _plant(say: Output, folder: Path, machine: str, out: Path | None, language: str) -> int:
    from luban.screens.cli.options import plant_folder
    from luban.screens.i18n import words
    from luban.screens.report.health_diagnosis import diagnosed_sheet, fleet_diagnosis_sheet
    from luban.screens.service import PlantView
    from luban.screens.service.health import HealthBooks
    from luban.screens.service.health_diagnosis import DiagnosisDesk

    desk = DiagnosisDesk(HealthBooks(PlantView(plant_folder(folder))))
    plant, spoken = desk.books.view.plant, words(language)
    if machine:
        path = machine if machine in plant.work_units else f"{plant.id}/{machine}"
        told = desk.diagnosed(path)
        give(
            say,
            diagnosed_sheet(told, spoken, plant.place(path).name or path, plant.zone),
            told.as_dict(),
            out,
            language,
        )
        return NO if told.verdict is not None and _ailing(told.verdict) else OK
    found = [desk.diagnosed(path) for path in desk.books.machines()]
    sheet = fleet_diagnosis_sheet(found, spoken, plant.name, plant.zone)
    give(say, sheet, {"machines": [one.as_dict() for one in found]}, out, language)
    return NO if any(one.verdict is not None and _ailing(one.verdict) for one in found) else OK


def _ailing(verdict: Verdict) -> bool:
    return verdict.known or bool(verdict.causes)
