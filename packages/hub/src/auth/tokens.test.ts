/** What opens the `/api` plane, and what does not. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { SignJWT } from "jose";
import { createTokens, signingKey } from "./tokens.ts";

const secrets = { jwtSecret: new TextEncoder().encode("a secret of thirty-two characters"), accessToken: "one" };
const legacy = { userId: 7, namespace: "default", credentialId: "legacy" };
const claims = { uid: 7, ns: "default" };

test("a token of ours is good until its time is over", async () => {
  const clock = createManualClock(1_000_000);
  const tokens = createTokens(secrets, clock);
  const token = await tokens.issue(legacy);
  expect(await tokens.verify(token)).toMatchObject(legacy);
  await clock.advance(4 * 3_600_000 + 1);
  expect(await tokens.verify(token)).toBeNull();
});

test("one that would never end opens nothing, although it is signed with our secret", async () => {
  const endless = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(signingKey(secrets));
  expect(await createTokens(secrets, createManualClock()).verify(endless)).toBeNull();
});

test("with another access token of the hub, nobody is signed in any more", async () => {
  const clock = createManualClock();
  const token = await createTokens(secrets, clock).issue(legacy);
  expect(await createTokens({ ...secrets }, clock).verify(token)).not.toBeNull();
  expect(await createTokens({ ...secrets, accessToken: "two" }, clock).verify(token)).toBeNull();
});
