/**
 * Links that an agent may have left where it writes: whoever follows one for the next sandbox would give it what the link names. Pure but for the look
 * at what is there.
 */
import { dirname, resolve } from "node:path";
import { isBelow } from "@hapi/platform/lean";

/** As many as the system itself follows. */
const MAX_LINKS = 40;

export interface LinkLooks {
  realPath(path: string): string | null;
  /** Null: it is no link. */
  linkTarget(path: string): string | null;
}

/** The links on the way to where `path` leads, each where it really lies. */
function linksOn(path: string, { linkTarget }: LinkLooks): string[] {
  const links: string[] = [];
  let ahead = resolve(path).split("/").filter(Boolean);
  let at = "/";
  while (ahead.length > 0 && links.length < MAX_LINKS) {
    const next = resolve(at, ahead[0] ?? "");
    const target = linkTarget(next);
    ahead = ahead.slice(1);
    if (target === null) at = next;
    else {
      links.push(next);
      ahead = [...resolve(dirname(next), target).split("/").filter(Boolean), ...ahead];
      at = "/";
    }
  }
  return links;
}

/** Whether it is a link in `written`, the folders that the agent writes, that makes `path` lead out of them. All of `written` real. */
export function isTurnedAway(path: string, written: readonly string[], looks: LinkLooks): boolean {
  const isWritten = (one: string): boolean => written.some((folder) => isBelow(one, folder));
  const real = looks.realPath(path);
  return real !== null && !isWritten(real) && linksOn(path, looks).some(isWritten);
}
