/** Changes of credentials that meet each other on the way to the disk. */
import { expect, test } from "bun:test";
import { Credentials } from "./credentials.ts";
import type { Credential, CredentialStore } from "./store.ts";

test("a sign-in that is revoked while its renewal is on the way to the disk is not let in again when that arrives", async () => {
  const rows = new Map<string, Credential>();
  let written = Promise.resolve();
  let isPut = Promise.withResolvers<void>();
  const store = {
    all: () => Promise.resolve([...rows.values()]),
    async put(row: Credential) {
      rows.set(row.id, row);
      isPut.resolve();
    },
  } as CredentialStore;
  const credentials = new Credentials({ store, durable: () => written, secret: "shared-by-all-of-us", clock: { now: () => 1_000 } });
  await credentials.start();
  const { credential, token } = await credentials.issue({ kind: "device", namespace: "default", name: "Phone", role: "viewer" });
  const { promise, resolve } = Promise.withResolvers<void>();
  written = promise;
  isPut = Promise.withResolvers();
  const renewed = credentials.refresh(token);
  await isPut.promise;
  const revoked = credentials.revoke(credential.id);
  resolve();
  await renewed;
  expect(() => credentials.actorOf(credential.id, "default")).toThrow(expect.objectContaining({ code: "credential_revoked" }));
  expect(await revoked).toBe(true);
  expect(rows.get(credential.id)?.revokedAt).toBe(1_000);
});
