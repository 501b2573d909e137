"""The graph: walks while facts come, names by the million."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings, strategies as st

from luban.core.errors import InputError
from luban.understand.trace import Graph, Names, graph as graph_module

_PAIRS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=60)


def reachable(pairs: list[tuple[int, int]], start: int, *, back: bool) -> set[int]:
    found, before = {start}, -1
    while len(found) != before:
        before = len(found)
        found |= {a if back else b for a, b in pairs if (b if back else a) in found}
    return found


@settings(max_examples=150, deadline=None)
@given(_PAIRS, _PAIRS, st.integers(0, 30), st.booleans())
def test_a_walk_sees_ordered_facts_and_newer_ones_alike(
    first: list[tuple[int, int]], later: list[tuple[int, int]], start: int, back: bool
) -> None:
    graph = Graph()
    for pairs in (first, later):
        source, target = np.array([p[0] for p in pairs], np.int32), np.array([p[1] for p in pairs], np.int32)
        graph.append(source=source, target=target, quantity=np.ones(len(pairs)))
        before = graph.view
        graph.order() if pairs is first else None
    walk = graph.walk([start], back=back)
    assert set(walk.nodes.tolist()) == reachable(first + later, start, back=back)
    assert len(set(walk.nodes.tolist())) == len(walk.nodes)
    for place in range(len(walk.nodes)):
        way = walk.path(place)
        assert walk.nodes[way[0]] == start
        assert walk.depth[place] == len(way) - 1
    _, facts = graph.facts_of(walk.nodes, back=back)
    assert sorted(facts.tolist()) == [
        k for k, (a, b) in enumerate(first + later) if (b if back else a) in set(walk.nodes.tolist())
    ]
    assert before.edges == len(first) + len(later)


def test_readers_see_whole_moments_while_facts_come() -> None:
    graph, stop, wrong = Graph(tail=2_000), threading.Event(), []
    graph.append(source=[0], target=[1], quantity=[1.0])

    def read() -> None:
        least = 0
        while not stop.is_set():
            view = graph.view
            walk = graph.walk([0], view=view)
            # the facts are one chain: as many lots can be reached as there are facts, and one
            if len(walk.nodes) != view.edges + 1 or view.edges < least:
                wrong.append((len(walk.nodes), view.edges))
            least = view.edges

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for at in range(1, 20_000, 100):
        graph.append(source=np.arange(at, at + 100), target=np.arange(at + 1, at + 101), quantity=np.ones(100))
    stop.set()
    for reader in readers:
        reader.join()
    graph.settle()
    assert wrong == []
    assert graph.view.base > 2_000
    assert len(graph.walk([0]).nodes) == len(graph) + 1


def test_doubts_that_are_written_while_facts_are_ordered_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = Graph()
    graph.append(source=[0, 1, 2], target=[1, 2, 3], quantity=[1.0] * 3)
    ordered = graph_module.order_edges

    def meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(graph_module, "order_edges", ordered)
        found = ordered(*arguments)
        graph.doubt(np.array([1]))
        return found

    monkeypatch.setattr(graph_module, "order_edges", meanwhile)
    graph.order()
    walk = graph.walk([0])
    assert (walk.nodes.tolist(), walk.sure) == ([0, 1, 2, 3], 2)
    assert graph.walk([3], back=True).sure == 2
    assert graph.walk([0], doubts=False).nodes.tolist() == [0, 1]


def test_a_limit_of_steps_and_facts_that_are_none() -> None:
    graph = Graph()
    graph.append(source=[0, 1, 2], target=[1, 2, 3], quantity=[1.0] * 3)
    assert graph.walk([0], limit=2).nodes.tolist() == [0, 1, 2]
    assert graph.walk([99]).nodes.tolist() == [99]
    with pytest.raises(InputError, match="an input and an output"):
        graph.append(source=[-1], target=[0], quantity=[1.0])
    with pytest.raises(InputError, match="differ in length"):
        graph.append(source=[1, 2], target=[0], quantity=[1.0])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(st.none(), st.text(max_size=8)), max_size=40))
def test_names_come_back_as_they_went_in(words: list[str | None]) -> None:
    names = Names()
    ids = names.add(words)
    assert names.array(ids).to_pylist() == [word or None for word in words]
    assert names.add(pa.array(words, pa.string()).dictionary_encode()).tolist() == ids.tolist()
    assert len(names) == len({word for word in words if word})
    assert [names.id(word) for word in words if word] == [number for number in ids.tolist() if number >= 0]


def test_many_names_and_a_long_one() -> None:
    names = Names()
    words = [f"serial-{number:07d}" for number in range(100_000)]
    ids = names.add(["x" * 300_000, *words])
    assert ids.tolist() == list(range(100_001))
    assert names.array(ids[1:]).to_pylist() == words
    assert names.array(ids[[5, 70_000]]).to_pylist() == [words[4], words[69_999]]
    assert names.ids([words[77], "not there"]).tolist() == [78, -1]
