/**
 * Where the hub of a session (or a runner) is now. It is remembered with where its address came from: the hub of this home, which says itself
 * where it listens, or the settings. Those are asked again before every attempt, so a hub that comes back elsewhere is found; an address that was
 * given by hand stays. A hub of this home is told by its own word, never by being on loopback: that may be a tunnel to somebody else's.
 */
import { attempt, resolveApiUrl, runningHub } from "@hapi/platform";
import type { SessionFile } from "./session-file.ts";

export interface KnownHub {
  hubUrl: string;
  hubFrom?: "home" | "settings";
}

export function hubNow(home: string, { hubUrl, hubFrom }: KnownHub): KnownHub {
  const own = runningHub(home)?.url;
  const set = settingsUrl(home);
  const from = hubFrom ?? (isSame(own, hubUrl) ? "home" : isSame(set, hubUrl) ? "settings" : undefined);
  if (from === "home") return { hubUrl: own !== undefined && !isSame(own, hubUrl) ? own : hubUrl, hubFrom: from };
  if (from === "settings") return { hubUrl: set ?? hubUrl, hubFrom: from };
  return { hubUrl };
}

/** What a session's file says of its hub. Where an address came from counts only for the one it was seen with. */
export function hubOfSession({ hubUrl, hubFrom, registeredAt }: SessionFile): KnownHub {
  return { hubUrl, ...(hubFrom !== undefined && registeredAt === hubUrl ? { hubFrom } : {}) };
}

function settingsUrl(home: string): string | undefined {
  const found = attempt(() => resolveApiUrl({ HAPI_HOME: home }), "settings nobody can read say nothing new");
  return found?.source === "settings" ? found.url : undefined;
}

function isSame(one: string | undefined, other: string): boolean {
  return one !== undefined && origin(one) === origin(other);
}

function origin(address: string): string {
  const url = URL.parse(address);
  if (!url) return address;
  if (url.hostname === "localhost" || url.hostname === "[::1]") url.hostname = "127.0.0.1";
  return url.origin;
}
