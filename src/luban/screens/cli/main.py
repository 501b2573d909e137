"""The command tree, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from luban.core.errors import LubanError
from luban.screens.cli import (
    alarms,
    capability,
    causes,
    connect,
    cost,
    dependence,
    doe,
    energy,
    evaluate,
    gauge,
    grant,
    green,
    health,
    health_diagnose,
    health_indicators,
    health_retrofit,
    indicators,
    inspect,
    kpi,
    label,
    league,
    ledger,
    lifetime,
    maintain,
    maturity,
    pilot,
    plan,
    plant,
    programme,
    programme_fit,
    progress,
    protect,
    recall,
    rehearse,
    replan,
    returns,
    sampling,
    schedule,
    setpoint,
    spc,
    trace,
    twin,
    users,
    verify,
    warnings,
)
from luban.screens.cli.doors import Doors
from luban.screens.cli.output import INTERRUPTED, OK, WRONG, report_error, report_unexpected

__all__ = ["Doors", "app", "run"]

_EPILOG = "Exit codes: 0 done · 1 the answer is no · 2 wrong question or data · 70 unexpected error · 130 interrupted."

app = typer.Typer(
    name="luban", no_args_is_help=True, add_completion=True, rich_markup_mode="markdown", epilog=_EPILOG,
    pretty_exceptions_enable=False, context_settings={"help_option_names": ["-h", "--help"]},
    help="Sense → understand → decide → act → verify, from one append-only ledger of facts.\n\n"
    "Data goes to stdout, talk to stderr; `--json` gives one JSON document. NO_COLOR is respected.\n\n"
    "Example: `luban pilot --live` shows the whole loop on this machine in half a minute.",
)  # fmt: skip


def _version(asked: bool) -> None:
    if asked:
        from luban import __version__

        typer.echo(f"luban {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Options that stand before a command."""


plant.register(app)
kpi.register(app)
schedule.register(app)
replan.register(app)
maturity.register(app)
spc.register(app)
capability.register(app)
gauge.register(app)
causes.register(app)
sampling.register(app)
inspect.register(app)
doe.register(app)
setpoint.register(app)
rehearse.register(app)
health.register(app)
health_diagnose.register(health.group)
health_indicators.register(health.group)
health_retrofit.register(health.group)
lifetime.register(app)
trace.register(app)
cost.register(app)
energy.register(app)
green.register(app)
recall.register(app)
label.register(app)
maintain.register(app)
alarms.register(app)
verify.register(app)
evaluate.register(app)
programme.register(app)
programme_fit.register(programme.group)
pilot.register(app)
plan.register(app)
indicators.register(app)
returns.register(app)
progress.register(app)
warnings.register(app)
protect.register(app)
league.register(app)
dependence.register(app)
app.add_typer(ledger.app, name="ledger")
app.add_typer(connect.app, name="connect")
app.add_typer(twin.app, name="twin")
app.add_typer(users.app, name="users")
app.add_typer(grant.app, name="grant")


def _report_usage(error: typer.TyperException, *, as_json: bool) -> int:
    if as_json:
        document = {"error": {"error": "Usage", "message": error.format_message()}}
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
    # typer's usage errors know how to show themselves with the right usage line
    show = getattr(error, "show", None)
    if show is not None:
        show(sys.stderr)
    else:
        print(f"luban: {error.format_message()}", file=sys.stderr)
    return WRONG


def run(doors: Doors, arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never raises, never prints a traceback.

    arguments  the command line without the program's name; that of this process by default
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = app(given, prog_name="luban", standalone_mode=False, obj=doors)
    except typer.Exit as done:
        return int(done.exit_code)
    except typer.TyperException as error:
        return _report_usage(error, as_json=as_json)
    except LubanError as error:
        return report_error(error, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        print("luban: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # the reader of our stdout has gone (`luban … | head`): not an error, and nothing more may be written
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:  # noqa: BLE001 - the last door: a person must never see a traceback
        return report_unexpected(error, as_json=as_json)
    return code if isinstance(code, int) else OK
