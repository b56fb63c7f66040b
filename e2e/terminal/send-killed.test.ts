/**
 * `hapi send` killed with -9 wherever it can be: before its prompt is on the disk, before the hub hears of it, after the hub has it and before the
 * command knows, after the answer. Real commands, a real hub; whatever was kept is in the history once and in order, and nothing is twice.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, type HubClient, seededRandom, startTestHub, type TestHub } from "@hapi/testkit";
import { HAPI } from "./place.ts";

const SENDS = 24;
const seed = Number(process.env["HAPI_SEED"] ?? Date.now() % 1_000_000);

type Moment = "never" | "at random" | "request heard" | "hub has it" | "answered";
const moments: readonly Moment[] = ["at random", "request heard", "hub has it", "answered", "never", "at random"];

let hub: TestHub;
let client: HubClient;
let between: Between;
let home: string;
beforeAll(async () => {
  hub = await startTestHub();
  client = await connectHub(hub);
  between = await standBetween(hub.url);
  home = mkdtempSync(join(tmpdir(), "hapi-send-"));
});
afterAll(async () => {
  await between.close();
  await hub.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
});

interface Between {
  url: string;
  /** Called at the moments of a prompt's way through here; what is dropped when it is heard never gets to the hub. */
  onMoment: (moment: Moment) => "drop" | void;
  close(): Promise<void>;
}

/** Passes everything on, and can stop a prompt on either way. */
async function standBetween(target: string): Promise<Between> {
  const self: Between = { url: "", onMoment: () => undefined, close: async () => undefined };
  const pass = (incoming: IncomingMessage, body: Buffer): Promise<{ answer: IncomingMessage; bytes: Buffer }> =>
    new Promise((done, failed) => {
      const outgoing = request(new URL(incoming.url ?? "/", target), { method: incoming.method, headers: incoming.headers }, (answer) => {
        bytesOf(answer).then((bytes) => done({ answer, bytes }), failed);
      });
      outgoing.on("error", failed);
      outgoing.end(body);
    });
  const serve = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const isPrompt = incoming.method === "POST" && (incoming.url ?? "").endsWith("/messages");
    // Of the command that asks, also when another one runs by the time of the answer.
    const { onMoment } = self;
    const body = await bytesOf(incoming);
    if (isPrompt && onMoment("request heard") === "drop") return void outgoing.destroy();
    const { answer, bytes } = await pass(incoming, body);
    if (isPrompt) onMoment("hub has it");
    outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
    outgoing.end(bytes, () => isPrompt && onMoment("answered"));
  };
  const server: Server = createServer((incoming, outgoing) => {
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  self.close = () =>
    new Promise((done) => {
      server.close(() => done());
      server.closeAllConnections();
    });
  return self;
}

async function bytesOf(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function hapi(...words: string[]): { child: ChildProcess; ended: Promise<number | null>; said: () => string } {
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: home,
    HAPI_HOME: home,
    HAPI_API_URL: between.url,
    CLI_API_TOKEN: hub.token,
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
  };
  const child = spawn(HAPI, words, { env, cwd: home, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => void (said += chunk.toString()));
  return { child, ended: new Promise((done) => child.once("close", (code) => done(code))), said: () => said };
}

function keptTexts(): string[] {
  const dir = join(home, "outbox");
  try {
    const files = readdirSync(dir).filter((name) => name.endsWith(".prompt") && !name.startsWith("."));
    return files.map((name) => (JSON.parse(readFileSync(join(dir, name), "utf8").slice(9)) as { text: string }).text);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw cause;
  }
}

async function textsAtHub(sessionId: string): Promise<string[]> {
  const { body } = await client.api("GET", `/sessions/${sessionId}/messages?limit=200`);
  const rows = (body as { messages: { localId: string | null; seq: number; content: { content: { text: string } } }[] }).messages;
  return rows
    .filter((row) => row.localId !== null)
    .toSorted((a, b) => a.seq - b.seq)
    .map((row) => row.content.content.text);
}

async function newSession(tag: string): Promise<string> {
  const metadata = { path: home, host: "here", flavor: "demo" };
  const { body } = await client.cli("POST", "/sessions", { tag, metadata, agentState: null });
  return (body as { session: { id: string } }).session.id;
}

test(`${SENDS} prompts, most of their commands killed (seed ${seed}): what was kept arrives once and in order`, async () => {
  const random = seededRandom(seed);
  const sessionId = await newSession("killed");
  const promised: string[] = [];
  const killed: Moment[] = [];

  for (let index = 0; index < SENDS; index += 1) {
    const text = `prompt ${String(index).padStart(2, "0")}`;
    const moment = moments[index % moments.length] ?? "never";
    const { child, ended, said } = hapi("send", sessionId, text);
    const kill = (): void => {
      if (child.exitCode === null && child.kill("SIGKILL")) killed.push(moment);
    };
    between.onMoment = (now) => {
      if (now !== moment) return;
      kill();
      // Its last words may still arrive.
      if (random() < 0.5) return "drop";
    };
    const timer = moment === "at random" ? setTimeout(kill, random() * 500) : undefined;
    const code = await ended;
    clearTimeout(timer);
    between.onMoment = () => undefined;
    if (code !== null) expect([code, said()]).toEqual([0, expect.stringMatching(/Sent\.|Kept, not sent yet\./)]);
    // A command that spoke with the hub had kept its prompt before.
    const hasSpoken = code === null && moment !== "at random";
    if (code === 0 || hasSpoken || keptTexts().includes(text)) promised.push(text);
  }

  let tries = 0;
  while (keptTexts().length > 0 && (tries += 1) <= 10) await hapi("outbox", "send").ended;
  const arrived = await textsAtHub(sessionId);
  expect(arrived).toEqual([...new Set(arrived)].toSorted());
  expect(promised.filter((text) => !arrived.includes(text))).toEqual([]);
  expect(keptTexts()).toEqual([]);
  // The test did what it says.
  expect(new Set(killed)).toEqual(new Set(["at random", "request heard", "hub has it", "answered"]));
  expect(promised.length).toBeGreaterThanOrEqual(12);
}, 480_000);

test("several commands at once, half of them killed: one sends at a time, each prompt is there once", async () => {
  const sessionId = await newSession("at once");
  const texts = Array.from({ length: 6 }, (_, index) => `at once ${index}`);
  let heard = 0;
  const running: ChildProcess[] = [];
  between.onMoment = (now) => {
    if (now === "hub has it" && (heard += 1) % 2 === 1) for (const child of running.splice(0, 2)) child.kill("SIGKILL");
  };
  const ends = texts.map((text) => {
    const { child, ended } = hapi("send", sessionId, text);
    running.push(child);
    return ended.then((code) => (code === 0 || keptTexts().includes(text) ? [text] : []));
  });
  const promised = (await Promise.all(ends)).flat();
  between.onMoment = () => undefined;
  let tries = 0;
  while (keptTexts().length > 0 && (tries += 1) <= 10) await hapi("outbox", "send").ended;
  const arrived = await textsAtHub(sessionId);
  expect(arrived.toSorted()).toEqual([...new Set(arrived)].toSorted());
  expect(promised.filter((text) => !arrived.includes(text))).toEqual([]);
  expect(promised.length).toBeGreaterThanOrEqual(1);
}, 480_000);
