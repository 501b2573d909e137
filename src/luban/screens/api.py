"""REST under `/api/v1`, `/healthz` and `/metrics`: the same service layer as the page, for programs.

Every handler checks the role by itself. Bearer token (from `POST /api/v1/login`) or the page's session cookie.
"""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

import os
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, Field

from luban import __version__
from luban.core.errors import (
    DiskFullError,
    InputError,
    LedgerBusyError,
    LubanError,
    MissingServiceError,
    NotAllowedError,
    SecurityError,
)
from luban.screens.acting_api import acting_router
from luban.screens.alarms_api import alarms_router
from luban.screens.cost_api import cost_router
from luban.screens.deciding_api import deciding_router
from luban.screens.diagnosis_api import diagnosis_router
from luban.screens.energy_api import energy_router
from luban.screens.energy_savings_api import savings_router
from luban.screens.gate import Gate
from luban.screens.grants import Grants
from luban.screens.green_api import green_router
from luban.screens.health_api import health_router
from luban.screens.indicators_api import indicators_router
from luban.screens.maintenance_api import maintenance_router
from luban.screens.metrics import exposition
from luban.screens.outcomes_api import outcomes_router
from luban.screens.outside import Outside
from luban.screens.pilot_api import pilot_router
from luban.screens.plain import plain
from luban.screens.programmes_api import programmes_router
from luban.screens.quality_api import quality_router
from luban.screens.quality_control_api import setpoint_router
from luban.screens.quality_experiment_api import experiment_router
from luban.screens.quality_inspection_api import inspection_router
from luban.screens.quality_sampling_api import sampling_router
from luban.screens.quality_studies_api import studies_router
from luban.screens.reads import Reads
from luban.screens.remote_api import grants_router, remote_router
from luban.screens.returns_api import returns_router
from luban.screens.schedule_api import schedule_router
from luban.screens.service import Gap, Header, Now, PlantView, Trend
from luban.screens.service.cost import CostBooks
from luban.screens.service.deciding import LoopBooks
from luban.screens.service.energy import EnergyBooks
from luban.screens.service.health import HealthBooks
from luban.screens.service.pilot import Pilots
from luban.screens.service.quality import QualityBooks
from luban.screens.service.rollup import RollupBooks
from luban.screens.service.schedule import Desk
from luban.screens.service.schedule_runs import Searches
from luban.screens.service.trace import TraceBooks
from luban.screens.service.twin_runs import TwinRuns
from luban.screens.sessions import session_of
from luban.screens.trace_api import trace_router
from luban.screens.twin_api import twin_router
from luban.screens.users import Role, Session, User, Users
from luban.screens.whole import OF_FIRMS

__all__ = ["build_api"]

_ACTS_OF_OFFICE = frozenset({
    "own return taken", "query answered", "return confirmed", "return queried", "returns taken", "units registered",
})  # fmt: skip
_OF_OFFICE = frozenset({"return", "task", "programme", "advice"})  # kinds of entry: they ask firms, and quote figures
_QUALITY = (quality_router, inspection_router, studies_router, sampling_router, experiment_router, setpoint_router)
_ENERGY = (energy_router, savings_router, green_router)
_HEALTH = (health_router, diagnosis_router, alarms_router, maintenance_router)
_STATUS: tuple[tuple[type[LubanError], int], ...] = (
    (SecurityError, 401), (NotAllowedError, 403), (LedgerBusyError, 409), (DiskFullError, 507),
    (MissingServiceError, 501), (InputError, 400), (LubanError, 500),
)  # fmt: skip


class Login(BaseModel):
    """Who wants in."""

    user: str = Field(max_length=64)
    password: str = Field(max_length=256)


class Token(BaseModel):
    """A session's token: send it as `Authorization: Bearer …`. It is shown once and never stored."""

    token: str
    expires: int = Field(description="[µs UTC]")
    role: str


class Problem(BaseModel):
    """What was wrong, as RFC 9457 problem details with luban's own fields."""

    type: str = "about:blank"
    title: str
    status: int
    error: str
    came: str = ""
    expected: str = ""
    where: str = ""
    hint: str = ""


class Me(BaseModel):
    """Who is asking."""

    name: str
    role: str
    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    path: str
    unit: str
    range: str
    start: str
    end: str


