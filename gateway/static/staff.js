// Small comforts of every staff page: "/" goes to the search field, the current tab is in view, errors get the focus.
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
