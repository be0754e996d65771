// Small comforts of every staff page: "/" goes to the search field, the current tab is in view, errors get the focus,
// values are copied.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const search = document.querySelector("#search");
  if (!search || search.offsetParent === null) return;
  event.preventDefault();
  search.focus();
});
document.querySelector(".tabs [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });
document.querySelector(".errors")?.focus();
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    const word = button.querySelector("span");
    word.textContent = button.dataset.done;
    setTimeout(() => { word.textContent = button.dataset.word; }, 2000);
  });
}

// Two minutes before the session ends for want of a request, the page says so, and a press keeps it open.
const idle = document.querySelector("[data-idle-seconds]");
if (idle) {
  const strip = idle.firstElementChild;
  const [soon, over, stay] = ["[data-soon]", "[data-over]", "button"].map((name) => strip.querySelector(name));
  let since = Date.now();
  const show = (left) => {
    strip.hidden = left > 120;
    soon.hidden = left <= 0;
    over.hidden = left > 0;
    stay.hidden = left <= 0;
  };
  const look = () => show(Number(idle.dataset.idleSeconds) - (Date.now() - since) / 1000);
  stay.addEventListener("click", async () => {
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" }).catch(() => null);
    // Led to the login page: the session was over already.
    if (answer?.redirected) return show(0);
    if (answer?.ok) since = Date.now();
    look();
  });
  setInterval(look, 5000);
}
