"""`luban init`, `check`, `config schema`, `up`: a plant's folder from nothing to running."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.doors import Doors
from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import NO, OK

__all__ = ["register"]

_config = typer.Typer(
    no_args_is_help=True, help="Configuration: the JSON Schemas of plant.toml, twin.toml, schedule.toml."
)


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.command("init", epilog="Example: `luban init plant && luban check plant`")(init)
    app.command("check", epilog="Examples: `luban check plant` · `luban check plant --json | jq '.complaints[0]'`")(
        check
    )
    app.command("up", epilog="Examples: `luban up plant` · `luban up plant --port 8100 --no-web`")(up)
    app.add_typer(_config, name="config")


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; it must not hold anything yet.")],
    template: Annotated[str, typer.Option(help="Which plant to begin with.")] = "workshop",
    as_json: AsJson = False,
) -> None:
    """Begin a plant: a folder with a commented plant.toml, its tables, and a JSON Schema for your editor."""
    from luban.plant import init_plant

    say = output(as_json)
    written = init_plant(folder, template)
    if as_json:
        say.document({"folder": str(folder), "files": [str(path) for path in written]})
        return
    for path in written:
        say.line(str(path))
    say.say(f"Next: edit {folder / 'plant.toml'}, then `luban check {folder}` and `luban up {folder}`")


def check(folder: Plant, as_json: AsJson = False) -> int:
    """List everything that is wrong with a plant's files (twin.toml, schedule.toml too): where, what came, what to do.

    Exit code 1 if there is anything.
    """
    from luban.decide.schedule.plant import check_schedule
    from luban.plant import load
    from luban.twin.load import check_twin

    say = output(as_json)
    found = check_twin(plant_folder(folder))
    if (folder / "schedule.toml").is_file():
        found += [complaint for complaint in check_schedule(folder) if complaint not in found]
    if as_json:
        say.document({"ok": not found, "complaints": [complaint.as_dict() for complaint in found]})
        return NO if found else OK
    for complaint in found:
        say.line(f"{complaint.where}: {complaint.field + ': ' if complaint.field else ''}{complaint.message}")
        for label in ("came", "expected", "hint"):
            if text := getattr(complaint, label):
                say.line(f"    {label + ':':<10}{text}")
    if found:
        say.say(f"{len(found)} complaint{'s' if len(found) > 1 else ''}")
        return NO
    plant = load(folder)
    counted = f"{len(plant.work_units)} work units, {len(plant.signals)} signals, {len(plant.sources)} sources"
    say.line(f"{plant.name}: {counted}, nothing to complain about")
    return OK


@_config.command("schema", epilog="Examples: `luban config schema -o plant.schema.json` · `luban config schema --twin`")
def schema(
    file: Annotated[Path | None, typer.Option("-o", "--output", help="File to write; stdout by default.")] = None,
    twin: Annotated[bool, typer.Option("--twin", help="The schema of twin.toml instead.")] = False,
    schedule: Annotated[bool, typer.Option("--schedule", help="The schema of schedule.toml instead.")] = False,
) -> None:
    """JSON Schema of plant.toml (or twin.toml, schedule.toml), so that editors complete and underline."""
    from luban.decide.schedule.plant import schedule_schema
    from luban.plant import schema as plant_schema
    from luban.twin.load import twin_schema

    if twin and schedule:
        raise InputError("one schema at a time", came="--twin --schedule")
    made = twin_schema() if twin else schedule_schema() if schedule else plant_schema()
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if file is None:
        typer.echo(text, nl=False)
    else:
        file.write_text(text, "utf-8")
        output(as_json=False).say(f"{file} written")


def up(
    context: typer.Context,
    folder: Plant,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web page and REST.")] = 8080,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 for the whole network.")] = "127.0.0.1",
    web: Annotated[bool, typer.Option("--web/--no-web", help="With or without web page and REST.")] = True,
) -> None:
    """Run a plant: collectors, books, web page and REST, until interrupted (Ctrl-C).

    The first start makes a user `admin` and prints its password once (or takes LUBAN_ADMIN_PASSWORD).
    """
    from luban.plant import check as complaints_of

    doors: Doors = context.obj
    if found := complaints_of(plant_folder(folder)):
        first = found[0].error()
        more = f"{len(found) - 1} more: luban check {folder}" if len(found) > 1 else ""
        raise InputError(
            first.message, came=first.came, expected=first.expected, where=first.where, hint=more or first.hint
        )
    doors.serve(folder, host=host, port=port, web=web, say=output(as_json=False).say)
