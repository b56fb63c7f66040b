/**
 * A file or folder of the session's, opened so that it stays inside. Between the check of a path and the use of it a folder may be swapped for a
 * link; what was opened does not change any more, so it is what is checked.
 */
import { constants, type Stats } from "node:fs";
import { type FileHandle, open, readlink, stat } from "node:fs/promises";
import { AppError } from "@hapi/protocol";
import type { Confinement } from "./confine.ts";

export interface Opened extends AsyncDisposable {
  handle: FileHandle;
  info: Stats;
  /** A path that leads to exactly this, whatever stands at its old place now. Where the system has no such paths, the place itself. */
  path: string;
}

/** @throws `not_found` for what can't be opened, `access_denied` for what lies outside */
export async function openInside(confinement: Confinement, path: string, what: "file" | "directory"): Promise<Opened> {
  const real = await confinement.resolve(path);
  // Non-blocking and not following: a pipe or a link put there in the meantime must neither hang nor lead out.
  const kind = what === "directory" ? constants.O_DIRECTORY : 0;
  const handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | kind).catch((cause: unknown) => {
    throw new AppError("not_found", what === "file" ? "This file can't be read" : "This is not a folder that can be read", { cause });
  });
  try {
    const info = await handle.stat();
    const itself = `/proc/self/fd/${handle.fd}`;
    const place = await readlink(itself).catch(() => null);
    if (place === null) await requireSame(confinement, path, info);
    else await confinement.resolve(place);
    return { handle, info, path: place === null ? real : itself, [Symbol.asyncDispose]: () => handle.close() };
  } catch (cause) {
    await handle.close();
    throw cause;
  }
}

/** Without `/proc` (macOS): what the path leads to now, inside, is what was opened. */
async function requireSame(confinement: Confinement, path: string, opened: Stats): Promise<void> {
  const now = await stat(await confinement.resolve(path));
  if (now.ino !== opened.ino || now.dev !== opened.dev) throw new AppError("not_found", "This changed while it was read");
}
