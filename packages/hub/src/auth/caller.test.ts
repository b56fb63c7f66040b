/** Who counts as one when wrong guesses are counted. */
import { expect, test } from "bun:test";
import { callerOf } from "./caller.ts";

const key = (peer: string, headers: Record<string, string> = {}): string => callerOf(new Headers(headers), peer).key;

test("an IPv4 address, however it is written, and a whole /64 of IPv6 are one", () => {
  expect(key("::ffff:203.0.113.7")).toBe(key("203.0.113.7"));
  expect(key("2001:db8:1:2::1")).toBe(key("2001:0db8:0001:0002:ffff:ffff:ffff:ffff"));
  expect(key("2001:db8::1")).toBe(key("2001:db8:0:0:1:2:3:4"));
  expect(key("fe80::1%eth0")).toBe(key("fe80::2"));
  expect(new Set([key("2001:db8:1:2::1"), key("2001:db8:1:3::1"), key("203.0.113.7"), key("203.0.113.8"), key("::1")]).size).toBe(5);
});

test("this computer is this computer only without a proxy in between, and nobody else is believed who he forwards for", () => {
  for (const peer of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) expect(callerOf(new Headers(), peer).isLocal).toBe(true);
  const proxied = (forwarded: string) => callerOf(new Headers({ "x-forwarded-for": forwarded }), "127.0.0.1");
  expect(proxied("203.0.113.7")).toMatchObject({ isLocal: false });
  // What the client wrote itself stands in front; what the proxy saw stands last.
  expect(proxied("1.1.1.1, 203.0.113.7").key).toBe(proxied("2.2.2.2, 203.0.113.7").key);
  expect(proxied("203.0.113.7").key).not.toBe(proxied("203.0.113.8").key);
  expect(callerOf(new Headers({ forwarded: "for=203.0.113.7" }), "::1").isLocal).toBe(false);
  expect(key("203.0.113.7", { "x-forwarded-for": "127.0.0.1" })).toBe(key("203.0.113.7"));
});
