"""`luban sampling`: a plan, the decision on a lot, a table of lots with switching, or the accounts of a plant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from collections.abc import Sequence

    from luban.screens.cli.output import Output
    from luban.understand.quality.sampling import AttributePlan, LotDecision, VariablesPlan

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban sampling --lot 1000 --aql 1.0` · `luban sampling --lot 1000 --aql 1.0 --kind double --found 1` · "
    "`luban sampling --good 1 --bad 5 --lot 2000` · `luban sampling --lot 1000 --aql 1.0 --kind variables` · "
    "`luban sampling lots.csv --aql 1.0 --reduced` · `luban sampling values.csv --kind variables --good 1 --bad 5 "
    "--lower 9.9 --upper 10.1` · `luban sampling plant --supplier acme --item bolt`"
)
_KINDS = "single, double, multiple or variables"


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("sampling", epilog=_EXAMPLES)(sampling)
    app.command("calibration", epilog="Example: `luban calibration plant --within 30`")(calibration)


def sampling(
    what: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE|DIR]", help="A table of lots, measured values, or a plant's folder; or nothing."),
    ] = None,
    lot: Annotated[int | None, typer.Option(help="Pieces in the lot.")] = None,
    aql: Annotated[float | None, typer.Option(help="AQL of the standard [%, above 10 per 100 pieces].")] = None,
    level: Annotated[str, typer.Option(help="Inspection level: I, II, III, S-1 to S-4.")] = "II",
    severity: Annotated[str, typer.Option(help="normal, tightened or reduced.")] = "normal",
    kind: Annotated[str, typer.Option(help=f"{_KINDS}.")] = "single",
    found: Annotated[list[int] | None, typer.Option(help="Found in a sample; once for each sample.")] = None,
    good: Annotated[float | None, typer.Option(help="Own risks: quality to be accepted [%].")] = None,
    bad: Annotated[float | None, typer.Option(help="Own risks: quality to be rejected [%].")] = None,
    alpha: Annotated[float, typer.Option(help="Own risks: lots of good quality rejected at most [%].")] = 5.0,
    beta: Annotated[float, typer.Option(help="Own risks: lots of bad quality accepted at most [%].")] = 10.0,
    sigma: Annotated[float | None, typer.Option(help="Variables: standard deviation of the process.")] = None,
    value: Annotated[str, typer.Option(help="Variables: column of the values.")] = "",
    lower: Annotated[float | None, typer.Option(help="Variables: lower specification limit.")] = None,
    upper: Annotated[float | None, typer.Option(help="Variables: upper specification limit.")] = None,
    reduced: Annotated[bool, typer.Option("--reduced", help="Table of lots: reduced inspection is wished.")] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(help="Table of lots: which column is what, e.g. found=bad; lot, size, found, supplier, item."),
    ] = None,
    table: Annotated[str, typer.Option("--sheet", help="Sheet of a workbook.")] = "",
    supplier: Annotated[str, typer.Option(help="Plant: this supplier's item.")] = "",
    item: Annotated[str, typer.Option(help="Plant: this item.")] = "",
    as_of: Annotated[int | None, typer.Option(min=0, help="Plant: the books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Acceptance sampling after MIL-STD-105E (ANSI/ASQ Z1.4), or with a plan of your own risks.

    Exit code 1 if a lot is rejected or inspection is discontinued.
    """
    say = output(as_json)
    risks = (good, bad, alpha, beta)
    if what is not None and what.is_dir():
        return _plant(say, what, supplier, item, as_of, out, language)
    if kind == "variables":
        like = None if aql is None else _plan(lot, aql, level, severity, "single", risks)
        plan = _variables(risks, sigma, like)
        return _measured(say, plan, what, value, table, lower, upper, sigma, out, language)
    if what is not None:
        return _lots(say, what, table, _aql(aql), level, kind, column or (), out, language, reduced=reduced)
    made = _plan(lot, aql, level, severity, kind, risks)
    return _decided(say, made, found or (), out, language)


