/** Who counts as one when wrong guesses are counted. */
import { expect, test } from "bun:test";
import { callerOf } from "./caller.ts";
import { createProxies } from "./proxies.ts";

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

test("a proxy that its owner named is believed as one on this computer is; headers that it strips, doubles or leaves alone make nobody new", () => {
  const proxies = createProxies(["10.0.0.0/8", "2001:db8::7", "192.0.2.1"]);
  const through = (headers: Record<string, string>, peer = "10.1.2.3"): string => callerOf(new Headers(headers), peer, proxies).key;
  const client = through({ "x-forwarded-for": "203.0.113.7" });
  expect(through({ "x-forwarded-for": "203.0.113.7" }, "127.0.0.1")).toBe(client);
  expect(through({ "x-forwarded-for": "203.0.113.7" }, "2001:db8::7")).toBe(client);
  expect(through({ "x-forwarded-for": "203.0.113.7" }, "::ffff:192.0.2.1")).toBe(client);
  // A second proxy of ours in between; what stands before the first address that is not ours is the client's invention.
  expect(through({ "x-forwarded-for": "198.51.100.1, 203.0.113.7, 10.9.9.9" })).toBe(client);
  expect(through({ "x-forwarded-for": "203.0.113.7:51234" })).toBe(client);
  expect(through({ forwarded: 'for=198.51.100.1, for="203.0.113.7:4711";proto=https' })).toBe(client);
  expect(through({ forwarded: 'for="[2001:db8:1:2::9]:80"' })).toBe(through({ "x-forwarded-for": "2001:db8:1:2::1" }));
  const doubled = new Headers({ "x-forwarded-for": "198.51.100.1" });
  doubled.append("x-forwarded-for", "203.0.113.7");
  expect(callerOf(doubled, "10.1.2.3", proxies).key).toBe(client);
  // Of two kinds of header one is the proxy's and one may be anybody's: all of those count as one.
  const unclear = [1, 2].map((last) => through({ "x-forwarded-for": `198.51.100.${last}`, forwarded: "for=203.0.113.7" }));
  expect(new Set(unclear)).toEqual(new Set(["behind a proxy: unclear"]));
  expect(through({ "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.7" })).toBe(client);
  // So it is with a proxy that writes X-Real-IP alone.
  const invented = [1, 2].map((last) => through({ "x-real-ip": "203.0.113.7", "x-forwarded-for": `198.51.100.${last}` }));
  expect(new Set(invented)).toEqual(new Set(["behind a proxy: unclear"]));
  expect(through({ "x-real-ip": "203.0.113.7", forwarded: "for=198.51.100.1" })).toBe("behind a proxy: unclear");
  expect(through({ "x-real-ip": "203.0.113.7", "x-forwarded-for": "203.0.113.7" })).toBe(client);
  expect(through({ "x-real-ip": "203.0.113.7" })).toBe(client);
  expect(through({ "x-real-ip": "10.9.9.9", "x-forwarded-for": "203.0.113.7, 10.9.9.9" })).toBe(client);
  expect(through({ "cf-connecting-ip": "198.51.100.1", "x-real-ip": "203.0.113.7" })).toBe(client);
  expect(through({ "cf-connecting-ip": "203.0.113.7" })).toBe(client);
  // Stripped: everybody behind it is one, and nobody is taken for a program of this computer.
  expect(callerOf(new Headers(), "10.1.2.3", proxies)).toEqual({ key: "a silent proxy: 10.1.2.3", isLocal: false });
  // Of anybody else, nothing is.
  expect(through({ "x-forwarded-for": "203.0.113.7" }, "11.0.0.1")).toBe("11.0.0.1");
  for (const wrong of ["10.0.0.0/33", "nonsense", "0.0.0.0/0", "::/0", "10.0.0.0/", "10.0.0.0/-1", "fe80::/129"])
    expect(() => createProxies([wrong])).toThrow(expect.objectContaining({ code: "invalid_query" }));
});
