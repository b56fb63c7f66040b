/** What the driver makes of the real OpenCode beyond the contract: who gets in, sub-agents, files, branches, usage, and what a stop leaves behind. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "bun:test";
import { commands, flags } from "../../src/opencode/argv.ts";
import { isHandled, isSilent } from "../../src/opencode/vocabulary.ts";
import { isClosed, isRecord, openWorld, type World } from "../../src/contract/world.ts";
import { delay, runCommand } from "@hapi/platform";
import type { DriverEvent } from "../../src/driver.ts";
import { opencode, sessionFolder } from "./fixture.ts";
import { programOf } from "../shared/installed.ts";

const LIMIT_MS = 240_000;

interface Door {
  url: string;
  words: string[];
  password: string;
  get(path: string): Promise<unknown>;
}

/** Where the server listens, as the words of its own screen say it to everybody on this computer. */
async function openDoor(world: World): Promise<Door> {
  await world.conversation.terminal?.open({ cols: 100, rows: 30 });
  const screen = world.host.processes().findLast(({ kind }) => kind === "pty");
  let words: string[] = [];
  // Until it is the program that was asked for, which can't be subscribed to.
  for (; !words.includes("attach"); await delay(20)) words = readFileSync(`/proc/${screen?.pid}/cmdline`, "utf8").split("\0");
  const url = words.find((word) => word.startsWith("http")) ?? "";
  const server = world.host.processes().find(({ kind }) => kind === "pipe");
  const file = join(sessionFolder(), `${server?.launchId}.password`);
  expect(statSync(file).mode & 0o077).toBe(0);
  const password = readFileSync(file, "utf8");
  const authorization = `Basic ${Buffer.from(`opencode:${password}`).toString("base64")}`;
  const directory = encodeURIComponent(join(sessionFolder(), "project"));
  return {
    url,
    words,
    password,
    get: async (path) => (await fetch(`${url}${path}?directory=${directory}`, { headers: { authorization } })).json(),
  };
}

test(
  "nobody else gets in: no call without the password, which no command line says; every word of its events and its command line is decided about",
  async () => {
    await using world = await openWorld(opencode);
    await world.start();
    const door = await openDoor(world);
    expect(door.words.join(" ")).not.toContain(door.password);
    const wrong = { authorization: `Basic ${Buffer.from("opencode:guess").toString("base64")}` };
    for (const headers of [{}, wrong])
      for (const path of ["/session", "/event", "/doc", "/permission"])
        expect((await fetch(`${door.url}${path}`, { headers })).status).toBe(401);

    const { components } = (await door.get("/doc")) as { components: { schemas: Record<string, never> } };
    const schemas: Record<string, { anyOf?: { $ref: string }[]; properties?: { type?: { enum?: string[] } } }> = components.schemas;
    const events = (schemas["Event"]?.anyOf ?? []).flatMap(
      ({ $ref }) => schemas[$ref.split("/").at(-1) ?? ""]?.properties?.type?.enum ?? [],
    );
    expect(events.length).toBeGreaterThan(50);
    expect(events.filter((type) => !isHandled(type) && !isSilent(type))).toEqual([]);

    const help = await runCommand([programOf("opencode"), "--help"], {
      env: { HOME: sessionFolder(), PATH: "/usr/bin:/bin" },
      timeoutMs: 60_000,
    });
    const said = `${help.stdout}\n${help.stderr}`;
    const shownCommands = [...said.matchAll(/^ {2}opencode ([a-z]+)/gm)].map((match) => match[1] ?? "");
    const shownFlags = [...said.matchAll(/^ +(?:(-\w), )? *(--[a-z-]+)/gm)]
      .flatMap((match) => [match[1], match[2]])
      .filter((flag) => flag !== undefined);
    expect(shownCommands.length).toBeGreaterThan(10);
    expect(shownFlags.length).toBeGreaterThan(10);
    expect(shownCommands.filter((word) => !commands.has(word))).toEqual([]);
    expect(shownFlags.filter((flag) => !flags.has(flag))).toEqual([]);
  },
  LIMIT_MS,
);

