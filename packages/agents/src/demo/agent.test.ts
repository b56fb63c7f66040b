/** The demo agent against the SDK's own client: what any ACP client sees of it. */
import { describe, expect, test } from "bun:test";
import { appendFile, cp, mkdtemp, readdir, readFile, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as acp from "@agentclientprotocol/sdk";
import { failureOf } from "../acp/failure.ts";
import type { RpcError } from "../shared/jsonrpc.ts";
import { runDemoAgent } from "./agent.ts";
import { openRecord } from "./record.ts";
import { openScratch, ScratchError } from "./scratch.ts";
import { stepsFor } from "./script.ts";

async function tempDir() {
  const dir = await mkdtemp(join(tmpdir(), "hapi-demo-"));
  return { dir, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

interface Client {
  agent: acp.ClientContext;
  updates: acp.SessionUpdate[];
  said(): string;
}

async function connect<T>(
  dir: string,
  use: (client: Client) => Promise<T>,
  { pick = "allow_once", asked }: { pick?: acp.PermissionOptionKind; asked?: () => Promise<void> } = {},
): Promise<T> {
  const toAgent = new TransformStream<Uint8Array, Uint8Array>();
  const toClient = new TransformStream<Uint8Array, Uint8Array>();
  const updates: acp.SessionUpdate[] = [];
  const served = runDemoAgent(toAgent.readable, toClient.writable, { dir, speed: 0 });
  const result = await acp
    .client({ name: "test" })
    .onNotification(acp.methods.client.session.update, ({ params }) => void updates.push(params.update))
    .onRequest(acp.methods.client.session.requestPermission, async ({ params }) => {
      await asked?.();
      const option = params.options.find((one) => one.kind === pick);
      return { outcome: option ? { outcome: "selected", optionId: option.optionId } : { outcome: "cancelled" } };
    })
    .connectWith(acp.ndJsonStream(toAgent.writable, toClient.readable), async (agent) => {
      await agent.request(acp.methods.agent.initialize, { protocolVersion: acp.PROTOCOL_VERSION, clientCapabilities: {} });
      const said = () =>
        updates
          .flatMap((update) =>
            update.sessionUpdate === "agent_message_chunk" && update.content.type === "text" ? [update.content.text] : [],
          )
          .join("");
      return use({ agent, updates, said });
    });
  await toAgent.writable.close();
  await served;
  return result;
}

const open = async ({ agent }: Client) => (await agent.request(acp.methods.agent.session.new, { cwd: "/tmp", mcpServers: [] })).sessionId;
const prompt = ({ agent }: Client, sessionId: string, text: string, meta?: Record<string, unknown>) =>
  agent.request(acp.methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text }], ...(meta ? { _meta: meta } : {}) });

describe("a newcomer", () => {
  test("is greeted with what can be tried, and everything that is named does something", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const id = await open(client);
      expect((await prompt(client, id, "hello")).stopReason).toBe("end_turn");
      for (const phrase of client.said().matchAll(/^- \*\*(.+?)\*\*/gm))
        expect(stepsFor(phrase[1] ?? "")[0]).not.toMatchObject({ text: expect.stringContaining("You said") });
    });
  });

  test.each([
    "tour",
    "edit a file",
    "run the tests",
    "make a to-do list",
    "propose a plan",
    "ask me something",
    "tell me a story",
    "help",
    "show me some markdown",
  ])("%s works to the end", async (phrase) => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      expect((await prompt(client, await open(client), phrase)).stopReason).toBe("end_turn");
      expect(client.said()).not.toBe("");
    });
  });

  test("gets an echo and a hint for anything else", () => {
    expect(stepsFor("qwertz")).toEqual([{ do: "say", text: expect.stringContaining("You said: qwertz") }]);
    expect(stepsFor("run: ls\nthis is not a directive")[0]).toMatchObject({ do: "say" });
  });

  test("always gets the same answer to the same prompt", async () => {
    const answers = await Promise.all(
      [1, 2].map(async () => {
        await using temp = await tempDir();
        return await connect(temp.dir, async (client) => {
          await prompt(client, await open(client), "tour");
          return JSON.stringify(client.updates)
            .replaceAll(temp.dir, "")
            .replaceAll(/demo-[0-9a-f-]{36}/g, "id");
        });
      }),
    );
    expect(answers[0]).toBe(answers[1]);
  });
});

