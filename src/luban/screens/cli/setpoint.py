"""`luban setpoint`: which set-point to take next, from a file of measured values or a plant's books."""

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
    from luban.decide.setpoint.proposal import Knob
    from luban.understand.quality.data import Floats, Sample

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban setpoint shafts.csv --target 25 --gain 1 --now 0 --lowest -0.05 --highest 0.05 --move 0.01` · "
    "`luban setpoint etch.xlsx --value depth --set-points time_s --gain 0.8 --lowest 40 --highest 70 -o etch.pdf` · "
    "`luban setpoint examples/tiny_workshop --characteristic shaft:diameter --lowest -0.05 --highest 0.05`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("setpoint", epilog=_EXAMPLES)(setpoint)


def setpoint(
    what: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A CSV, Excel or Parquet file, or a plant's folder.")
    ],
    lowest: Annotated[float | None, typer.Option(help="Lowest set-point of the safe envelope.")] = None,
    highest: Annotated[float | None, typer.Option(help="Highest set-point of the safe envelope.")] = None,
    move: Annotated[float | None, typer.Option(help="Most change at once.")] = None,
    resolution: Annotated[float, typer.Option(min=0.0, help="Smallest step that can be set; 0: any.")] = 0.0,
    gain: Annotated[float, typer.Option(help="Change of the value for a change of the set-point by 1.")] = 1.0,
    now: Annotated[
        float | None, typer.Option(help="Set-point in force; else the last of --set-points, else 0.")
    ] = None,
    name: Annotated[str, typer.Option(help="What the set-point is called.")] = "offset",
    knob_unit: Annotated[str, typer.Option("--set-point-unit", help="Unit of the set-point.")] = "",
    set_points: Annotated[str, typer.Option("--set-points", help="Column of the set-points in force.")] = "",
    weight: Annotated[float | None, typer.Option(help="λ of the level's EWMA; else the likeliest.")] = None,
    target: Annotated[
        float | None, typer.Option(help="Target; else the file's or plant's, else mid-tolerance.")
    ] = None,
    lower: Annotated[float | None, typer.Option(help="Lower specification limit.")] = None,
    upper: Annotated[float | None, typer.Option(help="Upper specification limit.")] = None,
    value: Annotated[str, typer.Option(help="Column of the values, or several with commas between.")] = "",
    subgroup: Annotated[str, typer.Option(help="Column that names the run.")] = "",
    time: Annotated[str, typer.Option(help="Column of the time.")] = "",
    size: Annotated[int, typer.Option(min=0, help="So many values after each other are a run.")] = 0,
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    unit: Annotated[str, typer.Option(help="Unit of the values and limits.")] = "",
    characteristic: Characteristic = "",
    group: Annotated[str, typer.Option(help="With DIR: single, lot, or so many values a run.")] = "single",
    span: Span = "",
    start: Start = "",
    end: End = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Which set-point to take, inside its envelope, with predicted effect and reasons. Nothing is written to a machine.

    With DIR, what was agreed on the page (knob, envelope, set-points in force) counts; options go before it.
    Exit code 1 if a change is wanted that the envelope does not allow.
    """
    from luban.decide.setpoint.proposal import propose
    from luban.screens.i18n import words
    from luban.screens.report.quality_control import control_sheet
    from luban.understand.quality.read import read_sample

    own = _Wished(lowest, highest, move, resolution, gain, now, name, knob_unit)
    if what.is_dir():
        sample, knob, points, agreed = _of_plant(what, characteristic, group, (span, start, end), own)
        target = agreed if target is None else target
    else:
        points = None
        if set_points:
            sample, points = _with_set_points(what, sheet, value, set_points, (lower, upper), unit)
        else:
            sample = read_sample(
                what, sheet=sheet, value=value, subgroup=subgroup, time=time, size=size, lower=lower, upper=upper,
                unit=unit,
            )  # fmt: skip
        knob = own.knob(float(points[-1]) if points is not None else 0.0, sample.unit)
    sample = replace(sample, lower=_or(lower, sample.lower), upper=_or(upper, sample.upper))
    plan = propose(sample, knob, target=target, weight=weight, set_points=points)
    give(output(as_json), control_sheet(plan, words(language)), plan.as_dict(), out, language)
    return NO if plan.decision == "blocked" else OK


class _Wished:
    """What the options say of a knob."""

    def __init__(
        self, lowest: float | None, highest: float | None, move: float | None, resolution: float, gain: float,
        now: float | None, name: str, unit: str,
    ) -> None:  # fmt: skip
        self.lowest, self.highest, self.move, self.resolution = lowest, highest, move, resolution
        self.gain, self.now, self.name, self.unit = gain, now, name, unit

    @property
    def given(self) -> bool:
        """An envelope was given."""
        return self.lowest is not None and self.highest is not None

    def knob(self, now: float, unit: str) -> Knob:
        """The knob. Raises InputError without an envelope: nothing is proposed without limits."""
        from luban.decide.setpoint.envelope import Envelope
        from luban.decide.setpoint.proposal import Knob

        if self.lowest is None or self.highest is None:
            hint = "say how far the set-point may go: --lowest and --highest"
            raise InputError("no safe envelope", expected="--lowest and --highest", hint=hint)
        envelope = Envelope(self.lowest, self.highest, self.move, self.resolution)
        return Knob(self.name, self.unit or unit, self.gain, now if self.now is None else self.now, envelope)


def _of_plant(
    folder: Path, characteristic: str, group: str, span: tuple[str, str, str], own: _Wished
) -> tuple[Sample, Knob, Floats | None, float | None]:
    """Sample, knob, set-points in force at each run, and the agreed target."""
    from luban.decide.setpoint.standing import standing_of
    from luban.screens.cli.options import plant_folder
    from luban.screens.cli.spc_data import plant_data
    from luban.screens.service import PlantView
    from luban.understand.book import entries

    sample = plant_data(folder, characteristic, group, *span).sample
    ledger = PlantView(plant_folder(folder)).ledger
    stands = standing_of(entries(ledger, "setpoint", sample.characteristic))
    points = stands.in_force(sample.time) if len(stands.since) else None
    if own.given:
        now = 0.0 if points is None else float(stands.set_points[-1])
        return sample, own.knob(now, sample.unit), points, stands.target
    if stands.knob is None:
        hint = "agree on it on the page Quality › Control, or give --lowest and --highest"
        raise InputError("no safe envelope is agreed on", where=sample.characteristic, hint=hint)
    return sample, stands.knob, points, stands.target


def _with_set_points(
    what: Path, sheet: str, value: str, name: str, limits: tuple[float | None, float | None], unit: str
) -> tuple[Sample, Floats]:
    """Rows that hold both a value and the set-point in force; the others are listed as left out."""
    from luban.understand.quality.data import individuals
    from luban.understand.quality.read import read_columns

    columns = read_columns(what, sheet=sheet)
    name = columns.find(name)
    if not value:
        others = [own for own in columns.names if own != name and columns.numeric(own)]
        if len(others) != 1:
            raise InputError(
                "which column is the value", came=", ".join(others), expected="--value NAME", where=what.name
            )
        value = others[0]
    value = columns.find(value)
    rows = columns.usable(numbers=(value, name))
    made = individuals(rows.numbers[value], characteristic=value, unit=unit or rows.units.get(value, ""))
    sample = replace(
        made, labels=tuple(columns.place(row) for row in rows.rows), lower=limits[0], upper=limits[1],
        excluded=rows.excluded, source=columns.source,
    )  # fmt: skip
    return sample, rows.numbers[name]


def _or(first: float | None, second: float | None) -> float | None:
    return second if first is None else first
