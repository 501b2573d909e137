"""A plant's REST service on a port of its own, and who asks it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from httpx import Client

from luban.ledger import MasterData
from luban.loop.places import places
from luban.screens.api import build_api
from luban.screens.reads import Reads
from luban.screens.service import PlantView
from luban.screens.service.health import HealthBooks
from luban.screens.service.quality import QualityBooks
from luban.screens.service.rollup import RollupBooks
from luban.screens.users import Act, Role, Users
from tests.outside import free_port

__all__ = ["PASSWORD", "answering", "own"]

PASSWORD = "correct horse"


@contextmanager
def answering(
    folder: Path,
    people: Mapping[str, tuple[Role, Sequence[str]]],
    *,
    acts: list[Act] | None = None,
    books: Callable[[PlantView], QualityBooks] | None = None,
    health: Callable[[PlantView], HealthBooks] | None = None,
    rolled: Callable[[PlantView], RollupBooks] | None = None,
) -> Iterator[Client]:
    """A plant's service, its ledger being there; `acts` takes what people do, the others make its books."""
    master = MasterData(places(folder).ledger)
    users = Users(master, acts.append) if acts is not None else Users(master)
    for name, (role, sites) in people.items():
        users.add(name, PASSWORD, role, list(sites), who="test")
    view, reads, port = PlantView(folder), Reads(2), free_port()
    own_books, own_health = books(view) if books else None, health(view) if health else None
    app = build_api(view, users, reads, books=own_books, health=own_health, returns=rolled(view) if rolled else None)
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    with Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as made:
        yield made
    server.should_exit = True
    thread.join()
    reads.close()
    master.close()


def own(client: Client, user: str) -> dict[str, str]:
    """The headers of a person who has logged in."""
    token = client.post("/api/v1/login", json={"user": user, "password": PASSWORD}).json()["token"]
    return {"Authorization": f"Bearer {token}"}