def calibration(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A plant's folder.")],
    gauge: Annotated[str, typer.Option(help="Only this gauge, with its chain to the national standard.")] = "",
    within: Annotated[float | None, typer.Option(help="Only what is due in this many days.")] = None,
    as_of: Annotated[int | None, typer.Option(min=0, help="The books as they stood at this seq.")] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Calibrations due, chains to national standards, and lots held by a gauge that could not be trusted.

    Exit code 1 if lots are held; with --gauge if that gauge is not valid.
    """
    from luban.core.time import now
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.quality_register import gauge_sheet, register_sheet
    from luban.screens.service import places
    from luban.understand.quality.gauge_use import gauge_use
    from luban.understand.quality.gauges import chain, due_list, register, state_at

    say, speak, moment = output(as_json), words(language), now()
    zone = load(plant_folder(folder)).zone
    ledger = Ledger(places(folder).ledger)
    try:
        gauges = register(ledger, as_of)
        if gauge:
            if gauge not in gauges:
                raise InputError("no such gauge", came=gauge, expected=", ".join(list(gauges)[:12]), where=str(folder))
            traced, state = chain(gauges, gauge, moment), state_at(gauges[gauge], moment)
            told = gauges[gauge].as_dict() | {"state": state, "chain": traced.as_dict()}
            give(say, gauge_sheet(gauges[gauge], traced, state, speak, zone), told, out, language)
            return OK if state == "valid" else NO
        due, use = due_list(gauges, moment, within), gauge_use(ledger, as_of, gauges=gauges)
    finally:
        ledger.close()
    document = {"due": [one.as_dict() for one in due]} | use.as_dict()
    give(say, register_sheet(due, use, speak, zone), document, out, language)
    return NO if use.held else OK


# ------------------------------------------------------------------ plans and lots


def _aql(aql: float | None) -> float:
    if aql is None:
        raise InputError("an AQL is needed", hint="--aql 1.0, or --good and --bad for a plan of your own risks")
    return aql


def _plan(
    lot: int | None, aql: float | None, level: str, severity: str, kind: str,
    risks: tuple[float | None, float | None, float, float],
) -> AttributePlan:  # fmt: skip
    from luban.understand.quality.sampling import double_plan, single_plan, standard_plan

    if risks[0] is not None or risks[1] is not None:
        if aql is not None:
            raise InputError("either a plan of the standard or one of your own risks", came="--aql with --good/--bad")
        if kind not in {"single", "double"}:
            raise InputError("no plan of own risks of this kind", came=kind, expected="single, double or variables")
        asked = _risks(risks)
        return (double_plan if kind == "double" else single_plan)(asked, lot=lot)
    if lot is None:
        raise InputError("the size of the lot is needed", hint="--lot 1000 --aql 1.0")
    return standard_plan(lot, _aql(aql), level=level, severity=severity, kind=kind)  # type: ignore[arg-type]


def _risks(risks: tuple[float | None, float | None, float, float]) -> Any:
    from luban.understand.quality.sampling import Risks

    good, bad, alpha, beta = risks
    if good is None or bad is None:
        raise InputError("both qualities are needed", hint="--good 1 --bad 5 (in percent)")
    return Risks(good / 100, bad / 100, alpha / 100, beta / 100)


def _decided(say: Output, plan: AttributePlan, found: Sequence[int], out: Path | None, language: str) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.quality_sampling import plan_sheet
    from luban.understand.quality.sampling import aoql, curves, judge, quality_at

    decision: LotDecision | None = judge(plan, found) if found else None
    worst = aoql(plan)
    document = {
        "plan": plan.as_dict(), "decision": decision.as_dict() if decision else None,
        "quality_accepted": {f"{share:g}": quality_at(plan, share) for share in (0.95, 0.5, 0.1)},
        "aoql": worst.limit, "aoql_at": worst.quality, "curves": curves(plan).as_dict(),
    }  # fmt: skip
    give(say, plan_sheet(plan, words(language), decision), document, out, language)
    return NO if decision is not None and decision.verdict == "reject" else OK


def _lots(
    say: Output, file: Path, table: str, aql: float, level: str, kind: str, column: Sequence[str], out: Path | None,
    language: str, *, reduced: bool,
) -> int:  # fmt: skip
    from luban.screens.i18n import words
    from luban.screens.report.quality_sampling import lots_sheet
    from luban.understand.quality.read import read_columns
    from luban.understand.quality.sampling import Terms, lots_of

    names = {}
    for pair in column:
        key, equals, name = pair.partition("=")
        if not equals:
            raise InputError("not of the form what=column", came=pair, expected="e.g. found=bad", where="--column")
        names[key.strip()] = name.strip()
    terms = Terms(aql, level, kind)  # type: ignore[arg-type]
    made = lots_of(read_columns(file, table), terms, permit=reduced, names=names)
    give(say, lots_sheet(made, words(language)), made.as_dict(), out, language)
    standings = [one.standing for one in made.accounts if one.standing is not None]
    rejected = any(not lot.accepted for one in standings for lot in one.lots)
    return NO if rejected or any(one.stopped for one in standings) else OK


# ------------------------------------------------------------------ variables


def _variables(
    risks: tuple[float | None, float | None, float, float], sigma: float | None, like: AttributePlan | None
) -> VariablesPlan:
    from luban.understand.quality.sampling import variables_like, variables_plan

    if sigma is not None and not (sigma > 0 and math.isfinite(sigma)):
        raise InputError("a standard deviation lies above 0", came=str(sigma), where="--sigma")
    if like is not None:
        return variables_like(like, spread="unknown" if sigma is None else "known")
    return variables_plan(_risks(risks), spread="unknown" if sigma is None else "known")


def _measured(
    say: Output, plan: VariablesPlan, file: Path | None, value: str, table: str, lower: float | None,
    upper: float | None, sigma: float | None, out: Path | None, language: str,
) -> int:  # fmt: skip
    from luban.screens.i18n import words
    from luban.screens.report.quality_sampling import variables_sheet
    from luban.understand.quality.read import read_columns, read_sample
    from luban.understand.quality.sampling import judge_measured, variables_oc

    if file is None:
        quality = [at / 1000 for at in range(301)]
        told = {"quality": quality, "accept": variables_oc(plan, quality).tolist()}
        give(say, variables_sheet(plan, words(language)), {"plan": plan.as_dict(), "curves": told}, out, language)
        return OK
    sample = read_sample(read_columns(file, table), value=value, shape="single", lower=lower, upper=upper)
    decision = judge_measured(plan, sample.values, lower=lower, upper=upper, sigma=sigma)
    document = {
        "plan": plan.as_dict(), "decision": decision.as_dict(), "used": len(sample.values),
        "excluded": [one.as_dict() for one in sample.excluded], "source": sample.source,
    }  # fmt: skip
    give(say, variables_sheet(plan, words(language), decision, sample), document, out, language)
    return OK if decision.accepted else NO


# ------------------------------------------------------------------ a plant


def _plant(
    say: Output, folder: Path, supplier: str, item: str, as_of: int | None, out: Path | None, language: str
) -> int:
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.quality_sampling import account_sheet, accounts_sheet
    from luban.screens.service import places
    from luban.understand.quality.sampling import account, accounts

    ledger = Ledger(places(plant_folder(folder)).ledger)
    try:
        if bool(supplier) != bool(item):
            raise InputError("supplier and item belong together", hint="--supplier acme --item bolt, or neither")
        if supplier:
            own = account(ledger, supplier, item, as_of)
            give(say, account_sheet(own, words(language), load(folder).zone), own.as_dict(), out, language)
            return NO if own.standing is not None and own.standing.stopped else OK
        every = accounts(ledger, as_of)
    finally:
        ledger.close()
    give(say, accounts_sheet(every, words(language)), [one.as_dict() for one in every], out, language)
    return NO if any(one.standing is not None and one.standing.stopped for one in every) else OK
