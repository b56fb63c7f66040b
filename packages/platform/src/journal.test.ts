import { afterAll, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { toAppError } from "@hapi/protocol/errors";
import { decodeLine, encodeLine, openJournal } from "./journal.ts";
import { updateSettings } from "./settings.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-journal-"));
afterAll(() => {
  if (isMounted) Bun.spawnSync(["umount", "-l", disk]);
  rmSync(root, { recursive: true, force: true });
});
let next = 0;
const fresh = () => join(root, `j${next++}`, "journal");
const big = { maxBytes: 1 << 20 };

test("what was appended is there after opening again, in order, 0600", async () => {
  const path = fresh();
  const journal = await openJournal(path, big);
  await Promise.all([1, { a: "ä\n" }, null, [true]].map((record) => journal.append(record)));
  await journal.close();
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = await openJournal(path, big);
  expect([again.recovered, again.lostLines]).toEqual([[1, { a: "ä\n" }, null, [true]], 0]);
  await again.close();
});

test("a file cut anywhere gives back a prefix, and goes on from there", async () => {
  const records = [{ n: 1 }, { text: "ünï" }, { n: 3, deep: [1, 2] }];
  const whole = records.map(encodeLine).join("");
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: Buffer.byteLength(whole) }), async (cut) => {
      const path = fresh();
      await (await openJournal(path, big)).close();
      writeFileSync(path, whole);
      truncateSync(path, cut);
      const journal = await openJournal(path, big);
      const kept = journal.recovered.length;
      expect(journal.recovered).toEqual(records.slice(0, kept));
      await journal.append("new");
      await journal.close();
      const again = await openJournal(path, big);
      expect(again.recovered).toEqual([...records.slice(0, kept), "new"]);
      await again.close();
    }),
    { numRuns: 40 },
  );
});

test("damage in the middle loses its line only, and the original is kept", async () => {
  const path = fresh();
  await (await openJournal(path, big)).close();
  const lines = [1, 2, 3].map(encodeLine);
  writeFileSync(path, `${lines[0]}x${lines[1]}${lines[2]}`);
  const journal = await openJournal(path, big);
  expect([journal.recovered, journal.lostLines]).toEqual([[1, 3], 1]);
  expect(readFileSync(`${path}.damaged`, "utf8")).toContain(`x${lines[1]}`);
  await journal.close();
  const again = await openJournal(path, big);
  expect([again.recovered, again.lostLines]).toEqual([[1, 3], 0]);
  await again.close();
});

test("a full journal is rewritten from the snapshot; one that stays full refuses", async () => {
  const path = fresh();
  let state: number[] = [];
  const journal = await openJournal(path, { maxBytes: 200, snapshot: () => state });
  for (let n = 0; n < 100; n++) {
    state = [n];
    await journal.append(n);
  }
  expect(journal.sizeBytes).toBeLessThanOrEqual(200);
  state = Array.from({ length: 15 }, (_, n) => n);
  await journal.compact();
  await expect(journal.append("x".repeat(100))).rejects.toMatchObject({ code: "journal_full" });
  await journal.append(7);
  await journal.close();
  const again = await openJournal(path, big);
  expect(again.recovered).toEqual([...state, 7]);
  await again.close();
});

test("rewritten, and then not to be opened: nothing counts as kept that only the file without a name has, and it goes on when it can", async () => {
  const path = fresh();
  let isRefused = false;
  const openFile = (name: string) =>
    isRefused ? Promise.reject(Object.assign(new Error("too many open files"), { code: "EMFILE" })) : open(name, "a", 0o600);
  const journal = await openJournal(path, { maxBytes: 1 << 20, snapshot: () => ["all"], openFile });
  await journal.append("a".repeat(100));
  isRefused = true;
  await expect(journal.compact()).rejects.toMatchObject({ code: "EMFILE" });
  await expect(journal.append("lost")).rejects.toMatchObject({ code: "EMFILE" });
  isRefused = false;
  await journal.append("kept");
  await journal.close();
  const again = await openJournal(path, big);
  expect([again.recovered, again.lostLines]).toEqual([["all", "kept"], 0]);
  await again.close();
});

test("without a snapshot nothing is forgotten", async () => {
  const journal = await openJournal(fresh(), { maxBytes: 60 });
  await journal.append("a".repeat(30));
  await expect(journal.append("b".repeat(30))).rejects.toMatchObject({ code: "journal_full" });
  await journal.close();
  await expect(journal.append(1)).rejects.toMatchObject({ code: "internal" });
});

