/** Who is let in over what: a hub behind a proxy that others try to walk around, and what a browser is told to remember of TLS. */
import { expect, test } from "bun:test";
import type { HttpServer } from "@hapi/platform";
import { Hono } from "hono";
import { createProxies } from "./auth/proxies.ts";
import { createEntrance, type RequestEnv } from "./entrance.ts";
import { createGate } from "./http/gate.ts";
import type { SocketServer } from "./socket/socket-server.ts";

const app = new Hono().all("*", (c) => c.text((c.env as RequestEnv).caller.key));
const sockets = { path: "/socket.io/", handle: async (_r: Request, _s: unknown, caller: { key: string }) => new Response(caller.key) };

function entrance(from: string, door: { tls: boolean; proxiesOnly: boolean }) {
  const proxies = createProxies(["10.0.0.2"]);
  const gate = createGate({ origins: ["https://hub.example"], hosts: [] });
  const enter = createEntrance({ app, sockets: sockets as unknown as SocketServer, gate, limits: { caller: () => undefined }, proxies });
  const server = { requestIP: () => ({ address: from }), timeout: () => undefined } as unknown as HttpServer<never>;
  return async (path: string, headers: Record<string, string> = {}) =>
    enter(new Request(`http://10.0.0.1:3006${path}`, { headers: { host: "hub.example", ...headers } }), server, door);
}

test("where there are proxies, who walks around them is refused, sockets too, whatever headers say", async () => {
  const door = { tls: false, proxiesOnly: true };
  for (const path of ["/", "/api/sessions", "/socket.io/?EIO=4"]) {
    const around = await entrance("203.0.113.7", door)(path, { "x-forwarded-proto": "https", "x-forwarded-for": "127.0.0.1" });
    expect([path, around.status, ((await around.json()) as { code: string }).code]).toEqual([path, 403, "tls_required"]);
    const through = await entrance("10.0.0.2", door)(path, { "x-forwarded-for": "203.0.113.7" });
    expect([path, through.status, await through.text()]).toEqual([path, 200, "behind a proxy: 203.0.113.7"]);
    expect([path, await (await entrance("127.0.0.1", door)(path)).text()]).toEqual([path, "this computer"]);
  }
});

test("browsers are told to come over TLS only where they came over TLS", async () => {
  const told = async (from: string, tls: boolean, headers: Record<string, string> = {}) =>
    (await entrance(from, { tls, proxiesOnly: false })("/", headers)).headers.get("strict-transport-security");
  expect(await told("203.0.113.7", true)).toBe("max-age=31536000");
  expect(await told("10.0.0.2", false, { "x-forwarded-proto": "https" })).toBe("max-age=31536000");
  expect(await told("10.0.0.2", false, { "x-forwarded-proto": "http, https" })).toBe("max-age=31536000");
  expect(await told("10.0.0.2", false, { forwarded: "for=1.2.3.4;proto=http, for=5.6.7.8;proto=https" })).toBe("max-age=31536000");
  expect(await told("10.0.0.2", false, { "x-forwarded-proto": "https, http" })).toBeNull();
  expect(await told("203.0.113.7", false, { "x-forwarded-proto": "https" })).toBeNull();
  expect(await told("127.0.0.1", false)).toBeNull();
});
