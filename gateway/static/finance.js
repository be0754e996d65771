// The desk without reloads: links and forms exchange the two panes, keys do what buttons do, the list follows the money.
// Everything here is a comfort; every link and form works without it.
const root = document.documentElement;
const desk = document.querySelector(".desk");
const said = document.querySelector("#said");
const KEYS = "xoai-keys";
let busy = false;

const pane = () => document.querySelector("#pane");
const queue = () => document.querySelector("#queue");
const rows = () => [...queue().querySelectorAll("[data-row]")];
const currentRow = () => queue().querySelector("[data-row][aria-current]");

function say(text) {
  said.textContent = "";
  setTimeout(() => { said.textContent = text; }, 50);
}

// Exchange what the answer has anew; the list keeps its place, the focus goes to the row that is worked on.
function put(html, address, { push = true, focus = true } = {}) {
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const freshDesk = fresh.querySelector(".desk");
  if (!freshDesk) { location.assign(address); return; }
  const top = queue().scrollTop;
  queue().replaceWith(freshDesk.querySelector("#queue"));
  pane().replaceWith(freshDesk.querySelector("#pane"));
  desk.className = freshDesk.className;
  document.title = fresh.title;
  const tabs = document.querySelector(".top .tabs");
  const freshTabs = fresh.querySelector(".top .tabs");
  if (tabs && freshTabs) tabs.replaceWith(freshTabs);
  if (push && address !== location.href) history.pushState(null, "", address);
  queue().scrollTop = top;
  dress();
  const trouble = pane().querySelector(".errors, #conflict");
  const result = desk.querySelector("#result");
  if (trouble) {
    const form = pane().querySelector("details[open] [aria-invalid]");
    (form || trouble).focus();
    if (trouble.id === "conflict") say(trouble.textContent);
  } else if (focus) {
    const row = currentRow();
    if (row && row.offsetParent !== null) { row.focus({ preventScroll: true }); row.scrollIntoView({ block: "nearest" }); }
    else { document.querySelector("#main").focus(); scrollTo(0, 0); }
  }
  if (result) say(result.dataset.said);
}

function tellLost() {
  desk.querySelector("#lost")?.remove();
  const strip = document.createElement("div");
  strip.id = "lost";
  strip.className = "message problem";
  strip.setAttribute("role", "alert");
  strip.textContent = desk.dataset.lost;
  const place = pane().offsetParent === null ? queue() : pane();
  place.prepend(strip);
  strip.scrollIntoView({ block: "nearest" });
}

async function load(address, options = {}, how = {}) {
  if (busy) return;
  busy = true;
  root.classList.add("busy");
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, ...options });
    if (!response.headers.get("content-type")?.startsWith("text/html")) throw new Error("no page");
    put(await response.text(), response.redirected ? response.url : options.method ? location.href : response.url, how);
  } catch {
    // No answer. The desk stays as it is; a form's key keeps a repeat from counting twice.
    tellLost();
  } finally {
    busy = false;
    root.classList.remove("busy");
  }
}

function send(form, submitter) {
  const body = new URLSearchParams(new FormData(form, submitter));
  return load(form.action, { method: "POST", body });
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-send]")) { event.preventDefault(); send(form, event.submitter); }
  if (form.matches("[data-go]")) {
    event.preventDefault();
    const query = [...new FormData(form)].filter(([, value]) => value);
    load(`${form.getAttribute("action")}?${new URLSearchParams(query)}`, {}, { focus: !form.matches("[role=search]") });
  }
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-go]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  load(link.href);
});

document.addEventListener("change", (event) => {
  if (event.target.matches(".desk .narrow-down select")) event.target.form.requestSubmit();
});

addEventListener("popstate", () => load(location.href, {}, { push: false }));

// Split: what is left is said while amounts are typed.
document.addEventListener("input", (event) => {
  const form = event.target.closest("[data-split]");
  const left = form?.querySelector("[data-left]");
  if (!left) return;
  const sum = [...form.querySelectorAll('[name^="part-"]')]
    .reduce((total, field) => total + Number(field.value.replace(/[^0-9]/g, "")), 0);
  const rest = Number(form.dataset.split) - sum;
  left.textContent = `${rest < 0 ? left.dataset.over : left.dataset.word} ${Math.abs(rest).toLocaleString("vi-VN")} ₫`;
});

