/**
 * The door: one word decides which file runs. Processes that must start in milliseconds (hooks, host, session) are looked at first and load
 * nothing else; commands load on demand. Every failure becomes one plain sentence on stderr.
 */
import type { WaitingProcess } from "@hapi/platform/lean";
import type { Command, CommandContext } from "./command.ts";
import { hideOwnCache } from "./own-cache.ts";
import { leaveFamily } from "./leave-family.ts";

type Internal = (words: string[]) => Promise<number>;

/** Started by HAPI itself, never typed by a person. */
const internals: Record<string, () => Promise<Internal>> = {
  hook: async () => (await import("./commands/hook.ts")).runHook,
  __host: async () => (await import("./commands/host.ts")).runHostProcess,
  __session: async () => (await import("./commands/session.ts")).runSession,
};

const commands: Record<string, () => Promise<Command>> = {
  hub: async () => (await import("./commands/hub.ts")).hubCommand,
  web: async () => (await import("./commands/web.ts")).webCommand,
  runner: async () => (await import("./commands/runner.ts")).runnerCommand,
  sessions: async () => (await import("./commands/sessions.ts")).sessionsCommand,
  send: async () => (await import("./commands/send.ts")).sendCommand,
  outbox: async () => (await import("./commands/outbox.ts")).outboxCommand,
  requests: async () => (await import("./commands/requests.ts")).requestsCommand,
  answer: async () => (await import("./commands/answer.ts")).answerCommand,
  resume: async () => (await import("./commands/resume.ts")).resumeCommand,
  retry: async () => (await import("./commands/retry.ts")).retryCommand,
  lock: async () => (await import("./commands/lock.ts")).lockCommand,
  unlock: async () => (await import("./commands/lock.ts")).unlockCommand,
  stop: async () => (await import("./commands/stop.ts")).stopCommand,
  auth: async () => (await import("./commands/auth.ts")).authCommand,
  agents: async () => (await import("./commands/agents.ts")).agentsCommand,
  doctor: async () => (await import("./commands/doctor.ts")).doctorCommand,
};
const aliases: Record<string, string> = { server: "hub", list: "sessions" };

export async function runCli(words: string[]): Promise<number> {
  hideOwnCache(process.env);
  leaveFamily(process.env);
  const first = words[0] ?? "";
  if (first === "mcp" && isToolServer(words)) return (await import("./commands/mcp.ts")).runTools(words.slice(1));
  const internal = own(internals, first);
  if (internal) return (await internal())(words.slice(1));
  if (first === "demo" && isDemoProgram(words)) return (await import("./commands/demo-acp.ts")).runDemoProgram(words.slice(1));

  const waiting = commandOf(first) ? null : (await import("./host-in-waiting.ts")).hostInWaiting(words, process.env);
  const { createTerminal, palette } = await import("./tui/terminal.ts");
  const terminal = createTerminal();
  const paint = palette(process.env, terminal.isInteractive);
  const code = await runTyped(words, { terminal, paint, env: process.env, cwd: process.cwd() }, waiting);
  // The end of this process would cut off what a slow reader has not taken yet.
  const lost = await terminal.written();
  if (lost === null) return code;
  terminal.note(`hapi: ${lost}`);
  await terminal.written();
  return code || 1;
}

async function runTyped(words: string[], context: CommandContext, waiting: WaitingProcess | null): Promise<number> {
  const { terminal } = context;
  const first = words[0] ?? "";
  try {
    if (["--version", "-V", "-v"].includes(first)) return await printVersion(context);
    if (["--help", "-h", "help"].includes(first)) return await printHelp(context);
    const load = commandOf(first);
    return load ? await runCommand(await load(), words.slice(1), context) : await runAgentWords(words, context, waiting);
  } catch (error) {
    const { explain } = await import("./tui/terminal.ts");
    const { sentence, exitCode } = explain(error);
    terminal.note(context.paint.bad(sentence));
    return exitCode;
  }
}

const commandOf = (word: string) => own(commands, own(aliases, word) ?? word);

/** Only words of ours, never what every object has (`constructor`). */
function own<T>(table: Record<string, T>, word: string): T | undefined {
  return Object.hasOwn(table, word) ? table[word] : undefined;
}

/** The demo agent itself, not a session with it: for an ACP client, or its own front end. */
function isDemoProgram(words: string[]): boolean {
  return words[1] === "acp" || words[1] === "tui";
}

/** HAPI's own tools, as an agent starts them: with the paths of two sockets. Every other `hapi mcp …` is the agent's own command. */
function isToolServer(words: string[]): boolean {
  return words.length === 3 && words[1]?.startsWith("/") === true;
}

async function runCommand(command: Command, words: string[], context: CommandContext): Promise<number> {
  const { helpFor, parseWords, refuseSurplus } = await import("./command.ts");
  const parsed = parseWords(command, words);
  if (parsed.isHelp) {
    context.terminal.out(helpFor(command, context.paint));
    return 0;
  }
  refuseSurplus(command, parsed);
  const code = await command.run(parsed, context);
  if (command.reachesHub) await (await import("./outbox.ts")).sendAlong(context);
  return code;
}

/** `hapi <agent> …`, or `hapi …` for the agent that needs no name. */
async function runAgentWords(words: string[], context: CommandContext, waiting: WaitingProcess | null): Promise<number> {
  const { quickStart } = await import("./commands/quick-start.ts");
  const code = await quickStart(words, context, waiting);
  if (code !== null) return code;
  waiting?.dismiss();
  const { runAgent } = await import("./commands/agent.ts");
  return runAgent(words, context);
}

async function printVersion(context: CommandContext): Promise<number> {
  const { cliVersion } = await import("./version.ts");
  context.terminal.out(cliVersion);
  return 0;
}

async function printHelp(context: CommandContext): Promise<number> {
  const { overview } = await import("./tui/overview.ts");
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  context.terminal.out(overview(loaded, context.paint));
  return 0;
}

if (import.meta.main) process.exit(await runCli(process.argv.slice(2)));
