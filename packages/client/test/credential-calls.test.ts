import { expect, test } from "bun:test";
import { credentialCalls } from "../src/credential-calls.ts";
import { createHubApi } from "../src/index.ts";
import { startHttpHub } from "./scripted-http-hub.ts";

const phone = {
  ...{ id: "a", kind: "device", namespace: "default", name: "Phone", role: "viewer", scopes: ["sessions:read"], machineId: null },
  ...{ createdAt: 1, lastUsedAt: null, lastUsedFrom: null, expiresAt: null, revokedAt: null, isThis: false },
};

test("one that came with a newer hub and can't be read hides nobody else; another answer than a list is told as such", async () => {
  const answers = [{ credentials: [{ ...phone, kind: "of later" }, phone, null] }, { ok: true }];
  await using hub = await startHttpHub({
    "POST /api/auth": () => ({ token: `h.${btoa(JSON.stringify({ exp: 4_102_444_800 }))}.s` }),
    "GET /api/credentials": () => answers.shift() ?? {},
    "POST /api/credentials/codes": () => ({ code: "ABCD-EFGH-JKMN", expiresAt: 5, role: "viewer" }),
  });
  const calls = credentialCalls(createHubApi({ baseUrl: hub.url, accessToken: () => "secret" }));
  expect((await calls.list()).map(({ id }) => id)).toEqual(["a"]);
  await expect(calls.list()).rejects.toMatchObject({ code: "protocol_mismatch" });
  // a hub that does not tell what becomes of its codes
  expect(await calls.makeCode("viewer")).toEqual({ code: "ABCD-EFGH-JKMN", expiresAt: 5, role: "viewer" });
});
