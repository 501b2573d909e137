"""`luban ledger`: prove, read, export and import a plant's books."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from luban.screens.cli.options import AsJson, Plant, output, plant_folder
from luban.screens.cli.output import NO, OK
from luban.screens.plain import plain

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The books: verify, read as of a moment, export, import.")


@app.command("verify", epilog="Example: `luban ledger verify plant && echo intact`")
def verify(
    folder: Plant,
    head: Annotated[str, typer.Option(help="A head noted earlier: it must be in the chain.")] = "",
    as_json: AsJson = False,
) -> int:
    """Recompute every hash and the chain between segments. Exit code 1 if anything does not match."""
    from luban.ledger import verify as check
    from luban.screens.service import places

    say = output(as_json)
    with say.progress("Reading every segment", total=1) as advance:
        books = places(plant_folder(folder)).ledger
        report = check(books, head=head or None, progress=lambda done, total: advance(done / total))
    if as_json:
        say.document({"ok": report.ok, **plain(report)})
    else:
        for problem in report.problems:
            say.line(f"PROBLEM  {problem}")
        facts = f"{report.sealed:,} facts in {report.segments:,} segments, {report.unsealed:,} in logs"
        say.line(f"{'intact' if report.ok else 'NOT INTACT'}: {facts}")
        if report.head:
            say.line(f"head {report.head}")
    return OK if report.ok else NO


@app.command(
    "at", epilog="Examples: `luban ledger at plant 1200 --stream state` · `luban ledger at plant 1200 --fact 1187`"
)
def at(
    folder: Plant,
    seq: Annotated[int, typer.Argument(min=0, help="The books as they stood at this seq; later facts do not exist.")],
    stream: Annotated[str, typer.Option(help="signal, state, count, event …")] = "state",
    subject: Annotated[list[str] | None, typer.Option(help="Only this subject; may be repeated.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many facts, the newest ones.")] = 50,
    fact: Annotated[int | None, typer.Option(help="Only the fact with this seq, whatever its stream.")] = None,
    as_json: AsJson = False,
) -> int:
    """Read facts as of an earlier moment: what a figure was made from, before any later correction."""
    from luban.core.time import iso
    from luban.ledger import Ledger
    from luban.screens.service import places

    say = output(as_json)
    ledger = Ledger(places(plant_folder(folder)).ledger)
    if fact is not None:
        found = ledger.fact(fact) if fact <= seq else None
        rows = [found] if found else []
    else:
        table = ledger.table(stream, subjects=subject or None, as_of=seq)
        rows = table.slice(max(0, table.num_rows - limit)).to_pylist()
    if as_json:
        say.document(rows)
    elif not rows:
        say.say("no such facts at that moment")
    else:
        shown = [{**row, "time": iso(row["time"]), "recorded": iso(row["recorded"])} for row in rows]
        columns = [name for name in shown[0] if any(row.get(name) not in (None, "") for row in shown)]
        say.table(columns, [[row.get(name) for name in columns] for row in shown])
    return OK if rows else NO


@app.command("correct", epilog="Example: `luban ledger correct plant 1187 --set good=22 --why 'one zero too many'`")
def correct(
    folder: Plant,
    seq: Annotated[int, typer.Argument(min=1, help="The wrong fact; `ledger at` and `kpi --explain` show it.")],
    changes: Annotated[list[str], typer.Option("--set", metavar="NAME=VALUE", help="What is right; may be repeated.")],
    why: Annotated[str, typer.Option(help="The reason, for those who read the books.")],
    who: Annotated[str, typer.Option(help="Who says so; your login by default.")] = "",
    as_json: AsJson = False,
) -> None:
    """Supersede a wrong fact by a right one; the old one stays in the books. Works while the plant runs, too."""
    import getpass

    from luban.core.errors import InputError, LedgerBusyError
    from luban.ledger import Intake, Ledger, LedgerWriter, correction
    from luban.screens.acts import ActLog
    from luban.screens.service import places
    from luban.screens.users import Act

    say = output(as_json)
    home = places(plant_folder(folder))
    bad = [change for change in changes if "=" not in change]
    if bad or not why.strip():
        raise InputError("a correction says what and why", came=", ".join(bad), expected="--set NAME=VALUE --why TEXT")
    wanted = dict(change.split("=", 1) for change in changes)
    stream, rows = correction(Ledger(home.ledger), seq, wanted)
    log = ActLog(home.spool, "cli")
    text = f"{why.strip()} ({', '.join(f'{name} = {value}' for name, value in wanted.items())}; fact {seq})"
    log.record(Act(who or getpass.getuser(), "correction", rows["subject"][0], text), stream, rows)
    log.close()
    try:
        with LedgerWriter(home.ledger) as writer:
            Intake(home.spool, writer).drain()
    except LedgerBusyError:
        say.say("the running plant takes it in")
    answer = {"stream": stream, "superseded": seq, "set": wanted}
    say.answer(answer, f"{stream} fact {seq} is superseded; figures made from it are made again when they are read")


@app.command("export", epilog="Example: `luban ledger export plant books.luban`")
def export(
    folder: Plant, file: Annotated[Path, typer.Argument(help="File to write.")], as_json: AsJson = False
) -> None:
    """Write the whole books to one file, without loss; a running plant goes on."""
    from luban.ledger import export_ledger
    from luban.screens.service import places

    say = output(as_json)
    with say.progress("Exporting", total=1) as advance:
        ledger = places(plant_folder(folder)).ledger
        files = export_ledger(ledger, file, progress=lambda done, total: advance(done / total))
    size = file.stat().st_size
    say.answer({"file": str(file), "files": files, "bytes": size}, f"{file}: {size:,} bytes")


@app.command("import", epilog="Example: `luban ledger import new_plant books.luban`")
def import_(
    folder: Plant,
    file: Annotated[Path, typer.Argument(help="File made by `ledger export`.", exists=True)],
    as_json: AsJson = False,
) -> None:
    """Bring exported books into a plant that has none yet."""
    from luban.ledger import import_ledger
    from luban.screens.service import places

    say = output(as_json)
    target = places(plant_folder(folder)).ledger
    target.parent.mkdir(exist_ok=True)
    with say.progress("Importing"):
        report = import_ledger(file, target)
    facts = report.sealed + report.unsealed
    answer = {"folder": str(folder), "facts": facts, "head": report.head}
    say.answer(answer, f"{folder}: {facts:,} facts, verified")
