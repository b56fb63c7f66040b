/**
 * The terminal front's launch before there is a session process. Only where nothing has to be asked: a new conversation, or the session's own one
 * that is on disk and that nobody else has open. Null: the session process starts it, and says what is wrong where something is.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { attempt, randomToken } from "@hapi/platform/lean";
import type { FirstLaunch, FirstLaunchInput, FirstLook } from "../first.ts";
import { readArgs, type ThreadChoice } from "./argv.ts";
import { isExecutable } from "../shared/program.ts";
import { knownVersion, locateClaude, judgeVersion } from "./detect.ts";
import { mayBypass } from "./environment.ts";
import { launchOn, nothingSaid } from "./launch.ts";
import { liveOnThread } from "./live-sessions.ts";
import { claudeLine } from "./line.ts";
import { findTranscript } from "./paths.ts";
import { ownSystem } from "./system.ts";

export const canPlanFirstLaunch = (look: FirstLook): boolean => ready(look) !== null;

export function planFirstLaunch(input: FirstLaunchInput): FirstLaunch | null {
  const found = ready(input);
  if (found === null) return null;
  const { thread, command, hint } = found;
  const { where, words, threadId, permissionMode, model, effort } = input;
  const launch = launchOn(thread, {
    context: where,
    command,
    options: { front: "local", args: words, permissionMode, model, effort },
    args: readArgs(words),
    first: threadId === undefined,
  });
  return {
    launchId: `claude-local-first-${randomToken(6)}`,
    threadId: thread.threadId,
    how: thread.kind,
    argv: launch.argv,
    env: launch.env,
    ...(hint === undefined ? {} : { hint }),
  };
}

type OwnThread = Extract<ThreadChoice, { kind: "new" | "resume" }>;

function ready(look: FirstLook): { thread: OwnThread; command: readonly string[]; hint?: string } | null {
  const { env, words, permissionMode } = look;
  const command = look.program === undefined ? locateClaude(env).command : [look.program];
  const [program] = command;
  // Where the one it was begun with is gone, that is said first.
  if (program === undefined || !isExecutable(program)) return null;
  const version = knownVersion(program, env);
  // A script that says its version only when it is run may be anything: what it is, is found out first, and said.
  if (version === null && isScript(program)) return null;
  const verdict = version === null ? null : judgeVersion(version);
  const wantsBypass = permissionMode === "bypassPermissions" || words.includes("--dangerously-skip-permissions");
  if ((verdict && !verdict.available) || (wantsBypass && !mayBypass(env))) return null;
  const thread = threadOf(look);
  return thread && { thread, command, ...(verdict?.hint === undefined ? {} : { hint: verdict.hint }) };
}

function isScript(program: string): boolean {
  const file = attempt(() => openSync(program, "r"), "it may be run without being read: then it is not known what it is");
  if (file === undefined) return true;
  const start = Buffer.alloc(2);
  readSync(file, start, 0, 2, 0);
  closeSync(file);
  return start.toString("latin1") === "#!";
}

function threadOf({ env, cwd, words, threadId }: FirstLook): OwnThread | null {
  if (threadId === undefined) {
    return claudeLine.threadAsked(words, { env, cwd }) === null ? { kind: "new", threadId: crypto.randomUUID() } : null;
  }
  const place = { env, cwd, system: ownSystem };
  const transcript = findTranscript(place, threadId);
  if (transcript === undefined || nothingSaid(place.system.files, transcript) || liveOnThread(place, threadId).length > 0) return null;
  // A prompt behind a conversation that goes on: the session process knows whether it was asked before.
  return readArgs(words).positionals.length > 0 ? null : { kind: "resume", threadId };
}
