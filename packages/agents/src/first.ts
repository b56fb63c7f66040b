/**
 * The face of this package before the first paint: agents whose own screen can be begun before a session process is there. Loads their command
 * lines and nothing else.
 */
import { claudeLine } from "./claude/line.ts";
import { canPlanFirstLaunch, planFirstLaunch } from "./claude/first-launch.ts";
import { claudeVariables } from "./claude/variables.ts";
import type { AgentCommandLine, DriverContext } from "./driver.ts";
import type { EnvironmentVariable } from "./environment.ts";

export interface FirstLook {
  env: Readonly<Record<string, string>>;
  cwd: string;
  /** The agent's own words of the line. */
  words: readonly string[];
  /** The session's conversation; absent: a new one. */
  threadId?: string | undefined;
  permissionMode?: string | undefined;
  /** The one the session was begun with; absent: as it is found now. */
  program?: string | undefined;
}

export interface FirstLaunchInput extends FirstLook {
  where: Pick<DriverContext, "env" | "cwd" | "sessionDir" | "hookCommand" | "hookEnv" | "tools">;
  model?: string | null | undefined;
  effort?: string | null | undefined;
}

export interface FirstLaunch {
  launchId: string;
  threadId: string;
  how: "new" | "resume";
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What is to be said about its version. */
  hint?: string;
}

export interface QuickAgent {
  flavor: string;
  displayName: string;
  commandLine: AgentCommandLine;
  /** Variables that belong to a session. */
  environment: readonly EnvironmentVariable[];
  /** Can it be begun before a session process is there? Changes nothing. */
  canPlan(look: FirstLook): boolean;
  /** Writes what the launch needs into the session's folder. Null: only the session process can start it. */
  plan(input: FirstLaunchInput): FirstLaunch | null;
}

/** What plain `hapi` starts; the same as the first of the registry. */
export const quickAgent: QuickAgent = {
  flavor: "claude",
  displayName: "Claude Code",
  commandLine: claudeLine,
  environment: claudeVariables,
  canPlan: canPlanFirstLaunch,
  plan: planFirstLaunch,
};

export { type EnvironmentVariable, isSecretValue } from "./environment.ts";
export type { AgentCommandLine, AgentDriver, ThreadAsked } from "./driver.ts";
