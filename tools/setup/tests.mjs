/** Runs test files on HAPI's runtime and adds up what they report. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bunPath, root } from "./project.mjs";

/**
 * `beside`: it runs beside another stage, and what it prints comes in one piece when it is over.
 *
 * @returns {Promise<{label: string, ms: number, passed: number, failed: number, skipped: number, failures: string[]}>}
 */
export async function runTests(label, args, { env = {}, timeoutMs = 240_000, beside = false } = {}) {
  const begun = Date.now();
  const title = `\n── ${label}\n`;
  process.stderr.write(beside ? `\n── ${label}: begun; it is shown when it is over\n` : title);
  const folder = mkdtempSync(join(tmpdir(), "hapi-tests-"));
  const report = join(folder, "report.xml");
  const loaded = ["--preload", "./tools/setup/both-errors.ts"];
  const command = ["test", ...loaded, "--timeout", String(timeoutMs), "--reporter=junit", `--reporter-outfile=${report}`, ...args];
  const output = beside ? "pipe" : 2;
  const held = [title];
  const code = await new Promise((done) => {
    const child = spawn(bunPath(), command, { cwd: root, stdio: ["ignore", output, output], env: { ...process.env, ...env } });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", (text) => held.push(text));
    child.on("close", (exit) => done(exit ?? 1));
  });
  if (beside) process.stderr.write(held.join(""));
  const counts = countReport(report);
  rmSync(folder, { recursive: true, force: true });
  // A run that dies without a report, or fails outside of any test, is a failure too.
  const failed = counts.failed === 0 && code !== 0 ? 1 : counts.failed;
  const ms = Date.now() - begun;
  process.stderr.write(`── ${label}: ${counts.passed} passed, ${failed} failed, ${counts.skipped} skipped (${asTime(ms)})\n`);
  const failures = counts.failed === failed ? counts.failures : [`${label}: ended with code ${code}, outside of any test`];
  return { label, ms, passed: counts.passed, failed, skipped: counts.skipped, failures };
}

function countReport(file) {
  let xml;
  try {
    xml = readFileSync(file, "utf8");
  } catch (error) {
    process.stderr.write(`No test report was written: ${error.message}\n`);
    return { passed: 0, failed: 0, skipped: 0, failures: [] };
  }
  const head = /<testsuites[^>]*>/.exec(xml)?.[0] ?? "";
  const number = (name) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0);
  const failed = number("failures") + number("errors");
  const skipped = number("skipped");
  return { passed: number("tests") - failed - skipped, failed, skipped, failures: failuresOf(xml) };
}

const MAX_REASON = 1_500;

/** Each failed test with its file and its reason. */
export function failuresOf(xml) {
  const cases = xml.matchAll(/<testcase ([^>]*[^/])>\s*<(?:failure|error)([^>]*?)(?:\/>|>([\s\S]*?)<\/(?:failure|error)>)/g);
  return [...cases].map(([, test, failure, text = ""]) => {
    const [file, name, around] = ["file", "name", "classname"].map((key) => attribute(test, key));
    const reason = decode(text) || attribute(failure, "message");
    return `${file}: ${around ? `${around} > ` : ""}${name}\n${reason.trim().slice(0, MAX_REASON).replaceAll(/^/gm, "    ")}`;
  });
}

const attribute = (tag, key) => decode(new RegExp(`\\b${key}="([^"]*)"`).exec(tag)?.[1] ?? "");

const ENTITIES = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };
const decode = (text) =>
  text.replaceAll(/&(?:#(\d+)|(lt|gt|quot|apos|amp));/g, (_, code, name) => (code ? String.fromCodePoint(Number(code)) : ENTITIES[name]));

export function sum(results) {
  const none = { passed: 0, failed: 0, skipped: 0, failures: [] };
  return results.reduce(
    (a, b) => ({
      passed: a.passed + b.passed,
      failed: a.failed + b.failed,
      skipped: a.skipped + b.skipped,
      failures: [...a.failures, ...b.failures],
    }),
    none,
  );
}

const asTime = (ms) => {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
};

/** Where the time went, the longest first. Stages that ran beside each other add up to more than the whole. */
export function sayTimes(results) {
  if (results.length < 2) return;
  process.stderr.write(`\n── Times, ${asTime(performance.now())} since the start\n`);
  for (const { label, ms } of results.toSorted((a, b) => b.ms - a.ms)) process.stderr.write(`${asTime(ms).padStart(13)}  ${label}\n`);
}

/** What failed once more, where one looks first: at the end. The last line is `N passed, N failed, N skipped`. */
export function conclude({ passed, failed, skipped, failures }) {
  for (const failure of failures) process.stdout.write(`FAILED ${failure}\n`);
  process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
}
