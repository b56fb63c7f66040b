/** The stores' contract on SQLite, in memory and on a file, and what is SQLite's own: the group commit. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, openSqlite, silentLogger, type Sqlite } from "@hapi/platform";
import { createManualClock } from "@hapi/testkit";
import { GroupCommit } from "../../src/sqlite/group-commit.ts";
import { openStores } from "../../src/testing.ts";
import { storeContract } from "./store.case.ts";

const scratch = mkdtempSync(join(tmpdir(), "hapi-store-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

storeContract("SQLite", (now) => openStores({ now, log: silentLogger }));
storeContract("SQLite on a file", (now) => {
  const path = join(mkdtempSync(join(scratch, "hapi-store-")), "db");
  const open = () => openStores({ path, now, log: silentLogger });
  return { ...open(), beside: open };
});

interface Rig {
  db: Sqlite;
  commits: GroupCommit<string>;
  delivered: string[][];
  failures: unknown[];
  syncs: number;
}

function rig(wrap: (db: Sqlite) => Sqlite = (db) => db, clock?: Clock): Rig {
  const db = openSqlite(":memory:");
  db.exec("CREATE TABLE t (v TEXT PRIMARY KEY)");
  const state: Rig = { db, delivered: [], failures: [], syncs: 0, commits: null as never };
  const counted: Sqlite = Object.create(wrap(db), { syncWal: { value: async () => void (state.syncs += 1) } }) as Sqlite;
  state.commits = new GroupCommit<string>(
    counted,
    {
      deliver: (items) => void state.delivered.push([...items]),
      failed: (cause) => void state.failures.push(cause),
    },
    clock,
  );
  return state;
}

const insert = ({ db, commits }: Rig, value: string) =>
  commits.write(() => {
    db.run("INSERT INTO t (v) VALUES (?)", value);
    commits.record(value);
    return value;
  });

describe("group commit", () => {
  test("operations of one turn are one transaction, told once, in order", async () => {
    const it = rig();
    expect(await Promise.all(["a", "b", "c"].map((value) => insert(it, value)))).toEqual(["a", "b", "c"]);
    expect(it.delivered).toEqual([["a", "b", "c"]]);
    await it.commits.durable();
    expect(it.syncs).toBe(1);
  });

  test("who has patience waits a moment for company, and no longer than the next one who has none", async () => {
    const clock = createManualClock();
    const it = rig(undefined, clock);
    let kept = 0;
    const patient = async (value: string): Promise<void> => {
      await insert(it, value);
      await it.commits.durable({ isPatient: true });
      kept += 1;
    };
    const two = [patient("a"), patient("b")];
    await insert(it, "c");
    expect([it.syncs, kept]).toEqual([0, 0]);
    await it.commits.durable();
    await Promise.all(two);
    expect(it.syncs).toBe(1);
    const alone = patient("d");
    await insert(it, "e");
    expect([it.syncs, kept]).toEqual([1, 2]);
    await clock.advance(1);
    await alone;
    expect([it.syncs, kept]).toEqual([2, 3]);
    const last = patient("f");
    await insert(it, "g");
    await it.commits.close();
    await last;
    expect([it.syncs, kept]).toEqual([3, 4]);
  });

  test("one that fails takes back only itself and its own events", async () => {
    const it = rig();
    const results = await Promise.allSettled([
      insert(it, "a"),
      it.commits.write(() => {
        it.db.run("INSERT INTO t (v) VALUES ('half')");
        it.commits.record("half");
        throw new Error("changed my mind");
      }),
      insert(it, "a"),
      insert(it, "b"),
    ]);
    expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(it.delivered).toEqual([["a", "b"]]);
    expect(it.db.all("SELECT v FROM t ORDER BY v")).toEqual([{ v: "a" }, { v: "b" }]);
  });

  test("a commit that fails fails all of its writers, tells nobody, and the next one works", async () => {
    let broken = true;
    const it = rig(
      (db) =>
        Object.create(db, {
          run: {
            value: (sql: string, ...params: string[]) => {
              if (sql === "COMMIT" && broken) throw new Error("disk full");
              return db.run(sql, ...params);
            },
          },
        }) as Sqlite,
    );
    const results = await Promise.allSettled([insert(it, "a"), insert(it, "b")]);
    expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
    expect([it.delivered, it.failures.length, it.db.all("SELECT v FROM t")]).toEqual([[], 1, []]);
    broken = false;
    expect(await insert(it, "a")).toBe("a");
  });

  test("who asks while a sync runs shares it when it covers them, and gets the next one otherwise", async () => {
    const it = rig();
    await insert(it, "a");
    const early = it.commits.durable();
    const shared = it.commits.durable();
    await Promise.all([early, shared]);
    expect(it.syncs).toBe(1);
    await insert(it, "b");
    await Promise.all([it.commits.durable(), insert(it, "c").then(() => it.commits.durable())]);
    expect(it.syncs).toBeGreaterThanOrEqual(2);
    await it.commits.durable();
  });
});

describe("a unit", () => {
  const insertInto = (db: Sqlite, value: string) => () => db.run("INSERT INTO t (v) VALUES (?)", value);

  test("shares its commit with those before it and those it held", async () => {
    const it = rig();
    const before = insert(it, "a");
    const unit = it.commits.unit(async (writer) => {
      await writer.write(insertInto(it.db, "b"));
      await writer.settled();
    });
    await Promise.all([before, unit, insert(it, "c")]);
    expect(it.delivered).toEqual([["a", "c"]]);
    expect(it.db.all<{ v: string }>("SELECT v FROM t").map(({ v }) => v)).toEqual(["a", "b", "c"]);
  });

  test("that fails tells who read it meanwhile, and nobody else", async () => {
    const it = rig();
    const before = insert(it, "a");
    const read = Promise.withResolvers<void>();
    const unit = it.commits.unit(async (writer) => {
      await writer.write(insertInto(it.db, "b"));
      it.commits.settled().then(read.resolve, read.reject);
      throw new Error("no");
    });
    const ends = await Promise.allSettled([unit, read.promise, before]);
    expect(ends.map((end) => end.status)).toEqual(["rejected", "rejected", "fulfilled"]);
    expect(it.db.all("SELECT v FROM t")).toEqual([{ v: "a" }]);
  });

  test("that waits for something else than its stores ends, and the others go on", async () => {
    const clock = createManualClock();
    const it = rig(undefined, clock);
    const late = Promise.withResolvers<unknown>();
    const unit = it.commits.unit((writer) => {
      it.commits
        .write(insertInto(it.db, "held"))
        .then(() => writer.write(insertInto(it.db, "late")))
        .then(late.resolve, late.reject);
      return late.promise;
    });
    const ends = Promise.allSettled([unit, late.promise]);
    await clock.advance(10_000);
    expect(await ends).toMatchObject([{ reason: { code: "timeout" } }, { reason: { code: "not_ready" } }]);
    expect(it.db.all("SELECT v FROM t")).toEqual([{ v: "held" }]);
  });

  test("is waited for by who closes", async () => {
    const it = rig();
    const gate = Promise.withResolvers<void>();
    const unit = it.commits.unit(async (writer) => {
      await gate.promise;
      await writer.write(insertInto(it.db, "a"));
    });
    const closed = it.commits.close();
    gate.resolve();
    await Promise.all([unit, closed]);
    expect(it.db.all("SELECT v FROM t")).toEqual([{ v: "a" }]);
  });
});

describe("a sync that fails", () => {
  test("promises nothing until the whole log is in the database, also to those who repeat what they said", async () => {
    const it = rig();
    let isBroken = true;
    let left = 5;
    let syncs = 0;
    const failing = Object.create(it.db, {
      syncWal: {
        value() {
          syncs += 1;
          return isBroken ? Promise.reject(new Error("no room")) : Promise.resolve();
        },
      },
      foldWal: { value: () => ({ frames: left, folded: 0 }) },
    }) as Sqlite;
    const commits = new GroupCommit<string>(failing, { deliver: () => undefined, failed: (cause) => void it.failures.push(cause) });
    await commits.write(() => it.db.run("INSERT INTO t (v) VALUES ('x')"));
    await expect(commits.durable()).rejects.toThrow();
    // The system says of a lost page only once that it is lost: a second sync that succeeds proves nothing.
    isBroken = false;
    await expect(commits.durable()).rejects.toMatchObject({ code: "disk_failed" });
    expect(syncs).toBe(1);
    left = 0;
    await commits.durable();
    await commits.write(() => it.db.run("INSERT INTO t (v) VALUES ('y')"));
    await commits.durable();
    expect(syncs).toBe(2);
  });

  test("of two at once, the younger waits for the elder: a failure is told to one of them", async () => {
    const it = rig();
    const running: ReturnType<typeof Promise.withResolvers<void>>[] = [];
    const slow = Object.create(it.db, {
      syncWal: {
        value: () => {
          running.push(Promise.withResolvers<void>());
          return running.at(-1)?.promise;
        },
      },
      foldWal: { value: () => ({ frames: 1, folded: 0 }) },
    }) as Sqlite;
    const commits = new GroupCommit<string>(slow, { deliver: () => undefined, failed: () => undefined });
    const ends: string[] = [];
    const asked: Promise<unknown>[] = [];
    const ask = async (name: string) => {
      await commits.write(() => it.db.run("INSERT INTO t (v) VALUES (?)", name));
      const kept = () => ends.push(`${name} kept`);
      const refused = () => ends.push(`${name} refused`);
      asked.push(commits.durable().then(kept, refused));
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    };
    await ask("elder");
    await ask("younger");
    expect(running.length).toBe(2);
    running[1]?.resolve();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ends).toEqual([]);
    running[0]?.reject(new Error("lost"));
    await Promise.all(asked);
    expect(ends.toSorted()).toEqual(["elder refused", "younger refused"]);
  });
});

test("a read of what is taken back is not settled", async () => {
  let isBroken = true;
  const it = rig(
    (db) =>
      Object.create(db, {
        run: {
          value: (sql: string, ...params: string[]) => {
            if (sql === "COMMIT" && isBroken) throw new Error("disk full");
            return db.run(sql, ...params);
          },
        },
      }) as Sqlite,
  );
  const written = it.commits.write(() => it.db.run("INSERT INTO t (v) VALUES ('x')"));
  const ends = await Promise.allSettled([written, it.commits.settled()]);
  expect(ends.map((end) => end.status)).toEqual(["rejected", "rejected"]);
  isBroken = false;
  await it.commits.settled();
});
