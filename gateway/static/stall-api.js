// What the screen sends and asks. A thing to be done keeps its key until it is answered: pressed twice, or pressed again
// after the line broke, it is done once.
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
  const body = await answer.json().catch(() => ({}));
  if (answer.status >= 502) throw new NoLine();
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

export function read(path) {
  return ask(path);
}

// Do `path` once; undefined if it is being done already.
export async function act(path, body = {}) {
  const content = JSON.stringify(body);
  const name = `${path} ${content}`;
  if (busy.has(name)) return undefined;
  busy.add(name);
  if (!keys.has(name)) keys.set(name, newKey());
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": token, "Idempotency-Key": keys.get(name) };
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
