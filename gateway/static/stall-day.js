// The day's list: what came, cash, close, and the total as a picture to send.
import { act, read } from "./stall-api.js";
import { grouped, money } from "./stall-money.js";
import * as view from "./stall-screens.js";

let made = null;

export function today(phone) {
  made ??= new Today(phone);
  return made;
}

class Today {
  #phone;
  #day = null;
  #rows = [];
  #open = "";
  #reading = null;

  constructor(phone) {
    this.#phone = phone;
    document.addEventListener("click", (event) => {
      const button = event.target.closest("[data-day]");
      if (button) this[button.dataset.day](button.dataset.id);
      else if (event.target.closest("[data-do=more]")) this.more();
      else if (event.target.closest("[data-do=share]")) this.share();
      else if (event.target.closest("[data-do=ask-close]")) view.choose("closing", "asked");
      else if (event.target.closest("[data-do=keep-open]")) view.choose("closing", "open");
      else if (event.target.closest("[data-do=close-day]")) this.close();
    });
  }

  open() {
    this.#open = "";
    const known = this.#phone.day();
    if (!this.#day && known) this.#take(known);
    return this.refresh();
  }

  // Read the day anew; events that come close together cost one more read, not one each.
  refresh() {
    if (this.#reading) {
      this.#reading.again = true;
      return this.#reading.done;
    }
    const reading = { again: false };
    reading.done = this.#phone.attempt(async () => {
      do {
        reading.again = false;
        this.#take(await read("stall-phone/day"));
      } while (reading.again);
    }).finally(() => { this.#reading = null; });
    this.#reading = reading;
    return reading.done;
  }

  more() {
    return this.#phone.attempt(async () => {
      const query = new URLSearchParams({ book_date: this.#day.book_date, page_token: this.#day.next_page_token });
      const next = await read(`stall-phone/day?${query}`);
      this.#rows = [...this.#rows, ...next.takings];
      this.#day = { ...this.#day, next_page_token: next.next_page_token };
      this.#dress();
    });
  }

  close() {
    return this.#phone.attempt(async () => {
      const closed = await act("stall-phone/day:close", { book_date: this.#day.book_date });
      if (closed) this.#take(closed);
    });
  }

  dress() {
    if (this.#day) this.#dress();
  }

  drop(key) {
    this.#open = "";
    this.#phone.cash.drop(key);
  }

  turn(id) {
    this.#open = this.#open === id ? "" : id;
    this.#dress();
    document.querySelector(`[data-day=turn][data-id="${id}"]`)?.focus();
  }

  mark(id) {
    const row = this.#rows.find((each) => each.id === id);
    return row && this.#change(() => act(`stall-phone/takings/${id}:mark`, { private: !row.private }));
  }

  takeBack(id) {
    return this.#change(() => act(`stall-phone/cash/${id}:take-back`));
  }

  async #change(work) {
    this.#open = "";
    await this.#phone.attempt(work);
    await this.refresh();
  }

  #take(day) {
    this.#day = day;
    this.#rows = day.takings;
    this.#dress();
  }

