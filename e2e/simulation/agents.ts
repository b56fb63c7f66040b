/** The agent of a world, by kind, as its seed has it. */
import { type AcpPlants, type AcpWorld, createAcpAgent } from "./acp.ts";
import { type ClaudePlants, createSimClaude, type SimClaudeWorld } from "./claude.ts";
import type { Chance } from "./random.ts";
import type { Character, SimAgent } from "./sim-agent.ts";

/** `terminal`: Claude, and a person who sits at its terminal. */
export type AgentKind = "acp" | "claude" | "terminal";
export type AgentPlants = AcpPlants & ClaudePlants;

export interface AgentWorld extends Omit<AcpWorld, "plants">, Pick<SimClaudeWorld, "cwd" | "hook"> {
  chance: Chance;
  character: Character;
  plants: AgentPlants;
}

/** What a terminal does by itself besides. */
const terminalHabits = (kind: AgentKind, plan: Chance): { deaf: number; slowStops: number } =>
  kind === "terminal" ? { deaf: plan.pick([0, 0, 0.1]), slowStops: plan.pick([0, 0, 0.3]) } : { deaf: 0, slowStops: 0 };

export function agentOf(kind: AgentKind, world: AgentWorld): SimAgent {
  if (kind === "acp") return createAcpAgent(world);
  const plan = world.chance.fork("habits");
  const habits = {
    wordless: plan.pick([0, 0, 0.1]),
    moves: plan.pick([0, 0, 0.3]),
    stalls: plan.pick([0, 0, 0.2]),
    pondersMs: plan.pick([0, 0, 3_000]),
    ...terminalHabits(kind, world.chance.fork("terminal habits")),
  };
  return createSimClaude({
    ...world,
    hasTerminal: kind === "terminal",
    chance: world.chance.fork("claude"),
    habits: { ...world.character, ...habits },
  });
}
