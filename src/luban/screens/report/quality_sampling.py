"""Acceptance sampling as a sheet: a plan with its curves and the decision on a lot, and the account of a supplier."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import numpy as np

from luban import __version__
from luban.core.time import to_datetime
from luban.screens.i18n import Words
from luban.screens.report.plot import Plot
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Picture, Sheet
from luban.understand.quality.data import Excluded, Floats, Sample
from luban.understand.quality.sampling import (
    MODELS,
    RULES,
    Account,
    AttributePlan,
    Curves,
    LotDecision,
    LotTable,
    Standing,
    VariablesDecision,
    VariablesPlan,
    aoql,
    curves,
    largest_share,
    limit_of,
    lots_to_go,
    quality_at,
    variables_oc,
)

__all__ = [
    "account_sheet", "accounts_sheet", "curve_pictures", "decision_figure", "lots_sheet", "plan_sheet",
    "sampling_sheet", "severity_word", "stages_grid", "variables_sheet",
    "when_text",
]  # fmt: skip

_MOST_LOTS = 400
_NONE = "–"


def sampling_sheet(result: AttributePlan | VariablesPlan | Account, say: Words) -> Sheet:
    """The sheet of a plan or of an account."""
    if isinstance(result, AttributePlan):
        return plan_sheet(result, say)
    if isinstance(result, VariablesPlan):
        return variables_sheet(result, say)
    return account_sheet(result, say)


def plan_sheet(plan: AttributePlan, say: Words, decision: LotDecision | None = None) -> Sheet:
    """A plan by attributes with its curves.

    decision  on a lot that was sampled by it
    """
    drawn = curves(plan)
    blocks: list[Block] = []
    if decision is not None and decision.samples:
        blocks.append(Figures((decision_figure(decision, say),)))
    blocks += [_plan_figures(plan, drawn, say), stages_grid(plan, say), *curve_pictures(plan, drawn, say)]
    blocks += [Note(say(note), "doubt") for note in plan.notes]
    return Sheet(_title(plan, say), _subtitle(plan, say), tuple(blocks), {
        say("method"): say(plan.reference),
        say("curves"): say(MODELS[drawn.model]),
        say("counts"): say("nonconformities") if plan.per_hundred else say("nonconforming pieces"),
        "luban": __version__,
    })  # fmt: skip


def variables_sheet(
    plan: VariablesPlan, say: Words, decision: VariablesDecision | None = None, sample: Sample | None = None
) -> Sheet:
    """A plan by variables with its OC curve.

    decision  on a lot that was measured by it
    sample    its values, for what was used and what was left out
    """
    blocks: list[Block] = []
    if decision is not None:
        blocks.append(_measured_figures(decision, say))
    known = plan.spread == "known"
    blocks.append(
        Figures((
            Figure(say("measure"), f"{plan.size:,}", say("pieces")),
            Figure("k", f"{plan.k:.4f}", note=say("least distance of the mean from the limit, in standard deviations")),
            Figure("M", f"{100 * largest_share(plan):.3f}", "%", say("largest estimated share outside both limits")),
            Figure(say("standard deviation"), say("of the process, known") if known else say("of the sample")),
        ))
    )  # fmt: skip
    top = _top(plan)
    quality = np.linspace(0, top, 201)
    blocks.append(_oc_picture(100 * quality, variables_oc(plan, quality), say("share outside the limit [%]"), say))
    made: dict[str, str] = {}
    if sample is not None:
        made = {
            say("source"): sample.source or _NONE, say("values used"): f"{len(sample.values):,}",
            say("values left out"): f"{len(sample.excluded):,}",
        }  # fmt: skip
        blocks += _left_out(sample.excluded, say("Values left out"), say)
    return Sheet(say("Sampling plan by variables"), say(plan.reference), tuple(blocks), made | {
        say("method"): say("k method for normal values; spread unknown by the noncentral t distribution"),
        "luban": __version__,
    })  # fmt: skip


def account_sheet(account: Account, say: Words, zone: ZoneInfo | None = None) -> Sheet:
    """How a supplier's item stands: inspection due, lots, switches.

    zone  of the times; UTC if None
    """
    title = f"{account.supplier} · {account.item}"
    if account.terms is None or account.standing is None:
        text = say("Nothing is agreed for this supplier and item yet.")
        return Sheet(title, "", (Note(text), *_unread(account, say)), {"luban": __version__})
    terms, standing = account.terms, account.standing
    blocks: list[Block] = [_standing_figures(standing, say, zone)]
    if account.open:
        rows = [
            (one.lot, f"{one.size:,}", "+".join(map(str, one.found)), f"{one.decision.size:,}") for one in account.open
        ]
        heads = (say("lot"), say("pieces"), say("found"), say("next sample"))
        blocks.append(Grid(heads, tuple(rows), title=say("Lots that wait for a sample"), numbers=frozenset({1, 3})))
    blocks += [_lots_grid(standing, say, zone), _switches_grid(standing, say, zone)]
    blocks += [Note(say(doubt), "doubt") for doubt in standing.doubts[-20:]]
    blocks += _unread(account, say)
    subtitle = say("AQL {aql} · level {level} · {kind}", aql=f"{terms.aql:g}", level=terms.level, kind=say(terms.kind))
    return Sheet(title, subtitle, tuple(blocks), {
        say("method"): "MIL-STD-105E, 4.7, 4.8",
        say("lots"): f"{len(standing.lots):,}",
        say("entries not understood"): f"{len(account.unread):,}",
        "luban": __version__,
    })  # fmt: skip


def accounts_sheet(accounts: Sequence[Account], say: Words) -> Sheet:
    """All suppliers' items in one table."""
    rows, tones = [], {}
    for at, one in enumerate(accounts):
        standing = one.standing
        word = severity_word(standing, say)
        last = standing.lots[-1] if standing and standing.lots else None
        aql = f"{one.terms.aql:g}" if one.terms else _NONE
        rows.append((
            one.supplier, one.item, aql, one.terms.level if one.terms else _NONE, word,
            f"{len(standing.lots) if standing else 0:,}", last.lot if last else _NONE,
            _NONE if last is None else say("accepted") if last.accepted else say("rejected"),
        ))  # fmt: skip
        if standing is not None and (standing.stopped or standing.severity == "tightened"):
            tones[at] = "bad" if standing.stopped else "doubt"
    heads = (
        say("supplier"), say("item"), "AQL", say("level"), say("inspection due"), say("lots"), say("last lot"),
        say("decision"),
    )  # fmt: skip
    grid = Grid(heads, tuple(rows), numbers=frozenset({2, 5}), tones=tones)
    blocks: tuple[Block, ...] = (grid,) if rows else (Note(say("No supplier's item is sampled yet.")),)
    return Sheet(say("Acceptance sampling"), "", blocks, {say("method"): "MIL-STD-105E", "luban": __version__})


