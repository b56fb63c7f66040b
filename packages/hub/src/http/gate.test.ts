/** Which requests are not for this hub, or come from pages that may not use it. */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { createGate, type GateOptions } from "./gate.ts";

interface Asked {
  host?: string;
  origin?: string;
  method?: string;
  isSocket?: boolean;
  byProxy?: boolean;
  more?: Record<string, string>;
}

function ask(asked: Asked, options: Partial<GateOptions> = {}): string {
  const gate = createGate({ origins: [], hosts: ["127.0.0.1"], ...options });
  const { host = "127.0.0.1:3006", origin, method = "POST", isSocket = false, byProxy = false, more = {} } = asked;
  const headers = { host, ...(origin === undefined ? {} : { origin }), ...more };
  const answer = gate(new Request("http://127.0.0.1:3006/api/auth", { method, headers }), { isSocket, byProxy });
  return answer === null ? "ok" : String(answer.status);
}

test("addresses, this computer's own names, and those it was given; no others", () => {
  const own = [
    "localhost:3006",
    "LOCALHOST",
    "app.localhost",
    "192.168.1.4:3006",
    "[::1]:3006",
    "[2001:db8::1]",
    hostname(),
    `${hostname().split(".")[0]}.local:3006`,
  ];
  for (const host of own) expect([host, ask({ host })]).toEqual([host, "ok"]);
  for (const host of ["evil.example:3006", "localhost.evil.example", "127.0.0.1.nip.io", "hub.example", "", "[", "a b"])
    expect([host, ask({ host })]).toEqual([host, "421"]);
  expect(ask({ host: "hub.example" }, { origins: ["https://hub.example"] })).toBe("ok");
  expect(ask({ host: "Hub.Example:8080" }, { hosts: ["hub.example"] })).toBe("ok");
  expect(ask({ host: "evil.example" }, { hosts: ["*"] })).toBe("ok");
  expect(ask({ host: "evil.example" }, { origins: ["*"] })).toBe("421");
});

test("pages of the hub itself and of the configured origins, in what changes something and on sockets", () => {
  const same = { host: "192.168.1.4:3006", origin: "http://192.168.1.4:3006" };
  expect(ask(same)).toBe("ok");
  expect(ask({ ...same, isSocket: true, method: "GET" })).toBe("ok");
  expect(ask({ host: "hub.example:443", origin: "https://hub.example" }, { hosts: ["hub.example"] })).toBe("ok");
  expect(ask({ origin: "https://app.example" }, { origins: ["https://app.example"] })).toBe("ok");
  expect(ask({ origin: "https://app.example" }, { origins: ["*"] })).toBe("ok");
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1:8000", "http://127.0.0.1:3006.evil.example", "x"]) {
    expect([origin, ask({ origin })]).toEqual([origin, "403"]);
    expect([origin, ask({ origin, isSocket: true, method: "GET" })]).toEqual([origin, "403"]);
  }
  // Reads: no page of another origin sees their answers, and CORS says so.
  expect([ask({ origin: "https://evil.example", method: "GET" }), ask({ origin: "https://evil.example", method: "OPTIONS" })]).toEqual([
    "ok",
    "ok",
  ]);
  expect(ask({})).toBe("ok");
});

test("a proxy that rewrites the host and says which one was asked for is understood", () => {
  expect(ask({ byProxy: true, origin: "https://hub.example", more: { "x-forwarded-host": "hub.example" } })).toBe("ok");
  expect(ask({ byProxy: true, origin: "https://evil.example", more: { "x-forwarded-host": "hub.example" } })).toBe("403");
  // Nobody else is believed, and what a client wrote in front of the proxy's word is not the proxy's.
  expect(ask({ origin: "https://evil.example", more: { "x-forwarded-host": "evil.example" } })).toBe("403");
  expect(ask({ byProxy: true, origin: "https://evil.example", more: { "x-forwarded-host": "evil.example, hub.example" } })).toBe("403");
});

test("what a browser says of a page elsewhere: no part of the API, whatever it asks for; the app itself may be opened from a link", () => {
  const reads = (path: string, site: string, more: Record<string, string> = {}, options: Partial<GateOptions> = {}): string => {
    const gate = createGate({ origins: [], hosts: ["127.0.0.1"], ...options });
    const headers = { host: "127.0.0.1:3006", "sec-fetch-site": site, ...more };
    const answer = gate(new Request(`http://127.0.0.1:3006${path}`, { headers }), { isSocket: false, byProxy: false });
    return answer === null ? "ok" : String(answer.status);
  };
  for (const path of ["/api/sessions", "/api/events?token=x", "/cli/sessions/1", "/socket.io/?EIO=4&transport=polling", "/api"])
    for (const site of ["cross-site", "same-site"]) expect([path, site, reads(path, site)]).toEqual([path, site, "403"]);
  for (const path of ["/", "/sessions/1", "/assets/x.js", "/health", "/apicture"])
    expect([path, reads(path, "cross-site")]).toEqual([path, "ok"]);
  for (const site of ["same-origin", "none"]) expect(reads("/api/sessions", site)).toBe("ok");
  const app = { origin: "https://app.example" };
  expect(reads("/api/sessions", "cross-site", app)).toBe("403");
  expect(reads("/api/sessions", "cross-site", app, { origins: ["https://app.example"] })).toBe("ok");
  expect(reads("/api/sessions", "cross-site", {}, { origins: ["*"] })).toBe("ok");
});

test("the refusal says what to set, and repeats nothing that a terminal or a page would run", async () => {
  const gate = createGate({ origins: [], hosts: [] });
  const answer = gate(new Request("http://x/api/auth", { method: "POST", headers: { host: 'hub.example"<b>' } }), {
    isSocket: false,
    byProxy: false,
  });
  const said = (await answer!.json()) as { error: string; code: string };
  expect(said.code).toBe("host_refused");
  const page = gate(new Request("http://x/", { headers: { host: "hub.example", accept: "text/html" } }), {
    isSocket: false,
    byProxy: false,
  });
  expect([page?.headers.get("content-type"), await page?.text()]).toEqual([
    "text/plain; charset=utf-8",
    expect.stringContaining("HAPI_PUBLIC_URL=https://hub.example"),
  ]);
});
