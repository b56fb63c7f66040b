/**
 * `opencode serve` under the host, one for each session: on loopback, at a port of its own choosing, behind a password that only this launch has. It lies in
 * the session's private folder, so that the next session process can go on. It keeps other users of the machine out; the shells that OpenCode runs have it
 * in their environment (1.18.33 takes it from there alone and hands it on), as they have the user's own files.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isRecord, shortText } from "@hapi/core";
import type { HostControl, HostProcess } from "@hapi/host";
import { attempt, LATE, within, writeFileAtomic } from "@hapi/platform/lean";
import { AppError, toAppError } from "@hapi/protocol";
import type { DriverContext } from "../driver.ts";
import { endWithin, hasExited } from "../shared/process-end.ts";
import { fields } from "../shared/read.ts";
import { locateOpenCode } from "./detect.ts";
import { AGENT_NAME } from "./name.ts";
import type { Launch } from "./state.ts";

/** The first start after an installation may fetch a plugin; a slow machine is not a hang. */
const READY_MS = 180_000;
const LISTENING = /listening on (http:\/\/\S+)/;
const KILL_AFTER_MS = 1_000;
const MAX_HEAD = 64 * 1024;

const passwordFile = (context: DriverContext, launchId: string) => join(context.sessionDir, `${launchId}.password`);

export function passwordOf(context: DriverContext, launchId: string): string | undefined {
  return attempt(
    () => readFileSync(passwordFile(context, launchId), "utf8"),
    "without it the server can't be asked, which the caller says",
  );
}

export function forgetPassword(context: DriverContext, launchId: string): void {
  attempt(() => rmSync(passwordFile(context, launchId), { force: true }), "it opens nothing any more");
}

/** The environment of both programs. */
export function serverEnv(context: DriverContext, password: string): Record<string, string> {
  const { OPENCODE_SERVER_USERNAME: _, ...env } = context.env;
  return { ...env, ...toolsEnv(context), OPENCODE_SERVER_PASSWORD: password };
}

/** A person may take so long to answer a tool that asks. */
const TOOL_TIMEOUT_MS = 24 * 3600_000;

/** HAPI's own tools, in the configuration that OpenCode takes from its environment; what the person has there stays. */
function toolsEnv({ tools, env, log }: DriverContext): Record<string, string> {
  if (!tools) return {};
  const theirs = attempt(
    () => JSON.parse(env["OPENCODE_CONFIG_CONTENT"] ?? "{}") as unknown,
    "then OpenCode itself says what is wrong with it",
  );
  // Not JSON to us, it may still be a configuration with comments: it is left as it is.
  if (!isRecord(theirs)) {
    log.warn("opencode.tools_not_given", { because: "OPENCODE_CONFIG_CONTENT is no JSON object" });
    return {};
  }
  const server = { type: "local", command: tools.command, environment: tools.env, enabled: true, timeout: TOOL_TIMEOUT_MS };
  const mcp = { ...fields(theirs["mcp"]), [tools.name]: server };
  return { OPENCODE_CONFIG_CONTENT: JSON.stringify({ ...theirs, mcp }) };
}

export async function spawnServer(
  context: DriverContext,
  launch: Launch,
  flags: readonly string[],
): Promise<{ process: HostProcess; password: string }> {
  const { command, hint } = locateOpenCode(context.env, context.program);
  if (command.length === 0) throw new AppError("spawn_failed", hint);
  const password = randomBytes(32).toString("base64url");
  writeFileAtomic(passwordFile(context, launch.id), password, { mode: 0o600 });
  const argv = [...command, "serve", "--hostname", "127.0.0.1", "--port", "0", ...flags];
  try {
    const spec = { launchId: launch.id, kind: "pipe" as const, argv, cwd: context.cwd, env: serverEnv(context, password) };
    return { process: await context.host.spawn(spec), password };
  } catch (cause) {
    forgetPassword(context, launch.id);
    throw new AppError("spawn_failed", `${AGENT_NAME} could not be started: ${toAppError(cause).message}`, { cause });
  }
}

/** Where it listens, by its own word. */
export async function listeningAt(context: DriverContext, process: HostProcess): Promise<string> {
  const found = await within(context.clock, READY_MS, (signal) => readUrl(process, signal));
  if (found === LATE) throw new AppError("timeout", `${AGENT_NAME} did not say where it listens within ${READY_MS / 1000} s`);
  if (found !== undefined) return found;
  const { code, signal } = await process.exited;
  const said = await lastLine(process);
  throw new AppError("spawn_failed", `${AGENT_NAME} ended while it started (${signal ?? `code ${code}`})${said ? `: ${said}` : ""}`);
}

async function lastLine(process: HostProcess): Promise<string> {
  const decoder = new TextDecoder();
  let said = "";
  for await (const chunk of process.read("err", 0)) said = (said + decoder.decode(chunk.bytes, { stream: true })).slice(-MAX_HEAD);
  return shortText(said.trim().split("\n").at(-1) ?? "", 300);
}

export const endServer = ({ clock }: DriverContext, process: HostProcess, graceMs: number): Promise<void> =>
  endWithin(process, clock, Math.max(graceMs, KILL_AFTER_MS));

/** Does one of this session's live? */
export async function hasServer(host: HostControl): Promise<boolean> {
  const ours = host.processes().filter(({ launchId }) => /^opencode-\d/.test(launchId));
  return (await Promise.all(ours.map(hasExited))).includes(false);
}

async function readUrl(process: HostProcess, signal: AbortSignal): Promise<string | undefined> {
  const decoder = new TextDecoder();
  let said = "";
  for await (const chunk of process.read("out", 0, signal)) {
    said = (said + decoder.decode(chunk.bytes, { stream: true })).slice(-MAX_HEAD);
    process.release("out", chunk.offset + chunk.bytes.length);
    const found = LISTENING.exec(said)?.[1];
    if (found !== undefined) return found;
  }
  return undefined;
}