def lots_sheet(table: LotTable, say: Words) -> Sheet:
    """The lots of a table, each with its plan's decision, and where inspection stands by supplier and item."""
    blocks: list[Block] = []
    for one in table.accounts:
        if one.standing is None:
            continue
        named = f"{one.supplier} · {one.item}" if len(table.accounts) > 1 else ""
        figures = _standing_figures(one.standing, say, None)
        blocks += [Figures(figures.rows, named), _lots_grid(one.standing, say, None, named)]
        if one.standing.switches[1:]:
            blocks.append(_switches_grid(one.standing, say, None, named))
        if one.open:
            waiting = ", ".join(f"{lot.lot} ({lot.decision.size:,})" for lot in one.open[:20])
            blocks.append(Note(say("Another sample is to be drawn from: {lots}", lots=waiting), "doubt"))
        blocks += [Note(say(doubt), "doubt") for doubt in one.standing.doubts[-20:]]
    blocks += _left_out(table.excluded, say("Rows left out"), say)
    first = table.accounts[0].terms
    subtitle = ""
    if first is not None:
        given = {"aql": f"{first.aql:g}", "level": first.level, "kind": say(first.kind)}
        subtitle = say("AQL {aql} · level {level} · {kind}", **given)
    return Sheet(say("Acceptance sampling"), subtitle, tuple(blocks), {
        say("source"): table.source,
        say("lots"): f"{table.used:,}",
        say("rows left out"): f"{len(table.excluded):,}",
        say("method"): "MIL-STD-105E",
        "luban": __version__,
    })  # fmt: skip


