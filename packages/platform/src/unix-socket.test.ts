import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectUnix, listenUnix, type Connection } from "./unix-socket.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-socket-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

test("bytes arrive whole and in order however much waits, and the end comes last", async () => {
  const path = join(root, "a.sock");
  const received: Uint8Array[] = [];
  const closed = Promise.withResolvers<void>();
  const listener = listenUnix(path, () => ({ data: (bytes) => void received.push(bytes.slice()), close: () => closed.resolve() }));
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const connection = await connectUnix(path, () => ({ data: () => undefined, close: () => undefined }));
  const sent = Array.from({ length: 200 }, (_, at) => new Uint8Array(50_000).fill(at));
  for (const part of sent) connection.write(part);
  expect(connection.backlog).toBeGreaterThan(0);
  connection.end();
  await closed.promise;
  expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
  listener.close();
  expect(existsSync(path)).toBe(false);
});

test("a paused reader holds the writer's bytes back, and nothing is lost", async () => {
  const path = join(root, "b.sock");
  let peer: Connection | undefined;
  const drained = Promise.withResolvers<void>();
  const listener = listenUnix(path, (connection) => {
    peer = connection;
    return { data: () => undefined, close: () => undefined, drain: () => drained.resolve() };
  });
  let got = 0;
  const all = Promise.withResolvers<void>();
  const reader = await connectUnix(path, () => ({
    data(bytes) {
      got += bytes.length;
      if (got === 4_000_000) all.resolve();
    },
    close: () => undefined,
  }));
  reader.pause();
  peer?.write(new Uint8Array(4_000_000));
  expect(peer?.backlog).toBeGreaterThan(1_000_000);
  reader.resume();
  await all.promise;
  await drained.promise;
  expect(peer?.backlog).toBe(0);
  reader.destroy();
  listener.close();
});

test("nobody there is an error, and a dead one's path is taken over", async () => {
  const path = join(root, "c.sock");
  const handlers = () => ({ data: () => undefined, close: () => undefined });
  await expect(connectUnix(path, handlers)).rejects.toThrow();
  const script = `Bun.listen({ unix: ${JSON.stringify(path)}, socket: { data() {} } }); process.kill(process.pid, "SIGKILL");`;
  await Bun.spawn([process.execPath, "-e", script]).exited;
  expect(existsSync(path)).toBe(true);
  await expect(connectUnix(path, handlers)).rejects.toThrow();
  const listener = listenUnix(path, handlers);
  (await connectUnix(path, handlers)).destroy();
  listener.close();
});
