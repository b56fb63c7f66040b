/** `hapi requests` and `hapi answer` with the real hub, runner, host and the demo agent: a script sees all that is asked, and answers exactly that. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { openPlace, type Place, until } from "./place.ts";

let place: Place;
let shop: string;
let sessionId: string;
beforeAll(async () => {
  place = await openPlace();
  shop = place.project("shop");
  const { stdout } = await hapi("demo", "--new", "--hapi-starting-mode", "remote");
  sessionId = stdout.trim();
  await until(async () => (await place.api().sessions.get(sessionId)).active, "the session runs");
}, 240_000);
afterAll(() => place[Symbol.asyncDispose](), 60_000);

const hapi = (...words: string[]) => place.hapi(words, { cwd: shop });

interface Listed {
  request: string;
  id: string;
  sessionId: string;
  kind: string;
  tool: string;
  arguments: unknown;
  digest: string;
  shortened: boolean;
}

const listed = async (): Promise<Listed[]> => (JSON.parse((await hapi("requests", "--json")).stdout) as { requests: Listed[] }).requests;

/** Sends it, and waits until the agent asks. */
async function askedBy(prompt: string): Promise<Listed> {
  expect((await hapi("send", ".", prompt)).code).toBe(0);
  const [first] = await until(async () => ((await listed()).length > 0 ? listed() : null), "it asks").then((all) => all ?? []);
  if (!first) throw new Error("nothing is asked");
  return first;
}

const ended = (id: string) =>
  until(async () => (await place.api().sessions.get(sessionId)).agentState?.completedRequests?.[id], "the hub knows how it ended");
const isIdle = () => until(async () => !(await place.api().sessions.get(sessionId)).thinking, "the turn is over");

test("a command is shown in full and allowed by its handle; its id alone, another thing under it, and an answer too late are refused", async () => {
  const asked = await askedBy("run: echo x");
  expect(asked).toMatchObject({ sessionId, kind: "permission", tool: "run", arguments: { command: "echo x" }, shortened: false });
  expect(asked.request).toBe(`${asked.id}@${asked.digest.slice(0, 16)}`);
  const { stdout, stderr } = await hapi("requests", ".");
  expect(stdout).toStartWith(`${asked.request}  permission  run  ${sessionId.slice(0, 8)}`);
  expect(stdout).toContain("    command: echo x\n");
  expect(stderr).toContain("hapi answer <request> allow");

  const unseen = await hapi("answer", asked.id, "allow");
  expect([unseen.code, unseen.stdout]).toEqual([1, ""]);
  expect(unseen.stderr).toContain(`hapi answer ${asked.request} allow`);
  expect((await hapi("answer", `${asked.id}@${"0".repeat(16)}`, "allow")).stderr).toContain("changed since it was shown");
  expect((await hapi("answer", asked.request, "allow", "--reason", "x")).stderr).toContain("--reason goes with deny");
  expect((await hapi("answer", asked.request, "allow", "--answer", "x")).stderr).toContain("It asks no question");
  expect((await hapi("answer", asked.request, "perhaps")).stderr).toContain("allow or deny");
  expect((await listed()).map(({ id }) => id)).toEqual([asked.id]);

  const allowed = await hapi("answer", asked.request, "allow", "--json");
  expect([allowed.code, allowed.stderr]).toEqual([0, ""]);
  expect(JSON.parse(allowed.stdout)).toMatchObject({ request: asked.request, id: asked.id, sessionId, answer: "allow" });
  expect(await ended(asked.id)).toMatchObject({ status: "approved", decision: "approved", answeredBy: "person", digest: asked.digest });
  const late = await hapi("answer", asked.request, "allow");
  expect([late.code, late.stdout]).toEqual([1, ""]);
  expect(late.stderr).toContain("See: hapi requests");
  expect((await hapi("requests")).stdout).toBe("No agent asks anything.\n");
  await isIdle();
}, 240_000);

test("denied by the beginning of its id, with a reason, and the turn with it", async () => {
  const asked = await askedBy("run: echo y");
  const { code, stdout } = await hapi("answer", asked.id.slice(0, -1), "deny", "--reason", "not here", "--interrupt");
  expect(code).toBe(0);
  expect(stdout).toStartWith("✓ Denied.");
  expect(await ended(asked.id)).toMatchObject({ status: "denied", decision: "abort", reason: "not here" });
  await isIdle();
}, 240_000);

test("a question is answered with what it offers, and not without", async () => {
  const asked = await askedBy("ask: Which colour? | red | blue");
  expect(asked).toMatchObject({ kind: "question" });
  const without = await hapi("answer", asked.request, "allow");
  expect(without.stderr).toContain('--answer "red"');
  expect((await hapi("answer", asked.request, "allow", "--answer", "Which colour?=blue")).code).toBe(0);
  expect(await ended(asked.id)).toMatchObject({ status: "approved", answers: { answer: ["blue"] } });
}, 240_000);

test("what is too long to be told at once is fetched whole, and allowed as the whole", async () => {
  await isIdle();
  const words = Array.from({ length: 8_000 }, (_, at) => `word${at}`).join(" ");
  const asked = await askedBy(`write long.md: ${words}`);
  const [told] = Object.values((await place.api().sessions.get(sessionId)).agentState?.requests ?? {});
  expect(told?.shortened).toBe(true);
  expect(asked.shortened).toBe(false);
  expect(asked.digest).not.toBe(told?.digest);
  expect(JSON.stringify(asked.arguments)).toContain("word7999");
  expect((await hapi("answer", `${asked.id}@${told?.digest}`, "allow")).stderr).toContain("changed since it was shown");
  expect((await hapi("answer", asked.request, "allow")).code).toBe(0);
  expect(await ended(asked.id)).toMatchObject({ status: "approved", digest: asked.digest });
}, 240_000);
