"""A plant's pages in a real browser: `luban up` as a process, and tabs whose requests and faults are watched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from luban.screens.acts import users_of
from luban.screens.users import Role
from tests.outside import free_port

__all__ = ["ARGUMENTS", "PASSWORD", "SLOW", "Site", "opened", "served", "wait_until_up"]

PASSWORD = "correct horse"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SLOW = 30_000
_SESSIONS: dict[tuple[str, str], Any] = {}  # the cookies of a plant's address and a person


@dataclass
class Site:
    """A running plant and the browser that looks at it."""

    url: str
    context: BrowserContext
    requests: list[str]
    faults: list[str]

    def page(self) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.set_default_timeout(SLOW)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", lambda m: self.faults.append(m.text) if m.type == "error" and "401" not in m.text else None)
        return page

    def enter(self, user: str = "admin") -> None:
        """From here on every tab is `user`'s, in a session that is kept for the next window."""
        known = (self.url, user)
        if known not in _SESSIONS:
            form = {"user": user, "password": PASSWORD}
            answer = self.context.request.post(f"{self.url}/en/login", form=form, max_redirects=0)
            assert answer.status == 303, answer.text()
            _SESSIONS[known] = self.context.cookies()
        self.context.add_cookies(_SESSIONS[known])

    def log_in(self, page: Page, language: str = "en", user: str = "admin", password: str = PASSWORD) -> None:
        """Through the form, which leads on to the start page; `enter` is quicker where that is not the matter."""
        page.goto(f"{self.url}/{language}/login")
        page.fill("input[name=user]", user)
        page.fill("input[name=password]", password)
        page.click("button[type=submit]")


@contextmanager
def served(folder: Path, users: Mapping[str, str]) -> Iterator[str]:
    """A plant that runs, and ends as it should; its address.

    users  name and role of each user to add; while there are none, the first start makes the administrator
    """
    if users:
        with users_of(folder) as known:
            for name, role in users.items():
                known.add(name, PASSWORD, Role.parse(role), who="test")
    first = {} if users else {"LUBAN_ADMIN_PASSWORD": PASSWORD}
    web = free_port()
    command = [sys.executable, "-m", "luban", "up", str(folder), "--port", str(web)]
    process = subprocess.Popen(command, env={**os.environ, **first}, stderr=subprocess.PIPE, text=True)
    try:
        url = f"http://127.0.0.1:{web}"
        wait_until_up(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "Traceback" not in said, said
    assert "everything that was acknowledged is in the books" in said, said


def wait_until_up(url: str, process: subprocess.Popen[str]) -> None:
    """Return once the plant answers; fail where it ends first or takes a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        try:
            urllib.request.urlopen(f"{url}/healthz", timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the plant did not come up")


@contextmanager
def opened(browser: Browser, url: str, **context: Any) -> Iterator[Site]:
    """The plant at `url` in a window of its own; in the end nothing was asked of others, and no page had a fault.

    context  what is to be other than a light window of 1440 by 1000, as `Browser.new_context` takes it
    """
    expect.set_options(timeout=SLOW)
    usual: dict[str, Any] = {"viewport": {"width": 1440, "height": 1000}, "color_scheme": "light"}
    made = Site(url, browser.new_context(**usual | context), [], [])
    try:
        yield made
    finally:
        made.context.close()
    home = url.split("://", 1)[1]
    inside = ("http://" + home, "ws://" + home, "data:", "blob:")
    outside = [asked for asked in made.requests if not asked.startswith(inside)]
    assert not outside, outside
    assert not made.faults, made.faults
