/** The hub that runs on a home, found by what it wrote there itself. */
import { readFileSync } from "node:fs";
import { attempt } from "./ignore.ts";
import { hubOwnerPath } from "./paths.ts";
import { isAlive } from "./process-facts.ts";

export interface HubOwner {
  pid: number;
  /** Absent while it starts. */
  url?: string;
  /** It listens on every address of this computer. */
  isOpen?: true;
}

/** The living hub of this home; without `url` while it starts. */
export function runningHub(home: string): HubOwner | null {
  const text = attempt(() => readFileSync(hubOwnerPath(home), "utf8"), "no hub runs, or none that says so");
  const owner = text === undefined ? undefined : attempt(() => JSON.parse(text) as Record<string, unknown>, "by a foreign hand");
  if (typeof owner?.["pid"] !== "number") return null;
  const { pid } = owner;
  const startTime = typeof owner["startTime"] === "string" ? owner["startTime"] : null;
  if (!isAlive({ pid, startTime })) return null;
  const url = typeof owner["url"] === "string" ? URL.parse(owner["url"]) : null;
  if (!url) return { pid };
  const isOpen = url.hostname === "0.0.0.0" || url.hostname === "[::]";
  return { pid, url: `http://${reachableHost(url.hostname)}:${url.port || 80}`, ...(isOpen ? { isOpen } : {}) };
}

/** A host to connect to, for one to listen on. */
export function reachableHost(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "[::]") return "127.0.0.1";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
