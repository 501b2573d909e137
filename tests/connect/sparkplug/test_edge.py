"""The rules of a host application for one edge node, message by message."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from luban.connect.sparkplug.edge import EdgeNode, News
from luban.connect.sparkplug.payload import Metric, Payload, encode
from luban.connect.sparkplug.schema import DataType


class Wire:
    """Speaks for an edge node; `at` counts up with each message."""

    def __init__(self) -> None:
        self.edge = EdgeNode()
        self.seq = -1
        self.at = 0

    def say(self, kind: str, device: str = "", *metrics: Metric, seq: int | None = None) -> News:
        self.at += 1
        self.seq = (self.seq + 1) % 256 if seq is None else seq
        if kind == "NBIRTH":
            self.seq = 0
        number = None if kind == "NDEATH" else self.seq
        return self.edge.take(kind, device, encode(Payload(metrics, 1_000 + self.at, number)), self.at)

    def birth(self, number: int = 0, alias: int = 1) -> News:
        own = (Metric("bdSeq", DataType.Int64, number), Metric("Node Control/Rebirth", DataType.Boolean, value=False))
        return self.say("NBIRTH", "", *own, Metric("cpu", DataType.Float, 0.5, alias))


def by_alias(alias: int, value: object, kind: DataType = DataType.Unknown) -> Metric:
    raw = DataType.Int32 if isinstance(value, int) else DataType.Float
    return Metric("", kind or raw, value, alias)


def names(news: News) -> Sequence[tuple[str, object]]:
    return [(metric.name, metric.value) for metric in news.metrics]


def test_birth_and_data() -> None:
    wire = Wire()
    assert wire.birth().birth
    assert wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2)).birth
    assert names(wire.say("DDATA", "press", by_alias(2, -7))) == [("n", -7)]
    assert names(wire.say("NDATA", "", by_alias(1, 0.25))) == [("cpu", 0.25)]
    assert wire.edge.devices == ("", "press")


def test_data_before_birth_asks_for_a_rebirth() -> None:
    wire = Wire()
    assert wire.say("NDATA", "", by_alias(1, 1)).rebirth
    assert wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2)).rebirth
    wire.birth()
    news = wire.say("DDATA", "press", by_alias(2, 1))
    assert "press" in news.rebirth
    assert not news.metrics


def test_one_sequence_runs_over_node_and_devices() -> None:
    """NDATA and DDATA interleaved are no gap; 255 is followed by 0."""
    wire = Wire()
    wire.birth()
    wire.say("DBIRTH", "a", Metric("n", DataType.Int32, 1, 2))
    wire.say("DBIRTH", "b", Metric("n", DataType.Int32, 1, 3))
    for n in range(600):
        kind, device, alias = [("NDATA", "", 1), ("DDATA", "a", 2), ("DDATA", "b", 3)][n % 3]
        news = wire.say(kind, device, by_alias(alias, 0.5 if alias == 1 else n))
        assert not news.rebirth, (n, news)
        assert len(news.metrics) == 1


@pytest.mark.parametrize("jump", [2, 5, 255, 0])
def test_a_gap_asks_once_and_a_birth_heals_it(jump: int) -> None:
    wire = Wire()
    wire.birth()
    wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2))
    before = wire.at
    news = wire.say("DDATA", "press", by_alias(2, 5), seq=(wire.seq + jump) % 256)
    assert "sequence" in news.rebirth
    assert news.doubtful == {"n"}
    again = wire.say("DDATA", "press", by_alias(2, 6), Metric("n", DataType.Int32, 7))
    assert not again.rebirth
    healed = wire.birth()
    assert healed.healed == before
    wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2))
    assert not wire.say("DDATA", "press", by_alias(2, 8)).doubtful


def test_an_alias_is_valid_until_the_next_birth() -> None:
    wire = Wire()
    wire.birth(alias=1)
    wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2), Metric("m", DataType.Int32, 1, 3))
    wire.birth(alias=9)
    wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 3))
    assert names(wire.say("DDATA", "press", by_alias(3, 5))) == [("n", 5)]
    news = wire.say("DDATA", "press", by_alias(2, 5))
    assert "alias 2" in news.rebirth
    assert not news.metrics
    assert "alias 3" in wire.say("NDATA", "", by_alias(3, 5)).rebirth  # another owner's


def test_a_device_born_again_drops_its_old_aliases() -> None:
    wire = Wire()
    wire.birth()
    wire.say("DBIRTH", "press", Metric("n", DataType.Int32, 1, 2))
    wire.say("DBIRTH", "press", Metric("m", DataType.Int32, 1, 3))
    assert "alias 2" in wire.say("DDATA", "press", by_alias(2, 5)).rebirth


def test_unknown_metric_asks_for_a_rebirth() -> None:
    wire = Wire()
    wire.birth()
    news = wire.say("NDATA", "", Metric("new", DataType.Int32, 1), Metric("cpu", DataType.Float, 0.5))
    assert "new" in news.rebirth
    assert names(news) == [("cpu", 0.5)]


def test_a_death_counts_only_for_its_own_birth() -> None:
    wire = Wire()
    wire.birth(number=7)
    stale = wire.say("NDEATH", "", Metric("bdSeq", DataType.Int64, 6), seq=wire.seq)
    assert stale.ignored
    assert not stale.died
    assert names(wire.say("NDATA", "", by_alias(1, 0.5))) == [("cpu", 0.5)]
    assert wire.say("NDEATH", "", Metric("bdSeq", DataType.Int64, 7), seq=wire.seq).died == ("",)
    assert wire.say("NDATA", "", by_alias(1, 0.5)).rebirth


def test_a_device_dies_alone() -> None:
    wire = Wire()
    wire.birth()
    wire.say("DBIRTH", "a", Metric("n", DataType.Int32, 1, 2))
    wire.say("DBIRTH", "b", Metric("n", DataType.Int32, 1, 3))
    assert wire.say("DDEATH", "a").died == ("a",)
    assert wire.say("DDATA", "a", by_alias(2, 1)).rebirth
    assert names(wire.say("DDATA", "b", by_alias(3, 1))) == [("n", 1)]


def test_no_sequence_number_is_a_gap() -> None:
    edge = EdgeNode()
    edge.take("NBIRTH", "", encode(Payload((Metric("cpu", DataType.Float, 0.5, 1),), 1, 0)), 1)
    assert edge.take("NDATA", "", encode(Payload((Metric("cpu", DataType.Float, 0.5),), 1)), 2).rebirth
