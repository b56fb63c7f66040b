/** The bad network must really be bad: a fault suite over a proxy that passes everything on proves nothing. */
import { afterEach, expect, test } from "bun:test";
import { createServer as createHttpServer, type Server } from "node:http";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { type ChaosProxy, createChaosProxy } from "./chaos-proxy.ts";
import { createUnitSplitter } from "./chaos-proxy-units.ts";
import { seededRandom } from "./seeded-random.ts";

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Echo {
  port: number;
  /** Bodies in the order in which they arrived. */
  heard: string[];
  until(count: number): Promise<void>;
}

/** Answers each request with its own body. */
async function echo(): Promise<Echo> {
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  const server: Server = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (bytes: Buffer) => (body += bytes.toString()));
    request.on("end", () => {
      heard.push(body);
      response.end(body);
      for (const look of waiting) look();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    heard,
    until: (count) =>
      new Promise((resolve) => {
        const look = (): void => void (heard.length >= count && (waiting.delete(look), resolve()));
        waiting.add(look);
        look();
      }),
  };
}

/** Takes connections and shows what comes over each. */
async function sink(onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer(onSocket);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function proxy(port: number, seed = 1): Promise<ChaosProxy> {
  const made = await createChaosProxy({ seed, target: { port } });
  closers.push(() => made.close());
  return made;
}

const post = async (url: string, body: string): Promise<string> => (await fetch(url, { method: "POST", body, keepalive: false })).text();
const opened = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("connect", () => resolve()));
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

async function client(port: number): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  closers.push(() => void socket.destroy());
  await opened(socket);
  return socket;
}

test("good weather passes everything on", async () => {
  const server = await echo();
  const { url, counts } = await proxy(server.port);
  const long = "x".repeat(3_000_000);
  expect(await post(url, "one")).toBe("one");
  expect(await post(url, long)).toBe(long);
  expect(counts).toMatchObject({ cuts: 0, duplicates: 0, reorders: 0, lostAnswers: 0 });
});

test("delay and jitter hold back, and keep the order", async () => {
  const server = await echo();
  const { url, weather } = await proxy(server.port);
  weather({ toServer: { delayMs: 60, jitterMs: 30 }, toClient: { delayMs: 40 } });
  const before = performance.now();
  expect(await post(url, "late")).toBe("late");
  expect(performance.now() - before).toBeGreaterThanOrEqual(95);
});

test("a throttle lets so much through and no more", async () => {
  const server = await echo();
  const { url, weather } = await proxy(server.port);
  weather({ toClient: { bytesPerSecond: 50_000 } });
  const before = performance.now();
  expect(await post(url, "x".repeat(10_000))).toHaveLength(10_000);
  expect(performance.now() - before).toBeGreaterThanOrEqual(150);
});

test("a cut breaks what lives; what comes after works", async () => {
  const server = await echo();
  const { url, port, cut, counts } = await proxy(server.port);
  const socket = await client(port);
  const gone = closed(socket);
  expect(cut()).toBe(1);
  await gone;
  expect(counts.cuts).toBe(1);
  expect(await post(url, "again")).toBe("again");
});

test("by chance the connection breaks, the same requests for the same seed", async () => {
  const server = await echo();
  async function broken(seed: number): Promise<string> {
    const { url, weather } = await proxy(server.port, seed);
    weather({ cut: 0.5, toClient: { delayMs: 30 } });
    let marks = "";
    for (let at = 0; at < 12; at++)
      marks += await post(url, "x").then(
        () => ".",
        () => "!",
      );
    return marks;
  }
  const first = await broken(5);
  expect(first).toContain("!");
  expect(first).toContain(".");
  expect(await broken(5)).toBe(first);
  expect(await broken(6)).not.toBe(first);
});

