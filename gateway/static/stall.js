// The stall's phone: what is shown when, and what taps do. Green and sound come from the server's events alone.
import { CashQueue, NoLine, Refused, act, keepToken, read } from "./stall-api.js";
import { Live, ServerClock } from "./stall-live.js";
import { amountsOf, grouped, kindOf, money, press, refusal } from "./stall-money.js";
import * as view from "./stall-screens.js";
import { Voice } from "./stall-voice.js";

const NOTHING_YET_SECONDS = 90;
const SHOWN_MS = 1_800;
const FEED_MS = 60_000;
const facts = JSON.parse(document.querySelector("#facts").textContent);
const clock = new ServerClock();
const voice = new Voice(facts.voice, dressSound);
const waiting = [];
const behind = new Set();
// Sales that this phone opened or shows.
const own = new Set();
// Money without a code that may be a customer's, by credit, the first one first.
const questions = new Map();
const cash = new CashQueue(dressCash);
let telling = false;
let live = null;
let stall = null;
let phone = null;
let day = null;
let sale = null;
let stallId = "";
let shown = null;
let typed = "";
let mode = "sale";
let pin = "";
let begun = false;
let joined = null;
let since = 0;
let remind = NOTHING_YET_SECONDS;
let late = null;
let missing = 0;
let lock = null;
// Of several pages of one phone, one speaks: a sum that is heard twice is a sum too many.
let speaks = !navigator.locks;
let opening = 0;

const canSell = () => phone?.unlock_until != null && clock.now() < Date.parse(phone.unlock_until);

// What to show when nothing else is to be said.
function home() {
  view.strip("problem", false);
  shown = null;
  mode = "sale";
  if (!begun) return stall ? view.show("begin") : lost();
  if (joined === false) return lost();
  if (questions.size && canSell()) return ask();
  if (sale) return sale.state === "part_paid" ? showShort() : showCode();
  if (!canSell()) return listen();
  dressPad();
  view.show("pad");
}

function listen() {
  view.choose("pin", phone.role !== "seller" ? "never" : phone.has_pin ? "asked" : "none");
  view.show("listen");
}

function dressPad() {
  view.choose("mode", mode);
  view.fill({ typed: typed ? grouped(typed) : "0", pad_problem: "" });
}

function showCode() {
  if (clock.now() >= Date.parse(sale.expire_time) || waited() >= remind) return nothingYet();
  view.fill({ amount: grouped(sale.amount - sale.amount_paid) });
  view.code("sale", sale.code, { amount: money(sale.amount - sale.amount_paid), holder: stall.holder });
  count();
  view.show("code");
}

// A sale that was short before this page was loaded.
function showShort() {
  const { id, amount, amount_paid, proof, paid_time } = sale;
  const event = { type: "TYPE_SALE_PAID", amount: amount_paid, sale_id: id, sale_amount: amount, sale_paid: amount_paid, proof, bank_time: paid_time };
  showMoney(event, "short");
}

const waited = () => Math.max(Math.floor((clock.now() - Date.parse(sale.create_time)) / 1_000), 0);

function nothingYet() {
  view.fill({ amount: grouped(sale.amount - sale.amount_paid) });
  countOn();
  view.show("none");
}

// Seconds go on, and the code may expire meanwhile: by the server's time, whatever the phone's clock says.
function countOn() {
  view.choose("expired", clock.now() >= Date.parse(sale.expire_time) ? "yes" : "no");
  count();
}

function ask() {
  const [question] = questions.values();
  view.fill({ amount: grouped(question.amount), bank_time: view.clockTime(question.bank_time), last_four: question.account_last_four });
  view.choose("payer", question.account_last_four ? "known" : "unknown");
  view.show("question");
}

function lost() {
  view.fill({ since: view.clockTime(since) });
  view.choose("lostcash", phone?.role === "listener" ? "no" : "yes");
  view.show("lost");
}

// Seconds go on; after ninety of them silence would be a lie.
function count() {
  if (!sale) return;
  const seconds = waited();
  const rest = String(seconds % 60).padStart(2, "0");
  view.fill({ seconds, elapsed: `${String(Math.floor(seconds / 60)).padStart(2, "0")}:${rest}` });
}

function tick() {
  if (!sale || !begun) return;
  if (view.screen() === "none") countOn();
  if (view.screen() !== "code") return;
  count();
  if (waited() < remind && clock.now() < Date.parse(sale.expire_time)) return;
  nothingYet();
  navigator.vibrate?.([80, 80, 80]);
  speak(facts.says.not_received.clips);
  view.tell(facts.says.not_received.text);
}

