// Reads a code by the camera or from a photograph on this very device, where the browser can, and sends only its text.
import * as scan from "./scan.js";

const form = document.querySelector("[data-scan]");
const photo = document.querySelector("#photo");
const show = (name, isShown) => { form.querySelector(`[data-${name}]`).hidden = !isShown; };

function send(text) {
  document.querySelector("#payload").value = text;
  form.requestSubmit();
}

photo.addEventListener("change", async () => {
  const [file] = photo.files;
  if (!file) return;
  scan.stop();
  const text = await scan.readPhoto(file);
  photo.value = "";
  show("none", !text);
  if (text) send(text);
});

async function look() {
  show("refused", false);
  show("look", false);
  show("finder", true);
  try {
    const text = await scan.look(form.querySelector("video"), () => !document.hidden);
    if (text) send(text);
  } catch {
    show("refused", true);
  }
  show("finder", false);
  show("look", true);
}

form.querySelector("[data-look]").addEventListener("click", look);
addEventListener("pagehide", scan.stop);

if (await scan.canRead()) {
  show("no-camera", false);
  show("camera", true);
  show("look", scan.canLook());
  if (scan.canLook() && (await scan.mayLook())) look();
}
