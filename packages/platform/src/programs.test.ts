/** Programs that run outside every sandbox come from where no agent writes. */
import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { findOutside, liesIn, outsidePath } from "./programs.ts";
import { runCommand } from "./spawn.ts";

const root = realpathSync(mkdtempSync(join(tmpdir(), "platform-programs-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));
mkdirSync(join(root, "bin"));
for (const name of ["setpriv", "tool"]) writeFileSync(join(root, "bin", name), `#!/bin/sh\ntouch ${join(root, "ran")}\n`, { mode: 0o700 });

test("what binds a program to us is the system's, whatever the PATH names", async () => {
  const code = `const { boundToUs } = await import(${JSON.stringify(join(import.meta.dir, "parent-death.ts"))});
    console.log(boundToUs(["true"], { cwd: "/", env: process.env }).join(" "));`;
  const PATH = `${join(root, "bin")}:/usr/bin:/bin`;
  const { stdout } = await runCommand([process.execPath, "-e", code], { env: { PATH }, timeoutMs: 20_000 });
  expect(stdout).toEndWith("true\n");
  expect(stdout).not.toContain(root);
  expect(existsSync(join(root, "ran"))).toBe(false);
});

test("folders of the person's stay in the PATH, also where the work is in the HOME itself", () => {
  const path = [join(homedir(), ".local/bin"), "/opt/tools/bin", "/usr/bin"].join(":");
  expect(outsidePath(path, [join(homedir(), "work")])).toBe(path);
  for (const wide of [homedir(), "/", "/usr"]) expect(outsidePath(path, [wide])).toBe(path);
  expect(outsidePath(`${path}:.::node_modules/.bin:${join(homedir(), "work/bin")}`, [join(homedir(), "work")])).toBe(path);
  expect(findOutside("tool", join(root, "bin"), ["/nowhere"])).toBe(join(root, "bin", "tool"));
  expect(findOutside("tool", join(root, "bin"), [root])).toBeNull();
  expect(liesIn(join(root, "bin-of-another"), [join(root, "bin")])).toBe(false);
});
