/** Where this machine's hub is: the configured one, else the one that runs on this home, else where a hub started here would listen. */
import { readFileSync } from "node:fs";
import { attempt, hapiHome, hubOwnerPath, isAlive, loadSettings, resolveApiUrl, type ApiUrl } from "@hapi/platform";

type Env = Readonly<Record<string, string | undefined>>;

export const DEFAULT_HUB_PORT = 3006;

export function hubAddress(env: Env): ApiUrl {
  const found = resolveApiUrl(env);
  return found.source === "default" ? { url: runningHub(hapiHome(env))?.url ?? localHubUrl(env), source: "default" } : found;
}

/** The living hub of this home; without `url` while it starts. */
export function runningHub(home: string): { url?: string } | null {
  const text = attempt(() => readFileSync(hubOwnerPath(home), "utf8"), "no hub runs, or none that says so");
  const owner = text === undefined ? undefined : attempt(() => JSON.parse(text) as { pid?: unknown; url?: unknown }, "by a foreign hand");
  if (typeof owner?.pid !== "number" || !isAlive({ pid: owner.pid, startTime: null })) return null;
  const url = typeof owner.url === "string" ? URL.parse(owner.url) : null;
  return url ? { url: `http://${reachable(url.hostname)}:${url.port || 80}` } : {};
}

/** `HAPI_LISTEN_HOST` and `HAPI_LISTEN_PORT`, else what `settings.json` says, as `hapi hub` reads them. */
function localHubUrl(env: Env): string {
  const settings = loadSettings(hapiHome(env));
  const host = env["HAPI_LISTEN_HOST"] || text(settings["listenHost"]) || "127.0.0.1";
  const port = env["HAPI_LISTEN_PORT"] || text(settings["listenPort"]) || String(DEFAULT_HUB_PORT);
  return `http://${reachable(host)}:${port}`;
}

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::" || host === "[::]") return "127.0.0.1";
  return host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
