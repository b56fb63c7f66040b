/** `hapi doctor`: what works here and what does not, with the next step for each. Changes nothing. */
import { accessSync, constants } from "node:fs";
import { allDrivers, loadRegistry } from "@hapi/agents";
import { waitingPrompts } from "@hapi/client";
import { hubStatus } from "@hapi/hub";
import { askRunner, type DamagedFile, damagedFiles, findLivingSessions, lookOutside, runnerPaths, lossesOfHome } from "@hapi/machine";
import { cleanEnv, ensurePrivateDir, hapiHome, knownCliApiToken, LATE, loadSettings, systemClock, within } from "@hapi/platform";
import { AppError, toAppError, type WaitingPrompts } from "@hapi/protocol";
import { isSet, type Command, type CommandContext } from "../command.ts";
import { hubAddress } from "../hub-address.ts";
import { hubApi } from "../hub-api.ts";
import { takesToken } from "../hub-token.ts";
import { isHealthy, isLockedAt } from "../local-hub.ts";
import { isUsable, lineOf, refusalText } from "../runner-line.ts";
import { sentenceOf } from "../tui/terminal.ts";
import { sizeText } from "../tui/words.ts";
import { cliVersion } from "../version.ts";
import { findWebRoot } from "../web-root.ts";
import { waitingInWords } from "../waiting-words.ts";
import { exitCodeOf, type Finding as FindingLine, printFindings } from "./doctor/finding.ts";
import { isLarge } from "./hub/status.ts";

/** Less than this on the home's disk is worth a word. */
const LOW_DISK_BYTES = 256 * 1_000_000;

const ASK_MS = 5_000;
/** Damaged files that are named in words. */
const MAX_NAMED = 5;

interface Finding extends FindingLine {
  /** Each, for other programs. */
  damaged?: readonly DamagedFile[];
}

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Check what works on this machine, and say what to do about the rest",
  usage: "[--json] | --public [URL] [--json]",
  options: {
    public: { type: "boolean", help: "what an outsider sees of a hub: asks its address (URL, or HAPI_PUBLIC_URL) without a credential" },
    json: { type: "boolean", help: "print JSON" },
  },
  takes: { words: 1 },
  examples: [
    "hapi doctor",
    "hapi doctor --json",
    "hapi doctor --public                           on the hub's machine: exit code 1 when something is wrong",
    "hapi doctor --public https://hapi.example.org  from elsewhere too: a handful of requests, one wrong token among them",
  ],
  async run(words, context) {
    if (isSet(words, "public")) return (await import("./doctor/public.ts")).lookAtPublic(words, context);
    const [surplus] = words.positionals;
    if (surplus !== undefined)
      throw new AppError("invalid_query", `hapi doctor takes "${surplus}" with --public only. See: hapi doctor --help`);
    const findings = await examine(context);
    if (isSet(words, "json")) context.terminal.json({ findings });
    else printFindings(context, findings, "·");
    return exitCodeOf(findings);
  },
};

async function examine(context: CommandContext): Promise<Finding[]> {
  const home = hapiHome(context.env);
  const findings: Finding[] = [{ name: "HAPI", state: "ok", text: cliVersion }];
  const check = async (name: string, look: () => Promise<Omit<Finding, "name">> | Omit<Finding, "name">): Promise<void> => {
    try {
      findings.push({ name, ...(await look()) });
    } catch (cause) {
      findings.push({ name, state: "problem", text: sentenceOf(cause) });
    }
  };
  await check("Home", () => {
    accessSync(ensurePrivateDir(home), constants.W_OK);
    return { state: "ok", text: home };
  });
  await check("Settings", () => {
    loadSettings(home);
    return { state: "ok", text: "readable" };
  });
  await check("Hub", () => examineHub(context));
  await check("Hub's data", async () => {
    const found = await hubStatus(home);
    if (!found) return { state: "note", text: "none here; made by the first hub on this home" };
    const size = sizeText(found.databaseBytes + found.walBytes);
    if (found.diskFreeBytes < LOW_DISK_BYTES)
      return { state: "problem", text: `${size}, and only ${sizeText(found.diskFreeBytes)} are free on its disk; free some space` };
    if (isLarge(found)) return { state: "note", text: `${size} is large; see: hapi hub status` };
    const deleted = found.cleaned ? `; ${found.cleaned.sessionsInAll} sessions deleted by your settings` : "";
    return { state: "ok", text: `${size}${deleted}; see: hapi hub status` };
  });
  await check("Token", () => examineToken(context));
  await check("Prompts", () => examinePrompts(context));
  await check("Web app", () => (findWebRoot() ? { state: "ok", text: "built" } : { state: "note", text: "not built; run: npm run build" }));
  await check("Runner", () => examineRunner(home));
  await check("Sessions", async () => ({ state: "ok", text: `${(await findLivingSessions(home)).length} live on this machine` }));
  for (const found of examineRecords(home)) findings.push({ name: "Records", ...found });
  await check("History", () => examineLosses(home));
  const place = lookOutside(home, cleanEnv(context.env));
  for (const driver of allDrivers(home)) {
    await check(driver.displayName, async () => {
      const found = await driver.detect(place.env, undefined, place.written);
      if (!found.available) return { state: "note", text: found.hint ?? "not installed" };
      return { state: found.hint ? "note" : "ok", text: [found.version, found.hint].filter(Boolean).join("; ") || "installed" };
    });
  }
  for (const problem of loadRegistry(home).problems) findings.push({ name: "Agents", state: "problem", text: problem });
  return findings;
}

