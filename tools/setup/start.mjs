/** `npm start`: installs what is missing, builds the web app, and starts the hub with a runner and a demo session to try. */
import { join } from "node:path";
import { ensureInstalled, ensureWebBuilt, root, run } from "./project.mjs";

await ensureInstalled();
await ensureWebBuilt();
process.exitCode = await run(join(root, "bin/hapi"), ["hub", "--with-demo", ...process.argv.slice(2)]);
