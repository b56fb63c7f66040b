/** A hub of its own for tests that kill it: prints its URL. */
import { startHub } from "@hapi/hub";
import { silentLogger } from "@hapi/platform";

const [home, token, bootId] = process.argv.slice(2);
const hub = await startHub({ home, token, bootId, port: 0, log: silentLogger });
process.stdout.write(`${hub.url}\n`);
