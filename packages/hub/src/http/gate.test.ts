/** Which requests are not for this hub, or come from pages that may not use it. */
import { expect, test } from "bun:test";
import { hostname } from "node:os";
import { createGate, type GateOptions } from "./gate.ts";

interface Asked {
  host?: string;
  origin?: string;
  method?: string;
  isSocket?: boolean;
  more?: Record<string, string>;
}

function ask(asked: Asked, options: Partial<GateOptions> = {}): string {
  const gate = createGate({ origins: [], hosts: ["127.0.0.1"], ...options });
  const { host = "127.0.0.1:3006", origin, method = "POST", isSocket = false, more = {} } = asked;
  const headers = { host, ...(origin === undefined ? {} : { origin }), ...more };
  const answer = gate(new Request("http://127.0.0.1:3006/api/auth", { method, headers }), isSocket);
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
  expect(ask({ origin: "https://hub.example", more: { "x-forwarded-host": "hub.example" } })).toBe("ok");
  expect(ask({ origin: "https://evil.example", more: { "x-forwarded-host": "hub.example" } })).toBe("403");
});

test("the refusal says what to set, and repeats nothing that a terminal or a page would run", async () => {
  const gate = createGate({ origins: [], hosts: [] });
  const answer = gate(new Request("http://x/api/auth", { method: "POST", headers: { host: 'hub.example"<b>' } }), false);
  const said = (await answer!.json()) as { error: string; code: string };
  expect(said.code).toBe("host_refused");
  const page = gate(new Request("http://x/", { headers: { host: "hub.example", accept: "text/html" } }), false);
  expect([page?.headers.get("content-type"), await page?.text()]).toEqual([
    "text/plain; charset=utf-8",
    expect.stringContaining("HAPI_PUBLIC_URL=https://hub.example"),
  ]);
});
