/**
 * What AGENTS.md says about adding something is enough: a capability flag and a CLI command are added to a copy of the sources, in the files it
 * names and nowhere else; the copy type-checks, and the command runs.
 */
import { expect, test } from "bun:test";
import { Glob } from "bun";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const LIMIT_MS = 120_000;

function scratchCopy(): { dir: string; change(path: string, before: string, after: string): void } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), "hapi-newcomer-"));
  const copied = ["packages/*/package.json", "packages/*/src/**/*.ts", "packages/*/src/**/*.tsx"];
  for (const path of copied.flatMap((all) => [...new Glob(all).scanSync(root)])) {
    if (/\.test\.tsx?$|^packages\/(web|testkit)\//.test(path)) continue;
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    cpSync(join(root, path), join(dir, path));
  }
  const modules = join(dir, "node_modules");
  mkdirSync(join(modules, "@hapi"), { recursive: true });
  const link = (name: string): void => symlinkSync(join(root, "node_modules", name), join(modules, name));
  for (const name of readdirSync(join(root, "node_modules"))) if (name !== "@hapi") link(name);
  for (const name of readdirSync(join(dir, "packages"))) symlinkSync(join(dir, "packages", name), join(modules, "@hapi", name));
  const { compilerOptions } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")) as { compilerOptions: object };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["packages/cli/src/main.ts"] }));
  return {
    dir,
    change(path, before, after) {
      const text = readFileSync(join(dir, path), "utf8");
      expect([path, text.split(before).length]).toEqual([path, 2]);
      writeFileSync(join(dir, path), text.replace(before, `${before}${after}`));
    },
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

test(
  "a capability flag and a CLI command",
  async () => {
    using copy = scratchCopy();
    const flags = told("packages/protocol/src/capabilities.ts");
    copy.change(flags, "  steer: boolean;\n", "  recap: boolean;\n");
    copy.change(
      flags,
      'steer: { says: "a prompt can be put into the turn that runs", by: "the driver" },\n',
      '  recap: { says: "it can sum up its conversation", by: "the driver" },\n',
    );
    copy.change(flags, "  steer: isBoolean,\n", "  recap: isBoolean,\n");
    copy.change(told("packages/agents/src/claude/driver.ts"), "    steer: true,\n", "    recap: true,\n");
    copy.change(told("packages/agents/src/codex/driver.ts"), "    steer: true,\n", "    recap: true,\n");
    copy.change(told("packages/agents/src/opencode/driver.ts"), "    steer: false,\n", "    recap: false,\n");
    copy.change(told("packages/agents/src/acp/driver.ts"), "    steer: false,\n", "    recap: false,\n");

    const command = `import { capability, CAPABILITIES } from "@hapi/protocol";
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
`;
    writeFileSync(join(copy.dir, told("packages/cli/src/commands"), "recap.ts"), command);
    copy.change(
      told("packages/cli/src/main.ts"),
      "const commands: Record<string, () => Promise<Command>> = {\n",
      '  recap: async () => (await import("./commands/recap.ts")).recapCommand,\n',
    );
    const [types, ran] = await Promise.all([
      run(copy.dir, join(root, "node_modules/.bin/tsc"), "--noEmit", "-p", "."),
      run(copy.dir, process.execPath, "packages/cli/src/main.ts", "recap"),
    ]);
    expect(types).toEqual({ code: 0, said: "" });
    expect(ran).toEqual({ code: 0, said: "it can sum up its conversation: true" });
  },
  LIMIT_MS,
);
