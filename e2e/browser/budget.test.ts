/** What a first visit may cost: page, styles and code of the sign-in, the list and a chat, in gzip, as the build's manifest says. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { WEB_ROOT } from "./harness.ts";

const BUDGET_BYTES = 150 * 1024;

interface ManifestChunk {
  file: string;
  imports?: string[];
  css?: string[];
}

const manifest = JSON.parse(readFileSync(join(WEB_ROOT, ".vite/manifest.json"), "utf8")) as Record<string, ManifestChunk>;

/** The files that must be there before these modules run. */
function filesOf(roots: readonly string[]): Set<string> {
  const files = new Set<string>();
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const chunk = manifest[name];
    if (!chunk) throw new Error(`the build has no ${name}`);
    files.add(chunk.file);
    for (const css of chunk.css ?? []) files.add(css);
    for (const next of chunk.imports ?? []) visit(next);
  };
  for (const root of roots) visit(root);
  return files;
}

const PAGE = ["index.html", "src/boot/boot.ts"];

function sizeOf(roots: readonly string[]): { bytes: number; parts: [name: string, bytes: number][] } {
  const parts = ["index.html", ...filesOf([...PAGE, ...roots])].map((file): [string, number] => [
    file,
    gzipSync(readFileSync(join(WEB_ROOT, file)), { level: 9 }).length,
  ]);
  return { bytes: parts.reduce((sum, [, bytes]) => sum + bytes, 0), parts };
}

test.each([
  ["the sign-in", ["src/features/login/login-screen.tsx"]],
  ["the list", ["src/features/sessions/sessions-screen.tsx"]],
  ["a chat", ["src/shell/session-route.tsx"]],
])("a first visit to %s stays within 150 KB", (_what, roots: string[]) => {
  const { bytes, parts } = sizeOf(roots);
  // the parts make a failure readable
  expect({ bytes: Math.max(bytes, BUDGET_BYTES), parts }).toEqual({ bytes: BUDGET_BYTES, parts });
});

test("nothing is inline, so the strict CSP holds", () => {
  const html = readFileSync(join(WEB_ROOT, "index.html"), "utf8");
  expect(html).not.toMatch(/<style|\son\w+=|style="/);
  for (const [tag] of html.matchAll(/<script[^>]*>[^<]*/g)) expect(tag).toMatch(/^<script[^>]*\ssrc="[^"]+"[^>]*>$/);
});
