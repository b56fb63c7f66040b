/**
 * The built web app: precompressed variants where the build made them, ETag, hashed assets immutable, every other path `index.html`.
 * Only files under the root are served. Facts about files are remembered; a build replaces the whole folder.
 */
import { readFile, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { pickEncoding, type Encoding } from "./compress.ts";
import { securityHeaders } from "./security-headers.ts";

const maxRemembered = 2_000;
const hashedAsset = /[-.][A-Za-z0-9_-]{8,}\.(?:js|css|woff2?|png|svg|webp|jpg|ico|wasm|json)$/;
const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".webp": "image/webp",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".woff": "font/woff",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
  ".map": "application/json; charset=utf-8",
};

interface FileFacts {
  path: string;
  etag: string;
  type: string;
  immutable: boolean;
  encodings: Encoding[];
}

export function createStaticFiles(root: string): (request: Request) => Promise<Response | null> {
  const known = new Map<string, FileFacts | null>();
  const look = async (name: string): Promise<FileFacts | null> => {
    const remembered = known.get(name);
    if (remembered !== undefined) return remembered;
    const facts = await readFacts(root, name);
    if (known.size < maxRemembered) known.set(name, facts);
    return facts;
  };
  return async (request) => {
    const name = fileName(request);
    if (name === null) return null;
    const isPage = extname(name) === "";
    const facts = (isPage ? null : await look(name)) ?? (isPage ? await look("/index.html") : null);
    return facts ? answer(request, facts) : null;
  };
}

function fileName(request: Request): string | null {
  try {
    const path = decodeURIComponent(new URL(request.url).pathname);
    return path.includes("\0") || path.split("/").includes("..") ? null : path;
  } catch {
    // A broken escape names no file.
    return null;
  }
}

async function readFacts(root: string, name: string): Promise<FileFacts | null> {
  const path = join(root, name);
  const info = await stat(path).catch(() => null);
  if (!info?.isFile()) return null;
  const [real, realRoot] = await Promise.all([realpath(path), realpath(root)]);
  if (!real.startsWith(realRoot + sep)) return null;
  const encodings: Encoding[] = [];
  for (const [encoding, suffix] of [
    ["br", ".br"],
    ["gzip", ".gz"],
  ] as const) {
    if ((await stat(path + suffix).catch(() => null))?.isFile()) encodings.push(encoding);
  }
  return {
    path,
    etag: `${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}`,
    type: contentTypes[extname(path)] ?? "application/octet-stream",
    immutable: name.startsWith("/assets/") && hashedAsset.test(name),
    encodings,
  };
}

async function answer(request: Request, facts: FileFacts): Promise<Response> {
  const encoding = pickEncoding(request.headers.get("accept-encoding") ?? undefined, facts.encodings);
  const etag = `"${facts.etag}${encoding === null ? "" : `-${encoding}`}"`;
  const headers = new Headers(securityHeaders(facts.type));
  headers.set("content-type", facts.type);
  headers.set("etag", etag);
  headers.set("vary", "Accept-Encoding");
  headers.set("cache-control", facts.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers });
  if (encoding !== null) headers.set("content-encoding", encoding);
  const body = await readFile(facts.path + (encoding === "br" ? ".br" : encoding === "gzip" ? ".gz" : ""));
  headers.set("content-length", String(body.length));
  return new Response(request.method === "HEAD" ? null : new Uint8Array(body), { headers });
}
