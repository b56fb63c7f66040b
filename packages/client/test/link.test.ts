import { describe, expect, test } from "bun:test";
import { ACK_GRACE_MS, createSessionLink, type SessionLink } from "../src/link/index.ts";
import { systemClock } from "../src/clock.ts";
import { manualClock } from "./manual-clock.ts";
import { startScriptedHub } from "./scripted-socket-hub.ts";

const once = (link: SessionLink, event: "connected" | "disconnected"): Promise<void> =>
  new Promise((resolve) => {
    const stop = link.on(event, () => {
      stop();
      resolve();
    });
  });

const linkTo = (url: string, more: object = {}): SessionLink => createSessionLink({ hubUrl: url, token: "t", sessionId: "s1", ...more });

describe("session link", () => {
  test("names its scope and capabilities, registers handlers, and answers RPC with errors as data", async () => {
    await using hub = await startScriptedHub({ token: "t" });
    const link = linkTo(hub.url);
    link.open({ abort: async (params) => ({ got: params }), fail: async () => Promise.reject(new Error("secret detail")) });
    await hub.until("rpc-register", (payload) => payload.method === "s1:fail");
    const [socket] = [...hub.sockets];
    expect(socket?.handshake.auth).toMatchObject({
      clientType: "session-scoped",
      sessionId: "s1",
      capabilities: ["message-ack", "stages", "stream", "live-signs"],
    });
    const ask = async (method: string): Promise<unknown> =>
      JSON.parse(await socket!.timeout(2000).emitWithAck("rpc-request", { method, params: '{"reason":"x"}' }));
    expect(await ask("s1:abort")).toEqual({ got: { reason: "x" } });
    expect(await ask("s1:fail")).toEqual({ error: "Something went wrong inside HAPI", code: "internal" });
    expect(await ask("s1:nothing")).toMatchObject({ code: "rpc_target_missing" });
    expect(await ask("s2:abort")).toMatchObject({ code: "rpc_target_missing" });
    await link.close();
  });

  test("a message resolves with the hub's acknowledgement and rejects with its code", async () => {
    await using hub = await startScriptedHub({
      on: { message: (_socket, payload, ack) => ack?.(payload.key === "bad" ? { error: "no", code: "session_not_found" } : { ok: true }) },
    });
    const link = linkTo(hub.url);
    const up = once(link, "connected");
    link.open({});
    await up;
    await link.sendMessage({ key: "k", content: { role: "agent" }, createdAt: 5 });
    expect(hub.heard.find((frame) => frame.event === "message")?.payload).toEqual({
      sid: "s1",
      message: { role: "agent" },
      key: "k",
      createdAt: 5,
    });
    expect(link.sendMessage({ key: "bad", content: {}, createdAt: 5 })).rejects.toMatchObject({ code: "session_not_found" });
    await link.close();
    expect(link.sendMessage({ key: "k", content: {}, createdAt: 5 })).rejects.toMatchObject({ code: "hub_unreachable" });
  });

  test("what was not acknowledged when the connection broke is rejected, and the link comes back", async () => {
    await using hub = await startScriptedHub();
    const link = linkTo(hub.url);
    const up = once(link, "connected");
    link.open({});
    await up;
    const sent = link.sendMessage({ key: "k", content: {}, createdAt: 1 });
    await hub.until("message");
    const again = once(link, "connected");
    for (const socket of hub.sockets) socket.conn.close();
    expect(sent).rejects.toMatchObject({ code: "hub_unreachable", retryable: true });
    await again;
    expect(link.connected).toBe(true);
    await link.close();
  });

  test("a hub that never acknowledges is found out, and then a ping is the barrier", async () => {
    await using hub = await startScriptedHub();
    const clock = manualClock();
    const link = linkTo(hub.url, { clock });
    const up = once(link, "connected");
    link.open({});
    await up;
    let done = false;
    const first = link.sendMessage({ key: "a", content: {}, createdAt: 1 }).then(() => {
      done = true;
    });
    await hub.until("message");
    // The ping goes after the message on the same ordered wire; its answer starts the grace.
    while (clock.nextIn() !== ACK_GRACE_MS) await new Promise((resolve) => systemClock.setTimer(1, () => resolve(null)));
    expect(done).toBe(false);
    await clock.advance(ACK_GRACE_MS);
    await first;
    await Promise.all([
      link.sendMessage({ key: "b", content: {}, createdAt: 1 }),
      link.sendMessage({ key: "c", content: {}, createdAt: 1 }),
    ]);
    await link.close();
  });

  test("a refused token is reported, not retried at once", async () => {
    await using hub = await startScriptedHub({ token: "other" });
    const clock = manualClock();
    const link = linkTo(hub.url, { clock });
    const refused = new Promise((resolve) => link.on("refused", resolve));
    link.open({});
    expect(await refused).toMatchObject({ code: "invalid_token" });
    expect(clock.nextIn()).toBe(30_000);
    await link.close();
    expect(clock.nextIn()).toBeNull();
  });

  test("updates reach the listener and its answer goes back", async () => {
    await using hub = await startScriptedHub();
    const link = linkTo(hub.url);
    const up = once(link, "connected");
    link.on("update", (body) => (body.t === "cancel-queued-message" ? { removed: true } : undefined));
    link.open({ x: async () => null });
    await up;
    await hub.until("rpc-register");
    const [socket] = [...hub.sockets];
    const body = { t: "cancel-queued-message", sid: "s1", messageId: "m", localId: "l" };
    expect(await socket!.timeout(2000).emitWithAck("update", { id: "u", seq: 1, createdAt: 1, body })).toEqual({ removed: true });
    await link.close();
  });
});
