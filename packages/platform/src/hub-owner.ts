/** The hub that runs on a home, found by what it wrote there itself. */
import { readFileSync } from "node:fs";
import { attempt } from "./ignore.ts";
import { hubOwnerPath } from "./paths.ts";
import { isAlive } from "./process-facts.ts";

export interface HubOwner {
  pid: number;
  /** For programs of this computer. Absent while it starts. */
  url?: string;
  /** For others, where that is another one, and the fingerprint of its certificate. */
  front?: { url: string; fingerprint: string | null };
  /** How it was told to listen. */
  listen?: HubListen;
  /** It listens on every address of this computer. */
  isOpen?: true;
}

export interface HubListen {
  host: string;
  port: number;
  tls?: "own" | { certFile: string; keyFile: string };
  trustedProxies?: string[];
  insecureHttp?: boolean;
}

/** The living hub of this home; without `url` while it starts. */
export function runningHub(home: string): HubOwner | null {
  const text = attempt(() => readFileSync(hubOwnerPath(home), "utf8"), "no hub runs, or none that says so");
  const owner = text === undefined ? undefined : attempt(() => JSON.parse(text) as Record<string, unknown>, "by a foreign hand");
  if (!owner || typeof owner["pid"] !== "number") return null;
  const { pid } = owner;
  const startTime = typeof owner["startTime"] === "string" ? owner["startTime"] : null;
  if (!isAlive({ pid, startTime })) return null;
  const url = typeof owner["url"] === "string" ? URL.parse(owner["url"]) : null;
  if (!url) return { pid };
  return { pid, url: `http://${reachableHost(url.hostname)}:${url.port || 80}`, ...reachOf(url, owner) };
}

/** As the hub wrote it: what an older one did not say is not there. */
function reachOf(url: URL, { front, listen }: Record<string, unknown>): Pick<HubOwner, "isOpen" | "front" | "listen"> {
  const said = { front, listen } as Pick<HubOwner, "front" | "listen">;
  const isOpen = isEverywhere(url.hostname) && !said.listen?.trustedProxies;
  return { ...(isOpen ? { isOpen } : {}), ...(said.front ? { front: said.front } : {}), ...(said.listen ? { listen: said.listen } : {}) };
}

/** All addresses of this computer, as one that is listened on. */
export const isEverywhere = (host: string): boolean => host === "0.0.0.0" || host === "::" || host === "[::]";

/** A host to connect to, for one to listen on. */
export function reachableHost(host: string): string {
  if (isEverywhere(host)) return "127.0.0.1";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}
