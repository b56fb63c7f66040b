/**
 * Makes sure there is a hub to talk to. Nobody configured one and none answers: one is started in the background, detached, so that it
 * outlives the terminal. A hub that was configured and is away is not replaced: the session starts anyway and catches up later.
 */
import { readFileSync } from "node:fs";
import {
  delay,
  ensurePrivateDir,
  LATE,
  logDir,
  resolveHubToken,
  knownCliApiToken,
  runningHub,
  selfCommand,
  spawnDetached,
  systemClock,
  within,
} from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import { hubAddress } from "./hub-address.ts";

const START_DEADLINE_MS = 15_000;
const ASK_MS = 1_500;
const SAYS_WHO_MS = 2_000;
const LOOK_MS = 40;

type Env = Readonly<Record<string, string | undefined>>;

export interface HubChoice {
  url: string;
  token: string;
  isReachable: boolean;
  wasStarted: boolean;
}

/** Its `exited` settles when the hub in the background has ended. */
type BackgroundStart = (logFile: string) => { exited: Promise<unknown> };

/** `failed` settles when it ends: with the address of another one that was faster, or with why there is none. */
export function startInBackground(env: Env, home: string, words: readonly string[], start?: BackgroundStart): { failed: Promise<string> } {
  const logFile = `${ensurePrivateDir(logDir(home))}/hub.out.log`;
  // Quiet: what it prints is kept in a file, and the token belongs in none.
  const begin = start ?? ((file) => spawnDetached(selfCommand("hub", ...words, "--quiet"), { cwd: home, env, logFile: file }));
  const failed = begin(logFile).exited.then(async () => {
    // Someone else has started one at the same moment: that one is waited for.
    if (await someoneElses(home)) return untilHealthy(env);
    throw new AppError("hub_unreachable", `The hub could not be started in the background: ${lastWords(logFile)}`);
  });
  return { failed };
}

export async function ensureHub(env: Env, home: string, start?: BackgroundStart): Promise<HubChoice> {
  const { url, source } = hubAddress(env);
  if (source !== "default") {
    const token = knownCliApiToken(env);
    if (!token) throw new AppError("missing_token", `The hub at ${url} needs a token. Run: hapi auth login`);
    return { url, token, isReachable: await isHealthy(url), wasStarted: false };
  }
  const token = await resolveHubToken(env);
  if (await isHealthy(url)) return { url, token, isReachable: true, wasStarted: false };
  const { failed } = startInBackground(env, home, [], start);
  return { url: await Promise.race([failed, untilHealthy(env)]), token, isReachable: true, wasStarted: true };
}

/** It holds the home before it says who it is. */
async function someoneElses(home: string): Promise<boolean> {
  const deadline = systemClock.now() + SAYS_WHO_MS;
  while (!runningHub(home)) {
    if (systemClock.now() > deadline) return false;
    await delay(LOOK_MS, { clock: systemClock });
  }
  return true;
}

/** What it said last, which is its one sentence about what is wrong. */
function lastWords(logFile: string): string {
  const last = readFileSync(logFile, "utf8").trimEnd().split("\n").at(-1) ?? "";
  return last.startsWith("hapi: ") ? last.slice("hapi: ".length) : `see ${logFile}, or start it yourself: hapi hub`;
}

export const isHealthy = async (url: string): Promise<boolean> => (await healthOf(url)) !== null;

/** All of it, by its owner. */
export const isLockedAt = async (url: string): Promise<boolean> => (await healthOf(url))?.locked === true;

/** What a hub says to everybody; null: none is there. */
async function healthOf(url: string): Promise<{ locked?: unknown } | null> {
  try {
    const health = await within(systemClock, ASK_MS, async (signal) => {
      const response = await fetch(`${url}/health`, { signal });
      const body = (await response.json()) as { status?: unknown; locked?: unknown };
      return response.ok && body.status === "ok" ? body : null;
    });
    return health === LATE ? null : health;
  } catch (cause) {
    // Not there, not yet there, or something else on that port: each means "no hub".
    if (cause instanceof Error) return null;
    throw cause;
  }
}

/** @returns where it listens, which another one may have decided */
export async function untilHealthy(env: Env): Promise<string> {
  const deadline = systemClock.now() + START_DEADLINE_MS;
  while (systemClock.now() < deadline) {
    const { url } = hubAddress(env);
    if (await isHealthy(url)) return url;
    await delay(LOOK_MS, { clock: systemClock });
  }
  throw new AppError("timeout", "The hub did not come up in time. See: hapi doctor");
}
