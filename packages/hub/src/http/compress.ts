/** gzip or brotli for JSON answers of more than a kilobyte, when the client really accepts it (q-values count). */
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import type { Context } from "hono";

const minBytes = 1024;
const gzipAsync = promisify(gzip);
const brotliAsync = promisify(brotliCompress);

export type Encoding = "br" | "gzip";

export async function compress(c: Context, next: () => Promise<void>): Promise<void> {
  const encoding = pickEncoding(c.req.header("accept-encoding"), ["gzip", "br"]);
  await next();
  if (encoding === null) return;
  const type = c.res.headers.get("content-type") ?? "";
  if (!type.startsWith("application/json") || c.res.body === null || c.req.method === "HEAD") return;
  const bytes = Buffer.from(await c.res.arrayBuffer());
  const headers = new Headers(c.res.headers);
  headers.append("vary", "Accept-Encoding");
  const { status } = c.res;
  // Hono keeps the headers of the response it had; this one replaces it whole.
  c.res = undefined;
  if (bytes.length < minBytes) {
    c.res = new Response(bytes, { status, headers });
    return;
  }
  headers.set("content-encoding", encoding);
  headers.delete("content-length");
  c.res = new Response(await encode(bytes, encoding), { status, headers });
}

/** Level 1: answers are made once and read once; the wire is what counts. */
async function encode(bytes: Buffer, encoding: Encoding): Promise<Uint8Array<ArrayBuffer>> {
  const encoded =
    encoding === "gzip"
      ? await gzipAsync(bytes, { level: 1 })
      : await brotliAsync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 3 } });
  return new Uint8Array(encoded);
}

/** The first of `offered` with the highest q-value; null when none is accepted. */
export function pickEncoding(header: string | undefined, offered: readonly Encoding[]): Encoding | null {
  if (!header) return null;
  const weights = new Map<string, number>();
  for (const part of header.split(",")) {
    const [name, ...params] = part.trim().toLowerCase().split(";");
    const q = params.map((param) => /^\s*q=([\d.]+)\s*$/.exec(param)?.[1]).find((value) => value !== undefined);
    if (name) weights.set(name, q === undefined ? 1 : Number(q));
  }
  const weightOf = (name: Encoding): number => weights.get(name) ?? weights.get("*") ?? 0;
  const best = offered.toSorted((a, b) => weightOf(b) - weightOf(a))[0];
  return best !== undefined && weightOf(best) > 0 ? best : null;
}
