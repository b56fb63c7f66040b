/**
 * What AGENTS.md says about adding something is enough: a capability flag, a CLI command, a store method, a route and a tool card are added to a copy
 * of the sources, in the files it names and nowhere else; the copy type-checks, and what was added works.
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const LIMIT_MS = 180_000;
const RECAP_TEST = "packages/hub/test/contract/recap.test.ts";
const CHART_TEST = "packages/web/src/features/chat/tools/chart.test.ts";
const CHECKED = ["packages/*/src", "packages/hub/test/store", RECAP_TEST];

interface Copy {
  readonly dir: string;
  /** `after` comes behind `before`, which stands there once. */
  change(path: string, before: string, after: string): void;
  add(path: string, text: string): void;
}

function scratchCopy(): Copy & Disposable {
  const dir = mkdtempSync(join(tmpdir(), "hapi-newcomer-"));
  const copied = ["packages/*/package.json", "packages/*/src/**/*", "packages/hub/test/**/*.ts"];
  for (const path of copied.flatMap((all) => [...new Glob(all).scanSync(root)])) {
    if (/^packages\/[^/]+\/src\/.*\.test\.tsx?$/.test(path)) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    cpSync(join(root, path), join(dir, path));
  }
  const modules = join(dir, "node_modules");
  mkdirSync(join(modules, "@hapi"), { recursive: true });
  const link = (name: string): void => symlinkSync(join(root, "node_modules", name), join(modules, name));
  for (const name of readdirSync(join(root, "node_modules"))) if (name !== "@hapi") link(name);
  for (const name of readdirSync(join(dir, "packages"))) symlinkSync(join(dir, "packages", name), join(modules, "@hapi", name));
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as { compilerOptions: object };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, include: CHECKED }));
  return {
    dir,
    change(path, before, after) {
      const text = readFileSync(join(dir, path), "utf8");
      expect([path, text.split(before).length]).toEqual([path, 2]);
      writeFileSync(
        join(dir, path),
        text.replace(before, () => `${before}${after}`),
      );
    },
    add: (path, text) => writeFileSync(join(dir, path), text),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** A name in AGENTS.md, so that it can't tell another file than the one that is changed here. */
const told = (path: string): string => {
  expect(readFileSync(join(root, "AGENTS.md"), "utf8")).toContain(`\`${path}\``);
  return path;
};

async function run(cwd: string, ...argv: string[]): Promise<{ code: number; said: string }> {
  const child = Bun.spawn(argv, { cwd, env: { ...process.env, HAPI_HOME: join(cwd, "home") }, stdout: "pipe", stderr: "pipe" });
  const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, said: `${out}${err}`.trim() };
}

function addFlag({ change }: Copy): void {
  const flags = told("packages/protocol/src/capabilities.ts");
  change(flags, "  steer: boolean;\n", "  recap: boolean;\n");
  change(
    flags,
    'steer: { says: "a prompt can be put into the turn that runs", by: "the driver" },\n',
    '  recap: { says: "it can sum up its conversation", by: "the driver" },\n',
  );
  change(flags, "  steer: isBoolean,\n", "  recap: isBoolean,\n");
  change(told("packages/agents/src/claude/driver.ts"), "    steer: true,\n", "    recap: true,\n");
  change(told("packages/agents/src/codex/driver.ts"), "    steer: true,\n", "    recap: true,\n");
  change(told("packages/agents/src/opencode/driver.ts"), "    steer: false,\n", "    recap: false,\n");
  change(told("packages/agents/src/acp/driver.ts"), "    steer: false,\n", "    recap: false,\n");
}

function addCommand({ add, change }: Copy): void {
  add(
    `${told("packages/cli/src/commands")}/recap.ts`,
    `import { capability, CAPABILITIES } from "@hapi/protocol";
import type { Command } from "../command.ts";

export const recapCommand: Command = {
  name: "recap",
  summary: "Say what recap is",
  usage: "",
  options: {},
  takes: {},
  examples: ["hapi recap"],
  run: async (_words, { terminal }) => {
    const can: boolean | undefined = capability({ capabilities: { recap: true } }, "recap");
    terminal.out(\`\${CAPABILITIES.recap.says}: \${String(can)}\`);
    return 0;
  },
};
`,
  );
  change(
    told("packages/cli/src/main.ts"),
    "const commands: Record<string, () => Promise<Command>> = {\n",
    '  recap: async () => (await import("./commands/recap.ts")).recapCommand,\n',
  );
}

/** What is known of a session in so many letters. */
function addStoreMethod({ change }: Copy): void {
  change(
    told("packages/hub/src/sessions/store.ts"),
    "  announceEnd(id: string, reason: string | undefined): Promise<void>;\n",
    "  recap(id: string, letters: number): Promise<string | null>;\n",
  );
  change(
    told("packages/hub/src/sqlite/session-store.ts"),
    "    return this.#deps.commits.write(() => mergeSessions(this.#deps, from, into));\n  }\n",
    `
  async recap(id: string, letters: number): Promise<string | null> {
    return (await this.get(id))?.metadata?.path.slice(0, letters) ?? null;
  }
`,
  );
  change(
    `${told("packages/hub/test/store/memory")}/sessions.ts`,
    "    canonicalId: (id) => run(() => canonicalId(database, id)),\n",
    "    recap: (id, letters) => run(() => sessionRow(database, id)?.session.metadata?.path.slice(0, letters) ?? null),\n",
  );
  change(
    told("packages/hub/test/store/store.case.ts"),
    '    test("a key is stored once, whoever comes first", async () => {\n',
    `      const known = await create("recapped");
      expect(await opened.stores.sessions.recap(known, 1)).toBe("/");
      expect(await opened.stores.sessions.recap("nobody", 1)).toBeNull();
`,
  );
}

