import { expect, test } from "bun:test";
import type { CredentialView } from "@hapi/protocol/credentials";
import { t } from "../../../i18n/index.ts";
import "../../../i18n/devices.ts";
import { clockOf, grouped, isLoopback, linkOf, othersOf, placeOf } from "./devices.model.ts";

const one = (id: string, more: Partial<CredentialView> = {}): CredentialView => ({
  id,
  kind: "device",
  namespace: "default",
  name: id,
  role: "operator",
  scopes: [],
  machineId: null,
  createdAt: 1,
  lastUsedAt: null,
  lastUsedFrom: null,
  expiresAt: null,
  revokedAt: null,
  isThis: false,
  ...more,
});
const ids = (list: readonly CredentialView[]): string[] => list.map(({ id }) => id);

test("this device stands first, then the last seen; what is over stands apart, the latest first", () => {
  const groups = grouped(
    [
      one("legacy", { kind: "legacy", role: null, revokedAt: 5 }),
      one("old", { lastUsedAt: 10 }),
      one("never", { createdAt: 20 }),
      one("this", { lastUsedAt: 5, isThis: true }),
      one("runner", { kind: "machine" }),
      one("ci", { kind: "integration", lastUsedAt: 7 }),
      one("revoked", { revokedAt: 90 }),
      one("expired", { expiresAt: 100 }),
      one("good until later", { expiresAt: 101 }),
    ],
    100,
  );
  expect(ids(groups.devices)).toEqual(["this", "never", "old", "good until later"]);
  expect(ids(groups.programs)).toEqual(["ci", "runner"]);
  expect(ids(groups.ended)).toEqual(["expired", "revoked"]);
  expect(groups.shared?.id).toBe("legacy");
  expect(ids(othersOf(groups))).toEqual(["never", "old", "good until later", "ci", "runner"]);
});

test.each([
  [600_000, "10:00"],
  [599_001, "10:00"],
  [65_000, "1:05"],
  [1, "0:01"],
  [0, "0:00"],
  [-5_000, "0:00"],
])("%d ms are left: %s", (ms, text) => expect(clockOf(ms)).toBe(text));

test("a link has its code behind the #; an address that leads to this computer only is known", () => {
  expect(linkOf("https://hapi.example.org/", "ABCD-EFGH-JKMN")).toBe("https://hapi.example.org/#token=ABCD-EFGH-JKMN");
  for (const url of ["http://127.0.0.1:3006", "http://localhost", "http://[::1]:80", "http://a.localhost"])
    expect(isLoopback(url)).toBe(true);
  for (const url of ["http://192.168.1.7:3006", "https://localhost.example.org", "https://hapi.example.org"])
    expect(isLoopback(url)).toBe(false);
});

test.each([
  ["203.0.113.9", "from 203.0.113.9"],
  ["this computer", "on the hub's own computer"],
  ["behind a proxy: 2001:db8::/64", "from 2001:db8::/64, through a proxy"],
  ["a silent proxy: 10.0.0.1", "from 10.0.0.1, through a proxy"],
])("%s is said as: %s", (from, words) => expect(placeOf(from, t)).toBe(words));
