// Whole đồng: as typed on the number pad, as written, what cannot be asked, and how money differs from what was asked.
const MOST_DIGITS = 9;
const MOST_SALE = 499_999_999;

// The digits after a key: a digit, "000" or "back". More than nine digits are not taken.
export function press(typed, key) {
  if (key === "back") return typed.slice(0, -1);
  if (!/^(\d|000)$/.test(key)) return typed;
  const next = (typed + key).replace(/^0+/, "");
  return next.length > MOST_DIGITS ? typed : next;
}

// 1250000 as 1.250.000.
export function grouped(amount) {
  return String(amount).replace(/\B(?=(\d{3})+$)/g, ".");
}

export function money(amount) {
  return `${grouped(amount)}\u00a0₫`;
}

// Why an amount cannot be asked for by a transfer: "zero", "most", or nothing.
export function refusal(amount) {
  if (!(amount > 0)) return "zero";
  return amount > MOST_SALE ? "most" : "";
}

// received, or in which way the money of an event differs from what was asked. Int64 come as texts.
export function kindOf(event) {
  const { amount, asked, paid } = amountsOf(event);
  if (event.type === "TYPE_REVERSED") return "undone";
  if (event.type === "TYPE_UNASSIGNED") return "nobody";
  if (event.late) return "late";
  if (!asked || paid === asked) return "received";
  if (paid < asked) return "short";
  return paid - amount >= asked ? "twice" : "over";
}

// What came now, what was asked, and what there is of it in all.
export function amountsOf(event) {
  const amount = Number(event.amount ?? 0);
  const asked = Number(event.sale_amount ?? event.pack_amount ?? 0);
  return { amount, asked, paid: event.type === "TYPE_SALE_PAID" ? Number(event.sale_paid ?? 0) : amount };
}
