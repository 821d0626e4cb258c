// The service worker: opens the app where there is no network, with what it last had.
//
// Keeps the page and its assets, and nothing of what people say: the API is not touched, and the
// app itself keeps the last messages. Assets have hashed names and never change; the page is asked
// for anew each time, and the kept one is shown only where there is no answer.

const KEPT = "conclave-1";
const PAGE = "/";
/** A page that has not come by then is taken from what was kept, in milliseconds. */
const PAGE_MAX_MS = 4_000;

/** Assets that a page names. */
const assetsOf = (html) => [...new Set(html.match(/\/assets\/[\w.-]+/g) ?? [])];

async function keepPage() {
  const cache = await caches.open(KEPT);
  const answer = await fetch(PAGE, { cache: "no-cache" });
  if (!answer.ok) return;
  const html = await answer.clone().text();
  const named = assetsOf(html);
  await cache.put(PAGE, answer);
  await cache.addAll([...named, "/icon.svg", "/manifest.webmanifest"]);
}

/** Lets go of assets that neither the page nor a recent visit named. */
async function tidy(named) {
  const cache = await caches.open(KEPT);
  for (const request of await cache.keys()) {
    const { pathname } = new URL(request.url);
    if (pathname.startsWith("/assets/") && !named.includes(pathname)) await cache.delete(request);
  }
  const missing = [];
  for (const path of named) if (!(await cache.match(path))) missing.push(path);
  await cache.addAll(missing);
}

self.addEventListener("install", (event) => {
  self.skipWaiting();
  event.waitUntil(keepPage());
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

// What the page loaded before this worker was there, lazy parts too.
self.addEventListener("message", (event) => {
  const { assets } = event.data ?? {};
  if (!Array.isArray(assets)) return;
  const own = assets.filter((path) => typeof path === "string" && /^\/assets\/[\w.-]+$/.test(path));
  event.waitUntil(tidy(own));
});

async function page(request) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PAGE_MAX_MS) });
    if (answer.ok) await cache.put(PAGE, answer.clone());
    return answer;
  } catch (error) {
    const kept = await cache.match(PAGE);
    if (kept) return kept;
    throw error;
  }
}

async function asset(request) {
  const kept = await caches.match(request, { ignoreSearch: true });
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) (await caches.open(KEPT)).put(request, answer.clone());
  return answer;
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  const isPage = request.mode === "navigate" && (pathname === "/" || pathname.startsWith("/g/"));
  if (isPage) event.respondWith(page(request));
  else if (pathname.startsWith("/assets/") || pathname === "/icon.svg" || pathname === "/manifest.webmanifest") {
    event.respondWith(asset(request));
  }
});
