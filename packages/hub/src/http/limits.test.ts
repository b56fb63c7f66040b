/** Who asks too much waits, and hears how long; strangers keep nobody out who was in; memory has an end. */
import { join } from "node:path";
import { expect, test } from "bun:test";
import { runCommand } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { classOf, createRateLimits, RATES } from "./limits.ts";

const waits = (ask: () => void): number | null => {
  try {
    ask();
    return null;
  } catch (cause) {
    return (cause as { details: { retryAfter: number } }).details.retryAfter;
  }
};

test("routes are classed by what they cost", () => {
  const classes = [
    ["POST", "/api/auth", "login"],
    ["POST", "/api/auth/code", "login"],
    ["POST", "/api/auth/refresh", "login"],
    ["POST", "/api/bind", "login"],
    ["POST", "/api/machines/m/spawn", "spawn"],
    ["POST", "/api/sessions/s/resume", "spawn"],
    ["POST", "/api/sessions/s/upload", "upload"],
    ["GET", "/api/sessions/s/export", "search"],
    ["GET", "/api/sessions/s/git-diff-file", "search"],
    ["POST", "/api/machines/m/list-directory", "search"],
    ["GET", "/api/events", "stream"],
    ["GET", "/api/sessions", "rest"],
    ["GET", "/api/auth", "rest"],
    ["GET", "/api/sessions/resume", "rest"],
  ] as const;
  for (const [method, path, kind] of classes) expect([path, classOf(method, path)]).toEqual([path, kind]);
});

test("a burst, then as fast as it comes back; each address block and each class for itself", async () => {
  const clock = createManualClock();
  const limits = createRateLimits(clock);
  const spawn = (who: string) => waits(() => limits.caller(who, "spawn"));
  for (let count = 0; count < RATES.spawn.burst; count++) expect(spawn("a")).toBeNull();
  expect(spawn("a")).toBe(1);
  expect([spawn("b"), waits(() => limits.caller("a", "rest"))]).toEqual([null, null]);
  await clock.advance(2_000);
  expect([spawn("a"), spawn("a"), spawn("a")]).toEqual([null, null, 1]);
});

test("one credential from many addresses is one", () => {
  const limits = createRateLimits(createManualClock());
  let passed = 0;
  while (waits(() => limits.credential("stolen", "search")) === null) passed += 1;
  expect(passed).toBe(4 * RATES.search.burst);
  expect(waits(() => limits.credential("other", "search"))).toBeNull();
});

test("a search from many addresses is slowed as one, and keeps out nobody who had signed in before", () => {
  const limits = createRateLimits(createManualClock());
  limits.signedIn("owner's phone");
  let passed = 0;
  for (let address = 0; address < 5_000; address++) if (waits(() => limits.caller(`bot ${address}`, "login")) === null) passed += 1;
  expect(passed).toBe(600);
  expect(waits(() => limits.caller("newcomer", "login"))).toBe(1);
  expect(waits(() => limits.caller("owner's phone", "login"))).toBeNull();
});

/** In a process of its own: beside a thousand other tests nobody knows whose memory it is. Says how much it grew by, in bytes. */
const MILLION = `
  import { createManualClock } from "@hapi/testkit";
  import { createRateLimits, RATES } from ${JSON.stringify(join(import.meta.dir, "limits.ts"))};
  const limits = createRateLimits(createManualClock());
  const isLet = () => { try { limits.caller("a", "upload"); return true; } catch { return false; } };
  for (let count = 0; count < RATES.upload.burst; count++) limits.caller("a", "upload");
  const before = process.memoryUsage().heapUsed;
  for (let address = 0; address < 1_000_000; address++) {
    limits.caller(\`2001:db8:\${address}::/64\`, "rest");
    if (address % 4_000 === 0 && isLet()) throw new Error("whoever goes on asking was forgotten at " + address);
  }
  Bun.gc(true);
  console.log(process.memoryUsage().heapUsed - before);
`;

test("a million addresses cost no more memory than ten thousand, and who goes on asking is not forgotten for them", async () => {
  const { code, stdout, stderr } = await runCommand([process.execPath, "-e", MILLION], { cwd: import.meta.dir, timeoutMs: 60_000 });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(Number(stdout)).toBeGreaterThan(-32 * 1024 * 1024);
  expect(Number(stdout)).toBeLessThan(32 * 1024 * 1024);
});
