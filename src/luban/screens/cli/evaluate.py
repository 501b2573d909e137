"""`luban evaluate` and `luban report`: acts judged, bundles written and computed anew, the review as a report."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK, Output
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.rollup.evaluation import Policy
    from luban.screens.service.review import Loaded

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban evaluate water.csv --indicator I11 --treated CN/13 --since 2018` · "
    "`luban evaluate examples/region --bundle review.zip` · `luban evaluate review.zip`"
)
_REPORT = "Examples: `luban report examples/region -o report.pdf --lang zh` · `luban report values.csv -o report.xlsx`"
_ACT, _BUNDLE = "One act", "A bundle"

Plan = Annotated[str, typer.Option("--plan", help="A plan by name, or its folder.")]
Year = Annotated[int, typer.Option("--year", help="Programmes at its end; the newest year known by default.")]
Today = Annotated[str, typer.Option("--today", metavar="DATE", help="Tasks are late by this day; today by default.")]
Acts = Annotated[
    Path | None, typer.Option("--acts", metavar="FILE", help="Acts to judge; evaluation.toml beside by default.")
]
Prices = Annotated[
    Path | None, typer.Option("--deflators", metavar="FILE", help="Price indices: industry, year, index.")
]
AsOf = Annotated[str, typer.Option("--as-of", help="The books as they stood at this seq, or at a named vintage.")]


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("evaluate", epilog=_EXAMPLES)(evaluate)
    app.command("report", epilog=_REPORT)(report)


def evaluate(
    source: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="Books, a file of returns or of values, or a bundle.")
    ],
    treated: Annotated[
        str, typer.Option(metavar="A,B", help="Units that the act was taken in.", rich_help_panel=_ACT)
    ] = "",
    since: Annotated[int, typer.Option(help="First year in which it is in effect.", rich_help_panel=_ACT)] = 0,
    indicator: Annotated[str, typer.Option(help="Indicator it was to move.", rich_help_panel=_ACT)] = "",
    method: Annotated[
        str, typer.Option(help="auto, synthetic, differences or interrupted.", rich_help_panel=_ACT)
    ] = "auto",
    better: Annotated[
        str, typer.Option(help="more or less, where the plan does not say it.", rich_help_panel=_ACT)
    ] = "",
    season: Annotated[int, typer.Option(help="Periods of a round, for interrupted.", rich_help_panel=_ACT)] = 0,
    level: Annotated[float, typer.Option(help="Of the interval.", rich_help_panel=_ACT)] = 0.95,
    bundle: Annotated[
        Path | None, typer.Option(metavar="OUT.zip", help="Write it for a third party.", rich_help_panel=_BUNDLE)
    ] = None,
    units: Annotated[
        bool, typer.Option("--units", help="With returns of units, nameless, not protected.", rich_help_panel=_BUNDLE)
    ] = False,
    code: Annotated[bool, typer.Option("--code/--no-code", help="With the code.", rich_help_panel=_BUNDLE)] = True,
    plan: Plan = "",
    year: Year = 0,
    today: Today = "",
    acts: Acts = None,
    deflators: Prices = None,
    as_of: AsOf = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Did a policy help? Units with it against units without, or against their own course, with placebo tests.

    With --bundle: all data, definitions, code and results in one file, from which an outsider computes everything anew;
    given such a file, it is computed anew and compared. Exit code 1 if an act made it worse or a bundle differs.
    """
    say = output(as_json)
    if source.suffix.lower() == ".zip":
        return _anew(say, source, out, language)
    if treated or since:
        return _one(
            say,
            source,
            (treated, since, indicator, method, better, season, level),
            {"plan": plan, "deflators": deflators, "as_of": as_of},
            out,
            language,
        )
    loaded = _load(
        source, plan=plan, year=year, today=today, acts=acts, deflators=deflators, as_of=as_of, indicator=indicator
    )
    if bundle is not None:
        return _write(say, loaded, bundle, out, language, units=units, code=code)
    if not loaded.inputs.policies:
        raise InputError(
            "which act is to be judged?",
            came="; ".join(loaded.inputs.notes) or "none",
            where=str(source),
            expected="--treated, --since and --indicator, or [[policy]] in evaluation.toml",
        )
    return _review(say, loaded, out, language)


def report(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="Books, a file of returns or of values.")],
    plan: Plan = "",
    year: Year = 0,
    today: Today = "",
    acts: Acts = None,
    deflators: Prices = None,
    as_of: AsOf = "",
    indicator: Annotated[str, typer.Option(help="Of a file of values that names none.")] = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """The review of a plan: indicators and their path, acts judged, targets proposed, programmes, tasks, decisions."""
    loaded = _load(
        source, plan=plan, year=year, today=today, acts=acts, deflators=deflators, as_of=as_of, indicator=indicator
    )
    return _review(output(as_json), loaded, out, language)


