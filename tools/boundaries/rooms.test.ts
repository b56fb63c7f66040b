/** Rooms inside a package: which of its folders may import which. What is not named here has no arrow, and no two point at each other. */
import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");
const isTest = /\.(test|case)\.tsx?$/;
const IMPORT = /(?:from|import)\s*\(?\s*["'](\.[^"']+)["']/g;

const ROOMS: Record<string, Record<string, readonly string[]>> = {
  // Features know no database and no wire; `sqlite` keeps what they ask to be kept, the others carry them. `services.ts` puts them together.
  "packages/hub/src": {
    auth: [],
    events: [],
    facts: ["events"],
    peer: [],
    rpc: ["peer"],
    settings: [],
    jobs: [],
    uploads: [],
    keeping: [],
    listening: [],
    live: ["events"],
    notices: ["events", "facts"],
    permissions: ["peer", "rpc"],
    machines: ["events", "jobs", "rpc"],
    messages: ["events", "jobs", "machines", "peer", "rpc"],
    sessions: ["events", "jobs", "machines", "messages", "peer", "rpc"],
    sqlite: ["auth", "events", "facts", "jobs", "keeping", "machines", "messages", "permissions", "sessions", "uploads"],
    backup: ["events", "keeping", "sqlite"],
    sse: ["auth", "events", "live", "machines", "messages", "sessions"],
    socket: ["auth", "events", "live", "machines", "messages", "peer", "rpc", "sessions"],
    http: ["auth", "events", "facts", "keeping", "machines", "messages", "permissions", "rpc", "sessions", "settings", "sse", "uploads"],
  },
  // The app's ground knows no screen, its shell knows them all; what a feature needs from another goes by the feature's own files.
  "packages/web/src": {
    ground: [],
    i18n: ["ground"],
    ui: ["ground", "i18n", "workers"],
    sync: ["ground", "i18n", "ui"],
    features: ["ground", "i18n", "ui", "sync"],
    shell: ["ground", "i18n", "ui", "sync", "features"],
    boot: ["sync"],
    dev: ["ground", "i18n", "ui", "sync", "features"],
    schema: [],
    sw: [],
    workers: [],
  },
};

function wrongArrows(home: string, rooms: Record<string, readonly string[]>): string[] {
  const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((one) => one.isFile() && /\.tsx?$/.test(one.name));
  return files.flatMap((one) => {
    const file = join(one.parentPath, one.name);
    const [room = ""] = relative(home, file).split("/");
    // Of the package itself, not of a room: where everything is put together.
    if (!relative(home, file).includes("/") || isTest.test(file)) return [];
    return [...readFileSync(file, "utf8").matchAll(IMPORT)].flatMap(([, target = ""]) => {
      const path = relative(home, resolve(dirname(file), target));
      const [to = ""] = path.split("/");
      if (path.startsWith("..") || to === room || rooms[room]?.includes(to)) return [];
      return [`${relative(root, file)} imports ${target}`];
    });
  });
}

/** Rooms of the hub that are the database's own; files of no room put things together. */
const OF_THE_DATABASE = new Set(["sqlite", "backup"]);
const DATABASE_WORDS = /Sqlite|SQLite|\bSQL\b|PRAGMA|\bSELECT\b|\bCOMMIT\b|\bWAL\b|write-ahead|rowid|savepoint/;

test("what the hub keeps is asked for without a word of the database it is kept in", () => {
  const home = join(root, "packages/hub/src");
  const rooms = readdirSync(home, { withFileTypes: true }).filter((one) => one.isDirectory() && !OF_THE_DATABASE.has(one.name));
  const files = rooms.flatMap(({ name }) =>
    readdirSync(join(home, name), { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && !isTest.test(one.name))
      .map((one) => join(one.parentPath, one.name)),
  );
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => DATABASE_WORDS.test(readFileSync(file, "utf8"))).map((file) => relative(root, file))).toEqual([]);
});

for (const [home, rooms] of Object.entries(ROOMS)) {
  test(`the rooms of ${home} import only those they may, and none is missing here`, () => {
    expect(wrongArrows(join(root, home), rooms)).toEqual([]);
    const there = readdirSync(join(root, home), { withFileTypes: true }).filter((one) => one.isDirectory());
    expect(there.map(({ name }) => name).toSorted()).toEqual(Object.keys(rooms).toSorted());
    for (const room of Object.keys(rooms)) expect(existsSync(join(root, home, room))).toBe(true);
  });

  test(`no two rooms of ${home} lead to each other`, () => {
    const reach = (from: string, seen: Set<string> = new Set()): Set<string> => {
      for (const to of rooms[from] ?? []) if (!seen.has(to)) reach(to, seen.add(to));
      return seen;
    };
    expect(Object.keys(rooms).filter((room) => reach(room).has(room))).toEqual([]);
  });
}
