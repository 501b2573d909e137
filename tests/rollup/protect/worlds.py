"""Small worlds of firms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa


def firms(seed: int, count: int = 120, regions: int = 4, divisions: int = 3, spread: float = 1.2) -> pa.Table:
    """Firms in regions and groups of industries, log-normal in size."""
    rng = np.random.default_rng(seed)
    region, group = rng.integers(0, regions, count), rng.integers(0, divisions * 2, count)
    rows: dict[str, Any] = {
        "unit": [f"u{number}" for number in range(count)],
        "region": [f"CN/{11 + one}" for one in region],
        "industry": [f"C{30 + one // 2}{one % 2}" for one in group],
        "size": [("small", "large")[one] for one in rng.integers(0, 2, count)],
        "x": np.exp(rng.normal(3.0, spread, count)),
    }
    return pa.table(rows)