test("lines carry their checksum", () => {
  const line = encodeLine({ a: 1 }).trimEnd();
  expect(decodeLine(line)).toEqual({ record: { a: 1 } });
  expect(decodeLine(line.replace("1}", "2}"))).toBeNull();
  expect(decodeLine("")).toBeNull();
});

test("kill -9 in the middle of appending keeps everything that was acknowledged", async () => {
  const path = fresh();
  const module = new URL("./journal.ts", import.meta.url).pathname;
  const script = `const { openJournal } = await import(${JSON.stringify(module)});
    const journal = await openJournal(process.argv[1], { maxBytes: 1e8 });
    for (let n = 0; ; n++) { await journal.append({ n, pad: "p".repeat(n % 500) }); process.stdout.write(n + "\\n"); }`;
  const child = Bun.spawn([process.execPath, "-e", script, path], { stdout: "pipe" });
  let acknowledged = "";
  for await (const part of child.stdout) {
    acknowledged += new TextDecoder().decode(part);
    if (acknowledged.split("\n").length > 60) break;
  }
  child.kill("SIGKILL");
  await child.exited;
  appendFileSync(path, "0bad half of a li");
  const journal = await openJournal(path, { maxBytes: 1e8 });
  expect(journal.recovered.length).toBeGreaterThanOrEqual(acknowledged.split("\n").length - 2);
  expect(journal.recovered.map((record) => (record as { n: number }).n)).toEqual(journal.recovered.map((_, n) => n));
  expect(existsSync(`${path}.damaged`)).toBe(false);
  await journal.close();
}, 20_000);

const disk = join(root, "disk");
mkdirSync(disk);
const isMounted =
  process.platform === "linux" &&
  Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], { stderr: "ignore" }).exitCode === 0;
if (!isMounted) process.stderr.write("\n!! No file system can be mounted here: the journal on a REAL full disk is SKIPPED.\n\n");

test.skipIf(!isMounted)(
  "a full disk: refused by its code, what was acknowledged stays readable, and it goes on when there is room",
  async () => {
    const path = join(disk, "j", "journal");
    const ballast = join(disk, "ballast");
    const kept: number[] = [];
    let snapshot: unknown[] = [];
    const journal = await openJournal(path, { maxBytes: 1 << 30, snapshot: () => snapshot });
    writeFileSync(ballast, new Uint8Array(400_000));
    const pad = "p".repeat(3_000);
    const add = async (n: number): Promise<void> => {
      await journal.append({ n, pad });
      kept.push(n);
    };
    const full = { code: "database_full" };
    let n = 0;
    const untilFull = async (): Promise<void> => {
      for (;;) {
        try {
          await add(n++);
        } catch (cause) {
          expect(cause).toMatchObject(full);
          return;
        }
      }
    };
    await untilFull();
    // Together with others, and again and again.
    expect(await Promise.allSettled([add(n++), add(n++)])).toMatchObject([{ reason: full }, { reason: full }]);
    snapshot = [{ n: 0, pad: "s".repeat(300_000) }];
    await expect(journal.compact()).rejects.toMatchObject(full);
    const beside = await openJournal(path, big);
    expect(beside.recovered.map((record) => (record as { n: number }).n)).toEqual(kept);
    expect(beside.lostLines).toBe(0);
    await beside.close();
    rmSync(ballast);
    await add(n++);
    await untilFull();
    await journal.close();
    const again = await openJournal(path, big);
    expect(again.recovered.map((record) => (record as { n: number }).n)).toEqual(kept);
    await again.close();
  },
);

test.skipIf(!isMounted)("settings and whatever else meets a full disk are said by the same code", async () => {
  const ballast = join(disk, "ballast2");
  for (let size = 1 << 20; size >= 4_096; size /= 2)
    while (statfsSync(disk).bavail * 4_096 >= size) writeFileSync(`${ballast}${size}-${statfsSync(disk).bavail}`, new Uint8Array(size));
  const refused: unknown = await updateSettings(disk, () => ({ machineId: "m" })).catch((cause: unknown) => cause);
  expect(toAppError(refused)).toMatchObject({ code: "database_full" });
  const raw = (() => {
    try {
      return writeFileSync(join(disk, "one more"), new Uint8Array(8_192));
    } catch (cause) {
      return toAppError(cause);
    }
  })();
  expect(raw).toMatchObject({ code: "database_full", status: 507 });
});
