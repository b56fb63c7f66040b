/** How many connections there may be of those that have not said yet who they are, and of one address. Whichever way they come. */
import type { Caller } from "../auth/caller.ts";

/**
 * Connections that have not said yet who they are: each may send one frame before it is closed, and joining takes a moment. A machine whose
 * hundred sessions come back at once waits for a second round at most, as it does for a hub that is away.
 */
const maxUnjoined = 256;
const maxUnjoinedOfOne = 64;
export const joinMs = 20_000;
/** Of one address block elsewhere: a machine with some hundred sessions. */
const maxOfOne = 1_024;
/** A connection that has joined nothing says no more at once: it may be anybody's. */
export const maxUnjoinedChars = 64 * 1024;
/** Wrong tokens on one connection. */
export const maxRefusals = 3;
export const pingIntervalMs = 25_000;
/** What a connection from elsewhere may say between two pings; who says more is closed, and has to say it again. */
export const maxFrames = 100_000;

export interface Guest {
  readonly caller: Caller;
  readonly hasJoined: boolean;
}

export function roomAmong(connections: () => readonly Guest[]) {
  return ({ key, isLocal }: Caller): boolean => {
    const all = connections();
    const unjoined = all.filter((connection) => !connection.hasJoined);
    const own = unjoined.filter(({ caller }) => caller.key === key).length;
    if (isLocal) return own < maxUnjoined;
    const ofOne = all.filter(({ caller }) => caller.key === key).length;
    return ofOne < maxOfOne && unjoined.length < maxUnjoined && own < maxUnjoinedOfOne;
  };
}

/** The first request of a session; those that follow name it. */
export const isOpening = (request: Request): boolean => request.method === "GET" && !new URL(request.url).searchParams.has("sid");
