"""`stall_page`: the stall screen on a slow phone (400 kbit/s, 400 ms, a sixth of the processor), opened first and again.

Ready is when the screen can begin the shift: what it asks the gateway for has come. Opened again, its shell comes from the
phone; what holds money is asked for and is no part of the shell. The machine that plays the phone plays the services too.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import psycopg
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from bench import money
from bench.ground import Ground, embedded
from bench.phones import add_stalls, stalls
from bench.results import Refused, Result, most

NAMES: Final = ("stall_page",)
_RUNS: Final = 5
_LINE: Final = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
_READY: Final = "performance.getEntriesByName('stall-ready').map((mark) => mark.startTime)"
_KEPT: Final = "navigator.serviceWorker.ready.then((worker) => worker.active.state)"
_PATIENCE_MS: Final = 20_000


@dataclass
class _Load:
    """One opening: milliseconds until ready, and bytes on the wire by path, of what came over the network."""

    ready: float = 0.0
    paths: dict[str, str] = field(default_factory=dict)
    near: set[str] = field(default_factory=set)
    sizes: dict[str, float] = field(default_factory=dict)

    def hear(self, session: Any) -> None:
        session.on("Network.requestWillBeSent", self._sent)
        session.on("Network.responseReceived", self._answered)
        session.on("Network.loadingFinished", self._finished)

    def _sent(self, event: dict[str, Any]) -> None:
        self.paths[event["requestId"]] = urlsplit(event["request"]["url"]).path

    def _answered(self, event: dict[str, Any]) -> None:
        answer = event["response"]
        if answer.get("fromServiceWorker") or answer.get("fromDiskCache"):
            self.near.add(event["requestId"])

    def _finished(self, event: dict[str, Any]) -> None:
        self.sizes[event["requestId"]] = event["encodedDataLength"]

    @property
    def all(self) -> float:
        return sum(size for request, size in self.sizes.items() if request not in self.near)

    @property
    def shell(self) -> float:
        """Bytes of page, styles, scripts and icons that the network brought."""
        return sum(
            size
            for request, size in self.sizes.items()
            if request not in self.near and not self.paths.get(request, "").startswith("/v1/")
        )


def _open(page: Page, url: str) -> _Load:
    load = _Load()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", _LINE)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    load.hear(session)
    page.goto(url, wait_until="load")
    waited = 0
    while not (ready := page.evaluate(_READY)):
        page.wait_for_timeout(50)
        waited += 50
        if waited > _PATIENCE_MS:
            raise Refused("the screen did not become ready")
    load.ready = ready[0]
    session.detach()
    return load


def _phone(browser: Browser, url: str, key: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.add_cookies([{"name": "xoai-stall", "value": key, "url": url}])
    return context


def measure(ground: Ground, runs: int = _RUNS) -> list[Result]:
    """A new phone for each run: first opening, then, once it has kept the screen, another one."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        raise Refused("Chromium is not installed")
    first, again = [], []
    found = stalls(money.places(), 1, runs + 1, seed=12)
    with embedded(ground) as platform, sync_playwright() as playwright:
        with psycopg.connect(platform.server.dsn("xoai_pilots"), autocommit=True) as connection:
            add_stalls(connection, found)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        url = f"{platform.url}/quay-hang"
        for number, key in enumerate(found[0].keys):
            context = _phone(browser, platform.url, key)
            page = context.new_page()
            opened = _open(page, url)
            page.evaluate(_KEPT)
            repeated = _open(page, url)
            context.close()
            # The first one finds the services cold.
            if number:
                first.append(opened)
                again.append(repeated)
        browser.close()
    place = "400 kbit/s, 400 ms, CPU ÷ 6"
    return [
        most("stall_page.ready", f"stall screen first opened, ready, {place}", "ms", [each.ready for each in first], 3_500),
        most("stall_page.kb", "stall screen first opened, on the wire", "KB", [each.all / 1024 for each in first], 120),
        most("stall_page.again", f"stall screen opened again, ready, {place}", "ms", [each.ready for each in again], 3_500),
        most("stall_page.shell", "shell from the network when opened again", "B", [each.shell for each in again], 0),
    ]  # fmt: skip
