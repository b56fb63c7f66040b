/**
 * A real hub for the flows: `bin/hapi hub` with its runner and the built-in demo agent, in a home of its own, on a free port. Stopping ends
 * the demo sessions too, so that no process outlives the test.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHubApi, type HubApi } from "@hapi/client";
import { AppError } from "@hapi/protocol";

const HAPI = join(import.meta.dir, "../../bin/hapi");
const START_DEADLINE_MS = 40_000;

export interface RealHub extends AsyncDisposable {
  url: string;
  token: string;
  api: HubApi;
  /** The demo session that a first start makes. */
  demoId: string;
  /** A directory of its own, for more sessions. */
  directory: string;
  /** Kills the hub the hard way and starts another on the same home and port. */
  restart(): Promise<void>;
  kill(): Promise<void>;
}

export async function startHubWithDemo(): Promise<RealHub> {
  const root = mkdtempSync(join(tmpdir(), "hapi-web-e2e-"));
  const env = { PATH: process.env["PATH"] ?? "", HOME: root, HAPI_HOME: join(root, "hapi"), TMPDIR: tmpdir(), LANG: "C.UTF-8" };
  const run = (port: string, ...flags: string[]) =>
    Bun.spawn([HAPI, "hub", "--port", port, "--json", ...flags], { env, cwd: root, stdout: "pipe", stderr: "inherit" });
  let process_ = run("0", "--with-demo");
  const { url, token } = await firstLine(process_.stdout);
  const port = new URL(url).port;
  const api = createHubApi({ baseUrl: url, accessToken: () => token });
  const demoId = await firstActive(api);
  const kill = async (): Promise<void> => {
    process_.kill("SIGKILL");
    await process_.exited;
  };
  return {
    url,
    token,
    api,
    demoId,
    directory: root,
    kill,
    async restart() {
      await kill();
      process_ = run(port);
      await firstLine(process_.stdout);
    },
    async [Symbol.asyncDispose]() {
      const active = (await api.sessions.list()).filter((session) => session.active);
      for (const session of active)
        await Bun.spawn([HAPI, "stop", "--force", session.id], { env: { ...env, HAPI_API_URL: url, CLI_API_TOKEN: token } }).exited;
      process_.kill("SIGTERM");
      await process_.exited;
      // The runner of a hub that was killed lives on, beside the one that came after it.
      await Bun.spawn([HAPI, "runner", "stop"], { env, stdout: "ignore", stderr: "ignore" }).exited;
      rmSync(root, { recursive: true, force: true });
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<{ url: string; token: string }> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    const end = text.indexOf("\n");
    if (end !== -1) return JSON.parse(text.slice(0, end)) as { url: string; token: string };
  }
  throw new AppError("hub_unreachable", `the hub ended before it was ready: ${text}`);
}

async function firstActive(api: HubApi): Promise<string> {
  const deadline = Date.now() + START_DEADLINE_MS;
  while (Date.now() < deadline) {
    const session = (await api.sessions.list()).find((candidate) => candidate.active);
    if (session) return session.id;
    await Bun.sleep(100);
  }
  throw new AppError("timeout", "no demo session came up");
}
