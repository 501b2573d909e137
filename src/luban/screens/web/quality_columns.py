"""The two columns of a panel, as styles: left what to choose and to enter, right what comes of it."""

from __future__ import annotations

__all__ = ["LEFT", "RIGHT", "SIDE_BY_SIDE"]

SIDE_BY_SIDE = "display: flex; flex-wrap: wrap; gap: 12px; align-items: flex-start"
"""Of the element that holds both; where they find no room, the right one goes below."""

LEFT = "flex: 1 1 290px; max-width: 420px; display: grid; gap: 12px; min-width: 0"
RIGHT = "flex: 3 1 420px; min-width: 0; display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr)"
