"""An interrupt that a library raises in a thread reaches the process, and ends no event loop by itself."""

from __future__ import annotations

import asyncio
import signal

import pytest

from luban.core.errors import LubanError
from luban.core.interrupts import handed_on
from luban.screens.reads import Reads


def taken() -> None:
    """What polars does where the signal comes while it collects."""
    raise KeyboardInterrupt


async def test_the_process_hears_of_it_and_the_loop_goes_on() -> None:
    heard = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, heard.set)
    reads = Reads(1)
    try:
        with pytest.raises(LubanError):
            await reads(taken)
        await asyncio.wait_for(heard.wait(), 5)
        heard.clear()
        with pytest.raises(LubanError):
            await asyncio.to_thread(handed_on(taken))
        await asyncio.wait_for(heard.wait(), 5)
        assert await reads(lambda: 7) == 7
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        reads.close()
