/** Changes of credentials that meet each other on the way to the disk. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { Credentials } from "./credentials.ts";
import type { Credential, CredentialStore } from "./store.ts";

const clock = createManualClock(1_000);

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
  const credentials = new Credentials({ store, durable: () => written, secret: "shared-by-all-of-us", clock });
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

function onDisk(clock = createManualClock(1_000)) {
  const rows = new Map<string, Credential>();
  const disk = { rows, failing: null as Error | null, written: (_row: Credential): void => undefined };
  const store = {
    all: () => Promise.resolve([...rows.values()]),
    async put(row: Credential) {
      if (disk.failing) throw disk.failing;
      rows.set(row.id, row);
      disk.written(row);
    },
  } as CredentialStore;
  const restart = async (): Promise<Credentials> => {
    const credentials = new Credentials({ store, durable: async () => {}, secret: "shared-by-all-of-us", clock });
    await credentials.start();
    return credentials;
  };
  return Object.assign(disk, { restart });
}

const phone = { kind: "device", namespace: "default", name: "Phone", role: "viewer" } as const;

test("a revocation that the disk refused is written when it is said again, and then outlives a restart", async () => {
  const disk = onDisk();
  const credentials = await disk.restart();
  const { credential } = await credentials.issue(phone);
  disk.failing = new Error("no space left on device");
  expect(await credentials.revoke(credential.id).catch((cause: unknown) => cause)).toBe(disk.failing);
  disk.failing = null;
  expect(await credentials.revoke(credential.id)).toBe(true);
  expect(await credentials.revoke(credential.id)).toBe(false);
  const again = await disk.restart();
  expect(() => again.actorOf(credential.id, "default")).toThrow(expect.objectContaining({ code: "credential_revoked" }));
});

test("a sign-in whose revocation waits is not forgotten before it is written", async () => {
  const disk = onDisk();
  const credentials = await disk.restart();
  const { credential } = await credentials.issue(phone);
  while (credentials.list().length < 1_000) await credentials.issue(phone);
  // Full: what ended makes room, before its revocation had its turn.
  const issued = credentials.issue(phone).catch((cause: unknown) => cause);
  const revoked = credentials.revoke(credential.id);
  await issued;
  expect(await revoked).toBe(true);
  expect(disk.rows.get(credential.id)?.revokedAt).toBe(1_000);
});

test("what is open by a sign-in that ends is closed when it ends, however late that is, and not for one that is over", async () => {
  const clock = createManualClock(1_000);
  const credentials = await onDisk(clock).restart();
  const lifetimeMs = 180 * 24 * 3_600_000;
  const { credential } = await credentials.issue({ ...phone, lifetimeMs });
  const actor = credentials.actorOf(credential.id, "default");
  const ended: string[] = [];
  credentials.whileGood(actor, () => ended.push("socket"));
  const stop = credentials.whileGood(actor, () => ended.push("closed before"));
  stop();
  await clock.advance(lifetimeMs - 1);
  expect(ended).toEqual([]);
  await clock.advance(1);
  expect(ended).toEqual(["socket"]);
  credentials.whileGood(actor, () => ended.push("came too late"));
  await clock.advance(0);
  expect(ended).toEqual(["socket", "came too late"]);
});

test("a device whose inviter is revoked while it is on the way to the disk is not let in", async () => {
  const disk = onDisk();
  const credentials = await disk.restart();
  const inviter = (await credentials.issue({ ...phone, role: "admin" })).credential.id;
  let revoked = Promise.resolve(false);
  disk.written = (row) => {
    disk.written = () => undefined;
    expect(row.name).toBe("Guest");
    revoked = credentials.revoke(inviter);
  };
  const refused = await credentials.issue({ ...phone, name: "Guest", by: inviter }).catch((cause: unknown) => cause);
  expect(refused).toMatchObject({ code: "code_refused" });
  expect(await revoked).toBe(true);
  expect([...disk.rows.values()].map(({ name, revokedAt }) => [name, revokedAt])).toEqual([
    ["Phone", 1_000],
    ["Guest", 1_000],
  ]);
});

test("a sign-in that two addresses use in turn is not written for each request, and the other address is not missed for long", async () => {
  const clock = createManualClock(1_000);
  const disk = onDisk(clock);
  const credentials = await disk.restart();
  const { credential } = await credentials.issue(phone);
  const actor = credentials.actorOf(credential.id, "default");
  const written: unknown[] = [];
  disk.written = ({ lastUsedAt, lastUsedFrom }) => void written.push([lastUsedAt, lastUsedFrom]);
  for (let count = 0; count < 100; count++) {
    await credentials.used(actor, count % 2 === 0 ? "203.0.113.1" : "203.0.113.2");
    await clock.advance(100);
  }
  await credentials.used(actor, "203.0.113.2");
  await clock.advance(20_000);
  await credentials.used(actor, "203.0.113.2");
  expect(written).toEqual([
    [1_000, "203.0.113.1"],
    [11_000, "203.0.113.2"],
  ]);
});