test("reseeded, a proxy with a past gives the chances of a fresh one, to connections that live too", async () => {
  const marksOf = (net: ChaosProxy): Promise<string> =>
    Array.from({ length: 12 }).reduce<Promise<string>>(
      async (marks) =>
        (await marks) +
        (await post(net.url, "x").then(
          () => ".",
          () => "!",
        )),
      Promise.resolve(""),
    );
  const server = await echo();
  const fresh = await proxy(server.port, 5);
  const used = await proxy(server.port, 6);
  used.weather({ cut: 0.5, toClient: { delayMs: 30 } });
  const before = await marksOf(used);
  for (const net of [fresh, used]) net.weather({ cut: 0.5, toClient: { delayMs: 30 } });
  used.reseed(5);
  const after = await marksOf(used);
  expect(after).toBe(await marksOf(fresh));
  expect(after).not.toBe(before);

  // One connection that lives through it: which of its requests are sent twice.
  async function twice(seed: number, next: number): Promise<string> {
    const net = await proxy(server.port, seed);
    const socket = await client(net.port);
    let text = "";
    socket.on("data", (bytes: Buffer) => (text += bytes.toString()));
    const ask = async (count: number): Promise<string> => {
      let marks = "";
      for (let at = 0; at < count; at++) {
        const [answers, duplicates] = [text.split("HTTP/1.1 ").length, net.counts.duplicates];
        socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
        while (text.split("HTTP/1.1 ").length === answers) await new Promise((heard) => socket.once("data", heard));
        marks += net.counts.duplicates > duplicates ? "2" : "1";
      }
      return marks;
    };
    net.weather({ duplicate: 0.5 });
    await ask(5);
    net.reseed(next);
    return ask(16);
  }
  const marks = await twice(1, 7);
  expect(await twice(2, 7)).toBe(marks);
  expect(await twice(2, 8)).not.toBe(marks);
});

test("half-open: accepted, silent in both directions, and over only when cut", async () => {
  const server = await echo();
  const made = await proxy(server.port);
  const living = await client(made.port);
  made.halfOpen();
  const fresh = await client(made.port);
  let bytes = 0;
  for (const socket of [living, fresh]) {
    socket.on("data", (chunk) => (bytes += chunk.length));
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
  }
  made.heal();
  expect(await post(made.url, "healed")).toBe("healed");
  expect([living.destroyed, fresh.destroyed, bytes]).toEqual([false, false, 0]);
  expect(server.heard).toEqual(["healed"]);
  const gone = [closed(living), closed(fresh)];
  made.cut();
  await Promise.all(gone);
});

test("a slow reader fills the server's buffers until it reads on, and loses nothing", async () => {
  const total = 24 << 20;
  let served: Socket | undefined;
  const port = await sink((socket) => {
    served = socket;
    socket.write(Buffer.alloc(1));
  });
  const made = await proxy(port);
  const socket = await client(made.port);
  let got = 0;
  const all = new Promise<void>((resolve) => socket.on("data", (chunk) => (got += chunk.length) === total + 1 && resolve()));
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  made.slowReader();
  const flushed = served?.write(Buffer.alloc(total));
  expect(flushed).toBe(false);
  // The server can't get rid of it: more than all buffers between here and there hold.
  expect(await Promise.race([all, new Promise((resolve) => setTimeout(() => resolve("stuck"), 150))])).toBe("stuck");
  expect(served?.writableLength).toBeGreaterThan(0);
  made.heal();
  await all;
});

test("a request is sent twice: the server sees it twice, the caller one answer", async () => {
  const server = await echo();
  const { url, weather, counts } = await proxy(server.port);
  weather({ duplicate: 1 });
  expect(await post(url, "once")).toBe("once");
  await server.until(2);
  expect(server.heard).toEqual(["once", "once"]);
  expect(counts.duplicates).toBe(1);
  expect(await (await fetch(url)).text()).toBe("");
  expect(counts.duplicates).toBe(1);
});

test("a request is overtaken by the next one, or waits no longer than it must", async () => {
  const server = await echo();
  const { url, weather, counts } = await proxy(server.port);
  weather({ reorder: 1, plays: /^POST \/first/ });
  const first = post(`${url}/first`, "first");
  while (counts.reorders === 0) await new Promise((resolve) => setImmediate(resolve));
  expect(await post(url, "second")).toBe("second");
  expect(await first).toBe("first");
  expect(server.heard).toEqual(["second", "first"]);
  expect(await post(`${url}/first`, "alone")).toBe("alone");
});

