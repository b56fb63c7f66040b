/** The end of an agent's program under the host: whether it came already, how it is brought about, and what is said of one that nobody asked for. */
import { shortText } from "@hapi/core";
import type { ExitStatus, HostProcess } from "@hapi/host";
import { type Clock, ignore, LATE, within } from "@hapi/platform/lean";
import type { AgentFailure } from "@hapi/protocol";

const KILL_AFTER_MS = 3_000;

/** Settled promises win a race in order, so a process that is gone already is told apart without waiting. */
export async function hasExited(process: HostProcess): Promise<boolean> {
  const tick = new Promise<false>((resolve) => setImmediate(() => resolve(false)));
  return await Promise.race([process.exited.then(() => true), tick]);
}

/** `graceMs`, but never less than a program needs to end by itself. */
export const endProcess = (process: HostProcess, clock: Clock, graceMs: number): Promise<void> =>
  endWithin(process, clock, Math.max(graceMs, KILL_AFTER_MS));

/** SIGTERM, then `ms`, then SIGKILL. Resolves when it is gone. */
export async function endWithin(process: HostProcess, clock: Clock, ms: number): Promise<void> {
  ignore(process.signal("SIGTERM"), "a process that is gone takes no signal");
  if ((await within(clock, ms, process.exited)) !== LATE) return;
  ignore(process.signal("SIGKILL"), "a process that is gone takes no signal");
  await process.exited;
}

/** One sentence, with the last line of what it said outside its protocol. */
export function exitWords(agent: string, { code, signal }: Pick<ExitStatus, "code" | "signal">, lastWords: string): string {
  const how = signal ? `signal ${signal}` : `code ${code ?? "unknown"}`;
  const said = shortText(lastWords.trim().split("\n").at(-1)?.trim() ?? "", 300);
  return `${agent} ended unexpectedly (${how})${said ? `: ${said}` : ""}`;
}

export const exitFailure = (agent: string, exit: Pick<ExitStatus, "code" | "signal">, lastWords: string): AgentFailure => ({
  code: "agent_exited",
  message: exitWords(agent, exit, lastWords),
  retryable: true,
});
