/** Claude's own `--help`, of every version that is installed: each flag and each command is one that we decided about. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { runCommand } from "@hapi/platform";
import { ownBusiness } from "../../src/claude/argv.ts";
import { commands, flags } from "../../src/claude/command-line.ts";

const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "hapi-agents");
const versions = readdirSync(cache)
  .filter((name) => name.startsWith("claude-") && existsSync(join(cache, name, ".complete")))
  .map((name) => name.slice("claude-".length));

interface Help {
  flags: { names: string[]; value: string | null }[];
  commands: string[][];
}

/** Commander's layout: a section per heading, an entry begins two spaces deep. */
function readHelp(text: string): Help {
  const help: Help = { flags: [], commands: [] };
  let section = "";
  for (const line of text.split("\n")) {
    const heading = /^([A-Z]\w*):\s*$/.exec(line)?.[1];
    if (heading) section = heading;
    const entry = /^ {2}(\S.*?)(?: {2,}|$)/.exec(line)?.[1];
    if (heading || entry === undefined) continue;
    if (section === "Options" && entry.startsWith("-")) {
      const value = /[<[].*$/.exec(entry)?.[0] ?? null;
      const names = entry.replace(/ *[<[].*$/, "").split(/, */);
      help.flags.push({ names, value });
    }
    if (section === "Commands") help.commands.push((entry.split(" ")[0] ?? "").split("|"));
  }
  return help;
}

const takes = (value: string | null): string =>
  value === null ? "none" : value.startsWith("[") ? "optional" : value.includes("...") ? "many" : "one";

test("more than one version is looked at", () => expect(versions.length).toBeGreaterThanOrEqual(1));

test.each(versions)(
  "Claude Code %s",
  async (version) => {
    const home = mkdtempSync(join(tmpdir(), "hapi-claude-help-"));
    const program = join(cache, `claude-${version}`, "node_modules/.bin/claude");
    const env = { HOME: home, PATH: process.env["PATH"] ?? "", ANTHROPIC_BASE_URL: "http://127.0.0.1:1", DISABLE_AUTOUPDATER: "1" };
    const helpOf = async (...words: string[]): Promise<Help> => {
      const { code, stdout, stderr } = await runCommand([program, ...words, "--help"], { cwd: home, env, timeoutMs: 240_000 });
      expect([words, code, stderr]).toEqual([words, 0, ""]);
      return readHelp(stdout);
    };
    /** Commands below commands: their words are all the agent's, so it is enough that the first one is known. */
    async function walk(path: string[]): Promise<number> {
      expect([path, ownBusiness(path)]).toEqual([path, path[0] ?? ""]);
      const below = (await helpOf(...path)).commands.map((names) => names[0] ?? "").filter((name) => name !== "help");
      let seen = 1;
      for (const name of below) seen += await walk([...path, name]);
      return seen;
    }
    try {
      const top = await helpOf();
      expect(top.flags.length).toBeGreaterThan(50);
      const undecided = [
        ...top.flags.flatMap(({ names }) => names).filter((name) => !flags.has(name)),
        ...top.commands.flat().filter((name) => !commands.has(name)),
      ];
      expect(undecided).toEqual([]);
      const misread = top.flags
        // Given several times, each with one value; or with a value that a terminal never gives.
        .filter(({ names, value }) => names.some((name) => flags.get(name)?.takes !== takes(value)))
        .map(({ names, value }) => `${names.join(" ")} ${value}`);
      expect(misread).toEqual([]);
      const gone = [...flags].filter(([name, facts]) => !facts.hidden && !top.flags.some(({ names }) => names.includes(name)));
      expect(gone.map(([name]) => name)).toEqual([]);
      let seen = 0;
      for (const [name = ""] of top.commands) seen += await walk([name]);
      expect(seen).toBeGreaterThan(top.commands.length);
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  },
  480_000,
);
