/**
 * `npm test`: everything that needs no real agent: unit, contract and integration tests, the real hub, real processes and real browsers.
 * With `--quick` only the unit tests, with files only those. The last line on standard output is `N passed, N failed, N skipped`.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { conclude, runTests, sayTimes, sum } from "./tests.mjs";
import { ensureBubblewrap, ensureChromium, ensureInstalled, ensureTmux, ensureWebBuilt, fail, root, say } from "./project.mjs";

const QUICK = "--quick";
const wanted = process.argv.slice(2).filter((word) => word !== QUICK);
const isQuick = process.argv.includes(QUICK);
if (isQuick && wanted.length > 0) fail(`${QUICK} runs the unit tests, files run those files: say one of the two.`);
await ensureInstalled();
if (!isQuick) await ensureWebBuilt();
const results = [];

if (isQuick) {
  const sources = readdirSync(join(root, "packages")).map((name) => `./packages/${name}/src`);
  results.push(await runTests("Unit tests", [...sources.filter((path) => existsSync(join(root, path))), "./tools", "./bench"]));
} else if (wanted.length > 0) {
  results.push(await runTests("Chosen tests", wanted, { env: { HAPI_CHROMIUM: ensureChromium() ?? "" } }));
} else {
  say("This takes about 15 minutes on an idle machine with two cores; `npm test -- --quick` runs the unit tests alone, in about one.");
  const tmux = ensureTmux();
  if (!tmux) say("\n!! tmux is not here and could not be installed: the terminal tests will be SKIPPED.\n");
  if (!ensureBubblewrap()) say("\n!! bubblewrap is not here and could not be installed: the sandbox tests will be SKIPPED.\n");
  results.push(await runTests("Unit, contract and integration", ["./packages", "./tools", "./bench"]));
  // It has a time of its own, so nothing that runs beside it can disturb it; real processes mostly wait.
  const simulated = runTests("Faults, simulated", ["./e2e/simulation"], { timeoutMs: 480_000, beside: true });
  results.push(
    await runTests("Faults, with real processes", ["./e2e/faults", "./e2e/soak", "./e2e/terminal", "./e2e/install", "./e2e/peer"], {
      timeoutMs: 480_000,
    }),
  );
  results.push(await simulated);
  const chromium = ensureChromium();
  if (chromium) {
    results.push(await runTests("Browser", ["./e2e/browser"], { env: { HAPI_CHROMIUM: chromium }, timeoutMs: 360_000 }));
  } else {
    say("\n!! No Chromium here, and none could be installed: the BROWSER TESTS DID NOT RUN. Install Chromium or set HAPI_CHROMIUM.\n");
    const failures = process.env.CI ? ["e2e/browser: no Chromium here, and none could be installed"] : [];
    results.push({ label: "Browser", ms: 0, passed: 0, failed: failures.length, skipped: 1, failures });
  }
  if (process.env.CI && sum(results).skipped > 0) say("\n!! Something was skipped in CI.\n");
}

const total = sum(results);
sayTimes(results);
conclude(total);
process.exitCode = total.failed > 0 ? 1 : 0;
