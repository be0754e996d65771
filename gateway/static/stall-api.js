// What the screen sends and asks. A thing to be done keeps its key until it is answered: pressed twice, or pressed again
// soon after the line broke, it is done once. Much later the same amount is another customer's.
const AGAIN_MS = 120_000;
const CASH = "xoai-stall-cash";
const keys = new Map();
const busy = new Set();
let token = "";

export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? "");
    this.status = status;
    this.reason = problem.reason ?? "";
    this.fields = (problem.violations ?? []).map((each) => each.message);
  }
}

export class NoLine extends Error {}

export function keepToken(text) {
  token = text;
}

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function ask(path, options = {}) {
  const language = document.documentElement.lang;
  const headers = { Accept: "application/json", "Accept-Language": language, ...options.headers };
  let answer;
  try {
    answer = await fetch(`/v1/${path}`, { cache: "no-store", signal: AbortSignal.timeout(10_000), ...options, headers });
  } catch {
    throw new NoLine();
  }
  // An answer that broke off in the middle is none.
  const body = await answer.json().catch(() => null);
  if (answer.status >= 502 || (answer.ok && !body)) throw new NoLine();
  if (!answer.ok) throw new Refused(answer.status, body ?? {});
  return body;
}

export function read(path) {
  return ask(path);
}

function keyOf(name) {
  const now = performance.now();
  for (const [each, { time }] of keys) if (now - time > AGAIN_MS) keys.delete(each);
  if (!keys.has(name)) keys.set(name, { key: newKey(), time: now });
  return keys.get(name).key;
}

// Do `path` once; undefined if it is being done already. `key`: of a thing that the phone remembers by itself.
export async function act(path, body = {}, key = "") {
  const content = JSON.stringify(body);
  const name = `${path} ${content} ${key}`;
  if (busy.has(name)) return undefined;
  busy.add(name);
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token, "Idempotency-Key": key || keyOf(name) };
  try {
    const answer = await ask(path, { method: "POST", headers, body: content });
    keys.delete(name);
    return answer;
  } catch (error) {
    if (error instanceof Refused) keys.delete(name);
    throw error;
  } finally {
    busy.delete(name);
  }
}

// Cash that was typed and that the server does not have yet: kept by the phone over a reload or a crash, sent in order and
// once each, by a key that the phone made when it was typed. Nothing else of money is ever kept.
export class CashQueue {
  #entries = [];
  #sending = null;
  #underway = "";
  // False where the browser keeps nothing (private mode, full): closing the page would lose what is not sent.
  isKept = true;

  // onChange: something was added, sent or refused.
  constructor(onChange) {
    this.onChange = onChange;
    this.#load();
    addEventListener("storage", (event) => {
      if (event.key !== CASH && event.key !== null) return;
      this.#load();
      this.onChange();
    });
  }

  // Each with key, stall, amount, time, and in words why the server refused it, if it did.
  get entries() {
    return this.#entries;
  }

  // Without the one that is on its way at this moment: the server's list may have it already.
  get resting() {
    return this.#entries.filter((each) => each.key !== this.#underway);
  }

  get sum() {
    return this.#entries.reduce((sum, each) => sum + each.amount, 0);
  }

  add(amount, stall, time) {
    this.#change([...this.#entries, { key: newKey(), stall, amount, time, problem: "" }]);
  }

  drop(key) {
    this.#change(this.#entries.filter((each) => each.key !== key));
  }

  // A phone that has become another stall's keeps nothing of the one before.
  belongTo(stall) {
    const own = this.#entries.filter((each) => !each.stall || each.stall === stall);
    if (own.length !== this.#entries.length) this.#change(own);
  }

  // Send what waits. Another page of this phone that sends the same at this moment is waited for.
  send() {
    this.#sending ??= this.#alone(() => this.#sendAll()).finally(() => { this.#sending = null; });
    return this.#sending;
  }

  #alone(work) {
    return navigator.locks ? navigator.locks.request(CASH, work) : work();
  }

  async #sendAll() {
    this.#load();
    for (const { key, amount, problem } of this.#entries) {
      if (problem) continue;
      this.#underway = key;
      try {
        await act("stall-phone/cash", { amount }, key);
        this.drop(key);
      } catch (error) {
        if (error instanceof NoLine) return;
        if (!(error instanceof Refused)) throw error;
        // Without the PIN, or in a moment of trouble, it waits; what the server will never take says so.
        if (![400, 404, 409, 422].includes(error.status) || error.reason === "ABORTED") return;
        this.#change(this.#entries.map((each) => each.key === key ? { ...each, problem: error.fields[0] ?? error.message } : each));
      } finally {
        this.#underway = "";
        this.onChange();
      }
    }
  }

  #load() {
    try {
      const kept = localStorage.getItem(CASH);
      if (this.isKept) this.#entries = kept ? JSON.parse(kept) : [];
    } catch {
      this.isKept = false;
    }
  }

  #change(entries) {
    this.#entries = entries;
    try {
      if (entries.length) localStorage.setItem(CASH, JSON.stringify(entries));
      else localStorage.removeItem(CASH);
      this.isKept = true;
    } catch {
      this.isKept = false;
    }
    this.onChange();
  }
}
