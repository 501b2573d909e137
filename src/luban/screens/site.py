"""The whole web application: REST, log-in, live page, its assets and its feed, on one FastAPI app."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse
from fastapi.staticfiles import StaticFiles

from luban.act.engine import Actor
from luban.loop.running import Running
from luban.screens.alarms_kept import alarms_watched
from luban.screens.api import build_api
from luban.screens.grants import Grants
from luban.screens.i18n import LANGUAGES
from luban.screens.outside import Outside
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.service.books import Record
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
from luban.screens.sessions import COOKIE
from luban.screens.users import Session, Users
from luban.screens.web.login import ASSETS, language_of, login_router
from luban.screens.web.remote_page import RemoteWatch, remote_pages

__all__ = ["build_site"]

_TAGS = {"en": "en-US", "zh": "zh-CN", "ko": "ko-KR"}


def build_site(
    view: PlantView, users: Users, storage: Path, record: Record | None = None,
    actor: Callable[[], Actor | None] = lambda: None, running: Callable[[], Running | None] = lambda: None,
) -> FastAPI:  # fmt: skip
    """Everything a plant serves. One per process: NiceGUI keeps its pages globally.

    storage  folder for what NiceGUI keeps
    record   makes acts and their facts durable; without it the pages of quality and health only read
    actor    what acts for the plant, in this event loop
    running  what decides for it, likewise
    """
    storage.mkdir(parents=True, exist_ok=True)
    # read when nicegui is imported, so it must be set before
    os.environ["NICEGUI_STORAGE_PATH"] = str(storage)
    from nicegui import ui

    from luban.screens.web.feed import Feed

    reads = Reads()
    acting = LoopBooks(view, record, actor, running)
    feed = Feed(view, users, reads, acting)
    runs = TwinRuns(view.folder)
    desk = Desk(view, users.note)
    searches = Searches(desk.plans, str(view.folder))
    books = QualityBooks(view, record)
    grants = Grants(users.master, record)
    health = HealthBooks(view, record, grants)
    outside = Outside(health, grants, users)
    over = RemoteWatch(grants, reads)
    lots = TraceBooks(view, record)
    cost = CostBooks(view, record)
    energy = EnergyBooks(view, record)
    pilots = Pilots(view, record)
    returned = RollupBooks(view, record)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        feed.start()
        over.start()
        health.start()
        try:
            async with alarms_watched(health, acting.doubted):
                yield
        finally:
            await reads(health.stop)
            await reads(lots.stop)
            await reads(cost.stop)
            await over.stop()
            await feed.stop()
            await runs.stop()
            await pilots.runs.stop()
            await searches.end()
            reads.close()

    app = build_api(
        view, users, reads, lifespan=life, twin=runs, desk=desk, searches=searches, books=books, health=health,
        outside=outside, trace=lots, energy=energy, cost=cost, acting=acting, pilots=pilots,
        returns=returned,
    )  # fmt: skip
    app.mount("/assets", _Assets(directory=ASSETS), name="assets")
    app.include_router(login_router(users, view.plant.name))
    app.include_router(remote_pages(outside, reads))
    for page in ("twin", "schedule", "quality", "health", "trace", "energy", "cost", "loop", "pilot", "indicators"):
        app.add_api_route(f"/{page}", _redirect(page), include_in_schema=False)
    _pages(feed, runs, desk, searches, books, health, lots, energy, cost, acting, pilots, returned)
    ui.run_with(
        app,
        title=f"luban · {view.plant.name}",
        show_welcome_message=False,
        reconnect_timeout=15.0,  # the heartbeat follows it: a server busy for 6 s loses no connection and no click
        message_history_length=300,
    )
    return app


def _redirect(page: str) -> Callable[[Request], RedirectResponse]:
    """To a page in the browser's language."""

    def redirect(request: Request) -> RedirectResponse:
        return RedirectResponse(f"/{language_of(request)}/{page}", 303)

    return redirect


class _Assets(StaticFiles):
    """Only what a browser needs of this folder, and always asked for anew: a new version must show at once."""

    async def get_response(self, path: str, scope: Any) -> Any:
        """The file if it is a style sheet or a picture."""
        response = await super().get_response(path if path.endswith((".css", ".svg")) else "nothing", scope)
        response.headers["cache-control"] = "no-cache"
        return response


def _pages(
    feed: Any, runs: TwinRuns, desk: Desk, searches: Searches, books: QualityBooks, machines: HealthBooks,
    lots: TraceBooks, meters: EnergyBooks, money: CostBooks, moves: LoopBooks,
    pilots: Pilots, returned: RollupBooks,
) -> None:  # fmt: skip
    from nicegui import ui

    from luban.screens.web.acting_frame import ActingFrame
    from luban.screens.web.cost_frame import CostFrame
    from luban.screens.web.energy_frame import EnergyFrame
    from luban.screens.web.health_frame import HealthFrame
    from luban.screens.web.page import LivePage
    from luban.screens.web.pilot_frame import PilotFrame
    from luban.screens.web.quality_frame import QualityFrame
    from luban.screens.web.rollup_frame import RollupFrame
    from luban.screens.web.schedule_page import SchedulePage
    from luban.screens.web.trace_frame import TraceFrame
    from luban.screens.web.twin_page import TwinPage

    frames: dict[str, tuple[Callable[..., Any], Any]] = {
        "quality": (QualityFrame, books), "health": (HealthFrame, machines), "trace": (TraceFrame, lots),
        "energy": (EnergyFrame, meters), "cost": (CostFrame, money), "loop": (ActingFrame, moves),
        "pilot": (PilotFrame, pilots), "indicators": (RollupFrame, returned),
    }  # fmt: skip

    def show(request: Request, language: str, make: Callable[[Session, bool | None], Any]) -> Any:
        session = feed.users.session(request.cookies.get(COOKIE))
        if session is None:
            return RedirectResponse(f"/{language}/login", 303)
        dark = {"1": True, "0": False}.get(request.cookies.get("luban_dark", ""))
        make(session, dark).build()
        return None

    def page_in(language: str) -> None:
        def live(request: Request, unit: str = "") -> Any:
            return show(request, language, lambda own, dark: LivePage(feed, language, own, unit, dark=dark))

        def twin(request: Request) -> Any:
            return show(request, language, lambda own, dark: TwinPage(feed, runs, language, own, dark=dark))

        def schedule(request: Request, plan: str = "") -> Any:
            return show(
                request, language, lambda own, dark: SchedulePage(feed, desk, searches, language, own, plan, dark=dark)
            )

        def tabbed(frame: Callable[..., Any], held: Any) -> Callable[..., Any]:
            def opened(request: Request, tab: str = "", of: str = "") -> Any:
                return show(request, language, lambda own, dark: frame(feed, held, language, own, tab, of, dark=dark))

            return opened

        ui.page(f"/{language}", language=_TAGS[language])(live)
        ui.page(f"/{language}/twin", language=_TAGS[language])(twin)
        ui.page(f"/{language}/schedule", language=_TAGS[language])(schedule)
        for page, (frame, held) in frames.items():
            ui.page(f"/{language}/{page}", language=_TAGS[language])(tabbed(frame, held))

    for language in LANGUAGES:
        page_in(language)
