/**
 * Whether a hook comes from the agent, or from something that an agent's tool has started and that inherited the hook's token. Measured (Claude Code
 * 2.1.329): a hook is `sh -c <our command>`, a child of the agent's own process; a tool's command is a child of a shell of its own. So of a caller
 * counts who its parents are, up to the agent. What a tool left behind has another parent; what it starts stands below the tool's shell. Out of reach
 * is a tool's shell that turns itself into a hook's while its call runs: a person has allowed that one. Where the very first hook of an agent does
 * not look like that, this system starts hooks in another way, and nothing is refused there; which was the first is kept (`hook-verdicts.ts`).
 */
import { readFileSync } from "node:fs";
import { attempt } from "@hapi/platform";
import { isToolServer } from "./tools/given-tools.ts";
import type { CallerVerdicts } from "./hook-verdicts.ts";

/** A process as the system tells it; null: it is gone, or nothing is told. */
export interface ProcessSight {
  parent: number;
  argv: readonly string[];
}
export type LookAt = (pid: number) => ProcessSight | null;

export function lookAtProcess(pid: number): ProcessSight | null {
  const read = (file: string): string | undefined =>
    attempt(() => readFileSync(`/proc/${pid}/${file}`, "utf8"), "it has ended, or this system tells nothing");
  const [stat, line] = [read("stat"), read("cmdline")];
  if (stat === undefined || line === undefined) return null;
  const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(parent), argv: line.split("\0").slice(0, -1) };
}

/** Below an agent that is started through a script stand a few more. */
const MAX_STEPS = 8;
const SHELL = /(^|\/)(sh|bash|dash|zsh|ash)$/;
/** What runs scripts, or another program: the program it was started with may be another process, below it. */
const INTERPRETER = /(^|\/)(sh|bash|dash|zsh|ash|node|bun|env|python3?|bwrap)$/;

const plain = (text: string): string => text.replaceAll(/['\\]/g, "").trim();

export interface CallerCheck {
  /** Whether one of `agents`, the programs that the host runs for this session, called. */
  isAgents(caller: number, agents: readonly number[]): boolean;
}

/** `command`: that of our hooks. */
export function createCallerCheck(options: { command: readonly string[]; verdicts: CallerVerdicts; look?: LookAt }): CallerCheck {
  const { verdicts, look = lookAtProcess } = options;
  const command = plain(options.command.join(" "));
  const isHookShell = ({ argv }: ProcessSight): boolean =>
    argv.length === 3 && SHELL.test(argv[0] ?? "") && argv[1] === "-c" && plain(argv[2] ?? "") === command;

  function isBelow(pid: number, agent: number): boolean {
    let at = pid;
    for (let steps = 0; steps <= MAX_STEPS && at > 1; steps += 1) {
      if (at === agent) return true;
      at = look(at)?.parent ?? 0;
    }
    return false;
  }

  /** The process that started the hook: a shell that became its last command is not there. */
  function starterOf(caller: number): number | null {
    const seen = look(caller);
    const parent = seen && look(seen.parent);
    if (!seen || !parent) return null;
    return isHookShell(parent) ? parent.parent : seen.parent;
  }

  function isFrom(starter: number, agent: number): boolean {
    if (starter === agent) return true;
    const isScript = INTERPRETER.test(look(agent)?.argv[0] ?? "");
    const first = verdicts.of(agent);
    const isSame = typeof first !== "number" || first === starter;
    return isScript && isSame && !SHELL.test(look(starter)?.argv[0] ?? "") && isBelow(starter, agent);
  }

  return {
    isAgents(caller, agents) {
      const starter = starterOf(caller);
      const agent = starter === null ? undefined : agents.find((one) => isFrom(starter, one));
      const above = agent ?? agents.find((one) => isBelow(caller, one));
      // The agent's first one, which comes before it runs anything.
      if (above !== undefined && verdicts.of(above) === undefined) verdicts.keep(above, agent === undefined ? null : starter);
      return agent !== undefined || (above !== undefined && verdicts.of(above) === null);
    },
  };
}

export interface ToolsCheck {
  /** What our server of tools is started with: the program and its words, the sockets among them. */
  command: readonly string[];
  sockets: readonly string[];
  verdicts: CallerVerdicts;
  /** The programs that the host runs for this session. */
  agents(): readonly number[];
  look?: LookAt;
}

/**
 * Whether a caller is the server of HAPI's own tools that an agent itself has started: by its words it is one, and its parent is whoever started the
 * agent's first one, which comes before the agent runs anything.
 */
export function createToolsCheck({ command, sockets, verdicts, agents, look = lookAtProcess }: ToolsCheck): (caller: number) => boolean {
  const check = createCallerCheck({ command, verdicts, look });
  return (caller) => isToolServer(look(caller)?.argv ?? [], sockets) && check.isAgents(caller, agents());
}
