/** What becomes of sessions without a host, where they are to be resumed: a hub that is away is waited for, what can't be is settled, no loop. */
import { afterEach, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createManualClock } from "@hapi/testkit";
import { AppError } from "@hapi/protocol";
import { createSession } from "../session/create-session.ts";
import { watchLostSessions } from "./lost-watch.ts";

const home = mkdtempSync(join(tmpdir(), "hapi-lost-"));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } as never;

/** A session whose host left its mark and is gone; `recover` takes the mark away, as a host or a settling process does. */
function lostSession(): { sessionId: string; mark(): void; recover(): void } {
  const { sessionId, dir } = createSession({
    home,
    flavor: "demo",
    cwd: tmpdir(),
    machineId: "m",
    hubUrl: "http://127.0.0.1:1",
    startedBy: "runner",
    startingMode: "remote",
  });
  const file = join(dir, "session.json");
  const write = (host: unknown): void =>
    writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, "utf8")) as object), host }));
  const mark = (): void => write({ pid: 999_999, startTime: "1", socket: join(home, "gone.sock"), version: 1, startedAt: 1 });
  mark();
  return { sessionId, mark, recover: () => write(undefined) };
}

function watch(session: ReturnType<typeof lostSession>, resume: (attempt: number) => Promise<unknown>) {
  const clock = createManualClock();
  const done = { resumes: 0, settled: 0 };
  const ends: number[] = [];
  const watching = watchLostSessions({
    home,
    clock,
    log: silent,
    endLeft: async () => ends.push(done.resumes + done.settled),
    resume: async () => {
      done.resumes += 1;
      await resume(done.resumes);
      session.recover();
    },
    settle: async () => {
      done.settled += 1;
      session.recover();
      return true;
    },
  });
  return { clock, done, watching, ends };
}

test("what the host left running is ended before anything else, and at each look while the hub is away", async () => {
  const session = lostSession();
  const { clock, done, watching, ends } = watch(session, async (attempt) => {
    if (attempt < 3) throw new AppError("hub_unreachable");
  });
  await watching.firstLook;
  expect(ends).toEqual([0]);
  for (let second = 0; second < 400; second += 5) await clock.advance(5_000);
  expect(done.resumes).toBe(3);
  // More looks than attempts: those pause longer and longer.
  expect(ends.length).toBeGreaterThan(3);
  watching.close();
});

test("a hub that is away for minutes does not turn a resume into an end", async () => {
  const session = lostSession();
  const { clock, done, watching } = watch(session, async (attempt) => {
    if (attempt < 6) throw new AppError("hub_unreachable");
  });
  await watching.firstLook;
  for (let second = 0; second < 400; second += 5) await clock.advance(5_000);
  expect(done).toEqual({ resumes: 6, settled: 0 });
  expect(watching.fates.map(({ sessionId, fate }) => [sessionId, fate])).toEqual([[session.sessionId, "resumed"]]);
  watching.close();
});

test("what can't be started is settled, at once", async () => {
  const session = lostSession();
  const { done, watching } = watch(session, () => Promise.reject(new AppError("agent_not_installed")));
  await watching.firstLook;
  expect(done).toEqual({ resumes: 1, settled: 1 });
  expect(watching.fates).toMatchObject([{ fate: "settled" }]);
  watching.close();
});

test("a reason that may pass is waited for, not for ever", async () => {
  const session = lostSession();
  const { clock, done, watching } = watch(session, () => Promise.reject(new AppError("spawn_failed")));
  await watching.firstLook;
  for (let second = 0; second < 400; second += 5) await clock.advance(5_000);
  expect(done).toEqual({ resumes: 4, settled: 1 });
  watching.close();
});

test("one that loses its host again and again is started three times, then settled", async () => {
  const session = lostSession();
  const { clock, done, watching } = watch(session, async () => undefined);
  await watching.firstLook;
  for (let times = 0; times < 5; times++) {
    session.mark();
    await clock.advance(5_000);
  }
  expect(done).toEqual({ resumes: 3, settled: 3 });
  watching.close();
});
