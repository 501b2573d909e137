"""The proof of a pilot as a sheet: targets and verdicts, falls from lever to lever, cost, money, every run.

What a page shows of it is made of the same blocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from luban import __version__
from luban.pilot.plan import TARGETS
from luban.pilot.proof import AS_IS, CAPITAL, CONVENTIONAL, LUBAN, Fall, Proof
from luban.pilot.study import TUNING
from luban.screens.i18n import Words
from luban.screens.report.pilot_pictures import Change, Stack, Step, changes_svg, fall_svg, pairs_svg, stacks_svg
from luban.screens.report.pilot_tables import (
    arms_grid,
    assumed_grid,
    costs_grid,
    fall_grid,
    levers_grid,
    money_grid,
    others_grid,
    runs_grid,
    skipped_grid,
    target_figures,
    targets_grid,
    without_grid,
)
from luban.screens.report.pilot_words import (
    amount,
    arm_name,
    change_tone,
    class_name,
    cost_names,
    marks,
    metric_name,
    metric_unit,
    signed,
    step_name,
)
from luban.screens.report.sheet import Block, Note, Picture, Sheet

__all__ = [
    "assumed_blocks", "binding_notes", "changes_picture", "cost_blocks", "fall_picture", "floor_notes",
    "honest_notes", "lever_blocks", "meaning_notes", "money_note", "pairs_picture", "proof_sheet",
    "tuned_notes",
]  # fmt: skip

_SHOWN = ((LUBAN, AS_IS), (LUBAN, CONVENTIONAL), (CAPITAL, AS_IS))
_NEAR = -0.12  # a fall that reaches further is drawn beside the plan's bar [1]
_FALL_TONES = ("good", "bad", "second")


def proof_sheet(proof: Proof, say: Words, *, zone: tzinfo = UTC) -> Sheet:
    """All of a proof."""
    paper = True
    blocks: list[Block] = [target_figures(proof, say), *tuned_notes(proof, say), *binding_notes(proof, say)]
    blocks.append(changes_picture(proof, say, paper=paper))
    blocks.append(targets_grid(proof, say))
    blocks += meaning_notes(proof, say)
    for fall in proof.falls:
        blocks += [fall_picture(fall, proof, say, paper=paper), fall_grid(fall, proof, say)]
    blocks += lever_blocks(proof, say)
    blocks += cost_blocks(proof, say, paper=paper)
    if proof.money:
        blocks.append(money_grid(proof.money, proof, say))
        blocks.append(money_note(proof, say))
    others = others_grid(proof, say)
    blocks += [] if others is None else [others]
    blocks.append(arms_grid(proof, say))
    for one in proof.metrics:
        blocks += [pairs_picture(one.name, proof, say), runs_grid(one.name, proof, say)]
    blocks += assumed_blocks(proof, say)
    blocks += honest_notes(proof, say)
    return Sheet(say(proof.title), _about(proof, say), tuple(blocks), _made(proof, say, zone))


def binding_notes(proof: Proof, say: Words) -> list[Note]:
    """What each verdict rests on, and which constraint binds where a target is missed."""
    notes = []
    for one in proof.metrics:
        found = proof.change(one.name)
        if found is None or not found.verdict:
            continue
        name, binds = metric_name(one.name, say), proof.binds.get(one.name, "")
        if found.why:
            notes.append(Note(f"{name}: {say(found.why)}", change_tone(found)))
        if binds:
            notes.append(Note(say("{name}, what binds: {what}", name=name, what=say(binds)), change_tone(found)))
    return notes


def meaning_notes(proof: Proof, say: Words) -> list[Note]:
    """What each metric is at this plant, where that is not what its name says."""
    return [Note(f"{metric_name(one.name, say)}: {say(one.meaning)}", "quiet") for one in proof.metrics if one.meaning]


def changes_picture(proof: Proof, say: Words, *, paper: bool) -> Picture:
    """Changes of the targets with their intervals, beside the plan's bar."""
    rows = []
    for one in proof.metrics:
        for arm, base in _SHOWN:
            found = proof.change(one.name, arm, base)
            if found is None or not found.verdict:
                continue
            note = say("against conventional") if base == CONVENTIONAL else ""
            note = arm_name(arm, say) if arm != LUBAN else note
            share = found.share
            rows.append(
                Change(
                    one.name, metric_name(one.name, say), share.mean, share.low, share.high,
                    f"{signed(100 * share.mean)} %", change_tone(found), note,
                )
            )  # fmt: skip
    text = say("Each dot lies on its interval; uprights mark the plan's bar.")
    return Picture(changes_svg(rows, marks(say), say, paper=paper), say("Change of the targets, with intervals"), text)


