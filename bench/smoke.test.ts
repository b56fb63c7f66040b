/** The benchmark itself still works, on the hub as it is in the checkout: what it measures here is not worth reading. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Measurements } from "./report/measurements.ts";

const root = resolve(import.meta.dir, "..");

async function bench(...args: string[]): Promise<{ code: number; output: string }> {
  const child = Bun.spawn([process.execPath, join(root, "bench/main.ts"), ...args], { cwd: root, stdout: "pipe", stderr: "pipe" });
  const [output, errors, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { code, output: output + errors };
}

test.skipIf(process.platform !== "linux")(
  "a quick run of some phases measures, breaks no rule and says so",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "hapi-bench-test-"));
    const [out, doc] = [join(folder, "figures.json"), join(folder, "document.md")];
    const phases = "coldstart,webcli,permission";
    const own = ["--ours-only", "--ours", join(root, "bin/hapi")];
    const { code, output } = await bench(...own, "--quick", "--rounds", "1", "--phases", phases, "--out", out, "--doc", doc);
    expect(output).toContain("broken rules: 0");
    expect(code).toBe(0);
    const { figures } = JSON.parse(readFileSync(out, "utf8")) as Measurements;
    for (const metric of ["coldstart.ms", "webcli.seq.ms.p50", "webcli.conc16.perSec", "perm.roundtrip.ms.p99"])
      expect(figures["ours"]?.[metric]?.[0]).toBeGreaterThan(0);
    expect(readFileSync(doc, "utf8")).toContain("Not a complete run");
    rmSync(folder, { recursive: true, force: true });
  },
  120_000,
);

test.skipIf(process.platform !== "linux")("a program that can't be started is said in words", async () => {
  const { code, output } = await bench("--ours-only", "--ours", "/nowhere/hapi");
  expect(code).toBe(1);
  expect(output).toContain("--ours names no file: /nowhere/hapi");
});
