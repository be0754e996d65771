"""A page loaded as on a slow phone: 400 kbit/s, 400 ms, and as much of the processor as is said."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Page


@dataclass
class Load:
    """What one load of a page cost: milliseconds, bytes on the wire and kind by request."""

    painted: float = 0
    ready: float = 0
    sizes: dict[str, float] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def slow_load(page: Page, url: str, *, cpu: int) -> Load:
    """Load a page over the slow line of the budget."""
    load = Load()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
    session.send("Network.emulateNetworkConditions", line)
    session.send("Emulation.setCPUThrottlingRate", {"rate": cpu})
    session.on(
        "Network.requestWillBeSent", lambda event: load.kinds.update({event["requestId"]: event["type"]})
    )
    session.on(
        "Network.loadingFinished",
        lambda event: load.sizes.update({event["requestId"]: event["encodedDataLength"]}),
    )
    page.goto(url, wait_until="load")
    while not page.evaluate("performance.getEntriesByName('first-contentful-paint').length"):
        page.wait_for_timeout(20)
    load.ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd")
    load.painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    return load
