"""`luban spc`: a control chart of a file or of a plant's books, with every signal and the rule that it broke."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Characteristic, End, Span, Start, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.screens.i18n import Words
    from luban.screens.report.sheet import Block
    from luban.understand.quality.spc import Chart, Limits

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban spc shafts.xlsx` · `luban spc holes.csv --value diameter --subgroup batch --rules nelson` · "
    "`luban spc defects.csv --chart u -o chart.pdf` · `luban spc x.csv --chart ewma --set weight=0.1 --arl` · "
    "`luban spc x.csv --freeze limits.json --person q.li --reason '25 stable subgroups'` then "
    "`luban spc new.csv --limits limits.json` · `luban spc examples/tiny_workshop --characteristic shaft:diameter`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("spc", epilog=_EXAMPLES)(spc)


def spc(
    what: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="A CSV, Excel or Parquet file, or a plant's folder.")
    ],
    chart: Annotated[
        str,
        typer.Option(
            help="i_mr, xbar_r, xbar_s, p, np, c, u, laney_p, laney_u, ewma, cusum, moving_average, t2, mewma, dnom, "
            "z_mr, short_xbar_r; else what fits the data."
        ),
    ] = "",
    rules: Annotated[
        str,
        typer.Option(
            help="limits, nelson, western_electric, none, or names such as nelson_1,nelson_2. Without it those of the "
            "frozen limits, else nelson."
        ),
    ] = "",
    option: Annotated[
        list[str] | None, typer.Option("--set", help="Option of the chart, e.g. weight=0.1; may be repeated.")
    ] = None,
    out: Annotated[
        list[str] | None,
        typer.Option("--leave-out", help="Point left out of the limits with its reason, e.g. 14='new coil'; repeat."),
    ] = None,
    trial: Annotated[
        bool, typer.Option("--trial", help="Leave out what signals until the rest is in control.")
    ] = False,
    limits: Annotated[Path | None, typer.Option(help="Frozen limits (JSON) to judge these points by.")] = None,
    freeze: Annotated[Path | None, typer.Option(help="Write the limits of these points to this file.")] = None,
    person: Annotated[str, typer.Option(help="With --freeze: who freezes them.")] = "",
    reason: Annotated[str, typer.Option(help="With --freeze: why.")] = "",
    arl: Annotated[bool, typer.Option("--arl", help="Add the average run length of this chart and rules.")] = False,
    value: Annotated[list[str] | None, typer.Option(help="Column of the values; several for T² and MEWMA.")] = None,
    subgroup: Annotated[str, typer.Option(help="Column that names the subgroup.")] = "",
    time: Annotated[str, typer.Option(help="Column of the time.")] = "",
    size: Annotated[int, typer.Option(min=0, help="So many values after each other are a subgroup.")] = 0,
    shape: Annotated[str, typer.Option(help="auto, single, long, wide or columns.")] = "auto",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    count: Annotated[str, typer.Option(help="Column of what was counted.")] = "",
    inspected: Annotated[str, typer.Option(help="Column of the pieces or area inspected, or one number.")] = "",
    product: Annotated[str, typer.Option(help="Short runs: column that names the product.")] = "",
    nominal: Annotated[list[str] | None, typer.Option(help="Short runs: product=nominal; may be repeated.")] = None,
    where: Annotated[list[str] | None, typer.Option(help="Only rows with column=text; may be repeated.")] = None,
    order: Annotated[str, typer.Option(help="Where times run backwards: check, file or time.")] = "check",
    unit: Annotated[str, typer.Option(help="Unit to show the values in.")] = "",
    characteristic: Characteristic = "",
    group: Annotated[
        str, typer.Option(help="With DIR: single, lot, or so many values a subgroup; else as the limits were frozen.")
    ] = "",
    span: Span = "",
    start: Start = "",
    end: End = "",
    report: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Draw a control chart and name every signal with the rule that it broke.

    Without --chart the data say which: single values i_mr, subgroups xbar_r or xbar_s, counts p, c or u.
    Exit code 1 if the process is out of control.
    """
    from luban.screens.cli.spc_data import FromFile, file_data, pairs, plant_data
    from luban.screens.i18n import words
    from luban.screens.report.quality_spc import spc_sheet

    stages: tuple[Limits, ...] = ()
    zone: ZoneInfo | None = None
    left_out = pairs(out or (), "--leave-out")
    if what.is_dir():
        books = plant_data(what, characteristic, group, span, start, end)
        data, kind, stages, zone = books.sample, chart or books.kind, books.stages, books.zone
        rules, left_out = rules or ",".join(books.rules), left_out if limits else {**books.out, **left_out}
        fresh = bool(option or out or trial)
    else:
        numbers = {name: _number(text, "--nominal") for name, text in pairs(nominal or (), "--nominal").items()}
        how = FromFile(tuple(value or ()), subgroup, time, size, shape, sheet, count, inspected, product, numbers,
                       pairs(where or (), "--where"), order, unit)  # fmt: skip
        kind, data = file_data(what, chart or (_kind_of(limits) if limits else ""), how)
        fresh = True
    made = _chart(kind, data, rules=rules or "nelson", options=pairs(option or (), "--set"), out=left_out, trial=trial,
                  limits=limits, stages=() if fresh else stages)  # fmt: skip
    if freeze is not None:
        _freeze(made, freeze, person, reason)
    say = words(language)
    more = [*_parts(made, data, say), *(_run_lengths(made, data, say) if arl else ())]
    give(output(as_json), spc_sheet(made, say, more, zone), _document(made, data, arl=arl), report, language)
    return OK if made.in_control else NO


