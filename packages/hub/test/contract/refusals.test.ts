/** What is not there yet refuses in a stable way; what existing settings screens read is never a 404. */
import { describe, expect, test } from "bun:test";
import { withHub } from "./setup.ts";

const rig = withHub();

describe("stated refusals", () => {
  test("of sessions", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    for (const path of ["title-suggestion", "rewind", "migrate-to-acp", "codex/plan/implement"])
      expect(await client.api("POST", `/sessions/${id}/${path}`, {})).toMatchObject({ status: 501, body: { code: "not_supported" } });
    expect(await client.api("POST", `/sessions/${id}/clear`, {})).toMatchObject({
      status: 409,
      body: { error: "Shared session required" },
    });
    expect((await client.api("GET", `/sessions/${id}/cursor-chat-store`)).body).toEqual({ onDisk: false, store: null });
    expect((await client.api("GET", `/sessions/${id}/scratchlist`)).body).toEqual({ entries: [] });
    for (const step of ["reserve", "confirm-cleanup", "abort"])
      expect(await client.cli("POST", `/sessions/${id}/clear-opencode/${step}`, {})).toMatchObject({
        status: 409,
        body: { code: "clear_unavailable" },
      });
    expect(await client.cli("POST", `/sessions/${id}/clear-opencode`, {})).toMatchObject({
      status: 409,
      body: { code: "clear_unavailable" },
    });
    expect(await client.cli("POST", `/sessions/${id}/migrate-to-acp`, {})).toMatchObject({
      status: 501,
      body: { ok: false, code: "not_supported" },
    });
    socket.close();
  });

  test("of the hub", async () => {
    const client = await rig.client();
    for (const [method, path] of [
      ["POST", "/push/subscribe"],
      ["DELETE", "/push/subscribe"],
      ["POST", "/devices/register"],
      ["POST", "/voice/token"],
      ["GET", "/work-graph/events"],
      ["GET", "/codex/status"],
      ["GET", "/pi/sessions"],
    ] as const)
      expect(await client.api(method, path, method === "GET" ? undefined : {})).toMatchObject({
        status: 501,
        body: { code: "not_supported" },
      });
    for (const path of ["/push/vapid-public-key", "/voice/backend", "/voice/voices", "/hub-settings"])
      expect((await client.api("GET", path)).status).toBe(200);
  });
});

describe("hub settings", () => {
  test("everyone reads, the owner writes", async () => {
    const client = await rig.client();
    const off = { sessionSummaryContract: false, sessionSummaryInChat: false };
    expect((await client.api("GET", "/hub-settings")).body).toEqual(off);
    const refused = { status: 403, body: { code: "owner_only" } };
    expect(await client.api("PUT", "/hub-settings", { sessionSummaryInChat: true })).toMatchObject(refused);
    expect(await client.api("GET", "/storage/sqlite")).toMatchObject(refused);
    const jwt = await rig.hub.login();
    const headers = { authorization: `Bearer ${jwt}`, "content-type": "application/json" };
    const put = await fetch(`${rig.hub.url}/api/hub-settings`, {
      method: "PUT",
      headers,
      body: JSON.stringify({ sessionSummaryInChat: true }),
    });
    expect([put.status, await put.json()]).toEqual([200, { ...off, sessionSummaryInChat: true }]);
    const storage = (await (await fetch(`${rig.hub.url}/api/storage/sqlite`, { headers })).json()) as { totalBytes: number };
    expect(storage.totalBytes).toBeGreaterThan(0);
  });
});

test("answers of more than a kilobyte are compressed for who accepts it", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session({ metadata: { tools: Array.from({ length: 200 }, (_, n) => `tool-${n}`) } });
  const encodingOf = async (accept: string) =>
    (await client.api("GET", `/sessions/${id}`, undefined, { "accept-encoding": accept })).headers.get("content-encoding");
  expect(await encodingOf("gzip")).toBe("gzip");
  expect(await encodingOf("br;q=1, gzip;q=0.5")).toBe("br");
  expect(await encodingOf("gzip;q=0")).toBeNull();
  expect(await encodingOf("identity")).toBeNull();
  const small = await client.api("GET", "/hub-settings", undefined, { "accept-encoding": "gzip" });
  expect(small.headers.get("content-encoding")).toBeNull();
  socket.close();
});

test("export gives the whole session", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  await socket.emitWithAck("message", { sid: id, message: { role: "agent", content: { n: 1 } } });
  const { body } = await client.api("GET", `/sessions/${id}/export`);
  expect(body).toMatchObject({ schemaVersion: 2, session: { id }, messages: [{ content: { content: { n: 1 } } }], scratchlist: [] });
  socket.close();
});

test("an export that is handed on is whole but for what looks like a secret", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const key = `ghp_${"Zx9".repeat(12)}`;
  await socket.emitWithAck("message", {
    sid: id,
    message: { role: "agent", content: { text: `cloned with ${key}`, apiKey: "of-a-tool" } },
  });
  const [plain, redacted] = await Promise.all(
    ["", "?redact=true"].map(async (query) => JSON.stringify((await client.api("GET", `/sessions/${id}/export${query}`)).body)),
  );
  expect([plain?.includes(key), plain?.includes("of-a-tool")]).toEqual([true, true]);
  expect([redacted?.includes("Zx9"), redacted?.includes("of-a-tool"), redacted?.includes("cloned with [redacted]")]).toEqual([
    false,
    false,
    true,
  ]);
  socket.close();
});
