import { expect, test } from "bun:test";
import { listenFailure, serveHttp } from "./serve.ts";

test("a free port is found, a taken one is said in a sentence, and a bug shows no source", async () => {
  const server = serveHttp({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      if (request.url.endsWith("/bug")) throw new Error("inner words");
      return new Response("ok");
    },
  });
  try {
    expect(await (await fetch(server.url)).text()).toBe("ok");
    const failed = await fetch(new URL("/bug", server.url));
    const body = await failed.text();
    expect([failed.status, JSON.parse(body).code]).toEqual([500, "internal"]);
    expect(body).not.toContain("inner words");
    const again = () => serveHttp({ port: server.port, hostname: "127.0.0.1", fetch: () => new Response("") });
    expect(again).toThrow(expect.objectContaining({ code: "port_taken", message: expect.stringContaining(String(server.port)) }));
  } finally {
    await server.stop(true);
  }
});

test("an address that can't be listened on is one sentence with the next step", () => {
  for (const hostname of ["203.0.113.7", "not a host", "fe80::1"]) {
    const start = () => serveHttp({ port: 0, hostname, fetch: () => new Response("") });
    expect(start).toThrow(expect.objectContaining({ code: "invalid_query", message: expect.stringContaining(hostname) }));
    expect(start).toThrow(expect.objectContaining({ message: expect.stringContaining("--host") }));
  }
});

test("each refusal of the system has its own sentence", () => {
  const words = (code: string, port: number) =>
    listenFailure(Object.assign(new Error("raw"), { code }), { hostname: "box.example", port })?.message;
  expect(words("ENOTFOUND", 3006)).toBe("There is no host box.example to listen on. Use --host 127.0.0.1, or an address of this machine.");
  expect(words("EAI_AGAIN", 3006)).toContain("could not be looked up");
  expect(words("EADDRNOTAVAIL", 3006)).toContain("does not belong to this machine");
  expect(words("EACCES", 80)).toContain("above 1023");
  expect(words("EACCES", 3006)).not.toContain("above 1023");
  expect(words("EMFILE", 3006)).toBeUndefined();
});
