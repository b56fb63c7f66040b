/** A host lives for days beside its agent: what it costs is a limit, not a wish. Measured on the bundled form, which is what ships. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { delay, sessionDir } from "@hapi/platform/lean";
import { connectHost, shutdownHost, startHost } from "../src/index.ts";
import { entry, programEnv, readUntil, tempHome } from "./harness.ts";

const hosts = 10;
const limitMb = 5;

test.skipIf(process.platform !== "linux")(
  `the mean of ${hosts} hosts stays within ${limitMb} MB of its own memory`,
  async () => {
    using temp = tempHome();
    const built = await Bun.build({ entrypoints: [entry("./host-entry.ts")], target: "bun", minify: true, outdir: temp.home });
    const bundle = built.outputs[0]?.path ?? "";
    const pids: number[] = [];
    for (let index = 0; index < hosts; index++) {
      const options = { home: temp.home, sessionId: `s${index}`, sessionArgv: [], env: process.env, cwd: temp.home };
      const host = await startHost({ ...options, hostCommand: [process.execPath, bundle] });
      pids.push(host.facts.pid);
      const control = await connectHost(host.address);
      const argv = ["sh", "-c", "seq 1 5000; echo done; read end"];
      const program = await control.spawn({ launchId: "program", kind: "pty", argv, cwd: "/", env: programEnv });
      await control.setDisplay({ kind: "process", launchId: "program" });
      await readUntil(program, (text) => text.includes("done"));
    }
    // What a start leaves behind is given back by the runtime in a moment.
    await delay(300);
    const ownMb = (pid: number) =>
      Number(/Private_Dirty:\s+(\d+)/.exec(readFileSync(join("/proc", String(pid), "smaps_rollup"), "utf8"))?.[1]) / 1024;
    const mean = pids.reduce((sum, pid) => sum + ownMb(pid), 0) / hosts;
    for (let index = 0; index < hosts; index++) await shutdownHost(sessionDir(temp.home, `s${index}`));
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThan(limitMb);
  },
  240_000,
);
