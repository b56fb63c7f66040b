/** `hapi __host` without the CLI, for tests. */
import { runHost } from "../src/index.ts";

process.exit(await runHost(process.argv.slice(2)));
