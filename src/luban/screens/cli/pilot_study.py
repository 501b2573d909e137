"""`luban pilot NAME`: a study of a pilot, told in a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from luban.core.errors import InputError
from luban.screens.cli.options import plant_folder
from luban.screens.cli.output import INTERRUPTED, NO, OK, Output
from luban.screens.cli.sheets import write_sheet

if TYPE_CHECKING:
    from luban.pilot.books import Standing
    from luban.pilot.proof import Change, Fall, Proof, Span
    from luban.pilot.registry import Opened
    from luban.pilot.study import Progress

__all__ = ["Asked", "list_pilots", "run_plant", "run_study", "tell_proof"]

_WEEK = 7.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What a caller wants of a study; as the options of the command."""

    seeds: int | None = None
    first: int | None = None
    weeks: float | None = None
    levers: str = ""
    without: tuple[str, ...] = ()
    method: str = "sequential"
    quick: bool = False
    workers: int | None = None
    arms: str = "all"


def list_pilots(say: Output) -> int:
    """Which pilots there are, and how they stand."""
    from luban.pilot.books import pilot_home, standing
    from luban.pilot.registry import shipped

    found = []
    for one in shipped():
        stands = standing(pilot_home(Path.cwd(), one.name), one.name)
        found.append((one, stands))
    if say.as_json:
        say.document([
            {"name": one.name, "category": one.category, "title": one.title, "ready": one.ready, "why": one.why,
             "done": stands.done, "wanted": stands.wanted, "proved": stands.proof is not None}
            for one, stands in found
        ])  # fmt: skip
        return OK
    rows = [(one.name, one.category, one.title, _state(stands) if one.ready else one.why) for one, stands in found]
    say.table(("pilot", "class", "plant", "state"), rows)
    say.say("run one: luban pilot c2_machining · a plant of yours: luban pilot --plant DIR")
    return OK


def run_study(say: Output, opened: Opened, base: Path, asked: Asked, out: Path | None, language: str) -> int:
    """Run what is not run yet, then tell the proof.

    base  folder below which the pilot's books lie
    """
    from luban.pilot.books import pilot_home
    from luban.pilot.study import QUICK, REPORT, prove
    from luban.screens.i18n import words
    from luban.screens.report.pilot import proof_sheet

    if asked.arms not in ("all", "main"):
        raise InputError("no such choice of arms", came=asked.arms, expected="all or main", where="--arms")
    usual = QUICK if asked.quick else REPORT
    first = usual.start if asked.first is None else asked.first
    count = len(usual) if asked.seeds is None else asked.seeds
    home = pilot_home(base, opened.pilot.name)
    try:
        with say.progress(f"Pilot {opened.pilot.name}: {count} runs of each arm", total=1.0) as advance:

            def told(one: Progress) -> None:
                advance(one.done / one.wanted, f"{one.done} of {one.wanted} runs · seed {one.seed} · {_arm(one)}")

            proof = prove(
                opened, home=home, seeds=range(first, first + count),
                days=None if asked.weeks is None else asked.weeks * _WEEK,
                levers=[one.strip() for one in asked.levers.split(",") if one.strip()] or None,
                without=[one.strip() for text in asked.without for one in text.split(",") if one.strip()],
                method=asked.method, quick=asked.quick, extras=asked.arms == "all", workers=asked.workers, told=told,
            )  # fmt: skip
    except KeyboardInterrupt:
        say.say(f"stopped; what ran is kept in {home}: the same command goes on from there")
        return INTERRUPTED
    if out is not None:
        write_sheet(out, proof_sheet(proof, words(language)), proof.as_dict(), language)
    if say.as_json:
        say.document(proof.as_dict())
    else:
        tell_proof(say, proof)
        say.say(f"books: {home} · report: {out or '-o report.html'}")
    return NO if _worse(proof) else OK


def run_plant(
    say: Output, folder: Path, asked: Asked, books: tuple[str, str, bool], out: Path | None, language: str
) -> int:  # fmt: skip
    """A plant's own folder: enrol it, judge it by its books, or run its twin.

    books  when levers go on, since when the state before counts (both as text, "" if not said), the twin all the same
    """
    from luban.screens.cli import pilot_books

    enrol, since, twin = books
    folder = plant_folder(folder)
    if enrol:
        return pilot_books.enrol_plant(say, folder, enrol, since)
    if not twin and pilot_books.enrolled(folder):
        return pilot_books.tell_books(say, folder, out, language)
    from luban.pilot.registry import open_plant

    return run_study(say, open_plant(folder), folder.resolve(), asked, out, language)


