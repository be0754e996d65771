// Shows one screen at a time and puts values into its places. Every text stands in the page; here are none.
const SVG = "http://www.w3.org/2000/svg";
const main = document.querySelector("main.stall");
const values = {};
const cases = {};
export const words = { ...document.querySelector("#words").dataset };
let current = "opening";

export function screen() {
  return current;
}

// Put values into [data-fill] and into the {places} of [data-text].
export function fill(more) {
  Object.assign(values, more);
  for (const place of main.querySelectorAll("[data-fill]")) {
    const value = values[place.dataset.fill];
    if (value === undefined || place.textContent === String(value)) continue;
    place.textContent = value;
    // A large figure is as large as its digits leave room for.
    place.closest(".amount, .typed")?.style.setProperty("--digits", Math.max(String(value).length, 6));
  }
  for (const place of main.querySelectorAll("[data-text]")) {
    const text = worded(place.dataset.text, values);
    if (place.textContent !== text) place.textContent = text;
  }
}

export function worded(text, places) {
  return text.replace(/\{(\w+)\}/g, (_, name) => places[name] ?? "");
}

// Of the parts that differ by a case, show those that are of this one.
export function choose(name, value) {
  if (cases[name] === value) return;
  cases[name] = value;
  for (const part of main.querySelectorAll(`[data-case="${name}"]`)) part.hidden = part.dataset.is !== value;
}

export function strip(name, shown) {
  main.querySelector(`[data-when="${name}"]`).hidden = !shown;
}

export function show(name) {
  if (current !== name) {
    current = name;
    for (const section of main.querySelectorAll("[data-screen]")) section.hidden = section.dataset.screen !== name;
    scrollTo(0, 0);
    main.focus({ preventScroll: true });
  }
  paint();
}

// The phone's own bars follow the state.
export function paint() {
  const section = main.querySelector(`[data-screen="${current}"]`);
  main.dataset.state = current;
  document.querySelector("meta[name=theme-color]").content = getComputedStyle(section.querySelector(".lost-head") ?? section).backgroundColor;
}

export function code(name, drawn, label) {
  for (const place of main.querySelectorAll(`[data-code="${name}"]`)) {
    place.replaceChildren();
    place.hidden = !drawn;
    if (!drawn) continue;
    place.setAttribute("aria-label", worded(place.dataset.label, label));
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("viewBox", drawn.view_box);
    picture.setAttribute("shape-rendering", "crispEdges");
    for (const path of drawn.paths) {
      const stroke = document.createElementNS(SVG, "path");
      for (const [attribute, value] of Object.entries(path)) if (value) stroke.setAttribute(attribute, value);
      picture.append(stroke);
    }
    place.append(picture);
  }
}

export function list(name, items) {
  main.querySelector(`[data-list="${name}"]`).replaceChildren(...items);
}

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

export function dots(count) {
  main.querySelector("[data-dots]").dataset.dots = count;
}

export function tell(text) {
  document.querySelector("#said").textContent = text;
}

const city = { timeZone: "Asia/Ho_Chi_Minh", hourCycle: "h23" };
const SECONDS = new Intl.DateTimeFormat("en-GB", { ...city, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const MINUTES = new Intl.DateTimeFormat("en-GB", { ...city, hour: "2-digit", minute: "2-digit" });
const DATE = new Intl.DateTimeFormat("en-CA", { timeZone: city.timeZone });
const WEEKDAY = new Intl.DateTimeFormat(document.documentElement.lang, { weekday: "long", timeZone: "UTC" });

export function clockTime(time) {
  return time ? SECONDS.format(new Date(time)) : "";
}

export function hourMinute(time) {
  return time ? MINUTES.format(new Date(time)) : "";
}

export function isoDay(time) {
  return time ? DATE.format(new Date(time)) : "";
}

// 2026-11-22 as "Chủ nhật 22/11".
export function dayName(iso) {
  const name = WEEKDAY.format(new Date(`${iso}T00:00:00Z`));
  return `${name[0].toUpperCase()}${name.slice(1)} ${iso.slice(8, 10)}/${iso.slice(5, 7)}`;
}
