"""REST of programmes under `/api/v1/programmes`: board, tasks, what counts, decisions; each act by a person."""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from luban.core.errors import InputError
from luban.core.time import now, to_datetime
from luban.rollup.minutes import change_of
from luban.rollup.programmes import Evidence, RegionTarget, fact, overdue
from luban.rollup.revised import decided_targets
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.returns_api import sent_body
from luban.screens.service.programme_desk import BOARD, DECIDES, ProgrammeDesk
from luban.screens.service.programmes import quotes_checked
from luban.screens.service.rollup import Place, RollupBooks
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["programmes_router"]

Needs = Callable[[Role], Any]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Word = Annotated[str, Field(max_length=200)]
Text = Annotated[str, Field(max_length=2000)]
AsOf = Annotated[int | None, Query(ge=0, description="The books as they stood at this seq.")]
Year = Annotated[int, Field(ge=1900, le=2200)]


class AskedDocument(BaseModel):
    """A document as evidence: its name and digest go into the books, the file stays where it is."""

    name: Name
    digest: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the file, in lower case.")
    text: Word = ""


class AskedEvidence(BaseModel):
    """What something rests on."""

    facts: list[int] = Field([], max_length=100, description="Seqs of facts in the books.")
    documents: list[AskedDocument] = Field([], max_length=100)


class AskedTask(BaseModel):
    """A task is taken on."""

    name: Name
    owner: Name
    due: date
    item: Word = Field("", description="Measure, task or target of the plan that it serves.")
    id: Word = Field("", description="A free one by default.")
    region: Word = ""


class AskedTaskAct(AskedEvidence):
    """What a person does to a task."""

    act: Literal["report", "move", "close", "drop", "reopen"]
    text: Text = Field("", description="How it goes, or why.")
    due: date | None = Field(None, description="New last day.")
    owner: Word = Field("", description="New owner.")


class AskedThing(AskedEvidence):
    """A thing that counts for a target from a day on."""

    item: Name
    thing: Name
    day: date
    region: Word = ""
    industry: Word = ""


class AskedPart(AskedEvidence):
    """A part of the catalogue, and who can make it."""

    item: Name
    part: Name
    day: date
    industry: Word = ""
    source: Word = ""
    qualified: bool = False
    domestic: bool = False
    until: date | None = Field(None, description="Last day of the qualification.")


class AskedShown(AskedEvidence):
    """What was shown of a target without a number."""

    item: Name
    text: Text
    day: date
    reached: bool = False


class AskedWithdrawal(BaseModel):
    """A thing counts no more."""

    item: Name
    thing: Word = Field("", description="Nothing: what was shown of a target without a number.")
    why: Text
    day: date


class AskedRegional(BaseModel):
    """What a region sets itself."""

    region: Name
    id: Name
    year: Year
    value: float
    weight: float | None = Field(None, gt=0, description="Denominator of a ratio.")


class AskedChange(BaseModel):
    """A target that is to be another one."""

    id: Name
    year: Year
    value: float


class AskedDecision(BaseModel):
    """What was decided of an item."""

    item: Name = Field(description="Id of the item.")
    text: Text
    quotes: list[Word] = Field([], max_length=100, description="`INDICATOR:YEAR`, of the whole.")
    target: AskedChange | None = Field(None, description="A target that is proposed, or decided, anew.")


class AskedWord(AskedDecision):
    """Something else said before those who steer a plan."""

    code: Literal["item", "advice", "minutes"]
    item: Word = Field("", description="Id of the item; a free one for a new item.")


