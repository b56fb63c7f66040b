/**
 * Gives the service worker the list of files of this build. The worker is an ordinary entry (`src/sw/service-worker.ts`) with a fixed
 * name; after bundling, its placeholder is replaced by the list and a version made from it. Large parts that are loaded late and the
 * files of web workers (code grammars) are left out: they are cached when they are first used.
 */
import { createHash } from "node:crypto";
import type { Plugin } from "vite";

export const WORKER_ENTRY = "sw";
const PLACEHOLDER = "__PRECACHE__";
const STATIC_FILES = ["/manifest.webmanifest", "/icons/icon.svg", "/icons/icon-192.png"];
/** A chunk above this size that is not part of the first load is fetched when needed. */
const MAX_LAZY_BYTES = 60_000;

export function serviceWorker(): Plugin {
  return {
    name: "hapi:service-worker",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const worker = Object.values(bundle).find((item) => item.type === "chunk" && item.isEntry && item.name === WORKER_ENTRY);
        if (worker?.type !== "chunk") return;
        if (worker.imports.length > 0) this.error(`the service worker must not share code with the app: ${worker.imports.join(", ")}`);
        const assets: string[] = [];
        const hash = createHash("sha256");
        for (const [name, item] of Object.entries(bundle)) {
          if (item === worker || name.endsWith(".map") || name.startsWith(".vite/") || name.endsWith(".html")) continue;
          // scripts that arrive as assets belong to a web worker (code grammars): cached when they are first used
          if (item.type === "asset" && !name.endsWith(".css")) continue;
          if (item.type === "chunk" && !item.isEntry && item.code.length > MAX_LAZY_BYTES) continue;
          assets.push(`/${name}`);
          hash.update(name);
        }
        hash.update(worker.code);
        const list = { version: hash.digest("hex").slice(0, 12), files: ["/", ...STATIC_FILES, ...assets.sort()] };
        if (!worker.code.includes(PLACEHOLDER)) this.error("the service worker has lost its precache placeholder");
        worker.code = worker.code.replace(PLACEHOLDER, JSON.stringify(list));
      },
    },
  };
}
