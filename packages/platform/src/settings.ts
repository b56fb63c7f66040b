/**
 * `settings.json` of the HAPI home, shared with other HAPI installations on the same home: their keys are kept, their lock is respected.
 * A file that can't be read is reported and never written over.
 */
import { chmodSync, existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError, isFullDisk, toAppError } from "@hapi/protocol/errors";
import { writeFileAtomic } from "./atomic-file.ts";
import { withDirLock } from "./dir-lock.ts";
import { attempt } from "./ignore.ts";
import { ensurePrivateDir, hapiHome, type Env } from "./paths.ts";
import { randomToken } from "./secrets.ts";

/** The keys HAPI knows on this level; everything else is carried along. */
export interface Settings {
  /** What this machine signs in with. Other HAPI installations on this home use it for their hub, too. */
  cliApiToken?: string;
  /** The secret of the hub that runs on this home; signing a client in or out never touches it. */
  hubToken?: string;
  apiUrl?: string;
  machineId?: string;
  [key: string]: unknown;
}

export function settingsPath(home: string): string {
  return join(home, "settings.json");
}

/** Empty when there is no file yet. */
export function loadSettings(home: string): Settings {
  const path = settingsPath(home);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return {};
    if (code === "ENOTDIR")
      throw new AppError("home_not_writable", `${home} is not a folder. Move it away, or set HAPI_HOME to another folder.`, { cause });
    throw corrupt(path, `${path} can't be read (${(cause as Error).message}). Fix its permissions.`, cause);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      if ("cliApiToken" in value || "hubToken" in value) makePrivate(path);
      return value as Settings;
    }
  } catch (cause) {
    throw corrupt(path, undefined, cause);
  }
  throw corrupt(path);
}

/** It holds a key to the machine: others have no business in it. A file of somebody else's, or on a file system without modes, stays as it is. */
function makePrivate(path: string): void {
  attempt(() => {
    const { mode, uid } = statSync(path);
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) chmodSync(path, 0o600);
  }, "it was readable; its mode is not worth a failure");
}

/**
 * Reads, changes and writes under the lock. `change` gives the keys to set (undefined removes one), or null to leave the file alone.
 * Answers what the file holds now.
 */
export async function updateSettings(home: string, change: (current: Settings) => Partial<Settings> | null): Promise<Settings> {
  ensurePrivateDir(home);
  const path = settingsPath(home);
  return withDirLock(`${path}.hapi.lock`, () => {
    const current = loadSettings(home);
    const changes = change(current);
    if (changes === null) return current;
    const next: Settings = { ...current, ...changes };
    try {
      writeFileAtomic(path, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
      attempt(() => chmodSync(path, 0o600), "it was made with this mode");
    } catch (cause) {
      if (isFullDisk(cause)) throw toAppError(cause);
      throw new AppError("home_not_writable", `HAPI can't write ${path}. Make the folder writable, or set HAPI_HOME.`, { cause });
    }
    return next;
  });
}

/**
 * The secret of this home's own hub: `CLI_API_TOKEN`, else the stored one, else a new one that is stored. Homes from before the hub had a key of
 * its own keep theirs: it is copied out of `cliApiToken`, unless that belongs to a hub elsewhere. May carry `:namespace` when it comes from outside.
 */
export async function resolveHubToken(env: Env = process.env): Promise<string> {
  const given = env["CLI_API_TOKEN"]?.trim();
  if (given) return given;
  const home = hapiHome(env);
  const stored = text(loadSettings(home).hubToken);
  if (stored) return stored;
  const settings = await updateSettings(home, (current) => {
    if (text(current.hubToken)) return null;
    const hubToken = inheritedHubToken(home, current) ?? randomToken(32);
    return { hubToken, ...(text(current.cliApiToken) ? {} : { cliApiToken: hubToken }) };
  });
  return settings.hubToken as string;
}

/** Before a client's sign-in is changed: what this home's hub has had in the same key is put where it is safe. */
export async function keepHubToken(home: string): Promise<string | null> {
  const settings = await updateSettings(home, (current) => {
    const hubToken = text(current.hubToken) ? null : inheritedHubToken(home, current);
    return hubToken === null ? null : { hubToken };
  });
  return text(settings.hubToken) || null;
}

/** Of a home whose hub had no key of its own yet. */
function inheritedHubToken(home: string, settings: Settings): string | null {
  const shared = text(settings.cliApiToken);
  const isElsewhere = text(settings.apiUrl) !== "" || text(settings["serverUrl"]) !== "";
  // A hub that ran here has used it, whichever address its own clients go by.
  return shared && (!isElsewhere || existsSync(join(home, HUB_DATABASE))) ? shared : null;
}

const HUB_DATABASE = "hub.sqlite";

/**
 * What a client of this home says to its hub, if it knows anything; never made up. To a hub that was chosen: what it signed in with. To the hub of
 * this home: that hub's own secret, which a client's key may carry a namespace for.
 */
export function knownCliApiToken(env: Env = process.env): string | null {
  const given = env["CLI_API_TOKEN"]?.trim();
  if (given) return given;
  const settings = loadSettings(hapiHome(env));
  const [client, hub] = [text(settings.cliApiToken), text(settings.hubToken)];
  const isChosen = Boolean(env["HAPI_API_URL"]?.trim()) || text(settings.apiUrl) !== "" || text(settings["serverUrl"]) !== "";
  if (isChosen || !hub || client.split(":")[0] === hub) return client || hub || null;
  return hub;
}

/** This machine's id, made once. */
export async function resolveMachineId(env: Env = process.env): Promise<string> {
  const home = hapiHome(env);
  const stored = text(loadSettings(home).machineId);
  if (stored) return stored;
  const settings = await updateSettings(home, (current) => (text(current.machineId) ? null : { machineId: crypto.randomUUID() }));
  return settings.machineId as string;
}

const defaultApiUrl = "http://localhost:3006";

export interface ApiUrl {
  url: string;
  /** `default` means that nobody chose a hub: a local one may be started. */
  source: "env" | "settings" | "default";
}

/** `HAPI_API_URL`, else the stored one (older files say `serverUrl`), else the local hub. Without a slash at the end. */
export function resolveApiUrl(env: Env = process.env): ApiUrl {
  const given = env["HAPI_API_URL"]?.trim();
  if (given) return { url: checkedUrl(given, "HAPI_API_URL"), source: "env" };
  const settings = loadSettings(hapiHome(env));
  const stored = text(settings.apiUrl) || text(settings["serverUrl"]);
  if (stored) return { url: checkedUrl(stored, "apiUrl in settings.json"), source: "settings" };
  return { url: defaultApiUrl, source: "default" };
}

function checkedUrl(value: string, name: string): string {
  const url = URL.parse(value);
  if (url && (url.protocol === "http:" || url.protocol === "https:")) return value.replace(/\/+$/, "");
  throw new AppError("settings_corrupt", `${name} is not an http(s) URL: ${value}`);
}

function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}

function corrupt(path: string, message?: string, cause?: unknown): AppError {
  const words = message ?? `${path} is not valid JSON. Fix it, or move it away and start again; HAPI does not write over it.`;
  return new AppError("settings_corrupt", words, { cause, details: { path } });
}
