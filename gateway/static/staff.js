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
