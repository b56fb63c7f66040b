/** The connection breaks, the host lives: the session process must not notice more than a pause. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { connectUnix, listenUnix, type Connection } from "@hapi/platform/lean";
import { connectHost } from "../src/index.ts";
import { programEnv, startTestHost, type TestHost } from "./harness.ts";

const slowMs = 240_000;

/** Stands between and can cut. */
async function proxy(host: TestHost) {
  const path = join(host.home, "proxy.sock");
  const open = new Set<Connection>();
  let isCutting = false;
  const listener = listenUnix(path, (near) => {
    open.add(near);
    const early: Uint8Array[] = [];
    let far: Connection | null = null;
    if (isCutting) queueMicrotask(() => near.destroy());
    else
      void connectUnix(host.address.socket, () => ({ data: (bytes) => near.write(bytes), close: () => near.end() })).then((opened) => {
        far = opened;
        for (const bytes of early) far.write(bytes);
      });
    return {
      data: (bytes) => void (far ? far.write(bytes) : early.push(bytes.slice())),
      close() {
        open.delete(near);
        far?.destroy();
      },
    };
  });
  return {
    address: { ...host.address, socket: path },
    cut: () => {
      for (const connection of open) connection.destroy();
    },
    [Symbol.dispose]: () => {
      isCutting = true;
      for (const connection of open) connection.destroy();
      listener.close();
    },
  };
}

test(
  "a reading goes on from its byte, numbered input arrives once, and requests are repeated",
  async () => {
    await using host = await startTestHost();
    using between = await proxy(host);
    const control = await connectHost(between.address);
    const lost: number[] = [];
    control.on("lost", () => lost.push(1));
    const counter = await control.spawn({ launchId: "seq", kind: "pipe", argv: ["seq", "1", "300000"], cwd: "/", env: programEnv });
    const cat = await control.spawn({ launchId: "cat", kind: "pipe", argv: ["cat"], cwd: "/", env: programEnv });
    let text = "";
    let chunks = 0;
    for await (const chunk of counter.read("out", 0)) {
      text += Buffer.from(chunk.bytes).toString("latin1");
      counter.release("out", chunk.offset + chunk.bytes.length);
      if (++chunks % 10 === 0) between.cut();
    }
    expect(text).toBe(Bun.spawnSync(["seq", "1", "300000"]).stdout.toString());
    const writes: Promise<void>[] = [];
    for (let id = 0; id < 50; id++) {
      writes.push(cat.write(`${id},`, id));
      if (id % 10 === 5) between.cut();
    }
    await Promise.all(writes);
    await cat.closeInput();
    let echoed = "";
    for await (const chunk of cat.read("out", 0)) echoed += Buffer.from(chunk.bytes).toString();
    expect(echoed).toBe(Array.from({ length: 50 }, (_, id) => `${id},`).join(""));
    expect(lost).toEqual([]);
  },
  slowMs,
);

test(
  "what must not happen twice fails by name when its answer is lost",
  async () => {
    await using host = await startTestHost();
    using between = await proxy(host);
    const control = await connectHost(between.address);
    const sleeper = await control.spawn({ launchId: "sleep", kind: "pipe", argv: ["sleep", "100"], cwd: "/", env: programEnv });
    const signalled = sleeper.signal("SIGCONT");
    between.cut();
    await expect(signalled).rejects.toMatchObject({ code: "host_gone" });
    // And the connection is back by itself.
    expect(await sleeper.lastInputId()).toBe(-1);
  },
  slowMs,
);