def when_text(time: int, zone: ZoneInfo | None = None) -> str:
    """A moment to the minute, in the zone (UTC if None).

    Example  when_text(0) == "1970-01-01 00:00 UTC"
    """
    return to_datetime(time, zone).strftime("%Y-%m-%d %H:%M" + ("" if zone else " UTC"))


def severity_word(standing: Standing | None, say: Words) -> str:
    """What the inspection that is due is called."""
    if standing is None:
        return say("nothing agreed")
    return say("discontinued") if standing.stopped else say(standing.severity)


def decision_figure(decision: LotDecision, say: Words) -> Figure:
    """The decision on a lot as one figure."""
    told = {
        "accept": (say("accept the lot"), "good"), "reject": (say("reject the lot"), "bad"),
        "next": (say("draw {n} more pieces", n=decision.size), "doubt"),
    }[decision.verdict]  # fmt: skip
    note = say(decision.why)
    if decision.gap:
        note += " · " + say("reduced inspection ends with this lot")
    return Figure(say("decision"), told[0], note=note, tone=told[1])


def stages_grid(plan: AttributePlan, say: Words) -> Grid:
    """The samples of a plan with their numbers."""
    rows, drawn = [], 0
    for number, stage in enumerate(plan.stages, 1):
        drawn += stage.size
        accept = f"{stage.accept}" if stage.accept >= 0 else say("not yet")
        rows.append((str(number), f"{stage.size:,}", f"{drawn:,}", accept, str(stage.reject)))
    heads = (say("sample"), say("pieces"), say("all so far"), say("accept up to"), say("reject from"))
    return Grid(heads, tuple(rows), title=say("Samples"), numbers=frozenset({1, 2, 3, 4}))


def curve_pictures(plan: AttributePlan, drawn: Curves, say: Words) -> list[Block]:
    """OC, average outgoing quality, and pieces inspected, each as a drawing."""
    percent = 100 * drawn.quality
    x_label = _quality_label(plan, say)
    found: list[Block] = [_oc_picture(percent, drawn.accept, x_label, say, plan.aql)]
    worst = aoql(plan)
    top = max(float(100 * worst.limit) * 1.15, 1e-9)
    plot = Plot(x=(0, float(percent[-1])), y=(0, top), height=220, x_label=x_label, y_label=say("outgoing quality [%]"),
                title=say("Average outgoing quality"))  # fmt: skip
    plot.line(percent, 100 * drawn.aoq, "accent")
    plot.level(100 * worst.limit, "AOQL", "bad", dash="4 3")
    told = say(
        "at worst {limit} % goes out, where {quality} % comes in",
        limit=_percent(worst.limit),
        quality=_percent(worst.quality),
    )
    found.append(Picture(plot.svg(), say("Average outgoing quality"), told))
    if len(plan.stages) > 1:
        plot = Plot(x=(0, float(percent[-1])), y=(0, 1.05 * plan.total), height=220, x_label=x_label,
                    y_label=say("pieces"), title=say("Average sample number"))  # fmt: skip
        plot.line(percent, drawn.asn, "accent")
        plot.level(plan.total, say("all samples"), "limit", dash="4 3")
        told = say("at most {n} pieces on average", n=f"{float(np.max(drawn.asn)):,.1f}")
        found.append(Picture(plot.svg(), say("Average sample number"), told))
    if plan.lot is not None and not plan.every:
        plot = Plot(x=(0, float(percent[-1])), y=(0, 1.05 * plan.lot), height=220, x_label=x_label,
                    y_label=say("pieces"), title=say("Average total inspection"))  # fmt: skip
        plot.line(percent, drawn.ati, "second")
        plot.level(plan.lot, say("lot"), "limit", dash="4 3")
        told = say("rejected lots sorted: from {n} pieces up to the lot", n=f"{float(drawn.ati[0]):,.0f}")
        found.append(Picture(plot.svg(), say("Average total inspection"), told))
    return found


