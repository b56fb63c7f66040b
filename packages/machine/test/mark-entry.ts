/** A host that leaves its mark again and again, and looks whether it stands. argv: the session's folder. Prints how often it did not. */
import { leaveMark, readHostMark } from "@hapi/host";

const [dir = ""] = process.argv.slice(2);
let lost = 0;
for (let startedAt = 1; startedAt <= 60; startedAt++) {
  leaveMark(dir, { pid: process.pid, startTime: "1", socket: "/nowhere.sock", version: 1, startedAt });
  if (readHostMark(dir)?.startedAt !== startedAt) lost += 1;
}
process.stdout.write(`${lost}\n`);