function addRoute({ add, change }: Copy): void {
  change(
    told("packages/protocol/src/rest.ts"),
    "export const summaryBody = z.strictObject({ text: trimmedName });\n",
    "export const recapBody = z.strictObject({ letters: z.number() });\n",
  );
  const routes = told("packages/hub/src/http/routes/sessions.ts");
  change(routes, "  pinBody,\n", "  recapBody,\n");
  change(
    routes,
    "function nameRoutes(app: Hono<ApiEnv>, { access, sessions, now, durable }: SessionRouteDeps): void {\n",
    `  app.post("/sessions/:id/recap", needs("sessions:read"), async (c) => {
    const session = await access.session(c.get("actor"), c.req.param("id"));
    const { letters } = await readBody(c, recapBody);
    return c.json({ recap: await sessions.recap(session.id, letters) });
  });
`,
  );
  change(
    told("packages/client/src/session-calls.ts"),
    '    rename: (id: string, name: string) => request("PATCH", sessionPath(id), { body: { name } }),\n',
    '    recap: async (id: string, letters: number) => (await post(sessionPath(id, "/recap"), { letters }))["recap"],\n',
  );
  told("packages/hub/test/contract");
  add(
    RECAP_TEST,
    `import { expect, test } from "bun:test";
import { createHubApi } from "@hapi/client";
import { withHub } from "./setup.ts";

const rig = withHub();

test("a session is summed up", async () => {
  const client = await rig.client();
  const { id } = await client.session({ metadata: { path: "/work", host: "here" } });
  const api = createHubApi({ baseUrl: rig.hub.url, accessToken: () => client.accessToken });
  expect(await api.sessions.recap(id, 3)).toBe("/wo");
  expect(await client.api("POST", \`/sessions/\${id}/recap\`, { letters: "all" })).toMatchObject({ status: 400 });
});
`,
  );
}

function addToolCard({ add, change }: Copy): void {
  change(told("packages/protocol/src/agent-events.ts"), '  "think",\n  "fetch",\n', '  "chart",\n');
  change(told("packages/core/src/envelope/tools.ts"), '  think: "think",\n', '  drawchart: "chart",\n');
  const body = told("packages/web/src/features/chat/tools/tool-body.tsx");
  change(
    body,
    "      return <ShellBody item={item} />;\n",
    '    case "chart":\n      return <CodeBlock code={prettyJson(item.input)} label="chart" />;\n',
  );
  change(
    told("packages/web/src/features/chat/tools/verbs.ts"),
    '  think: ["verb.think", "verb.think.now"],\n',
    '  chart: ["verb.chart", "verb.chart.now"],\n',
  );
  const words = '  "verb.chart": "Drew",\n  "verb.chart.now": "Drawing",\n';
  change(`${told("packages/web/src/i18n/en")}/chat.ts`, '  "verb.think.now": "Thinking",\n', words);
  change(`${told("packages/web/src/i18n/zh")}/chat.ts`, '  "verb.think.now": "正在思考",\n', words);
  change(told("packages/web/src/features/chat/tools/tool.model.ts"), '  think: "thought",\n', '  chart: "list",\n');
  change(
    told("packages/web/src/features/chat/requests/request.model.ts"),
    '    case "question":\n    case "think":\n',
    '    case "chart":\n',
  );
  add(
    CHART_TEST,
    `import { expect, test } from "bun:test";
import { toolKindOf } from "@hapi/core";
import { t } from "../../../i18n/index.ts";
import { iconOf } from "./tool.model.ts";
import { activityWords } from "./verbs.ts";

test("a chart has a card of its own", () => {
  const kind = toolKindOf("DrawChart");
  expect(activityWords({ what: "tool", kind, tool: "DrawChart", object: "sales", input: {} }, t)).toBe("Drawing sales");
  expect(iconOf(kind)).toBe("list");
});
`,
  );
}

test(
  "a capability flag, a CLI command, a store method, a route and a tool card",
  async () => {
    using copy = scratchCopy();
    for (const addition of [addFlag, addCommand, addStoreMethod, addRoute, addToolCard]) addition(copy);
    const types = await run(copy.dir, join(root, "node_modules/.bin/tsc"), "--noEmit", "-p", ".");
    expect(types).toEqual({ code: 0, said: "" });
    expect(await run(copy.dir, process.execPath, "packages/cli/src/main.ts", "recap")).toEqual({
      code: 0,
      said: "it can sum up its conversation: true",
    });
    const tests = [RECAP_TEST, "packages/hub/test/store", CHART_TEST];
    const tested = await run(copy.dir, process.execPath, "test", ...tests, "-t", "a key is stored once|summed up|card of its own");
    expect(tested).toMatchObject({ code: 0, said: expect.stringMatching(/\b5 pass\n/) });
  },
  LIMIT_MS,
);
