/** The hub that runs on a home, found by what it wrote there itself. */
import { readFileSync } from "node:fs";
import { attempt } from "./ignore.ts";
import { hubOwnerPath } from "./paths.ts";
import { isAlive } from "./process-facts.ts";

/** The living hub of this home; without `url` while it starts. */
export function runningHub(home: string): { url?: string } | null {
  const text = attempt(() => readFileSync(hubOwnerPath(home), "utf8"), "no hub runs, or none that says so");
  const owner = text === undefined ? undefined : attempt(() => JSON.parse(text) as { pid?: unknown; url?: unknown }, "by a foreign hand");
  if (typeof owner?.pid !== "number" || !isAlive({ pid: owner.pid, startTime: null })) return null;
  const url = typeof owner.url === "string" ? URL.parse(owner.url) : null;
  return url ? { url: `http://${reachableHost(url.hostname)}:${url.port || 80}` } : {};
}

/** A host to connect to, for one to listen on. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "[::]") return "127.0.0.1";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
