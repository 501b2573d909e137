"""`luban gauge`: gauge studies of a file, repeatability and reproducibility, bias, linearity, stability, agreement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.understand.quality.agreement import Agreement
    from luban.understand.quality.gauge_study import Bias, Linearity
    from luban.understand.quality.gauge_study.levels import LevelStudy
    from luban.understand.quality.read import Columns

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban gauge study.csv` · `luban gauge study.xlsx --method range --lower 24.98 --upper 25.02 -o rr.pdf` "
    "· `luban gauge linear.csv --study linearity --process 0.12` · `luban gauge master.csv --study bias --reference 6` "
    "· `luban gauge master.csv --study stability --reference 6` · `luban gauge visual.csv --study agreement --good ok` "
    "· `luban gauge sittings.csv --study levels --repeats 6`"
)
_STUDIES = ("rr", "bias", "linearity", "stability", "agreement", "levels")
_METHODS = ("anova", "range", "nested")


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("gauge", epilog=_EXAMPLES)(gauge)


def gauge(
    what: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV, Excel or Parquet file.")],
    study: Annotated[str, typer.Option(help="rr, bias, linearity, stability, agreement or levels.")] = "rr",
    method: Annotated[str, typer.Option(help="Of rr: anova, range or nested.")] = "anova",
    part: Annotated[str, typer.Option(help="Column of the part.")] = "",
    operator: Annotated[str, typer.Option(help="Column of the operator or appraiser.")] = "",
    value: Annotated[str, typer.Option(help="Column of the readings, or those of the trials with commas.")] = "",
    reference: Annotated[str, typer.Option(help="Reference value of the piece, or the column of it.")] = "",
    instrument: Annotated[str, typer.Option("--gauge", help="Levels: column of the gauge.")] = "",
    run: Annotated[str, typer.Option(help="Levels: column of the run.")] = "",
    repeats: Annotated[int, typer.Option(min=0, help="Levels: readings in a sitting.")] = 0,
    good: Annotated[str, typer.Option(help="Agreement: the judgement that means a good part.")] = "",
    weights: Annotated[str, typer.Option(help="Agreement: none, linear or quadratic.")] = "none",
    order: Annotated[str, typer.Option(help="Agreement: classes from low to high, with commas.")] = "",
    lower: Annotated[float | None, typer.Option(help="Lower specification limit.")] = None,
    upper: Annotated[float | None, typer.Option(help="Upper specification limit.")] = None,
    process: Annotated[float | None, typer.Option(help="Spread of the process, 6 standard deviations.")] = None,
    pool: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Of rr: leave the interaction out where its p is above this.")
    ] = 0.25,
    confidence: Annotated[float, typer.Option(min=0.5, max=0.9999, help="Of all intervals [1].")] = 0.95,
    subgroup: Annotated[str, typer.Option(help="Stability: column of the sitting.")] = "",
    time: Annotated[str, typer.Option(help="Stability: column of the time.")] = "",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    unit: Annotated[str, typer.Option(help="Unit of the readings.")] = "",
    seed: Annotated[int, typer.Option(help="Of the draws for intervals.")] = 1,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """How much of what is measured the measuring itself brings.

    Exit code 1 if the gauge is not good: gauge R&R above 30 %, a bias or a change of bias that is not chance, not
    stable, or an appraiser beyond the limits.
    """
    from luban.screens.cli.spc_data import pairs
    from luban.screens.i18n import words
    from luban.screens.report.quality_gauge import gauge_sheet
    from luban.understand.quality.read import read_columns

    if study not in _STUDIES:
        raise InputError("no such study", came=study, expected=", ".join(_STUDIES), where="--study")
    columns = read_columns(what, sheet)
    if where:
        columns = columns.only(pairs(where, "--where"))
    asked: dict[str, Any] = {
        "method": method, "part": part, "operator": operator, "value": value, "reference": reference, "order": order,
        "instrument": instrument, "run": run, "repeats": repeats, "good": good, "weights": weights, "lower": lower,
        "upper": upper, "process": process, "pool": pool, "level": confidence, "subgroup": subgroup, "time": time,
        "unit": unit, "seed": seed,
    }  # fmt: skip
    found = _WAYS[study](columns, asked)
    document = [one.as_dict() for one in found] if isinstance(found, tuple) else found.as_dict()
    give(output(as_json), gauge_sheet(found, words(language)), document, out, language)
    return NO if _poor(found, 1 - confidence) else OK


def _rr(columns: Columns, own: dict[str, Any]) -> Any:
    from luban.understand.quality.gauge_study import average_range, crossed, nested
    from luban.understand.quality.gauge_study.columns import readings_of

    if own["method"] not in _METHODS:
        raise InputError("no such method", came=own["method"], expected=", ".join(_METHODS), where="--method")
    read = readings_of(
        columns, part=own["part"], operator=own["operator"], value=own["value"], unit=own["unit"], lower=own["lower"],
        upper=own["upper"],
    )  # fmt: skip
    if own["method"] == "range":
        return average_range(read, level=own["level"], seed=own["seed"])
    if own["method"] == "nested":
        return nested(read, level=own["level"], seed=own["seed"])
    return crossed(read, pool_above=own["pool"], level=own["level"], seed=own["seed"])


def _referenced(columns: Columns, own: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Readings, reference of each, and what was left out."""
    import numpy as np

    from luban.understand.quality.gauge_study.columns import named, value_columns

    known = _number(own["reference"])
    column = "" if known is not None else named(columns, "reference", own["reference"])
    (value, *more) = value_columns(columns, own["value"], [column] if column else [])
    if more:
        raise InputError("one column of readings is needed", came=", ".join((value, *more)), where="--value")
    usable = columns.usable([value, column] if column else [value], units={value: own["unit"]})
    x = usable.numbers[value]
    return x, usable.numbers[column] if column else np.full(len(x), known), usable


