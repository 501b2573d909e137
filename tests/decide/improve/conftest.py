"""Small matrices: threads of the linear algebra would only wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> Iterator[None]:
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        limits = nullcontext()
    else:
        limits = threadpool_limits(1)
    with limits:
        yield
