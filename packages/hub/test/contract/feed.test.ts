/** kill -9 while facts are taken: none is missed, and only the one that was in its hands comes twice. */
import { expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger, systemClock } from "@hapi/platform";
import { openStores } from "../../src/testing.ts";

test("a consumer that is killed again and again takes everything, in order", async () => {
  const home = mkdtempSync(join(tmpdir(), "hapi-feed-"));
  const path = join(home, "db");
  const { stores, close } = openStores({ path, now: () => systemClock.now(), log: silentLogger });
  const created = await stores.sessions.create({ namespace: "ns", tag: "t", metadata: null, agentState: null });
  const id = created.kind === "conflict" ? "" : created.session.id;
  await stores.facts.cursor("killed");
  const last = 40;
  for (let seq = 1; seq <= last; seq++)
    await stores.messages.append(id, { content: {}, text: "{}", isContent: false, isWork: false, facts: [{ kind: "turn-started" }] });
  await close();
  const taken = join(home, "taken");
  let kills = 0;
  for (let isOver = false; !isOver;) {
    const killAt = kills < 5 ? 3 + 2 * kills : 0;
    const child = Bun.spawn([process.execPath, join(import.meta.dir, "feed-process.ts"), path, taken, String(killAt), String(last)]);
    isOver = (await child.exited) === 0;
    if (!isOver) {
      expect(child.signalCode).toBe("SIGKILL");
      kills += 1;
    }
  }
  expect(kills).toBe(5);
  const lines = readFileSync(taken, "utf8").trim().split("\n").map(Number);
  expect([...new Set(lines)]).toEqual(Array.from({ length: last }, (_, at) => at + 1));
  expect(lines).toEqual(lines.toSorted((a, b) => a - b));
  expect(lines.length).toBe(last + kills);
  rmSync(home, { recursive: true, force: true });
}, 60_000);
