/** All agents HAPI knows: the built-in drivers, and what the person declared in settings.json. One line per built-in agent. */
import { hapiHome, loadSettings } from "@hapi/platform";
import { PERMISSION_MODES, toAppError } from "@hapi/protocol";
import { createAcpDriver } from "./acp/driver.ts";
import type { AcpProfile } from "./acp/profile.ts";
import { findProgram } from "./shared/program.ts";
import { claudeDriver } from "./claude/driver.ts";
import { codexDriver } from "./codex/driver.ts";
import { copilotDriver } from "./copilot/driver.ts";
import { cursorDriver } from "./cursor/driver.ts";
import { demoDriver } from "./demo/driver.ts";
import type { AgentDriver } from "./driver.ts";
import { geminiDriver } from "./gemini/driver.ts";
import { opencodeDriver } from "./opencode/driver.ts";
import { qwenDriver } from "./qwen/driver.ts";
import { readyMade } from "./ready-made.ts";
import { fields, filled, list } from "./shared/read.ts";

const builtIn: readonly AgentDriver[] = [
  claudeDriver,
  codexDriver,
  opencodeDriver,
  demoDriver,
  geminiDriver,
  copilotDriver,
  qwenDriver,
  cursorDriver,
];

/** `agents` of settings.json: flavor → how that agent is started so that it speaks ACP on stdio. */
export interface DeclaredAgent {
  /** Program and its words; `args` of the settings stand behind them. */
  command: readonly string[];
  name?: string;
  env?: Readonly<Record<string, string>>;
  /** HAPI's permission modes → the agent's own mode ids. */
  modes?: Readonly<Record<string, string>>;
}

export interface Registry {
  readonly drivers: readonly AgentDriver[];
  get(flavor: string): AgentDriver | undefined;
  /** Entries of `agents` that can't be used, each with the sentence to show. */
  readonly problems: readonly string[];
}

interface RegistryOptions {
  declared?: unknown;
  drivers?: readonly AgentDriver[];
  /** Where the programs of the ready-made ones are looked for. Absent: they are not looked for. */
  path?: string | undefined;
}

/** A declared agent can't take the name of a built-in one; it can take that of a ready-made one, and is that then. */
export function createRegistry(options: RegistryOptions = {}): Registry {
  const drivers = [...(options.drivers ?? builtIn)];
  const problems: string[] = [];
  for (const [flavor, value] of Object.entries(fields(options.declared))) {
    const agent = readDeclared(value);
    if (!/^[a-z][a-z0-9-]{0,40}$/.test(flavor))
      problems.push(`settings.json: "${flavor}" is not a name for an agent (lower case letters, digits and dashes)`);
    else if (drivers.some((driver) => driver.flavor === flavor))
      problems.push(`settings.json: "${flavor}" is the name of an agent that is there already`);
    else if (typeof agent === "string") problems.push(`settings.json: the agent "${flavor}" ${agent}`);
    else drivers.push(declaredDriver(flavor, agent));
  }
  const found = readyMade.filter((profile) => isFound(profile, options.path) && !drivers.some(({ flavor }) => flavor === profile.flavor));
  drivers.push(...found.map(createAcpDriver));
  return { drivers, problems, get: (flavor) => drivers.find((driver) => driver.flavor === flavor) };
}

function isFound(profile: AcpProfile, path: string | undefined): boolean {
  const [program = ""] = profile.command({});
  return path !== undefined && findProgram(program, path) !== undefined;
}

const areWords = (words: readonly unknown[]): words is string[] => words.every((word) => typeof word === "string" && word !== "");

/** What is wrong with it, behind its name, where it can't be used. */
function readDeclared(value: unknown): DeclaredAgent | string {
  const { command, args, name, env, modes } = fields(value);
  const words = typeof command === "string" ? [command] : list(command);
  if (words.length === 0 || !areWords(words)) return 'needs a "command", a list of words';
  const more = list(args);
  if (!areWords(more) || (args !== undefined && !Array.isArray(args))) return 'has "args" that are no list of words';
  const wrong = Object.entries(fields(modes)).find(([mode, id]) => !isPermissionMode(mode) || typeof id !== "string" || id === "");
  if (wrong) return `has "modes" with "${wrong[0]}": they lead from a permission mode of HAPI's to the agent's own word for it`;
  return { command: [...words, ...more], name: filled(name), env: texts(env), modes: texts(modes) };
}

const texts = (value: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(fields(value)).filter((entry): entry is [string, string] => typeof entry[1] === "string"));

const isPermissionMode = (mode: string): boolean => (PERMISSION_MODES as readonly string[]).includes(mode);

function declaredDriver(flavor: string, agent: DeclaredAgent): AgentDriver {
  return createAcpDriver({
    flavor,
    displayName: agent.name ?? flavor,
    command: () => agent.command,
    env: () => agent.env ?? {},
    modes: agent.modes ?? {},
  });
}

/** With the agents that settings.json of this home declares. Settings that can't be read are a problem to show, not a reason to know nobody. */
export function loadRegistry(home: string = hapiHome()): Registry {
  try {
    return createRegistry({ declared: loadSettings(home)["agents"], path: process.env["PATH"] ?? "" });
  } catch (cause) {
    const registry = createRegistry({ path: process.env["PATH"] ?? "" });
    return { ...registry, problems: [toAppError(cause).message] };
  }
}

/** In the order of the CLI's list; the first one is what plain `hapi` starts. */
export const allDrivers = (home?: string): readonly AgentDriver[] => loadRegistry(home).drivers;

export function driverFor(flavor: string, home?: string): AgentDriver | undefined {
  return builtIn.find((driver) => driver.flavor === flavor) ?? loadRegistry(home).get(flavor);
}