# ------------------------------------------------------------------ parts


def _title(plan: AttributePlan, say: Words) -> str:
    return f"{say('Sampling plan')} · {plan.used}" if plan.used else say("Sampling plan")


def _subtitle(plan: AttributePlan, say: Words) -> str:
    if plan.aql is None:
        return say(plan.reference)
    return say(
        "{severity} inspection, {kind}, lot of {lot} pieces, AQL {aql}, level {level}", severity=say(plan.severity),
        kind=say(plan.kind), lot=f"{plan.lot or 0:,}", aql=f"{plan.aql:g}", level=plan.level,
    )  # fmt: skip


def _plan_figures(plan: AttributePlan, drawn: Curves, say: Words) -> Figures:
    first = plan.stages[0]
    rows = [Figure(say("draw first"), f"{first.size:,}", say("pieces"), say("the whole lot") if plan.every else "")]
    if len(plan.stages) == 1:
        rows += [Figure(say("accept up to"), str(first.accept)), Figure(say("reject from"), str(first.reject))]
    if plan.aql is not None:
        at = curves(plan, np.array([plan.aql / 100]), model=drawn.model)
        note = say("chance that a lot of AQL quality is accepted")
        rows.append(Figure(say("accepted at the AQL"), _percent(float(at.accept[0])), "%", note))
        if len(plan.stages) > 1:
            rows.append(Figure(say("pieces at the AQL"), f"{float(at.asn[0]):,.1f}", say("pieces"), say("on average")))
        if plan.lot is not None:
            rows.append(
                Figure(
                    say("inspected at the AQL"), f"{float(at.ati[0]):,.0f}", say("pieces"), say("rejected lots sorted")
                )
            )
    unit = _unit(plan)
    for share, tone in ((0.95, ""), (0.5, ""), (0.1, "")):
        label = say("accepted in {n} % of lots", n=f"{100 * share:g}")
        rows.append(Figure(label, _percent(quality_at(plan, share)), unit, say("incoming quality"), tone))
    worst = aoql(plan)
    rows.append(
        Figure("AOQL", _percent(worst.limit), unit, say("worst average outgoing quality, rejected lots sorted"))
    )
    return Figures(tuple(rows))


def _unit(plan: AttributePlan) -> str:
    return "/100" if plan.per_hundred else "%"


def _quality_label(plan: AttributePlan, say: Words) -> str:
    return say("nonconformities per 100 pieces") if plan.per_hundred else say("nonconforming pieces [%]")


def _oc_picture(percent: Floats, accept: Floats, x_label: str, say: Words, aql: float | None = None) -> Picture:
    plot = Plot(x=(0, float(percent[-1])), y=(0, 1.02), height=260, x_label=x_label,
                y_label=say("chance of acceptance"), title=say("OC curve"))  # fmt: skip
    plot.line(percent, accept, "accent")
    if aql is not None and aql <= percent[-1]:
        plot.upright(aql, "AQL", "good", dash="4 3")
    half = float(np.interp(0.5, accept[::-1], percent[::-1]))
    told = say("half of the lots are accepted at {quality} %", quality=f"{half:.3g}")
    return Picture(plot.svg(), say("OC curve"), told)


def _top(plan: VariablesPlan) -> float:
    grid = np.geomspace(1e-6, 0.999, 400)
    chance = variables_oc(plan, grid)
    return float(grid[int(np.argmax(chance < 1e-3))]) if bool((chance < 1e-3).any()) else 0.999


