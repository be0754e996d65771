// The stall's live channel: each event once and in order, the server's time, and the truth about the line.
// A line is lost when a beat is missing for some seconds, not at the first hiccup; a phone that says it is offline is.
const LOST_MS = 11_000;
const REOPEN_MS = 5_000;

// The server's time, whatever the phone's clock says; it goes on by the phone's own steady clock.
export class ServerClock {
  #base = Date.now();
  #at = performance.now();

  set(text) {
    const time = Date.parse(text);
    if (Number.isNaN(time)) return;
    this.#base = time;
    this.#at = performance.now();
  }

  now() {
    return this.#base + (performance.now() - this.#at);
  }
}

export class Live {
  #source = null;
  #heard = performance.now();
  // A phone's steady clock may stand still while it sleeps; its other one does not.
  #heardAt = Date.now();
  #opened = 0;
  #asked = -1;
  #timer = 0;
  #joined = null;

  // on: event(data), missed(data), joined(bool), refused(), time(text)
  constructor(channel, after, on) {
    this.channel = channel;
    this.seen = after;
    this.on = on;
  }

  start() {
    this.#open();
    this.#timer = setInterval(() => this.#check(), 1_000);
    addEventListener("offline", this.#offline);
    addEventListener("online", this.#again);
    document.addEventListener("visibilitychange", this.#again);
  }

  stop() {
    clearInterval(this.#timer);
    removeEventListener("offline", this.#offline);
    removeEventListener("online", this.#again);
    document.removeEventListener("visibilitychange", this.#again);
    this.#source?.close();
  }

  // Connect anew, behind the last event that was heard.
  reopen() {
    this.#open(true);
  }

  #offline = () => this.#join(false);

  #again = () => {
    if (document.hidden || !navigator.onLine) return;
    const silent = Math.max(performance.now() - this.#heard, Date.now() - this.#heardAt);
    if (silent > LOST_MS / 2 || !this.#joined) this.#open(true);
  };

  // `wasLost`: what came meanwhile was missed, and is summed up first.
  #open(wasLost = false) {
    this.#source?.close();
    this.#opened = performance.now();
    const source = new EventSource(`/v1/events?channel=${encodeURIComponent(this.channel)}&after=${this.seen}${wasLost ? "&resume=1" : ""}`);
    this.#source = source;
    source.onopen = () => this.#hear();
    source.onmessage = (event) => { this.#hear(); this.#take(JSON.parse(event.data)); };
    source.addEventListener("beat", (event) => { this.#hear(); this.on.time(JSON.parse(event.data).now); });
    source.onerror = () => {
      // After some answers the browser gives up for good. The phone may have been removed: the screen asks.
      if (source.readyState === EventSource.CLOSED) this.on.refused();
    };
  }

  #hear() {
    this.#heard = performance.now();
    this.#heardAt = Date.now();
    this.#join(true);
  }

  #join(joined) {
    if (this.#joined === joined) return;
    this.#joined = joined;
    this.on.joined(joined);
  }

  #check() {
    const now = performance.now();
    if (now - this.#heard < LOST_MS) return;
    this.#join(false);
    if (now - this.#opened > REOPEN_MS && navigator.onLine) this.#open(true);
  }

  #take(message) {
    if (message.type === "stall.missed") {
      this.on.missed(message.data);
      return;
    }
    const sequence = Number(message.sequence);
    if (!(sequence > this.seen)) return;
    if (sequence > this.seen + 1 && this.#asked !== this.seen) {
      // Something between was not heard: ask once for what came after the last one.
      this.#asked = this.seen;
      this.#open();
      return;
    }
    this.seen = sequence;
    this.on.event({ ...message.data, sequence });
  }
}
