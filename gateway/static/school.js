// What the school's pages do by themselves: a release's progress is asked for once a second, a round's figures follow
// its events, and a file that is too large is not sent. Every page says the same after a reload.
const live = document.querySelector("#live");

async function fetchPart(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } }).catch(() => null);
  if (response?.redirected) location.reload();
  return response?.ok && !response.redirected ? response.text() : "";
}

// Exchange only if something is different, and leave the focus where it was.
function put(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").body;
  if (fresh.innerHTML === new DOMParser().parseFromString(live.innerHTML, "text/html").body.innerHTML) return false;
  const held = live.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  live.replaceChildren(...fresh.childNodes);
  if (held) live.querySelector(`[href="${CSS.escape(held)}"]`)?.focus();
  return true;
}

async function poll() {
  const html = await fetchPart(live.dataset.poll);
  if (html) put(html);
  if (live.querySelector('[data-done="1"]')) {
    document.querySelector("#said").textContent = live.dataset.said;
    return;
  }
  setTimeout(poll, 1000);
}

// At most one question in two seconds, however many payments arrive.
let waiting = 0;
let last = 0;
function refreshSoon() {
  if (waiting) return;
  waiting = setTimeout(async () => {
    waiting = 0;
    last = Date.now();
    const html = await fetchPart(live.dataset.part);
    if (html && put(html)) document.querySelector("#said").textContent = live.dataset.said;
  }, Math.max(0, last + 2000 - Date.now()));
}

function listen() {
  const source = new EventSource(`/v1/events?channel=${encodeURIComponent(live.dataset.channel)}`);
  let opened = false;
  source.onopen = () => { if (opened) refreshSoon(); opened = true; };
  source.onmessage = refreshSoon;
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000 + Math.random() * 5000);
  };
}

if (live?.dataset.poll) setTimeout(poll, 1000);
if (live?.dataset.channel) listen();

for (const form of document.querySelectorAll("form[data-upload]")) {
  form.addEventListener("submit", (event) => {
    const input = form.querySelector("input[type=file]");
    const file = input.files[0];
    input.setCustomValidity(file && file.size > Number(form.dataset.most) ? form.dataset.upload : "");
    if (!input.reportValidity()) event.preventDefault();
  });
  form.querySelector("input[type=file]").addEventListener("change", (event) => event.target.setCustomValidity(""));
}
