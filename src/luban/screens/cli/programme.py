"""`luban programme`: the board of a plan's programmes; tasks, counted things, pilots, regional plans and decisions."""

from __future__ import annotations

import getpass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from luban.core.errors import InputError
from luban.screens.cli.options import AsJson, output
from luban.screens.cli.output import OK, Output
from luban.screens.cli.recording import record
from luban.screens.cli.sheets import Language, Out, give
from luban.screens.cli.usual import Usual

if TYPE_CHECKING:
    from luban.ledger import Ledger
    from luban.norms.plans import TargetPlan
    from luban.rollup.programmes import Evidence
    from luban.screens.service.programme_desk import ProgrammeDesk

__all__ = ["register"]

_EXAMPLES = (
    "Examples: `luban programme office` · `luban programme take office tasks.csv` · "
    "`luban programme close office t-17 --document report.pdf` · `luban programme board office --item T14`"
)
Dir = Annotated[Path, typer.Argument(metavar="DIR", help="Folder with the books.")]
Plan = Annotated[str, typer.Option("--plan", help="A plan by name, or its folder; that of plant.toml by default.")]
Person = Annotated[str, typer.Option("--person", help="Who does it; the account of this machine by default.")]
Facts = Annotated[list[int] | None, typer.Option("--fact", metavar="SEQ", help="A fact of the books as evidence.")]
Papers = Annotated[list[Path] | None, typer.Option("--document", metavar="FILE", help="A document as evidence.")]
Day = Annotated[str, typer.Option("--day", metavar="DATE", help="From this day on; today by default.")]
AsOf = Annotated[str, typer.Option("--as-of", help="The books as they stood at this seq, or at a named vintage.")]


class _Group(Usual):
    usual = "board"


group = typer.Typer(
    cls=_Group,
    no_args_is_help=True,
    epilog=_EXAMPLES,
    help="Programmes and tasks of a plan: owner, date, evidence; counted and held together.",
)


def register(app: typer.Typer) -> None:
    """Hang the commands into the tree."""
    app.add_typer(group, name="programme")