def programmes_router(books: RollupBooks, needs: Needs, reads: Reads) -> APIRouter:
    """Routes of programmes; an account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "programmes are of the whole office")
    router = APIRouter(prefix="/programmes", tags=["programmes"])
    _looks(router, books, whole, reads)
    _tasks(router, books, whole, reads)
    _things(router, books, whole, reads)
    _words(router, books, whole, reads)
    return router


def _today(books: RollupBooks) -> date:
    return to_datetime(now(), books.view.plant.zone).date()


def _evidence(desk: ProgrammeDesk, asked: AskedEvidence) -> list[Evidence]:
    papers = [Evidence("document", one.name, one.digest, one.text) for one in asked.documents]
    return [*(fact(desk.ledger, seq) for seq in asked.facts), *papers]


def _looks(router: APIRouter, books: RollupBooks, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.get("", operation_id="programmes")
    async def board(
        user: Engineer,  # noqa: ARG001 - checked
        year: Annotated[int, Query(ge=1900, le=2200)], as_of: AsOf = None,
    ) -> JSONResponse:  # fmt: skip
        """Every target of the programmes with what it rests on, what is late, regional plans, targets decided anew."""
        told = (await reads(books.review, Place(as_of=as_of), year)).as_dict()
        return JSONResponse(plain({name: told[name] for name in BOARD}))

    @router.get("/tasks", operation_id="programme_tasks")
    async def tasks(
        user: Engineer,  # noqa: ARG001
        today: Annotated[date | None, Query(description="Late by this day; today by default.")] = None,
        as_of: AsOf = None,
    ) -> JSONResponse:
        """Tasks by date due, with evidence, doubts, days late and before whom."""

        def read() -> Any:
            found = ProgrammeDesk.of(books).tasks(as_of)
            late = {one.task.id: one for one in overdue(found, today or _today(books))}
            return [
                one.as_dict() | ({"days_late": late[one.id].days, "before": late[one.id].to} if one.id in late else {})
                for one in found
            ]

        return JSONResponse(plain(await reads(read)))

    @router.get("/things", operation_id="programme_things")
    async def things(user: Engineer, item: str = "", as_of: AsOf = None) -> JSONResponse:  # noqa: ARG001
        """What is counted for the targets of the programmes, parts with their sources, and what was shown."""
        found = await reads(lambda: ProgrammeDesk.of(books).things(as_of))
        return JSONResponse(plain([one for one in found if not item or one.item == item]))

    @router.get("/agenda", operation_id="programme_agenda")
    async def agenda(user: Engineer, as_of: AsOf = None) -> JSONResponse:  # noqa: ARG001
        """Items with advice, decisions and minutes; targets as they were decided anew."""

        def read() -> Any:
            found = ProgrammeDesk.of(books).agenda(as_of)
            return {"items": found, "targets": decided_targets(books.plan, found)}

        return JSONResponse(plain(await reads(read)))

    @router.get("/quotes", operation_id="programme_quotes")
    async def quotes(user: Engineer) -> JSONResponse:  # noqa: ARG001
        """Values that decisions quoted, computed anew as of their vintages; `why` is empty where one stands."""

        def read() -> Any:
            desk = ProgrammeDesk.of(books)
            found = quotes_checked(desk.folder, desk.ledger, desk.plan)
            return [{"item": item, "quote": one, "why": why} for item, one, why in found]

        return JSONResponse(plain(await reads(read)))


def _tasks(router: APIRouter, books: RollupBooks, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    @router.post("/tasks", operation_id="programme_task", status_code=201)
    async def take(user: Engineer, asked: AskedTask) -> JSONResponse:
        """Take a task on."""
        made = await reads(lambda: ProgrammeDesk.of(books).open(user.name, **asked.model_dump()))
        return JSONResponse({"id": made}, 201)

    @router.post("/tasks/{task:path}/acts", operation_id="programme_task_act", status_code=201)
    async def act(user: Engineer, task: Annotated[str, Path(max_length=200)], asked: AskedTaskAct) -> JSONResponse:
        """Report, give another date or owner, close on evidence, give up, open again."""

        def done() -> None:
            desk = ProgrammeDesk.of(books)
            evidence = _evidence(desk, asked)
            if evidence and asked.act not in ("report", "close"):
                raise InputError("evidence goes with a report or a closing", came=asked.act, where=task)
            if asked.act == "report":
                desk.report(user.name, task, asked.text, evidence)
            elif asked.act == "close":
                desk.close(user.name, task, evidence, asked.text)
            elif asked.act == "move":
                desk.move(user.name, task, asked.text, due=asked.due, owner=asked.owner)
            elif asked.act == "drop":
                desk.drop(user.name, task, asked.text)
            else:
                desk.reopen(user.name, task, asked.text)

        await reads(done)
        found = await reads(lambda: ProgrammeDesk.of(books).task(task))
        return JSONResponse(plain(found.as_dict()), 201)

    @router.post("/file", operation_id="programme_file", status_code=201)
    async def file(
        user: Engineer,
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=200, description="Name of the table in the body.")],
    ) -> JSONResponse:
        """Take a table in, by its columns: tasks, parts, regional targets; no documents, no pilot's proof."""
        content = await sent_body(request, name)
        kind, count = await reads(lambda: ProgrammeDesk.of(books).take_sent(user.name, content, name))
        return JSONResponse({"kind": kind, "entries": count}, 201)

    @router.post("/escalations", operation_id="programme_escalate", status_code=201)
    async def escalate(user: Engineer) -> JSONResponse:
        """Pass up what is late, each task once a rung of the ladder; what was told of which task."""
        return JSONResponse(await reads(lambda: ProgrammeDesk.of(books).escalate(user.name, _today(books))), 201)


