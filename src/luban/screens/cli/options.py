"""Arguments and options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.output import Output

if TYPE_CHECKING:
    from luban.screens.service import PlantView

__all__ = ["AsJson", "Characteristic", "End", "Plant", "Span", "Start", "chosen_span", "output", "plant_folder"]

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Plant = Annotated[Path, typer.Argument(help="The plant's folder (it holds plant.toml).", metavar="DIR")]
# of commands that take a file or a plant's folder: what of the plant's books is meant
Characteristic = Annotated[str, typer.Option(help="With DIR: item:name.")]
Span = Annotated[str, typer.Option("--range", help="With DIR: shift, last, today, or a length such as 7d.")]
Start = Annotated[str, typer.Option("--from", help="With DIR: start, ISO 8601.")]
End = Annotated[str, typer.Option("--to", help="With DIR: end, ISO 8601.")]


def output(as_json: bool) -> Output:
    """The voice of a command."""
    return Output(as_json=as_json)


def plant_folder(folder: Path) -> Path:
    """The folder if it is a plant's. Raises InputError with what to do."""
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder), hint=f"luban init {folder}")
    if not (folder / "plant.toml").is_file():
        raise InputError("no plant.toml in this folder", where=str(folder), hint=f"luban init {folder}")
    return folder


def chosen_span(view: PlantView, span: str, start: str, end: str) -> tuple[int | None, int | None]:
    """Start and end of what `--range`, `--from` and `--to` choose [µs UTC]; None, None where none of them is given."""
    if not (span or start or end):
        return None, None
    own = view.range(span, start, end)
    return own.start, own.end
