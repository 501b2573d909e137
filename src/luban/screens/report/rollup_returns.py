"""Returns as sheets: what a review found, what was taken, a firm's own return with its evidence, who has returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from luban import __version__
from luban.norms.plans import TargetPlan
from luban.norms.regions import region
from luban.rollup.returns import Finding, Form, OwnReturn, Reporting, Review, Taken, UnitReturn, settings_of
from luban.screens.i18n import Words
from luban.screens.report.sheet import Block, Figure, Figures, Grid, Note, Sheet

__all__ = ["finding_text", "form_sheet", "own_sheet", "review_sheet", "status_sheet", "taken_sheet"]

_NONE: Final = "–"
_MOST: Final = 500  # findings or units on a sheet
_TONES: Final = {"error": "bad", "doubt": "doubt", "note": ""}


def _number(value: float | None) -> str:
    return _NONE if value is None else f"{value:,.10g}"


def _share(value: float | None) -> str:
    return _NONE if value is None else f"{100 * value:.2f}"


def _foot(plan: TargetPlan, say: Words, **more: str) -> dict[str, str]:
    return {say("the plan"): f"{plan.id} {plan.digest[:16]}", **more, "luban": __version__}


# ---- findings


def _severity(say: Words, severity: str) -> str:
    return {"error": say("error"), "doubt": say("doubt"), "note": say("worth a look")}[severity]


def _kind(say: Words, code: str) -> str:
    return {
        "rule": say("a rule does not hold"), "not a number": say("no number in the cell"),
        "unit": say("another unit of measure"), "unknown name": say("a name that the plan does not have"),
        "no unit": say("no unit or year"), "register": say("a field of the register that cannot be read"),
        "twice": say("unit and year twice"), "same firm": say("one firm under two ids"),
        "two regions": say("one firm in two regions"), "shift": say("off by a power of ten"),
        "jump": say("far from its own other years"), "apart": say("far from firms of its kind"),
        "repeated": say("last year's return again"), "old code": say("code of an older classification"),
        "unknown code": say("unknown industry code"), "no base year": say("nothing for the base year"),
        "unknown region": say("unknown region"),
    }[code]  # fmt: skip


def finding_text(finding: Finding, plan: TargetPlan, say: Words) -> str:
    """What a finding says, in the language.

    Example  finding_text(found, plan, words("zh"))
    """
    more = finding.more
    if finding.code == "rule":
        rule = next((one for one in settings_of(plan).rules if one.id == finding.rule), None)
        name = rule.name.of(say.language) if rule else finding.rule
        return say("expected: {rule}; came {left} and {right}", rule=name, left=_number(more.get("left")),
                   right=_number(more.get("right")))  # fmt: skip
    if finding.code == "shift":
        unit = plan.unit(plan.elements[finding.element].unit).of(say.language)
        amount = _number((finding.value or 0.0) / 10.0 ** more["power"])
        text = (say("10^{power} times what it is in other years; {amount} {unit}?", power=more["power"], amount=amount,
                    unit=unit) if more["against"] == "years" else
                say("10^{power} times what firms of its kind and size have; {amount} {unit}?", power=more["power"],
                    amount=amount, unit=unit))  # fmt: skip
        return f"{text} {say('All amounts of money of the return.')}" if more.get("all_money") else text
    if finding.code in ("jump", "apart"):
        return say("about {amount} was expected: {factor} times as much came", factor=f"{more['factor']:.3g}",
                   amount=_number(float(f"{more['expected_value']:.4g}")))  # fmt: skip
    if finding.code == "repeated":
        return say("{count} amounts as in {year}", count=more["amounts"], year=finding.year - 1)
    if finding.code == "no base year":
        if "units" in more:
            return say("none of {count} units; changes against {year} cannot be worked out",
                       count=f"{more['units']:,}", year=more["base_year"])  # fmt: skip
        return say("changes against {year} cannot be worked out", year=more["base_year"])
    if finding.code in ("twice", "same firm", "two regions"):
        return _double(finding, say)
    if finding.code == "not a number":
        return f"{more['cell']}: {say(more['why'])}"
    if finding.code == "unit":
        unit = plan.unit(more["wanted"]).of(say.language) or more["wanted"]
        return say("{came} instead of {wanted}", came=more["came"], wanted=unit)
    return str(more.get("cell", finding.expected))


def _double(finding: Finding, say: Words) -> str:
    """Where the other of a double stands, and what it is called there."""
    more = finding.more
    parts = [str(more["other_unit"])] if "other_unit" in more else []
    parts += [" / ".join(more["regions"])] if "regions" in more else []
    parts.append(say("also on {place}", place=more["other"]) if more["other"] else say("in the books already"))
    return ", ".join(parts)


def _findings(found: Sequence[Finding], plan: TargetPlan, say: Words) -> list[Block]:
    if not found:
        return [Note(say("Nothing was found."), "good")]
    shown = found[:_MOST]
    rows = [
        (_severity(say, one.severity), one.place or _NONE, one.unit or _NONE, str(one.year or _NONE),
         plan.elements[one.element].name.of(say.language) if one.element in plan.elements else _NONE,
         _kind(say, one.code), finding_text(one, plan, say), _number(one.value))
        for one in shown
    ]  # fmt: skip
    heads = (say("severity"), say("where"), say("unit"), say("year"), say("figure"), say("kind"), say("what it says"),
             say("value"))  # fmt: skip
    tones = {at: _TONES[one.severity] for at, one in enumerate(shown) if _TONES[one.severity]}
    blocks: list[Block] = [Grid(heads, rows, say("Findings"), frozenset({7}), tones)]
    if len(found) > _MOST:
        blocks.append(Note(say("The first {shown} of {count} findings; --json holds more.", shown=_MOST,
                               count=f"{len(found):,}")))  # fmt: skip
    return blocks


def _counts(found: Review, plan: TargetPlan, say: Words) -> Figures:
    measure = plan.elements[found.measure].name.of(say.language) if found.measure in plan.elements else ""
    count = {name: len(found.of(name)) for name in ("error", "doubt", "note")}
    rows = [
        Figure(say("rows"), f"{found.rows:,}"),
        Figure(say("errors"), f"{count['error']:,}", note=say("in no indicator"), tone="bad" if count["error"] else ""),
        Figure(say("doubts"), f"{count['doubt']:,}", note=say("in no indicator until the firm confirms"),
               tone="doubt" if count["doubt"] else ""),
        Figure(say("worth a look"), f"{count['note']:,}", note=say("in the indicators")),
        Figure(say("rows of which something is left out"), f"{found.left_out:,}",
               note=say("{share} % of {measure}", share=_share(found.share), measure=measure) if measure else ""),
    ]  # fmt: skip
    return Figures(tuple(rows))


def review_sheet(found: Review, plan: TargetPlan, say: Words, source: str) -> Sheet:
    """What is wrong, doubtful or worth a look in returns that nobody has taken yet.

    source  the file or files
    """
    blocks = [_counts(found, plan, say), *_findings(found.findings, plan, say)]
    return Sheet(say("Returns under review"), source, tuple(blocks), _foot(plan, say))


def taken_sheet(taken: Taken, plan: TargetPlan, say: Words, source: str) -> Sheet:
    """What went into the books, and what the review found."""
    figures = Figures((
        Figure(say("new values"), f"{taken.new:,}"),
        Figure(say("revised"), f"{taken.revised:,}", note=say("the old value stays in the books")),
        Figure(say("as before"), f"{taken.same:,}", note=say("not written again")),
        Figure(say("not known, with a reason"), f"{taken.unknown:,}"),
        Figure(say("rows refused"), f"{taken.refused:,}", tone="bad" if taken.refused else ""),
        Figure(say("rows of the register"), f"{len(taken.enterprise['subject']):,}", note=say("new or changed")),
    ))  # fmt: skip
    blocks = [figures, _counts(taken.review, plan, say), *_findings(taken.review.findings, plan, say)]
    return Sheet(say("Returns taken"), source, tuple(blocks), _foot(plan, say))


# ---- own books


def own_sheet(found: OwnReturn, plan: TargetPlan, say: Words, name: str) -> Sheet:
    """A firm's return from its own books, each figure with the facts it rests on or the reason it is not known."""
    from luban.screens.report.green_trail import Trail

    trail = Trail(say)
    rows, tones = [], {}
    for at, one in enumerate(found.lines):
        element = plan.elements[one.element]
        shown = trail.mark(one.facts)
        told = (
            say(one.reason) if one.reason else "; ".join([*(say(note) for note in one.notes), one.document]).strip("; ")
        )
        rows.append(
            (element.name.of(say.language), _number(one.value), plan.unit(one.unit).of(say.language), shown, told)
        )
        if one.value is None:
            tones[at] = "quiet"
    known = sum(one.value is not None for one in found.lines)
    heads = (say("figure"), say("value"), say("unit of measure"), say("facts"), say("how, or why not"))
    blocks: list[Block] = [
        Figures((
            Figure(say("year"), str(found.year)), Figure(say("figures known"), f"{known} / {len(found.lines)}"),
            Figure(say("books as of"), str(found.as_of), note=say("seq")),
        )),
        Grid(heads, rows, say("The return"), frozenset({1}), tones),
        *_processes(found, say), trail.grid(),
        Note(say("It is the firm's own statement once a person confirms it.")),
    ]  # fmt: skip
    return Sheet(say("Return from the plant's own books"), name, tuple(blocks), _foot(plan, say))


