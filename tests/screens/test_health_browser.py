"""The health page in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from luban.screens.web.health_frame import PANELS
from tests.screens import shop
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def plant_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("health") / "plant"
    shop.write_plant(folder, 1, 2)
    shop.seed(folder)
    with served(folder, {"admin": "admin"}) as url:
        yield url


def test_every_tab_that_is_there_opens(site: Site):
    page = site.page()
    site.enter()
    page.goto(f"{site.url}/en/health?of={shop.LATHE}")
    tabs = [tab.get_attribute("data-tab") for tab in page.locator(".lb-qtab").all()]
    assert set(tabs) <= set(PANELS)
    for tab in tabs:
        page.click(f"#lb-tab-{tab}")
        expect(page.locator(f"#lb-panel-{tab}")).to_be_visible()
        expect(page.locator(f"#lb-panel-{tab} section, #lb-panel-{tab} aside").first).to_be_visible()
        expect(page.get_by_text("the server's log says why")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440
