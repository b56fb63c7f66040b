/** Which address goes into the link and the code: one that the phone can reach, or none. */
import { expect, test } from "bun:test";
import { palette } from "./tui/terminal.ts";
import { welcome } from "./tui/welcome.ts";
import { ownAddresses, webAddress } from "./web-address.ts";

const hub = { url: "http://127.0.0.1:3006", publicUrl: null, token: "t" };

test.each([
  ["loopback", hub, { url: "http://127.0.0.1:3006", link: "http://127.0.0.1:3006/#token=t", reach: "computer" }],
  ["a public address", { ...hub, publicUrl: "https://hapi.example.org/" }, { link: "https://hapi.example.org/#token=t", reach: "public" }],
  ["all addresses", { ...hub, isOpen: true }, { link: "http://192.168.1.4:3006/#token=t", reach: "network" }],
  ["one address", { ...hub, url: "http://10.0.0.9:3006" }, { link: "http://10.0.0.9:3006/#token=t", reach: "network" }],
  ["a name that only begins like loopback", { ...hub, url: "http://127.0.0.1.example.org" }, { reach: "network" }],
  [
    "TLS with a certificate of its own",
    { ...hub, front: { url: "https://0.0.0.0:3006", fingerprint: "AB:CD" } },
    { url: "https://192.168.1.4:3006", link: "https://192.168.1.4:3006/#token=t&certificate=abcd", reach: "network", fingerprint: "AB:CD" },
  ],
  [
    "TLS behind a public address",
    { ...hub, publicUrl: "https://hapi.example.org", front: { url: "https://0.0.0.0:3006", fingerprint: "AB:CD" } },
    { link: "https://hapi.example.org/#token=t", reach: "public" },
  ],
  ["a hub elsewhere", { ...hub, isElsewhere: true }, { link: "http://127.0.0.1:3006/?token=t" }],
] as const)("%s", (_name, given, wanted) => expect(webAddress(given, ["192.168.1.4"])).toMatchObject(wanted));

test("this computer's own addresses: real networks before those of containers", () => {
  const entry = (address: string, internal = false) => [{ address, internal, family: "IPv4" }];
  const all = { lo: entry("127.0.0.1", true), docker0: entry("172.17.0.1"), eth0: entry("192.168.1.4") };
  expect(ownAddresses(all as unknown as Parameters<typeof ownAddresses>[0])).toEqual(["192.168.1.4", "172.17.0.1"]);
});

test("no code for an address that no phone gets to, and why; with one, and a recipe for another machine, where there is one", () => {
  const paint = palette({}, false);
  const facts = { ...hub, home: "/h", hasRunner: true };
  const alone = welcome(facts, paint, { withCode: true });
  expect(alone).toContain("no code for a phone");
  expect(alone).not.toMatch(/[▀▄█]/);
  const shared = welcome({ ...facts, publicUrl: "https://hapi.example.org" }, paint, { withCode: true });
  expect(shared).toMatch(/[▀▄█]/);
  expect(shared).toContain("hapi auth login --url https://hapi.example.org && hapi runner start");
  expect(welcome({ ...facts, hasRunner: false }, paint, { withCode: false })).toContain("No runner was started");
  expect(alone).not.toContain("bin/hapi");
  expect(welcome({ ...facts, isUninstalled: true }, paint, { withCode: false })).toContain("hapi is bin/hapi in this folder");
  const fingerprint = Array.from({ length: 32 }, () => "AB").join(":");
  const own = welcome({ ...facts, front: { url: "https://10.0.0.9:3006", fingerprint } }, paint, { withCode: true });
  expect(own.replace(/\s/g, "")).toContain(`SHA-256is:${fingerprint}`);
  expect(own).not.toContain("http://");
  expect(alone).not.toContain("http://0");
  expect(alone).toContain("hapi hub --host 0.0.0.0 --tls");
  const insecure = welcome({ ...facts, url: "http://10.0.0.9:3006", isInsecure: true }, paint, { withCode: true });
  expect(insecure).toContain("PLAIN HTTP");
  expect(insecure).not.toContain("hapi auth login");
  expect(Math.max(...alone.split("\n").map((line) => line.length))).toBeLessThanOrEqual(88);
});
