"""The controller on the twin of the shop: better than the hand it replaces, never outside its envelope."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from luban.core.errors import InputError
from luban.core.time import DAY
from luban.decide import setpoint
from luban.decide.setpoint.envelope import Envelope
from luban.decide.setpoint.rehearse import Drift, capability_after, learn, rehearse
from luban.plant import load
from luban.twin.load import load_twin

FOLDER = Path(__file__).parents[3] / "examples" / "c2_machining"
STATIONS = ["c2/milling"]


@pytest.fixture(scope="module")
def shop():
    return load_twin(FOLDER), load(FOLDER)


@pytest.fixture(scope="module")
def causes(shop):
    return learn(*shop, STATIONS, days=19)


def test_drift_is_held_inside_the_envelope_and_the_parts_are_capable(shop, causes):
    drift, tight = Drift(1.5, 50, 10 * DAY), Envelope(-45.0, 45.0, 8.0, 0.1)
    held = rehearse(*shop, STATIONS, "causes", drift, days=13, causes=causes, envelope=tight)
    assert held.left == held.refused == 0
    assert len(held.moves) > 100
    offsets = held.pieces["offset"]
    assert np.abs(offsets).max() <= 45.0
    after, n = capability_after(held.pieces, 50, 10_000)
    assert n > 300
    as_is = rehearse(*shop, STATIONS, "as_is", drift, days=13)
    by_hand, few = capability_after(as_is.pieces, -1, 10_000)
    assert few > 100
    assert after > 1.2 > 0.9 > by_hand
    assert capability_after(held.pieces, 50, 10_000, readings=True)[0] < after


def test_the_sizes_of_the_causes_are_near_those_of_the_model(causes):
    """Noise 6 and gauge 3, wear 18.9 over 45 min of cutting at 60 % of the time, heat 12 (examples/c2_machining)."""
    found = causes["c2/milling"]
    assert found.noise == pytest.approx(np.hypot(6, 3), rel=0.2)
    assert found.wear == pytest.approx(18.9 / (45 / 0.6 / 60), rel=0.4)
    assert found.heat == pytest.approx(12, rel=0.5)


def test_the_controller_cannot_reach_the_twin():
    """It is given what panels show; what computes an offset imports nothing of the twin."""
    folder = Path(setpoint.__file__).parent
    for name in ("machine.py", "causes.py", "run_to_run.py", "envelope.py"):
        tree = ast.parse((folder / name).read_text("utf-8"))
        modules = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {own.name for node in ast.walk(tree) if isinstance(node, ast.Import) for own in node.names}
        assert not [module for module in modules if module.startswith("luban.twin")], name


def test_an_ewma_is_rehearsed_too_and_few_readings_give_no_figure(shop):
    run = rehearse(*shop, STATIONS, "run_to_run", None, days=9, every=2)
    assert run.left == 0
    assert len(run.moves) > 50
    assert np.isnan(capability_after(run.pieces, 5, 10)[0])


def test_bad_input_is_told(shop):
    with pytest.raises(InputError, match="unknown hand"):
        rehearse(*shop, STATIONS, "nobody", None, days=1)
    with pytest.raises(InputError, match="nothing is known"):
        rehearse(*shop, STATIONS, "causes", None, days=1)
