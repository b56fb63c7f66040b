/** What opens the `/api` plane, and what does not. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { SignJWT } from "jose";
import { createTokens } from "./tokens.ts";

const secret = new TextEncoder().encode("a secret of thirty-two characters");
const claims = { uid: 7, ns: "default" };

test("a token of ours is good until its time is over", async () => {
  const clock = createManualClock(1_000_000);
  const tokens = createTokens(secret, clock);
  const token = await tokens.issue({ userId: 7, namespace: "default" });
  expect(await tokens.verify(token)).toMatchObject({ userId: 7, namespace: "default" });
  await clock.advance(4 * 3_600_000 + 1);
  expect(await tokens.verify(token)).toBeNull();
});

test("one that would never end opens nothing, although it is signed with our secret", async () => {
  const endless = await new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(secret);
  expect(await createTokens(secret, createManualClock()).verify(endless)).toBeNull();
});
