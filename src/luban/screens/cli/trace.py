"""`luban trace`: a lot both ways, what ran under the same condition, EPCIS documents, views for partners."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.core.time import now
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give
from luban.screens.cli.trace_source import (
    Alarm,
    AsOf,
    Customers,
    From,
    Gauge,
    High,
    Item,
    Low,
    Margin,
    Opened,
    Operation,
    Order,
    Person,
    Sheet,
    Signal,
    Slack,
    Source,
    To,
    Tool,
    Unit,
    condition_of,
    opened,
)

if TYPE_CHECKING:
    from luban.screens.cli.output import Output

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban trace plant L-0042 -o trace.pdf` · `luban trace uses.csv` · `luban trace plant --tool T7` · "
    "`luban trace plant --epcis events.json` · `luban trace plant L-0042 --partner view.json --secret key.txt` · "
    "`luban trace view.json --chain supplier.json`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("trace", epilog=_EXAMPLES)(trace)


def trace(
    source: Source,
    lot: Annotated[str, typer.Argument(help="A lot or serial number; without one, all that is on record.")] = "",
    depth: Annotated[int, typer.Option(help="So many steps at most; -1: all.")] = -1,
    tool: Tool = "",
    person: Person = "",
    unit: Unit = "",
    order: Order = "",
    operation: Operation = "",
    item: Item = "",
    gauge: Gauge = "",
    start: From = "",
    end: To = "",
    alarm: Alarm = "",
    signal: Signal = "",
    low: Low = None,
    high: High = None,
    margin: Margin = 0.0,
    customer: Customers = None,
    slack: Slack = 0.0,
    sheet: Sheet = "",
    as_of: AsOf = None,
    stock: Annotated[bool, typer.Option("--stock", help="What lies where, and kanban cards to be filled.")] = False,
    epcis: Annotated[Path | None, typer.Option(help="Write the facts as an EPCIS 2.0 document.")] = None,
    partner: Annotated[Path | None, typer.Option(help="Write a view of LOT for a partner, chained by hashes.")] = None,
    steps: Annotated[int, typer.Option(help="With --partner: so many steps back are shown; -1: all.")] = 1,
    field: Annotated[
        list[str] | None, typer.Option(help="With --partner: item, made, quantity, order, unit; may be repeated.")
    ] = None,
    secret: Annotated[
        Path | None, typer.Option(help="With --partner: a file with your secret, 16 bytes or more.")
    ] = None,
    upstream: Annotated[
        list[str] | None, typer.Option(metavar="LOT=HASH", help="With --partner: a supplier's hash for a bought lot.")
    ] = None,
    chain: Annotated[
        list[Path] | None, typer.Option(help="With a partner's view as FILE: views of others in the chain.")
    ] = None,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Both directions of a lot with quantities, steps of work, balance and doubts; or lots that ran under a condition.

    Exit code 1 where a chain of hashes shows a fault.
    """
    say = output(as_json)
    view = _view(source)
    if view is not None:
        return _verify(say, source, view, chain or [], out, language)
    own = opened(source, customers=customer or (), slack=slack, sheet=sheet, as_of=as_of)
    if partner is not None:
        _grant(say, own, lot, partner, steps, field, secret, upstream or [])
        return OK
    if epcis is not None:
        _epcis(say, own, epcis, own.trace.partners)
        return OK
    if stock:
        _stock(say, own, out, language)
        return OK
    names = {"tool": tool, "person": person, "unit": unit, "order": order, "operation": operation, "item": item,
             "gauge": gauge}  # fmt: skip
    asked = condition_of(own, names=names, start=start, end=end, alarm=alarm, signal=signal, low=low, high=high,
                         margin=margin)  # fmt: skip
    if asked is not None and lot:
        raise InputError("a lot or a condition, not both", came=lot)
    if asked is not None:
        told = ", ".join(
            f"{k} {v}" for k, v in {**names, "alarm": alarm, "signal": signal, "from": start, "to": end}.items() if v
        )
        _condition(say, own, asked, told, out, language)
    else:
        _lot(say, own, lot, depth, out, language)
    return OK


def _lot(say: Output, own: Opened, lot: str, depth: int, out: Path | None, language: str) -> None:
    from luban.screens.i18n import words
    from luban.screens.report.trace import books_sheet, lot_document, lot_sheet

    spoken = words(language)
    if lot:
        made = lot_sheet(own.trace, lot, spoken, own.zone, source=own.source, depth=depth, excluded=own.excluded)
        give(say, made, lot_document(own.trace, lot, depth), out, language)
        return
    doubts = own.trace.doubts
    document = {
        "lots": len(own.trace.lots), "uses": len(own.trace.graph), "movements": len(own.trace.moves),
        "steps": len(own.trace.steps), "as_of": own.trace.as_of, "events_passed": own.passed,
        "doubts": [{name: getattr(one, name) for name in one.__slots__} for one in doubts.rows(10_000)],
        "doubts_count": len(doubts),
        "loops": [{name: getattr(one, name) for name in one.__slots__} for one in doubts.loops],
        "excluded": [one.as_dict() for one in own.excluded],
    }  # fmt: skip
    shown = books_sheet(own.trace, spoken, own.zone, source=own.source, excluded=own.excluded, passed=own.passed)
    give(say, shown, document, out, language)