const speak = (clips) => speaks ? voice.say(clips) : Promise.resolve(false);

// Announcements: one after another, each long enough to be seen.
function announce(item) {
  waiting.push(item);
  if (!telling) tellAll();
}

async function tellAll() {
  telling = true;
  while (waiting.length) {
    const item = waiting.shift();
    item.show?.();
    if (item.vibrate) navigator.vibrate?.(item.vibrate);
    if (item.spoken) view.tell(item.spoken);
    document.dispatchEvent(new CustomEvent("stall-says", { detail: { clips: item.clips, sequence: item.sequence } }));
    const pause = new Promise((resolve) => setTimeout(resolve, SHOWN_MS));
    await Promise.all([speak(item.clips ?? []), item.show || item.clips?.length ? pause : null]);
  }
  telling = false;
}

const PAID = ["TYPE_SALE_PAID", "TYPE_STANDING_PAID", "TYPE_REVERSED"];

function heard(event) {
  const money = PAID.includes(event.type);
  if (money) {
    countDay(event);
  }
  if (event.sale_state && event.sale_id === sale?.id) saleMoved(event);
  if (event.type === "TYPE_QUESTION") askLater(event);
  if (event.type === "TYPE_QUESTION_CLOSED") questionClosed(event);
  if (event.type === "TYPE_STALL_CHANGED") again();
  if (money || event.type === "TYPE_UNASSIGNED") tellMoney(event);
  if (view.screen() === "today") dayPage((page) => page.refresh());
}

// The sums of the day that runs: what came late for an earlier one leaves them alone, the first of a new one begins it.
function countDay(event) {
  if (event.book_date && event.book_date < day.book_date) return;
  if (event.book_date > day.book_date) again();
  day = { ...day, book_date: event.book_date || day.book_date, transfer_count: Number(event.day_count ?? 0), transfer_sum: Number(event.day_sum ?? 0) };
  view.fill({ day_sum: money(day.transfer_sum) });
}

// This phone's own waiting sale, as it stands after an event.
function saleMoved(event) {
  const state = event.sale_state;
  if (state === "open" || state === "part_paid") {
    sale = { ...sale, state, amount_paid: Number(event.sale_paid ?? 0) };
    return;
  }
  sale = null;
  if (event.type === "TYPE_SALE_CHANGED" && ["code", "none"].includes(view.screen())) home();
}

function tellMoney(event) {
  const isBehind = missing > 0 && ["TYPE_SALE_PAID", "TYPE_STANDING_PAID"].includes(event.type);
  if (isBehind) {
    missing -= 1;
    behind.add(event.payment_id);
  }
  const kind = kindOf(event);
  announce({
    clips: event.clips ?? [],
    spoken: event.spoken ?? "",
    sequence: event.sequence,
    vibrate: kind === "received" ? [250] : [120, 80, 120, 80, 120],
    // What was missed is read out beside the day's list; a sale that the seller waits for has its own screen all the same.
    show: isBehind && !own.has(event.sale_id) ? undefined : () => showMoney(event, kind),
  });
}

function showMoney(event, kind) {
  if (!begun) return;
  shown = event;
  const { amount, asked, paid } = amountsOf(event);
  const difference = { short: asked - paid, over: paid - asked }[kind] ?? amount;
  const canAsk = kind === "short" && event.type === "TYPE_SALE_PAID" && canSell();
  view.fill({
    amount: grouped(amount), difference: grouped(difference), asked: money(asked), got: money(paid),
    rest: money(difference), spoken: event.spoken ?? "", proof: event.proof ?? "", pack: money(event.pack_amount ?? 0),
    bank_time: view.clockTime(event.bank_time), last_four: event.payer_account_last_four ?? "",
  });
  view.choose("payer", event.payer_account_last_four ? "known" : "unknown");
  view.choose("proof", event.proof && kind !== "undone" ? "yes" : "no");
  view.choose("pack", event.pack_amount ? "yes" : "no");
  view.choose("says", event.spoken ? "yes" : "no");
  view.choose("both", asked && ["short", "over", "twice", "late"].includes(kind) ? "yes" : "no");
  view.choose("what", kind);
  view.choose("kind", kind === "short" ? "short" : "other");
  view.choose("act", canAsk ? "short" : "next");
  view.choose("next", sale && sale.id !== event.sale_id ? "code" : canSell() ? "pad" : "listen");
  view.show(kind === "received" ? "received" : "differs");
}