// Keys. Off while something is typed, and off altogether if somebody wants them off.
const keysOn = () => localStorage.getItem(KEYS) !== "off";
const help = document.querySelector("#help");

function dress() {
  root.classList.toggle("keys-on", keysOn());
  const button = document.querySelector("[data-switch]");
  button.textContent = keysOn() ? button.dataset.on : button.dataset.off;
  button.setAttribute("aria-pressed", String(keysOn()));
}

document.querySelector("[data-switch]").addEventListener("click", () => {
  localStorage.setItem(KEYS, keysOn() ? "off" : "on");
  dress();
});
document.querySelector("[data-help]").addEventListener("click", () => help.showModal());

function step(by) {
  const all = rows();
  if (!all.length) return;
  const place = all.indexOf(currentRow());
  const next = all[Math.min(Math.max(place + by, 0), all.length - 1)];
  if (next !== all[place]) load(next.href);
}

function openFold(id) {
  const fold = pane().querySelector(`#${id}`);
  if (!fold) return false;
  if (fold.matches("form")) { fold.requestSubmit(); return true; }
  fold.open = true;
  const field = fold.querySelector("input:not([type=hidden]), button");
  field?.focus();
  return true;
}

const DEEDS = {
  j: () => step(1),
  k: () => step(-1),
  s: () => openFold("split"),
  p: () => openFold("park"),
  f: () => openFold("find"),
  r: () => pane().querySelector('[data-key="r"]')?.click(),
  u: () => desk.querySelector("[data-undo]")?.requestSubmit(),
  "?": () => help.showModal(),
};

function take(place) {
  pane().querySelector(`[data-offer="${place}"]`)?.requestSubmit();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || help.open || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "Enter") {
    // On a link or a button Enter does what it always does, but on the row that is open it takes the first suggestion.
    const row = event.target.closest("[data-row]");
    const other = event.target.closest("a, button, summary");
    const first = pane().querySelector('[data-offer="pair"], .offer.first [data-offer]');
    if (!first || (other && (!row || row !== currentRow()))) return;
    event.preventDefault();
    if (!event.repeat) first.requestSubmit();
    return;
  }
  if (event.repeat && !"jk".includes(event.key)) return;
  if (/^[1-9]$/.test(event.key)) { event.preventDefault(); take(event.key); return; }
  const deed = DEEDS[event.key];
  if (deed) { event.preventDefault(); deed(); }
});

// Money arrives while somebody works: the list is asked for again, the credit on the right stays as it is.
let asked = 0;
async function refresh() {
  asked = Date.now();
  if (document.hidden || busy || queue().contains(document.activeElement) && document.activeElement.matches("select")) return;
  const credit = pane().querySelector("[data-credit]")?.dataset.credit || "";
  const part = queue().dataset.part;
  const address = `${part}${part.includes("?") ? "&" : "?"}khoan=${credit}`;
  const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response?.ok || response.redirected || busy || part !== queue().dataset.part) return;
  const html = await response.text();
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  const list = queue().querySelector("#list");
  const before = rows().map((row) => row.href).join();
  if (fresh.innerHTML.trim() === list.innerHTML.trim()) return;
  const held = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  list.replaceChildren(...fresh.childNodes);
  if (held) queue().querySelector(`[href="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  if (rows().map((row) => row.href).join() !== before) say(queue().dataset.said);
}

// At most one question in two seconds, however much arrives; without a channel, or when it is silent, now and then.
let soon = 0;
function refreshSoon() {
  soon ||= setTimeout(() => { soon = 0; refresh(); }, Math.max(200, asked + 2000 - Date.now()));
}

function listen() {
  const source = new EventSource(`/v1/events?channel=${encodeURIComponent(desk.dataset.channel)}`);
  source.onmessage = refreshSoon;
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000 + Math.random() * 5000);
  };
}

if (desk.dataset.channel) listen();
setInterval(refresh, desk.dataset.channel ? 60000 : 8000);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refreshSoon(); });
dress();
pane().querySelector(".errors, #conflict")?.focus();
