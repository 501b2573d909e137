"""`luban programme fit`: projects beside catalogues, by the edition that holds on each project's day."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import NO, OK
from luban.screens.cli.sheets import Language, Out, give

__all__ = ["register"]


def register(group: typer.Typer) -> None:
    """Hang the command into the tree."""
    group.command("fit", epilog="Example: `luban programme fit projects.csv catalogues.csv --lang zh -o fit.html`")(fit)


def fit(
    projects: Annotated[Path, typer.Argument(metavar="PROJECTS", help="id, day, industry, region, text.")],
    catalogues: Annotated[
        list[Path],
        typer.Argument(
            metavar="CATALOGUE…", help="catalogue, edition, since, line, stance, text, industry, region, words."
        ),
    ],
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Check projects against catalogues: encouraged, restricted, barred, with the edition and the line cited.

    Exit code 1 where a project is barred.
    """
    from luban.rollup.catalogue import fit as fits, read_editions, read_projects
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.rollup_catalogue import fit_sheet, fit_word

    editions = [one for path in catalogues for one in read_editions(path)]
    found = [one for project in read_projects(projects) for one in fits(project, editions)]
    document: list[dict[str, Any]] = []
    for one in found:
        edition = one.edition and {"name": one.edition.name, "since": one.edition.since.isoformat(),
                                   "digest": one.edition.digest}  # fmt: skip
        document.append({"project": one.project.id, "day": one.project.day.isoformat(), "catalogue": one.catalogue,
                         "edition": edition, "fit": fit_word(one), "lines": plain(one.lines),
                         "unclear": plain(one.unclear)})  # fmt: skip
    give(output(as_json), fit_sheet(found, words(language), projects.name), document, out, language)
    return NO if any(one.stance == "barred" for one in found) else OK