@group.command(
    "board",
    epilog="Examples: `luban programme board office` · `luban programme board office --item T14 -o board.pdf`",
)
def board(
    folder: Dir,
    year: Annotated[int, typer.Option("--year", help="At its end; this year by default.")] = 0,
    item: Annotated[str, typer.Option("--item", help="One target, with all it rests on.")] = "",
    today: Annotated[str, typer.Option("--today", metavar="DATE", help="Tasks are late by this day.")] = "",
    plan: Plan = "",
    as_of: AsOf = "",
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """Every target of the programmes with what it rests on, what is late, and where regions do not add up."""
    from luban.rollup.review import review
    from luban.screens.i18n import words
    from luban.screens.report.rollup_programmes import item_sheet, programme_sheet
    from luban.screens.service.programme_desk import BOARD
    from luban.screens.service.review import inputs_from

    say = output(as_json)
    _ledger(folder)
    loaded = inputs_from(folder, plan=plan, year=year, today=_day(today, "--today"), as_of=as_of)
    found = review(loaded.inputs)
    own, told = loaded.inputs, found.as_dict()
    if item:
        own.plan.item(item)
        one = next((some for some in found.items if some.item.id == item), None)
        if one is None:
            raise InputError("no target of a programme", came=item, expected=", ".join(s.item.id for s in found.items))
        give(say, item_sheet(own.plan, one, words(language)), one.as_dict(), out, language)
        return OK
    made = programme_sheet(own.plan, own.year, found.items, words(language), follow=found.follow, late=found.late,
                           sums=found.sums, agenda=own.agenda, revised=found.revised, source=loaded.source)  # fmt: skip
    document = {name: told[name] for name in BOARD}
    give(say, made, document, out, language)
    for note in own.notes:
        say.say(words(language)(note))
    return OK


@group.command(
    "take",
    epilog="Examples: `luban programme take office tasks.csv` · `luban programme take office proof.json`",
)
def take(
    folder: Dir,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Tasks, things, parts, regional targets; a pilot's proof.")
    ],
    region: Annotated[str, typer.Option("--region", help="Where a pilot is.")] = "",
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Take a table into the books; its columns say what it holds.

    Tasks: id, item, name, owner, due. Things that count: item, thing, day, document. Parts: item, part, source,
    qualified, domestic, document. What regions set themselves: region, id, year, value, weight. A document is a file
    beside the table. A pilot's proof: the .json of `luban pilot --plant DIR -o proof.json`.
    """
    say = output(as_json)
    kind, count = _desk(say, folder, plan).take(_who(person), file, region=region)
    say.answer({"kind": kind, "entries": count}, f"{kind}: {count:,} entries")
    return OK


@group.command("withdraw", epilog="Example: `luban programme withdraw office T20 'works 1' 'closed' --day 2020-03-01`")
def withdraw(
    folder: Dir,
    item: Annotated[str, typer.Argument(help="Target that it counts for.")],
    thing: Annotated[str, typer.Argument(help="Thing or part.")],
    why: Annotated[str, typer.Argument(help="Reason.")],
    day: Day = "",
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Say from when on a thing counts no more, or a part is no more in the catalogue, with the reason.

    With "" as the thing: what was shown of a target without a number.
    """
    say = output(as_json)
    _desk(say, folder, plan).withdraw(_who(person), item, thing, why, day=_given(day, folder))
    return _done(say, "thing withdrawn", thing or item)


@group.command(
    "shown", epilog="Example: `luban programme shown office T25 'ten fields of our own' --document report.pdf`"
)
def shown(
    folder: Dir,
    item: Annotated[str, typer.Argument(help="Target without a number.")],
    text: Annotated[str, typer.Argument(help="What was shown of it.")],
    reached: Annotated[bool, typer.Option("--reached", help="It is reached.")] = False,
    day: Day = "",
    facts: Facts = None,
    papers: Papers = None,
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Say what was shown of a target without a number, with evidence."""
    say = output(as_json)
    desk = _desk(say, folder, plan)
    desk.show(
        _who(person),
        item,
        text,
        day=_given(day, folder),
        reached=reached,
        evidence=_evidence(desk.ledger, facts, papers),
    )
    return _done(say, "target shown", item)


@group.command(
    "open",
    epilog="Example: `luban programme open office 'list of parts' --item T18 --owner MIIT --due 2016-06-30`",
)
def open_(
    folder: Dir,
    name: Annotated[str, typer.Argument(help="What is to be done.")],
    owner: Annotated[str, typer.Option("--owner", help="Who answers for it.")],
    due: Annotated[str, typer.Option("--due", metavar="DATE", help="Last day.")],
    item: Annotated[str, typer.Option("--item", help="Measure, task or target of the plan that it serves.")] = "",
    task: Annotated[str, typer.Option("--id", help="Id of the task; a free one by default.")] = "",
    region: Annotated[str, typer.Option("--region", help="Path of a region; the whole by default.")] = "",
    plan: Plan = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Take a task on."""
    say, day = output(as_json), _day(due, "--due")
    if day is None:
        raise InputError("a task has a last day", where="--due")
    made = _desk(say, folder, plan).open(_who(person), name, item=item, owner=owner, due=day, id=task, region=region)
    return _done(say, "task taken on", made)


@group.command(
    "report", epilog="Example: `luban programme report office t-17 'half of the centres stand' --document report.pdf`"
)
def report(
    folder: Dir,
    task: Annotated[str, typer.Argument(help="Id of the task.")],
    text: Annotated[str, typer.Argument(help="How it goes.")],
    facts: Facts = None,
    papers: Papers = None,
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Say how a task goes, with evidence or without."""
    say = output(as_json)
    desk = _desk(say, folder)
    desk.report(_who(person), task, text, _evidence(desk.ledger, facts, papers))
    return _done(say, "task reported", task)


@group.command("move", epilog="Example: `luban programme move office t-17 'the site came late' --due 2021-06-30`")
def move(
    folder: Dir,
    task: Annotated[str, typer.Argument(help="Id of the task.")],
    why: Annotated[str, typer.Argument(help="Reason.")],
    due: Annotated[str, typer.Option("--due", metavar="DATE", help="New last day.")] = "",
    owner: Annotated[str, typer.Option("--owner", help="New owner.")] = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Give a task another date or owner, with the reason."""
    say = output(as_json)
    _desk(say, folder).move(_who(person), task, why, due=_day(due, "--due"), owner=owner)
    return _done(say, "task moved", task)


@group.command("close", epilog="Example: `luban programme close office t-17 --fact 10234`")
def close(
    folder: Dir,
    task: Annotated[str, typer.Argument(help="Id of the task.")],
    facts: Facts = None,
    papers: Papers = None,
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Close a task, on evidence given here or reported before: nothing closes without."""
    say = output(as_json)
    desk = _desk(say, folder)
    desk.close(_who(person), task, _evidence(desk.ledger, facts, papers))
    return _done(say, "task closed", task)


@group.command("drop", epilog="Example: `luban programme drop office t-17 'merged into t-12'`")
def drop(
    folder: Dir,
    task: Annotated[str, typer.Argument(help="Id of the task.")],
    why: Annotated[str, typer.Argument(help="Reason.")],
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Give a task up, with the reason."""
    say = output(as_json)
    _desk(say, folder).drop(_who(person), task, why)
    return _done(say, "task dropped", task)


@group.command("reopen", epilog="Example: `luban programme reopen office t-17 'the report was of another site'`")
def reopen(
    folder: Dir,
    task: Annotated[str, typer.Argument(help="Id of the task.")],
    why: Annotated[str, typer.Argument(help="Reason.")],
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Take back that a task was closed or given up, with the reason."""
    say = output(as_json)
    _desk(say, folder).reopen(_who(person), task, why)
    return _done(say, "task opened again", task)


@group.command("escalate", epilog="Example: `luban programme escalate office --today 2021-03-01`")
def escalate(
    folder: Dir,
    today: Annotated[str, typer.Option("--today", metavar="DATE", help="Late by this day.")] = "",
    plan: Plan = "",
    as_json: AsJson = False,
) -> int:
    """Pass up what is late, each task once a rung: to its owner, to the owner's superior, to who steers the plan."""
    say = output(as_json)
    told = _desk(say, folder, plan).escalate("", _given(today, folder, "--today"))
    say.answer(told, "\n".join(f"{one['task']}: {one['text']}" for one in told) or "nothing new is late")
    return OK


@group.command(
    "decide", epilog="Example: `luban programme decide office 2021-3 'keep the target' --as decision --quote I01:2020`"
)
def decide(
    folder: Dir,
    item: Annotated[str, typer.Argument(help="Id of the item.")],
    text: Annotated[str, typer.Argument(help="What is said.")],
    code: Annotated[str, typer.Option("--as", help="item, advice, decision or minutes.")] = "decision",
    quotes: Annotated[
        list[str] | None, typer.Option("--quote", metavar="INDICATOR:YEAR", help="A value it rests on, of the whole.")
    ] = None,
    target: Annotated[
        str, typer.Option("--target", metavar="ID:YEAR=VALUE", help="A target that it proposes, or decides, anew.")
    ] = "",
    plan: Plan = "",
    as_of: AsOf = "",
    person: Person = "",
    as_json: AsJson = False,
) -> int:
    """Put an item, advice, a decision or minutes down; a decision quotes the indicator versions it used.

    A target that was decided anew holds until a later decision; the printed one stands beside it, both are judged.
    """
    from luban.screens.service.programmes import asked_change

    say = output(as_json)
    desk = _desk(say, folder, plan)
    change = asked_change(desk.plan, target) if target else None
    made = desk.say(_who(person), code, item, text, quotes=quotes or (), change=change, as_of=as_of)
    return _done(say, f"{code} put down", made)


@group.command("quotes", epilog="Example: `luban programme quotes office`")
def quotes(folder: Dir, plan: Plan = "", as_json: AsJson = False) -> int:
    """Compute anew what decisions quoted, as of their vintages. Exit code 1 where one does not stand."""
    from luban.screens.cli.output import NO
    from luban.screens.service.programmes import quotes_checked

    say, ledger, chosen = output(as_json), _ledger(folder), _plan(plan, folder)
    found = quotes_checked(folder, ledger, chosen)
    if say.as_json:
        say.document([{"item": item, "indicator": one.indicator, "year": one.year, "value": one.value,
                       "vintage": one.vintage, "why": why} for item, one, why in found])  # fmt: skip
    else:
        rows = [(item, one.indicator, one.year, one.value, one.vintage, why or "stands") for item, one, why in found]
        say.table(("item", "indicator", "year", "value", "vintage", "computed anew"), rows)
    return NO if any(why for _, _, why in found) else OK


@group.command("roadmap", epilog="Example: `luban programme roadmap roadmap.csv -o roadmap.html`")
def roadmap(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="id, name, start, end, readiness, aim, needs, owner.")],
    out: Out = None,
    language: Language = "en",
    as_json: AsJson = False,
) -> int:
    """A technology roadmap: items in the order of their needs; a circle of needs is refused."""
    from luban.rollup.programmes import read_roadmap
    from luban.screens.i18n import words
    from luban.screens.plain import plain
    from luban.screens.report.rollup_programmes import roadmap_sheet

    found = read_roadmap(file)
    give(output(as_json), roadmap_sheet(found, words(language), file.name), plain(found), out, language)
    return OK


def _day(text: str, where: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InputError("not a date", came=text, expected="2016-06-30", where=where) from None


def _given(day: str, folder: Path, where: str = "--day") -> date:
    """The day that is given, else today where the plant is."""
    from luban.screens.service.review import today_of

    return _day(day, where) or today_of(folder)


def _evidence(ledger: Ledger, facts: list[int] | None, papers: list[Path] | None) -> list[Evidence]:
    from luban.rollup.programmes import document, fact

    return [*(fact(ledger, one) for one in facts or ()), *(document(one) for one in papers or ())]


def _plan(name: str, folder: Path) -> TargetPlan:
    from luban.screens.service.review import plan_of

    return plan_of(folder, name)


def _ledger(folder: Path) -> Ledger:
    from luban.ledger import Ledger, LedgerWriter
    from luban.screens.service import places

    home = places(folder).ledger
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder), hint=f"mkdir {folder}")
    if not home.is_dir():
        LedgerWriter(home).close()
    return Ledger(home)


def _who(person: str) -> str:
    return person or getpass.getuser()


def _desk(say: Output, folder: Path, plan: str = "") -> ProgrammeDesk:
    from luban.screens.service.programme_desk import ProgrammeDesk

    ledger = _ledger(folder)
    return ProgrammeDesk(folder, ledger, _plan(plan, folder), partial(record, say, folder))


def _done(say: Output, code: str, subject: str) -> int:
    say.answer({"subject": subject, "code": code}, f"{code}: {subject}")
    return OK
