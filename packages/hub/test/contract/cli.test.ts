/** The CLI's side: sockets, versioned updates, RPC scopes, backfill, machines. */
import { describe, expect, test } from "bun:test";
import { io } from "socket.io-client";
import { agentText, machine, once, serveRpc, withHub } from "./setup.ts";

const rig = withHub();

type Json = Record<string, unknown>;

describe("the /cli namespace", () => {
  test("a wrong token is a connect error", async () => {
    const client = await rig.client();
    expect(client.socket({ token: "wrong", clientType: "session-scoped", sessionId: "x" })).rejects.toThrow("Invalid token");
    expect(client.socket({})).rejects.toThrow("Invalid token");
  });

  for (const transports of [["polling"], ["polling", "websocket"], ["websocket"]]) {
    test(`a client that asks for ${transports.join(", then ")} is served`, async () => {
      const client = await rig.client();
      const { id, socket: plain } = await client.session();
      const auth = { token: client.accessToken, clientType: "session-scoped", sessionId: id };
      const socket = io(`${rig.hub.url}/cli`, { path: "/socket.io/", transports, auth, forceNew: true });
      await new Promise<void>((resolve, reject) => {
        socket.once("connect", resolve);
        socket.once("connect_error", reject);
      });
      const { engine } = socket.io;
      if (transports.length > 1 && engine.transport.name === "polling")
        await new Promise<void>((resolve) => engine.once("upgrade", () => resolve()));
      expect(await socket.emitWithAck("message", { sid: id, message: agentText("hello"), key: "k1" })).toEqual({ ok: true });
      const heard = once<{ body: Json }>(socket, "update");
      await plain.emitWithAck("update-metadata", { sid: id, expectedVersion: 1, metadata: { path: "/p", host: "h" } });
      expect((await heard).body).toMatchObject({ t: "update-session", sid: id });
      const asked = await serveRpc(socket, id, { abort: () => ({}) });
      await client.api("POST", `/sessions/${id}/abort`);
      expect(asked.length).toBe(1);
      const wrong = io(`${rig.hub.url}/cli`, { path: "/socket.io/", transports, auth: { token: "wrong" }, forceNew: true });
      expect(await new Promise<string>((resolve) => wrong.once("connect_error", (error) => resolve(error.message)))).toBe("Invalid token");
      for (const each of [socket, wrong, plain]) each.close();
    });
  }

  test("an unknown namespace, binary data and rubbish end in a word or a closed connection, never in silence", async () => {
    const socket = io(`${rig.hub.url}/nowhere`, { path: "/socket.io/", transports: ["websocket"], forceNew: true });
    expect(await new Promise<string>((resolve) => socket.once("connect_error", (error) => resolve(error.message)))).toBe(
      "Invalid namespace",
    );
    socket.close();
    for (const words of ["42/cli,[", "nonsense", new Uint8Array([1, 2, 3])]) {
      const raw = new WebSocket(`${rig.hub.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
      const closed = new Promise<void>((resolve) => raw.addEventListener("close", () => resolve()));
      raw.addEventListener("open", () => raw.send(words));
      await closed;
    }
  });

  test("versioned updates: success, then mismatch with the current value, until it fits", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const state = { controlledByUser: true };
    expect(await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: state })).toEqual({
      result: "success",
      version: 2,
      agentState: { controlledByUser: true, requests: {}, completedRequests: {} },
    });
    const stale: unknown = await socket.emitWithAck("update-state", { sid: id, expectedVersion: 1, agentState: {} });
    expect(stale).toMatchObject({ result: "version-mismatch", version: 2, agentState: { controlledByUser: true } });
    expect(await socket.emitWithAck("update-metadata", { sid: "nobody", expectedVersion: 1, metadata: {} })).toEqual({
      result: "error",
      reason: "not-found",
    });
    expect(await socket.emitWithAck("update-metadata", { sid: id })).toMatchObject({ result: "error" });
    socket.close();
  });

  test("metadata: identity and threads are carried, null removes, the rest is replaced", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "keep", codexSessionId: "drop", tools: ["a"] } });
    const metadata = { path: "/new", host: "h", codexSessionId: null, summary: { text: "s", updatedAt: 1 } };
    const ack: unknown = await socket.emitWithAck("update-metadata", { sid: id, expectedVersion: 1, metadata });
    expect((ack as { metadata: Json }).metadata).toEqual({
      path: "/new",
      host: "h",
      flavor: "claude",
      machineId: "machine-1",
      claudeSessionId: "keep",
      summary: { text: "s", updatedAt: 1 },
    });
    socket.close();
  });

  test("the other sockets of the room hear of it, the sender does not", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const second = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    await second.emitWithAck("ping");
    const heard = once<{ body: Json }>(second, "update");
    let own = 0;
    socket.on("update", () => (own += 1));
    await socket.emitWithAck("update-metadata", { sid: id, expectedVersion: 1, metadata: { path: "/p", host: "h", name: "n" } });
    expect((await heard).body).toMatchObject({
      t: "update-session",
      sid: id,
      metadata: { version: 2, value: { name: "n" } },
      agentState: null,
    });
    const renamed = once<{ body: Json }>(socket, "update");
    await client.api("PATCH", `/sessions/${id}`, { name: "by a person" });
    expect((await renamed).body).toMatchObject({ metadata: { version: 3 } });
    expect(own).toBe(1);
    socket.close();
    second.close();
  });

  test("ping is a barrier: everything said before is stored", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    for (let n = 0; n < 200; n++) socket.emit("message", { sid: id, message: agentText(String(n)) });
    await socket.emitWithAck("ping");
    const { messages } = (await client.cli("GET", `/sessions/${id}/messages?afterSeq=0&limit=200`)).body as { messages: Json[] };
    expect(messages.map((row) => row["seq"])).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
    socket.close();
  });
});

describe("RPC", () => {
  test("a socket registers methods of its own id only", async () => {
    const client = await rig.client();
    const victim = await client.session();
    const sibling = await client.session();
    const attacker = await (await rig.client()).session();
    for (const socket of [sibling.socket, attacker.socket]) {
      const refused = once<Json>(socket, "error");
      socket.emit("rpc-register", { method: `${victim.id}:abort` });
      expect(await refused).toMatchObject({ code: "access_denied" });
    }
    expect(await client.api("POST", `/sessions/${victim.id}/abort`)).toMatchObject({ status: 503, body: { code: "rpc_target_missing" } });
    for (const { socket } of [victim, sibling, attacker]) socket.close();
  });

  test("the newest socket answers, and the older one again when it is gone", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const old = await serveRpc(socket, id, { abort: () => ({}) });
    const second = await client.socket({ token: client.accessToken, clientType: "session-scoped", sessionId: id });
    const young = await serveRpc(second, id, { abort: () => ({}) });
    await client.api("POST", `/sessions/${id}/abort`);
    second.close();
    await socket.emitWithAck("ping");
    await client.api("POST", `/sessions/${id}/abort`);
    expect([old.length, young.length]).toEqual([1, 1]);
    socket.close();
  });

  test("relayed routes answer 200 with success:false", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session();
    const get = async (path: string) => (await client.api("GET", `/sessions/${id}${path}`)).body;
    expect(await get("/git-status")).toMatchObject({ success: false, error: `RPC handler not registered: ${id}:git-status` });
    const calls = await serveRpc(socket, id, {
      "git-status": () => ({ success: true, stdout: "# branch", stderr: "", exitCode: 0 }),
      "git-diff-file": () => ({ success: true, stdout: "diff" }),
      readFile: () => ({ success: true, content: "aGk=" }),
      listDirectory: () => ({ success: true, entries: [] }),
      ripgrep: () => ({ success: true, stdout: "src/a.ts\nb.ts\n" }),
      readGeneratedImage: () => ({ success: true, content: "aGk=", mimeType: "image/png" }),
      listSlashCommands: () => ({ success: true, commands: [{ name: "plan", source: "builtin" }] }),
      uploadFile: (params) => ({ success: true, path: `/tmp/${String(params["filename"])}` }),
      deleteUpload: () => ({ success: true }),
    });
    expect(await get("/git-status")).toMatchObject({ success: true, stdout: "# branch" });
    expect(await get("/git-diff-file?path=a&staged=true")).toMatchObject({ stdout: "diff" });
    expect(calls.at(-1)?.params).toEqual({ cwd: "/tmp/project", filePath: "a", staged: true });
    expect(await get("/file?path=a")).toMatchObject({ content: "aGk=" });
    expect(await get("/directory?path=.")).toMatchObject({ entries: [] });
    expect((await get("/files?query=a"))["files"]).toEqual([
      { fileName: "a.ts", filePath: "src", fullPath: "src/a.ts", fileType: "file" },
      { fileName: "b.ts", filePath: "", fullPath: "b.ts", fileType: "file" },
    ]);
    expect(await get("/slash-commands")).toMatchObject({ commands: [{ name: "plan" }] });
    const image = await client.api("GET", `/sessions/${id}/generated-images/img1`);
    expect([image.status, image.text, image.headers.get("etag"), image.headers.get("content-type")]).toEqual([
      200,
      "hi",
      '"img1"',
      "image/png",
    ]);
    expect((await client.api("GET", `/sessions/${id}/generated-images/img1`, undefined, { "if-none-match": '"img1"' })).status).toBe(304);
    const upload = { filename: "a.png", content: "aGk=", mimeType: "image/png" };
    expect((await client.api("POST", `/sessions/${id}/upload`, upload)).body).toEqual({ success: true, path: "/tmp/a.png" });
    expect((await client.api("POST", `/sessions/${id}/upload/delete`, { path: "/tmp/a.png" })).body).toEqual({ success: true });
    expect((await client.api("POST", `/sessions/${id}/upload`, { filename: "" })).status).toBe(400);
    socket.close();
  });
});

describe("machines", () => {
  test("register, go online, spawn, rename", async () => {
    const client = await rig.client();
    await client.cli("POST", "/machines", { id: "m1", metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
    const list = async (query = "") => (await client.api("GET", `/machines${query}`)).body["machines"] as Json[];
    expect([await list(), (await list("?all=1")).length]).toEqual([[], 1]);
    const sid = crypto.randomUUID();
    const { socket, calls } = await machine(client, "m1", {
      "spawn-happy-session": (params) =>
        params["directory"] === "/bad" ? { type: "error", errorMessage: "no such place" } : { type: "success", sessionId: sid },
      "path-exists": () => ({ exists: { "/a": true } }),
      "agent-availability": () => ({ agents: [{ agent: "claude", available: true }] }),
      "list-directory": () => ({ success: true, entries: [] }),
    });
    expect((await list())[0]).toMatchObject({ id: "m1", active: true, metadataVersion: 1, runnerStateVersion: 1 });
    const spawn = (body: Json) => client.api("POST", "/machines/m1/spawn", body);
    expect((await spawn({ directory: "/w", permissionMode: "yolo", launchId: "once" })).body).toEqual({ type: "success", sessionId: sid });
    expect(calls[0]?.params).toEqual({
      type: "spawn-in-directory",
      directory: "/w",
      agent: "claude",
      permissionMode: "bypassPermissions",
      launchId: "once",
      forkSession: false,
    });
    expect(await spawn({ directory: "/bad" })).toMatchObject({ status: 200, body: { type: "error", message: "no such place" } });
    expect((await spawn({})).status).toBe(400);
    expect((await client.api("POST", "/machines/m1/paths/exists", { paths: ["/a"] })).body).toEqual({ exists: { "/a": true } });
    expect((await client.api("GET", "/machines/m1/agent-availability")).body).toEqual({ agents: [{ agent: "claude", available: true }] });
    expect((await client.api("POST", "/machines/m1/list-directory", { path: "/" })).body).toMatchObject({ success: true });
    expect((await client.api("PATCH", "/machines/m1", { displayName: " Box " })).body).toEqual({ ok: true });
    expect((await list())[0]).toMatchObject({ metadata: { displayName: "Box" } });
    expect(
      await socket.emitWithAck("machine-update-state", { machineId: "m1", expectedVersion: 1, runnerState: { status: "running" } }),
    ).toEqual({
      result: "success",
      version: 2,
      runnerState: { status: "running" },
    });
    socket.close();
  });

  test("why a runner could not start it is told with the runner's code", async () => {
    const client = await rig.client();
    const failures = [
      { type: "error", errorMessage: "Install it first", code: "agent_not_installed" },
      { error: "This machine has no driver for it", code: "unsupported_flavor" },
      { type: "error", errorMessage: "Something else", code: "no_such_code" },
      { type: "error", errorMessage: "Broken", code: "internal" },
    ];
    const { socket } = await machine(client, "m-why", { "spawn-happy-session": () => failures.shift() });
    const spawn = async () => (await client.api("POST", "/machines/m-why/spawn", { directory: "/w" })).body;
    expect(await spawn()).toEqual({ type: "error", message: "Install it first", code: "agent_not_installed" });
    expect(await spawn()).toEqual({ type: "error", message: "This machine has no driver for it", code: "unsupported_flavor" });
    expect(await spawn()).toEqual({ type: "error", message: "Something else", code: "spawn_failed" });
    expect(await spawn()).toEqual({ type: "error", message: "Broken", code: "spawn_failed" });
    socket.close();
  });

  test("an old runner can't spawn, and says why; one that is away too", async () => {
    const client = await rig.client();
    const { socket } = await machine(client, "m-old", {}, { capabilities: ["stop-runner"] });
    expect((await client.api("POST", "/machines/m-old/spawn", { directory: "/" })).body).toMatchObject({
      type: "error",
      code: "runner_upgrade_required",
    });
    socket.close();
    await client.cli("POST", "/machines", { id: "m-off", metadata: { host: "h", platform: "linux", happyCliVersion: "1" } });
    expect((await client.api("POST", "/machines/m-off/spawn", { directory: "/" })).body).toMatchObject({
      type: "error",
      code: "machine_offline",
    });
    expect(await client.api("POST", "/machines/m-off/restart-runner")).toMatchObject({ status: 503, body: { code: "machine_offline" } });
    expect(await client.api("GET", "/machines/m-off/codex-models")).toMatchObject({ status: 503, body: { code: "rpc_target_missing" } });
    expect((await client.api("GET", "/machines/m-off/opencode-models")).status).toBe(400);
  });
});

describe("hapi resume", () => {
  test("targets and the picker", async () => {
    const client = await rig.client();
    const { id, socket } = await client.session({ metadata: { claudeSessionId: "thread", machineId: "m9" } });
    await socket.emitWithAck("message", {
      sid: id,
      message: { role: "user", content: { type: "text", text: "first words" }, meta: { sentFrom: "cli" } },
    });
    const target = { sessionId: id, flavor: "claude", directory: "/tmp/project", agentSessionId: "thread", active: true };
    expect((await client.cli("GET", `/sessions/${id}/resume-target`)).body["target"]).toMatchObject(target);
    expect((await client.cli("GET", "/sessions/resumable?machineId=m9")).body["sessions"]).toMatchObject([
      { ...target, firstUserMessage: "first words" },
    ]);
    expect((await client.cli("GET", "/sessions/resumable?machineId=other")).body["sessions"]).toEqual([]);
    const bare = await client.session();
    expect(await client.cli("GET", `/sessions/${bare.id}/resume-target`)).toMatchObject({
      status: 409,
      body: { code: "resume_unavailable" },
    });
    await serveRpc(socket, id, {
      "handoff-local"() {
        socket.emit("session-end", { sid: id, time: Date.now(), reason: "handoff" });
        return {};
      },
    });
    expect((await client.cli("POST", `/sessions/${id}/handoff-local`, {})).body).toEqual({ ok: true });
    bare.socket.close();
    socket.close();
  });
});

describe("the /terminal namespace", () => {
  test("authenticates and refuses in words", async () => {
    const client = await rig.client();
    expect(client.socket({}, "/terminal")).rejects.toThrow("Missing token");
    expect(client.socket({ token: "x" }, "/terminal")).rejects.toThrow("Invalid token");
    const socket = await client.socket({ token: client.jwt }, "/terminal");
    const refused = once<Json>(socket, "terminal:error");
    socket.emit("terminal:create", { sessionId: "s", terminalId: "t1", cols: 80, rows: 24 });
    expect(await refused).toMatchObject({ terminalId: "t1", code: "not_supported" });
    socket.close();
  });
});

test("a session's socket speaks for its own session only", async () => {
  const client = await rig.client();
  const own = await client.session();
  const other = await client.session({ metadata: { name: "Other" } });
  const before = await client.api("GET", `/sessions/${other.id}`);
  const sid = other.id;
  const errors: Json[] = [];
  own.socket.on("error", (error: Json) => errors.push(error));
  own.socket.emit("message", { sid, message: { role: "agent", content: {} } });
  own.socket.emit("session-end", { sid, time: Date.now() });
  own.socket.emit("session-alive", { sid, time: Date.now(), thinking: true });
  own.socket.emit("messages-consumed", { sid, localIds: ["x"] });
  const acks: unknown[] = [
    await own.socket.emitWithAck("update-metadata", { sid, expectedVersion: 1, metadata: { path: "/", host: "h", name: "Mine" } }),
    await own.socket.emitWithAck("update-state", { sid, expectedVersion: 1, agentState: { requests: {} } }),
    await own.socket.emitWithAck("message", { sid, message: { role: "agent", content: {} }, key: "k" }),
  ];
  expect(acks).toMatchObject([
    { result: "error", reason: "access-denied" },
    { result: "error", reason: "access-denied" },
    { code: "session_access_denied" },
  ]);
  await own.socket.emitWithAck("ping");
  expect(errors).toHaveLength(7);
  for (const error of errors) expect(error).toMatchObject({ code: "access-denied", scope: "session" });
  expect((await client.api("GET", `/sessions/${sid}`)).body).toEqual(before.body);
  expect((await client.api("GET", `/sessions/${sid}/messages`)).body["messages"]).toEqual([]);
  own.socket.close();
  other.socket.close();
});
