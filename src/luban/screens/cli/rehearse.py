"""`luban rehearse`: try the controller of offsets on the plant's twin, under a drift, before anybody trusts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

if TYPE_CHECKING:
    from luban.decide.setpoint.rehearse import Rehearsal
    from luban.screens.report.quality_rehearsal import Rehearsed
    from luban.twin.model import Model

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban rehearse examples/c2_machining --stations turning,milling` · "
    "`luban rehearse plant --stations turning --drift 2 --over 0 --every 3 --runs 5 -o rehearsal.pdf`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("rehearse", epilog=_EXAMPLES)(rehearse)


def rehearse(
    folder: Plant,
    stations: Annotated[str, typer.Option(help="Whose offsets are controlled, by commas; all that are measured.")] = "",
    drift: Annotated[float, typer.Option(help="Drift of each machine in standard deviations of its noise.")] = 1.5,
    over: Annotated[int, typer.Option(min=0, help="Pieces over which it grows; 0: a jump.")] = 50,
    days: Annotated[int, typer.Option(min=2, help="Length of a run [d].")] = 23,
    begin: Annotated[int, typer.Option(min=1, help="When the drift begins [d].")] = 16,
    learn_days: Annotated[int, typer.Option("--learn", min=1, help="Past to learn the causes from [d].")] = 30,
    every: Annotated[int, typer.Option(min=1, help="One in so many pieces is measured for the controller.")] = 1,
    lowest: Annotated[float | None, typer.Option(help="Lowest offset; by the tolerances. [unit of the sizes]")] = None,
    highest: Annotated[float | None, typer.Option(help="Highest offset; by the tolerances.")] = None,
    move: Annotated[float | None, typer.Option(help="Most change at once; by the tolerances.")] = None,
    wanted: Annotated[float, typer.Option(min=0.0, help="Cpk to be held [1].")] = 1.33,
    runs: Annotated[int, typer.Option(min=1, max=100, help="Runs of the controller; each takes some seconds.")] = 3,
    seed: Annotated[int, typer.Option(help="Of the random numbers.")] = 1,
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Cpk of the parts before and after a drift that no device shows, under the controller, an EWMA and the operators.

    The controller sees what panels show. Exit code 1 if --wanted is not held for good, or the envelope was left.
    """
    from luban.core.time import DAY
    from luban.decide.setpoint.envelope import Envelope
    from luban.decide.setpoint.rehearse import Drift, usual_envelope
    from luban.screens.i18n import words
    from luban.screens.report.quality_rehearsal import rehearsal_sheet
    from luban.twin.load import load_twin

    if begin >= days:
        raise InputError("the drift begins after the end", came=f"day {begin} of {days}", where="--begin")
    path = plant_folder(folder)
    model = load_twin(path)
    needed = max(days, learn_days) + 1
    if model.horizon < needed * DAY:
        model = load_twin(path, days=needed)
    say = output(as_json)
    at = _stations(model, stations)
    fault = Drift(drift, over, begin * DAY)
    usual = usual_envelope(model, at)
    envelope = Envelope(
        usual.lowest if lowest is None else lowest, usual.highest if highest is None else highest,
        usual.move if move is None else move, usual.resolution,
    )  # fmt: skip
    with say.progress("rehearsing", None):
        found = _rehearsed(path, model, at, fault, envelope, (days, learn_days, every, runs, seed), wanted)
    give(say, rehearsal_sheet(found, words(language)), found.as_dict(), out, language)
    return OK if found.back is not None and not found.left else NO


def _stations(model: Model, asked: str) -> list[str]:
    """Stations by the ends of their ids; those with measured sizes where none is named."""
    measured = {step.station for route in model.routes for step in route.steps if step.characteristics and step.station}
    if not asked:
        return sorted(measured)
    found = []
    for name in filter(None, map(str.strip, asked.split(","))):
        fits = [own for own in sorted(measured) if own == name or own.endswith(f"/{name}")]
        if len(fits) != 1:
            raise InputError("no station of that name measures a size", came=name, expected=", ".join(sorted(measured)))
        found.append(fits[0])
    return found


def _rehearsed(
    path: Path, model: Model, stations: list[str], drift: Any, envelope: Any, sizes: tuple[int, int, int, int, int],
    wanted: float,
) -> Rehearsed:  # fmt: skip
    import numpy as np

    from luban.decide.setpoint.rehearse import back_for_good, capability_after, learn, rehearse, windows_of
    from luban.plant import load
    from luban.screens.report.quality_rehearsal import Rehearsed

    days, past, every, count, seed = sizes
    plant = load(path)
    causes = learn(model, plant, stations, days=past, seed=seed + 1000)
    again = max(1, drift.begin // 86_400_000_000 - 2)
    runs: dict[str, list[Rehearsal]] = {}
    for hand in ("causes", "run_to_run", "as_is"):
        runs[hand] = [
            rehearse(
                model, plant, stations, hand, drift, days=days, causes=causes, relearn=again, every=every, seed=seed,
                replication=k, envelope=envelope,
            )
            for k in range(count if hand == "causes" else 1)
        ]  # fmt: skip
    pieces = {hand: np.concatenate([run.pieces for run in own]) for hand, own in runs.items()}
    windows = {hand: windows_of(own) for hand, own in pieces.items()}
    back = back_for_good(windows["causes"], wanted)
    after, n = capability_after(pieces["causes"], back or 0, 1 << 40)
    settled = {hand: own[own["time"] > again * 86_400_000_000] for hand, own in pieces.items()}
    return Rehearsed(
        plant.name, tuple(stations), drift, wanted, windows,
        {hand: capability_after(own, -1, 0)[0] for hand, own in settled.items()}, back, after, n,
        sum(len(run.moves) for run in runs["causes"]), sum(run.left for run in runs["causes"]),
        sum(run.refused for run in runs["causes"]), causes, seed, count,
    )  # fmt: skip