def tell_proof(say: Output, proof: Proof) -> None:
    """The proof as text: targets, arms, waterfall, money, what to switch off."""
    say.line(f"{proof.name}: {proof.title}")
    say.line(f"{len(proof.seeds)} pairs of runs, {proof.days:.0f} days each, unit: {proof.unit}")
    for base in dict.fromkeys(one.base for one in proof.changes if one.base in ("as is", "conventional")):
        say.line("")
        rows = [_target(proof, one) for one in proof.changes if one.base == base and one.metric in _targets(proof)]
        heads = ("arm", "target", base, "with it", "change", f"{proof.level:.0%} interval", "verdict")
        say.table(heads, rows, title=f"against {base}")
    for one in proof.changes:
        if one.base == "as is" and one.verdict == "not evaluable":
            say.line(f"\n{proof.measured(one.metric).label} is not evaluable ({one.arm}): {one.why}")
    for metric, text in proof.binds.items():
        say.line(f"\n{proof.measured(metric).label} is missed: {text}")
    if proof.falls:
        say.line("")
        say.table(*_waterfall(proof), title=f"waterfall ({proof.method})")
    if proof.money:
        say.line("")
        rows_of = [
            (one.what, f"{one.invest:,.0f}", f"{one.saving.mean:,.0f}", _years(one.payback), f"{one.npv.mean:,.0f}",
             f"{one.horizon} a at {one.rate:.0%}")
            for one in proof.money
        ]  # fmt: skip
        money = f"[{proof.currency}]"
        say.table(
            ("arm or lever", f"invest {money}", f"saving a year {money}", "payback", f"NPV {money}", "over"), rows_of
        )
    for lever in proof.levers:
        if lever.off:
            say.line(f"\n{lever.id}: makes it worse, proposed to be switched off ({lever.why})")
        elif lever.skipped:
            say.line(f"\n{lever.id}: {lever.skipped}")
    if off := ",".join(one.id for one in proof.levers if one.off):
        say.line(f"\nagain without what harms: luban pilot {proof.name} --without {off}")
    say.line("")
    for note in proof.notes:
        say.line(note)


def _targets(proof: Proof) -> tuple[str, ...]:
    return tuple(one.name for one in proof.metrics)


def _target(proof: Proof, one: Change) -> tuple[str, ...]:
    own = proof.measured(one.metric)
    before, after = (
        "–" if math.isnan(value) else f"{value:,.{own.decimals}f} {own.unit}" for value in (one.before, one.after)
    )
    return (one.arm, own.name, before, after, _share(one.share.mean), _ends(one.share), one.verdict)


def _waterfall(proof: Proof) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """A row a step, a column a metric; first and last row are before and after."""
    falls = proof.falls
    heads = ("step", *(f"{one.metric} [{one.unit}]" for one in falls))
    rows: list[tuple[str, ...]] = [("as is", *(_printed(proof, one, one.before) for one in falls))]
    for at, part in enumerate(falls[0].parts):
        rows.append((part.name, *(_printed(proof, one, one.parts[at].rounded, sign=True) for one in falls)))
    rows.append(("all levers", *(_printed(proof, one, one.after) for one in falls)))
    return heads, rows


def _printed(proof: Proof, fall: Fall, value: float, *, sign: bool = False) -> str:
    return f"{value:{'+' if sign else ''},.{proof.measured(fall.metric).decimals}f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:+.1%}"


def _ends(span: Span) -> str:
    return f"{_share(span.low)} … {_share(span.high)}"


def _years(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} a"


def _arm(one: Progress) -> str:
    names: Sequence[str] = sorted(one.arm.levers)
    return f"{one.arm.practice}, {len(names)} levers" if names else one.arm.practice


def _state(stands: Standing) -> str:
    if stands.wanted > stands.done:
        return f"{stands.done} of {stands.wanted} runs"
    return "proved" if stands.proof else "not run yet"


def _worse(proof: Proof) -> bool:
    """A target got worse beyond chance with luban on."""
    return any(
        one.arm == "luban" and one.base == "as is" and one.verdict and one.share.low > 0 for one in proof.changes
    )
