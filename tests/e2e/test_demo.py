"""The demo as a whole, embedded and full: its sums agree, both modes say the same, and it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from kit.grpc_client import Channels
from kit.migrate import ROOT
from kit.settings import Settings
from services.documents.typesetting import page_count
from tests.support.printed_receipts import print_receipt
from tests.unit.cli.test_demo import AGREED

pytestmark = [pytest.mark.timeout(900), pytest.mark.alone]
_DEMO = ("demo", "--schools", "2", "--port", "0")
# The rest tells of the way there: how long it took, and how often money was posted before it had found its place.
_RESULT = AGREED.keys() - {"seconds", "ledger_debits", "ledger_credits"}


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`xoai ARGUMENTS` in a folder of its own."""
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *arguments],
        cwd=folder, env={**_environment(), **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def left_behind(folder: Path) -> list[str]:
    """Whatever still runs and names the folder."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and str(folder) in (entry / "cmdline").read_text():
                found.append((entry / "cmdline").read_text().replace("\0", " "))
    return found


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XOAI_")}
    return {**kept, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}


def demo(folder: Path) -> subprocess.Popen[bytes]:
    """A small embedded demo that builds its city in a folder of its own and serves it."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "cli.main", *_DEMO]
    with (folder / "said.txt").open("wb") as said:
        return subprocess.Popen(
            command, cwd=folder, env=_environment(), stdout=said, stderr=subprocess.STDOUT
        )


def summary(folder: Path) -> dict[str, int]:
    """What the folder's demo summed up."""
    found: dict[str, int] = json.loads((folder / ".run" / "demo" / "summary.json").read_text())
    return found


@dataclass(frozen=True)
class Served:
    """An embedded demo that has built its city and serves it until `end`."""

    folder: Path
    process: subprocess.Popen[bytes]

    def end(self) -> None:
        """End it as Ctrl-C does: it ends well, and nothing of it runs on."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, (self.folder / "said.txt").read_text()
        assert left_behind(self.folder) == []


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A demo that serves what it has built; it ends well, if no test has ended it."""
    folder = tmp_path_factory.mktemp("embedded")
    with demo(folder) as process:
        try:
            _wait(lambda: process.poll() is not None or "Ctrl-C" in (folder / "said.txt").read_text())
            yield Served(folder, process)
        finally:
            Served(folder, process).end()


def test_summary_says_all_and_agrees(embedded: Served) -> None:
    """Every field of the contract that this stage has, whole numbers, and the sums to the đồng."""
    found = summary(embedded.folder)
    assert found.keys() == AGREED.keys()
    assert all(type(value) is int for value in found.values())
    kept = found["amount_payer_credit"] + found["amount_suspense"] + found["amount_refundable"]
    assert found["amount_received"] == found["amount_applied"] + kept
    # What came before its payable was known went through suspense, and so through the books twice.
    assert found["ledger_debits"] == found["ledger_credits"] >= found["amount_received"]
    assert found["invoices_issued"] == found["notices_pdf_pages"] > 1_000
    assert found["credits_received"] > found["credits_applied"] > found["invoices_paid"] * 0.9
    assert min(found["credits_suspense"], found["duplicates_ignored"], found["amount_payer_credit"]) > 0


def test_the_demos_receipts_are_genuine(embedded: Served) -> None:
    """Printed by the running demo as the gateway does it, and checked by the command in its folder; the books hold."""
    folder = embedded.folder
    environment = json.loads((folder / ".run" / "demo-platform" / "platform.json").read_text())
    for place, pdf in enumerate(_first_receipts(environment)):
        assert page_count(pdf) == 1
        (folder / f"{place}.pdf").write_bytes(pdf)
        checked = run(folder, "receipt", "verify", f"{place}.pdf")
        assert checked.returncode == 0, checked.stdout + checked.stderr
        assert checked.stdout.startswith("THẬT")
    assert run(folder, "verify", "--quiet").returncode == 0
    address = f"{environment['XOAI_PUBLIC_URL']}/.well-known/xoai-receipt-keys.json"
    (folder / "keys.json").write_bytes(httpx.get(address, timeout=30).content)
    offline = run(folder, "receipt", "verify", "0.pdf", "--offline", "--key", "keys.json")
    assert offline.returncode == 0, offline.stdout + offline.stderr


def _first_receipts(environment: dict[str, str]) -> list[bytes]:
    """Of a running platform, three receipts in force as PDF."""
    url = environment["XOAI_DATABASE_URL"].replace("{database}", "xoai_invoices")
    with psycopg.connect(url.replace("{role}", "xoai_invoices_worker")) as connection:
        ids = connection.execute(
            "SELECT payment_id FROM receipt WHERE cancel_time IS NULL LIMIT 3"
        ).fetchall()
    settings = Settings(
        subject_key=SecretStr(environment["XOAI_SUBJECT_KEY"]),
        grpc_addresses=environment["XOAI_GRPC_ADDRESSES"],
    )
    channels = Channels(settings)
    try:
        channel, key = channels.to("invoices"), environment["XOAI_SUBJECT_KEY"]
        return [print_receipt(channel, id, key=key, trial=True) for (id,) in ids]
    finally:
        channels.close()


def test_full_mode_says_the_same(embedded: Served, tmp_path: Path) -> None:
    """On Apache Kafka, with a process a service and an end after the summary, the city ends with the same result."""
    embedded.end()
    done = run(tmp_path, *_DEMO, "--once", "--mode", "full")
    assert done.returncode == 0, done.stdout + done.stderr
    assert left_behind(tmp_path) == []
    full, other = summary(tmp_path), summary(embedded.folder)
    assert full["ledger_debits"] == full["ledger_credits"] >= full["amount_received"]
    assert {name: full[name] for name in _RESULT} == {name: other[name] for name in _RESULT}


def test_a_demo_that_was_killed_is_swept_away(tmp_path: Path) -> None:
    """After kill -9 of the demo its processes run on; one that still runs is refused a double; the next ends them."""
    ready = tmp_path / ".run" / "demo-platform" / "web.ready"
    with demo(tmp_path) as first:
        _wait(ready.exists)
        double = run(tmp_path, "demo", "--once", "--port", "0")
        assert (double.returncode, double.stderr.count("\n")) == (1, 1)
        assert double.stderr.startswith("PLATFORM_RUNS")
        first.kill()
    assert left_behind(tmp_path) != []
    ready.unlink()
    with demo(tmp_path) as second:
        _wait(ready.exists)
        second.send_signal(signal.SIGTERM)
        second.wait(60)
    assert left_behind(tmp_path) == []


def test_up_and_down(tmp_path: Path) -> None:
    """`up` serves pages and says so a second time; `down` leaves no process, even after kill -9 of the supervisor."""
    first = run(tmp_path, "up", "--port", "0")
    assert first.returncode == 0, first.stdout + first.stderr
    url = first.stdout.split("Trang: ")[1].split()[0]
    assert httpx.get(f"{url}/readyz", timeout=30).status_code == 200
    assert "đang chạy rồi" in run(tmp_path, "up", "--port", "0").stdout
    assert run(tmp_path, "verify", "--quiet").returncode == 0
    os.kill(int((tmp_path / ".run" / "up" / "supervisord.pid").read_text()), signal.SIGKILL)
    assert left_behind(tmp_path) != []
    assert run(tmp_path, "down").returncode == 0
    assert left_behind(tmp_path) == []
    assert run(tmp_path, "down").returncode == 0


def _wait(condition: Any) -> None:
    deadline = time.monotonic() + 240
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)
