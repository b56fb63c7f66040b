/** `hapi __host` without the CLI, for tests. */
import { runHost } from "../src/index.ts";

await runHost(process.argv.slice(2));
process.exit(0);
