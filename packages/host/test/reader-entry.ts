/**
 * A session process that only reads: waits for a line on stdin, then copies a program's stdout to a file. The file's length is its memory of
 * how far it got; it is killed at any moment. argv: DIR LAUNCH-ID FILE
 */
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { connectHost, readHostAddress } from "../src/index.ts";

const [dir = "", launchId = "", file = ""] = process.argv.slice(2);
for await (const line of console) if (line === "go") break;
const address = readHostAddress(dir);
if (!address) throw new Error("no host");
const host = await connectHost(address);
const program = host.process(launchId);
if (!program) throw new Error("no program");
const fd = openSync(file, "a");
const from = fstatSync(fd).size;
process.stdout.write("reading\n");
for await (const chunk of program.read("out", from)) {
  for (let at = 0; at < chunk.bytes.length;) at += writeSync(fd, chunk.bytes, at);
  program.release("out", chunk.offset + chunk.bytes.length);
}
closeSync(fd);
process.stdout.write("end\n");
process.exit(0);
