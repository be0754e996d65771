"""The stall screen's own reasoning in a real browser: typed amounts, kinds of money, letters, order on the live line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from gateway.assets import Assets

Run = Callable[..., Any]


@pytest.fixture
def run(address: str, open_page: Callable[..., Page]) -> Run:
    """Runs a function of JavaScript with a module's exports and arguments."""
    page = open_page(allow=("status of 401",))
    page.goto(f"{address}/quay-hang")

    def call(module: str, function: str, *arguments: Any) -> Any:
        url = Assets().url(module)
        return page.evaluate(
            f"async ([url, given]) => ({function})(await import(url), ...given)", [url, list(arguments)]
        )

    return call


def test_keys_make_whole_amounts(run: Run) -> None:
    """Leading zeros vanish, letters are no keys, more than nine digits are not taken."""
    cases: list[tuple[list[str], str]] = [
        (["8", "5", "000"], "85000"),
        (["0", "0", "7"], "7"),
        (["000"], ""),
        (["1", "2", "back"], "1"),
        (["back"], ""),
        (list("499999999"), "499999999"),
        (list("4999999990"), "499999999"),
        (["1", "000", "000", "000"], "1000000"),
        (["x", "-1", "5"], "5"),
    ]
    function = "(pad, cases) => cases.map((keys) => keys.reduce(pad.press, ''))"
    assert run("stall-money.js", function, [keys for keys, _ in cases]) == [digits for _, digits in cases]


def test_amounts_have_dots_and_limits(run: Run) -> None:
    """Thousands dots; nothing and what NAPAS 247 does not carry are refused in the page already."""
    expected = [
        [0, "0", "zero"],
        [7, "7", ""],
        [1000, "1.000", ""],
        [85_000, "85.000", ""],
        [499_999_999, "499.999.999", ""],
        [500_000_000, "500.000.000", "most"],
    ]
    function = "(money, amounts) => amounts.map((each) => [each, money.grouped(each), money.refusal(each)])"
    assert run("stall-money.js", function, [row[0] for row in expected]) == expected


def of_sale(amount: int, paid: int, **more: Any) -> dict[str, Any]:
    """Money on a sale of 85,000 đồng, as its event says it."""
    sums = {"amount": str(amount), "sale_amount": "85000", "sale_paid": str(paid)}
    return {"type": "TYPE_SALE_PAID", **sums, **more}


def test_money_is_called_what_it_is(run: Run) -> None:
    """Only what was asked, or any sum on a standing code, is plainly received."""
    cases: list[tuple[dict[str, Any], str]] = [
        (of_sale(85_000, 85_000), "received"),
        (of_sale(80_000, 80_000), "short"),
        (of_sale(5_000, 85_000), "received"),
        (of_sale(90_000, 90_000), "over"),
        (of_sale(85_000, 170_000), "twice"),
        (of_sale(85_000, 85_000, late=True), "late"),
        ({"type": "TYPE_STANDING_PAID", "amount": "45000"}, "received"),
        ({"type": "TYPE_STANDING_PAID", "amount": "20000", "pack_amount": "20000"}, "received"),
        ({"type": "TYPE_STANDING_PAID", "amount": "10000", "pack_amount": "20000"}, "short"),
        ({"type": "TYPE_REVERSED", "amount": "45000"}, "undone"),
        ({"type": "TYPE_UNASSIGNED", "amount": "45000"}, "nobody"),
    ]
    found = run(
        "stall-money.js", "(money, events) => events.map(money.kindOf)", [event for event, _ in cases]
    )
    assert found == [kind for _, kind in cases]


def test_letters_that_differ_are_named(run: Run) -> None:
    """A pasted code is told apart letter by letter; what is missing at the end differs too."""
    function = "(check, text, other) => check.letters(text, other)"
    assert run("stall-check.js", function, "1017738842", "1017738824") == [["10177388", False], ["42", True]]
    assert run("stall-check.js", function, "12", "1") == [["1", False], ["2", True]]
    assert run("stall-check.js", function, "", "1") == []