def _measured_figures(decision: VariablesDecision, say: Words) -> Figures:
    word = say("accept the lot") if decision.accepted else say("reject the lot")
    rows = [Figure(say("decision"), word, note=say(decision.why), tone="good" if decision.accepted else "bad")]
    for label, distance in (
        (say("from the lower limit"), decision.below),
        (say("from the upper limit"), decision.above),
    ):
        if distance is not None:
            rows.append(Figure(label, f"{distance:.4f}", say("standard deviations")))
    rows.append(Figure(say("estimated outside"), _percent(decision.share), "%"))
    return Figures(tuple(rows))


def _standing_figures(standing: Standing, say: Words, zone: ZoneInfo | None) -> Figures:
    tone = "bad" if standing.stopped else {"tightened": "doubt", "reduced": "good"}.get(standing.severity, "")
    rows = [Figure(say("inspection due"), severity_word(standing, say), tone=tone)]
    if standing.switches:
        last = standing.switches[-1]
        note = say("by lot {lot}", lot=last.lot) if last.lot else when_text(last.time, zone) if last.time else ""
        rows.append(Figure(say("because"), say(RULES[last.rule]), note=note))
    if not standing.stopped and standing.severity != "reduced":
        milder = say("normal") if standing.severity == "tightened" else say("reduced")
        rows.append(
            Figure(say("accepted lots to go"), str(lots_to_go(standing)), note=say("until {state}", state=milder))
        )
    if standing.severity == "normal" and not standing.stopped:
        lots, found, limit = limit_of(standing)
        text = f"{found} / {limit}" if limit is not None else f"{found} / {_NONE}"
        note = say("found in the last {n} lots / limit number for reduced inspection", n=lots)
        rows.append(Figure(say("found / limit"), text, note=note))
        rows.append(Figure(say("reduced inspection"), say("wished for") if standing.permit else say("not wished for")))
    rows.append(Figure(say("production"), say("steady") if standing.steady else say("irregular")))
    return Figures(tuple(rows))


def _lots_grid(standing: Standing, say: Words, zone: ZoneInfo | None, of: str = "") -> Grid:
    rows, tones = [], {}
    listed = standing.lots[-_MOST_LOTS:][::-1]
    for at, lot in enumerate(listed):
        decision = say("accepted") if lot.accepted else say("rejected")
        if lot.gap:
            decision += f" · {say('between the numbers')}"
        rows.append((
            when_text(lot.time, zone) if lot.time else _NONE, lot.lot, f"{lot.size:,}", say(lot.severity),
            f"{lot.units:,}",
            str(lot.found), decision, "" if lot.original else say("submitted again"),
        ))  # fmt: skip
        if not lot.accepted:
            tones[at] = "bad"
    heads = (
        say("time"), say("lot"), say("pieces"), say("inspection"), say("inspected"), say("found"), say("decision"),
        say("note"),
    )  # fmt: skip
    title = _of(say("Lots, the newest first"), of)
    return Grid(heads, tuple(rows), title=title, numbers=frozenset({2, 4, 5}), tones=tones)


def _switches_grid(standing: Standing, say: Words, zone: ZoneInfo | None, of: str = "") -> Grid:
    rows = [
        (when_text(one.time, zone) if one.time else _NONE, say(one.before) if one.before else _NONE, say(one.after),
         one.lot or _NONE, say(RULES[one.rule]))
        for one in reversed(standing.switches)
    ]  # fmt: skip
    heads = (say("time"), say("from"), say("to"), say("lot"), say("why"))
    return Grid(heads, tuple(rows), title=_of(say("Switches of inspection"), of))


def _left_out(excluded: Sequence[Excluded], title: str, say: Words) -> list[Block]:
    if not excluded:
        return []
    rows = [(one.where, one.field, one.came, say(one.reason)) for one in excluded[:_MOST_LOTS]]
    heads = (say("place"), say("column"), say("came"), say("why"))
    return [Grid(heads, tuple(rows), title=title)]


def _of(title: str, of: str) -> str:
    return f"{title} · {of}" if of else title


def _unread(account: Account, say: Words) -> list[Block]:
    return [Note(say("Not understood: {entry}", entry=one), "doubt") for one in account.unread[:20]]


def _percent(share: float) -> str:
    return f"{100 * share:.4g}"
