"""A plan as a workbook or on paper, made in a process of its own: told on stdin what to make, the file is on stdout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import traceback
from io import BytesIO
from pathlib import Path
from typing import Any

from luban.core.errors import InputError, LubanError

__all__ = ["main", "printed"]

_START = "from luban.screens.report.schedule_print import main; main()"
_PATIENCE = 180.0  # [s]


def printed(folder: Path, plan: str, kind: str, language: str = "en") -> bytes:
    """A plan of a plant's folder as `excel` or `pdf`. Seconds of work: not for an event loop. Raises InputError."""
    job = {"folder": str(folder), "plan": plan, "kind": kind, "language": language}
    command = [sys.executable, "-c", _START]
    done = subprocess.run(command, input=json.dumps(job).encode(), capture_output=True, timeout=_PATIENCE, check=False)  # noqa: S603
    if done.returncode == 0:
        return done.stdout
    try:
        told = json.loads(done.stdout)
    except ValueError:
        told = {"message": "the plan could not be printed", "hint": "the server's log may say why"}
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
    fields = {key: str(told[key]) for key in ("came", "expected", "where", "hint") if key in told}
    raise InputError(str(told["message"]), **fields)


def _make(job: dict[str, Any]) -> bytes:
    from luban.loop.plans import Plans
    from luban.plant import load
    from luban.screens.i18n import LANGUAGES, words

    folder = Path(job["folder"])
    say = words(job["language"] if job["language"] in LANGUAGES else "en")
    zone = load(folder).zone
    plan = Plans(folder).get(job["plan"])
    if job["kind"] == "excel":
        from luban.decide.schedule.workbook import write_workbook

        made = BytesIO()
        write_workbook(made, plan.schedule, zone=zone, say=say)
        return made.getvalue()
    from luban.screens.report.schedule_pdf import schedule_pdf

    title = f"{plan.made.get('name', plan.id)} · {plan.id}.{plan.n}"
    return schedule_pdf(plan.schedule, title, zone=zone, language=say.language)


def main() -> None:
    """What the process does."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints must not fall into the file
    try:
        out.write(_make(json.loads(sys.stdin.read())))
        code = 0
    except LubanError as error:
        out.write(json.dumps(error.as_dict(), ensure_ascii=False).encode())
        code = 3
    except Exception:  # noqa: BLE001 - the server's log has it
        traceback.print_exc()
        code = 4
    out.close()
    sys.exit(code)