describe("its record", () => {
  test("a tool call that dies with its process keeps its id to itself: the next one has another", async () => {
    await using temp = await tempDir();
    await using left = await tempDir();
    const calls = ({ updates }: Client) => updates.flatMap((update) => (update.sessionUpdate === "tool_call" ? [update.toolCallId] : []));
    // What is on disk while the question is open is what a kill leaves.
    const asked = () => cp(temp.dir, left.dir, { recursive: true });
    const [id, [cut]] = await connect(
      temp.dir,
      async (client) => {
        const sessionId = await open(client);
        await prompt(client, sessionId, "write a.txt: x");
        return [sessionId, calls(client)] as const;
      },
      { asked },
    );
    const later = await connect(left.dir, async (client) => {
      await client.agent.request(acp.methods.agent.session.load, { sessionId: id, cwd: "/tmp", mcpServers: [] });
      await prompt(client, id, "write a.txt: x\nwrite b.txt: y");
      return calls(client);
    });
    expect(cut).toBeString();
    expect(new Set([cut, ...later]).size).toBe(3);
  });

  test("a conversation is loaded by another process with its whole history, also after a torn last line", async () => {
    await using temp = await tempDir();
    const id = await connect(temp.dir, async (client) => {
      const sessionId = await open(client);
      await prompt(client, sessionId, "say: one", { "hapi.promptId": "p1" });
      await prompt(client, sessionId, "write a.txt: x");
      await client.agent.request(acp.methods.agent.session.setMode, { sessionId, modeId: "yolo" });
      return sessionId;
    });
    const [file = ""] = await readdir(join(temp.dir, "threads"));
    await appendFile(join(temp.dir, "threads", file), '{"t":"user","text":"to');
    await connect(temp.dir, async (client) => {
      const loaded = await client.agent.request(acp.methods.agent.session.load, { sessionId: id, cwd: "/tmp", mcpServers: [] });
      expect(loaded?.modes?.currentModeId).toBe("yolo");
      expect(client.updates.map((update) => update.sessionUpdate)).toEqual([
        "user_message_chunk",
        "session_info_update",
        "agent_message_chunk",
        "user_message_chunk",
        "tool_call",
        "agent_message_chunk",
      ]);
      expect(client.updates[0]?._meta).toEqual({ "hapi.promptId": "p1" });
      await prompt(client, id, "recall");
      expect(client.said()).toContain("You have said 3 things");
    });
    expect(openRecord(temp.dir, id)?.lines.every((line) => typeof line.t === "string")).toBe(true);
  });

  test("a prompt that is handed twice runs once; only a failed one can be retried", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const id = await open(client);
      await prompt(client, id, "say: once", { "hapi.promptId": "p1" });
      await prompt(client, id, "say: once", { "hapi.promptId": "p1" });
      expect(client.said()).toBe("once");
      await expect(prompt(client, id, "x", { "hapi.retry": true })).rejects.toThrow("nothing to retry");
      await expect(prompt(client, id, "fail 429 x1")).rejects.toMatchObject({ data: { httpStatus: 429, retryAfterMs: 1000 } });
      expect((await prompt(client, id, "fail 429 x1", { "hapi.retry": true })).stopReason).toBe("end_turn");
      expect(openRecord(temp.dir, id)?.lines.filter((line) => line.t === "user")).toHaveLength(2);
    });
  });

  test("a lost connection is a network error and no status, and goes on with a retry", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const id = await open(client);
      const lost: unknown = await prompt(client, id, "say: half of it\ncut x1").catch((cause: unknown) => cause);
      expect(failureOf(lost as RpcError)).toMatchObject({ code: "network", retryable: true });
      expect(failureOf(lost as RpcError).httpStatus).toBeUndefined();
      expect(client.said()).toContain("half of it");
      expect((await prompt(client, id, "say: half of it\ncut x1", { "hapi.retry": true })).stopReason).toBe("end_turn");
      expect(client.said()).toContain("Recovered after 1 failure.");
    });
  });

  test("an id that is a path opens nothing", () => {
    expect(openRecord("/tmp", "../../etc/passwd")).toBeNull();
  });

  test("two processes see each other's conversations, a new one is not another's", async () => {
    await using temp = await tempDir();
    const ids = await Promise.all([connect(temp.dir, open), connect(temp.dir, open)]);
    expect(new Set(ids).size).toBe(2);
  });
});

describe("its modes and images", () => {
  test("read-only changes nothing and asks nothing", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const id = await open(client);
      await client.agent.request(acp.methods.agent.session.setMode, { sessionId: id, modeId: "read-only" });
      await prompt(client, id, "write a.txt: x");
      expect(openScratch(join(temp.dir, "scratch", id)).read("a.txt")).toBeNull();
      await expect(client.agent.request(acp.methods.agent.session.setMode, { sessionId: id, modeId: "nope" })).rejects.toThrow();
    });
  });

  test("a rejected edit leaves the file alone, an allowed one is really there", async () => {
    await using temp = await tempDir();
    const fileAfter = (pick: acp.PermissionOptionKind) =>
      connect(
        temp.dir,
        async (client) => {
          const id = await open(client);
          await prompt(client, id, "edit greeting.ts: Helo => Hello");
          return readFile(join(temp.dir, "scratch", id, "greeting.ts"), "utf8");
        },
        { pick },
      );
    expect(await fileAfter("reject_once")).toContain("Helo");
    expect(await fileAfter("allow_once")).toContain("Hello");
  });

  test("what the phrases show works every time, not only the first", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const id = await open(client);
      for (const phrase of ["edit a file", "tour", "edit a file"]) {
        await prompt(client, id, phrase);
        expect(openScratch(join(temp.dir, "scratch", id)).read("greeting.ts")).toContain("`Hello, ");
      }
      openScratch(join(temp.dir, "scratch", id)).restore("greeting.ts");
      expect(openScratch(join(temp.dir, "scratch", id)).read("greeting.ts")).toContain("`Helo, ");
    });
  });

  test("images are acknowledged", async () => {
    await using temp = await tempDir();
    await connect(temp.dir, async (client) => {
      const sessionId = await open(client);
      const image = { type: "image" as const, mimeType: "image/png", data: Buffer.alloc(3000).toString("base64") };
      await client.agent.request(acp.methods.agent.session.prompt, { sessionId, prompt: [{ type: "text", text: "say: seen" }, image] });
      expect(client.said()).toContain("I got 1 image: image/png, 2.9 KB");
    });
  });
});

describe("its scratch folder", () => {
  test("no name leads out of it", async () => {
    await using temp = await tempDir();
    const scratch = openScratch(join(temp.dir, "s"));
    await symlink("/etc", join(scratch.root, "link"));
    await symlink("/etc/passwd", join(scratch.root, "secret"));
    for (const name of ["../x", "/etc/passwd", "a/../../x", "link/passwd", "."])
      expect(() => scratch.write(name, "x")).toThrow(ScratchError);
    expect(() => scratch.read("secret")).toThrow(ScratchError);
    scratch.write("deep/er/file", "x");
    expect(scratch.list()).toContain("deep/er/file");
  });
});
