"""A stall phone's browser page whose live line a test holds: what comes over it, when it beats, when it breaks."""

from __future__ import annotations

import time
from typing import Any

from google.protobuf.json_format import MessageToDict
from playwright.sync_api import Page, expect

from tests.support.fake_platform import FakePlatform
from tests.support.fake_stalls import PIN, Role
from xoai.pilots.v1 import stalls_service_pb2 as stalls_pb
from xoai.pilots.v1.pilots_events_pb2 import StallEvent

# Stands in for the browser's own: tests say what comes. `line.ahead` (ms) moves the server's time.
_LINE = """
window.line = { sources: [], quiet: false, ahead: 0, said: [] };
document.addEventListener("stall-says", (event) => { if (event.detail.clips.length) line.said.push(event.detail.clips.join(" ")); });
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor(url) {
    super();
    this.url = url;
    this.readyState = 0;
    line.sources.push(this);
    this.opening = setTimeout(() => { if (!line.quiet) { this.readyState = 1; this.onopen?.(); this.beat(); } }, 20);
    this.timer = setInterval(() => this.beat(), 1000);
  }
  beat() {
    if (line.quiet || this.readyState !== 1) return;
    const now = new Date(Date.now() + line.ahead).toISOString();
    this.dispatchEvent(new MessageEvent("beat", { data: JSON.stringify({ now }) }));
  }
  close() { this.readyState = 2; clearTimeout(this.opening); clearInterval(this.timer); }
};
line.tell = (sequence, type, data) => {
  const source = line.sources.at(-1);
  if (source.readyState === 1) source.onmessage?.({ data: JSON.stringify({ channel: "", sequence, type, data }) });
};
"""


class HeldPhone:
    """One phone of a stall with its page."""

    def __init__(self, platform: FakePlatform, address: str, page: Page) -> None:
        self.platform, self.address, self.page = platform, address, page
        self._told = 0
        page.add_init_script(_LINE)

    def pair(self, stall: stalls_pb.Stall, role: Role = Role.ROLE_SELLER) -> None:
        """By the page, as a person does."""
        self.stall = stall
        self.page.goto(f"{self.address}/quay-hang/ghep/{self.platform.stalls.open_pairing(stall, role)}")
        self._told = len(self.platform.sales.events.get(stall.id, []))
        self.page.get_by_role("button", name="Ghép máy này").click()
        expect(self.shown("begin")).to_be_visible()

    def begin(self, *, pin: str = PIN) -> None:
        """Start the shift, with the PIN if it is asked for."""
        self.page.get_by_role("button", name="Bật loa, vào ca").click()
        if pin:
            for digit in pin:
                self.shown("pin").get_by_role("button", name=digit, exact=True).click()
            expect(self.shown("pad")).to_be_visible()

    def shown(self, name: str) -> Any:
        """A screen, if it is the one that is shown."""
        return self.page.locator(f'section[data-screen="{name}"]:visible')

    def sell(self, *keys: str) -> Any:
        """Type an amount and show its code; the sale as the service has it."""
        for key in keys:
            self.shown("pad").get_by_role("button", name=key, exact=True).click()
        self.page.get_by_role("button", name="Hiện mã QR").click()
        expect(self.shown("code")).to_be_visible()
        self.hear()
        return list(self.platform.sales.sales.values())[-1]

    def hear(self) -> None:
        """Everything that the stall told and this phone has not heard."""
        for event in self.platform.sales.events.get(self.stall.id, [])[self._told :]:
            self.tell(event)

    def tell(self, event: StallEvent) -> None:
        """One event, as the gateway sends it."""
        self._told = max(self._told, event.sequence)
        data = MessageToDict(event, preserving_proto_field_name=True)
        self.page.evaluate(
            "([sequence, data]) => line.tell(sequence, 'stall.changed', data)", [event.sequence, data]
        )

    def miss(self) -> None:
        """What is told next is not heard for now."""
        self._told = len(self.platform.sales.events.get(self.stall.id, []))

    def later(self, seconds: int) -> None:
        """The server's time goes on at once."""
        self.page.evaluate(f"line.ahead += {seconds * 1000}")

    def said(self) -> list[str]:
        """What the phone has said, sentence by sentence, as clip names."""
        found: list[str] = self.page.evaluate("line.said")
        return found

    def wait_said(self, count: int, *, seconds: float = 30) -> list[str]:
        """The first so many sentences, once they were said."""
        until = time.monotonic() + seconds
        while len(found := self.said()) < count and time.monotonic() < until:
            self.page.wait_for_timeout(100)
        return found

    def cut(self, cut: bool) -> None:
        """The line falls silent, or stands again."""
        self.page.evaluate(f"line.quiet = {str(cut).lower()}")
