/** What `hapi` does, with an ordinary program in place of an agent: argv is HOME SESSION PROGRAM…; starts the host, then looks at it. */
import { fileURLToPath } from "node:url";
import { runViewer, startHost, type SpawnSpec } from "../src/index.ts";

const [home = "", sessionId = "", ...argv] = process.argv.slice(2);
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const env = Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
const spec: SpawnSpec = { launchId: "program", kind: "pty", argv, cwd: process.cwd(), env };
const host = await startHost({
  home,
  sessionId,
  sessionArgv: [process.execPath, here("./session-entry.ts"), JSON.stringify(spec)],
  env: process.env,
  cwd: process.cwd(),
  hostCommand: [process.execPath, here("./host-entry.ts")],
});
const end = await runViewer({ ...host.address, stdin: process.stdin, stdout: process.stdout });
if (end.message) console.log(end.message);
process.exit(end.exitCode);