async function examineHub({ env }: CommandContext): Promise<Omit<Finding, "name">> {
  const { url, source } = hubAddress(env);
  if (await isLockedAt(url))
    return { state: "problem", text: `${url} is LOCKED: nothing is sent, started or answered; on its own computer: hapi unlock` };
  if (await isHealthy(url)) return { state: "ok", text: url };
  return source === "default"
    ? { state: "note", text: `${url} does not answer; hapi starts one when you need it, or run: hapi hub` }
    : { state: "problem", text: `${url} does not answer; start it there with: hapi hub, or use another: hapi auth login` };
}

async function examineToken({ env }: CommandContext): Promise<Omit<Finding, "name">> {
  const token = knownCliApiToken(env);
  if (!token) return { state: "note", text: "none yet; made on the first start of a hub here, or run: hapi auth login" };
  const { url } = hubAddress(env);
  if (!(await isHealthy(url))) return { state: "note", text: "known; the hub can't be asked now whether it takes it" };
  return (await takesToken(url, token))
    ? { state: "ok", text: "taken by the hub" }
    : { state: "problem", text: `the hub at ${url} refuses it; give this machine another with: hapi auth login` };
}

/** Named one by one: somebody has to do something about each, and what can't be read shows nowhere else. */
function examineRecords(home: string): Omit<Finding, "name">[] {
  let damaged: DamagedFile[];
  try {
    damaged = damagedFiles(home);
  } catch (cause) {
    return [{ state: "problem", text: sentenceOf(cause) }];
  }
  if (damaged.length === 0) return [{ state: "ok", text: "those of all sessions can be read" }];
  const stateOf = (files: readonly DamagedFile[]) => (files.some(({ what }) => what === "session") ? "problem" : "note");
  const named = damaged
    .slice(0, MAX_NAMED)
    .map((file) => ({ state: stateOf([file]), text: damagedInWords(file), damaged: [file] }) as const);
  const rest = damaged.slice(MAX_NAMED);
  if (rest.length === 0) return named;
  return [...named, { state: stateOf(rest), text: `${rest.length} more files are damaged; see: hapi doctor --json`, damaged: rest }];
}

const damagedInWords = ({ sessionId, path, lost, step }: DamagedFile): string =>
  `session ${sessionId}: a damaged file, ${path}. Lost: ${lost}. What to do: ${step}`;

/** Counted by the sessions themselves; each stands as a warning where it happened. */
function examineLosses(home: string): Omit<Finding, "name"> {
  const { counts, sessions, latest, unreadable } = lossesOfHome(home);
  const broken = unreadable > 0 ? `; the counts of ${unreadable} ${unreadable === 1 ? "session" : "sessions"} can't be read` : "";
  if (!latest) return { state: unreadable > 0 ? "note" : "ok", text: `nothing was noticed to be missing${broken}` };
  const kinds = counts.map(({ kind, count }) => `${kind.replaceAll("_", " ")} ${count}×`).join(", ");
  const at = new Date(Math.max(...counts.map(({ lastAt }) => lastAt))).toISOString();
  const where = `${latest.directory} (session ${latest.sessionId}), ${at}`;
  const many = `${sessions} ${sessions === 1 ? "session" : "sessions"}`;
  return {
    state: "note",
    text: `something may be missing in ${many}: ${kinds}; last in ${where}. Details: the session's diagnostics${broken}`,
  };
}

/** What was accepted and no agent has yet: each waits for something, or that is a fault of ours. */
async function examinePrompts({ env }: CommandContext): Promise<Omit<Finding, "name">> {
  const { url } = hubAddress(env);
  const token = knownCliApiToken(env);
  if (!token || !(await isHealthy(url)) || !(await takesToken(url, token)))
    return { state: "note", text: "the hub can't be asked now what waits there" };
  const found = await within(systemClock, ASK_MS, (signal) => waitingPrompts(hubApi(env), signal)).catch((cause: unknown) => {
    // One of a release before this.
    if (toAppError(cause).code === "not_found") return null;
    throw cause;
  });
  if (found === LATE) throw new AppError("timeout", "The hub does not answer in time");
  if (!found) return { state: "note", text: "the hub is too old to say what its prompts wait for" };
  return promptsFinding(found);
}

function promptsFinding(found: WaitingPrompts): Omit<Finding, "name"> {
  const stuck = found.prompts.filter(({ waiting }) => waiting.for === "nothing");
  if (stuck.length > 0) {
    const [first] = stuck;
    return {
      state: "problem",
      text: `${stuck.length} at the hub wait for nothing, the first in session ${first?.sessionId.slice(0, 8)}; take it back with hapi outbox cancel ${first?.localId.slice(0, 8)} and send it again, and see the hub's log`,
    };
  }
  const past = found.alarms > 0 ? `; ${found.alarms} were stuck since the hub started, see its log for prompt.waits_for_nothing` : "";
  const [silent, ...others] = found.prompts.filter(({ waiting }) => waiting.for === "silence");
  if (silent)
    return {
      state: "note",
      text: `${1 + others.length} with an agent that says nothing of what it was given; ${waitingInWords(silent.waiting, silent.sessionId)}${past}`,
    };
  const state = found.alarms > 0 ? "note" : "ok";
  if (found.prompts.length === 0) return { state, text: `none waits at the hub${past}` };
  return { state, text: `${found.prompts.length} wait at the hub, each for something; see: hapi outbox${past}` };
}

async function examineRunner(home: string): Promise<Omit<Finding, "name">> {
  const answer = await askRunner(runnerPaths(home), "status");
  if (!answer) return { state: "note", text: "not running; the web app can't start sessions here. Run: hapi runner start" };
  const line = lineOf(answer);
  if (isUsable(line)) return { state: "ok", text: "running" };
  const why = line?.refused ? refusalText(line.refused) : "it can't reach its hub";
  return { state: "problem", text: `running, but ${why}. The web app can't start sessions here; see: hapi runner status` };
}
