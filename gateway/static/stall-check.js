// The morning's check of the stand: a photograph or the pasted text is compared with what is registered, letter by letter.
import { act } from "./stall-api.js";
import * as view from "./stall-screens.js";

let phone = null;

export function open(with_) {
  if (!phone) listen();
  phone = with_;
  view.show("check");
}

function listen() {
  document.querySelector("#photo").addEventListener("change", (event) => scan(event.target));
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-do=compare]")) compare(document.querySelector("#payload").value.trim());
  });
}

async function scan(input) {
  const [file] = input.files;
  if (!file) return;
  const found = await new BarcodeDetector({ formats: ["qr_code"] }).detect(await createImageBitmap(file)).catch(() => []);
  input.value = "";
  if (found.length) compare(found[0].rawValue);
  else phone.say(view.words.no_code);
}

function compare(payload) {
  if (!payload) return document.querySelector("#payload").focus();
  return phone.attempt(async () => {
    const check = await act("stall-phone/stand-checks", { payload });
    if (check) showCheck(check);
  });
}

function showCheck(check) {
  view.choose("check", check.outcome);
  view.fill({ check_time: view.hourMinute(check.check_time) });
  if (check.outcome === "same") view.choose("stand", "checked");
  view.list("differences", check.differences.flatMap((each) => [
    view.element("dt", "", view.words[each.what] ?? each.what),
    line(view.words.registered, letters(each.registered, each.found)),
    line(view.words.found, letters(each.found, each.registered)),
  ]));
  if (check.outcome === "differs") navigator.vibrate?.([400, 100, 400]);
  view.show("checked");
}

function line(name, parts) {
  const value = view.element("span", "mono");
  for (const [text, differs] of parts) value.append(differs ? view.element("mark", "differs", text) : text);
  if (!parts.length) value.append(view.words.none);
  return view.element("dd", "", view.element("small", "", name), value);
}

// A text in runs of [letters, differs from the other text at the same place].
export function letters(text, other) {
  const runs = [];
  [...text].forEach((letter, place) => {
    const differs = letter !== [...other][place];
    if (runs.length && runs.at(-1)[1] === differs) runs.at(-1)[0] += letter;
    else runs.push([letter, differs]);
  });
  return runs;
}
