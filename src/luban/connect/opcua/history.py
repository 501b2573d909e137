"""History read: raw values of a past interval, page by page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from typing import Any

from asyncua import ua

from luban.connect.opcua.composite import Composite, compose, parts_of
from luban.connect.opcua.session import Link
from luban.connect.opcua.values import Point
from luban.connect.wire import Sample
from luban.core.errors import ConnectError
from luban.core.time import to_datetime

__all__ = ["composed_history", "raw_history"]

logger = logging.getLogger(__name__)

_PAGE = 1000


async def raw_history(link: Link, point: Point, start: int, end: int) -> AsyncIterator[list[Sample]]:
    """Values of one node with start < time < end, in time order.

    Some servers cut a page short without a continuation point: a full page is followed by another
    read from its last value on.
    Raises  ConnectError if the server keeps no history of this node
    """
    own = replace(point)  # reading the past must not move what the subscription heard last
    seen = start
    while True:
        full = False
        async for values in _pages(link, own, seen, end):
            page = sorted(_samples(own, values), key=lambda sample: sample.time)
            fresh = [s for s in page if seen < s.time < end]
            if fresh:
                yield fresh
                seen = fresh[-1].time
            full = len(values) >= _PAGE and bool(fresh)
        if not full:
            return


def _samples(point: Point, values: list[ua.DataValue]) -> Iterator[Sample]:
    for value in values:
        try:
            yield point.sample(value)
        except ValueError as error:
            logger.warning("%s: a value of the history is not readable: %s", point.address, error)


async def _pages(link: Link, point: Point, start: int, end: int) -> AsyncIterator[list[ua.DataValue]]:
    continuation: Any = None
    while True:
        result = await _ask(link, point, start, end, continuation)
        if result.StatusCode.is_bad():
            raise ConnectError("no history", where=link.url, came=str(result.StatusCode.name), expected=point.address)
        data = result.HistoryData
        yield list(data.DataValues or ()) if isinstance(data, ua.HistoryData) else []
        if not result.ContinuationPoint or result.ContinuationPoint == continuation:
            return
        continuation = result.ContinuationPoint


async def _ask(link: Link, point: Point, start: int, end: int, continuation: Any) -> Any:
    details = ua.ReadRawModifiedDetails(
        IsReadModified=False,
        StartTime=to_datetime(start),
        EndTime=to_datetime(end),
        NumValuesPerNode=_PAGE,
        ReturnBounds=False,
    )
    parameters = ua.HistoryReadParameters()
    parameters.HistoryReadDetails = details
    parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
    parameters.ReleaseContinuationPoints = False
    node = ua.HistoryReadValueId(NodeId=point.node)
    node.ContinuationPoint = continuation
    parameters.NodesToRead.append(node)
    return (await link.client.uaclient.history_read(parameters))[0]


async def composed_history(
    link: Link, address: str, points: Mapping[str, Point], live: Mapping[str, Sample], start: int, end: int
) -> list[Sample]:
    """History of a composed address, from that of its parts.

    live  what was last heard of each part: a part that did not change in the interval had this value
    """
    composite = Composite(address, parts_of(address))
    updates: list[Sample] = []
    for part in composite.parts:
        pages = [page async for page in raw_history(link, points[part], start, end)]
        updates += [sample for page in pages for sample in page]
        if (heard := live.get(part)) is not None and heard.time <= start:
            composite.take(heard)
    return compose([composite], updates)
