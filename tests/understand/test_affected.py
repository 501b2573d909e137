"""Making again only what late facts touched gives what making everything again gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from luban.core.time import HOUR, MINUTE
from luban.understand.kpi import Figure, affected_windows, read
from tests.understand.shop import M1, M2, Shop

DAYS = ("2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05")


def everything(shop: Shop) -> dict[tuple[str, str], list[Figure]]:
    start, end = shop.at(f"{DAYS[0]}T00:00"), shop.at(f"{DAYS[-1]}T23:00")
    return by_shift(read(shop.ledger, shop.plant, start, end, by="shift", now=end))


def by_shift(figures: list[Figure]) -> dict[tuple[str, str], list[Figure]]:
    found: dict[tuple[str, str], list[Figure]] = {}
    for figure in figures:
        found.setdefault((figure.subject, figure.shift), []).append(figure)
    return found


def facts(figures: dict[tuple[str, str], list[Figure]]) -> dict[tuple[str, str], list[Any]]:
    """All but the seq at which they were made."""
    return {key: [figure.as_dict() | {"seq": 0} for figure in made] for key, made in figures.items()}


def random_facts(shop: Shop, random: np.random.Generator, n: int) -> None:
    start, end = shop.at(f"{DAYS[0]}T00:00"), shop.at(f"{DAYS[-1]}T23:00")

    def clock(moment: int) -> str:
        return f"{np.datetime64(int(moment), 'us')}+00:00"

    for unit, source in ((M1, "plc"), (M2, "plc2")):
        times = random.integers(start, end, n)
        words = random.choice(["running", "idle", "setup", "down", "waiting"], n)
        shop.states(*((clock(t), str(w)) for t, w in zip(times, words, strict=True)), unit=unit, source=source)
        shop.counts(
            *((clock(t), float(random.integers(0, 200)), 1.0) for t in random.integers(start, end, n)), unit=unit
        )
        opens = random.integers(start, end, 3)
        lengths = random.integers(MINUTE, 9 * HOUR, 3)
        shop.alive(*((clock(a), clock(a + d)) for a, d in zip(opens, lengths, strict=True)), source=source)


@pytest.mark.parametrize("seed", range(2))
def test_only_the_affected_shifts_need_to_be_made_again(open_shop: Callable[..., Shop], seed: int) -> None:
    shop, random = open_shop(calendar="two"), np.random.default_rng(seed)
    random_facts(shop, random, 40)
    for step in range(3):
        before, since = everything(shop), shop.ledger.head
        random_facts(shop, random, 2)
        if step == 1:
            shop.gap(f"{DAYS[1]}T01:00", f"{DAYS[1]}T23:00")
        if step == 2:
            shop.states((f"{DAYS[1]}T12:00", "running"), source="anna", supersedes=int(random.integers(1, 41)))
        after = everything(shop)
        again = dict(before)
        windows = affected_windows(shop.ledger, shop.plant, since, now=shop.at(f"{DAYS[-1]}T23:00"))
        for window in windows:
            if (window.unit, window.shift) in after:
                end = min(window.end, shop.at(f"{DAYS[-1]}T23:00"))
                start = max(window.start, shop.at(f"{DAYS[0]}T00:00"))
                again |= by_shift(read(shop.ledger, shop.plant, start, end, [window.unit], by="shift", now=end))
        assert facts(again) == facts(after)


def test_one_late_count_touches_one_shift(open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(calendar="two")
    shop.states(*((f"{day}T06:00", "running") for day in DAYS))
    shop.alive((f"{DAYS[0]}T00:00", f"{DAYS[-1]}T23:00"))
    shop.counts(*((f"{day}T{hour}:00", 100, 0) for day in DAYS for hour in ("07", "12")))
    since = shop.ledger.head
    shop.counts((f"{DAYS[1]}T09:00", 7, 0))
    found = affected_windows(shop.ledger, shop.plant, since, now=shop.at(f"{DAYS[-1]}T23:00"))
    assert [(w.unit, w.shift) for w in found] == [(M1, f"early {DAYS[1]}")]


def test_nothing_new_touches_nothing(shop: Shop) -> None:
    shop.states(("08:00", "running"))
    assert affected_windows(shop.ledger, shop.plant, shop.ledger.head) == []
