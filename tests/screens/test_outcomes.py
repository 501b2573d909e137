"""Outcomes on the page of the loop and over REST: a baseline fixed before an act, its verdict, who may do it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from luban.core.time import DAY, HOUR, now
from luban.ledger import Ledger, LedgerWriter
from luban.loop.places import places
from luban.verify import baseline_of
from tests.screens.rest import PASSWORD
from tests.screens.site import Site, served

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]

PLANT = """
[plant]
id = "p"
name = "Plant"
time_zone = "UTC"

[[equipment]]
path = "mill"
name = "Mill"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A plant that counted pieces of the last forty days."""
    own = tmp_path_factory.mktemp("outcomes")
    (own / "plant.toml").write_text(PLANT, encoding="utf-8")
    g, today = np.random.default_rng(1), now() // DAY * DAY
    times = [today - day * DAY + hour * HOUR for day in range(40, 0, -1) for hour in (6, 14)]
    bad = g.binomial(300, 0.05, len(times))
    with LedgerWriter(places(own).ledger) as writer:
        writer.append("count", {
            "time": times, "subject": ["p/mill"] * len(times), "quality": [0] * len(times),
            "good": [300.0 - one for one in bad], "scrap": [float(one) for one in bad], "rework": [0.0] * len(times),
        }, source="counter")  # fmt: skip
    return own


@pytest.fixture(scope="module")
def plant_url(folder: Path) -> Iterator[str]:
    with served(folder, {"li": "engineer", "wang": "viewer"}) as url:
        yield url


def enter(site: Site, user: str, address: str) -> Page:
    site.enter(user)
    page = site.page()
    page.goto(f"{site.url}/{address}")
    return page


def headers(site: Site, user: str) -> dict[str, str]:
    answer = site.context.request.post(f"{site.url}/api/v1/login", data={"user": user, "password": PASSWORD})
    return {"Authorization": f"Bearer {answer.json()['token']}"}


def test_a_baseline_is_fixed_before_an_act_and_the_act_waits_for_its_proof(site: Site, folder: Path) -> None:
    page = enter(site, "li", "en/loop?tab=outcomes")
    panel = page.locator("#lb-panel-outcomes")
    expect(panel).to_contain_text("No act has a baseline yet")
    page.locator("[data-field=act]").fill("offset 12")
    page.locator("[data-field=at]").fill((datetime.now(UTC) + timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M"))
    page.locator("[data-field=lever]").fill("setpoint")
    for name, value in (("low", "-0.02"), ("value", "-0.01"), ("high", "0")):
        page.locator(f"[data-field={name}]").fill(value)
    page.get_by_role("button", name="Fix it").click()
    expect(panel).to_contain_text("unverified")
    expect(panel).to_contain_text("0 known periods after the act, 8 are needed")
    kept = baseline_of(Ledger(places(folder).ledger), "offset 12")
    assert kept is not None
    assert kept.baseline.usable
    assert kept.baseline.count == 40
    assert kept.decision.author == "li"
    assert kept.predicted is not None
    assert kept.predicted.low == -0.02


def test_rest_refuses_the_past_a_second_baseline_and_those_who_may_not(site: Site) -> None:
    address, later = f"{site.url}/api/v1/acting/outcomes", (datetime.now(UTC) + timedelta(hours=3)).isoformat()
    data = {"act": "rule", "figure": "scrap p/mill", "at": later, "days": 40}
    post = site.context.request.post
    assert post(address, headers=headers(site, "wang"), data=data).status == 403
    mine = headers(site, "li")
    assert post(address, headers=mine, data=data | {"at": "2026-01-01"}).status == 400
    assert post(address, headers=mine, data=data | {"figure": "luck"}).status == 400
    made = post(address, headers=mine, data=data)
    assert (made.status, made.json()["baseline"]["lacks"]) == (201, [])
    assert post(address, headers=mine, data=data).status == 400
    assert post(f"{address}/rule", headers=mine).json()["outcome"]["verdict"] == "unverified"
    told = site.context.request.get(address, headers=headers(site, "wang")).json()
    assert "rule" in {one["act"] for one in told["acts"]}
    assert told["calibration"]["held"] == 0


def test_a_viewer_reads_it_in_chinese_on_a_phone_and_fixes_nothing(site: Site) -> None:
    page = enter(site, "wang", "zh/loop?tab=outcomes")
    page.set_viewport_size({"width": 390, "height": 840})
    expect(page.locator("#lb-tab-outcomes")).to_contain_text("成效")
    expect(page.locator("#lb-panel-outcomes")).to_contain_text("有效果吗")
    assert page.locator("[data-field=act]").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
