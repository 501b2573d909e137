"""A writer that dies at a chosen step on the disk: run by test_crash.py, each death in a fork of its own.

A step is any sync, write, rename, deletion or commit; the death comes before it or right after it.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.ledger.conftest import T0, samples

from luban.core.errors import InputError
from luban.ledger import Intake, Ledger, LedgerWriter, Spool, manifest, spool as spool_module

ROUNDS, ROWS = 10, 6
STATE = {"time": [T0], "subject": ["p/m"], "state": ["running"], "mapping": ["generic@1"], "quality": [0]}


def die_at(step: int) -> None:
    """Wrap what touches the disk: the process is gone at the given step (even: before, odd: after)."""
    count = 0

    def mortal(work: Callable[..., Any]) -> Callable[..., Any]:
        def run(*arguments: Any, **options: Any) -> Any:
            nonlocal count
            mine, count = count, count + 2
            if mine == step:
                os._exit(9)
            result = work(*arguments, **options)
            if mine + 1 == step:
                os._exit(9)
            return result

        return run

    for owner, names in ((os, ("fsync", "fdatasync", "writev", "ftruncate")), (Path, ("rename", "unlink", "touch"))):
        for name in names:
            setattr(owner, name, mortal(getattr(owner, name)))

    class Mortal(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            run = super().execute
            return mortal(run)(sql, *rest) if sql == "COMMIT" and self.total_changes else run(sql, *rest)

    connect = sqlite3.connect
    manifest.sqlite3.connect = lambda *a, **k: connect(*a, **k | {"factory": Mortal})  # type: ignore[assignment]


def work(folder: Path, said: int) -> None:
    """Facts by hand, by spool and a correction, sealed again and again; each acknowledgement goes to the pipe."""
    spool_module._FILE_BYTES = 4_000
    spool = Spool(folder / "spool", "plc")
    with LedgerWriter(folder) as writer:
        intake = Intake(folder / "spool", writer)
        for k in range(ROUNDS):
            rows = {**samples(ROWS, start=T0 + k * 10**7), "source_seq": range(k * ROWS, (k + 1) * ROWS)}
            writer.append_many([("signal", "hand", rows), ("state", "hand", {**STATE, "source_seq": [10_000 + k]})])
            os.write(said, f"hand {k}\n".encode())
            spool.put("signal", samples(ROWS, start=T0 + k * 10**7, value=float(k)))
            spool.put("state", {**STATE, "order": [f"o{k}"]})
            spool.flush()
            os.write(said, f"spool {k}\n".encode())
            intake.drain()
            if k == 1:
                fix = {**samples(1, value=77.0), "supersedes": [1], "source_seq": [1]}
                writer.append("signal", fix, source="li")
            writer.seal()
    spool.close()


def check(folder: Path, said: list[str]) -> None:
    """Nothing acknowledged is lost, nothing is doubled, the books verify and go on."""
    with contextlib.suppress(InputError):  # dead before there was a ledger
        assert verified(folder) == []
    Spool(folder / "spool", "plc").close()
    with LedgerWriter(folder) as writer:
        assert verified(folder) == []
        Intake(folder / "spool", writer).drain()
        facts = Ledger(folder).table("signal", corrected=False)
        mine = {(r["source"], r["source_seq"]) for r in facts.select(["source", "source_seq"]).to_pylist()}
        assert len(mine) == facts.num_rows, "a fact was doubled"
        rounds = {kind: sum(line.startswith(kind) for line in said) for kind in ("hand", "spool")}
        wanted = {("hand", n) for n in range(rounds["hand"] * ROWS)}
        assert wanted <= mine, "an acknowledged fact was lost"
        spooled = [r["value"] for r in facts.to_pylist() if r["source"] == "plc"]
        for k in range(ROUNDS):
            got = spooled.count(float(k))
            assert got == ROWS or (got == 0 and k >= rounds["spool"]), f"spooled round {k}: {got} of {ROWS}"
        states = Ledger(folder).table("state")["source_seq"].to_pylist()
        assert len(states) == len(set(states)), "a state was doubled"
        writer.seal()
        assert verified(folder) == []
        assert len(set(Ledger(folder).table("signal", corrected=False)["seq"].to_pylist())) == facts.num_rows


def verified(folder: Path) -> list[str]:
    """Problems of the books."""
    return Ledger(folder).verify().problems


def forked(run: Callable[[], None]) -> int:
    """Exit status of a child that runs it."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            run()
            status = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(scratch: Path, every: int) -> None:
    """Die at each `every`-th step until the work is done without a death."""
    for step in range(0, 100_000, every):
        folder = scratch / f"step{step}"
        heard, said = os.pipe()

        def doomed(folder: Path = folder, step: int = step, said: int = said) -> None:
            die_at(step)
            work(folder, said)

        status = forked(doomed)
        os.close(said)
        with os.fdopen(heard) as lines:
            acknowledged = lines.read().split("\n")[:-1]
        if status not in {0, 9} or forked(lambda f=folder, a=acknowledged: check(f, a)):  # type: ignore[misc]
            sys.exit(f"step {step}: status {status}, acknowledged {acknowledged}")
        if status == 0:
            print(step)
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
