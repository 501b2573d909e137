"""Arguments and options that several commands share, said once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.output import Output

__all__ = ["AsJson", "Plant", "output", "plant_folder"]

AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on stdout.")]
Plant = Annotated[Path, typer.Argument(help="The plant's folder (it holds plant.toml).", metavar="DIR")]


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
