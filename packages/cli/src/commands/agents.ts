/** `hapi agents`: which agents there are on this machine, in which version, and what is known of that version. Starts no conversation. */
import { loadRegistry, type AgentDriver } from "@hapi/agents";
import { lookOutside } from "@hapi/machine";
import { hapiHome } from "@hapi/platform";
import { isSet, type Command, type CommandContext } from "../command.ts";
import { table } from "../tui/terminal.ts";

interface Row {
  agent: string;
  name: string;
  available: boolean;
  version: string | null;
  program: string | null;
  /** Versions that HAPI's suites drive, and whether this is one of them. */
  verified: { versions: readonly string[]; how: "real" | "stand-in" | "own" | "not"; isThis: boolean };
  hint: string | null;
}

export const agentsCommand: Command = {
  name: "agents",
  summary: "Which agents are on this machine, in which version, and what HAPI was tested with",
  usage: "[--json]",
  options: { json: { type: "boolean", help: "print JSON" } },
  takes: {},
  examples: ["hapi agents", "hapi agents --json"],
  async run(words, context) {
    const home = hapiHome(context.env);
    const { drivers, problems } = loadRegistry(home);
    const place = lookOutside(home, definedOnly(context.env));
    // One after the other: each may start a program of hundreds of megabytes.
    const agents: Row[] = [];
    for (const driver of drivers) agents.push(await rowOf(driver, place));
    if (isSet(words, "json")) context.terminal.json({ agents, problems });
    else print(agents, problems, context);
    return problems.length > 0 ? 1 : 0;
  },
};

async function rowOf(driver: AgentDriver, { env, written }: ReturnType<typeof lookOutside>): Promise<Row> {
  const found = await driver.detect(env, undefined, written);
  const version = found.version ?? (found.available ? ((await driver.askVersion?.(env)) ?? null) : null);
  const { versions = [], how = "not" } = driver.verified ?? {};
  return {
    agent: driver.flavor,
    name: driver.displayName,
    available: found.available,
    version,
    program: found.program ?? null,
    verified: { versions, how, isThis: version !== null && versions.includes(version) },
    hint: found.hint ?? null,
  };
}

const definedOnly = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));

function print(agents: readonly Row[], problems: readonly string[], { terminal, paint }: CommandContext): void {
  const rows = agents.map((row) => {
    const mark = !row.available ? paint.waiting("·") : paint.good("✓");
    return [mark, paint.bold(row.agent), row.name, row.version ?? (row.available ? "" : "not found"), whatIsKnown(row)];
  });
  // Not cut: the next step stands at the end.
  terminal.out(table(rows, Number.POSITIVE_INFINITY));
  for (const problem of problems) terminal.note(paint.bad(problem));
}

function whatIsKnown({ available, hint, version, verified }: Row): string {
  if (!available) return hint ?? "";
  const tested = verified.versions.join(", ");
  if (verified.how === "not") return "not tested by HAPI";
  if (verified.how === "own") return "built in";
  if (verified.how === "stand-in") return "tested by its documents only, against a stand-in";
  if (verified.isThis) return "tested";
  return version === null
    ? `does not tell its version; tested with ${tested}`
    : `tested with ${tested}; what this one says anew is shown raw`;
}
