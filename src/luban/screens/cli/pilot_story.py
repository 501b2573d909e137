"""`luban pilot` without a name: a morning on real wires, then the proof of the same shop in virtual time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from luban.screens.cli.output import OK, Output

if TYPE_CHECKING:
    from luban.loop.story import Step, Story

__all__ = ["run_story", "tell_wires"]

_PILOT: Final = "c2_machining"
_MARKS: Final = {"good": "+", "doubt": "?", "bad": "!"}
_OPENS: Final = "A shop opens (the first time its simulation and its planner are compiled: a minute or two)"
_WIDE: Final = 10  # columns in front of a step's text


def run_story(say: Output, *, seconds: float, report: Path | None, port: int, language: str = "en") -> int:
    """Tell the morning, prove the same shop in virtual time, write the report, name the page.

    seconds  that the morning lasts;  report  HTML, PDF, Excel or JSON of the proof; None: none
    port     of the page that is named
    """
    from luban.pilot.books import pilot_home, standing
    from luban.pilot.registry import open_pilot
    from luban.screens.cli.pilot_study import Asked, run_study

    story = tell_wires(say, seconds)
    opened, base = open_pilot(_PILOT), Path.cwd()
    if not say.as_json:
        say.line("")
        say.line("The same shop in virtual time: as it is, and with luban, under the same chances")
    code = run_study(_Quiet(as_json=False) if say.as_json else say, opened, base, Asked(quick=True), report, language)
    if say.as_json:
        proof = standing(pilot_home(base, _PILOT), _PILOT).proof
        told = {"story": story.as_dict(), "proof": proof and proof.as_dict(), "report": str(report) if report else None}
        say.document(told)
    else:
        say.line("")
        say.say(f"look at it: luban up {_near(story.folder)} --port {port}, then http://127.0.0.1:{port}/en/loop")
        say.say(f"prove it properly: luban pilot {_PILOT} -o proof.html · other plants: luban pilot list")
    return max(code, OK)


def tell_wires(say: Output, seconds: float) -> Story:
    """The morning on real wires, each step as it happens."""
    import asyncio
    import logging

    from luban.loop.story import tell_story

    log = logging.getLogger("luban.connect")
    level = log.level
    log.setLevel(logging.ERROR)  # that a wire on this computer is open is no news here
    try:
        with say.progress(_OPENS, total=seconds) as advance:
            gone = 0.0

            def passed(more: float) -> None:
                nonlocal gone
                gone += more
                advance(gone, "A shop's morning on real wires")

            story = asyncio.run(tell_story(seconds=seconds, heard=lambda step: _step(say, step), advance=passed))
    finally:
        log.setLevel(level)
    if not say.as_json:
        facts = sum(story.facts.values())
        say.line(f"{facts:,} facts in the books of {_near(story.folder)}")
        for text in story.missing:
            say.line(f"! not seen this time: {text}")
    return story


def _step(say: Output, step: Step) -> None:
    if not say.as_json:
        say.line(f"{step.clock} {_MARKS.get(step.tone, '·')} {step.title}")
        say.line(f"{'':{_WIDE}}  {step.text}")


def _near(folder: Path) -> Path:
    """As a person here would write it."""
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


class _Quiet(Output):
    """Says nothing: the whole is one document."""

    def say(self, text: str) -> None:
        """Nothing."""

    def line(self, text: str) -> None:
        """Nothing."""

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
        """Nothing."""

    def document(self, thing: Any) -> None:
        """Nothing."""
