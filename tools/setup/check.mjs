/** `npm run check`: format, lint, types, boundaries, pure unit tests, dead code. Runs all of them and says which failed. */
import { join } from "node:path";
import { bunPath, ensureInstalled, root, run, say } from "./project.mjs";

await ensureInstalled();
const bin = (name) => join(root, "node_modules/.bin", name);
const steps = [
  ["format", bin("oxfmt"), ["--check", "."]],
  ["lint", bin("oxlint"), ["--type-aware", "--deny-warnings"]],
  ["types", bin("tsc"), ["-p", "."]],
  ["boundaries", bunPath(), ["test", "./tools/boundaries"]],
  // The pure part; the rest of the unit tests is `npm test -- --quick`.
  ["unit tests", bunPath(), ["test", "--timeout", "30000", "./packages/protocol", "./packages/core", "./packages/web/src"]],
  ["dead code", bin("knip"), ["--no-progress", "--no-config-hints"]],
];
const failed = [];
for (const [name, command, args] of steps) {
  const code = await run(command, args);
  if (code !== 0) failed.push(name);
}
say(failed.length === 0 ? "All checks passed." : `Failed: ${failed.join(", ")}.`);
process.exitCode = failed.length === 0 ? 0 : 1;