function askLater(event) {
  questions.set(event.credit_id, {
    credit_id: event.credit_id, amount: Number(event.amount), sale_id: event.sale_id,
    account_last_four: event.payer_account_last_four ?? "", bank_time: event.bank_time,
  });
  announce({ clips: event.clips ?? [], spoken: event.spoken ?? "", vibrate: [120, 80, 120], show: () => questions.size && canSell() && ask() });
}

function questionClosed({ credit_id }) {
  if (questions.delete(credit_id) && view.screen() === "question") home();
}

// After a gap: how many payments, and their sum; then each of them.
function missed(summary) {
  missing = Number(summary.count ?? 0);
  if (!missing) return;
  view.fill({ missed_count: missing, missed_sum: money(summary.amount ?? 0) });
  view.choose("missed", "yes");
  if (begun) openDay();
  announce({ clips: summary.clips ?? [], spoken: summary.spoken ?? "", show: () => {} });
}

function lineChanged(isJoined) {
  const was = joined;
  joined = isJoined;
  dressLine();
  if (isJoined) {
    if (was === false) again();
    if (view.screen() === "lost") home();
    sendCash();
    return;
  }
  since = clock.now();
  if (!begun || !stall) return;
  lost();
  navigator.vibrate?.([400]);
  speak(facts.says.not_confirmed.clips);
  view.tell(facts.says.not_confirmed.text);
}

function dressLine() {
  view.choose("line", joined ? (late ? "late" : "joined") : "joining");
  if (joined) view.fill({ line_time: view.clockTime(clock.now()) });
}

function dressSound() {
  view.choose("loud", voice.isOn ? "on" : "off");
  view.strip("muted", begun && speaks && !voice.isOn);
  view.strip("elsewhere", begun && !speaks);
}

function dressCash() {
  const count = cash.entries.length;
  view.fill({ unsent_count: count, unsent_sum: money(cash.sum) });
  view.choose("unsent", count ? "yes" : "no");
  if (view.screen() === "today") dayPage((page) => page.dress());
}

async function sendCash() {
  if (!phone || !cash.entries.length) return;
  await cash.send();
  if (view.screen() === "today") dayPage((page) => page.refresh());
}

async function feeds() {
  const answer = await read("bank-feeds").catch(() => null);
  if (!answer) return;
  late = answer.feeds.find((feed) => feed.late_since) ?? null;
  if (late) view.fill({ bank: late.bank_name, time: view.hourMinute(late.late_since) });
  view.strip("late", late !== null && begun);
  dressLine();
}

function take(screen) {
  keepToken(screen.form_token);
  clock.set(screen.phone.now);
  stall = screen.stall;
  stallId = stall.id;
  cash.belongTo(stallId);
  day = screen.day;
  questions.clear();
  for (const question of screen.questions) questions.set(question.credit_id, question);
  takePhone(screen.phone);
  view.fill({
    stall_name: stall.name, number: stall.number, holder: stall.holder, four: stall.account_last_four,
    programme: stall.programme, day_sum: money(day.transfer_sum), check_time: view.hourMinute(screen.stand.check_time),
    line_time: view.clockTime(clock.now()),
  });
  view.code("stand", screen.stand.code, { holder: stall.holder });
  const today = view.isoDay(clock.now());
  view.choose("stand", view.isoDay(screen.stand.check_time) === today ? "checked" : "unchecked");
  keepStand(screen);
  return screen;
}

function takePhone(next) {
  phone = next;
  view.choose("sells", canSell() ? "yes" : "no");
}

// What stands at the stall for everybody to see is kept for the time without a line; nothing else is.
async function keepStand({ stall: { id, name, number, holder, account_last_four }, stand: { code } }) {
  const kept = await globalThis.caches?.open("xoai-stall-stand").catch(() => null);
  await kept?.put("/quay-hang/ma-dung", Response.json({ id, name, number, holder, account_last_four, code })).catch(() => {});
}

async function takeKeptStand() {
  const kept = await globalThis.caches?.match("/quay-hang/ma-dung").catch(() => null);
  if (!kept) return false;
  const stand = await kept.json();
  stallId = stand.id;
  view.fill({ stall_name: stand.name, number: stand.number, holder: stand.holder, four: stand.account_last_four });
  view.code("stand", stand.code, { holder: stand.holder });
  return true;
}

// What cannot be read anew now is read with the next event, or once the line stands again.
const again = () => reload().catch(() => {});

// The phone itself, anew: after a change of the stall, or to find out why the line was refused.
async function reload() {
  try {
    take(await read("stall-phone"));
    if (sale) {
      const now = await read(`stall-phone/sales/${sale.id}`);
      sale = ["open", "part_paid"].includes(now.state) ? { ...sale, ...now, code: now.code ?? sale.code } : null;
    }
    if (["code", "none", "pad", "listen", "question"].includes(view.screen())) home();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return unpaired();
    if (error instanceof Refused) throw error;
  }
}

