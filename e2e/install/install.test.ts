/** What a user without a checkout does: `npm install -g` of the packed package into an empty prefix, then the program works from anywhere. */
import { afterAll, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const scratch = mkdtempSync(join(tmpdir(), "hapi-install-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function must(command: string, args: string[], options: { cwd: string; env?: Record<string, string> }): string {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: options.env ?? (process.env as Record<string, string>),
    cwd: options.cwd,
    maxBuffer: 32 << 20,
  });
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")}: ${result.stderr}`);
  return result.stdout;
}

test("npm pack and npm install -g give a working hapi on an empty HOME", async () => {
  must("npm", ["pack", "--pack-destination", scratch, "--loglevel=error"], { cwd: root });
  const tarball = readdirSync(scratch).find((name) => name.endsWith(".tgz")) ?? "";
  const prefix = join(scratch, "prefix");
  must(
    "npm",
    ["install", "-g", "--prefix", prefix, "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", join(scratch, tarball)],
    { cwd: scratch },
  );

  const home = mkdtempSync(join(scratch, "home-"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, TERM: "dumb" };
  const hapi = join(prefix, "bin/hapi");
  expect(must(hapi, ["--version"], { cwd: home, env }).trim()).toMatch(/^\d+\.\d+\.\d+$/);
  expect(must(hapi, ["--help"], { cwd: home, env })).toContain("Start the hub");

  const hub = spawn(hapi, ["hub", "--port", "0", "--json"], { cwd: home, env, stdio: ["ignore", "pipe", "inherit"] });
  try {
    const { url } = await firstJsonLine(hub.stdout);
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string };
    expect(health.status).toBe("ok");
    const page = await (await fetch(`${url}/`)).text();
    expect(page).toContain("<!doctype html>");
  } finally {
    hub.kill("SIGTERM");
    await new Promise((done) => hub.once("exit", done));
  }
}, 480_000);

async function firstJsonLine(stream: NodeJS.ReadableStream): Promise<{ url: string }> {
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    const end = text.indexOf("\n");
    if (end >= 0) return JSON.parse(text.slice(0, end)) as { url: string };
  }
  throw new Error("the hub ended before it said where it listens");
}
