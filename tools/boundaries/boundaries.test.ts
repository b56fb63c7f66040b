/**
 * The house rules that a compiler does not know: who may import whom, one face per package, no agent named outside its room.
 * docs/architecture.md explains them.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const packagesDir = join(root, "packages");

const mayImport: Record<string, readonly string[]> = {
  protocol: [],
  core: ["protocol"],
  platform: ["protocol"],
  host: ["protocol", "core", "platform"],
  agents: ["protocol", "core", "platform", "host"],
  client: ["protocol", "core"],
  machine: ["protocol", "core", "platform", "host", "agents", "client"],
  hub: ["protocol", "core", "platform"],
  web: ["protocol", "core", "client"],
  cli: ["protocol", "core", "platform", "host", "agents", "client", "machine", "hub"],
  testkit: ["protocol", "core", "platform", "host", "agents", "client", "machine", "hub"],
};

function sources(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (name === "node_modules" || name === "dist" || name === "recorded") return [];
    if (statSync(path).isDirectory()) return sources(path);
    return /\.(ts|tsx|mts)$/.test(name) ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*["']([^"']+)["']/g)].map((match) => match[1] ?? "");
}

const isTest = (file: string): boolean =>
  /\.(test|case|agent)\.tsx?$/.test(file) ||
  file.includes("/test/") ||
  file.includes("/test-real/") ||
  file.includes("/agents/src/contract/");

const packageNames = Object.keys(mayImport);

test("each package imports only the rooms it may", () => {
  const wrong: string[] = [];
  for (const name of packageNames) {
    const allowed = new Set([...(mayImport[name] ?? []), name]);
    for (const file of sources(join(packagesDir, name))) {
      for (const target of importsOf(file)) {
        const room = /^@hapi\/([a-z]+)/.exec(target)?.[1];
        if (!room) continue;
        if (room === "testkit" ? isTest(file) : allowed.has(room) || (isTest(file) && packageNames.includes(room))) continue;
        wrong.push(`${relative(root, file)} imports ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("nobody reaches into another package's files", () => {
  const wrong: string[] = [];
  for (const name of packageNames) {
    const home = join(packagesDir, name);
    for (const file of sources(home)) {
      for (const target of importsOf(file)) {
        if (target.startsWith(".") && !isTest(file) && relative(home, resolve(dirname(file), target)).startsWith("..")) {
          wrong.push(`${relative(root, file)} imports ${target}`);
        }
        if (/^@hapi\/[a-z]+\/src/.test(target)) wrong.push(`${relative(root, file)} imports ${target}`);
      }
    }
  }
  expect(wrong).toEqual([]);
});

test("Bun's own modules are used in platform only", () => {
  const wrong = packageNames
    .filter((name) => !["platform", "testkit"].includes(name))
    .flatMap((name) => sources(join(packagesDir, name)))
    .filter(
      (file) =>
        !isTest(file) &&
        (/\bBun\.[a-z]/.test(stripComments(readFileSync(file, "utf8"))) || importsOf(file).some((target) => /^bun(:|$)/.test(target))),
    )
    .map((file) => relative(root, file));
  expect(wrong).toEqual([]);
});

/** Agents' names may stand in agents/ and in protocol's wire tables; everything else decides on capabilities. */
const agentNames = /\b(claude|codex|opencode|gemini|cursor-agent)\b/i;
const exempt = [
  /packages\/agents\//,
  /packages\/protocol\/src\/(flavors|session|machine|agent-events|wire-names)\.ts$/,
  /packages\/testkit\//,
];
/** Files that read what other programs wrote under those names: wire compatibility, with the reason. */
const wireReaders = new Map<string, string>([["packages/core/src/envelope", "decodes rows that other CLIs stored"]]);

test("no agent is named outside agents/ and the wire tables", () => {
  const wrong: string[] = [];
  for (const name of packageNames) {
    for (const file of sources(join(packagesDir, name))) {
      const path = relative(root, file);
      if (isTest(file) || exempt.some((pattern) => pattern.test(path)) || [...wireReaders.keys()].some((prefix) => path.startsWith(prefix)))
        continue;
      const lines = stripComments(readFileSync(file, "utf8")).split("\n");
      lines.forEach((line, index) => {
        if (agentNames.test(line)) wrong.push(`${path}:${index + 1}: ${line.trim()}`);
      });
    }
  }
  expect(wrong).toEqual([]);
});

test("no rooms that hold anything and everything", () => {
  const dumps = packageNames
    .flatMap((name) => sources(join(packagesDir, name)))
    .filter((file) => /\/(utils?|common|helpers?|types)(\.tsx?|\/)/.test(file))
    .map((file) => relative(root, file));
  expect(dumps).toEqual([]);
});

function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, "")).replace(/(^|[^:"'`])\/\/[^\n]*/g, "$1");
}
