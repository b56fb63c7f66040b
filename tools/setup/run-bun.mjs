/** Runs a script of the checkout on HAPI's own runtime: `node run-bun.mjs script.ts args…`. */
import { bunPath, ensureInstalled, run } from "./project.mjs";

await ensureInstalled();
process.exitCode = await run(bunPath(), process.argv.slice(2));
