"""`luban verify`: did an act help? From a file of before and after, or from the acts in a plant's books."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from luban.core.errors import InputError
from luban.core.time import parse_time
from luban.screens.cli.options import AsJson, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.screens.cli.output import Output
    from luban.verify import Metric, Prediction

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban verify scrap.csv --since 2026-03-01 --driver pieces -o verdict.pdf` · "
    "`luban verify lines.xlsx --value line1 --control line2 --control line3 --since 2026-03-01` · "
    "`luban verify scrap.csv --value bad --of made --since '2026-03-01 06:00' --margin 0.005` · "
    "`luban verify plant` · `luban verify plant 'offset 12' --lang zh`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("verify", epilog=_EXAMPLES)(verify)


def verify(
    source: Annotated[Path, typer.Argument(metavar="FILE|DIR", help="One row a period, or a plant's folder.")],
    act: Annotated[str, typer.Argument(metavar="[ACT]", help="With DIR: one act of the books; all by default.")] = "",
    since: Annotated[str, typer.Option(help="With FILE: when the act took effect, ISO 8601.")] = "",
    start: Annotated[str, typer.Option("--from", help="With FILE: the baseline begins here; with the file.")] = "",
    end: Annotated[str, typer.Option("--to", help="Judge up to here; all there is by default.")] = "",
    time: Annotated[str, typer.Option(help="Column of times; the first one by default.")] = "",
    value: Annotated[str, typer.Option(help="Column of values; the first one of numbers by default.")] = "",
    driver: Annotated[
        list[str] | None, typer.Option(help="Column of what moves the value though nobody acts; may be repeated.")
    ] = None,
    temperature: Annotated[str, typer.Option(help="The driver in which the baseline may bend.")] = "",
    control: Annotated[
        list[str] | None, typer.Option(help="Column of the same figure where nobody acted; may be repeated.")
    ] = None,
    exposure: Annotated[str, typer.Option("--of", help="Column of pieces, hours, … that events come from.")] = "",
    method: Annotated[
        str, typer.Option(help="regression, interrupted, differences, share, rate; auto: by the columns.")
    ] = "auto",
    season: Annotated[int, typer.Option(help="Periods a season takes; 0: none; -1: looked for.")] = -1,
    better: Annotated[str, typer.Option(help="Which way is better: less or more.")] = "less",
    margin: Annotated[float | None, typer.Option(help="Smallest effect worth having.")] = None,
    price: Annotated[float | None, typer.Option(help="What one unit less (more) a period is worth.")] = None,
    currency: Annotated[str, typer.Option(help="Currency of the price.")] = "",
    predicted: Annotated[str, typer.Option(help="What was promised: VALUE or LOW,VALUE,HIGH a period.")] = "",
    level: Annotated[float, typer.Option(min=0.51, max=0.999, help="Of the interval [1].")] = 0.95,
    unit: Annotated[str, typer.Option(help="Unit of the values.")] = "",
    zone: Annotated[str, typer.Option(help="Time zone of times that name none.")] = "UTC",
    sheet: Annotated[str, typer.Option(help="Sheet of the workbook.")] = "",
    save: Annotated[bool, typer.Option("--save", help="With DIR: write new outcomes into the books.")] = False,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Effect with interval, verdict, bound, money; promised against measured; how good our promises are.

    With FILE the baseline is what the file holds before --since: it was not fixed before the act, and the report says
    so. Exit code 1 if an act made it worse.
    """
    say = output(as_json)
    if source.is_dir():
        return _plant(say, source, act, end, save=save, out=out, language=language)
    from luban.screens.i18n import words
    from luban.screens.report.verify import outcome_sheet
    from luban.verify import Decision, freeze, judge
    from luban.verify.read import read_series

    if not since:
        raise InputError("when did the act take effect?", expected="--since 2026-03-01", where="--since")
    clock = _zone(zone)
    whole, column = read_series(
        source, time=time, value=value, drivers=_with(driver, temperature), controls=control or (), exposure=exposure,
        sheet=sheet, unit=unit, zone=clock,
    )  # fmt: skip
    moment = parse_time(since, clock)
    before = whole.between(parse_time(start, clock) if start else None, None)
    metric = _metric(column, whole.unit or ("1" if exposure else ""), better, margin, price, currency)
    base = freeze(before, metric, act=source.name, end=moment, method=method, temperature=temperature,
                  season=None if season < 0 else season, level=level)  # fmt: skip
    found = judge(base, before, Decision(source.name, moment), predicted=_predicted(predicted, level),
                  until=parse_time(end, clock) if end else None)  # fmt: skip
    made = outcome_sheet(found, words(language), clock, excluded=whole.excluded, frozen=False)
    give(say, made, found.as_dict() | {"left_out": [one.as_dict() for one in whole.excluded]}, out, language)
    return NO if found.verdict == "made worse" else OK