def _stock(say: Output, own: Opened, out: Path | None, language: str) -> None:
    from luban.screens.i18n import words
    from luban.screens.report.trace_stock import stock_sheet
    from luban.understand.trace import cards_of, stock_of

    rows = stock_of(own.trace)
    units = {one.id: one.unit for one in own.plant.items.values()} if own.plant is not None else {}
    cards = cards_of(own.plant.kanban.values(), rows) if own.plant is not None else ()
    shown = stock_sheet(rows, cards, words(language), units, as_of=own.trace.as_of, source=own.source)
    document = {
        "as_of": own.trace.as_of, "stock": [{name: getattr(one, name) for name in one.__slots__} for one in rows],
        "kanban": [{"loop": one.loop.id, "stock": one.stock, "at_source": one.source, "full": one.full,
                    "free": one.free} for one in cards],
    }  # fmt: skip
    give(say, shown, document, out, language)


def _condition(say: Output, own: Opened, asked: Any, told: str, out: Path | None, language: str) -> None:
    from luban.screens.i18n import words
    from luban.screens.report.trace import condition_sheet
    from luban.understand.trace import same

    found = same(own.trace, asked)
    lots = zip(own.trace.lots.array(found.lots).to_pylist(), found.certain.tolist(), strict=True)
    document = {"lots": [{"lot": name, "certain": certain} for name, certain in lots], "steps": len(found.steps)}
    give(say, condition_sheet(own.trace, found, told, words(language), source=own.source), document, out, language)


# ---------------------------------------------------------------- documents for others


def _epcis(say: Output, own: Opened, path: Path, customers: Any) -> None:
    from luban.understand.trace.epcis import document_of

    uses, moves = own.trace.rows("genealogy"), own.trace.rows("movement")
    document = document_of(uses, moves, created=now(), serials=own.trace.serial_names(), customers=customers)
    _write(path, json.dumps(document, ensure_ascii=False, indent=1))
    say.say(f"written: {path}, {len(document['epcisBody']['eventList']):,} events")
    if say.as_json:
        say.document({"written": str(path), "events": len(document["epcisBody"]["eventList"])})


def _grant(
    say: Output, own: Opened, lot: str, path: Path, steps: int, fields: list[str] | None, secret: Path | None,
    upstream: list[str],
) -> None:  # fmt: skip
    from luban.screens.cli.spc_data import pairs
    from luban.understand.trace import Grant, partner_view

    if not lot or secret is None:
        raise InputError("a view for a partner needs LOT and --secret", came=lot or "no lot")
    try:
        key = secret.read_bytes().strip()
    except OSError as error:
        raise InputError("the secret cannot be read", came=str(error), where=str(secret)) from error
    grant = Grant((lot,), steps, tuple(fields or ("item", "made")))
    document = partner_view(own.trace, grant, key, upstream=pairs(upstream, "--upstream"))
    _write(path, json.dumps(document, ensure_ascii=False, indent=1))
    say.say(f"written: {path}; hand over with the delivery: {lot} {document['heads'][lot]}")
    if say.as_json:
        say.document({"written": str(path), "heads": document["heads"]})


def _write(path: Path, text: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, "utf-8")
        part.replace(path)
    except OSError as error:
        raise InputError("the file could not be written", came=str(error), where=str(path)) from error


def _view(path: Path) -> dict[str, Any] | None:
    """The document if the file is a partner's view."""
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    try:
        found = json.loads(path.read_text("utf-8-sig"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and found.get("type") == "luban-trace" else None


def _verify(say: Output, source: Path, view: dict[str, Any], chain: list[Path], out: Path | None, language: str) -> int:
    from luban.screens.i18n import words
    from luban.screens.report.trace import chain_sheet
    from luban.understand.trace import verify_chain

    documents = [view]
    for path in chain:
        other = _view(path)
        if other is None:
            raise InputError("not a partner's view", where=str(path))
        documents.append(other)
    faults = verify_chain(documents)
    records = sum(len(one.get("records", ())) for one in documents)
    document = {
        "documents": len(documents), "records": records, "heads": view.get("heads", {}),
        "faults": [{"kind": one.kind, "lot": one.lot, "text": one.text} for one in faults],
    }  # fmt: skip
    give(
        say, chain_sheet(faults, len(documents), records, words(language), source=source.name), document, out, language
    )
    return NO if faults else OK