async function unpaired() {
  live?.stop();
  live = null;
  begun = false;
  await globalThis.caches?.delete("xoai-stall-stand").catch(() => {});
  // A phone that was removed forgets what it knew of the stall: only a fresh page has forgotten everything.
  if (stall) return location.reload();
  return view.show("unpaired");
}

async function open() {
  clearTimeout(opening);
  if (live) return;
  try {
    const screen = take(await read("stall-phone"));
    // The stall's sale that waits goes on here, if this phone may sell: it may be this page's own, before a reload.
    sale = canSell() ? screen.sale : null;
    if (sale) own.add(sale.id);
    view.show("begin");
    performance.mark("stall-ready");
    join(screen);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) return unpaired();
    since = clock.now();
    if (await takeKeptStand()) lost();
    else sayProblem(error instanceof Refused ? error.message : view.words.offline);
    opening = setTimeout(open, 5_000);
  }
}

function join(screen) {
  if (live) return;
  live = new Live(screen.channel, screen.day.sequence, {
    event: heard,
    missed,
    joined: lineChanged,
    refused: async () => { await again(); setTimeout(() => live?.reopen(), 2_000 + Math.random() * 3_000); },
    time: (text) => { clock.set(text); if (!begun) dressLine(); },
  });
  live.start();
  setInterval(tick, 500);
  feeds();
  setInterval(eachMinute, FEED_MS);
}

function eachMinute() {
  feeds();
  sendCash();
  // At the cut-off another day begins, also where nothing comes that would say so.
  if (day.cut_off_time && clock.now() >= Date.parse(day.cut_off_time)) again();
}

function sayProblem(text) {
  view.fill({ problem: text });
  view.strip("problem", true);
}

// Run what a tap asks for; what went wrong is said on the screen.
async function attempt(work) {
  view.strip("problem", false);
  try {
    return await work();
  } catch (error) {
    if (error instanceof NoLine) sayProblem(view.words.offline);
    else if (error instanceof Refused && error.status === 401) unpaired();
    else if (error instanceof Refused) {
      sayProblem(error.fields[0] ?? error.message);
      if (error.status === 403 || error.status === 409) await reload().catch(() => {});
    } else throw error;
    return undefined;
  }
}

async function wake() {
  if (lock || !navigator.wakeLock || document.hidden) return;
  lock = await navigator.wakeLock.request("screen").catch(() => null);
  lock?.addEventListener("release", () => { lock = null; });
}

const loadDay = () => import("./stall-day.js");
const loadCheck = () => import("./stall-check.js");

function dayPage(use) {
  return loadDay().then((page) => use(page.today({ attempt, clock, behind, cash, canSell, day: () => day, stall: () => stall })));
}

function openDay() {
  view.show("today");
  dayPage((page) => page.open());
}

async function sell(body) {
  const made = await act("stall-phone/sales", body);
  if (!made) return;
  sale = made;
  shown = null;
  own.add(made.id);
  remind = NOTHING_YET_SECONDS;
  typed = "";
  if (joined) showCode();
  else home();
}

const amountTyped = () => Number(typed || 0);

async function endSale(path, body) {
  const id = shown?.sale_id ?? sale?.id;
  if (!id) return home();
  const ended = await act(`stall-phone/sales/${id}:${path}`, body);
  if (!ended) return undefined;
  if (sale?.id === id) sale = null;
  return home();
}