def _processes(found: OwnReturn, say: Words) -> list[Block]:
    from luban.core.time import iso

    if not found.processes:
        return []
    rows = [(one.id, one.unit, say("yes") if one.controlled else say("no"), iso(one.time)[:16] if one.time else _NONE,
             one.mapping or _NONE, say(one.reason) if one.reason else _NONE) for one in found.processes]  # fmt: skip
    heads = (
        say("key process"),
        say("work unit"),
        say("under control"),
        say("last heard"),
        say("protocol"),
        say("why not"),
    )
    tones = {at: "doubt" for at, one in enumerate(found.processes) if not one.controlled}
    return [Grid(heads, rows, say("Key processes"), tones=tones)]


# ---- who has returned


def _state(say: Words, state: str) -> str:
    return {"missing": say("nothing came"), "returned": say("have returned"), "queried": say("question open"),
            "revised": say("revised since"), "confirmed": say("confirmed by the firm")}[state]  # fmt: skip


def _place(path: str, say: Words) -> str:
    """A region's name, with what lies below it as its code."""
    known = region(path)
    below = path.split("/")[2:]
    return " ".join([known.names[say.language], *below[-1:]]) if known else path


def status_sheet(
    regions: Sequence[Reporting], units: Sequence[UnitReturn], plan: TargetPlan, say: Words, year: int, *,
    region_name: Mapping[str, str] | None = None,
) -> Sheet:  # fmt: skip
    """Reporting rate by region, and unit by unit those that need somebody's hand first."""
    names = region_name or {
        one: _place(one, say) for one in {*(row.region for row in regions), *(row.region for row in units)}
    }
    heads = (say("region"), say("units asked"), say("have returned"), "%", say("confirmed by the firm"),
             say("with doubtful values"), say("questions open"),
             say("% of the measure in doubtful values"))  # fmt: skip
    rows = [
        (names.get(one.region, one.region) or say("all"), f"{one.expected:,}", f"{one.returned:,}", _share(one.rate),
         f"{one.confirmed:,}", f"{one.doubtful:,}", f"{one.open:,}", _share(one.measure_doubtful))
        for one in regions
    ]  # fmt: skip
    blocks: list[Block] = [Grid(heads, rows, say("Reporting by region"), frozenset(range(1, 8)))]
    order = {"queried": 0, "missing": 1, "revised": 2, "returned": 3, "confirmed": 4}
    waiting = sorted(
        units, key=lambda one: (order[one.state], -one.doubtful - one.bad, -abs(one.measure or 0.0), one.unit)
    )[:_MOST]
    of_units = (say("unit"), say("name"), say("region"), say("state"), say("figures used"), say("doubtful"), say("bad"),
             say("question"), say("confirmed by"))  # fmt: skip
    lines = [
        (one.unit, one.name or _NONE, names.get(one.region, one.region) or _NONE, _state(say, one.state),
         str(one.elements), str(one.doubtful), str(one.bad), "; ".join(text for _, text in one.queries) or _NONE,
         one.person or _NONE)
        for one in waiting
    ]  # fmt: skip
    tones = {
        at: "doubt"
        for at, one in enumerate(waiting)
        if one.state in ("queried", "missing", "revised") or one.doubtful or one.bad
    }
    blocks.append(Grid(of_units, lines, say("Unit by unit"), frozenset({4, 5, 6}), tones))
    if len(units) > _MOST:
        blocks.append(Note(say("The first {shown} of {count} units; --json holds all of them.", shown=_MOST,
                               count=f"{len(units):,}")))  # fmt: skip
    return Sheet(say("Who has returned"), str(year), tuple(blocks), _foot(plan, say))


def form_sheet(form: Form, plan: TargetPlan, say: Words) -> Sheet:
    """The form as a list: its figures with their units, and its rules."""
    fields = [(one.element, one.name.of(say.language), plan.unit(one.unit).of(say.language) or _NONE,
               _joined(name.of(say.language) for name in one.units.values())) for one in form.fields]  # fmt: skip
    rules = [(one.name.of(say.language), one.said, f"{100 * one.tolerance:g}", _severity(say, one.severity))
             for one in form.rules]  # fmt: skip
    blocks = (
        Grid((say("id"), say("figure"), say("unit of measure"), say("may be given in")), fields, say("Figures")),
        Grid(
            (say("rule of the return"), say("as data"), say("tolerance, %"), say("where it fails")),
            rules,
            say("Rules of the return"),
        ),
    )
    return Sheet(say("Form of a return"), form.name, blocks, _foot(plan, say))


def _joined(names: Iterable[str]) -> str:
    return ", ".join(one for one in names if one) or _NONE
