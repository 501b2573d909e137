from __future__ import annotations

import re
from pathlib import Path

import pytest

from luban.core.errors import ConfigError
from luban.core.time import parse_time
from luban.plant import load as load_plant
from luban.twin.process.packing import draw_orders
from luban.twin.process.parameters import load
from tests.twin.process.c1 import C1, FILE


def test_the_example_is_what_the_published_set_says() -> None:
    assert (C1.reactor.k1, C1.reactor.e1, C1.reactor.h1) == (7.2e10, 8750.0, 50.0)
    assert (C1.column.stages, C1.column.feed_stage, C1.column.volatility) == (41, 21, 1.5)
    # 100 L of the benchmark at 100 L/min, scaled to 100 kmol/h: one minute of feed inside
    assert C1.reactor.content == pytest.approx(C1.reactor.feed / 60, rel=1e-4)
    # UA/(q·ρcp) of the benchmark: 5e4 / (100·239)
    assert C1.reactor.cooling / (C1.reactor.feed * C1.reactor.heat_capacity) == pytest.approx(5e4 / 23900, rel=1e-9)
    assert C1.column.holdup * 60 / C1.column.feed == pytest.approx(0.5, rel=1e-4)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("trip = 380.0", "", "a key is missing"),
        ("trip = 380.0", "trip = true", "wrong kind"),
        ("trip = 380.0", "trip = nan", "wrong kind"),
        ("trip = 380.0", "trip = 300.0", "below the trip"),
        ("trip = 380.0", "trip = 380.0\nspeed = 1", "unknown key"),
        ("[prices]", "[taxes]", "unknown table"),
        ("stages = 41", "stages = 41.0", "wrong kind"),
        ("step = 3.0", "step = 7.0", "does not divide"),
        ('id = "TC101"', 'id = "TC999"', "not those of the model"),
        ("value = 350.0", "value = 500.0", "outside its band"),
        ("share = 0.35", "share = 0.45", "add up"),
        ("[reactor]", "[reactor", "no process plant"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    (tmp_path / "process.toml").write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said):
        load(tmp_path / "process.toml")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no process plant"):
        load(tmp_path / "nothing.toml")


def test_every_section_of_figures_is_explained_in_the_readme() -> None:
    sections = re.findall(r"^\[(\w+)\]", FILE.read_text("utf-8"), re.MULTILINE)
    told = (FILE.parent / "README.md").read_text("utf-8")
    assert [section for section in sections if f"`[{section}]`" not in told] == []


def test_the_plant_folder_shows_what_the_model_has() -> None:
    plant = load_plant(FILE.parent)
    for instrument in C1.instruments:
        signal = plant.signals[f"c1/{instrument.place}:{instrument.id}"]
        assert (signal.address.rpartition("=")[2], signal.unit) == (instrument.tag, instrument.unit)
    for point in C1.set_points:
        (signal,) = (s for s in plant.signals.values() if s.name == f"{point.id}_sp")
        assert signal.range == (point.low, point.high)
    orders = draw_orders(C1, 1, 0, 60)
    start = parse_time(C1.flowsheet.start)
    assert list(plant.orders) == [order.id for order in orders]
    for order, own in zip(orders, plant.orders.values(), strict=True):
        assert (own.item, own.quantity) == (C1.grades[order.grade].id, 40 * order.pallets)
        assert own.due == start + order.due
        assert own.release == pytest.approx(start + order.received, abs=60_000_000)