def _bias(columns: Columns, own: dict[str, Any]) -> tuple[Bias, ...]:
    import numpy as np

    from luban.understand.quality.gauge_study import bias

    values, reference, _ = _referenced(columns, own)
    tolerance = _tolerance(own)
    return tuple(
        bias(values[reference == one], float(one), tolerance=tolerance, process=own["process"], level=own["level"],
             label=f"{one:g}")
        for one in np.unique(reference)
    )  # fmt: skip


def _linearity(columns: Columns, own: dict[str, Any]) -> Linearity:
    from luban.understand.quality.gauge_study import linearity

    values, reference, usable = _referenced(columns, own)
    return linearity(
        reference, values, process=own["process"], tolerance=_tolerance(own), level=own["level"], source=columns.source,
        excluded=usable.excluded, unit=next(iter(usable.units.values())),
    )  # fmt: skip


def _stability(columns: Columns, own: dict[str, Any]) -> Any:
    from luban.understand.quality.gauge_study import gauge_stability
    from luban.understand.quality.read import read_sample

    sample = read_sample(
        columns, value=own["value"], subgroup=own["subgroup"], time=own["time"], lower=own["lower"], upper=own["upper"],
        unit=own["unit"],
    )  # fmt: skip
    known = _number(own["reference"])
    if own["reference"] and known is None:
        raise InputError("the master's reference is one number", came=own["reference"], where="--reference")
    return gauge_stability(sample, known, tolerance=_tolerance(own), level=own["level"])


def _agreement(columns: Columns, own: dict[str, Any]) -> Agreement:
    from luban.understand.quality.agreement import agreement
    from luban.understand.quality.gauge_study.columns import judgements_of

    read = judgements_of(
        columns, part=own["part"], operator=own["operator"], value=own["value"], reference=own["reference"]
    )
    order = [one.strip() for one in own["order"].split(",") if one.strip()]
    return agreement(
        read.part, read.appraiser, read.judged, read.reference, good=own["good"], order=order, weights=own["weights"],
        level=own["level"], excluded=read.excluded, source=read.source,
    )  # fmt: skip


def _levels(columns: Columns, own: dict[str, Any]) -> LevelStudy:
    from luban.understand.quality.gauge_study import level_study
    from luban.understand.quality.gauge_study.columns import named

    if own["repeats"] < 2:
        came = str(own["repeats"])
        raise InputError("how many readings has a sitting", came=came, expected="at least 2", where="--repeats")
    names = {
        "average": named(columns, "average", own["value"]), "deviation": named(columns, "deviation"),
        "part": named(columns, "part", own["part"]), "run": named(columns, "run", own["run"], needed=False),
        "gauge": named(columns, "gauge", own["instrument"], needed=False),
    }  # fmt: skip
    texts = [names[role] for role in ("part", "run", "gauge") if names[role]]
    usable = columns.usable([names["average"], names["deviation"]], texts)
    told = {role: usable.texts[names[role]] if names[role] else None for role in ("part", "run", "gauge")}
    return level_study(
        usable.numbers[names["average"]], usable.numbers[names["deviation"]], told["part"] or (), told["run"],
        told["gauge"], repeats=own["repeats"], level=own["level"], excluded=usable.excluded, source=columns.source,
        unit=usable.units[names["average"]],
    )  # fmt: skip


_WAYS: dict[str, Any] = {
    "rr": _rr, "bias": _bias, "linearity": _linearity, "stability": _stability, "agreement": _agreement,
    "levels": _levels,
}  # fmt: skip


def _poor(found: Any, doubt: float) -> bool:
    """The answer is no."""
    from luban.understand.quality.agreement import Agreement
    from luban.understand.quality.gauge_study import GaugeStability, GaugeStudy, Linearity

    if isinstance(found, GaugeStudy):
        return found.verdict == "bad"
    if isinstance(found, Linearity):
        chances = [found.slope.p, *(one.p for one in found.levels)]
        return any(p is not None and p < doubt for p in chances)
    if isinstance(found, GaugeStability):
        off = found.bias is not None and found.bias.p is not None and found.bias.p < doubt
        return found.judged.in_control is False or off
    if isinstance(found, Agreement):
        return "bad" in found.verdicts.values()
    return isinstance(found, tuple) and any(one.p is not None and one.p < doubt for one in found)


def _tolerance(own: dict[str, Any]) -> float | None:
    if own["lower"] is None or own["upper"] is None:
        return None
    if own["lower"] >= own["upper"]:
        came = f"lower {own['lower']:g}, upper {own['upper']:g}"
        raise InputError("specification limits are reversed", came=came, expected="lower below upper")
    return float(own["upper"] - own["lower"])


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