# ---------------------------------------------------------------- the chart


def _chart(
    kind: str, data: Any, *, rules: str, options: Mapping[str, str], out: Mapping[str, str], trial: bool,
    limits: Path | None, stages: Sequence[Limits],
) -> Chart:  # fmt: skip
    """Phase 2 where limits are given or people froze some for this chart, else phase 1."""
    from luban.screens.cli.spc_data import usual_kind
    from luban.understand.quality.spc import control_chart
    from luban.understand.quality.spc.phases import staged_chart, trial_chart

    kind = kind or usual_kind(data)
    chosen = [one.strip() for one in rules.split(",") if one.strip()]
    read = {name: _option(text) for name, text in options.items()}
    if limits is not None:
        return control_chart(kind, data, rules=chosen, limits=_limits(limits), out=_points(out, data), **read)
    held = [one for one in stages if one.kind == kind]
    if held:
        return staged_chart(data, held, rules=chosen)
    draw = trial_chart if trial else control_chart
    return draw(kind, data, rules=chosen, out=_points(out, data), **read)


def _points(out: Mapping[str, str], data: Any) -> dict[int, str]:
    """Points by label → their index."""
    labels = list(map(str, data.labels))
    missing = [label for label in out if label not in labels]
    if missing:
        raise InputError("no such point", came=", ".join(missing), expected=", ".join(labels[:12]), where="--leave-out")
    return {labels.index(label): why for label, why in out.items()}


def _option(text: str) -> Any:
    """A number, a list or true/false as JSON knows it, else a word."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError("not a number", came=text, where=option) from None


def _read(path: Path) -> Mapping[str, Any]:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("these limits cannot be read", came=str(error), where=str(path),
                         hint="write them with --freeze") from None  # fmt: skip
    if not isinstance(read, dict):
        raise InputError("these are no limits", where=str(path), expected="what --freeze wrote")
    return read


def _limits(path: Path) -> Limits:
    from luban.understand.quality.spc import Limits

    return Limits.from_dict(_read(path))


def _kind_of(path: Path) -> str:
    return str(_read(path).get("kind", ""))


def _freeze(made: Chart, path: Path, person: str, reason: str) -> None:
    from luban.understand.quality.spc.phases import freeze

    limits = freeze(made, person=person, reason=reason)
    text = json.dumps(limits.as_dict(), ensure_ascii=False, indent=2) + "\n"
    try:
        part = path.with_name(path.name + ".part")
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError("the limits could not be written", came=str(error), where=str(path)) from None


# ---------------------------------------------------------------- what is added


def _signalled(made: Chart) -> list[int]:
    return sorted({one.point for one in made.violations})


def _parts_of(made: Chart, data: Any) -> dict[int, Any]:
    """The characteristics that speak in each T² signal."""
    from luban.understand.quality.spc.multivariate import decompose

    if made.kind != "t2":
        return {}
    told = {}
    for at in _signalled(made):
        rows = data.values[data.starts[at] : data.starts[at + 1]]
        told[at] = decompose(rows.mean(axis=0), made.parameters, size=float(len(rows)))
    return told


def _parts(made: Chart, data: Any, say: Words) -> list[Block]:
    from luban.screens.report.quality_spc import parts_block

    return parts_block(made, _parts_of(made, data), say)


def _run_lengths(made: Chart, data: Any, say: Words) -> list[Block]:
    from luban.screens.report.quality_spc import run_length_block

    return [run_length_block(_expected(made, data), say)]


def _expected(made: Chart, data: Any) -> Any:
    """Average run lengths; the size of the subgroups is that of the data where it is one."""
    from luban.understand.quality.spc.expected import expected_run_lengths

    sizes = set(getattr(data, "sample", data).sizes.tolist())
    one = {"size": sizes.pop()} if len(sizes) == 1 else {}
    return expected_run_lengths(made.kind, {**made.parameters, **one}, made.parameters["rules"])


def _document(made: Chart, data: Any, *, arl: bool) -> dict[str, Any]:
    """The chart as JSON with what was added to it."""
    from dataclasses import asdict

    told = made.as_dict()
    parts = _parts_of(made, data)
    if parts:
        told["parts"] = {str(made.labels[at]): [asdict(one) for one in own] for at, own in parts.items()}
    if made.kind == "cusum":
        from luban.understand.quality.spc.cusum import cusum_shifts

        told["shifts"] = [asdict(one) for one in cusum_shifts(made)]
    if arl:
        told["average_run_lengths"] = [asdict(one) for one in _expected(made, data)]
    return told
