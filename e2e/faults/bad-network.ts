/** What the names of weathers and blows mean. */
import type { ChaosProxy, Weather } from "@hapi/testkit";
import { delay } from "@hapi/platform";
import type { Blow, WeatherName } from "./schedule.ts";

/** What a reconnecting client says again: requests that change something, and what a session process tells by key. */
const PLAYS = /^(POST|PUT|PATCH|DELETE) |^42\/cli,\d*\["(message|message-stage|messages-consumed|session-alive|stream)"/;
/** Nothing may be overtaken on a living connection: the wire's own promise is order. Requests are connections of their own. */
export const weathers: Readonly<Record<WeatherName, Weather>> = {
  calm: {},
  slow: { toServer: { delayMs: 20, jitterMs: 60 }, toClient: { delayMs: 20, jitterMs: 60 } },
  narrow: { toServer: { bytesPerSecond: 60_000 }, toClient: { bytesPerSecond: 90_000 } },
  flaky: { cut: 0.02, loseAnswer: 0.06, toClient: { jitterMs: 10 } },
  repeating: { duplicate: 0.4, plays: PLAYS },
};

/** Resolves when it is over; new connections work from then on. */
export async function strikeNetwork(net: ChaosProxy, blow: Blow, awayMs: number): Promise<void> {
  if (blow === "cut") {
    net.cut();
    return;
  }
  if (blow === "stranded") return net.strand({ holdMs: awayMs / 2, lateMs: awayMs });
  if (blow === "slow reader") net.slowReader();
  else net.halfOpen();
  await delay(awayMs * 2);
  net.heal();
  // A silent connection is noticed after a minute or so; here the way comes back, and says that it does not know them.
  if (blow === "silent") net.cut();
}