def _things(router: APIRouter, books: RollupBooks, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type

    async def put(act: Callable[[ProgrammeDesk], None], item: str) -> JSONResponse:
        await reads(lambda: act(ProgrammeDesk.of(books)))
        return JSONResponse({"item": item}, 201)

    def rest(asked: BaseModel, *names: str) -> dict[str, Any]:
        return asked.model_dump(exclude={"item", "facts", "documents", *names})

    @router.post("/things", operation_id="programme_count", status_code=201)
    async def count(user: Engineer, asked: AskedThing) -> JSONResponse:
        """Count a thing for a target, on evidence; counted already, it gets further evidence."""
        return await put(lambda desk: desk.count(user.name, asked.item, evidence=_evidence(desk, asked), **rest(asked)),
                         asked.item)  # fmt: skip

    @router.post("/parts", operation_id="programme_part", status_code=201)
    async def part(user: Engineer, asked: AskedPart) -> JSONResponse:
        """Take a part into the catalogue, and say who can make it."""
        return await put(lambda desk: desk.part(user.name, asked.item, evidence=_evidence(desk, asked), **rest(asked)),
                         asked.item)  # fmt: skip

    @router.post("/shown", operation_id="programme_show", status_code=201)
    async def show(user: Engineer, asked: AskedShown) -> JSONResponse:
        """Put down what was shown of a target without a number, on evidence."""
        return await put(lambda desk: desk.show(user.name, asked.item, evidence=_evidence(desk, asked), **rest(asked)),
                         asked.item)  # fmt: skip

    @router.post("/withdrawals", operation_id="programme_withdraw", status_code=201)
    async def withdraw(user: Engineer, asked: AskedWithdrawal) -> JSONResponse:
        """Say from when on a thing or part counts no more, and why."""
        return await put(lambda desk: desk.withdraw(user.name, asked.item, **rest(asked)), asked.item)

    @router.post("/regions", operation_id="programme_regional", status_code=201)
    async def regional(user: Engineer, asked: AskedRegional) -> JSONResponse:
        """Put down what a region sets itself; the newest of region, target and year holds."""
        target = RegionTarget(asked.region, asked.id, asked.year, asked.value, asked.weight)
        return await put(lambda desk: desk.regional(user.name, target), asked.id)


def _words(router: APIRouter, books: RollupBooks, needs: Needs, reads: Reads) -> None:
    Engineer = Annotated[User, Depends(needs(Role.ENGINEER))]  # noqa: N806 - a type
    Admin = Annotated[User, Depends(needs(DECIDES))]  # noqa: N806 - a type

    def put(person: str, code: str, asked: AskedDecision) -> str:
        desk, own = ProgrammeDesk.of(books), asked.target
        change = change_of(desk.plan, own.id, own.year, own.value) if own else None
        return desk.say(person, code, asked.item, asked.text, quotes=asked.quotes, change=change)

    @router.post("/agenda", operation_id="programme_say", status_code=201)
    async def say(user: Engineer, asked: AskedWord) -> JSONResponse:
        """Put an item, advice or minutes down; an item may propose another target."""
        return JSONResponse({"item": await reads(put, user.name, asked.code, asked)}, 201)

    @router.post("/decisions", operation_id="programme_decide", status_code=201)
    async def decide(user: Admin, asked: AskedDecision) -> JSONResponse:
        """Decide an item, quoting the values it rests on; a target that it names holds until a later one (admin)."""
        return JSONResponse({"item": await reads(put, user.name, "decision", asked)}, 201)
