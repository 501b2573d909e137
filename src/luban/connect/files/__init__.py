"""Files: CSV, Excel and Parquet that another system drops into a folder.

Reads files, each row once, however often and under whatever name they come. Writes samples, or state and
count facts, to its collector.
"""

from __future__ import annotations

from luban.connect.files.driver import FilesDriver
from luban.connect.files.settings import FilesSettings

__all__ = ["FilesDriver", "FilesSettings"]
