/** What is told of sign-ins stays small and readable, whoever makes how much noise. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SignInNotice } from "@hapi/protocol/credentials";
import { createSignInNotices, fileNotices, forgetfulNotices, quietMs } from "./sign-in-notices.ts";

function rig(store = forgetfulNotices) {
  let now = 1_000_000;
  const told: SignInNotice[] = [];
  let writes = 0;
  const counting = { read: () => store.read(), write: (all: readonly SignInNotice[]) => (store.write(all), void (writes += 1)) };
  const notices = createSignInNotices({ store: counting, clock: { now: () => now }, tell: (notice) => told.push(notice) });
  const from = (key: string, isLocal = false) => ({ key, isLocal });
  return { notices, told, from, later: (ms: number) => void (now += ms), writes: () => writes };
}

const phone = { name: "Phone", namespace: "default", credentialId: "c1" };

test("a block is one entry with its number, told once in ten minutes, and again afterwards", () => {
  const { notices, told, from, later, writes } = rig();
  for (let tries = 0; tries < 30; tries++) notices.failed(from("203.0.113.1"));
  expect(told).toEqual([{ kind: "failed", at: 1_000_000, from: "203.0.113.1", count: 1 }]);
  expect(notices.list()).toMatchObject([{ count: 30 }]);
  later(quietMs);
  notices.failed(from("203.0.113.1"));
  expect([told.length, writes()]).toEqual([2, 2]);
  expect(notices.list()).toMatchObject([{ from: "203.0.113.1", count: 31, at: 1_000_000 + quietMs }]);
});

test("an attacker with a hundred thousand addresses fills neither the list nor the disk, and hides no new device", () => {
  const { notices, told, from, later, writes } = rig();
  notices.device(phone, from("198.51.100.1"));
  for (let round = 0; round < 10; round++) {
    for (let n = 0; n < 10_000; n++) notices.failed(from(`2001:db8:${round}:${n.toString(16)}::/64`));
    later(quietMs);
  }
  const list = notices.list();
  expect(list.length).toBeLessThanOrEqual(21);
  expect(list).toContainEqual({ kind: "device", at: 1_000_000, from: "198.51.100.1", ...phone });
  // Six blocks and "the others", in each ten minutes.
  expect([told.length, writes()]).toEqual([1 + 70, 1 + 70]);
  expect(list.find((one) => one.from === "many addresses")?.count).toBe(100_000 - 60);
  expect(JSON.stringify(list).length).toBeLessThan(5_000);
});

test("who makes many devices leaves the last thirty; names and addresses are cut", () => {
  const { notices, from } = rig();
  for (let n = 0; n < 1_000; n++) notices.device({ ...phone, name: "x".repeat(10_000) }, from("y".repeat(10_000)));
  expect(notices.list().length).toBe(30);
  expect(JSON.stringify(notices.list()).length).toBeLessThan(10_000);
});

test("a program of this computer that tries for ever stands in the list and rings nowhere", () => {
  const { notices, told, from } = rig();
  notices.failed(from("this computer", true));
  expect([told, notices.list().length]).toEqual([[], 1]);
});

test("it is there after a restart, for its owner alone; a file that is damaged, or a disk that takes nothing, keeps nobody out", () => {
  const home = mkdtempSync(join(tmpdir(), "sign-ins-"));
  const path = join(home, "sign-ins.json");
  try {
    const first = rig(fileNotices(home));
    first.notices.device(phone, first.from("198.51.100.1"));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(rig(fileNotices(home)).notices.list()).toEqual(first.notices.list());
    writeFileSync(path, "{");
    const damaged = rig(fileNotices(home));
    expect(damaged.notices.list()).toEqual([]);
    rmSync(home, { recursive: true });
    damaged.notices.failed(damaged.from("203.0.113.1"));
    expect(damaged.told.length).toBe(1);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
