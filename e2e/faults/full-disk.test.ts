/**
 * The machine's disk runs full in the middle of a turn, with hub, runner, session process and agent on it: what can't be kept is refused, the
 * agent lives on, and when there is room everything that was acknowledged and everything the agent said is in the history, once.
 */
import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isFinalStage } from "@hapi/core";
import { isAlive, runCommand } from "@hapi/platform";
import { checkHistory } from "@hapi/testkit";
import { createWorld, type World } from "./world.ts";

const root = mkdtempSync(join(tmpdir(), "hapi-small-"));
const disk = join(root, "d");
mkdirSync(disk);
const isMounted = process.platform === "linux" && (await runCommand(["mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", disk])).code === 0;
if (!isMounted) process.stderr.write("\n!! No file system can be mounted here: the sessions on a REAL full disk are SKIPPED.\n\n");
afterAll(async () => {
  if (isMounted) await runCommand(["umount", "-l", disk]);
  rmSync(root, { recursive: true, force: true });
});

async function worldOn(folder: string): Promise<World> {
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    const coming = createWorld({ speed: 1 });
    // The agent's own record is the truth here: it stands where there is room.
    const [place = ""] = readdirSync(folder);
    mkdirSync(join(root, "record"));
    symlinkSync(join(root, "record"), join(folder, place, ".local"));
    return await coming;
  } finally {
    if (usual === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = usual;
  }
}

/** To the last byte: what is freed meanwhile (a log that is folded back) is taken too. */
function fillUp(ballast: string): void {
  for (let n = 0, size = 8 << 20; size >= 4_096;) {
    const { bavail, bsize } = statfsSync(disk);
    if (bavail === 0) return;
    size = Math.min(size, bavail * bsize);
    writeFileSync(`${ballast}${n++}`, new Uint8Array(size));
  }
}

test.skipIf(!isMounted)(
  "a turn goes through a full disk: the agent lives on, nothing that was acknowledged or said is lost or doubled",
  async () => {
    await using world = await worldOn(disk);
    const { api, sessionId, watcher } = world;
    const accepted: { localId: string; text: string }[] = [];
    const send = async (text: string): Promise<string> => {
      const localId = crypto.randomUUID();
      await api.messages.send(sessionId, { text, localId });
      accepted.push({ localId, text });
      return localId;
    };
    const stage = (localId: string) => watcher.state.windows[sessionId]?.rows.find((row) => row.localId === localId)?.stage ?? "accepted";
    const settled = (localId: string) => watcher.until(() => isFinalStage(stage(localId)), "the turn has ended");
    await settled(await send("say: while there is room"));
    const agent = await world.session.find("agent");
    const from = watcher.events.length;
    // More than fits into what is left of the last page of the session's own files.
    const words = ["first", "second", "third"].map((name) => `think: of the ${name}\nsay: ${name} ${"w".repeat(5_000)}`);
    const long = await send(["slow 60 50", ...words].join("\n"));
    const { starts } = (await world.facts()).session;
    await watcher.event((event) => event.type === "stream" && event.delta.includes("chunk 5 "), "it speaks", from);
    const ballast = join(disk, "ballast");
    mkdirSync(ballast);
    fillUp(join(ballast, "f"));
    const refusal = await world.until(async () => {
      fillUp(join(ballast, `g${Date.now()}-`));
      const answer = api.sessions.rename(sessionId, `name ${Date.now()} ${"x".repeat(150)}`);
      return answer.then(
        () => null,
        (cause: unknown) => cause,
      );
    }, "a change is refused");
    expect(refusal).toMatchObject({ code: "database_full", status: 507 });
    expect((await api.sessions.list()).map(({ id }) => id)).toEqual([sessionId]);
    // It can't keep its facts, so it does not go on as if it could.
    await world.until(async () => (await world.facts()).session.starts > starts + 1, "the session process ends and is started again");
    expect(agent === null ? false : isAlive(agent)).toBe(true);
    rmSync(ballast, { recursive: true });
    await settled(long);
    await settled(await send("say: after it was full"));
    const history = await world.history(accepted);
    expect(checkHistory(history)).toEqual([]);
  },
  480_000,
);
