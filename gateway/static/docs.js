// Sends a documented request and shows its answer.
document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".operation-form");
  if (!form) return;
  event.preventDefault();
  let path = form.dataset.path;
  const query = new URLSearchParams();
  const headers = { Accept: "application/json" };
  let body;
  for (const input of form.querySelectorAll("[data-in]")) {
    if (!input.value) continue;
    if (input.dataset.in === "path") path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    else if (input.dataset.in === "query") query.append(input.name, input.value);
    else if (input.dataset.in === "header") headers[input.name] = input.value;
    else { body = input.value; headers["Content-Type"] = "application/json"; }
  }
  const key = document.querySelector("#key").value;
  if (key) headers.Authorization = `Bearer ${key}`;
  else headers["X-CSRF-Token"] = document.querySelector("#form-token").value;
  const address = query.size ? `${path}?${query}` : path;
  const answer = form.querySelector(".answer");
  answer.hidden = false;
  answer.textContent = "…";
  try {
    const response = await fetch(address, { method: form.dataset.method, headers, body });
    const text = await response.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { shown = text; }
    answer.textContent = `${response.status} ${form.dataset.method} ${address}\n\n${shown}`;
  } catch (error) {
    answer.textContent = String(error);
  }
});