def fall_picture(fall: Fall, proof: Proof, say: Words, *, paper: bool) -> Picture:
    """One metric from lever to lever, as shares of what it was."""
    one, base = proof.measured(fall.metric), fall.before or 1.0
    rows, at = [], 0.0
    for place, part in enumerate(fall.parts):
        end = at + part.mean / base
        tone = _FALL_TONES[1 if part.mean > 0 else 2 if place >= fall.decided else 0]
        note = say("needs capital") if place >= fall.decided else ""
        name = step_name(part, proof, say)
        told = f"{signed(100 * part.mean / base)} %"
        pick = part.levers[0] if part.levers else ""
        rows.append(Step(pick, name, at, end, part.low / base, part.high / base, told, tone, note))
        at = end
    total = fall.total
    told = f"{signed(100 * total.mean / base)} %"
    rows.append(Step("", say("in all"), 0.0, total.mean / base, total.low / base, total.high / base, told, "ink"))
    unit = metric_unit(one, proof, say)
    before, after = amount(fall.before, one.decimals), amount(fall.after, one.decimals)
    name = metric_name(fall.metric, say)
    title = say("{name}: from {before} to {after} {unit}", name=name, before=before, after=after, unit=unit)
    text, bar = _split(fall, say), marks(say) if fall.metric in TARGETS else {}
    if bar and min(min(row.start, row.end) for row in rows) > _NEAR:
        # drawn to its scale the steps would be too small to be seen
        text += " " + say("The plan's bar lies outside of this picture.")
        bar = {}
    return Picture(fall_svg(rows, bar, title, paper=paper), title, text)


def assumed_blocks(proof: Proof, say: Words) -> list[Block]:
    """What the plant was taken to be; nothing where nobody says so."""
    if not proof.assumptions:
        return []
    text = say("As they stand in the pilot's file; what is behind the ids of sources stands in the README beside it.")
    return [assumed_grid(proof.assumptions, say), Note(text, "quiet")]


def lever_blocks(proof: Proof, say: Words) -> list[Block]:
    """Levers with what they gave, those that did not run, and what changed on the shop floor."""
    blocks: list[Block] = [levers_grid(proof, say)]
    skipped = skipped_grid(proof.levers, say)
    blocks += [] if skipped is None else [skipped]
    return [*blocks, *floor_notes(proof, say)]


def floor_notes(proof: Proof, say: Words) -> list[Note]:
    """What is other on the shop floor with each lever on, in words."""
    return [Note(f"{say(one.name)}: {say(one.text)}") for one in proof.levers if one.on and one.text]


def cost_blocks(proof: Proof, say: Words, *, paper: bool) -> list[Block]:
    """Cost by part, before and after; operating cost with and without each part."""
    names = cost_names(say)
    decimals = proof.measured("cost").decimals
    unit = f"{proof.currency}"
    rows = []
    for arm in proof.arms:
        parts = tuple((part, arm.costs.get(part, 0.0)) for part in names)
        told = f"{amount(sum(value for _, value in parts), decimals)} {unit}"
        rows.append(Stack(arm_name(arm.name, say), parts, told))
    title = say("Full cost per {unit}, by part", unit=say(proof.unit))
    blocks: list[Block] = [Picture(stacks_svg(rows, names, say, paper=paper), title), costs_grid(proof, say)]
    without = without_grid(proof, say)
    return blocks if without is None else [*blocks, without]


