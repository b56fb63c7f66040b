/** All agents HAPI knows: the built-in drivers, and what the person declared in settings.json. One line per built-in agent. */
import { hapiHome, loadSettings } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";
import { createAcpDriver } from "./acp/driver.ts";
import { claudeDriver } from "./claude/driver.ts";
import { demoDriver } from "./demo/driver.ts";
import type { AgentDriver } from "./driver.ts";
import { fields, filled, list } from "./shared/read.ts";

const builtIn: readonly AgentDriver[] = [claudeDriver, demoDriver];

/** `agents` of settings.json: flavor → how that agent is started so that it speaks ACP on stdio. */
export interface DeclaredAgent {
  command: readonly string[];
  name?: string;
  env?: Readonly<Record<string, string>>;
}

export interface Registry {
  readonly drivers: readonly AgentDriver[];
  get(flavor: string): AgentDriver | undefined;
  /** Entries of `agents` that can't be used, each with the sentence to show. */
  readonly problems: readonly string[];
}

/** A declared agent can't take the name of a built-in one. */
export function createRegistry(options: { declared?: unknown; drivers?: readonly AgentDriver[] } = {}): Registry {
  const drivers = [...(options.drivers ?? builtIn)];
  const problems: string[] = [];
  for (const [flavor, value] of Object.entries(fields(options.declared))) {
    const agent = readDeclared(value);
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(flavor))
      problems.push(`settings.json: "${flavor}" is not a name for an agent (lower case letters, digits and dashes)`);
    else if (drivers.some((driver) => driver.flavor === flavor))
      problems.push(`settings.json: "${flavor}" is the name of an agent that is there already`);
    else if (!agent) problems.push(`settings.json: the agent "${flavor}" needs a "command", a list of words`);
    else drivers.push(declaredDriver(flavor, agent));
  }
  return { drivers, problems, get: (flavor) => drivers.find((driver) => driver.flavor === flavor) };
}

function readDeclared(value: unknown): DeclaredAgent | null {
  const { command, name, env } = fields(value);
  const words = list(command);
  if (words.length === 0 || !words.every((word): word is string => typeof word === "string" && word !== "")) return null;
  const variables = Object.entries(fields(env)).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  return { command: words, name: filled(name), env: Object.fromEntries(variables) };
}

function declaredDriver(flavor: string, agent: DeclaredAgent): AgentDriver {
  return createAcpDriver({
    flavor,
    displayName: agent.name ?? flavor,
    command: () => agent.command,
    env: () => agent.env ?? {},
  });
}

/** With the agents that settings.json of this home declares. Settings that can't be read are a problem to show, not a reason to know nobody. */
export function loadRegistry(home: string = hapiHome()): Registry {
  try {
    return createRegistry({ declared: loadSettings(home)["agents"] });
  } catch (cause) {
    const registry = createRegistry();
    return { ...registry, problems: [toAppError(cause).message] };
  }
}

/** In the order of the CLI's list; the first one is what plain `hapi` starts. */
export const allDrivers = (home?: string): readonly AgentDriver[] => loadRegistry(home).drivers;

export function driverFor(flavor: string, home?: string): AgentDriver | undefined {
  return builtIn.find((driver) => driver.flavor === flavor) ?? loadRegistry(home).get(flavor);
}