def _asked(
    unit: Annotated[str, Query(description="Equipment path; the whole plant by default.", max_length=400)] = "",
    range: Annotated[str, Query(description="shift, today, or a length such as 10min, 8h, 7d.", max_length=40)] = "",  # noqa: A002
    start: Annotated[str, Query(alias="from", description="ISO 8601, in the plant's zone.", max_length=40)] = "",
    end: Annotated[str, Query(alias="to", description="ISO 8601, in the plant's zone.", max_length=40)] = "",
) -> _Asked:
    return _Asked(unit, unit, range, start, end)


Asked = Annotated[_Asked, Depends(_asked)]


def build_api(
    view: PlantView,
    users: Users,
    reads: Reads,
    *,
    lifespan: Any = None,
    twin: TwinRuns | None = None,
    desk: Desk | None = None,
    searches: Searches | None = None,
    books: QualityBooks | None = None,
    health: HealthBooks | None = None,
    outside: Outside | None = None,
    trace: TraceBooks | None = None,
    energy: EnergyBooks | None = None,
    cost: CostBooks | None = None,
    returns: RollupBooks | None = None,
    acting: LoopBooks | None = None,
    pilots: Pilots | None = None,
) -> FastAPI:
    """The web application without its page.

    twin      the studies of its twin; whoever gives it ends it
    desk      its plans
    searches  the searches for plans; whoever gives them ends them
    books     its quality; without it, one that only reads
    health    the health of its machines; without it, one that only reads
    outside   what experts from outside may ask; without it, nobody gets in
    trace     where its lots came from and went; without it, one that only reads
    energy    what its meters say; without it, one that only reads
    cost      what its pieces cost; without it, books of its own that nobody stops
    returns   returns of enterprises and what is rolled up of them; without it, books that only read
    acting    what is done to its devices; without it, nothing can be done
    pilots    studies of pilots; whoever gives them ends them
    """
    app = FastAPI(
        title="luban", version=__version__, summary=f"The books and figures of {view.plant.name}", lifespan=lifespan,
        docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        responses={code: {"model": Problem} for code in (400, 401, 403)},
    )  # fmt: skip
    app.add_middleware(Gate)
    _handle_errors(app)
    app.include_router(_open_routes(view, users, reads))
    app.include_router(_plant_routes(view, users, reads), prefix="/api/v1")
    runs = twin or TwinRuns(view.folder)
    app.include_router(twin_router(view, lambda role: _needs(users, role), reads, runs), prefix="/api/v1")
    plans = desk or Desk(view, users.note)
    found = searches or Searches(plans.plans, str(view.folder))
    app.include_router(schedule_router(plans, lambda role: _needs(users, role), reads, found), prefix="/api/v1")
    quality = books or QualityBooks(view)
    for router in _QUALITY:
        app.include_router(router(quality, lambda role: _needs(users, role), reads), prefix="/api/v1")
    machines = health or HealthBooks(view)
    for wing in _HEALTH:
        app.include_router(wing(machines, lambda role: _needs(users, role), reads), prefix="/api/v1")
    lots = trace or TraceBooks(view)
    app.include_router(trace_router(lots, lambda role: _needs(users, role), reads), prefix="/api/v1")
    meters = energy or EnergyBooks(view)
    for own in _ENERGY:
        app.include_router(own(meters, lambda role: _needs(users, role), reads), prefix="/api/v1")
    rolled = returns or RollupBooks(view)
    for one in (returns_router, indicators_router, programmes_router):
        app.include_router(one(rolled, lambda role: _needs(users, role), reads), prefix="/api/v1")
    money = cost or CostBooks(view)
    app.include_router(cost_router(money, lambda role: _needs(users, role), reads), prefix="/api/v1")
    moves = acting or LoopBooks(view)
    for made in (outcomes_router, deciding_router, acting_router):
        app.include_router(made(moves, lambda role: _needs(users, role), reads), prefix="/api/v1")
    shown = pilots or Pilots(view)
    app.include_router(pilot_router(shown, lambda role: _needs(users, role), reads), prefix="/api/v1")
    experts = outside or Outside(machines, Grants(users.master), users)
    app.include_router(grants_router(experts, lambda role: _needs(users, role), reads), prefix="/api/v1")
    app.include_router(remote_router(experts, reads), prefix="/api/v1")
    return app


