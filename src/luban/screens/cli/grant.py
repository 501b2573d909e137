"""`luban grant`: let an outside expert look at one machine for a time, see what was done, end it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.sheets import Language, Out, give as show

if TYPE_CHECKING:
    from luban.screens.grants import Grant
    from luban.understand.book import Entry

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Experts from outside: give, list, end; one machine, read-only, for a time."
)
Id = Annotated[str, typer.Argument(help="The grant, as `luban grant list` names it.", metavar="GRANT")]
Url = Annotated[str, typer.Option(help="Address that the expert reaches the plant's pages at.")]
_URL = "http://127.0.0.1:8080"


@app.command(
    "give",
    epilog="Example: `luban grant give plant jinan/machining/lathe01 --expert 'Li, Spindle Ltd' --for 4h`",
)
def give(
    folder: Plant,
    machine: Annotated[str, typer.Argument(help="Path of the work unit.", metavar="MACHINE")],
    expert: Annotated[str, typer.Option(help="Whom it is for: name and firm.")],
    length: Annotated[str, typer.Option("--for", help="How long it holds, at most 30d.")] = "4h",
    part: Annotated[
        list[str] | None,
        typer.Option(help="health, signals, alarms, workorders, note; may be repeated; the first three by default."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why, for the books.")] = "",
    url: Url = _URL,
    as_json: AsJson = False,
) -> None:
    """Give leave to look at one machine, and print the link: once, for it is kept nowhere."""
    from luban.core.time import iso, parse_duration
    from luban.plant import load
    from luban.screens.acts import grants_of

    plant = load(plant_folder(folder))
    if machine not in plant.work_units:
        expected = ", ".join(plant.work_units[:8])
        raise InputError("the plant has no such machine", came=machine, expected=expected or "the path of a work unit")
    parts = tuple(part or ("health", "signals", "alarms"))
    with grants_of(folder) as grants:
        made, secret = grants.give(machine, expert, parse_duration(length), parts, who=_me(), reason=reason)
    link = _link(url, made.id, secret)
    until = iso(made.expires, plant.zone)
    say = output(as_json)
    if as_json:
        say.document({"id": made.id, "machine": machine, "parts": list(made.parts), "expires": until, "link": link})
        return
    say.line(f"grant {made.id} for {made.expert}: {machine}, {', '.join(made.parts)}, until {until}")
    say.line(f"link (works once, shown only now): {link}")


@app.command("list", epilog="Example: `luban grant list plant --lang zh -o grants.pdf`")
def list_(folder: Plant, out: Out = None, language: Language = "en", as_json: AsJson = False) -> None:
    """All grants with how they stand, and everything that was done with them."""
    from luban.core.time import now
    from luban.plant import load
    from luban.screens.acts import grants_of
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.health_remote import grants_sheet

    plant = load(plant_folder(folder))
    with grants_of(folder) as grants:
        found = grants.all()
    steps = _steps(folder)
    at = now()
    document = {
        "grants": [{**plain(one), "state": one.state(at)} for one in found],
        "steps": [one.as_dict() for one in steps],
    }  # fmt: skip
    show(output(as_json), grants_sheet(found, steps, at, words(language), plant.zone), document, out, language)


@app.command("revoke", epilog="Example: `luban grant revoke plant Xy12ab --reason 'bearing found'`")
def revoke(
    folder: Plant, grant: Id, reason: Annotated[str, typer.Option(help="Why, for the books.")] = "",
    as_json: AsJson = False,
) -> None:  # fmt: skip
    """End a grant; the expert's open page, downloads and REST end within a second."""
    from luban.screens.acts import grants_of

    with grants_of(plant_folder(folder)) as grants:
        ended = grants.revoke(grant, who=_me(), reason=reason)
    _told(ended, as_json=as_json)


@app.command("renew", epilog="Example: `luban grant renew plant Xy12ab`")
def renew(folder: Plant, grant: Id, url: Url = _URL, as_json: AsJson = False) -> None:
    """A new link for the same grant and time; whoever is in by the old one is out."""
    from luban.screens.acts import grants_of

    with grants_of(plant_folder(folder)) as grants:
        secret = grants.renew(grant, who=_me())
    link = _link(url, grant, secret)
    output(as_json).answer({"id": grant, "link": link}, f"link (works once, shown only now): {link}")


def _steps(folder: Path) -> tuple[Entry, ...]:
    """What the books know was done with grants; nothing where there are no books yet."""
    from luban.ledger import Ledger
    from luban.screens.service import places
    from luban.understand.book import entries

    books = places(folder).ledger
    return entries(Ledger(books), "grant") if (books / "manifest.sqlite").is_file() else ()


def _told(grant: Grant, *, as_json: bool) -> None:
    output(as_json).answer({"id": grant.id, "state": grant.why}, f"grant {grant.id} for {grant.expert}: {grant.why}")


def _link(url: str, identifier: str, secret: str) -> str:
    return f"{url.rstrip('/')}/en/remote#{identifier}.{secret}"


def _me() -> str:
    return f"{os.environ.get('USER') or 'somebody'} at the command line"
