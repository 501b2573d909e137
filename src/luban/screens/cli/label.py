"""`luban label`: labels with a DataMatrix or a bar code, as PDF or SVG."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban label '(01)09521141012345(21)2017' -o unit.pdf` · "
    "`luban label L-0042 L-0043 --kind code128 --size 80x25 --line 'axle, 12 pieces' -o lots.pdf`"
)


def register(app: typer.Typer) -> None:
    """Hang the command into the tree."""
    app.command("label", epilog=_EXAMPLES)(label)


def label(
    texts: Annotated[list[str], typer.Argument(metavar="TEXT...", help="A lot, or a GS1 element string in brackets.")],
    out: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="A .pdf, or for one label an .svg.")],
    kind: Annotated[str, typer.Option(help="datamatrix or code128.")] = "datamatrix",
    size: Annotated[str, typer.Option(help="Width x height [mm].")] = "50x30",
    line: Annotated[list[str] | None, typer.Option(help="A line printed beside the symbol; may be repeated.")] = None,
    copies: Annotated[int, typer.Option(min=1, max=1000, help="Copies of each label.")] = 1,
    language: Annotated[str, typer.Option("--lang", help="Language of the fonts: en, zh or ko.")] = "en",
    as_json: AsJson = False,
) -> int:
    """Print labels that scanners read; check digits of GS1 identifiers are checked before anything is printed."""
    from luban.screens.i18n import LANGUAGES
    from luban.screens.report.labels import Label, label_svg, labels_pdf

    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*[x×]\s*(\d+(?:\.\d+)?)", size)
    if not found:
        raise InputError("not a size", came=size, expected="width x height in mm, such as 50x30", where="--size")
    width, height = float(found[1]), float(found[2])
    if language not in LANGUAGES:
        raise InputError("no such language", came=language, expected=", ".join(LANGUAGES), where="--lang")
    labels = [Label(text, tuple(line or ())) for text in texts]
    ending = out.suffix.lower()
    if ending == ".svg" and len(labels) == 1:
        made = label_svg(labels[0], kind, width, height).encode()
    elif ending == ".pdf":
        made = labels_pdf([one for one in labels for _ in range(copies)], kind, width, height, language)
    else:
        raise InputError("labels are written as .pdf, one alone as .svg", came=out.name, where="--output")
    try:
        part = out.with_name(out.name + ".part")
        part.write_bytes(made)
        part.replace(out)
    except OSError as error:
        raise InputError("the labels could not be written", came=str(error), where=str(out)) from error
    say = output(as_json)
    if as_json:
        say.document({"written": str(out), "labels": len(labels) * (copies if ending == ".pdf" else 1)})
    say.say(f"written: {out}")
    return OK
