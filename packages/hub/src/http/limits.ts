/**
 * How much one caller may ask for: by what it costs (a route's class), for an address block and for a credential. Programs of this computer are not
 * counted: a session process is one, and a hundred of them come back at once. Who has to wait is told how long. Memory is bounded.
 */
import type { Clock } from "@hapi/platform";
import { AppError } from "@hapi/protocol";

/** `perSecond`: how fast what was used comes back; `burst`: how much at once. */
interface Rate {
  burst: number;
  perSecond: number;
}

export const RATES = {
  /** Signing in, right or wrong; wrong tokens are counted apart (`auth/door.ts`). */
  login: { burst: 30, perSecond: 0.5 },
  /** What starts a process or an agent. */
  spawn: { burst: 60, perSecond: 1 },
  /** What reads a whole history, or a machine's files. */
  search: { burst: 120, perSecond: 4 },
  upload: { burst: 60, perSecond: 1 },
  /** Streams that are opened. */
  stream: { burst: 60, perSecond: 1 },
  rest: { burst: 1_500, perSecond: 50 },
} as const satisfies Record<string, Rate>;

export type RouteClass = keyof typeof RATES;

const CLASSES: readonly [RouteClass, string, RegExp][] = [
  ["login", "POST", /^\/api\/(?:auth(?:\/(?:code|refresh|passkey(?:\/options)?))?|bind|proof\/passkey(?:\/options)?)$/],
  ["spawn", "POST", /^\/api\/(?:machines\/[^/]+\/spawn|sessions\/[^/]+\/(?:resume|reopen|fork|retry|switch))$/],
  ["upload", "POST", /^\/api\/sessions\/[^/]+\/upload$/],
  ["search", "GET", /^\/api\/sessions\/[^/]+\/(?:export|files|file|directory|git-[a-z-]+|generated-images\/[^/]+|diagnostics)$/],
  ["search", "POST", /^\/api\/machines\/[^/]+\/(?:list-directory|paths\/exists)$/],
  ["stream", "GET", /^\/api\/events$/],
];

export const classOf = (method: string, path: string): RouteClass =>
  CLASSES.find(([, wanted, pattern]) => wanted === method && pattern.test(path))?.[0] ?? "rest";

/** All callers together who have not signed in before: many addresses are one search. */
const everybody: Rate = { burst: 600, perSecond: 20 };
/** A shared one has a machine's sessions behind it. */
const credentialTimes = 4;
const maxBuckets = 10_000;
const maxKnown = 1_000;

interface Bucket {
  left: number;
  at: number;
}

export interface RateLimits {
  /** Of an address block. @throws `rate_limited`, with `retryAfter` in seconds */
  caller(key: string, kind: RouteClass): void;
  /** Of a credential that was found right. @throws `rate_limited` */
  credential(id: string, kind: RouteClass): void;
  /** Who once signed in is not kept out by strangers. */
  signedIn(key: string): void;
}

export function createRateLimits(clock: Pick<Clock, "now">): RateLimits {
  const buckets = createBuckets(clock);
  const known = new Set<string>();
  return {
    caller(key, kind) {
      buckets.take(`${kind} ${key}`, RATES[kind]);
      if (kind === "login" && !known.has(key)) buckets.take("login of all", everybody);
    },
    credential(id, kind) {
      const { burst, perSecond } = RATES[kind];
      buckets.take(`${kind} by ${id}`, { burst: burst * credentialTimes, perSecond: perSecond * credentialTimes });
    },
    signedIn(key) {
      if (known.size >= maxKnown) known.delete(known.values().next().value as string);
      known.add(key);
    },
  };
}

/**
 * Two generations: when the young one is full it becomes the old one, and the old one is forgotten; who goes on asking is taken along. To look for the
 * one used longest ago in a single map costs more than the request.
 */
function createBuckets(clock: Pick<Clock, "now">) {
  let young = new Map<string, Bucket>();
  let old = new Map<string, Bucket>();
  return {
    take(key: string, { burst, perSecond }: Rate): void {
      const now = clock.now();
      const known = young.get(key) ?? old.get(key);
      // A clock that was set back gives nothing and takes nothing.
      const left = known ? Math.min(burst, known.left + (Math.max(0, now - known.at) / 1000) * perSecond) : burst;
      if (young.size >= maxBuckets / 2 && !young.has(key)) [young, old] = [new Map(), young];
      young.set(key, { left: left < 1 ? left : left - 1, at: now });
      if (left < 1) throw tooMany(Math.ceil((1 - left) / perSecond));
    },
  };
}

export const tooMany = (retryAfter: number): AppError =>
  new AppError("rate_limited", `Too many requests; try again in ${retryAfter} ${retryAfter === 1 ? "second" : "seconds"}`, {
    details: { retryAfter },
  });