test("an answer is lost: the request arrived, the caller can't know", async () => {
  const server = await echo();
  const { url, weather, counts } = await proxy(server.port);
  weather({ loseAnswer: 1 });
  expect(await post(url, "heard?").catch(() => "nothing")).toBe("nothing");
  expect(server.heard).toContain("heard?");
  expect(counts.lostAnswers).toBeGreaterThan(0);
  weather({ loseAnswer: 1, plays: /^POST \/other/ });
  expect(await post(url, "heard")).toBe("heard");
});

test("stranded words arrive after those of a newer connection", async () => {
  const server = await echo();
  const made = await proxy(server.port);
  const socket = await client(made.port);
  const gone = closed(socket);
  const done = made.strand({ holdMs: 30, lateMs: 60 });
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nfirst");
  await gone;
  expect(await post(made.url, "second")).toBe("second");
  await done;
  await server.until(2);
  expect(server.heard).toEqual(["second", "first"]);
});

/** A masked text frame, as a client sends it. */
function frame(text: string): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const body = Buffer.from(text).map((byte, index) => byte ^ mask[index % 4]!);
  const length = body.length < 126 ? Buffer.from([0x80 | body.length]) : Buffer.from([0x80 | 126, body.length >> 8, body.length & 255]);
  return Buffer.concat([Buffer.from([0x81]), length, mask, body]);
}
const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

test("frames are repeated and swapped whole, the chosen ones only", async () => {
  let text = "";
  const waiting = new Set<() => void>();
  const port = await sink((socket) => {
    const units = createUnitSplitter();
    socket.on("data", (bytes: Buffer) => {
      for (const unit of units.push(bytes)) text += unit.kind === "frame" ? `${unit.text};` : "";
      for (const look of waiting) look();
    });
  });
  const made = await proxy(port);
  const shows = (wanted: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => void (text === wanted && resolve());
      waiting.add(look);
      look();
    });
  const socket = await client(made.port);
  made.weather({ duplicate: 1, plays: /^42/ });
  socket.write(UPGRADE);
  socket.write(Buffer.concat([frame("3"), frame("42a"), frame("42b")]));
  await shows("3;42a;42a;42b;42b;");
  made.weather({ reorder: 1, plays: /^42/ });
  text = "";
  socket.write(Buffer.concat([frame("42a"), frame("42b"), frame("3")]));
  await shows("42b;42a;3;");
});

test("units come out whole however the bytes are cut up, and nothing is added or lost but the extensions", () => {
  const random = seededRandom(11);
  const long = "y".repeat(300);
  const before = "POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
  const all = Buffer.concat([
    Buffer.from(before),
    Buffer.from(UPGRADE),
    frame("one"),
    frame(long),
    Buffer.from([0x8a, 0x00]),
    frame("two"),
  ]);
  for (let round = 0; round < 50; round++) {
    const splitter = createUnitSplitter();
    const units = [];
    for (let at = 0; at < all.length;) {
      const size = 1 + Math.floor(random() * 40);
      units.push(...splitter.push(all.subarray(at, at + size)));
      at += size;
    }
    expect(units.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
      "request POST /a HTTP/1.1",
      "request GET /ws HTTP/1.1",
      "frame one",
      `frame ${long}`,
      "bytes ",
      "frame two",
    ]);
    const sent = Buffer.concat(units.map(({ bytes }) => bytes)).toString("latin1");
    expect(sent).toBe(all.toString("latin1").replace("Sec-WebSocket-Extensions: permessage-deflate\r\n", ""));
    expect(splitter.rest().length).toBe(0);
  }
});

test("a body of unknown length goes through as it is", async () => {
  const splitter = createUnitSplitter();
  const head = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  const units = [...splitter.push(Buffer.from(head)), ...splitter.push(Buffer.from("5\r\nhello\r\n0\r\n\r\n"))];
  expect(units.map(({ kind }) => kind)).toEqual(["bytes", "bytes"]);
});
