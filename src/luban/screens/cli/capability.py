"""`luban capability`: how well a process keeps its limits, from a file or a plant's books."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Characteristic, End, Span, Start, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.understand.quality.data import Sample
    from luban.understand.quality.tolerance import ToleranceInterval

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban capability shafts.csv --lower 24.987 --upper 25.013` · "
    "`luban capability flatness.xlsx --upper 0.05 --family auto -o flatness.pdf` · "
    "`luban capability holes.csv --value diameter --subgroup batch --lower 9.9 --upper 10.1 --share 0.99` · "
    "`luban capability examples/tiny_workshop --characteristic shaft:diameter`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("capability", epilog=_EXAMPLES)(capability)


def capability(
    what: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A CSV, Excel or Parquet file, or a plant's folder.")
    ],
    lower: Annotated[float | None, typer.Option(help="Lower specification limit; as file or plant say.")] = None,
    upper: Annotated[float | None, typer.Option(help="Upper specification limit.")] = None,
    target: Annotated[float | None, typer.Option(help="Target, for Cpm.")] = None,
    family: Annotated[
        str,
        typer.Option(help="normal; auto: normal unless refuted, else the best; or lognormal, weibull, gamma, …"),
    ] = "normal",
    method: Annotated[
        str, typer.Option(help="Spread within subgroups: pooled, rbar, sbar or mr; pooled, or mr for single values.")
    ] = "",
    despite: Annotated[
        str, typer.Option(metavar="REASON", help="Tell Cp and Cpk although the process is not in control, and why.")
    ] = "",
    left: Annotated[
        list[str] | None,
        typer.Option("--leave-out", help="Subgroup left out with its reason, e.g. 14='new coil'; may be repeated."),
    ] = None,
    wanted: Annotated[float, typer.Option(min=0.0, help="Index the process should reach [1].")] = 1.33,
    share: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Add tolerance intervals that hold this share [1].")
    ] = None,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of all intervals [1].")] = 0.95,
    value: Annotated[str, typer.Option(help="Column of the values, or several with commas between.")] = "",
    subgroup: Annotated[str, typer.Option(help="Column that names the subgroup.")] = "",
    time: Annotated[str, typer.Option(help="Column of the time.")] = "",
    size: Annotated[int, typer.Option(min=0, help="So many values after each other are a subgroup.")] = 0,
    shape: Annotated[str, typer.Option(help="auto, single, long, wide or columns.")] = "auto",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    order: Annotated[str, typer.Option(help="Where times run backwards: check, file or time.")] = "check",
    unit: Annotated[str, typer.Option(help="Unit of the values and limits.")] = "",
    characteristic: Characteristic = "",
    group: Annotated[
        str, typer.Option(help="With DIR: single, lot, or so many values a subgroup; as its limits were frozen.")
    ] = "",
    span: Span = "",
    start: Start = "",
    end: End = "",
    seed: Annotated[int, typer.Option(help="Of the draws for intervals of other families.")] = 1,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Cp, Cpk, Pp, Ppk, Cpm with intervals, the shares beyond the limits, and whether all that may be said.

    Exit code 1 if Cpk (Ppk where Cpk is withheld) is below --wanted, or if neither can be told.
    """
    from luban.screens.cli.spc_data import pairs, plant_data
    from luban.screens.i18n import words
    from luban.screens.report.quality_capability import capability_sheet, verdict
    from luban.understand.quality.capability import capability as study_of, leave_out
    from luban.understand.quality.read import read_sample

    if what.is_dir():
        books = plant_data(what, characteristic, group, span, start, end)
        sample = leave_out(_limited(books.sample, lower, target, upper), books.out)
    else:
        if order not in {"check", "file", "time"}:
            raise InputError("no such order", came=order, expected="check, file or time", where="--order")
        sample = read_sample(
            what, sheet=sheet, value=value, subgroup=subgroup, time=time, size=size, shape=shape, lower=lower,
            where=pairs(where or (), "--where"), order=order, target=target, upper=upper, unit=unit,  # type: ignore[arg-type]
        )  # fmt: skip
    sample = leave_out(sample, pairs(left or (), "--leave-out"))
    study = study_of(sample, family=family, method=method, level=confidence, despite=despite, seed=seed)
    intervals = _tolerance(sample, share, confidence) if share is not None else []
    document = study.as_dict() | {"tolerance": [one.as_dict() for one in intervals]}
    shown = capability_sheet(study, words(language), intervals, wanted=wanted)
    give(output(as_json), shown, document, out, language)
    main = verdict(study).value
    return OK if main is not None and main >= wanted else NO


def _limited(sample: Sample, lower: float | None, target: float | None, upper: float | None) -> Sample:
    return replace(
        sample, lower=sample.lower if lower is None else lower, target=sample.target if target is None else target,
        upper=sample.upper if upper is None else upper,
    )  # fmt: skip


def _tolerance(sample: Sample, share: float, confidence: float) -> list[ToleranceInterval]:
    """Normal and free intervals, two-sided and towards each limit."""
    from luban.understand.quality.tolerance import free_tolerance, normal_tolerance

    sides = ["two"] if sample.lower is not None and sample.upper is not None else []
    sides += ["lower"] if sample.lower is not None else []
    sides += ["upper"] if sample.upper is not None else []
    ways = (normal_tolerance, free_tolerance)
    return [way(sample.values, share, confidence, side=side) for way in ways for side in sides]
