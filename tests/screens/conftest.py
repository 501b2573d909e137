"""One small shop with two hours in its books, shared by all tests that only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from luban.ledger import MasterData
from luban.loop.places import places
from luban.screens.service import PlantView
from luban.screens.users import Act, Users
from tests.outside import require
from tests.screens import shop
from tests.screens.site import ARGUMENTS, Site, opened


@pytest.fixture(scope="session")
def shop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A seeded plant; read it, do not change it."""
    folder = tmp_path_factory.mktemp("shop") / "plant"
    shop.write_plant(folder, 1, 2)
    shop.seed(folder)
    return folder


@pytest.fixture(scope="session")
def view(shop_folder: Path) -> PlantView:
    """The shop as screens see it."""
    return PlantView(shop_folder)


@pytest.fixture
def acts() -> list[Act]:
    """What was recorded."""
    return []


@pytest.fixture
def users(tmp_path: Path, acts: list[Act]) -> Iterator[Users]:
    """Nobody yet, in books of their own."""
    master = MasterData(places(tmp_path).ledger)
    yield Users(master, acts.append)
    master.close()


@pytest.fixture
def run_cli(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, stdout, stderr."""
    from luban.screens.cli.main import Doors, run

    def shut(*_: object, **__: object) -> None:
        raise AssertionError("nothing is served in tests")

    def call(*arguments: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = run(Doors(serve=shut, show_pilot=shut), [str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; tests that need it are skipped without it, before they prepare anything."""
    return require("chromium")


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium. It ends with its module: while Playwright runs, no test of this process can run asynchronously."""
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield made
        made.close()


@pytest.fixture
def site(plant_url: str, browser: Browser) -> Iterator[Site]:
    """The plant that a module serves as `plant_url`, in a window of the test's own."""
    with opened(browser, plant_url) as made:
        yield made