def _load(source: Path, *, acts: Path | None, today: str, **options: Any) -> Loaded:
    from luban.screens.service.review import inputs_from

    try:
        day = date.fromisoformat(today) if today else None
    except ValueError:
        raise InputError("not a date", came=today, expected="2016-06-30", where="--today") from None
    return inputs_from(source, policies=acts, today=day, **options)


def _review(say: Output, loaded: Loaded, out: Path | None, language: str) -> int:
    from luban.rollup.review import review
    from luban.screens.i18n import words
    from luban.screens.report.rollup_report import report_sheet

    found = review(loaded.inputs)
    give(say, report_sheet(found, words(language), loaded.source), found.as_dict(), out, language)
    return NO if any(one.verdict == "made worse" for one in found.evaluations) else OK


def _one(
    say: Output, source: Path, asked: tuple[str, int, str, str, str, int, float], options: dict[str, Any],
    out: Path | None, language: str,
) -> int:  # fmt: skip
    """One act, on an indicator of the plan or on any other that a file holds."""
    from luban.rollup.evaluation import Policy, evaluate as judge, panel_of, read_panel
    from luban.screens.i18n import words
    from luban.screens.report.rollup_evaluation import evaluation_sheet
    from luban.screens.service.review import inputs_from, read_values

    treated, since, indicator, method, better, season, level = asked
    if not treated or not since:
        raise InputError("where was the act taken, and from when on?", expected="--treated A,B --since 2018")
    if better not in ("", "more", "less"):
        raise InputError("which way is better?", came=better, expected="more or less", where="--better")
    own = tuple(one.strip() for one in treated.split(",") if one.strip())
    more: dict[str, Any] = {"method": method, "season": season, "level": level, "wish": -1 if better == "less" else 1}
    act = Policy(source.name, ", ".join(own), indicator, own, since, **more)
    from_file = source.is_file() and read_values(source, indicator=indicator or "value") is not None
    if from_file:
        panel = read_panel(source, indicator=indicator)
    else:
        loaded = inputs_from(source, indicator=indicator, **options)
        loaded.inputs.plan.indicator(indicator)
        cells = [(one["region"], one["year"], one["value"]) for one in loaded.inputs.rows
                 if one["indicator"] == indicator and one["region"]]  # fmt: skip
        panel = panel_of(cells, indicator=indicator)
    folder = source if source.is_dir() else source.parent
    wish, unit = _wish(folder, panel.indicator, options["plan"], language)
    found = judge(panel, _wishing(act, panel.indicator, wish if not better else act.wish))
    give(
        say, evaluation_sheet(found, words(language), source.resolve().name, unit=unit), found.as_dict(), out, language
    )
    return NO if found.verdict == "made worse" else OK


def _wishing(act: Policy, indicator: str, wish: int) -> Policy:
    from dataclasses import replace

    return replace(act, indicator=indicator, wish=wish)


def _wish(folder: Path, indicator: str, plan: str, language: str) -> tuple[int, str]:
    """(1 where more is better, else -1; unit) of an indicator of the plan; 1 and "" of any other."""
    from luban.screens.service.review import plan_of

    chosen = plan_of(folder, plan)
    if indicator not in chosen.indicators:
        return 1, ""
    own = chosen.indicator(indicator)
    return (1 if own.kind == "cut" or own.direction == "up" else -1), chosen.unit(own.unit).of(language)


def _write(
    say: Output, loaded: Loaded, bundle: Path, out: Path | None, language: str, *, units: bool, code: bool
) -> int:  # fmt: skip
    from luban.rollup.bundle import write_bundle
    from luban.screens.i18n import words
    from luban.screens.report.rollup_evaluation import bundle_sheet

    if bundle.suffix.lower() != ".zip":
        raise InputError("a bundle is a .zip file", came=bundle.name, where="--bundle")
    made = write_bundle(bundle, loaded.inputs, frame=loaded.frame, deflators=loaded.deflators,
                        level="units" if units else "cells", code=code)  # fmt: skip
    document = {"file": str(bundle), "sha256": made.sha256, "withheld": made.withheld}
    give(say, bundle_sheet(made, words(language)), document, out, language)
    say.say(f"written: {bundle}")
    return OK


def _anew(say: Output, source: Path, out: Path | None, language: str) -> int:
    from luban.rollup.bundle import recompute
    from luban.screens.i18n import words
    from luban.screens.report.rollup_evaluation import compared_sheet

    found = recompute(source)
    give(say, compared_sheet(found, words(language), source.name), found.as_dict(), out, language)
    return OK if found.same else NO
