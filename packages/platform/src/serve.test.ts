import { expect, test } from "bun:test";
import { serveHttp } from "./serve.ts";

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
