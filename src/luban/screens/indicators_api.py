"""REST of a plan's indicators under `/api/v1/indicators`: where they stand, cells, what they are made of, the review.

For those who may correct returns of the books, or of a release; for everybody else of a release alone: whoever may ask
for any cell of any state of the books can put single enterprises together.
"""

# No `from __future__ import annotations` here: the handlers' annotations name what their factory holds.

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from luban.core.errors import InputError
from luban.rollup.drill import facts
from luban.screens.plain import plain
from luban.screens.reads import Reads
from luban.screens.service.releases import Releases
from luban.screens.service.rollup import Place, Rolled, RollupBooks
from luban.screens.users import Role, User
from luban.screens.whole import whole_plant

__all__ = ["indicators_router"]

Region = Annotated[str, Query(max_length=200, description="Path of a region, e.g. CN/31; all by default.")]
Industry = Annotated[str, Query(max_length=10, description="Code of an industry, e.g. C34; all by default.")]
AsOf = Annotated[int | None, Query(ge=0, description="The books as they stood at this seq.")]
Release = Annotated[
    str, Query(max_length=200, description="As that release tells; the newest for those who may not see the books.")
]
Year = Annotated[int, Query(ge=1900, le=2200)]


def indicators_router(books: RollupBooks, needs: Callable[[Role], Any], reads: Reads) -> APIRouter:
    """Routes; needs makes the check of a role. An account that reaches a part of the plant gets nothing."""
    whole = whole_plant(needs, lambda: books.view.plant.id, "indicators are of all returns")
    router = APIRouter(prefix="/indicators", tags=["indicators"])
    Engineer = Annotated[User, Depends(whole(Role.ENGINEER))]  # noqa: N806 - a type
    _looks(router, books, whole, reads)

    @router.get("/{indicator}/facts", operation_id="indicator_facts")
    async def told(
        user: Engineer,  # noqa: ARG001 - checked
        indicator: str, unit: Annotated[str, Query(min_length=1, max_length=200)], year: Year, as_of: AsOf = None,
    ) -> JSONResponse:  # fmt: skip
        """The facts of an enterprise that an indicator is made of, each with its number in the ledger."""
        found = await reads(facts, books.view.ledger, books.plan, indicator, unit, year, as_of=as_of)
        return JSONResponse(plain(found))

    @router.get("/review", operation_id="review")
    async def review(user: Engineer, year: Year, as_of: AsOf = None) -> JSONResponse:  # noqa: ARG001 - checked
        """The mid-term review: milestones, programmes, tasks, regions."""
        found = await reads(books.review, Place(as_of=as_of), year)
        return JSONResponse(plain(found.as_dict()))

    @router.get("/bundle", operation_id="review_bundle", response_class=Response)
    async def bundle(user: Engineer, year: Year, as_of: AsOf = None) -> Response:  # noqa: ARG001 - checked
        """One file from which an outsider computes the review anew, byte for byte."""

        def written() -> bytes:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "bundle.zip"
                books.bundle(path, Place(as_of=as_of), year)
                return path.read_bytes()

        return Response(await reads(written), media_type="application/zip")

    return router


def _looks(router: APIRouter, books: RollupBooks, whole: Callable[[Role], Any], reads: Reads) -> None:
    """What everybody may ask."""
    Viewer = Annotated[User, Depends(whole(Role.VIEWER))]  # noqa: N806 - a type
    releases = Releases(books)

    async def source(user: User, release: str, as_of: int | None) -> Rolled:
        """The books where they may be seen and no release is asked for; else a release. Raises InputError."""
        if user.may(Role.ENGINEER, books.view.plant.id) and not release:
            return books
        if as_of is not None:
            raise InputError("a release is of one state of the books", came=str(as_of), where="as_of")
        found = await reads(releases.told, release)
        if found is None:
            raise InputError("nothing was released yet", hint="the office puts out a vintage for everybody")
        return found

    @router.get("", operation_id="indicators")
    async def stand(
        user: Viewer, region: Region = "", industry: Industry = "", as_of: AsOf = None, release: Release = "",
    ) -> JSONResponse:  # fmt: skip
        """Every milestone of the plan: value, interval, status, path, forecast, warnings."""
        found = await reads((await source(user, release, as_of)).outlook, Place(region, industry, as_of))
        return JSONResponse(plain(found.as_dict()))

    @router.get("/releases", operation_id="indicator_releases")
    async def out(user: Viewer) -> JSONResponse:  # noqa: ARG001 - checked
        """Vintages that were put out for everybody, and when."""
        found = [{"name": one.name, "released": one.recorded} for one in await reads(releases.out)]
        return JSONResponse(plain(found))

    @router.get("/cells", operation_id="indicator_cells")
    async def cells(
        user: Viewer, by: Annotated[list[Literal["region", "industry"]], Query(description="What is told apart.")],
        region_depth: Annotated[int, Query(ge=0, le=4)] = 1, industry_digits: Annotated[int, Query(ge=0, le=4)] = 2,
        as_of: AsOf = None, release: Release = "",
    ) -> JSONResponse:  # fmt: skip
        """Indicators by region, by industry, or by both, each with coverage and interval, or the reason why not."""
        depth = {"region": region_depth, "industry": industry_digits}
        ways = tuple(dict.fromkeys(by))
        of = await source(user, release, as_of)
        found = await reads(of.points, Place(as_of=as_of), ways, {name: depth[name] for name in ways})
        return JSONResponse(plain(found.to_pylist()))

    @router.get("/{indicator}/parts", operation_id="indicator_parts")
    async def parts(
        user: Viewer, indicator: str, year: Year, by: Literal["region", "industry", "size", "unit"] = "region",
        region: Region = "", industry: Industry = "", as_of: AsOf = None, release: Release = "",
    ) -> JSONResponse:  # fmt: skip
        """What an indicator is made of: the parts add up to the whole; a release says which parts it withholds."""
        of = await source(user, release, as_of)
        found, withheld = await reads(of.apart, Place(region, industry, as_of), indicator, year, by)
        return JSONResponse(plain(found) | {"withheld": sorted(withheld)})
