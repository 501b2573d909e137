"""The report's parts put together."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luban import __version__
from luban.core.time import SECOND, to_datetime
from luban.ledger import Ledger
from luban.norms import elements
from luban.plant import Plant
from luban.screens.i18n import words
from luban.screens.mark import MARK
from luban.screens.report.drawing import timeline, waterfall
from luban.screens.service.figures import losses_shown, tile
from luban.screens.words import kind_word, loss_word
from luban.understand.kpi import Explanation, Figure, Losses, explain

if TYPE_CHECKING:
    from luban.loop.pilot import PilotResult

__all__ = ["Report", "pilot_report", "write_report"]

_MOST_PARTS = 60
_KINDS = ("production", "setup", "waiting", "down", "idle", "planned", "unknown")
_STEPS = ("planned", "unknown", "down", "setup", "delay", "speed", "scrap", "rework", "effective", "running")


@dataclass(frozen=True, slots=True)
class Report:
    """What a report says.

    start, end    its window [µs UTC]
    tiles         rows of `luban.understand.kpi.tiles`
    gaps          source, start, end and what is known of each
    checks        name, holds, what was found
    explanations  how figures were made
    provenance    what the books are: head of the hash chain, versions
    remarks       what a reader should know
    """

    title: str
    plant: Plant
    start: int
    end: int
    figures: Sequence[Figure]
    losses: Sequence[Losses] = ()
    tiles: Sequence[Mapping[str, Any]] = ()
    gaps: Sequence[Mapping[str, Any]] = ()
    checks: Sequence[tuple[str, bool, str]] = ()
    explanations: Sequence[Explanation] = ()
    provenance: Mapping[str, str] = field(default_factory=dict)
    remarks: Sequence[str] = ()


def pilot_report(path: Path, result: PilotResult) -> None:
    """The report of a pilot, with its OEE of every unit taken apart."""
    ledger = Ledger(result.folder / ".luban" / "ledger")
    try:
        trees = [explain(figure, ledger, result.plant) for figure in result.figures if figure.name == "oee"]
    finally:
        ledger.close()
    facts = ", ".join(f"{count:,} {stream}" for stream, count in result.facts.items())
    provenance = {
        "head of the books": result.head, "facts": facts, "plant's revision": result.plant.fingerprint,
        "luban": __version__, "standard": result.figures[0].edition if result.figures else "",
    }  # fmt: skip
    checks = [(check.name, check.holds, check.text) for check in result.checks]
    write_report(
        path,
        Report(
            f"Pilot {result.name}", result.plant, result.start, result.end, result.figures, result.losses,
            result.tiles.to_pylist(), result.gaps, checks, trees, provenance, result.remarks,
        ),
    )  # fmt: skip


def write_report(path: Path, report: Report) -> None:
    """Write the file; an older one of that name is replaced only once the new one is whole."""
    part = path.with_name(path.name + ".part")
    part.write_text(_page(report), "utf-8")
    part.replace(path)


def _page(report: Report) -> str:
    style = files("luban.screens.report").joinpath("report.css").read_text("utf-8")
    zone = report.plant.zone
    start, end = to_datetime(report.start, zone), to_datetime(report.end, zone)
    seconds = (report.end - report.start) / SECOND
    parts = [
        f"<header>{MARK}<b>luban</b><span>{_text(report.plant.name)}</span></header>",
        f"<h1>{_text(report.title)}</h1>",
        f'<div class="quiet">{start:%Y-%m-%d %H:%M:%S} – {end:%H:%M:%S} {_text(str(zone))} · {seconds:,.0f} s</div>',
        _checks(report.checks),
        _section("Figures", _figures(report.figures, report.plant)),
        _section("States", _states(report)),
        _section("Where the time went", _losses(report)),
        _section("Gaps", _gaps(report)),
        _section("How was this made?", "".join(_made(tree, 0) for tree in report.explanations)),
        _section("What this rests on", _provenance(report)),
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>luban · {_text(report.title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{style}</style></head>\n<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _text(value: object) -> str:
    return html.escape(str(value))


def _section(title: str, inner: str) -> str:
    return f"<section><h2>{_text(title)}</h2>{inner}</section>" if inner else ""


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], numbers: frozenset[int] = frozenset()) -> str:
    """Cells are HTML; those of the columns `numbers` stand right."""

    def line(tag: str, cells: Sequence[str]) -> str:
        style = [' class="n"' if at in numbers else "" for at in range(len(cells))]
        return "<tr>" + "".join(f"<{tag}{s}>{c}</{tag}>" for s, c in zip(style, cells, strict=True)) + "</tr>"

    body = "".join(line("td", row) for row in rows)
    return f"<table><thead>{line('th', heads)}</thead><tbody>{body}</tbody></table>"


def _checks(checks: Sequence[tuple[str, bool, str]]) -> str:
    if not checks:
        return ""
    good = sum(holds for _, holds, _ in checks)
    verdict = f"{good} of {len(checks)} checks hold" if good < len(checks) else f"All {good} checks hold"
    rows = [
        (
            _text(name),
            f'<span class="{"holds" if holds else "fails"}">{"✓ holds" if holds else "✕ fails"}</span>',
            _text(text),
        )
        for name, holds, text in checks
    ]
    return f'<p class="verdict">{_text(verdict)}</p>' + _section("Proof", _table(("check", "", "what was found"), rows))


def _amount(value: float, unit: str) -> str:
    return f"{100 * value:.1f} %" if unit == "1" else f"{value:,.4g} {unit}"


def _figures(figures: Sequence[Figure], plant: Plant) -> str:
    """A row a unit, a column a figure; a withheld one says why in its cell."""
    labels = {figure.name: "OEE" if figure.name == "oee" else figure.label for figure in figures}
    units: dict[str, dict[str, Figure]] = {}
    for figure in figures:
        units.setdefault(figure.subject, {})[figure.name] = figure
    rows = []
    for unit, found in units.items():
        known = next((figure.coverage for figure in found.values() if figure.coverage is not None), None)
        share = "" if known is None else f"{100 * known:.1f} %"
        cells = [_cell(found[name]) if name in found else "" for name in labels]
        notes = dict.fromkeys(note for figure in found.values() for note in figure.notes)
        said = "".join(f'<div class="quiet">{_text(note)}</div>' for note in notes)
        rows.append((f"<b>{_text(plant.equipment[unit].name)}</b>{said}", *cells, share))
    heads = ("unit", *(_text(label) for label in labels.values()), "known time")
    return _table(heads, rows, frozenset({len(heads) - 1})) if rows else ""


def _cell(figure: Figure) -> str:
    if figure.value is None:
        return f'<span class="withheld">△ withheld</span><div class="quiet">{_text(figure.withheld)}</div>'
    between = ""
    if figure.low is not None and figure.high is not None and figure.high - figure.low > 5e-4:
        low, high = _amount(figure.low, figure.unit), _amount(figure.high, figure.unit)
        between = f'<div class="quiet">{_text(low)} … {_text(high)}</div>'
    return f"<b>{_text(_amount(figure.value, figure.unit))}</b>{between}"


def _states(report: Report) -> str:
    say = words("en")
    rows: dict[str, list[Any]] = {}
    for row in report.tiles:
        rows.setdefault(row["subject"], []).append(tile(row))
    if not rows:
        return ""
    names = {kind: kind_word(say, kind) for kind in _KINDS}
    drawn = [(report.plant.equipment[unit].name, tiles) for unit, tiles in rows.items()]
    seen = {shown.kind for _, tiles in drawn for shown in tiles}
    legend = "".join(f'<span><i class="k-{kind}"></i>{_text(names[kind])}</span>' for kind in _KINDS if kind in seen)
    picture = timeline(drawn, report.start, report.end, report.plant.zone, names)
    return f'{picture}<div class="legend">{legend}</div>'


def _losses(report: Report) -> str:
    say = words("en")
    names = {step: loss_word(say, step) for step in _STEPS}
    parts = []
    for lost in report.losses:
        note = f'<div class="quiet">{_text(lost.withheld)}</div>' if lost.withheld else ""
        drawn = waterfall(losses_shown(lost), names)
        parts.append(f"<h3>{_text(report.plant.equipment[lost.subject].name)}</h3>{note}{drawn}")
    return "".join(parts)


def _gaps(report: Report) -> str:
    if not report.gaps:
        return '<div class="quiet">No gap: every source was heard all the time.</div>'
    rows = [
        (
            f"{to_datetime(gap['start'], report.plant.zone):%H:%M:%S}",
            f"{((gap['end'] or gap['start']) - gap['start']) / SECOND:,.1f} s",
            _text(gap["source"]), _text(gap.get("reason") or gap.get("text") or ""), _text(gap.get("backfilled", 0)),
        )
        for gap in report.gaps
    ]  # fmt: skip
    return _table(("start", "length", "source", "reason", "values that came back"), rows, frozenset({4}))


def _made(step: Explanation, depth: int) -> str:
    amount = "" if step.value is None else f"<b>{step.value:,.6g} {_text('' if step.unit == '1' else step.unit)}</b>"
    word, _, rest = step.label.partition(" ")
    element = elements().get(word)
    label = f"{word} · {element.names['en']} {rest}" if element else step.label
    if not step.children:
        return f'<div class="leaf">{amount}{_text(label)}</div>'
    inner = "".join(_made(part, depth + 1) for part in step.children[:_MOST_PARTS])
    if (more := len(step.children) - _MOST_PARTS) > 0:
        inner += f'<div class="leaf quiet">and {more} more</div>'
    return f"<details><summary>{amount}{_text(label)}</summary>{inner}</details>"


def _provenance(report: Report) -> str:
    rows = "".join(f"<dt>{_text(key)}</dt><dd>{_text(value)}</dd>" for key, value in report.provenance.items() if value)
    remarks = "".join(f"<p>{_text(remark)}</p>" for remark in report.remarks)
    return f"<dl>{rows}</dl>{remarks}" if rows or remarks else ""
