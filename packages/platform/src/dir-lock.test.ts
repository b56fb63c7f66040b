import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withDirLock } from "./dir-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "hapi-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = JSON.stringify(new URL("./dir-lock.ts", import.meta.url).pathname);

function run(script: string, ...args: string[]): Bun.Subprocess<"ignore", "pipe", "inherit"> {
  return Bun.spawn([process.execPath, "-e", `const { withDirLock } = await import(${module}); ${script}`, ...args], { stdout: "pipe" });
}

/** A lock as a holder leaves it that was killed. */
async function killedHolder(lock: string): Promise<void> {
  const child = run(
    `await withDirLock(process.argv[1], () => { process.stdout.write("held"); return new Promise(() => setInterval(() => 0, 1000)); });`,
    lock,
  );
  await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
}

test("a holder that was killed is not waited for", async () => {
  const lock = join(folder, "killed.lock");
  await killedHolder(lock);
  expect(existsSync(lock)).toBe(true);
  expect(await withDirLock(lock, () => "mine", { retries: 2, retryMs: 1 })).toBe("mine");
  expect(readdirSync(folder)).toEqual([]);
});

test("one that lives is, also when its name was cut off in the middle", async () => {
  const lock = join(folder, "alive.lock");
  await withDirLock(lock, async () => {
    const owner = JSON.parse(readFileSync(`${lock}.owner`, "utf8")) as { pid: number };
    expect(owner.pid).toBe(process.pid);
    await expect(withDirLock(lock, () => 1, { retries: 2, retryMs: 1 })).rejects.toMatchObject({ code: "timeout" });
    writeFileSync(`${lock}.owner`, '{"pid":');
    await expect(withDirLock(lock, () => 1, { retries: 2, retryMs: 1 })).rejects.toMatchObject({ code: "timeout" });
  });
  expect(existsSync(lock)).toBe(false);
});

test("a dead holder's name says nothing about the next folder of that name, made by someone who leaves none", async () => {
  const lock = join(folder, "foreign.lock");
  await killedHolder(lock);
  rmdirSync(lock);
  mkdirSync(lock);
  await expect(withDirLock(lock, () => 1, { retries: 2, retryMs: 1 })).rejects.toMatchObject({ code: "timeout" });
  const old = Date.now() / 1000 - 31;
  utimesSync(lock, old, old);
  expect(await withDirLock(lock, () => 1)).toBe(1);
  expect(existsSync(`${lock}.owner`)).toBe(false);
});

test("a holder that was killed before it said who it is: waited for no longer than it may take, where only HAPI takes the lock", async () => {
  const lock = join(folder, "nameless.lock");
  mkdirSync(lock);
  const options = { retries: 2, retryMs: 1, ownerWithinMs: 3_000 };
  await expect(withDirLock(lock, () => 1, options)).rejects.toMatchObject({ code: "timeout" });
  const old = Date.now() / 1000 - 4;
  utimesSync(lock, old, old);
  await expect(withDirLock(lock, () => 1, { retries: 2, retryMs: 1 })).rejects.toMatchObject({ code: "timeout" });
  expect(await withDirLock(lock, () => "mine", options)).toBe("mine");
  expect(existsSync(lock)).toBe(false);
  await withDirLock(lock, async () => {
    utimesSync(lock, old, old);
    await expect(withDirLock(lock, () => 1, options)).rejects.toMatchObject({ code: "timeout" });
  });
});

test("many that find a dead one's lock have it one after the other", async () => {
  const lock = join(folder, "many.lock");
  const counter = join(folder, "counter");
  for (let round = 0; round < 3; round++) {
    writeFileSync(counter, "0");
    await killedHolder(lock);
    const script = `const { readFileSync, writeFileSync } = await import("node:fs");
      for (let n = 0; n < 5; n++) await withDirLock(process.argv[1], async () => {
        const before = Number(readFileSync(process.argv[2], "utf8"));
        await new Promise((done) => setTimeout(done, 2));
        writeFileSync(process.argv[2], String(before + 1));
      }, { retries: 500, retryMs: 5 });`;
    const children = Array.from({ length: 4 }, () => run(script, lock, counter));
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0, 0, 0]);
    expect(readFileSync(counter, "utf8")).toBe("20");
  }
}, 30_000);
