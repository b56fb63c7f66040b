/** What a browser is told about answers of the API and pages of the app, refusals included, and which requests of its pages are heard. */
import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock, startTestHub } from "@hapi/testkit";
import { serveRpc, withHub } from "./setup.ts";

const rig = withHub();

test("every answer of the API is what it says it is, is kept by nobody, and is no page, also when it refuses", async () => {
  const { url } = rig.hub;
  const jwt = await rig.hub.login();
  const asked: [string, RequestInit][] = [
    ["/health", {}],
    ["/api/sessions", { headers: { authorization: `Bearer ${jwt}` } }],
    ["/api/sessions", {}],
    ["/api/none", {}],
    ["/api/auth", { method: "POST", body: "{" }],
    ["/api/auth", { method: "POST", headers: { origin: "https://evil.example" } }],
    ["/api/sessions", { headers: { "sec-fetch-site": "cross-site" } }],
    ["/api/sessions", { headers: { host: "evil.example" } }],
    ["/cli/machines/m", { headers: { authorization: `Bearer ${rig.hub.token}` } }],
    ["/cli/none", {}],
  ];
  for (const [path, init] of asked) {
    const { status, headers } = await fetch(url + path, init);
    expect([path, status, headers.get("x-content-type-options")]).toEqual([path, status, "nosniff"]);
    expect([path, status, headers.get("cache-control")]).toEqual([path, status, "no-store"]);
    expect(headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    expect([headers.get("cross-origin-resource-policy"), headers.get("referrer-policy")]).toEqual(["same-origin", "no-referrer"]);
  }
});

test("a page of another site reads nothing, as image, script or frame, however its browser asks", async () => {
  const jwt = await rig.hub.login();
  for (const site of ["cross-site", "same-site"])
    for (const path of [`/api/events?token=${jwt}`, "/api/sessions", "/cli/sessions/x", "/socket.io/?EIO=4&transport=polling"]) {
      const answer = await fetch(rig.hub.url + path, { headers: { "sec-fetch-site": site, "sec-fetch-mode": "no-cors" } });
      expect([path, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([path, 403, "cross_site_refused"]);
    }
});

test("pages of the app: scripts of the hub alone, no text that becomes one, in nobody's frame", async () => {
  const webRoot = mkdtempSync(join(tmpdir(), "hub-web-"));
  writeFileSync(join(webRoot, "index.html"), "<!doctype html>");
  try {
    await using hub = await startTestHub({ webRoot });
    const { headers } = await fetch(`${hub.url}/sessions/1`);
    const policy = (headers.get("content-security-policy") ?? "").split("; ");
    for (const line of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ])
      expect(policy).toContain(line);
    expect(policy.join()).not.toContain("unsafe");
    expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("permissions-policy")).toContain("camera=()");
  } finally {
    rmSync(webRoot, { recursive: true, force: true });
  }
});

test("a picture that is markup, however its type is written, is a download and not a page", async () => {
  const client = await rig.client();
  const { id, socket } = await client.session();
  const types = ["image/svg+xml", "image/SVG+xml", "IMAGE/SVG", "text/html", "image/png"];
  await serveRpc(socket, id, {
    readGeneratedImage: ({ id: wanted }) => ({ success: true, content: btoa("<svg/>"), mimeType: types[Number(wanted)] }),
  });
  for (const [index, mimeType] of types.entries()) {
    const { status, headers } = await client.api("GET", `/sessions/${id}/generated-images/${index}`);
    const how = mimeType === "image/png" ? "inline" : "attachment";
    expect([mimeType, status, headers.get("content-disposition")]).toEqual([mimeType, 200, how]);
    expect(headers.get("content-security-policy")).toBe("sandbox");
  }
});

test("security.txt says whom to tell, where the owner says so, and is none of the app's pages where not", async () => {
  const clock = createManualClock(Date.parse("2030-01-01T00:00:00Z"));
  const ask = async (options: Parameters<typeof startTestHub>[0]) => {
    await using hub = await startTestHub({ clock, ...options });
    const answer = await fetch(`${hub.url}/.well-known/security.txt`);
    return [answer.status, await answer.text()];
  };
  expect(await ask({ securityContact: "mailto:me@example.org", publicUrl: "https://hub.example" })).toEqual([
    200,
    "Contact: mailto:me@example.org\nExpires: 2030-04-01T00:00:00.000Z\nPreferred-Languages: en\nCanonical: https://hub.example/.well-known/security.txt\n",
  ]);
  expect((await ask({}))[0]).toBe(404);
});
