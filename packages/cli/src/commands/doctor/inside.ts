/** What this computer knows of a hub that was asked from outside: whom its log counted, and what the shared token still opens. */
import { lookup } from "node:dns/promises";
import { attempt, hapiHome, knownCliApiToken, LATE, logDir, runningHub, systemClock, within } from "@hapi/platform";
import { isWeakToken } from "@hapi/hub";
import { AppError, parser } from "@hapi/protocol";
import { credentialsAnswer } from "@hapi/protocol/credentials";
import { isLoopbackAddress } from "@hapi/protocol/loopback";
import { hubAddress } from "../../hub-address.ts";
import { hubApi } from "../../hub-api.ts";
import { tailOf } from "../../log-tail.ts";
import { sentenceOf } from "../../tui/terminal.ts";
import type { OutsideView } from "./outside.ts";

type Env = Readonly<Record<string, string | undefined>>;

export interface InsideView {
  /** A hub runs on this home. */
  isHubHere: boolean;
  /** Whom that hub counted the wrong token for (`packages/hub/src/auth/caller.ts`). Null: its log does not say. */
  caller: string | null;
  /** It was asked at its own door from its own computer, which shows nothing of how others come. */
  isDirect: boolean;
  /** Of the certificate of that hub's own. */
  fingerprint: string | null;
  shared: SharedToken;
}

/** `role` null: everything. `isWeak` null: this computer does not have it. */
export type SharedToken =
  | { state: "open"; role: string | null; isWeak: boolean | null }
  | { state: "off" }
  | { state: "unknown"; why: string };

const askMs = 5_000;
const logLines = 500;

export async function lookFromInside({ url, hub }: OutsideView, env: Env): Promise<InsideView> {
  const home = hapiHome(env);
  const here = runningHub(home);
  const caller = here && hub ? callerInLog(tailOf(`${logDir(home)}/hub.log`, logLines) ?? "", hub.wrongTokenBetween) : null;
  // Of another hub this computer's sign-in says nothing.
  const isOwn = caller !== null || URL.parse(hubAddress(env).url)?.origin === url.origin;
  return {
    isHubHere: here !== null,
    caller,
    isDirect: isDoorOf(here, url) && (await isThisComputer(url.hostname)),
    fingerprint: here?.front?.fingerprint ?? null,
    shared: isOwn ? await sharedToken(env) : { state: "unknown", why: "this machine is not signed in to that hub" },
  };
}

function isDoorOf(here: ReturnType<typeof runningHub>, url: URL): boolean {
  const doors = [here?.url, here?.front?.url].filter((door) => door !== undefined);
  return doors.some((door) => portOf(new URL(door)) === portOf(url));
}

/** The name of a hub leads to loopback on its own computer, often enough (`/etc/hosts`). */
async function isThisComputer(name: string): Promise<boolean> {
  try {
    const { address } = await lookup(name.replace(/^\[|\]$/g, ""));
    return isLoopbackAddress(address);
  } catch (cause) {
    // Answered a moment ago; what a resolver says no more is no address of ours.
    if (cause instanceof Error) return false;
    throw cause;
  }
}

const portOf = ({ port, protocol }: URL): string => port || (protocol === "https:" ? "443" : "80");

/** Two guesses in the same moment are nobody's. The hub writes the first of a minute only. */
export function callerInLog(log: string, [from, to]: readonly [number, number]): string | null {
  const callers = log.split("\n").flatMap((line) => {
    if (!line.includes('"auth.refused"')) return [];
    const said = attempt(() => JSON.parse(line) as Record<string, unknown>, "a line that a full disk cut off says nothing");
    const { event, time, caller } = said ?? {};
    const isOurs = event === "auth.refused" && typeof time === "number" && time >= from && time <= to;
    return isOurs && typeof caller === "string" ? [caller] : [];
  });
  return callers.length === 1 ? (callers[0] ?? null) : null;
}

const readCredentials = parser(credentialsAnswer);

async function sharedToken(env: Env): Promise<SharedToken> {
  try {
    const body = await within(systemClock, askMs, async (signal) => (await hubApi(env).open("GET", "/api/credentials", { signal })).json());
    if (body === LATE) throw new AppError("timeout", "the hub does not answer in time");
    const legacy = readCredentials(body)?.credentials.find(({ kind }) => kind === "legacy");
    if (!legacy) throw new AppError("protocol_mismatch");
    if (legacy.revokedAt !== null) return { state: "off" };
    const [token = ""] = (legacy.isThis && knownCliApiToken(env)?.split(":")) || [];
    return { state: "open", role: legacy.role, isWeak: token === "" ? null : isWeakToken(token) };
  } catch (cause) {
    return { state: "unknown", why: sentenceOf(cause) };
  }
}
