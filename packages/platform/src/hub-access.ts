/**
 * How a process of ours learns what it says to its hub: from a 0600 file that its starter leaves, never from its environment or its command line.
 * An agent runs as the same user and reads both of every process through /proc; a box (and the end of the process) keeps it from a file.
 */
import { readFileSync, rmSync } from "node:fs";
import { writeFileAtomic } from "./atomic-file.ts";
import { attempt } from "./ignore.ts";
import type { Env } from "./paths.ts";
import { knownCliApiToken } from "./settings.ts";

export const HUB_ACCESS_FILE = "hub-access.json";
/** Names the file, where it is at no fixed place. */
export const HUB_ACCESS_ENV = "HAPI_HUB_ACCESS";
/** The credential, and headers for a gate in front of the hub, which are one as well. */
const NAMES = ["CLI_API_TOKEN", "HAPI_EXTRA_HEADERS_JSON"] as const;

/** For the environment of a process that is started. */
export function withoutHubAccess(env: Env): Record<string, string | undefined> {
  const left = { ...env };
  for (const name of [...NAMES, HUB_ACCESS_ENV]) delete left[name];
  return left;
}

const given = (env: Env): Record<string, string> =>
  Object.fromEntries(NAMES.flatMap((name) => (env[name]?.trim() ? [[name, env[name] as string] as const] : [])));

/** Whether a process with this environment would show it. */
export const showsHubAccess = (env: Env): boolean => Object.keys(given(env)).length > 0;

/**
 * What `env` says and this home's settings do not, into the file; nothing to say: no file. `volatile`: whoever reads it does not outlive a loss of
 * power. @returns whether there is a file
 */
export function leaveHubAccess(path: string, home: string, env: Env): boolean {
  const access = given(env);
  const { CLI_API_TOKEN: token } = access;
  if (token !== undefined && knownCliApiToken({ ...withoutHubAccess(env), HAPI_HOME: home }) === token.trim())
    delete access["CLI_API_TOKEN"];
  if (Object.keys(access).length === 0) {
    rmSync(path, { force: true });
    return false;
  }
  writeFileAtomic(path, `${JSON.stringify(access)}\n`, { mode: 0o600, volatile: true });
  return true;
}

/** The environment as it would be with what the file says. To be read, not to be handed on. */
export function withHubAccess(env: Env, path: string | undefined): Env {
  if (path === undefined) return env;
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return env;
    throw cause;
  }
  const value = attempt(() => JSON.parse(text) as unknown, "a loss of power left half of it; the next start writes it anew");
  if (typeof value !== "object" || value === null) return env;
  return {
    ...env,
    ...given(Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (typeof one === "string" ? [[name, one]] : [])))),
  };
}
