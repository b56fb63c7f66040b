/** The demo agent on a terminal, for tests: its driver, its screen and its keyboard. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { DriverFixture, World } from "../contract/world.ts";
import { createDemoDriver } from "./driver.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

export const fixture: DriverFixture = {
  name: "demo in the terminal",
  driver: createDemoDriver({ command: [process.execPath, main] }),
  async prepare(folder) {
    const cwd = join(folder, "project");
    await mkdir(cwd);
    return {
      cwd,
      env: { PATH: process.env["PATH"] ?? "", HOME: folder, TERM: "xterm", HAPI_DEMO_DIR: join(folder, "demo"), HAPI_DEMO_SPEED: "10" },
    };
  },
};

export const terminal = (world: World) => {
  const process = world.host.processes().findLast((one) => one.kind === "pty");
  if (!process) throw new Error("there is no terminal");
  return process;
};

/** Until the screen shows this. */
export async function shows(world: World, text: string): Promise<void> {
  let seen = "";
  for await (const chunk of terminal(world).read("out", 0)) {
    seen += new TextDecoder().decode(chunk.bytes);
    if (seen.includes(text)) return;
  }
  throw new Error(`the program ended without showing "${text}":\n${seen}`);
}

export async function type(world: World, line: string): Promise<void> {
  await terminal(world).write(`${line}\r`);
}
