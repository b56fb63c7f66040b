/** What is started for a front: which conversation, with which words and environment. Refuses what Claude itself would refuse late or silently. */
import { basename } from "node:path";
import type { Files } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol/errors";
import type { DriverContext, StartOptions } from "../driver.ts";
import {
  type ArgvOptions,
  flagValue,
  hasFlag,
  localArgv,
  readArgs,
  remoteArgv,
  type ThreadChoice,
  threadAsked,
  type UserArgs,
} from "./argv.ts";
import type { Core } from "./core.ts";
import { claudeEnv, mayBypass, requireBypass } from "./environment.ts";
import { isUuid } from "./ids.ts";
import { parseTranscriptLine, str } from "./json.ts";
import { writeOverlay, writeTools } from "./overlay.ts";
import { findTranscript, newestThread } from "./paths.ts";
import { readMark } from "./state.ts";

/** Our own conversation that was never written to disk (no prompt yet) can't be resumed, but it can be begun. */
function continueThread(core: Core, threadId: string, fork: boolean): ThreadChoice {
  const { uuid, files } = core.context.system;
  const path = core.thread?.id === threadId ? core.transcript() : findTranscript(core.context, threadId);
  if (path === undefined) {
    const { forkOf } = core.thread ?? {};
    // A branch that was named but never written (its start failed) is made again, under its name.
    if (!fork && core.thread?.id === threadId && forkOf !== undefined) return { kind: "fork", from: basename(forkOf, ".jsonl"), threadId };
    // Its past was there and is gone (Claude Code itself removes old ones): to begin under its name would be a fresh start in disguise.
    if (fork || core.thread?.id !== threadId || core.hadPast)
      throw new AppError("resume_unavailable", "Claude Code does not know this conversation on this machine");
    return { kind: "new", threadId };
  }
  // Killed before it wrote down the first prompt: "No conversation found" for --resume, "already in use" for --session-id (measured on 2.1.329).
  if (!fork && core.thread?.id === threadId && nothingSaid(files, path)) {
    // A Claude that ends writes its notes also where the record was just taken away: what was answered is gone, not unsaid.
    if (readMark(core.context, "claude.answered")?.threadId === threadId)
      throw new AppError("resume_unavailable", "Claude Code does not know this conversation on this machine");
    return { kind: "new", threadId: uuid() };
  }
  return fork ? { kind: "fork", from: threadId, threadId: uuid() } : { kind: "resume", threadId };
}

/** More than what Claude notes before the first prompt. */
const WITH_WORDS_BYTES = 64 * 1024;

/** Only notes of Claude's own (its queue, say), and no message of anybody's. */
export function nothingSaid(files: Files, path: string): boolean {
  if ((files.facts(path)?.size ?? 0) > WITH_WORDS_BYTES) return false;
  const lines = files.text(path).split("\n").map(parseTranscriptLine);
  return !lines.some((line) => messages.has(str(line?.["type"]) ?? ""));
}

const messages: ReadonlySet<string> = new Set(["user", "assistant", "system"]);

/** The session's own conversation first, then what the user's flags say, else a new one with an id of our choice. */
export function chooseThread(core: Core, options: StartOptions, args: UserArgs): ThreadChoice {
  if (options.threadId !== undefined) return continueThread(core, options.threadId, options.fork === true);
  const asked = threadAsked(args);
  if (asked.threadId !== undefined && isUuid(asked.threadId))
    return continueThread(core, asked.threadId, asked.fork || options.fork === true);
  if (asked.newest) {
    const newest = newestThread(core.context);
    if (newest !== null) return continueThread(core, newest, asked.fork);
  }
  // A picker or a search term: only the terminal can ask.
  if (hasFlag(args, "--resume", "-r", "--from-pr") && options.front === "local") return { kind: "theirs" };
  return { kind: "new", threadId: asked.newId !== undefined && isUuid(asked.newId) ? asked.newId : core.context.system.uuid() };
}

export interface Launch {
  thread: ThreadChoice;
  argv: string[];
  env: Record<string, string>;
}

/** `first`: nothing was started in this session before, so a prompt on the command line is still to be asked. */
export function planLaunch(core: Core, command: readonly string[], options: StartOptions, first: boolean): Launch {
  const args = readArgs(options.args);
  return launchOn(chooseThread(core, options, args), { context: core.context, command, options, args, first });
}

export interface LaunchInput {
  context: Pick<DriverContext, "env" | "cwd" | "sessionDir" | "hookCommand" | "hookEnv" | "tools">;
  command: readonly string[];
  options: StartOptions;
  args: UserArgs;
  first: boolean;
}

export function launchOn(thread: ThreadChoice, { context, command, options, args, first }: LaunchInput): Launch {
  const wantsBypass =
    options.permissionMode === "bypassPermissions" ||
    (options.permissionMode === undefined && hasFlag(args, "--dangerously-skip-permissions"));
  const env = claudeEnv(context.env);
  if (wantsBypass) requireBypass(env);
  const shared: ArgvOptions = {
    args,
    thread,
    permissionMode: options.permissionMode,
    model: options.model,
    effort: options.effort,
    // A driven session may be switched to it later; the terminal shows its own choice of modes and is left as it is.
    allowBypass: options.front === "remote" ? mayBypass(env) : options.permissionMode === "bypassPermissions",
    withPrompt: first,
    ...(options.front === "local" && options.prefill !== undefined ? { prefill: options.prefill } : {}),
  };
  const { sessionDir, cwd, hookCommand, tools } = context;
  const userSettings = flagValue(args, "--settings");
  const settings = writeOverlay({ front: options.front, sessionDir, cwd, hookCommand, userSettings, tools });
  const given = tools ? { mcpConfig: writeTools(sessionDir, tools) } : {};
  const argv = (options.front === "remote" ? remoteArgv : localArgv)(command, { ...shared, settings, ...given });
  return { thread, argv, env: { ...env, ...context.hookEnv } };
}
