// Reads a photographed code on this very device, where the browser can, and sends only its text.
const form = document.querySelector("[data-scan]");
const photo = document.querySelector("#photo");
const canRead = "BarcodeDetector" in window && (await BarcodeDetector.getSupportedFormats().catch(() => [])).includes("qr_code");
form.querySelector("[data-camera]").hidden = !canRead;
form.querySelector("[data-no-camera]").hidden = canRead;
photo.addEventListener("change", async () => {
  const [file] = photo.files;
  if (!file) return;
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  const found = await createImageBitmap(file).then((image) => detector.detect(image)).catch(() => []);
  photo.value = "";
  form.querySelector("[data-none]").hidden = found.length > 0;
  if (!found.length) return;
  document.querySelector("#payload").value = found[0].rawValue;
  form.requestSubmit();
});
