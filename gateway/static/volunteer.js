// Counts the half hour down, and loads the page anew when it is over or when money came. The server decides what is seen.
const visit = document.querySelector("[data-visit]");
const left = visit.querySelector("[data-left]");
const end = Date.now() + Number(visit.dataset.seconds) * 1000;

function tick() {
  const seconds = Math.max(Math.ceil((end - Date.now()) / 1000), 0);
  // The last second is the server's: it has to have forgotten before it is asked again.
  const shown = Math.max(seconds - 1, 0);
  left.textContent = `${String(Math.floor(shown / 60)).padStart(2, "0")}:${String(shown % 60).padStart(2, "0")}`;
  if (seconds > 0) return;
  clearInterval(clock);
  visit.hidden = true;
  location.reload();
}

const clock = setInterval(tick, 1000);
tick();
// A page out of the browser's memory would still show the bill.
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
if (visit.dataset.channel) {
  const source = new EventSource(`/v1/events?channel=${encodeURIComponent(visit.dataset.channel)}`);
  source.onmessage = (event) => { if (Number(event.lastEventId) > Number(visit.dataset.sequence)) location.reload(); };
}