def pairs_picture(metric: str, proof: Proof, say: Words, *, width: int = 980) -> Picture:
    """Each run under each of the main ways to run the plant, joined by a line."""
    one = proof.measured(metric)
    arms = [(arm_name(arm, say), proof.points[arm].get(metric, ())) for arm in (AS_IS, CONVENTIONAL, LUBAN, CAPITAL)
            if arm in proof.points]  # fmt: skip
    arms = [own for own in arms if len(own[1]) == len(proof.seeds)]
    title = say("{name}, every run", name=metric_name(metric, say))
    svg = pairs_svg(arms, proof.seeds, metric_unit(one, proof, say), title, width=width)
    return Picture(svg, title, say("A line joins the runs that met the same chances."))


def honest_notes(proof: Proof, say: Words) -> list[Note]:
    """What a reader must know to judge the proof."""
    texts = [
        say(
            "As is: the rules by which the plant is run before. Conventional: a good plant without luban, with "
            "critical ratio, daily release, age-based maintenance and charts by hand. All met the same orders, "
            "breakdowns and chances, run by run."
        ),
        say(
            "The plant as it is keeps to published practice, and is not made worse to look better against it. What "
            "luban decides rests only on what connectors and bookings show; true wear, drawn lives and orders to come "
            "are hidden from it."
        ),
        say(
            "This is a simulated plant. It shows what decisions bring under its assumptions, not what a plant of yours "
            "will save."
        ),
    ]
    return [Note(text, "quiet") for text in texts] + [Note(_told(text, say), "quiet") for text in proof.notes]


def tuned_notes(proof: Proof, say: Words) -> list[Note]:
    """A warning where the seeds are such as levers were tuned on."""
    if not any(seed in TUNING for seed in proof.seeds):
        return []
    text = say(
        "Levers were tuned on seeds below {n}: figures of such seeds are too good to be reported.", n=len(TUNING)
    )
    return [Note(text, "doubt")]


def _told(note: str, say: Words) -> str:
    """A note of the proof; the names of ways to run the plant that it lists are said one by one."""
    head, found, names = note.partition(": ")
    if found and head == "left out in this study":
        return say(
            "left out in this study: {names}", names="; ".join(arm_name(name, say) for name in names.split("; "))
        )
    return say(note)


def _about(proof: Proof, say: Words) -> str:
    parts = [class_name(proof.category, say), say("{n} runs of {days} days", n=len(proof.seeds),
             days=f"{proof.days:g}"), proof.name]  # fmt: skip
    return " · ".join(filter(None, parts))


def _split(fall: Fall, say: Words) -> str:
    if fall.method == "shapley":
        return say("Split by Shapley: each lever gets its mean contribution over all orders of switching on.")
    return say("Split in sequence: each lever gets what it gave when it was switched on after those above it.")


def money_note(proof: Proof, say: Words) -> Note:
    """How money was worked out."""
    one = proof.money[0]
    text = say(
        "Saving is per good unit times good units a year, running costs of levers taken off. Net present value at "
        "{rate} % a year.",
        rate=f"{100 * one.rate:g}",
    )
    return Note(text, "quiet")


def _made(proof: Proof, say: Words, zone: tzinfo) -> dict[str, str]:
    when = datetime.fromtimestamp(proof.made / 1e6, zone).strftime("%Y-%m-%d %H:%M")
    return {
        say("made"): when, say("seeds"): _seeds(proof.seeds), say("days measured in each run"): f"{proof.days:g}",
        say("interval"): f"{100 * proof.level:g} %", say("work of the processor"): f"{proof.cpu:,.0f} s",
        say("digest of the program"): proof.code[:16], say("digest of the pilot's folder"): proof.settings[:16],
        "luban": __version__,
    }  # fmt: skip


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
        return f"{seeds[0]} … {seeds[-1]}"
    return ", ".join(str(seed) for seed in seeds)
