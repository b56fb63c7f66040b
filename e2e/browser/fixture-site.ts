/** The built web app as the scripted hub serves it: the hub's own strict headers, and a worker that can become a new version. */
import { existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";
import { securityHeaders } from "@hapi/hub";

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".wasm": "application/wasm",
};

export interface FixtureSite {
  serve(path: string): Response | Promise<Response>;
  /** Makes `/sw.js` another file, as a new version would. */
  setWorkerSuffix(suffix: string): void;
}

export function createFixtureSite(webRoot: string): FixtureSite {
  let workerSuffix = "";

  async function worker(): Promise<Response> {
    const code = await Bun.file(join(webRoot, "sw.js")).text();
    return new Response(code + workerSuffix, { headers: { "content-type": TYPES[".js"] ?? "", "cache-control": "no-cache" } });
  }

  function file(path: string): Response {
    const wanted = normalize(path).replace(/^(\.\.\/)+/, "");
    const full = join(webRoot, wanted);
    const name = extname(wanted) !== "" && existsSync(full) ? full : join(webRoot, "index.html");
    if (extname(wanted) !== "" && name.endsWith("index.html")) return new Response("Not found", { status: 404 });
    const type = TYPES[extname(name)] ?? "application/octet-stream";
    const cache = wanted.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    return new Response(Bun.file(name), { headers: { ...securityHeaders(type), "content-type": type, "cache-control": cache } });
  }

  return {
    serve: (path) => (path === "/sw.js" ? worker() : file(path)),
    setWorkerSuffix(suffix) {
      workerSuffix = suffix;
    },
  };
}
