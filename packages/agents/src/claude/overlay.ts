/**
 * The per-session settings file of each front: hooks that report to the session process, added to whatever the user passed with
 * `--settings`. The user's own configuration files are never touched.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AppError } from "@hapi/protocol/errors";
import type { Front, OwnTools } from "../driver.ts";
import { isJson, type Json, list, obj } from "./json.ts";

/** A permission waits for a person, so its hook may wait a day; the others only report. */
const PERMISSION_TIMEOUT_S = 24 * 3600;
const REPORT_TIMEOUT_S = 20;

/** As few as do: each is a process per event, and Claude's detailed view lists those that ran after a tool. */
export const HOOK_EVENTS = [
  "SessionStart",
  "UserPromptSubmit",
  "PreToolUse",
  "PermissionRequest",
  "Stop",
  "StopFailure",
  "SessionEnd",
] as const;

/** A driven Claude tells on stdout what it does; only of its timers nothing but this hook knows. */
const REMOTE_HOOK_EVENTS: readonly string[] = ["Stop"];

const needsMatcher: ReadonlySet<string> = new Set(["PreToolUse", "PermissionRequest"]);

function shellWord(word: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

export function hookSettings(hookCommand: readonly string[], events: readonly string[] = HOOK_EVENTS): Json {
  const command = hookCommand.map(shellWord).join(" ");
  const entries = events.map((event) => {
    // What is only reported runs beside the terminal: it waits for nothing and shows nothing of it.
    const waits = event === "PermissionRequest" ? { timeout: PERMISSION_TIMEOUT_S } : { timeout: REPORT_TIMEOUT_S, async: true };
    const group = { ...(needsMatcher.has(event) ? { matcher: "*" } : {}), hooks: [{ type: "command", command, ...waits }] };
    return [event, [group]];
  });
  return { hooks: Object.fromEntries(entries) };
}

/** The user's `--settings`, a file or JSON itself. */
export function readUserSettings(value: string, cwd: string): Json {
  const text = value.trim();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text.startsWith("{") ? text : readFileSync(resolve(cwd, text), "utf8"));
  } catch (cause) {
    throw new AppError("invalid_body", `The file given with --settings can't be read: ${text}`, { cause });
  }
  if (!isJson(parsed)) throw new AppError("invalid_body", `The settings given with --settings are not a JSON object: ${text}`);
  return parsed;
}

export function mergeSettings(user: Json, ours: Json): Json {
  const theirHooks = obj(user["hooks"]);
  const ourHooks = obj(ours["hooks"]);
  const names = new Set([...Object.keys(theirHooks), ...Object.keys(ourHooks)]);
  const hooks = Object.fromEntries([...names].map((name) => [name, [...list(theirHooks[name]), ...list(ourHooks[name])]]));
  const [theirs, added] = [obj(user["permissions"]), list(obj(ours["permissions"])["allow"])];
  const permissions = added.length > 0 ? { permissions: { ...theirs, allow: [...list(theirs["allow"]), ...added] } } : {};
  return { ...user, ...ours, ...permissions, hooks };
}

/** Those of HAPI's own tools that are used unasked; a rule of the person's that denies or asks is stronger. */
const unaskedRules = ({ name, unasked }: OwnTools): Json => ({
  permissions: { allow: unasked.map((tool) => `mcp__${name}__${tool}`) },
});

/** The MCP server of HAPI's own tools, in a file: what opens the session's door must not stand in a list of processes. */
export function writeTools(sessionDir: string, { name, command: [command, ...args], env }: OwnTools): string {
  const path = join(sessionDir, "claude-tools.json");
  writeFileSync(path, `${JSON.stringify({ mcpServers: { [name]: { type: "stdio", command, args, env } } }, null, 2)}\n`, { mode: 0o600 });
  return path;
}

export interface OverlayOptions {
  front: Front;
  sessionDir: string;
  cwd: string;
  hookCommand: readonly string[];
  userSettings?: string | undefined;
  tools?: OwnTools | undefined;
}

export function writeOverlay(options: OverlayOptions): string {
  const hooks = hookSettings(options.hookCommand, options.front === "remote" ? REMOTE_HOOK_EVENTS : HOOK_EVENTS);
  const ours = options.tools ? { ...hooks, ...unaskedRules(options.tools) } : hooks;
  const settings = options.userSettings === undefined ? ours : mergeSettings(readUserSettings(options.userSettings, options.cwd), ours);
  const path = join(options.sessionDir, options.front === "remote" ? "claude-settings-remote.json" : "claude-settings.json");
  writeFileSync(path, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  return path;
}
