/**
 * Offline shell. Files of this build are cached when it is installed and served from there: page and files always
 * belong to one version, and opening needs no network. The API is never cached here: data offline is the app's own store.
 * A new version waits until the page says so, then old caches go. Built into one file (`/sw.js`) with the list of files put in by the build.
 */
/// <reference lib="webworker" />

interface Precache {
  version: string;
  files: string[];
}

const scope = self as unknown as ServiceWorkerGlobalScope;
// the build puts the list in this name's place (vite/service-worker.ts)
declare const __PRECACHE__: Precache;
const precache = __PRECACHE__;
const PREFIX = "hapi-shell-";
const CACHE = PREFIX + precache.version;
const SHELL = "/";

const isPrivate = (path: string): boolean => path.startsWith("/api/") || path.startsWith("/cli/") || path.startsWith("/socket.io/");
const isHashed = (path: string): boolean => path.startsWith("/assets/");

async function install(): Promise<void> {
  const cache = await caches.open(CACHE);
  await Promise.all(
    precache.files.map(async (file) => {
      const known = isHashed(file) ? await caches.match(file) : undefined;
      // a hashed file of the last version is the same file
      await cache.put(file, known ?? (await fetchFresh(file)));
    }),
  );
  // the first one has nobody to ask
  if (!scope.registration.active) await scope.skipWaiting();
}

async function fetchFresh(file: string): Promise<Response> {
  const response = await fetch(new Request(file, { cache: "reload", credentials: "same-origin" }));
  if (!response.ok) throw new Error(`${file} answered ${response.status}`);
  return response;
}

async function activate(): Promise<void> {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(PREFIX) && name !== CACHE).map((name) => caches.delete(name)));
  await scope.clients.claim();
}

/** Hashed files: the cache, else the network, and then kept. */
async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

/** Every address of the app is the one shell. */
async function page(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(SHELL)) ?? fetch(request);
}

async function other(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(request)) ?? fetch(request);
}

scope.addEventListener("install", (event) => event.waitUntil(install()));
scope.addEventListener("activate", (event) => event.waitUntil(activate()));

scope.addEventListener("message", (event) => {
  const data: unknown = event.data;
  if (typeof data === "object" && data !== null && "type" in data && data.type === "skip-waiting") event.waitUntil(scope.skipWaiting());
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.location.origin || isPrivate(url.pathname)) return;
  if (request.mode === "navigate") event.respondWith(page(request));
  else if (isHashed(url.pathname)) event.respondWith(asset(request));
  else event.respondWith(other(request));
});
