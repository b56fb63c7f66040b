/** Passkeys by black box, with an authenticator that also lies: what one signs in with, and what does not get in. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connectHub, createManualClock, type HubClient, startTestHub, type TestHub } from "@hapi/testkit";
import { silentLogger } from "@hapi/platform";
import { type Authenticator, authenticator, type Told } from "./authenticator.ts";

type Json = Record<string, unknown>;
interface Said {
  status: number;
  body: Json;
}

/** A page of the hub's own. */
const pageOf = ({ url }: { url: string }): string => url.replace("127.0.0.1", "localhost");

async function post(hub: { url: string }, path: string, body: object, headers: Record<string, string> = {}): Promise<Said> {
  const origin = pageOf(hub);
  const init = { method: "POST", headers: { "content-type": "application/json", host: new URL(origin).host, origin, ...headers } };
  const response = await fetch(`${hub.url}/api${path}`, { ...init, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Json };
}

const bearer = (jwt: unknown): Record<string, string> => ({ authorization: `Bearer ${String(jwt)}` });

interface Person {
  hub: TestHub;
  client: HubClient;
  key: Authenticator;
}

async function add({ hub, client, key }: Person, name = "Phone", told?: Told): Promise<Said> {
  const { body: options } = await post(hub, "/passkeys/options", {}, bearer(client.jwt));
  return post(hub, "/passkeys", { name, response: key.create(options, told) }, bearer(client.jwt));
}

/** Somebody of a namespace with a passkey. */
async function personWith(hub: TestHub, namespace?: string): Promise<Person> {
  const person = { hub, client: await connectHub(hub, namespace), key: authenticator(pageOf(hub)) };
  expect((await add(person)).status).toBe(201);
  return person;
}

const optionsOf = async (hub: TestHub): Promise<Json> => (await post(hub, "/auth/passkey/options", {})).body;
const signIn = async ({ hub, key }: Pick<Person, "hub" | "key">, told?: Told): Promise<Said> =>
  post(hub, "/auth/passkey", { response: key.get(await optionsOf(hub), told) });

let hub: TestHub;
beforeAll(async () => {
  hub = await startTestHub();
});
afterAll(() => hub.close());

const refusedAs = (code: string) => ({ status: 403, body: { code } });

describe("a passkey", () => {
  test("is added, named, listed, signs in as a device of its namespace, and is deleted", async () => {
    const person = await personWith(hub, "anna");
    const { client, key } = person;
    const { body } = await client.api("GET", "/passkeys");
    expect(body).toEqual({
      passkeys: [{ id: key.id, name: "Phone", host: "localhost", isSynced: false, createdAt: expect.any(Number), lastUsedAt: null }],
    });
    expect((await client.api("PUT", `/passkeys/${key.id}`, { name: "Key ring" })).body).toMatchObject({ passkey: { name: "Key ring" } });

    const answer = await signIn(person);
    expect(answer).toMatchObject({ status: 200, body: { credential: { role: "admin" } } });
    const mine = await fetch(`${hub.url}/api/credentials`, { headers: bearer(answer.body["token"]) });
    const { credentials } = (await mine.json()) as { credentials: Json[] };
    expect(credentials.find(({ isThis }) => isThis === true)).toMatchObject({ kind: "device", namespace: "anna", role: "admin" });
    expect((await client.api("GET", "/passkeys")).body).toMatchObject({
      passkeys: [{ name: "Key ring", lastUsedAt: expect.any(Number) }],
    });
    // and is renewed as any device's
    expect((await post(hub, "/auth/refresh", { refresh: answer.body["refresh"] })).status).toBe(200);

    expect((await client.api("DELETE", `/passkeys/${key.id}`)).body).toEqual({ ok: true });
    expect(await signIn(person)).toMatchObject(refusedAs("passkey_unknown"));
    expect((await client.api("DELETE", `/passkeys/${key.id}`)).status).toBe(404);
  });

  test("is one of several, which an authenticator is told of, so that it makes no second one; all are of one person to it", async () => {
    const person = await personWith(hub, "several");
    const other = { ...person, key: authenticator(pageOf(hub)) };
    const { body: options } = await post(hub, "/passkeys/options", {}, bearer(person.client.jwt));
    expect(options).toMatchObject({
      rp: { id: "localhost" },
      excludeCredentials: [{ id: person.key.id, type: "public-key" }],
      authenticatorSelection: { residentKey: "required", userVerification: "required" },
      attestation: "none",
    });
    expect((await add(other, "Laptop")).status).toBe(201);
    expect((await add(other, "Laptop")).body).toMatchObject({ code: "passkey_refused" });
    expect([await signIn(person), await signIn(other)].map(({ status }) => status)).toEqual([200, 200]);
    expect(await optionsOf(hub)).toMatchObject({ rpId: "localhost", userVerification: "required" });
    const stranger = await connectHub(hub, "stranger");
    const theirs = (await post(hub, "/passkeys/options", {}, bearer(stranger.jwt))).body as { user: Json; excludeCredentials: unknown };
    expect([theirs.excludeCredentials, theirs.user["id"] === (options["user"] as Json)["id"]]).toEqual([[], false]);
  });

  test("stands after the hub was started anew", async () => {
    const home = mkdtempSync(join(tmpdir(), "hapi-passkeys-"));
    try {
      const first = await startTestHub({ home });
      const { key } = await personWith(first);
      await first.close();
      await using second = await startTestHub({ home });
      expect(await signIn({ hub: second, key }, { origin: pageOf(second) })).toMatchObject({ status: 200 });
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  test("is there at names with TLS and at localhost only", async () => {
    const { client } = await personWith(hub, "places");
    const at = (origin: string) => post(hub, "/passkeys/options", {}, { ...bearer(client.jwt), host: new URL(origin).host, origin });
    expect(await at("http://127.0.0.1:3006")).toMatchObject({ status: 409, body: { code: "passkey_unavailable" } });
    expect(await at("https://[::1]:3006")).toMatchObject({ status: 409, body: { code: "passkey_unavailable" } });
    expect(await at("http://hub.localhost:3006")).toMatchObject({ status: 200, body: { rp: { id: "hub.localhost" } } });
    const withoutPage = await client.api("POST", "/passkeys/options", {});
    expect(withoutPage).toMatchObject({ status: 409, body: { error: expect.stringContaining("in a browser") } });
  });

  test("is the admin's to add and to delete, in their namespace", async () => {
    const { key, client } = await personWith(hub, "theirs");
    const code = (await client.api("POST", "/credentials/codes", { role: "operator" })).body["code"];
    const operator = bearer((await post(hub, "/auth/code", { code })).body["token"]);
    expect(await post(hub, "/passkeys/options", {}, operator)).toMatchObject(refusedAs("scope_missing"));
    const foreign = await connectHub(hub, "foreign");
    expect((await foreign.api("GET", "/passkeys")).body).toEqual({ passkeys: [] });
    expect((await foreign.api("DELETE", `/passkeys/${key.id}`)).status).toBe(404);
    expect((await foreign.api("PUT", `/passkeys/${key.id}`, { name: "Mine" })).status).toBe(404);
  });
});

describe("what does not get in", () => {
  let person: Person;
  beforeAll(async () => {
    person = await personWith(hub, "attacked");
  });

  test("a response that was used before, and one to a challenge that the hub did not give", async () => {
    const response = person.key.get(await optionsOf(hub));
    expect((await post(hub, "/auth/passkey", { response })).status).toBe(200);
    expect(await post(hub, "/auth/passkey", { response })).toMatchObject({ status: 409, body: { code: "challenge_over" } });
    const own = Buffer.alloc(32, 7).toString("base64url");
    expect(await signIn(person, { challenge: own })).toMatchObject({ status: 409, body: { code: "challenge_over" } });
  });

  test("a challenge is used up also by a response that did not fit", async () => {
    const options = await optionsOf(hub);
    const wrong = person.key.get(options, { isVerified: false });
    expect(await post(hub, "/auth/passkey", { response: wrong })).toMatchObject(refusedAs("passkey_refused"));
    expect(await post(hub, "/auth/passkey", { response: person.key.get(options) })).toMatchObject({ body: { code: "challenge_over" } });
  });

  test.each<[string, Told]>([
    ["a page of another origin", { origin: "https://evil.example" }],
    ["a page of another port of this computer", { origin: "http://localhost:1" }],
    ["a passkey asked for in another name", { rpId: "evil.example" }],
    ["nobody verified who holds it", { isVerified: false }],
    ["a registration in the place of a sign-in", { type: "webauthn.create" }],
    ["another person's user handle", { userHandle: Buffer.alloc(32).toString("base64url") }],
  ])("%s", async (_what, told) => {
    expect(await signIn(person, told)).toMatchObject(refusedAs("passkey_refused"));
  });

  test("a page of another name of this hub, with a challenge of its own", async () => {
    const origin = "https://other.localhost";
    const at = { host: "other.localhost", origin };
    const { body: options } = await post(hub, "/auth/passkey/options", {}, at);
    // The browser would not; who has the authenticator's key could.
    const response = person.key.get(options, { origin });
    expect(await post(hub, "/auth/passkey", { response }, at)).toMatchObject(refusedAs("passkey_refused"));
    const crossed = person.key.get((await post(hub, "/auth/passkey/options", {}, at)).body);
    expect(await post(hub, "/auth/passkey", { response: crossed })).toMatchObject(refusedAs("passkey_refused"));
  });

  test("another key under its id, and an id that nobody has", async () => {
    const forged = { ...authenticator(pageOf(hub)).get(await optionsOf(hub), { userHandle: "" }), id: person.key.id, rawId: person.key.id };
    expect(await post(hub, "/auth/passkey", { response: forged })).toMatchObject(refusedAs("passkey_refused"));
    expect(await signIn({ hub, key: authenticator(pageOf(hub)) })).toMatchObject(refusedAs("passkey_unknown"));
  });

  test("a registration by another sign-in or namespace than the one that asked for it, or in the place of a sign-in", async () => {
    const { body: options } = await post(hub, "/passkeys/options", {}, bearer(person.client.jwt));
    const foreign = await connectHub(hub, "thief");
    const key = authenticator(pageOf(hub));
    const response = key.create(options);
    expect(await post(hub, "/passkeys", { name: "x", response }, bearer(foreign.jwt))).toMatchObject(refusedAs("passkey_refused"));
    const strangers = key.create({ ...options, challenge: (await optionsOf(hub))["challenge"] });
    expect(await post(hub, "/passkeys", { name: "x", response: strangers }, bearer(foreign.jwt))).toMatchObject(
      refusedAs("passkey_refused"),
    );
    const crossed = person.key.get((await post(hub, "/passkeys/options", {}, bearer(person.client.jwt))).body);
    expect(await post(hub, "/auth/passkey", { response: crossed })).toMatchObject(refusedAs("passkey_refused"));
    expect((await foreign.api("GET", "/passkeys")).body).toEqual({ passkeys: [] });
  });

  test("a registration that nobody verified, and one with a chain of certificates, which the hub would have to fetch from", async () => {
    const other = { ...person, key: authenticator(pageOf(hub)) };
    expect(await add(other, "x", { isVerified: false })).toMatchObject(refusedAs("passkey_refused"));
    expect(await add(other, "x", { certificates: [Buffer.from("30", "hex")] })).toMatchObject(refusedAs("passkey_refused"));
    expect(await add(other, "x", { origin: "https://evil.example" })).toMatchObject(refusedAs("passkey_refused"));
    expect(await add(other, "x", { rpId: "evil.example" })).toMatchObject(refusedAs("passkey_refused"));
  });

  test("what is no response of a browser", async () => {
    const { id } = person.key;
    const response = { clientDataJSON: "!", authenticatorData: "", signature: "" };
    expect(await post(hub, "/auth/passkey", { response: { id, rawId: id, type: "public-key", response } })).toMatchObject(
      refusedAs("passkey_refused"),
    );
    expect(await post(hub, "/auth/passkey", { response: { id } })).toMatchObject({ status: 400, body: { code: "invalid_body" } });
  });
});

test("a counter that goes back is a copy: it is refused, and the log says so", async () => {
  const warned: string[] = [];
  await using own = await startTestHub({ log: { ...silentLogger, warn: (event) => void warned.push(event) } });
  const person = await personWith(own);
  expect((await signIn(person, { counter: 9 })).status).toBe(200);
  for (const counter of [8, 9, 0]) {
    expect(await signIn(person, { counter })).toMatchObject({
      ...refusedAs("passkey_refused"),
      body: { error: expect.stringContaining("a copy") },
    });
  }
  expect(warned.filter((event) => event === "auth.passkey_counter_back")).toHaveLength(3);
  expect((await signIn(person, { counter: 10 })).status).toBe(200);
});

test("a challenge is good for five minutes", async () => {
  const clock = createManualClock(Date.now());
  await using own = await startTestHub({ clock });
  const person = await personWith(own);
  const [early, late] = [person.key.get(await optionsOf(own)), person.key.get(await optionsOf(own), { counter: 50 })];
  await clock.advance(5 * 60_000 - 1);
  expect((await post(own, "/auth/passkey", { response: early })).status).toBe(200);
  await clock.advance(1);
  expect(await post(own, "/auth/passkey", { response: late })).toMatchObject({ status: 409, body: { code: "challenge_over" } });
});

test("wrong ones count as guesses", async () => {
  await using own = await startTestHub({ trustedProxies: ["127.0.0.1"] });
  const key = authenticator(pageOf(own));
  const from = { "x-forwarded-for": "203.0.113.5", "x-forwarded-host": new URL(pageOf(own)).host };
  const statuses = new Set<unknown>();
  for (let tries = 0; tries < 31; tries += 1) {
    const options = (await post(own, "/auth/passkey/options", {}, from)).body;
    statuses.add((await post(own, "/auth/passkey", { response: key.get(options) }, from)).body["code"]);
  }
  expect(statuses).toContain("rate_limited");
});