def _needs(users: Users, role: Role) -> Callable[[Request], Coroutine[Any, Any, User]]:
    async def check(request: Request) -> User:
        return users.require(session_of(request, users), role)

    return check


def _open_routes(view: PlantView, users: Users, reads: Reads) -> APIRouter:
    router = APIRouter()

    @router.get("/healthz", operation_id="health", tags=["service"])
    async def health() -> dict[str, str]:
        """Alive and able to read the books; needs no log-in and builds no page."""
        head = await reads(lambda: view.ledger.head)
        return {"status": "ok", "version": __version__, "head": str(head)}

    @router.get("/metrics", operation_id="metrics", tags=["service"], response_class=PlainTextResponse)
    async def metrics(request: Request) -> PlainTextResponse:
        """Prometheus text: links, ages, states. Needs a viewer, or the token in LUBAN_METRICS_TOKEN as bearer."""
        wanted = os.environ.get("LUBAN_METRICS_TOKEN", "")
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not (wanted and secrets.compare_digest(wanted.encode(), given.encode())):
            users.require(session_of(request, users), Role.VIEWER)
        return PlainTextResponse(await reads(exposition, view), media_type="text/plain; version=0.0.4; charset=utf-8")

    @router.post("/api/v1/login", operation_id="login", tags=["session"])
    def login(form: Login, request: Request) -> Token:
        """A token for 12 hours. The same answer for a wrong name and a wrong password; attempts are limited."""
        token = users.login(form.user, form.password, address=request.client.host if request.client else "")
        session = users.known(users.session(token))
        return Token(token=token, expires=session.expires, role=session.user.role.name.lower())

    @router.post("/api/v1/logout", operation_id="logout", tags=["session"])
    def logout(request: Request) -> dict[str, str]:
        """End this session everywhere, open pages included."""
        users.logout(users.known(session_of(request, users)).id)
        return {"status": "logged out"}

    return router


