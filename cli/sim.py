"""`xoai sim`: simulated runs of intake, invoices and reconciliation on a PostgreSQL server of their own."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Chạy mô phỏng có lỗi, theo số hạt giống.")


@app.callback(invoke_without_command=True)
def sim(
    seed: Annotated[int, typer.Option(min=0, help="Hạt giống đầu tiên")] = 0,
    count: Annotated[int, typer.Option("-n", min=1, help="Bao nhiêu lần, hạt giống tăng dần")] = 1,
    steps: Annotated[int, typer.Option(min=1, help="Bao nhiêu bước mỗi lần")] = 60,
    quiet: Annotated[bool, typer.Option(help="Chỉ in lần có sai")] = False,
) -> None:
    """Run seeds one after the other; exit code 1 at the first whose invariants break, with its seed and steps."""
    os.environ["XOAI_MODE"] = "test"
    # Imported here: `xoai --help` needs neither services nor a database.
    from kit import log
    from kit.testing.postgres import running
    from sandbox.simulation.run import play
    from sandbox.simulation.world import simulated

    log.configure("CRITICAL", process="sim")
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as server, simulated(server) as world:
        for number in range(seed, seed + count):
            outcome = play(world, number, steps)
            if outcome.breaches:
                print(f"xoai sim --seed {number} --steps {steps}: {len(outcome.breaches)} chỗ sai / breaches")
                print("\n".join(outcome.breaches[:20]))
                print("các bước / steps: " + ", ".join(outcome.history))
                raise typer.Exit(1)
            if not quiet:
                print(
                    f"seed {number}: {len(outcome.history)} bước, {outcome.crashes} lần chết,"
                    f" {outcome.credits} khoản tiền, {outcome.payments} lần ghi nhận: đúng / clean"
                )
