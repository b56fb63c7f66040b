/**
 * A disk without room, under a hub in a process of its own: what can't be kept is refused in words, everything else goes on, nothing is
 * damaged by it or by kill -9 meanwhile, and it is over as soon as there is room. Once on a real small file system (needs the right to
 * mount one), once with the system's limit on the size of files.
 */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkHub, makeBackup, restoreHub } from "@hapi/hub";
import { runCommand } from "@hapi/platform";
import { connectHub, type HubClient, type TestHub } from "@hapi/testkit";
import type { Socket } from "socket.io-client";
import { agentText } from "./setup.ts";
import { hubProcesses } from "./spawn-hub.ts";

const { spawnHub } = hubProcesses();

const root = mkdtempSync(join(tmpdir(), "hapi-full-"));

const smallDisk = join(root, "disk");
mkdirSync(smallDisk);
const mounted =
  process.platform === "linux" && (await runCommand(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", smallDisk])).code === 0;
afterAll(async () => {
  if (mounted) await runCommand(["umount", "-l", smallDisk]);
  rmSync(root, { recursive: true, force: true });
});
if (!mounted) process.stderr.write("\n!! No file system can be mounted here: the test on a REAL full disk is SKIPPED.\n\n");
const hasLimits = process.platform === "linux" && Bun.which("prlimit") !== null;

/** Several messages under way at once, as a working session has them; until one is refused. */
class Writer {
  readonly acked = new Set<string>();
  readonly refusals: { code?: string; error?: string }[] = [];
  #count = 0;

  constructor(
    readonly socket: Socket,
    readonly sid: string,
    readonly name: string,
  ) {}

  async one(): Promise<boolean> {
    const key = `${this.name}${this.#count++}`;
    const message = agentText(`${key} ${"x".repeat(8_000)}`, key);
    const answer = (await this.socket.emitWithAck("message", { sid: this.sid, key, message })) as { ok?: boolean; code?: string };
    if (answer.ok) this.acked.add(key);
    else this.refusals.push(answer);
    return answer.ok === true;
  }

  /** Until nothing is taken any more, also after the hub has folded its log back as far as that goes. */
  async untilRefused(): Promise<void> {
    for (let refused = 0, n = 0; refused < 60; n++) {
      if (n > 20_000) throw new Error("the disk was never full");
      const results = await Promise.all(Array.from({ length: 20 }, () => this.one()));
      refused = results.includes(true) ? 0 : refused + 1;
      if (refused > 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** Room is used as soon as it is there: within the sender's own repetitions. */
  async untilTaken(): Promise<void> {
    for (let n = 0; n < 200; n++) {
      if (await this.one()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(`still refused: ${JSON.stringify(this.refusals.at(-1))}`);
  }
}

async function keysIn(client: HubClient, id: string): Promise<string[]> {
  const keys: string[] = [];
  for (let afterSeq = 0; ;) {
    const page = (await client.cli("GET", `/sessions/${id}/messages?afterSeq=${afterSeq}&limit=200`)).body as {
      messages: { seq: number; content: { content: { data?: { id: string } } } }[];
    };
    keys.push(...page.messages.flatMap((row) => row.content.content.data?.id ?? []));
    if (page.messages.length < 200) return keys;
    afterSeq = page.messages.at(-1)?.seq ?? 0;
  }
}

/** Reading and what is not stored go on; what must be stored is refused with the code and what to do. */
async function expectRefusesAndReads(
  hub: TestHub,
  client: HubClient,
  id: string,
  socket: Socket,
  expected: { status: number; code: string },
) {
  const prompt = await client.api("POST", `/sessions/${id}/messages`, { text: "x".repeat(50_000), localId: crypto.randomUUID() });
  expect([prompt.status, prompt.body["code"]]).toEqual([expected.status, expected.code]);
  expect(String(prompt.body["error"])).toMatch(/free some space|Check the disk/);
  expect((await client.api("GET", "/sessions")).status).toBe(200);
  expect((await client.api("GET", `/sessions/${id}/messages?limit=50`)).status).toBe(200);
  expect((await fetch(`${hub.url}/health`)).status).toBe(200);
  await using sse = await client.sse("all=true&caps=stream");
  socket.emit("stream", { sid: id, itemId: "item-1", kind: "text", delta: "while full", offset: 0 });
  await sse.find(({ event }) => event.type === "stream");
}

test.skipIf(!mounted)(
  "a real full disk: refused, read on, over by itself; kill -9 and a start while it is full; nothing acknowledged is lost",
  async () => {
    const home = join(smallDisk, "home");
    const ballast = join(smallDisk, "ballast");
    const fillUp = (bytes: number): void => writeFileSync(ballast, new Uint8Array(bytes));
    fillUp(6 << 20);
    const first = await spawnHub(home);
    const client = await connectHub(first.hub);
    const { id, socket } = await client.session({ capabilities: ["stages"] });
    const writer = new Writer(socket, id, "a");
    for (let n = 0; n < 100; n++) await writer.one();
    const { path: file } = await makeBackup({ home, target: join(root, "elsewhere.sqlite"), version: "1", now: Date.now() });
    await writer.untilRefused();
    expect(new Set(writer.refusals.map(({ code }) => code))).toEqual(new Set(["database_full"]));
    await expectRefusesAndReads(first.hub, client, id, socket, { status: 507, code: "database_full" });
    await expect(makeBackup({ home, version: "1", now: Date.now() })).rejects.toMatchObject({ code: "database_full" });
    const noHub = { askHub: () => Promise.reject(new Error("nothing was made ready")), confirm: async () => true };
    await expect(restoreHub({ home, file, ...noHub })).rejects.toMatchObject({ code: "database_full" });
    expect(readdirSync(home).filter((name) => /restor|partial/.test(name))).toEqual([]);

    rmSync(ballast);
    await writer.untilTaken();
    expect(first.child.exitCode).toBe(null);
    await writer.untilRefused();
    socket.close();

    // Killed while there is no room, and started where there still is none: what is there can be read.
    await first.kill();
    const second = await spawnHub(home);
    const reader = await connectHub(second.hub);
    const keys = await keysIn(reader, id);
    expect(new Set(keys).size).toBe(keys.length);
    expect([...writer.acked].filter((key) => !keys.includes(key))).toEqual([]);
    await second.kill();

    const { problems } = await checkHub({ home, fix: false });
    expect(problems).toEqual([]);
  },
  480_000,
);

test.skipIf(!hasLimits)(
  "files that may not grow: refused, read on, over as soon as they may; kill -9 meanwhile damages nothing",
  async () => {
    const home = join(root, "limited");
    // The signal that would end the program is ignored, as every program that wants to see the error does.
    const limit = ["/bin/sh", "-c", 'trap "" XFSZ; exec prlimit --fsize=12582912:unlimited "$@"', "sh"];
    const first = await spawnHub(home, { wrap: limit });
    const client = await connectHub(first.hub);
    const { id, socket } = await client.session();
    const writer = new Writer(socket, id, "b");
    await writer.untilRefused();
    expect(new Set(writer.refusals.map(({ code }) => code))).toEqual(new Set(["disk_failed"]));
    await expectRefusesAndReads(first.hub, client, id, socket, { status: 500, code: "disk_failed" });
    expect((await runCommand(["prlimit", `--pid=${first.child.pid}`, "--fsize=67108864:unlimited"])).code).toBe(0);
    await writer.untilTaken();
    await writer.untilRefused();
    socket.close();
    await first.kill();
    expect((await checkHub({ home, fix: false })).problems).toEqual([]);
    const second = await spawnHub(home);
    const again = await connectHub(second.hub);
    const keys = await keysIn(again, id);
    expect(new Set(keys).size).toBe(keys.length);
    expect([...writer.acked].filter((key) => !keys.includes(key))).toEqual([]);
    expect(existsSync(join(home, "hub.sqlite"))).toBe(true);
  },
  480_000,
);