def _plant_routes(view: PlantView, users: Users, reads: Reads) -> APIRouter:  # noqa: C901 - one short function a route
    router = APIRouter(tags=["plant"])
    viewer = Depends(_needs(users, Role.VIEWER))
    Viewer = Annotated[User, viewer]  # noqa: N806 - a type

    def inside(user: User, path: str) -> str:
        wanted = path or (user.sites[0] if user.sites else view.plant.id)
        if not user.may(Role.VIEWER, wanted):
            raise NotAllowedError("this place is not among your sites", came=wanted, expected=", ".join(user.sites))
        return wanted

    @router.get("/me", operation_id="me", tags=["session"])
    async def me(user: Viewer) -> Me:
        """Who is asking."""
        return Me(name=user.name, role=user.role.name.lower(), sites=user.sites)

    @router.get("/plant", operation_id="plant")
    async def plant(_user: Viewer) -> Header:
        """Name, time zone, newest seq."""
        return await reads(view.header)

    @router.get("/tree", operation_id="tree")
    async def tree(user: Viewer) -> Now:
        """Every place, signal and source as it is now: state, value, age and quality."""
        return _within(await reads(view.now, fresh=200_000), user)

    @router.get("/signals/trend", operation_id="trend")
    async def trend(
        user: Viewer,
        signal: Annotated[str, Query(max_length=400, description="Signal id, equipment/path:name.")],
        asked: Asked,
        points: Annotated[int, Query(ge=2, le=4000, description="Pixels of the chart.")] = 800,
    ) -> Trend:
        """Lowest and highest of each pixel; null breaks the line."""
        inside(user, signal.partition(":")[0])
        span = await reads(view.range, asked.range or "1h", asked.start, asked.end, asked.path)
        return await reads(view.trend, signal, span, points=points)

    @router.get("/gaps", operation_id="gaps")
    async def gaps(user: Viewer, asked: Asked) -> list[Gap]:
        """What was not heard, newest first: gap facts and silences."""
        path = inside(user, asked.unit)
        span = await reads(view.range, asked.range or "1d", asked.start, asked.end, path)
        return await reads(lambda: view.gaps(span, sources=view.sources_of(path)))

    @router.get("/collectors", operation_id="collectors")
    async def collectors(user: Viewer) -> JSONResponse:
        """Each source's link as the books say, and what its collector says of itself where it runs here."""
        users.require(Session("", user, 0), Role.VIEWER)
        now = await reads(view.now, fresh=200_000)
        running = view.collectors()
        return JSONResponse([{**plain(s), "collector": plain(running.get(s.id))} for s in now.sources.values()])

    @router.get("/kpi", operation_id="kpi")
    async def kpi(user: Viewer, asked: Asked, as_of: Annotated[int | None, Query(ge=0)] = None) -> JSONResponse:
        """ISO 22400 figures of a place with coverage and range; a withheld one says why."""
        path = inside(user, asked.unit)
        span = await reads(view.range, asked.range, asked.start, asked.end, path)
        return JSONResponse(plain(await reads(view.figures, path, span, as_of=as_of)))

    @router.get("/explain", operation_id="explain")
    async def explain(
        user: Viewer,
        asked: Asked,
        figure: Annotated[str, Query(max_length=80, description="Indicator id, e.g. oee.")],
        as_of: Annotated[int | None, Query(ge=0)] = None,
    ) -> JSONResponse:
        """How a figure was made: formula, inputs, tiles of time, down to the facts."""
        path = inside(user, asked.unit)
        span = await reads(view.range, asked.range, asked.start, asked.end, path)
        return JSONResponse(plain(await reads(view.explain, figure, path, span, as_of=as_of)))

    @router.get("/timeline", operation_id="timeline")
    async def timeline(user: Viewer, asked: Asked, as_of: Annotated[int | None, Query(ge=0)] = None) -> JSONResponse:
        """States over time as tiles that meet exactly, unknown included."""
        path = inside(user, asked.unit)
        span = await reads(view.range, asked.range, asked.start, asked.end, path)
        return JSONResponse(plain(await reads(view.timeline, path, span, as_of=as_of)))

    @router.get("/ledger/verify", operation_id="verify_ledger", tags=["ledger"])
    async def verify(user: Annotated[User, Depends(_needs(users, Role.ENGINEER))]) -> JSONResponse:
        """Recompute every hash of the books (engineer)."""
        users.require(Session("", user, 0), Role.ENGINEER)
        report = await reads(view.verify)
        return JSONResponse({"ok": report.ok, **plain(report)})

    @router.get("/facts/{seq}", operation_id="fact", tags=["ledger"])
    async def fact(user: Viewer, seq: int) -> JSONResponse:
        """One fact of the books."""
        found = await reads(view.fact, seq)
        if found is None:
            raise InputError("no such fact", came=str(seq), expected="a seq of the books")
        if user.sites and not user.may(Role.VIEWER, str(found["subject"]).partition(":")[0]):
            raise NotAllowedError("this place is not among your sites", came=str(found["subject"]))
        if found.get("stream") in OF_FIRMS and not user.may(Role.ENGINEER, view.plant.id):
            raise NotAllowedError("returns of enterprises are told to engineers", came=f"fact {seq}")
        office = found.get("kind") in _OF_OFFICE or (
            found.get("kind") == "act" and found.get("code") in _ACTS_OF_OFFICE
        )
        if office and not user.may(Role.ENGINEER, view.plant.id):
            raise NotAllowedError("what an office writes of a plan is told to engineers", came=f"fact {seq}")
        return JSONResponse(plain(found))

    return router


def _within(now: Now, user: User) -> Now:
    """The part of a look that the user's sites contain."""
    if not user.sites:
        return now
    units = {path: unit for path, unit in now.units.items() if user.may(Role.VIEWER, path)}
    signals = {name: signal for name, signal in now.signals.items() if signal.equipment in units}
    sources = {signal.source for signal in signals.values()}
    return Now(now.time, now.head, units, signals, {name: s for name, s in now.sources.items() if name in sources})


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(LubanError)
    async def refused(_request: Request, error: LubanError) -> JSONResponse:
        status = next(code for kind, code in _STATUS if isinstance(error, kind))
        fields = error.as_dict()
        body = {"type": "about:blank", "title": fields.pop("message"), "status": status, **fields}
        headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
        return JSONResponse(body, status, headers, media_type="application/problem+json")

    @app.exception_handler(RequestValidationError)
    async def unfit(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        body = {
            "type": "about:blank", "title": "the request is not acceptable", "status": 422, "error": "InputError",
            "where": where, "expected": first["msg"],
        }  # fmt: skip
        return JSONResponse(body, 422, media_type="application/problem+json")
