/** New devices and failed sign-ins, told to who is signed in and listed for who decides. */
import { expect, test } from "bun:test";
import { connectHub, createManualClock, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";

type Json = Record<string, unknown>;
const knock = (hub: TestHub, path: string, body: object, address: string): Promise<Response> =>
  fetch(hub.url + path, {
    method: "POST",
    headers: { "content-type": "application/json", "x-forwarded-for": address },
    body: JSON.stringify(body),
  });
const listOf = async (client: HubClient): Promise<Json[]> => (await client.api("GET", "/credentials/notices")).body["notices"] as Json[];

test("a failure and a new device are told once to readers that asked for it, in the owner's namespace and the device's, and stand in the list", async () => {
  const clock = createManualClock(Date.now());
  await using hub = await startTestHub({ clock });
  const [owner, bob] = [await connectHub(hub), await connectHub(hub, "bob")];
  await using heard = await owner.sse("all=true&caps=sign-ins");
  await using bobs = await bob.sse("all=true&caps=sign-ins");
  await using plain = await owner.sse("all=true");
  for (let tries = 0; tries < 5; tries++) await knock(hub, "/api/auth", { accessToken: "wrong-wrong-wrong-wrong" }, "203.0.113.4");
  await knock(hub, "/api/auth/code", { code: "AAAA-BBBB-CCCC" }, "203.0.113.5");
  const { body } = await bob.api("POST", "/credentials/codes", { role: "viewer" });
  await knock(hub, "/api/auth/code", { code: body["code"], name: "Bob's phone" }, "203.0.113.6");
  for (const reader of [heard, bobs]) await reader.find(({ event }) => (event["data"] as Json | undefined)?.["name"] === "Bob's phone");
  // Told after it, and to all: whoever was to get less has not got it by then.
  await owner.session();
  await plain.find(({ event }) => event.type === "session-added");
  expect([heard, bobs, plain].map((reader) => reader.of("sign-in").map(({ event }) => (event["data"] as Json)["from"]))).toEqual([
    ["behind a proxy: 203.0.113.4", "behind a proxy: 203.0.113.5", "behind a proxy: 203.0.113.6"],
    ["behind a proxy: 203.0.113.6"],
    [],
  ]);
  expect(await listOf(owner)).toMatchObject([
    { kind: "failed", from: "behind a proxy: 203.0.113.4", count: 5 },
    { kind: "failed", from: "behind a proxy: 203.0.113.5", count: 1 },
    { kind: "device", name: "Bob's phone", namespace: "bob" },
  ]);
  expect(await listOf(bob)).toMatchObject([{ kind: "device", name: "Bob's phone" }]);
  const viewer = (await connectHub(hub)).api("POST", "/credentials/codes", { role: "viewer" });
  const seen = await knock(hub, "/api/auth/code", { code: (await viewer).body["code"] }, "203.0.113.7");
  const { token } = (await seen.json()) as { token: string };
  expect((await owner.api("GET", "/credentials/notices", undefined, { authorization: `Bearer ${token}` })).status).toBe(403);
});

test("a search from very many addresses is told a few times, however long its guesses; the list stays short over a restart", async () => {
  const clock = createManualClock(Date.now());
  const first = await startTestHub({ clock, keepHome: true });
  const { home } = first;
  const owner = await connectHub(first);
  await using heard = await owner.sse("all=true&caps=sign-ins");
  for (let n = 0; n < 300; n++)
    await knock(first, "/api/auth", { accessToken: `${n}`.padEnd(500, "x") }, `2001:db8:0:${n.toString(16)}::1`);
  await owner.session();
  await heard.find(({ event }) => event.type === "session-added");
  expect(heard.of("sign-in").length).toBe(7);
  const list = await listOf(owner);
  expect([list.length, list.find(({ from }) => from === "many addresses")?.["count"]]).toEqual([7, 294]);
  await first.close();
  await using again = await startTestHub({ home, clock });
  expect((await listOf(await connectHub(again))).length).toBe(7);
});
