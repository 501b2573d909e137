"""States that earlier versions wrote are read, and say the same when they are written again."""

import lzma
from pathlib import Path

import numpy as np
import pytest

from luban.core.state import unpack
from luban.understand.health.anomaly import ProcessMonitor, SignalWatch
from luban.understand.health.diagnosis import Baseline, Signatures
from luban.understand.health.machine import MachineWatch

DATA = Path(__file__).parent / "data"
DIGEST = "0ecdb466c6f3771461ded2ee9e0b05a1d1b4abcc704fc353dd89a77e76fe6bb6"
KINDS = {
    "signal": SignalWatch, "process": ProcessMonitor, "machine": MachineWatch, "baseline": Baseline,
    "signatures": Signatures,
}  # fmt: skip


def written(name: str) -> bytes:
    packed = DATA / f"{name}.npz.xz"
    return lzma.decompress(packed.read_bytes()) if packed.is_file() else (DATA / f"{name}.npz").read_bytes()


def said(state: bytes) -> tuple[object, dict[str, object]]:
    """What stands in a state, with the states that lie within it."""
    told, arrays = unpack(state)
    return told, {
        name: said(array.tobytes()) if array.tobytes()[:2] == b"PK" else (array.dtype.str, array.shape, array.tobytes())
        for name, array in arrays.items()
    }


@pytest.mark.parametrize("name", KINDS)
def test_an_earlier_state_is_read_and_says_the_same_again(name: str):
    state = written(name)
    again = KINDS[name].restore(state)
    assert said(again.save()) == said(state)


def test_what_was_learned_is_known_by_the_same_digest():
    assert Signatures.restore(written("signatures")).digest() == DIGEST


def test_an_earlier_monitor_judges_as_it_did():
    monitor = ProcessMonitor.restore(written("process"))
    step = monitor.update(np.full(len(monitor.names), 50.0), "a")
    assert step.alarm