test(
  "usage comes with model, window and cost; a sub-agent's work stands under its call, its permission is asked here",
  async () => {
    await using world = await openWorld(opencode);
    await world.start();
    await world.untilEnd(await world.prompt("say: first"));
    const first = world.records().find((record) => record.type === "usage");
    expect(first?.usage).toMatchObject({ model: "fake/alpha", contextWindow: 100_000 });
    expect(first?.usage.inputTokens).toBeGreaterThan(100);
    expect(first?.usage.costUsd).toBeCloseTo(((first?.usage.inputTokens ?? 0) + 2 * (first?.usage.outputTokens ?? 0)) / 1e6, 9);

    const localId = await world.prompt("agent: write sub.txt: by the helper");
    const request = await world.request();
    expect(JSON.stringify(request.input)).toContain("sub.txt");
    await world.answer(request, { behavior: "allow" });
    expect((await world.untilEnd(localId)).outcome).toBe("completed");
    const call = world.records().find((record) => record.type === "tool-call" && record.kind === "agent");
    const inner = world.records().filter((record) => record.parent === call?.id);
    expect(inner.map(({ type }) => type)).toEqual(["tool-call", "tool-result", "agent-message"]);
    expect(readFileSync(join(sessionFolder(), "project/sub.txt"), "utf8")).toContain("by the helper");
  },
  LIMIT_MS,
);

test(
  "a file that is attached reaches the model; a branch knows the past, and the trunk knows nothing of the branch",
  async () => {
    await using world = await openWorld(opencode);
    await world.start();
    const path = join(sessionFolder(), "note.txt");
    writeFileSync(path, "the word is feijoa\n");
    const attachment = { id: "a1", filename: "note.txt", mimeType: "text/plain", size: 19, path };
    await world.conversation.prompt({ localId: "with-file", text: "say: read it", attachments: [attachment] });
    await world.untilEnd("with-file");
    expect(world.records().find((record) => record.type === "user-message")).toMatchObject({
      text: "say: read it",
      attachments: [attachment],
    });
    expect(await world.recall()).toContain("feijoa");

    const trunk = world.conversation.threadId ?? "";
    const told = world.records().length;
    await world.conversation.stop({ graceMs: 5_000 });
    await world.start({ threadId: trunk, fork: true });
    const branch = world.conversation.threadId;
    expect(branch).not.toBe(trunk);
    // Its past is the trunk's, and told there.
    expect(world.records()).toHaveLength(told);
    await world.untilEnd(await world.prompt("say: only in the branch"));
    expect(await world.recall()).toContain("feijoa");
    await world.conversation.stop({ graceMs: 5_000 });
    await world.start({ threadId: trunk });
    expect(await world.recall()).not.toContain("only in the branch");
  },
  LIMIT_MS,
);

const isStopped =
  (localId: string) =>
  (event: DriverEvent): event is Extract<DriverEvent, { type: "stage" }> =>
    event.type === "stage" && event.localId === localId && event.stage === "interrupted";

test(
  "the first prompt of a server is written down seconds after it is taken: stopped before that it does not run, and the next one does",
  async () => {
    await using world = await openWorld(opencode);
    await world.start();
    const first = await world.prompt("say: never said");
    await world.conversation.interrupt();
    await world.until(isStopped(first));
    expect((await world.untilEnd(await world.prompt("say: said"))).outcome).toBe("completed");
    expect(world.records().flatMap((record) => (record.type === "agent-message" ? [record.text] : []))).toEqual(["said"]);
  },
  LIMIT_MS,
);

test(
  "a stop while it asks leaves nothing open at OpenCode; a question that is refused ends the turn; the next prompt runs",
  async () => {
    await using world = await openWorld(opencode);
    await world.start();
    const door = await openDoor(world);
    const stopped = await world.prompt("write never.txt: no");
    await world.request();
    await world.conversation.interrupt();
    expect((await world.untilEnd(stopped)).outcome).toBe("interrupted");

    const before = world.events.length;
    const asked = await world.prompt("ask: Which colour?|Green|Blue");
    const question = await world.request(before);
    expect(await world.conversation.answer(question.id, { behavior: "deny" })).toBe("applied");
    expect(await world.until(isClosed, before)).toMatchObject({ id: question.id, outcome: "denied", by: "remote" });
    expect((await world.untilEnd(asked)).outcome).toBe("interrupted");

    // Stopped before OpenCode has begun with it, or in that moment: it is over, and does not run later.
    const hasty = await world.prompt("write never.txt: at all");
    await world.conversation.interrupt();
    await world.until(isStopped(hasty));

    expect((await world.untilEnd(await world.prompt("say: and on"))).outcome).toBe("completed");
    expect(existsSync(join(sessionFolder(), "project/never.txt"))).toBe(false);
    expect(await door.get("/permission")).toEqual([]);
    expect(await door.get("/question")).toEqual([]);
    expect(world.records().some((record) => record.type === "tool-result" && record.status === "completed")).toBe(false);
    expect(world.events.some(isRecord("unknown"))).toBe(false);
    expect(world.conversation.unknownWords).toEqual({});
  },
  LIMIT_MS,
);
