import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runDriverContract } from "../contract/driver.case.ts";
import { createDemoDriver } from "./driver.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

runDriverContract({
  name: "demo over ACP",
  driver: createDemoDriver({ command: [process.execPath, main] }),
  async prepare(folder) {
    const cwd = join(folder, "project");
    await mkdir(cwd);
    return { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: folder, HAPI_DEMO_DIR: join(folder, "demo"), HAPI_DEMO_SPEED: "5" } };
  },
});
