// Keeps the stall screen's own files for the time without a line, and for opening without waiting. Never an answer that
// holds money or anything of a stall: those are not even looked at here. KEPT stands above, written by the server.
const NAME = `xoai-stall-${KEPT.version}`;
const STAND = "xoai-stall-stand";
const files = new Set(KEPT.files);

addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(NAME);
    await cache.addAll([new Request(KEPT.shell, { cache: "reload" }), ...KEPT.files]);
    await skipWaiting();
  })());
});

addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("xoai-stall-") && name !== NAME && name !== STAND).map((name) => caches.delete(name)));
    await clients.claim();
  })());
});

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate" && url.pathname === "/quay-hang" && !url.search) event.respondWith(kept(KEPT.shell, request));
  else if (files.has(url.pathname)) event.respondWith(kept(url.pathname, request));
});

async function kept(path, request) {
  const cache = await caches.open(NAME);
  return (await cache.match(path)) ?? fetch(request);
}
