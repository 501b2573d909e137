"""What the screens may ask of a plant: one service layer under REST, web page, command line and report.

Reads  Fact(signal, state, count, event) through the ledger; figures through `understand.kpi`. Writes nothing.
"""

from luban.loop.places import Places, places
from luban.screens.service.board import Board, Loss, ShownFigure, Tile
from luban.screens.service.now import SILENT_AFTER, Now, SignalNow, SourceNow, UnitNow
from luban.screens.service.past import Gap, Trend
from luban.screens.service.view import Header, PlantView, Range

__all__ = [
    "SILENT_AFTER",
    "Board",
    "Gap",
    "Header",
    "Loss",
    "Now",
    "Places",
    "PlantView",
    "Range",
    "ShownFigure",
    "SignalNow",
    "SourceNow",
    "Tile",
    "Trend",
    "UnitNow",
    "places",
]
