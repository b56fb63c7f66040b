/**
 * `npm run test:agents`: installs the real agents by exact version into a cache outside the checkout, and runs the suites that drive them
 * against the scripted model server. A skipped test counts as a failure here.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { agentEnv, chosenVersion, installAgents, newestVersion } from "../agents/install.mjs";
import { keepMatrix } from "../agents/matrix.mjs";
import { conclude, runTests, sayTimes, sum } from "./tests.mjs";
import { bunPath, ensureBubblewrap, ensureInstalled, ensureTmux, ensureWebBuilt, fail, root, run, say } from "./project.mjs";

await ensureInstalled();
await ensureWebBuilt();
if (!ensureBubblewrap()) say("bubblewrap is not here and could not be installed: that a sandbox is refused is tested, not the sandbox.");
if (!ensureTmux()) fail("tmux is needed for the terminal suites. Install tmux and run the same command again.");
/** What the suites show of each agent, a line each; kept when all is over. */
const cells = join(mkdtempSync(join(tmpdir(), "hapi-matrix-")), "cells.jsonl");
const env = { ...(await installAgents()), HAPI_AGENT_MATRIX: cells };

/** What is run on the newest version too: the words it says, what every driver promises, and the flows that lean on its ways most. */
const ON_THE_NEWEST = ["contract.agent.ts", "words.agent.ts"].map((file) => `packages/agents/test-real/claude/${file}`);
const newest = newestVersion("claude");

// The longest first, so that nothing long is left over for one alone.
const places = ["e2e/agents", "packages/agents/test-real", "packages/machine/test-real"];
const wanted = process.argv.slice(2);
const files = wanted.length > 0 ? wanted : places.flatMap(agentFiles);
const runs = files.flatMap((file) => [
  { label: file, file },
  ...(newest !== chosenVersion("claude") && ON_THE_NEWEST.includes(file) ? [{ label: `${file} on ${newest}`, file, isNewest: true }] : []),
]);
const newestEnv = runs.some(({ isNewest }) => isNewest) ? { ...env, ...(await agentEnv("claude", newest)) } : env;
const results = [];
/** An agent takes hundreds of megabytes and, while it begins, a whole processor; most of the time it waits. */
const AT_ONCE = Math.min(2, availableParallelism(), runs.length);
await Promise.all(Array.from({ length: AT_ONCE }, worker));

async function worker() {
  for (let next = runs.shift(); next; next = runs.shift()) {
    const { label, file, isNewest } = next;
    results.push(await runTests(label, [`./${file}`], { env: isNewest ? newestEnv : env, timeoutMs: 480_000, beside: AT_ONCE > 1 }));
  }
}

if (keepMatrix(cells, join(root, "docs/agents-matrix.json"))) await run(bunPath(), [join(root, "tools/docs/generate.ts")]);
rmSync(dirname(cells), { recursive: true });

const total = sum(results);
sayTimes(results);
conclude(total);
process.exitCode = total.failed > 0 || total.skipped > 0 || total.passed === 0 ? 1 : 0;

function agentFiles(folder) {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { recursive: true });
  } catch (error) {
    if (error.code === "ENOENT") return [];
    throw error;
  }
  return entries
    .filter((name) => name.endsWith(".agent.ts"))
    .sort()
    .map((name) => `${folder}/${name}`);
}
