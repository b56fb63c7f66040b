/**
 * From the command line to the agent's own screen: `hapi` beside the bare program, one after the other in turns, with a hub that runs. Only where
 * the real Claude Code is installed (`npm run test:agents` does that); no model is asked. What HAPI adds is the difference.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { attempt, findProgram, openPty } from "@hapi/platform";
import type { HubUnderTest } from "../lib/hub.ts";
import { median, toHundredths } from "../lib/stats.ts";
import { now, pause, within } from "../lib/timing.ts";
import type { Metrics, Phase } from "./phase.ts";

const paintLimitMs = 30_000;
/** What the one before left to do must not be in the next one's way. */
const restMs = 300;
/** The first words of Claude's own screen; everything before is the shell's or HAPI's. */
const painted = /Claude\s?Code\s?v\d/;
// oxlint-disable-next-line no-control-regex -- sequences of a terminal take no part
const escapes = /\u001b\[[0-9;?<>=]*[A-Za-z]|\u001b\][^\u0007\u001b]*(\u0007|\u001b\\)|\u001b[=>()78][0-9AB]?/g;

interface Place {
  cwd: string;
  env: Record<string, string>;
}

export const startup: Phase = {
  name: "startup",
  summary: "hapi to Claude's first paint, beside bare Claude",
  limitMs: () => 300_000,
  async run(hub, { quick, note }): Promise<Metrics> {
    const [program] = hub.program.command;
    const claude = hub.label === "ours" ? claudeProgram() : null;
    if (claude === null) {
      if (hub.label === "ours") note("no Claude Code is installed: its start was not measured");
      return {};
    }
    await hub.start();
    const place = prepare(hub, claude);
    const bare: number[] = [];
    const ours: number[] = [];
    const measureBare = async (): Promise<void> => void bare.push(await untilPaint([claude], place));
    const measureOurs = async (): Promise<void> => {
      ours.push(await untilPaint([program, "--new"], place));
      endSessions(hub.home, program, place);
    };
    // The files of both are in the cache of the system, and what is kept of a first start is there.
    await measureBare();
    await measureOurs();
    bare.length = 0;
    ours.length = 0;
    for (let pair = 0; pair < (quick ? 2 : 7); pair++) {
      const turns = pair % 2 === 0 ? [measureBare, measureOurs] : [measureOurs, measureBare];
      for (const turn of turns) {
        await turn();
        await pause(restMs);
      }
    }
    await hub.stop();
    const [theirs, mine] = [median(bare), median(ours)];
    return {
      "startup.bare.ms": toHundredths(theirs),
      "startup.hapi.ms": toHundredths(mine),
      "startup.own.ms": toHundredths(mine - theirs),
      "startup.ratio": toHundredths(mine / theirs),
    };
  },
};

function prepare(hub: HubUnderTest, claude: string): Place {
  const cwd = join(realpathSync(hub.home), "project");
  mkdirSync(cwd);
  const key = "sk-bench";
  const seen = {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [key], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true } },
  };
  writeFileSync(join(hub.home, ".claude.json"), JSON.stringify(seen), { mode: 0o600 });
  return {
    cwd,
    env: {
      ...hub.environment(),
      TERM: "xterm-256color",
      SHELL: "/bin/sh",
      HAPI_CLAUDE_PATH: claude,
      ANTHROPIC_BASE_URL: "http://127.0.0.1:1",
      ANTHROPIC_API_KEY: key,
      DISABLE_AUTOUPDATER: "1",
      DISABLE_TELEMETRY: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      CLAUDE_CODE_MAX_RETRIES: "0",
    },
  };
}

/** Milliseconds until Claude's screen is there; what was started on the terminal is ended. */
async function untilPaint(argv: readonly string[], { cwd, env }: Place): Promise<number> {
  const shown = Promise.withResolvers<number>();
  const decoder = new TextDecoder();
  let text = "";
  const start = now();
  const pty = openPty({
    argv,
    cwd,
    env,
    cols: 100,
    rows: 30,
    onData(bytes) {
      text += decoder.decode(bytes, { stream: true });
      if (painted.test(text.replace(escapes, ""))) shown.resolve(now() - start);
    },
  });
  try {
    const ended = pty.exited.then(() =>
      Promise.reject(new Error(`${argv.join(" ")} ended: ${text.replace(escapes, "").trim().slice(-300)}`)),
    );
    return await within(Promise.race([shown.promise, ended]), paintLimitMs, argv.join(" "));
  } finally {
    pty.signal("SIGKILL");
    await pty.exited;
  }
}

/** The viewer is gone, its session lives on: ended by its own command. */
function endSessions(home: string, program: string, { cwd, env }: Place): void {
  for (const id of attempt(() => readdirSync(join(home, "sessions")), "none was made") ?? [])
    spawnSync(program, ["stop", id, "--force"], { cwd, env, stdio: "ignore" });
}

function claudeProgram(): string | null {
  const named = process.env["HAPI_TEST_CLAUDE"] ?? process.env["HAPI_CLAUDE_PATH"];
  if (named) return named;
  const cache = join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "hapi-agents");
  const folders = (attempt(() => readdirSync(cache), "nothing was installed there") ?? []).filter((name) => /^claude-[\d.]+$/.test(name));
  const programs = folders.sort().map((name) => join(cache, name, "node_modules/.bin/claude"));
  return programs.findLast((path) => findProgram(path) !== null) ?? findProgram("claude");
}