const actions = {
  reload: () => location.reload(),
  start() {
    begun = true;
    const unlocked = voice.unlock().catch(() => {});
    speakAlone();
    holdBack();
    wake();
    // A shift is longer than a version: what the screen may need later comes now, with the rest of it.
    loadDay();
    loadCheck();
    if (late) view.strip("late", true);
    if (phone.role === "seller" && phone.has_pin && !canSell()) openPin();
    else home();
    unlocked.then(dressSound);
  },
  sound: () => voice.unlock().catch(() => {}).then(dressSound),
  test: () => voice.unlock().catch(() => {}).then(() => speak(facts.says.sound_check.clips)),
  pin: openPin,
  listen,
  home,
  next: home,
  edit: () => { const amount = sale?.amount; return attempt(async () => { await endSale("cancel"); typed = amount ? String(amount) : ""; dressPad(); }); },
  cancel: () => attempt(() => endSale("cancel")),
  async sell() {
    const why = refusal(amountTyped());
    if (why) return view.fill({ pad_problem: view.words[why] });
    return attempt(() => sell({ amount: amountTyped() }));
  },
  cash() {
    if (!amountTyped()) return view.fill({ pad_problem: view.words.zero });
    cash.add(amountTyped(), stallId, new Date(clock.now()).toISOString());
    typed = "";
    if (!joined) home();
    else openDay();
    if (!cash.isKept) sayProblem(view.words.not_kept);
    return sendCash();
  },
  again() {
    if (!sale) return home();
    if (clock.now() >= Date.parse(sale.expire_time)) {
      const { id, amount } = sale;
      return attempt(async () => {
        if (!(await act(`stall-phone/sales/${id}:cancel`))) return;
        sale = null;
        await sell({ amount });
      });
    }
    remind = waited() + NOTHING_YET_SECONDS;
    return showCode();
  },
  "paid-cash": () => attempt(() => endSale("settle", { rest_in_cash: true })),
  "rest-cash": () => attempt(() => endSale("settle", { rest_in_cash: true })),
  "take-less": () => attempt(() => endSale("settle", { rest_in_cash: false })),
  rest: () => shown && attempt(() => sell({ amount: Number(shown.sale_amount) - Number(shown.sale_paid), rest_of_sale_id: shown.sale_id })),
  yes: () => attempt(() => answer(true)),
  no: () => attempt(() => answer(false)),
  rejoin: () => live ? live.reopen() : open(),
  "lost-cash"() { typed = sale ? String(sale.amount) : ""; openCash(); },
  "enter-cash"() { typed = ""; openCash(); },
  today: openDay,
  check: () => loadCheck().then((page) => page.open({ attempt, say: sayProblem })),
  "end-shift": () => attempt(async () => {
    const locked = await act("stall-phone:lock");
    if (!locked) return;
    takePhone(locked);
    home();
  }),
};

function openCash() {
  mode = "cash";
  dressPad();
  view.show("pad");
}

function openPin() {
  pin = "";
  view.dots(0);
  view.fill({ pin_problem: "" });
  view.show("pin");
}

async function answer(yes) {
  const [credit_id] = questions.keys();
  if (!credit_id || !(await act(`stall-phone/questions/${credit_id}:answer`, { yes }))) return;
  questions.delete(credit_id);
  if (view.screen() === "question") home();
}

// The phone's "back" leads to the screen before; it does not leave the shift, and with it the sound.
function holdBack() {
  if (history.state !== "shift") history.pushState("shift", "");
}

function speakAlone() {
  if (speaks) return;
  navigator.locks.request("xoai-stall-voice", () => {
    speaks = true;
    dressSound();
    return new Promise(() => {});
  });
}

async function pinKey(key) {
  pin = key === "back" ? pin.slice(0, -1) : (pin + key).slice(0, 4);
  view.dots(pin.length);
  if (pin.length < 4) return;
  const tried = pin;
  pin = "";
  try {
    const unlocked = await act("stall-phone:unlock", { pin: tried });
    if (!unlocked) return;
    takePhone(unlocked);
    home();
    sendCash();
  } catch (error) {
    view.dots(0);
    if (error instanceof Refused && error.status === 401) return unpaired();
    view.fill({ pin_problem: error instanceof Refused ? error.message : view.words.offline });
  }
}

function key(value) {
  if (view.screen() === "pin") return pinKey(value);
  const next = press(typed, value);
  const full = next === typed && value !== "back" && typed !== "" && !/^0+$/.test(value);
  typed = next;
  dressPad();
  if (full) view.fill({ pad_problem: view.words[mode === "cash" ? "most_cash" : "most"] });
  return undefined;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do], [data-key], [data-preset]");
  if (!button) return;
  if (button.dataset.key) key(button.dataset.key);
  else if (button.dataset.preset) { typed = button.dataset.preset; dressPad(); }
  else actions[button.dataset.do]?.();
});

document.addEventListener("keydown", (event) => {
  if (!["pad", "pin"].includes(view.screen()) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (/^\d$/.test(event.key)) key(event.key);
  else if (event.key === "Backspace") key("back");
  else if (event.key === "Enter" && event.target === document.querySelector("main")) actions[mode === "cash" ? "cash" : "sell"]();
});

document.addEventListener("visibilitychange", () => begun && wake());
addEventListener("popstate", () => {
  if (!begun) return;
  holdBack();
  if (["today", "check", "checked", "pin"].includes(view.screen()) || mode === "cash") home();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", view.paint);
addEventListener("online", () => feeds());
dressSound();
dressCash();
addEventListener("load", () => navigator.serviceWorker?.register(facts.worker, { scope: "/quay-hang", updateViaCache: "all" }).catch(() => {}));
open();
