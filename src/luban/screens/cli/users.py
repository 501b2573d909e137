"""`luban users`: who may look and act in a plant."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, Plant, output, plant_folder

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Users of a plant: add, list, change a password, disable.")


@app.command("add", epilog="Example: `luban users add plant wang --role engineer --site jinan/machining`")
def add(
    folder: Plant,
    name: Annotated[str, typer.Argument(help="Name to log in with.")],
    role: Annotated[str, typer.Option(help="viewer, operator, planner, engineer or admin.")] = "viewer",
    site: Annotated[list[str] | None, typer.Option(help="Only below this equipment path; may be repeated.")] = None,
    generate: Annotated[bool, typer.Option("--generate", help="Make a password and print it once.")] = False,
    as_json: AsJson = False,
) -> None:
    """Add a user. The password is asked for, or read from stdin where that is no terminal."""
    from luban.screens.acts import users_of
    from luban.screens.users import Role

    say = output(as_json)
    wanted = Role.parse(role)
    made = secrets.token_urlsafe(12) if generate else ""
    with users_of(plant_folder(folder)) as users:
        user = users.add(name, made or _ask(), wanted, site or (), who=_me())
    answer: dict[str, object] = {"name": user.name, "role": role, "sites": list(user.sites)}
    if made:
        answer["password"] = made
    if as_json:
        say.document(answer)
    else:
        say.line(f"{user.name} may log in as {role}" + (f" at {', '.join(user.sites)}" if user.sites else ""))
        if made:
            say.line(f"password: {made}")


@app.command("list", epilog="Example: `luban users list plant --json`")
def list_(folder: Plant, as_json: AsJson = False) -> None:
    """List the users with role, sites and whether they may log in."""
    from luban.screens.acts import users_of

    say = output(as_json)
    with users_of(plant_folder(folder)) as users:
        found = users.all()
    if as_json:
        say.document(
            [{"name": u.name, "role": u.role.name.lower(), "sites": u.sites, "active": u.active} for u in found]
        )
    elif not found:
        say.say("nobody yet: `luban up DIR` makes the first admin, or `luban users add DIR NAME --role admin`")
    else:
        rows = [(u.name, u.role.name.lower(), ", ".join(u.sites) or "all", "yes" if u.active else "no") for u in found]
        say.table(("user", "role", "sites", "may log in"), rows)


@app.command("passwd", epilog="Example: `luban users passwd plant admin`")
def passwd(folder: Plant, name: str, as_json: AsJson = False) -> None:
    """Set a new password; the user's sessions end at once."""
    from luban.screens.acts import users_of

    say = output(as_json)
    with users_of(plant_folder(folder)) as users:
        if users.get(name) is None:
            raise InputError("no such user", came=name, hint="luban users list DIR")
        users.set_password(name, _ask(), who=_me())
    say.answer({"name": name, "password": "changed"}, f"password of {name} changed")


@app.command("disable", epilog="Example: `luban users disable plant wang` · again in: `--enable`")
def disable(
    folder: Plant,
    name: str,
    enable: Annotated[bool, typer.Option("--enable", help="Let the user in again.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lock a user out; sessions end at once. Nothing the user did is removed from the books."""
    from luban.screens.acts import users_of

    say = output(as_json)
    with users_of(plant_folder(folder)) as users:
        users.disable(name, who=_me(), active=enable)
    state = "enabled" if enable else "disabled"
    say.answer({"name": name, "state": state}, f"{name} {state}")


def _ask() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first = getpass.getpass("New password: ")
    if getpass.getpass("Again: ") != first:
        raise InputError("the two passwords differ", hint="try again")
    return first


def _me() -> str:
    return f"{os.environ.get('USER') or 'somebody'} at the command line"
