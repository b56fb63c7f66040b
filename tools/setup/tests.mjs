/** Runs test files on HAPI's runtime and adds up what they report. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunPath, root } from "./project.mjs";

/** @returns {Promise<{passed: number, failed: number, skipped: number, ok: boolean}>} */
export async function runTests(label, args, { env = {}, timeoutMs = 60_000 } = {}) {
  process.stderr.write(`\n── ${label}\n`);
  const folder = mkdtempSync(join(tmpdir(), "hapi-tests-"));
  const report = join(folder, "report.xml");
  const command = ["test", "--timeout", String(timeoutMs), "--reporter=junit", `--reporter-outfile=${report}`, ...args];
  const code = await new Promise((done) => {
    const child = spawn(bunPath(), command, { cwd: root, stdio: ["ignore", 2, 2], env: { ...process.env, ...env } });
    child.on("exit", (exit) => done(exit ?? 1));
  });
  const counts = countReport(report);
  rmSync(folder, { recursive: true, force: true });
  // A run that dies without a report, or fails outside of any test, is a failure too.
  const failed = counts.failed === 0 && code !== 0 ? 1 : counts.failed;
  process.stderr.write(`── ${label}: ${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped\n`);
  return { passed: counts.passed, failed, skipped: counts.skipped, ok: failed === 0 };
}

function countReport(file) {
  let xml;
  try {
    xml = readFileSync(file, "utf8");
  } catch (error) {
    process.stderr.write(`No test report was written: ${error.message}\n`);
    return { passed: 0, failed: 0, skipped: 0 };
  }
  const head = /<testsuites[^>]*>/.exec(xml)?.[0] ?? "";
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed, skipped };
}

export function sum(results) {
  return results.reduce((a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }), {
    passed: 0,
    failed: 0,
    skipped: 0,
  });
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
