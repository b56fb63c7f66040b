import { describe, expect, test } from "bun:test";
import type { Machine } from "@hapi/protocol";
import { cpuMs } from "@hapi/testkit";
import { asksFor, NOW, testSummary } from "../../test-summary.ts";
import { listRows, matches, type ListOptions, type ListRow } from "./list.model.ts";
import { keepOrder } from "./settled-rows.ts";
import { nextRow } from "./use-list-navigation.ts";

const HOUR = 3_600_000;
const noMachines: Record<string, Machine> = {};
const rows = (sessions: ReturnType<typeof testSummary>[], options: Partial<ListOptions> = {}): ListRow[] =>
  listRows(sessions, noMachines, { now: NOW, lookout, ...options });
const lookout = { seen: {}, machines: {}, silence: null };
const shape = (list: ListRow[]): string[] =>
  list.map((row) => (row.kind === "session" ? row.summary.id : row.kind === "section" ? `#${row.key}` : row.path));

describe("the session list", () => {
  test("what waits stands on top, longest waiting first, whatever else it is", () => {
    const list = rows([
      testSummary({ id: "idle", updatedAt: NOW }),
      testSummary({ id: "late", ...asksFor("Bash", NOW - 5) }),
      testSummary({ id: "early", globalPinned: true, ...asksFor("Bash", NOW - HOUR) }),
    ]);
    expect(shape(list)).toEqual(["#waiting", "early", "late", "~/shop", "idle"]);
  });

  test("directories are groups, latest first; a worktree belongs to its repository", () => {
    const worktree = testSummary({ id: "tree", updatedAt: NOW - 10, path: "/home/ada/shop-streams" });
    worktree.metadata = {
      path: "/home/ada/shop-streams",
      machineId: "m1",
      worktree: { basePath: "/home/ada/shop", branch: "streams", name: "streams" },
    };
    const list = rows([testSummary({ id: "old" }), worktree, testSummary({ id: "new", path: "/srv/x", updatedAt: NOW })]);
    expect(shape(list)).toEqual(["/srv/x", "new", "~/shop", "tree", "old"]);
  });

  test("what is new stands above what goes on, and both above what rests; directories follow what is in them", () => {
    const turn = (outcome: "completed" | "failed", at: number) => ({ lastTurn: { outcome, at, localId: null } });
    const list = rows([
      testSummary({ id: "idle", updatedAt: NOW }),
      testSummary({ id: "works", thinking: true, updatedAt: NOW - 2 }),
      testSummary({ id: "news", updatedAt: NOW - HOUR, seenAt: 0, ...turn("completed", NOW - HOUR) }),
      testSummary({ id: "failed", updatedAt: NOW - 2 * HOUR, seenAt: 0, ...turn("failed", NOW - HOUR) }),
      testSummary({ id: "known", updatedAt: NOW - 3 * HOUR, ...turn("failed", NOW - 3 * HOUR) }),
      testSummary({ id: "calm", path: "/srv/calm", updatedAt: NOW + 1 }),
    ]);
    expect(shape(list)).toEqual(["~/shop", "failed", "news", "works", "idle", "known", "/srv/calm", "calm"]);
  });

  test("the same directory on two machines is two groups", () => {
    const list = rows([testSummary({ id: "a" }), testSummary({ id: "b", machineId: "m2" })]);
    expect(list.filter((row) => row.kind === "directory")).toHaveLength(2);
  });

  test("a session that fell silent stays a day, then moves to the inactive ones", () => {
    const silent = (hours: number) => testSummary({ id: `s${hours}`, active: false, lifecycle: "running", activeAt: NOW - hours * HOUR });
    expect(shape(rows([silent(1), silent(30)]))).toEqual(["~/shop", "s1", "#inactive", "s30"]);
  });

  test("archived ones show only when asked for, or when nothing else matches a search", () => {
    const archived = testSummary({ id: "gone", active: false, lifecycle: "archived", title: "Old attempt" });
    expect(shape(rows([archived]))).toEqual([]);
    expect(shape(rows([archived], { showArchived: true }))).toEqual(["#archived", "gone"]);
    expect(shape(rows([archived], { query: "attempt" }))).toEqual(["#archived", "gone"]);
  });

  test("a long inactive section starts closed and keeps its count", () => {
    const many = Array.from({ length: 20 }, (_, index) => testSummary({ id: `i${index}`, active: false, lifecycle: "completed" }));
    const list = rows([testSummary({ id: "on" }), ...many]);
    expect(list.at(-1)).toEqual({ kind: "section", key: "inactive", count: 20, open: false });
    expect(rows([testSummary({ id: "on" }), ...many], { sections: { inactive: true } })).toHaveLength(3 + 20);
  });

  test("10,000 sessions are listed in well under a frame's patience", () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      testSummary({ id: `n${index}`, path: `/p/${index % 60}`, active: index % 3 === 0, updatedAt: NOW - index }),
    );
    expect(cpuMs(() => rows(many, { query: "p" }))).toBeLessThan(500);
  });
});

describe("searching", () => {
  const summary = testSummary({ title: "Fix rounding in the cart", ...asksFor("mcp__git__create_branch", NOW) });
  test.each(["rounding cart", "CART fix", "shop", "create branch", "s1"])("%s finds it", (query) => {
    expect(matches(summary, query)).toBe(true);
  });
  test("every word must be there", () => {
    expect(matches(summary, "rounding bicycle")).toBe(false);
  });
});

describe("rows under a finger", () => {
  const [a, b, c] = ["a", "b", "c"].map((id) => ({ kind: "session" as const, key: id, summary: testSummary({ id }) }));
  test("keep their places, take new content, and only leave", () => {
    const fresh = { ...a!, summary: testSummary({ id: "a", thinking: true }) };
    expect(keepOrder([a!, b!], [c!, fresh])).toEqual([fresh]);
  });
});

describe("j and k", () => {
  const list = rows([
    testSummary({ id: "w", ...asksFor("Bash", NOW) }),
    testSummary({ id: "x", updatedAt: NOW }),
    testSummary({ id: "y" }),
  ]);
  test("skip headings and stop at the ends", () => {
    const w = nextRow(list, null, 1);
    expect(list[w ?? -1]?.key).toBe("w");
    expect(list[nextRow(list, "w", 1) ?? -1]?.key).toBe("x");
    expect(nextRow(list, "y", 1)).toBeNull();
    expect(list[nextRow(list, null, -1) ?? -1]?.key).toBe("y");
  });
});
