/** Strangers at the host's socket. */
import { expect, test } from "bun:test";
import { connectUnix, type Connection } from "@hapi/platform/lean";
import { connectHost, probeHost } from "../src/index.ts";
import { encodeFrame, encodeJson, FrameReader, decodeJson, frameType } from "../src/frames.ts";
import { startTestHost } from "./harness.ts";

/** Many programs on a busy machine. */
const slowMs = 240_000;

/** Sends bytes and gives what came back until the host closed. */
async function knock(socket: string, send: (connection: Connection) => void): Promise<Record<string, unknown>[]> {
  const answers: Record<string, unknown>[] = [];
  const reader = new FrameReader();
  const closed = Promise.withResolvers<void>();
  const connection = await connectUnix(socket, () => ({
    data: (bytes) => reader.push(bytes, (frame) => answers.push({ type: frame.type, ...decodeJson(frame.payload) })),
    close: () => closed.resolve(),
  }));
  send(connection);
  await closed.promise;
  return answers;
}

test(
  "a wrong token is refused, whatever the role",
  async () => {
    await using host = await startTestHost();
    for (const token of ["", "x", host.address.token.slice(1), `${host.address.token}x`])
      await expect(connectHost({ ...host.address, token })).rejects.toMatchObject({ code: "invalid_token" });
    for (const role of ["viewer", "probe"]) {
      const hello = encodeJson(frameType.hello, { token: "x", role, versions: [1] });
      expect(await knock(host.address.socket, (to) => to.write(hello))).toMatchObject([{ type: frameType.refused, code: "invalid_token" }]);
    }
  },
  slowMs,
);

test(
  "a foreign version is refused by name",
  async () => {
    await using host = await startTestHost();
    const hello = encodeJson(frameType.hello, { token: host.address.token, role: "probe", versions: [99] });
    expect(await knock(host.address.socket, (to) => to.write(hello))).toMatchObject([{ code: "protocol_mismatch" }]);
  },
  slowMs,
);

test(
  "garbage, half frames, wrong first frames and long ones only cost their sender the connection",
  async () => {
    await using host = await startTestHost();
    const control = await host.control();
    const cat = await control.spawn({ launchId: "cat", kind: "pipe", argv: ["cat"], cwd: "/", env: {} });
    const hello = encodeJson(frameType.hello, { token: host.address.token, role: "viewer", versions: [1] });
    const knocks: Uint8Array[] = [
      Buffer.from("GET / HTTP/1.1\r\n\r\n"),
      new Uint8Array(1000),
      encodeJson(frameType.request, { id: 1, op: "facts" }),
      encodeFrame(frameType.hello, Buffer.from("not json")),
      encodeJson(frameType.hello, { token: 1, role: "viewer" }),
      Buffer.concat([hello, Buffer.from([1, frameType.keys, 0, 0, 0xff, 0xff, 0xff, 0xff])]),
      Buffer.concat([hello, encodeFrame(frameType.request, Buffer.from("[]"))]),
    ];
    for (const bytes of knocks) await knock(host.address.socket, (to) => to.write(bytes));
    // Half a frame, then gone.
    await knock(host.address.socket, (to) => {
      to.write(hello.subarray(0, 10));
      to.end();
    });
    await cat.write("still here", 1);
    await cat.closeInput();
    expect(await cat.exited).toEqual({ code: 0, signal: null });
    expect(await probeHost(host.dir)).toMatchObject({ pid: host.facts.pid, viewers: [] });
  },
  slowMs,
);

test(
  "a probe may not steer, and an unknown request is answered",
  async () => {
    await using host = await startTestHost();
    const hello = encodeJson(frameType.hello, { token: host.address.token, role: "probe", versions: [1] });
    const answers = await knock(host.address.socket, (to) => {
      to.write(hello);
      to.write(encodeJson(frameType.request, { id: 1, op: "spawn", spec: {} }));
      to.write(encodeFrame(77, new Uint8Array(3)));
      to.write(encodeJson(frameType.request, { id: 2, op: "shutdown" }));
    });
    expect(answers.slice(1)).toMatchObject([
      { id: 1, ok: false, code: "not_supported" },
      { id: 2, ok: true },
    ]);
  },
  slowMs,
);
