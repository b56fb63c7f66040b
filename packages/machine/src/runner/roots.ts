/** The folders that a runner was given (`--workspace-root`): what is asked for from elsewhere stays inside, after every symbolic link was followed. */
import { realpath } from "node:fs/promises";
import { dirname, join, basename } from "node:path";
import { AppError } from "@hapi/protocol";
import { isInside } from "../files/index.ts";

/** `real`: a real path. No roots: everywhere. A root that is gone admits what stands at its own place only. */
export async function isWithin(real: string, roots: readonly string[]): Promise<boolean> {
  if (roots.length === 0) return true;
  const realRoots = await Promise.all(roots.map((root) => realpath(root).catch(() => root)));
  return realRoots.some((root) => isInside(root, real));
}

/** @throws `access_denied` for a session in another folder, also one that is yet to be made */
export async function requireInside(directory: string, roots: readonly string[]): Promise<void> {
  if (roots.length === 0) return;
  const real = await realpath(directory).catch(async () => join(await realpath(dirname(directory)).catch(() => ""), basename(directory)));
  if (await isWithin(real, roots)) return;
  const offered = roots.length === 1 ? `the folder ${roots[0]}` : `one of the folders ${roots.join(", ")}`;
  throw new AppError("access_denied", `${directory} is outside of what this machine offers: it starts sessions only in ${offered}.`);
}
