// The morning's check of the stand: what the camera sees, a photograph or the pasted text is compared with what is
// registered, letter by letter.
import { act } from "./stall-api.js";
import * as scan from "./scan.js";
import * as view from "./stall-screens.js";

let phone = null;

export async function open(with_) {
  if (!phone) listen();
  phone = with_;
  view.choose("camera", "closed");
  view.show("check");
  const reads = await scan.canRead();
  view.choose("reader", reads ? "yes" : "no");
  view.choose("looks", scan.canLook() ? "yes" : "no");
  if (reads && scan.canLook() && (await scan.mayLook())) look();
}

function listen() {
  document.querySelector("#photo").addEventListener("change", (event) => fromPhoto(event.target));
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-check]");
    if (button?.dataset.check === "compare") compare(document.querySelector("#payload").value.trim());
    else if (button?.dataset.check === "look") look();
  });
}

const isHere = () => view.screen() === "check" && !document.hidden;

async function look() {
  if (!isHere()) return;
  view.choose("camera", "open");
  try {
    const text = await scan.look(document.querySelector("#finder"), isHere);
    view.choose("camera", "closed");
    if (text && view.screen() === "check") await compare(text);
  } catch (error) {
    view.choose("camera", error.name === "NotAllowedError" ? "refused" : "missing");
  }
}

async function fromPhoto(input) {
  const [file] = input.files;
  if (!file) return;
  scan.stop();
  const text = await scan.readPhoto(file);
  input.value = "";
  if (text) await compare(text);
  else phone.say(view.words.no_code);
}

function compare(payload) {
  if (!payload) return document.querySelector("#payload").focus();
  scan.stop();
  return phone.attempt(async () => {
    const check = await act("stall-phone/stand-checks", { payload });
    if (!check) return;
    document.querySelector("#payload").value = "";
    showCheck(check);
  });
}

function showCheck(check) {
  view.choose("check", check.outcome);
  view.fill({
    check_time: view.hourMinute(check.check_time),
    check_text: document.documentElement.lang === "en" ? check.text_en : check.text,
  });
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
