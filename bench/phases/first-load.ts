/** What a browser fetches before the web app runs: bytes on the wire the first time, and when it comes back. */
import { decoded, Http } from "../lib/http.ts";
import { toHundredths } from "../lib/stats.ts";
import type { Metrics, Phase } from "./phase.ts";

const browserEncodings = { "accept-encoding": "gzip, deflate, br, zstd" };
const assetPattern = /(?:src|href)="(\/[^"]+\.(?:js|mjs|css))"/g;

export const firstLoad: Phase = {
  name: "web",
  summary: "first load of the web app: kilobytes on the wire",
  limitMs: () => 60_000,
  async run(hub, context): Promise<Metrics> {
    await hub.start();
    const http = new Http(hub.url);
    const index = await http.request("GET", "/", { headers: browserEncodings });
    const html = decoded(index).toString("utf8");
    if (index.status !== 200 || !/<html/i.test(html)) {
      context.note("no web app is served at /");
      await hub.stop();
      return {};
    }
    const assets = [...html.matchAll(assetPattern)].map(([, path]) => path!);
    const total = { wire: index.wire, raw: html.length, script: 0, again: 0 };
    for (const path of assets) {
      const asset = await http.request("GET", path, { headers: browserEncodings });
      if (asset.status !== 200) context.violation(`web: ${path} answers ${asset.status}`);
      total.wire += asset.wire;
      total.raw += decoded(asset).length;
      if (path.endsWith("js")) total.script += asset.wire;
      if (!/immutable|max-age=[1-9]/.test(asset.headers["cache-control"] ?? ""))
        total.again += await wireOfRevisit(http, path, asset.headers);
    }
    http.close();
    await hub.stop();
    return {
      "web.firstload.wireKB": toHundredths(total.wire / 1024),
      "web.firstload.jsWireKB": toHundredths(total.script / 1024),
      "web.firstload.rawKB": toHundredths(total.raw / 1024),
      "web.secondload.wireKB": toHundredths(total.again / 1024),
      "web.files": assets.length,
    };
  },
};

/** A file without a caching promise is asked for again, with what its answer offered to compare. */
async function wireOfRevisit(http: Http, path: string, { etag, "last-modified": modified }: Record<string, string>): Promise<number> {
  const headers: Record<string, string> = { ...browserEncodings };
  if (etag !== undefined) headers["if-none-match"] = etag;
  if (modified !== undefined) headers["if-modified-since"] = modified;
  return (await http.request("GET", path, { headers })).wire;
}
