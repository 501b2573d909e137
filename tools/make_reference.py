"""Write every page of docs/reference from the code (`make docs`).

    python tools/make_reference.py [--check]

--check  write nothing; fail if a page is not what the code says
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import reference_books
import reference_charts
import reference_doors
import reference_plant
import reference_schedule
import reference_wires

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
NOTE = "<!-- Made by `make docs`: change the code, then run it. -->\n"

PAGES: dict[str, Callable[[], str]] = {
    "cli.md": lambda: NOTE + reference_doors.cli_page(),
    "connectors.md": lambda: NOTE + reference_wires.connectors_page(),
    "control-charts.md": lambda: NOTE + reference_charts.charts_page(),
    "errors.md": lambda: NOTE + reference_books.errors_page(),
    "norms.md": reference_plant.norms_page,
    "plant.md": reference_plant.plant_page,
    "rest.md": lambda: NOTE + reference_doors.rest_page(),
    "schedule.md": lambda: NOTE + reference_schedule.schedule_page(),
    "streams.md": lambda: NOTE + reference_books.streams_page(),
    "twin.md": reference_plant.twin_page,
    "units.md": reference_plant.units_page,
}


def main(check: bool) -> int:
    """Write the pages, or say which are stale."""
    stale = []
    for name, page in PAGES.items():
        path = FOLDER / name
        text = page().rstrip("\n") + "\n"
        if check and (not path.exists() or path.read_text("utf-8") != text):
            stale.append(name)
        elif not check:
            path.write_text(text, "utf-8")
    if stale:
        sys.stderr.write(f"{', '.join(stale)}: not what the code says; run make docs\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
