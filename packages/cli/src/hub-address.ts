/** Where this machine's hub is: the configured one, else the local one on the port a hub started here would take. */
import { hapiHome, loadSettings, resolveApiUrl, type ApiUrl } from "@hapi/platform";

type Env = Readonly<Record<string, string | undefined>>;

export const DEFAULT_HUB_PORT = 3006;

export function hubAddress(env: Env): ApiUrl {
  const found = resolveApiUrl(env);
  return found.source === "default" ? { url: localHubUrl(env), source: "default" } : found;
}

/** `HAPI_LISTEN_HOST` and `HAPI_LISTEN_PORT`, else what `settings.json` says, as `hapi hub` reads them. */
function localHubUrl(env: Env): string {
  const settings = loadSettings(hapiHome(env));
  const host = env["HAPI_LISTEN_HOST"] || text(settings["listenHost"]) || "127.0.0.1";
  const port = env["HAPI_LISTEN_PORT"] || text(settings["listenPort"]) || String(DEFAULT_HUB_PORT);
  return `http://${reachable(host)}:${port}`;
}

function reachable(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
