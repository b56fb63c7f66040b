/** The built web app as the scripted hub serves it: the same strict headers as the hub's, and a worker that can become a new version. */
import { existsSync } from "node:fs";
import { extname, join, normalize } from "node:path";

const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'";
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
    return new Response(Bun.file(name), {
      headers: {
        "content-type": TYPES[extname(name)] ?? "application/octet-stream",
        "content-security-policy": CSP,
        "cache-control": wanted.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache",
        "x-content-type-options": "nosniff",
      },
    });
  }

  return {
    serve: (path) => (path === "/sw.js" ? worker() : file(path)),
    setWorkerSuffix(suffix) {
      workerSuffix = suffix;
    },
  };
}
