/** A world with a scripted Claude: the real driver over a disk in memory. */
import type { AgentDriver } from "@hapi/agents";
import { createClaudeDriver } from "../../packages/agents/src/claude/driver.ts";
import type { System } from "../../packages/agents/src/claude/system.ts";
import { checkTurns, type HistoryRow, type Violation } from "@hapi/testkit";
import { promptUuid } from "../../packages/agents/src/claude/ids.ts";
import { createClaude, type ClaudeHabits, type ClaudeWorld } from "./claude-agent.ts";
import { newClaudeRecord, ranOf } from "./claude-record.ts";
import { createTerminalClaude } from "./claude-terminal.ts";
import { checkTerminal } from "./claude-terminal-check.ts";
import { CLAUDE_DIR, VERSION } from "./claude-transcript.ts";
import { createSimDisk } from "./disk.ts";
import { SESSION } from "./machine.ts";
import type { Chance } from "./random.ts";
import type { SimAgent, Told } from "./sim-agent.ts";
import type { VirtualTime } from "./time.ts";

export interface ClaudePlants {
  driver?(driver: AgentDriver): AgentDriver;
}

export interface SimClaudeWorld {
  time: VirtualTime;
  chance: Chance;
  habits: ClaudeHabits;
  /** It begins in its terminal, at which a person sits. */
  hasTerminal: boolean;
  cwd: string;
  plants: ClaudePlants;
  hook: ClaudeWorld["hook"];
  isCalm(): boolean;
}

export interface SimClaude extends SimAgent {
  /** How often its record went to another folder. */
  readonly moves: number;
}

/** Ids that a seed decides. */
function idsOf(chance: Chance): () => string {
  const hex = (digits: number): string => Array.from({ length: digits }, () => chance.below(16).toString(16)).join("");
  return () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`;
}

export function createSimClaude(world: SimClaudeWorld): SimClaude {
  const { time, plants } = world;
  const disk = createSimDisk(time);
  const record = newClaudeRecord();
  const running = new Map<number, string>();
  return {
    flavor: "claude",
    env: { CLAUDE_CONFIG_DIR: CLAUDE_DIR, HOME: "/home/simulated", PATH: "" },
    program: (forHost) => (start) => {
      const mine = forHost.fork(start.launchId);
      const create = start.kind === "pty" ? createTerminalClaude : createClaude;
      return create(start, { ...world, chance: mine, uuid: idsOf(mine.fork("ids")), disk, record, running });
    },
    driver({ life, chance: forProcess }) {
      const system: System = {
        files: disk.view(life, forProcess.fork("disk")),
        processes: { startTime: (pid) => running.get(pid) ?? null, descendants: () => [] },
        uuid: idsOf(forProcess.fork("ids")),
        detect: () => Promise.resolve({ available: true, command: ["claude"], program: "claude", version: VERSION }),
      };
      const driver = createClaudeDriver(system);
      return plants.driver?.(driver) ?? driver;
    },
    get truth() {
      return {
        ran: ranOf(record),
        said: record.said.map(({ text }) => text),
        tells: "always" as const,
      };
    },
    saidInRing: (host) => record.said.filter((said) => said.host === host && !said.recorded).map(({ text }) => text),
    get steered() {
      return record.steered;
    },
    ...(world.hasTerminal ? { asking: record.asking } : {}),
    get isAtWork() {
      return record.atWork.size > 0;
    },
    get moves() {
      return record.moves;
    },
    check: (told) => [
      ...checkTurns(told.rows),
      ...checkAnswers(record.taken, told.state),
      ...checkWordless(record.wordless, told.rows),
      ...record.together.map((what) => ({ kind: "agents-together" as const, what })),
      ...(world.hasTerminal ? checkTerminal(record, told) : []),
    ],
  };
}

/** A turn that said and did nothing is not told as done. */
function checkWordless(wordless: ReadonlySet<string>, rows: readonly HistoryRow[]): Violation[] {
  return rows.flatMap(({ localId, stage }): Violation[] => {
    const isWordless = localId != null && wordless.has(promptUuid(SESSION, localId));
    return isWordless && stage === "done"
      ? [{ kind: "stage-untrue", what: `${localId} was ended without a word and is shown as done` }]
      : [];
  });
}

/** What was told of each request is what Claude took. */
function checkAnswers(taken: ReadonlyMap<string, string>, state: Told["state"]): Violation[] {
  return Object.entries(state?.completedRequests ?? {}).flatMap(([id, { status }]): Violation[] => {
    const truth = taken.get(id) ?? "nothing";
    const isTold = status === "approved" || status === "denied";
    return isTold && status !== truth ? [{ kind: "answer-untrue", what: `${id} is told as ${status}, and Claude took ${truth}` }] : [];
  });
}
