"""How mature the plant is by a model: what the books show is filled in, the rest is asked."""

from __future__ import annotations

from typing import Any

from luban.core.errors import LubanError
from luban.norms.maturity import Model, maturity_model, maturity_models
from luban.rollup.maturity import Assessment, maturity
from luban.screens.report.rollup_maturity import maturity_sheet
from luban.screens.service.rollup import Place
from luban.screens.web.rollup_frame import Bench
from luban.screens.web.rollup_panel import RollupPanel, sheet_piece
from luban.screens.web.schedule_parts import labelled_choice

__all__ = ["MaturityPanel"]


class MaturityPanel(RollupPanel):
    """What is in the tab."""

    PICKS = ()

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench)
        self._model = maturity_models()[0]

    def build(self) -> None:
        """Lay it out inside the tab's element."""
        super().build()
        models = [(name, maturity_model(name).title.of(self.say.language)) for name in maturity_models()]
        with self.bar:
            labelled_choice(self.say("model"), models, self._model, self._choose)

    def _asked(self) -> tuple[Any, ...]:
        return (self._model,)

    async def _read(self) -> None:
        model = maturity_model(self._model)
        view = self.bench.view
        known = (self._model, view.ledger.head // 1000)
        if known == self._known:
            return
        try:
            found = await self.bench.reads(maturity, view.ledger, view.plant, model)
        except LubanError as error:
            self._trouble(error)
            return
        if not self.bench.alive or model.id != self._model:
            return
        self._known = known
        with self.bench.client:
            self.holder.clear()
            with self.holder:
                self._shown(model, found)

    def _shown(self, model: Model, found: Assessment) -> None:
        self.sheet = maturity_sheet(model, found, self.say, self.bench.view.plant.name)
        sheet_piece(self.sheet)

    def _work(self, place: Place) -> Any:
        raise NotImplementedError

    def _draw(self, worked: Any) -> None:
        raise NotImplementedError

    def _choose(self, model: str) -> None:
        self._model = model
        self.bench.call(self._read)
