/** The small pure parts: overlay, failures, todos, live text, results, salvage, environment, detection. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { detectClaude } from "./detect.ts";
import { claudeEnv, mayBypass, requireBypass } from "./environment.ts";
import { failureOfErrorLine, failureOfResult, failureOfRetryLine, retryHint, withHint } from "./failures.ts";
import { promptUuid } from "./ids.ts";
import { parseTranscriptLine } from "./json.ts";
import { createLiveText } from "./live-text.ts";
import { HOOK_EVENTS, mergeSettings, writeOverlay, writeTools } from "./overlay.ts";
import { toolResultOf } from "./tool-results.ts";
import { readResult } from "./results.ts";
import { applyTodoTool } from "./todos.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hapi-claude-parts-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("overlay", () => {
  test("reports run beside the terminal, only the permission's hook is waited for; private; words are quoted", () => {
    const path = writeOverlay({
      front: "local",
      sessionDir: folder,
      cwd: folder,
      hookCommand: ["/opt/my hapi/hapi", "hook", "/run/s.sock"],
    });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { hooks } = JSON.parse(readFileSync(path, "utf8"));
    expect(Object.keys(hooks)).toEqual([...HOOK_EVENTS]);
    expect(hooks.PermissionRequest[0].hooks[0]).toMatchObject({
      type: "command",
      command: "'/opt/my hapi/hapi' hook /run/s.sock",
      timeout: 86_400,
    });
    expect(hooks.PermissionRequest[0].hooks[0].async).toBeUndefined();
    expect(hooks.Stop[0].hooks[0].async).toBe(true);
  });

  test("the user's own settings stay, their hooks run too", () => {
    expect(mergeSettings({ model: "x", hooks: { Stop: ["theirs"], Other: ["o"] } }, { hooks: { Stop: ["ours"] } })).toEqual({
      model: "x",
      hooks: { Stop: ["theirs", "ours"], Other: ["o"] },
    });
    const file = join(folder, "mine.json");
    writeFileSync(file, JSON.stringify({ env: { A: "1" } }));
    const merged = JSON.parse(
      readFileSync(
        writeOverlay({ front: "local", sessionDir: folder, cwd: folder, hookCommand: ["h"], userSettings: "mine.json" }),
        "utf8",
      ),
    );
    expect(merged.env).toEqual({ A: "1" });
    expect(() =>
      writeOverlay({ front: "local", sessionDir: folder, cwd: folder, hookCommand: ["h"], userSettings: "absent.json" }),
    ).toThrow("absent.json");
  });

  test("HAPI's own tools: allowed by name beside the person's own rules; their server in a private file, not in a list of processes", () => {
    const tools = { name: "hapi", command: ["/hapi", "mcp", "/s"], env: { TOKEN: "secret" }, unasked: ["change_title"] };
    const userSettings = JSON.stringify({ permissions: { deny: ["Bash"], allow: ["Read"] } });
    const path = writeOverlay({ front: "remote", sessionDir: folder, cwd: folder, hookCommand: ["h"], userSettings, tools });
    const { permissions } = JSON.parse(readFileSync(path, "utf8"));
    expect(permissions).toEqual({ deny: ["Bash"], allow: ["Read", "mcp__hapi__change_title"] });
    const server = writeTools(folder, tools);
    expect(statSync(server).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(server, "utf8"))).toEqual({
      mcpServers: { hapi: { type: "stdio", command: "/hapi", args: ["mcp", "/s"], env: { TOKEN: "secret" } } },
    });
  });
});

test("when to ask again: the pause before the last own try, or the moment a subscription's limit is lifted", () => {
  const none = { pauseMs: undefined, liftedAt: undefined };
  const limit = failureOfResult({ api_error_status: 429, result: "no" });
  expect(withHint(limit, none, 0)).toEqual(limit);
  const tried = retryHint({ type: "system", subtype: "api_retry", retry_delay_ms: 2498.4 }, none);
  expect(withHint(limit, tried, 0)).toMatchObject({ retryAfterMs: 2498 });
  const rejected = retryHint({ type: "rate_limit_event", rate_limit_info: { status: "rejected", resetsAt: 100 } }, tried);
  expect(withHint(limit, rejected, 40_000)).toMatchObject({ retryAfterMs: 60_000 });
  expect(withHint(limit, rejected, 200_000)).toMatchObject({ retryAfterMs: 2498 });
  expect(withHint(failureOfResult({ api_error_status: 529, result: "no" }), rejected, 40_000)).toMatchObject({ retryAfterMs: 2498 });
  const allowed = retryHint({ type: "rate_limit_event", rate_limit_info: { status: "allowed", resetsAt: 100 } }, rejected);
  expect(allowed.liftedAt).toBeUndefined();
  expect(withHint(failureOfResult({ api_error_status: 401, result: "no" }), rejected, 0).retryAfterMs).toBeUndefined();
});

test("a subscription's limit, as Claude Code 2.1.329 and 2.1.332 write it down and say it", () => {
  const params = { rate_limit_info: { status: "rejected", resetsAt: 100, rateLimitType: "five_hour" } };
  const line = { apiError: "usage_limit_reached", apiErrorParams: params, error: "rate_limit", apiErrorStatus: 429 };
  const known = { code: "usage_limit", retryable: true, httpStatus: 429, resetsAt: 100_000 };
  const written = failureOfErrorLine(line, "You've hit your 5-hour limit");
  expect(written).toMatchObject(known);
  expect(withHint(written, { pauseMs: 5, liftedAt: undefined }, 40_000)).toMatchObject({ ...known, retryAfterMs: 60_000 });
  const said = failureOfResult({ api_error: "usage_limit_reached", api_error_status: 429, result: "You've hit your 5-hour limit" });
  expect(said.resetsAt).toBeUndefined();
  expect(withHint(said, { pauseMs: 5, liftedAt: 100_000 }, 40_000)).toMatchObject({ ...known, retryAfterMs: 60_000 });
  expect(failureOfErrorLine({ ...line, apiErrorParams: {} }, "no")).toMatchObject({ code: "usage_limit" });
  expect(failureOfErrorLine({ ...line, apiError: "rate_limited" }, "no")).toMatchObject({ code: "rate_limit" });
});

test("failures are typed from status, words or text", () => {
  expect(failureOfErrorLine({ apiErrorStatus: 529 }, "x")).toMatchObject({ code: "overloaded", retryable: true, httpStatus: 529 });
  expect(failureOfErrorLine({ error: "server_error" }, "API Error: Repeated 529 Overloaded errors")).toMatchObject({
    code: "server_error",
    retryable: true,
  });
  expect(failureOfErrorLine({}, "API Error: 429 slow down")).toMatchObject({ code: "rate_limit" });
  expect(failureOfResult({ api_error_status: 401, result: "no" })).toMatchObject({ code: "auth", retryable: false });
  expect(failureOfResult({ subtype: "error_max_turns" })).toMatchObject({ code: "unknown", message: "error max turns" });
  expect(failureOfRetryLine({ error: { isNetworkDown: true, message: "gone" } })).toMatchObject({ code: "network", retryable: true });
});

test("todo tools that change single tasks need their results; unknown tasks change nothing", () => {
  const one = applyTodoTool([], "TaskCreate", { subject: "one" }, { task: { id: "1", subject: "one" } });
  expect(one).toEqual([{ id: "task-1", content: "one", status: "pending", priority: "medium" }]);
  expect(applyTodoTool(one ?? [], "TaskUpdate", { taskId: "1", status: "completed" }, { success: true, taskId: "1" })?.[0]?.status).toBe(
    "completed",
  );
  expect(applyTodoTool(one ?? [], "TaskUpdate", { taskId: "9", status: "completed" }, { success: true, taskId: "9" })).toBeNull();
  expect(applyTodoTool(one ?? [], "TaskUpdate", { taskId: "1", status: "deleted" }, { success: true })).toEqual([]);
  expect(applyTodoTool([], "TaskCreate", { subject: "one" }, "Error: no")).toBeNull();
  expect(applyTodoTool([], "Bash", {}, {})).toBeNull();
});

test("live text has the ids its record will have, and what is missing is said as a whole", () => {
  const live = createLiveText(() => ["m:9"]);
  const event = (event: object) => live.read({ parent_tool_use_id: null, event });
  event({ type: "content_block_delta", delta: { text: "before any start" } });
  event({ type: "message_start", message: { id: "m" } });
  event({ type: "content_block_start", index: 1, content_block: { type: "text" } });
  expect(event({ type: "content_block_delta", delta: { text: "ab" } })).toEqual({ itemId: "m:1", kind: "text", offset: 0, delta: "ab" });
  expect(event({ type: "content_block_delta", delta: { text: "c" } })).toEqual({ itemId: "m:1", kind: "text", offset: 2, delta: "c" });
  expect(live.whole()).toEqual([{ itemId: "m:1", kind: "text", offset: 0, delta: "abc" }]);
  live.recorded("m:1");
  expect(live.takeOpen()).toEqual([]);
});

test("a result tells outcome, prompts and use; the context is that of the last request", () => {
  const last = { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheCreationTokens: 0, contextTokens: 42 };
  const result = readResult(
    {
      is_error: false,
      terminal_reason: "completed",
      duration_ms: 12.4,
      total_cost_usd: 0.5,
      usage: { input_tokens: 10, output_tokens: 5 },
      modelUsage: { small: { costUSD: 0.1, contextWindow: 1 }, big: { costUSD: 0.4, contextWindow: 200_000 } },
      user_message_uuids: ["a", "b"],
    },
    last,
  );
  expect(result).toMatchObject({ outcome: "completed", durationMs: 12, totalUsd: 0.5, uuids: ["a", "b"] });
  expect(result.usage).toMatchObject({ model: "big", contextWindow: 200_000, contextTokens: 42, inputTokens: 10 });
  expect(readResult({ is_error: true, terminal_reason: "aborted_tools" }, null).outcome).toBe("interrupted");
  expect(readResult({ is_error: true, terminal_reason: "api_error", api_error_status: 529 }, null)).toMatchObject({
    outcome: "failed",
    failure: { code: "overloaded" },
  });
});

test("half a line of a killed Claude does not take the next one with it", () => {
  const next = { parentUuid: "p", type: "user", uuid: "u", message: { content: 'says {"type": "x"} inside' } };
  expect(parseTranscriptLine(`{"parentUuid":"a","type":"assistant","mess${JSON.stringify(next)}`)).toEqual(next);
  expect(parseTranscriptLine('{"parentUuid":"a","type":"assi')).toBeNull();
});

test("a prompt's uuid is a uuid, the same every time, another for each attempt", () => {
  expect(promptUuid("s", "l")).toBe(promptUuid("s", "l", 0));
  expect(promptUuid("s", "l")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set([promptUuid("s", "l"), promptUuid("s", "l", 1), promptUuid("s", "m"), promptUuid("t", "l")]).size).toBe(4);
});

test("the environment: marks of a Claude that started us are gone, a user's own choice stands", () => {
  const env = claudeEnv({ CLAUDECODE: "1", CLAUDE_CODE_ENTRYPOINT: "cli", CLAUDE_CODE_ENABLE_TODO_TOOLS: "0", PATH: "/bin" });
  expect(env).toEqual({ CLAUDE_CODE_ENABLE_TODO_TOOLS: "0", CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING: "1", PATH: "/bin" });
  expect([mayBypass({}, 0), mayBypass({ IS_SANDBOX: "1" }, 0), mayBypass({}, 1000)]).toEqual([false, true, true]);
  if (process.getuid?.() === 0) expect(() => requireBypass({})).toThrow("IS_SANDBOX");
});

describe("detect", () => {
  const program = (name: string, says: string): string => {
    const path = join(folder, name);
    writeFileSync(path, `#!/bin/sh\n${says}\n`);
    chmodSync(path, 0o755);
    return path;
  };

  test("not installed, misconfigured, known, unknown and too new", async () => {
    expect(await detectClaude({ PATH: folder })).toMatchObject({
      available: false,
      reason: "not_found",
      hint: expect.stringContaining("npm install -g"),
    });
    expect(await detectClaude({ HAPI_CLAUDE_PATH: join(folder, "nothing") })).toMatchObject({
      available: false,
      reason: "invalid_configuration",
    });
    const tested = await detectClaude({ HAPI_CLAUDE_PATH: program("a", "echo '2.1.329 (Claude Code)'") });
    expect(tested).toEqual({ available: true, command: [join(folder, "a")], program: join(folder, "a"), version: "2.1.329" });
    const newer = await detectClaude({ HAPI_CLAUDE_PATH: program("newer", "echo '2.1.332 (Claude Code)'") });
    expect(newer).toEqual({ available: true, command: [join(folder, "newer")], program: join(folder, "newer"), version: "2.1.332" });
    expect(await detectClaude({ HAPI_CLAUDE_PATH: program("b", "echo 2.4.0") })).toMatchObject({
      available: true,
      hint: expect.stringContaining("2.4.0"),
    });
    expect(await detectClaude({ HAPI_CLAUDE_PATH: program("c", "echo 3.0.0") })).toMatchObject({
      available: false,
      reason: "unsupported_version",
    });
    expect(await detectClaude({ HAPI_CLAUDE_PATH: program("d", "exit 1") })).toMatchObject({
      available: false,
      reason: "invalid_configuration",
    });
    program("claude", "echo 2.1.329");
    expect((await detectClaude({ PATH: `/nowhere:${folder}` })).command).toEqual([join(folder, "claude")]);
    // The one a session was begun with, whatever is on the PATH now; where it is gone that is said.
    expect(await detectClaude({ PATH: folder }, join(folder, "b"))).toMatchObject({ command: [join(folder, "b")], version: "2.4.0" });
    expect(await detectClaude({ PATH: "/nowhere" }, join(folder, "b"))).toMatchObject({ command: [join(folder, "b")] });
    expect(await detectClaude({ PATH: folder }, join(folder, "gone"))).toMatchObject({
      command: [join(folder, "claude")],
      hint: `${join(folder, "gone")}, which this session was started with, is not there any more; ${join(folder, "claude")} is used`,
    });
  });

  test("for a sandbox: a program that its agent can change is neither asked nor taken, and that is said", async () => {
    const written = join(folder, "written");
    const bin = join(written, "node_modules", ".bin");
    const [mark, safe] = [join(folder, "ran-outside"), join(folder, "safe")];
    for (const one of [bin, safe]) mkdirSync(one, { recursive: true });
    const planted = program("written/node_modules/.bin/claude", `touch ${mark}; echo 2.1.329`);
    program("written/node_modules/.bin/node", `touch ${mark}; echo 2.1.329`);
    const PATH = `${bin}:/usr/bin:/bin`;
    const hint = expect.stringContaining("can change it. Install Claude Code elsewhere");
    const refused = { available: false, reason: "invalid_configuration", command: [], hint };
    expect(await detectClaude({ PATH }, undefined, [written])).toMatchObject(refused);
    expect(await detectClaude({ PATH, HAPI_CLAUDE_PATH: planted }, undefined, [written])).toMatchObject(refused);
    writeFileSync(join(safe, "claude"), "#!/usr/bin/env node\n", { mode: 0o755 });
    const node = { PATH: `${bin}:${safe}:/usr/bin:/bin` };
    writeFileSync(join(safe, "node"), "#!/bin/sh\necho 2.1.329\n", { mode: 0o755 });
    expect(await detectClaude(node, planted, [written])).toMatchObject({
      available: true,
      command: [join(safe, "claude")],
      hint: expect.stringContaining(`${planted}, which this session was started with, lies where an agent in a sandbox can change it`),
    });
    expect(existsSync(mark)).toBe(false);
    // Without a sandbox it is the person's own choice.
    expect(await detectClaude({ PATH })).toMatchObject({ available: true, command: [planted] });
    expect(existsSync(mark)).toBe(true);
  });
});

test("an edit is told with the lines around it and their numbers in the file", () => {
  const patch = [{ oldStart: 41, oldLines: 3, newStart: 41, newLines: 4, lines: [" before", "-old", "+new", "+more", " after"] }];
  const result = toolResultOf({
    line: { toolUseResult: { filePath: "/a.ts", oldString: "old", newString: "new\nmore", structuredPatch: patch } },
    block: { content: "ok" },
    input: {},
    id: "r",
    callId: "c",
  });
  expect(result.content).toEqual([
    { type: "diff", path: "/a.ts", oldText: "before\nold\nafter", newText: "before\nnew\nmore\nafter", oldStart: 41, newStart: 41 },
  ]);
});
