"""The bar on top of every page: plant, ways to the other pages, language, light, person."""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

from nicegui import ui

from luban.screens.i18n import LANGUAGES, Words
from luban.screens.mark import MARK
from luban.screens.users import User

__all__ = ["MOON", "bar", "dark_cookie", "heading", "plain_button"]

MOON = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M20 14.5A8 8 0 0 1 9.5 4 8 8 0 1 0 20 14.5z"/></svg>'


def bar(
    say: Words, plant: str, user: User, here: str, query: str, dark: Callable[[], Any], logout: Callable[[], Any],
    stop: Callable[[], Any],
) -> Any:  # fmt: skip
    """Draw it; returns the element of the clock.

    here   page: '' the live one, `schedule`, `quality`, `health`, `trace`, `energy`, `cost`, `loop`, `pilot`,
           `indicators`, `twin`
    query  what the language links keep of the address
    stop   draws the stop of all automation
    """
    with ui.element("header").classes("lb-bar"):
        ui.html(f"{MARK}<span>luban</span>", sanitize=False).classes("lb-mark")
        ui.html(html.escape(plant), sanitize=False).classes("lb-plant")
        pages = (
            ("", say("Live")), ("schedule", say("Schedule")), ("quality", say("Quality")), ("health", say("Health")),
            ("trace", say("Trace")), ("energy", say("Energy")), ("cost", say("Cost")), ("loop", say("Loop")),
            ("pilot", say("Pilots")), ("indicators", say("Indicators")), ("twin", say("Twin")),
        )  # fmt: skip
        with ui.element("nav").classes("lb-nav").props(f"aria-label={json.dumps(say('Pages'))}"):
            ui.html("".join(_page(say, page, name, here) for page, name in pages), sanitize=False)
        ui.element("span").classes("lb-space")
        stop()
        clock = ui.html("", sanitize=False).classes("lb-clock lb-hide-narrow")
        below = f"/{here}" if here else ""
        links = "".join(
            f'<a class="lb-quietlink" lang="{code}" hreflang="{code}" href="/{code}{below}{query}"'
            f"{' aria-current=true' if code == say.language else ''}>{name}</a>"
            for code, name in LANGUAGES.items()
        )
        with ui.element("nav").props(f"aria-label={json.dumps(say('Language'))}"):
            ui.html(links, sanitize=False)
        button = plain_button(MOON, dark)
        button.props(f"aria-label={json.dumps(say('Dark or light'))} title={json.dumps(say('Dark or light'))}")
        role = say(user.role.name.lower())
        ui.html(f"{html.escape(user.name)} · {html.escape(role)}", sanitize=False).classes("lb-note lb-hide-narrow")
        plain_button(html.escape(say("Log out")), logout)
    return clock


def _page(say: Words, page: str, name: str, here: str) -> str:
    current = ' aria-current="page"' if page == here else ""
    target = f"/{say.language}/{page}" if page else f"/{say.language}"
    return f'<a class="lb-quietlink" href="{target}"{current}>{html.escape(name)}</a>'


def plain_button(inner: str, act: Callable[[], Any]) -> Any:
    """A button that looks like text."""
    with ui.element("button").classes("lb-plain").props("type=button").on("click", act) as button:
        ui.html(inner, sanitize=False, tag="span").style("display: inline-flex")
    return button


def heading(text: str) -> None:
    """Title of a card."""
    ui.html(html.escape(text), sanitize=False, tag="h2").classes("lb-title")


def dark_cookie(dark: bool) -> None:
    """Remember in the browser what the person chose."""
    ui.run_javascript(f"document.cookie = 'luban_dark={int(dark)}; path=/; max-age=31536000; samesite=strict'")
