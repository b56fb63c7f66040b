/** Delete leaves nothing: the files of the database are searched for the text. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { connectHub, startTestHub } from "@hapi/testkit";
import { agentText, machine } from "./setup.ts";

const secret = "a-secret-that-must-vanish-0451";

function filesWith(home: string, text: string): string[] {
  return readdirSync(home, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => readFileSync(path).includes(text));
}

test("rows, log, requests, attachments and the write-ahead log", async () => {
  await using hub = await startTestHub();
  const client = await connectHub(hub);
  const kept = await client.session();
  const { id, socket } = await client.session({ metadata: { name: secret } });
  for (let n = 0; n < 50; n++)
    await socket.emitWithAck("message", { sid: id, key: `${secret}${n}`, message: agentText(`${secret} ${"x".repeat(2_000)}`) });
  const request = { tool: "Bash", arguments: { command: secret } };
  await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: { requests: { r: request } } });
  await client.api("POST", `/sessions/${id}/messages`, { text: secret, localId: secret });
  await kept.socket.emitWithAck("message", { sid: kept.id, message: agentText("stays") });
  expect(filesWith(hub.home, secret)).not.toEqual([]);
  socket.emit("session-end", { sid: id, time: Date.now(), reason: secret });
  await socket.emitWithAck("ping");
  expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
  expect(filesWith(hub.home, secret)).toEqual([]);
  expect(filesWith(hub.home, id)).toHaveLength(1); // the fact that it is gone, in the log
  expect(filesWith(hub.home, "stays").length).toBeGreaterThan(0);
  socket.close();
  kept.socket.close();
});

test("many deletes while others write", async () => {
  await using hub = await startTestHub();
  const client = await connectHub(hub);
  const { id: busy, socket } = await client.session();
  const ids = await Promise.all(
    Array.from({ length: 20 }, async (_, n) => {
      const created = await client.cli("POST", "/sessions", { tag: `t${n}`, metadata: { path: "/p", host: "h", name: secret } });
      return (created.body["session"] as { id: string }).id;
    }),
  );
  const writes = Promise.all(
    Array.from({ length: 300 }, (_, n) => socket.emitWithAck("message", { sid: busy, key: `k${n}`, message: agentText("x") })),
  );
  const deletes = await Promise.all(ids.map((id) => client.api("DELETE", `/sessions/${id}`)));
  expect(new Set(deletes.map((answer) => answer.status))).toEqual(new Set([200]));
  await writes;
  expect(filesWith(hub.home, secret)).toEqual([]);
  socket.close();
});

test("the machine forgets it: at once, or when it comes back", async () => {
  await using hub = await startTestHub();
  const client = await connectHub(hub, "owner");
  const remove = async (): Promise<string> => {
    const metadata = { path: "/p", host: "h", machineId: "m" };
    const { body } = await client.cli("POST", "/sessions", { tag: crypto.randomUUID(), metadata });
    const { id } = body["session"] as { id: string };
    expect((await client.api("DELETE", `/sessions/${id}`)).status).toBe(200);
    return id;
  };
  const calls: unknown[] = [];
  const statuses = ["forgotten", "active", "not-found", "forgotten"];
  const served = Promise.withResolvers<void>();
  const methods = {
    "forget-session"(params: Record<string, unknown>) {
      calls.push(params["sessionId"]);
      if (calls.length === 4) served.resolve();
      return { status: statuses[calls.length - 1] };
    },
  };
  const first = await machine(client, "m", methods);
  const a = await remove();
  expect(calls).toEqual([a]);
  // Still running there: it is asked again. What is deleted while the machine is away waits for it.
  const b = await remove();
  expect(calls).toEqual([a, b]);
  first.socket.close();
  // A machine of somebody else under the same name can't be told.
  const stranger = await connectHub(hub, "stranger");
  await expect(machine(stranger, "m", methods)).resolves.toBeDefined();
  const c = await remove();
  expect(calls).toEqual([a, b]);
  const second = await machine(client, "m", methods);
  await served.promise;
  expect(new Set(calls.slice(2))).toEqual(new Set([b, c]));
  await client.cli("GET", "/machines/m");
  second.socket.close();
  const third = await machine(client, "m", methods);
  await third.socket.emitWithAck("ping");
  expect(calls).toHaveLength(4);
  third.socket.close();
});
