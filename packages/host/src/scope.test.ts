/** The scope around a host is made by the system's program. */
import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { scopePrefix } from "./scope.ts";

test.skipIf(process.platform !== "linux")("never by a program of that name in a folder that the PATH names", () => {
  const root = mkdtempSync(join(tmpdir(), "host-scope-"));
  try {
    mkdirSync(join(root, "systemd"));
    writeFileSync(join(root, "systemd", "private"), "");
    writeFileSync(join(root, "systemd-run"), "#!/bin/sh\n", { mode: 0o700 });
    const [program = "/usr/bin/none"] = scopePrefix({ XDG_RUNTIME_DIR: root, PATH: root });
    expect(program).toStartWith("/");
    expect(program).not.toStartWith(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
