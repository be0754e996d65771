// Keeps a bill's page true without a reload: listens for the bill's events, fetches the page's main part anew, counts the
// seconds of waiting, and copies values. Everything here is a comfort; the page says the same without it.
const main = document.querySelector("main[data-channel]");
const loaded = Date.now();
let lostTimer = 0;
let pollTimer = 0;
let endTimer = 0;
let fetching = null;

function showLost(lost) {
  for (const strip of document.querySelectorAll("[data-strip]")) strip.hidden = (strip.dataset.strip === "lost") !== lost;
  clearInterval(pollTimer);
  if (lost) pollTimer = setInterval(refresh, 5000);
}

function tick() {
  const seconds = Math.floor((Date.now() - loaded) / 1000);
  const text = `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${String(seconds % 60).padStart(2, "0")}`;
  for (const place of document.querySelectorAll("[data-seconds]")) place.textContent = text;
}

// The server says in how many seconds the waiting is over: a phone's own clock may be wrong.
function awaitEnd() {
  clearTimeout(endTimer);
  if (main.dataset.ends) endTimer = setTimeout(refresh, Number(main.dataset.ends) * 1000);
}

function dress() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  tick();
}

async function refresh() {
  if (fetching) return fetching;
  fetching = swap().finally(() => { fetching = null; });
  return fetching;
}

async function swap() {
  const response = await fetch(`${main.dataset.page}?fragment=1`, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!response || !response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("main");
  if (!fresh) return;
  const ahead = Number(fresh.dataset.sequence) - Number(main.dataset.sequence);
  const changed = main.dataset.state !== fresh.dataset.state;
  // What waits for money ends by the clock alone as well.
  if (ahead < 0 || (ahead === 0 && !changed)) return;
  const focused = main.contains(document.activeElement) ? document.activeElement.id : "";
  main.replaceChildren(...fresh.childNodes);
  main.className = fresh.className;
  main.dataset.sequence = fresh.dataset.sequence;
  main.dataset.state = fresh.dataset.state;
  main.dataset.ends = fresh.dataset.ends || "";
  awaitEnd();
  document.title = fresh.dataset.title;
  document.querySelector("#said").textContent = fresh.dataset.said;
  if (focused) document.getElementById(focused)?.focus();
  if (changed) scrollTo(0, 0);
  dress();
}

function listen() {
  const source = new EventSource(`/v1/events?channel=${encodeURIComponent(main.dataset.channel)}`);
  source.onopen = () => { clearTimeout(lostTimer); lostTimer = 0; showLost(false); };
  source.onmessage = (event) => { if (Number(event.lastEventId) > Number(main.dataset.sequence)) refresh(); };
  source.onerror = () => {
    if (!lostTimer) lostTimer = setTimeout(() => showLost(true), 4000);
    // The browser gives up for good after some answers; we do not.
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000 + Math.random() * 5000);
  };
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const word = button.querySelector("span");
  word.textContent = button.dataset.done;
  setTimeout(() => { word.textContent = button.dataset.word; }, 2000);
});

document.querySelector(".errors")?.focus();
dress();
if (main) {
  listen();
  awaitEnd();
  addEventListener("offline", () => showLost(true));
  addEventListener("online", async () => { await refresh(); showLost(false); });
  setInterval(tick, 1000);
}
