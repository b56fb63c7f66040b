/** Where this machine's hub is: the configured one, else the one that runs on this home, else where a hub started here would listen. */
import { hapiHome, loadSettings, reachableHost, resolveApiUrl, runningHub, type ApiUrl } from "@hapi/platform/lean";

type Env = Readonly<Record<string, string | undefined>>;

export const DEFAULT_HUB_PORT = 3006;

export function hubAddress(env: Env): ApiUrl {
  const found = resolveApiUrl(env);
  return found.source === "default" ? { url: runningHub(hapiHome(env))?.url ?? localHubUrl(env), source: "default" } : found;
}

/** `HAPI_LISTEN_HOST` and `HAPI_LISTEN_PORT`, else what `settings.json` says, as `hapi hub` reads them. */
function localHubUrl(env: Env): string {
  const settings = loadSettings(hapiHome(env));
  const host = env["HAPI_LISTEN_HOST"] || text(settings["listenHost"]) || "127.0.0.1";
  const port = env["HAPI_LISTEN_PORT"] || text(settings["listenPort"]) || String(DEFAULT_HUB_PORT);
  return `http://${reachableHost(host)}:${port}`;
}

function text(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