  #dress() {
    const day = this.#day;
    view.fill({
      day_name: view.dayName(day.book_date), day_count: day.transfer_count, day_figure: grouped(day.transfer_sum),
      day_sum: money(day.transfer_sum), close_time: view.hourMinute(day.close_time),
    });
    view.choose("closing", day.close_time ? "closed" : this.#phone.canSell() ? "open" : "not");
    view.choose("sells", this.#phone.canSell() ? "yes" : "no");
    const unsent = this.#phone.cash.resting;
    view.choose("rows", this.#rows.length || unsent.length ? "some" : "none");
    view.choose("more", day.next_page_token ? "yes" : "no");
    const sums = sumsOf(day);
    if (unsent.length) sums.push(view.worded(view.words.unsent_sum, { count: unsent.length, amount: money(unsent.reduce((sum, each) => sum + each.amount, 0)) }));
    view.list("sums", sums.map((text) => view.element("li", "", text)));
    view.list("takings", [...[...unsent].reverse().map((entry) => this.#unsent(entry)), ...this.#rows.map((row) => this.#row(row))]);
  }

  // Cash that the server does not have yet, and so is in no sum of the day.
  #unsent({ key, time, amount, problem }) {
    const name = view.element("span", "who", view.words.cash, " ", view.element("b", "short", view.words.unsent));
    if (problem) name.append(" ", view.element("small", "", problem));
    return this.#turning(key, [view.element("span", "num", view.hourMinute(time)), name, view.element("span", "num sum", grouped(amount))], "drop", "drop");
  }

  #row(row) {
    const cash = row.kind === "cash";
    const who = cash ? view.words.cash : row.account_last_four ? view.worded(view.words.tail, { four: row.account_last_four }) : "";
    const name = view.element("span", "who", who);
    for (const [kind, text] of this.#marks(row)) name.append(" ", view.element("b", kind, text));
    const line = [
      view.element("span", "num", view.hourMinute(row.bank_time ?? row.post_time)), name,
      view.element("span", `num sum${row.reversed || row.private ? " aside" : ""}`, grouped(row.amount)),
    ];
    if (!this.#phone.canSell() || row.reversed) return view.element("li", "", view.element("div", "row", ...line));
    return this.#turning(row.id, line, cash ? "takeBack" : "mark", cash ? "take_back" : row.private ? "to_takings" : "to_private");
  }

  // A line that opens the one thing that can be done with it.
  #turning(id, line, doing, word) {
    const button = view.element("button", "row", ...line);
    Object.assign(button, { type: "button" });
    Object.assign(button.dataset, { day: "turn", id });
    button.setAttribute("aria-expanded", String(this.#open === id));
    const item = view.element("li", "", button);
    if (this.#open === id) {
      const change = view.element("button", "small-button", view.words[word]);
      Object.assign(change, { type: "button" });
      Object.assign(change.dataset, { day: doing, id });
      item.append(change);
    }
    return item;
  }

  *#marks(row) {
    if (row.reversed) yield ["short", row.kind === "cash" ? view.words.taken_back : view.words.reversed];
    if (row.private) yield ["neutral", view.words.private];
    if (row.late) yield ["short", view.words.late];
    if (row.kind === "pack") yield ["neutral", view.words.pack];
    const off = row.kind === "sale" ? row.amount - row.sale_amount : 0;
    if (off) yield ["short", view.worded(view.words[off < 0 ? "short" : "over"], { amount: grouped(Math.abs(off)) })];
    if (this.#phone.behind.has(row.id)) yield ["received", view.words.behind];
  }

  // The total as a picture: to a family or a partner, by whatever the phone can send.
  async share() {
    const day = this.#day;
    const stall = this.#phone.stall();
    const title = view.worded(view.words.share, { day: view.dayName(day.book_date) });
    const state = day.close_time ? view.worded(view.words.closed, { time: view.hourMinute(day.close_time) }) : view.words.open;
    const lines = [view.worded(view.words.transfers, { count: day.transfer_count }), ...sumsOf(day), state];
    const picture = await drawTotal(`${stall.name} · ${stall.number}`, title, money(day.transfer_sum), lines);
    const file = new File([picture], `tong-${day.book_date}.png`, { type: "image/png" });
    if (navigator.canShare?.({ files: [file] })) {
      await navigator.share({ files: [file], title }).catch(() => {});
      return;
    }
    const link = view.element("a", "");
    link.href = URL.createObjectURL(file);
    link.download = file.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  }
}

function sumsOf(day) {
  return ["cash", "private", "late"].filter((name) => day[`${name}_count`]).map((name) =>
    view.worded(view.words[`${name}_sum`], { count: day[`${name}_count`], amount: money(day[`${name}_sum`]) }));
}

function drawTotal(stall, title, sum, lines) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: 1080, height: 640 + 56 * lines.length });
  const pen = canvas.getContext("2d");
  const family = getComputedStyle(document.body).fontFamily;
  const write = (text, y, size, weight, colour) => {
    pen.font = `${weight} ${size}px ${family}`;
    pen.fillStyle = colour;
    pen.fillText(text, 72, y, 936);
  };
  pen.fillStyle = "#FFFFFF";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#123B30";
  pen.fillRect(0, 0, canvas.width, 160);
  write(stall, 100, 48, 700, "#FFFFFF");
  write(title, 270, 44, 400, "#4A554F");
  write(sum, 410, 112, 700, "#17211D");
  lines.forEach((line, place) => write(line, 510 + 56 * place, 40, 400, "#17211D"));
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
