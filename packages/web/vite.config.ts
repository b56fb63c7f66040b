/** Build of the web app: hashed assets, no inline script, a precache list for the service worker, and precompressed copies for the hub. */
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { BOOT_ENTRY, bootScript } from "./vite/boot-script.ts";
import { chunks } from "./vite/chunks.ts";
import { fetchedImports } from "./vite/fetched-imports.ts";
import { precompress } from "./vite/precompress.ts";
import { serviceWorker, WORKER_ENTRY } from "./vite/service-worker.ts";

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const config = defineConfig({
  root: at("."),
  plugins: [react(), tailwindcss(), fetchedImports(), bootScript(), serviceWorker(), precompress()],
  // the wire schemas' own small engine in place of zod: see the header of that file
  resolve: { alias: { "zod/mini": at("./src/schema/mini.ts") } },
  server: { proxy: { "/api": process.env["HAPI_DEV_HUB"] ?? "http://127.0.0.1:3006" } },
  worker: { format: "es" },
  build: {
    outDir: at("./dist"),
    emptyOutDir: true,
    target: ["chrome111", "safari16.4", "firefox114"],
    manifest: true,
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1500,
    assetsInlineLimit: 0,
    rolldownOptions: {
      // how long plugins took, and that a module is fetched late which others in its file need early, is nothing a user who starts HAPI has to read
      checks: { pluginTimings: false, ineffectiveDynamicImport: false },
      // our packages only define things when loaded: what is not used (the schemas, 11 KB with zod) is left out
      treeshake: { moduleSideEffects: [{ test: /\/packages\/(?:protocol|core|client)\//, sideEffects: false }] },
      input: { main: at("./index.html"), [BOOT_ENTRY]: at("./src/boot/boot.ts"), [WORKER_ENTRY]: at("./src/sw/service-worker.ts") },
      output: {
        codeSplitting: chunks,
        entryFileNames: (chunk) => (chunk.name === WORKER_ENTRY ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
});

export { config as default };
