/** The calls that stand beside `HubApi`: same token, same tolerance, same errors. */
import { expect, test } from "bun:test";
import { createHubApi, fileCalls, machineCalls, waitingPrompts } from "../src/index.ts";
import { startHttpHub } from "./scripted-http-hub.ts";

const signedIn = { "POST /api/auth": () => ({ token: "opaque", user: {} }) };
const apiOf = (url: string) => createHubApi({ baseUrl: url, accessToken: () => "t" });

test("what a machine has and can start; an entry that can't be read hides no other", async () => {
  await using hub = await startHttpHub({
    ...signedIn,
    "GET /api/machines/m%201/agent-availability": () => ({ agents: [{ agent: "demo", available: true }] }),
    "POST /api/machines/m%201/list-directory": () => ({
      success: true,
      entries: [{ name: "src", type: "directory", isGitRepo: true }, { name: 1 }, { name: "a", type: "file" }],
    }),
    "POST /api/machines/m%201/paths/exists": () => ({ exists: { "/p": true } }),
    "POST /api/machines/m%201/restart-runner": () => ({ ok: true }),
    "POST /api/machines/m%201/spawn": () => ({ type: "success", sessionId: "s" }),
  });
  const calls = machineCalls(apiOf(hub.url));
  expect(await calls.agentAvailability("m 1")).toEqual([{ agent: "demo", available: true }]);
  expect((await calls.listDirectory("m 1", "/p", true)).map(({ name }) => name)).toEqual(["src", "a"]);
  expect(await calls.pathsExist("m 1", ["/p"])).toEqual({ "/p": true });
  await calls.restartRunner("m 1");
  expect(await calls.spawn("m 1", { directory: "/p", launchId: "l" })).toEqual({ type: "success", sessionId: "s" });
  const bodies = hub.requests.flatMap(({ path, body }) => (path === "/api/auth" || body === undefined || body === null ? [] : [body]));
  expect(bodies).toEqual([{ path: "/p", includeHidden: true }, { paths: ["/p"] }, {}, { directory: "/p", launchId: "l" }]);
});

test("what the machine refuses, and an answer of another shape, are errors", async () => {
  await using hub = await startHttpHub({
    ...signedIn,
    "GET /api/machines/m/agent-availability": () => ({ agents: "none" }),
    "POST /api/machines/m/list-directory": () => ({ success: false, error: "No such directory" }),
    "POST /api/machines/m/spawn": () => ({ type: "of later" }),
    "POST /api/sessions/s/upload": () => ({ success: false, error: "No room" }),
    "GET /api/sessions/s/file": () => ({ success: true }),
    "GET /api/prompts/waiting": () => ({}),
  });
  const api = apiOf(hub.url);
  const calls = machineCalls(api);
  const files = fileCalls(api);
  const mismatch = { code: "protocol_mismatch" };
  await expect(calls.agentAvailability("m")).rejects.toMatchObject(mismatch);
  await expect(calls.spawn("m", { directory: "/p" })).rejects.toMatchObject(mismatch);
  await expect(calls.listDirectory("m", "/p")).rejects.toMatchObject({ code: "apply_failed", message: "No such directory" });
  const file = { filename: "a", mimeType: "text/plain", content: "" };
  await expect(files.upload("s", file)).rejects.toMatchObject({ code: "apply_failed", message: "No room" });
  await expect(files.readFile("s", "/a b")).rejects.toMatchObject(mismatch);
  await expect(waitingPrompts(api)).rejects.toMatchObject(mismatch);
});

test("a file goes to its machine and comes back; what waits at the hub is told", async () => {
  const row = { sessionId: "s", localId: "l", acceptedAt: 1, waiting: { for: "nothing", since: 2 } };
  await using hub = await startHttpHub({
    ...signedIn,
    "POST /api/sessions/s/upload": (_request, body) => ({ success: true, path: `/up/${(body as { filename: string }).filename}` }),
    "GET /api/sessions/s/file": (request) => ({ success: true, content: new URL(request.url).searchParams.get("path") }),
    "GET /api/prompts/waiting": () => ({ prompts: [row], alarms: 3 }),
  });
  const api = apiOf(hub.url);
  const file = { filename: "a b", mimeType: "text/plain", content: "aGk=" };
  expect(await fileCalls(api).upload("s", file)).toEqual({ path: "/up/a b" });
  expect(await fileCalls(api).readFile("s", "/up/a b&c")).toBe("/up/a b&c");
  expect(await waitingPrompts(api)).toMatchObject({ prompts: [{ localId: "l" }], alarms: 3 });
});