def _plant(say: Output, folder: Path, act: str, end: str, *, save: bool, out: Path | None, language: str) -> int:
    from luban.ledger import Ledger
    from luban.plant import load
    from luban.screens.i18n import words
    from luban.screens.report.verify import board_sheet, outcome_sheet
    from luban.screens.service import places
    from luban.verify import BY, calibration, kept, recompute, scoreboard

    plant = load(plant_folder(folder))
    home = places(folder)
    if not home.ledger.is_dir():
        raise InputError("the plant has no books yet", where=str(home.ledger), hint="`luban up` starts it")
    ledger = Ledger(home.ledger)
    try:
        known = [one.decision.act for one in kept(ledger)]
        if act and act not in known:
            raise InputError("no baseline of that act", came=act, expected=", ".join(known) or "none is in the books")
        until = parse_time(end, plant.zone) if end else None
        found = [recompute(ledger, one, until=until) for one in ([act] if act else known)]
    finally:
        ledger.close()
    if save:
        _save(say, home, found)
    made = [one for one, _, _ in found]
    if act:
        give(say, outcome_sheet(made[0], words(language), plant.zone), made[0].as_dict(), out, language)
    else:
        document: dict[str, Any] = {"outcomes": [one.as_dict() for one in made]}
        document |= {f"by_{name}": [one.as_dict() for one in scoreboard(made, name)] for name in BY}
        document["calibration"] = calibration(made).as_dict()
        give(say, board_sheet(made, words(language), plant.zone, plant.name), document, out, language)
    return NO if any(one.verdict == "made worse" for one in made) else OK


def _save(say: Output, home: Any, found: list[Any]) -> None:
    """New outcomes into the spool; what is in the books already is not written twice."""
    from luban.screens.acts import ActLog
    from luban.verify import outcome_row

    rows = [outcome_row(made, before=last, why=why) for made, last, why in found if why]
    if rows:
        log = ActLog(home.spool, "verify")
        try:
            log.note("event", rows)
        finally:
            log.close()
    say.say(f"written: {len(rows)}")


def _with(drivers: list[str] | None, temperature: str) -> list[str]:
    found = list(drivers or ())
    return found if not temperature or temperature in found else [*found, temperature]


def _metric(
    name: str, unit: str, better: str, margin: float | None, price: float | None, currency: str
) -> Metric:  # fmt: skip
    from luban.verify import Metric

    if better not in ("less", "more"):
        raise InputError("which way is better?", came=better, expected="less or more", where="--better")
    return Metric(name, unit, -1 if better == "less" else 1, margin, price, currency)


def _predicted(text: str, level: float) -> Prediction | None:
    from luban.verify import Prediction

    if not text:
        return None
    try:
        parts = [float(one) for one in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) not in (1, 3):
        raise InputError("not a promise", came=text, expected="VALUE or LOW,VALUE,HIGH", where="--predicted")
    low, middle, high = parts * 3 if len(parts) == 1 else parts
    return Prediction(middle, low, high, level)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise InputError("no such time zone", came=name, expected="e.g. Asia/Shanghai", where="--zone") from None
