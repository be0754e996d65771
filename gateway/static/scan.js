// Reads a code by the phone's camera or from a photograph, on the phone itself: pictures never leave it.
const PAUSE_MS = 200;
// Who lays the phone aside forgets the camera; it warms the phone and eats the battery.
const LONGEST_MS = 60_000;
// A board also carries a small code that leads to its page: the large one is waited for so long.
const OTHER_MS = 2_500;

// A photograph is read at this size, in pixels of its longer side: more costs time and finds no more.
const SIDE = 1600;

const isPayment = (text) => text.startsWith("0002");
let texts = null;
let stream = null;

// Whether this browser reads codes: by itself or, where it cannot (iPhones, Firefox), by a reader that is loaded for it.
export async function canRead() {
  texts ??= (await ownReader()) ?? (await loadedReader().catch(() => null));
  return texts !== null;
}

// Some browsers say that they have a reader and then have none for these codes.
async function ownReader() {
  const formats = await globalThis.BarcodeDetector?.getSupportedFormats?.().catch(() => []) ?? [];
  if (!formats.includes("qr_code")) return null;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  return async (picture) => (await detector.detect(picture)).map((each) => each.rawValue);
}

async function loadedReader() {
  const { decodeQRBatch } = await import("./qr-decode.js");
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  return async (picture) => {
    const [width, height] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
    const scale = Math.min(1, SIDE / Math.max(width, height));
    Object.assign(pen.canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    pen.drawImage(picture, 0, 0, pen.canvas.width, pen.canvas.height);
    const [found] = await decodeQRBatch([pen.getImageData(0, 0, pen.canvas.width, pen.canvas.height)]);
    return found.filter((each) => typeof each === "string");
  };
}

export function canLook() {
  return navigator.mediaDevices?.getUserMedia !== undefined;
}

// True if the camera may be opened without a question to the person.
export async function mayLook() {
  const permission = await navigator.permissions?.query({ name: "camera" }).catch(() => null);
  return permission?.state === "granted";
}

async function read(picture) {
  const found = (await texts(picture)).filter(Boolean);
  return found.find(isPayment) ?? found[0] ?? "";
}

// The code in a photograph; empty if there is none.
export function readPhoto(file) {
  return createImageBitmap(file).then(read).catch(() => "");
}

// Look through the camera until a code is seen; its text, or nothing once `goesOn` says no or it took too long.
// Throws what the browser says: the person refused, there is no camera, another program holds it.
export async function look(video, goesOn) {
  stop();
  const mine = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 } } });
  // Left, or opened again, while the person was asked.
  if (!goesOn()) return end(mine);
  stop();
  stream = mine;
  video.srcObject = mine;
  await video.play().catch(() => {});
  const started = performance.now();
  let otherSince = 0;
  while (stream === mine && goesOn() && performance.now() - started < LONGEST_MS) {
    const text = await read(video).catch(() => "");
    if (stream !== mine) return undefined;
    otherSince = text ? otherSince || performance.now() : 0;
    if (text && (isPayment(text) || performance.now() - otherSince > OTHER_MS)) {
      stop();
      return text;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  if (stream === mine) stop();
  video.srcObject = null;
  return undefined;
}

export function stop() {
  if (stream) end(stream);
  stream = null;
}

function end(some) {
  for (const track of some.getTracks()) track.stop();
}
