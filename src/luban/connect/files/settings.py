"""What plant.toml says about a folder of files."""

from __future__ import annotations

from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from luban.connect.settings import Duration
from luban.connect.wire import SourceSettings
from luban.core.time import SECOND
from luban.norms import mappings

__all__ = ["FilesSettings"]


class FilesSettings(SourceSettings):
    """A watched folder."""

    folder: str = Field(description="Folder to watch, absolute or below the plant's folder.")
    base: str = Field("", description="What a relative folder is relative to; the plant's folder unless set.")
    pattern: tuple[str, ...] = Field(
        ("*.csv", "*.txt", "*.xlsx", "*.parquet", "*.qif", "*.QIF"), description='Names to read, e.g. ["counts_*.csv"].'
    )
    kind: Literal["signals", "states", "counts", "measurements", "meters"] = Field(
        "signals", description="What a row is."
    )
    layout: Literal["auto", "wide", "long"] = Field(
        "auto", description="signals: wide = time and one column per address, long = time, address, value."
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description='Our name of a column to the name in the file, e.g. { time = "时间" }.'
    )
    unit: str = Field("", description="The work unit of all rows, where the files name none.")
    item: str = Field("", description="measurements: the item of all rows, where the files name none.")
    declared: dict[str, str] = Field(
        default_factory=dict,
        description="measurements: unit of each `item:characteristic`; the plant's table by default.",
    )
    metered: dict[str, tuple[str, str]] = Field(
        default_factory=dict, description="meters: medium and unit of each; the plant's table by default."
    )
    mapping: str = Field("", description="states: the state mapping of the words, e.g. generic@1.")
    time_zone: str = Field("", description="Zone of times without an offset, e.g. Asia/Shanghai.")
    time_format: str = Field(
        "auto", description="auto, excel, unix_s, unix_ms or a strptime pattern such as %d.%m.%Y %H:%M:%S."
    )
    encoding: str = Field(
        "auto", description="auto (UTF-8, UTF-16, GBK, EUC-KR, Windows-1252: found by looking) or a codec."
    )
    delimiter: str = Field("auto", description="auto or the character between fields.")
    sheet: str = Field("", description="Sheet of a workbook; the first by default.")
    header_row: int = Field(1, ge=1, description="Row that names the columns.")
    poll: Duration = Field(2 * SECOND, description="How often the folder is looked at.")
    stable: int = Field(2, ge=1, description="A file is read after size and time stood still for so many looks.")
    after: Literal["leave", "move"] = Field("leave", description="move: into the subfolder done when it is read.")
    coverage: Literal["rows", "continuous", "declared"] = Field(
        "rows",
        description="rows = known from first to last row of a file; continuous = also between one file and the next; "
        "declared = as the files named by declared_in say.",
    )
    declared_in: str = Field(
        "coverage*.csv", description="coverage = declared: files whose rows (start, end) are the intervals known."
    )

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError) as error:
                raise ValueError("a time zone of the IANA list, e.g. Asia/Shanghai") from error
        return name

    @field_validator("mapping")
    @classmethod
    def _mapping(cls, name: str) -> str:
        if name and name not in mappings():
            raise ValueError(f"one of {', '.join(mappings())}")
        return name

    @model_validator(mode="after")
    def _states_need_a_mapping(self) -> Self:
        if self.kind == "states" and not self.mapping:
            raise ValueError('mapping = "generic@1" or another, which says what the words of the state column mean')
        return self

    @property
    def zone(self) -> ZoneInfo | None:
        """Zone of wall-clock times."""
        return ZoneInfo(self.time_zone) if self.time_zone else None
