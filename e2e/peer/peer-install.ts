/** The unmodified peer, by exact version, in a cache outside the checkout. Never a dependency: where it can't be had the suite says so. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { arch, homedir, platform } from "node:os";
import { join } from "node:path";

export const peerVersion = "0.30.7";
const installDeadlineMs = 5 * 60_000;

/** Path of its program (the launcher of its npm package leaves its child behind when it is killed), or why there is none. */
export async function peerProgram(): Promise<{ path: string } | { missing: string }> {
  const given = process.env["PEER_HAPI"];
  if (given) return existsSync(given) ? { path: given } : { missing: `PEER_HAPI names no file: ${given}` };
  const root = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const folder = join(root, "hapi-agents", `peer-${peerVersion}`);
  const path = join(folder, `node_modules/@twsxtd/hapi-${platform()}-${arch()}/bin/hapi`);
  if (existsSync(path)) return { path };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), "{}");
  const npm = Bun.spawn(["npm", "install", "--no-save", "--no-fund", "--no-audit", "--loglevel=error", `@twsxtd/hapi@${peerVersion}`], {
    cwd: folder,
    stdout: "ignore",
    stderr: "pipe",
    timeout: installDeadlineMs,
  });
  const [reason, code] = await Promise.all([new Response(npm.stderr).text(), npm.exited]);
  return code === 0 && existsSync(path) ? { path } : { missing: `npm could not install it (${code}): ${reason.trim().slice(0, 300)}` };
}