# A line that the test holds, and everything that a listener is told.
_HEARD = """async (live, steps) => {
  const heard = [];
  const sources = [];
  globalThis.EventSource = class extends EventTarget {
    static CLOSED = 2;
    constructor(url) { super(); this.after = Number(new URL(url, location).searchParams.get("after")); this.readyState = 1; sources.push(this); }
    close() { this.readyState = 2; }
  };
  const line = new live.Live("stall:S", 10, {
    event: (event) => heard.push(event.sequence), missed: (summary) => heard.push(`missed ${summary.count}`),
    joined: (joined) => heard.push(joined), refused: () => heard.push("refused"), time: () => {},
  });
  line.start();
  for (const step of steps) {
    const source = sources.at(-1);
    if (step === "open") source.onopen();
    else if (step === "offline") dispatchEvent(new Event("offline"));
    else if (step === "broken") { source.readyState = 2; source.onerror(); }
    else if (step === "beat") source.dispatchEvent(new MessageEvent("beat", { data: '{"now":"2026-11-28T01:00:00Z"}' }));
    else if (typeof step === "object") source.onmessage({ data: JSON.stringify({ type: "stall.missed", sequence: 0, data: step }) });
    else source.onmessage({ data: JSON.stringify({ type: "stall.event", sequence: step, data: {} }) });
  }
  line.stop();
  return { heard, after: sources.map((each) => each.after) };
}"""


@pytest.mark.parametrize(
    ("steps", "heard", "after"),
    [
        ([11, 12, 13], [True, 11, 12, 13], [10]),
        ([11, 11, 10, 9, 12, 11], [True, 11, 12], [10]),
        # A gap: it asks for what came after the last one, hears it in order, and nothing twice.
        ([11, 14, 12, 13, 14, 15], [True, 11, 12, 13, 14, 15], [10, 11]),
        # Numbers that the owner really does not have do not stop the rest for ever.
        ([11, 14, 14, 15], [True, 11, 14, 15], [10, 11]),
        (["open", "offline", "beat", 11], [True, False, True, 11], [10]),
        (["open", {"count": 3}, 11, 12, 13], [True, "missed 3", 11, 12, 13], [10]),
        (["broken"], ["refused"], [10]),
    ],
)
def test_events_are_heard_once_and_in_order(
    run: Run, steps: list[Any], heard: list[Any], after: list[int]
) -> None:
    """Repeats and old ones are dropped; a gap is closed by asking behind the last that was heard."""
    found = run("stall-live.js", _HEARD, steps)
    assert found == {"heard": heard, "after": after}


def test_the_servers_time_rules(run: Run) -> None:
    """A phone whose clock is a year wrong reckons by the server's time, and goes on by its own steady clock."""
    function = """async (live) => {
      const clock = new live.ServerClock();
      clock.set("2030-01-01T00:00:00Z");
      await new Promise((resolve) => setTimeout(resolve, 60));
      const gone = clock.now() - Date.parse("2030-01-01T00:00:00Z");
      clock.set("no time");
      return [gone >= 50 && gone < 5000, clock.now() > Date.parse("2030-01-01T00:00:00Z")];
    }"""
    assert run("stall-live.js", function) == [True, True]


def test_a_sentence_with_a_missing_clip_is_not_said(run: Run) -> None:
    """Half a number would be a wrong number; sentences come one after another; nothing is said while sound is locked."""
    function = """async (voice) => {
      const order = [];
      class Source { connect() {} start(at) { order.push([this.buffer.name, at >= 0]); setTimeout(() => this.onended?.(), 5); } }
      globalThis.AudioContext = class {
        state = "suspended"; currentTime = 0; destination = {};
        async resume() { this.state = "running"; }
        createBufferSource() { return new Source(); }
        async decodeAudioData(bytes) { return { duration: 0.2, name: new TextDecoder().decode(bytes) }; }
      };
      globalThis.fetch = async (url) => url === "gone" ? new Response("", { status: 404 }) : new Response(url);
      const speaker = new voice.Voice({ da: "da", nhan: "nhan", mot: "gone" }, () => {});
      const locked = await speaker.say(["da"]);
      await speaker.unlock();
      const both = await Promise.all([speaker.say(["da", "nhan"]), speaker.say(["nhan", "mot"]), speaker.say(["nhan"])]);
      return { locked, both, order: order.map(([name]) => name) };
    }"""
    assert run("stall-voice.js", function) == {
        "locked": False,
        "both": [True, False, True],
        "order": ["da", "nhan", "nhan"],
    }
