/** A viewer in a terminal. argv: the session's folder. */
import { readHostAddress, runViewer } from "../src/index.ts";

const address = readHostAddress(process.argv[2] ?? "");
if (!address) throw new Error("no host");
const end = await runViewer({ ...address, stdin: process.stdin, stdout: process.stdout });
if (end.message) console.log(end.message);
process.exit(end.exitCode);
