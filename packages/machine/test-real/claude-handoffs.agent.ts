/**
 * Many handoffs each way under messages at random moments: never two Claude processes on the conversation, nothing lost or run twice. How many:
 * `HAPI_HANDOFFS` (default 4), which: `HAPI_FAULT_SEED`.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type FakeModels, startFakeModels } from "@hapi/testkit";
import { claudeWorld, isLocal, livingClaudes, REMOTE_BANNER, shownTexts } from "./claude-world.ts";

const HANDOFFS = Number(process.env["HAPI_HANDOFFS"] ?? 4);
const SEED = Number(process.env["HAPI_FAULT_SEED"] ?? 7);

let models: FakeModels;
beforeAll(async () => {
  models = await startFakeModels();
});
afterAll(() => models.close());

test(
  `${HANDOFFS} handoffs each way`,
  async () => {
    await using world = await claudeWorld(models, "local");
    const terminal = world.view({ cols: 100, rows: 30 });
    await terminal.until((screen) => screen.includes("❯"), "Claude's own screen");
    await world.until(() => isLocal(world), "local");
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, livingClaudes(world))), 5);
    const sent: { localId: string; text: string }[] = [];
    let state = SEED;
    const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
    for (let at = 0; at < HANDOFFS; at++) {
      const count = 1 + Math.floor(next() * 3);
      for (let n = 0; n < count; n++) {
        const text = `say: handoff ${at} message ${n}`;
        sent.push({ localId: await world.send(text), text });
        await new Promise((resolve) => setTimeout(resolve, next() * 300));
      }
      await terminal.until((screen) => screen.includes(REMOTE_BANNER), "the banner");
      if (next() < 0.5) await world.until(async () => (await world.row(sent.at(-1)!.localId))?.stage === "done", "answered");
      terminal.type(" ");
      terminal.type(" ");
      await world
        .until(async () => (await isLocal(world)) || null, `back in the terminal, round ${at}`)
        .catch(async (cause: unknown) => {
          // A prompt that was still queued takes over again at once; that is as it should be.
          if (!(await world.row(sent.at(-1)!.localId))?.stage) throw cause;
        });
    }
    // What waited when the terminal was taken back is held for the person there, until it is given away. On a busy machine the last keys are heard
    // after the first word, and take it back once more.
    await world.until(async () => {
      if (await isLocal(world)) await world.api.sessions.switchControl(world.sessionId, "remote");
      const rows = await world.rows();
      return sent.every(({ localId }) => rows.find((row) => row.localId === localId)?.stage === "done");
    }, "all answered");
    clearInterval(watch);
    if (process.env["HAPI_SHOW_LOG"]) console.log(world.log());
    expect(most).toBe(1);
    const said = (await shownTexts(world)).filter((text) => text.startsWith("handoff "));
    expect(said.toSorted()).toEqual(sent.map(({ text }) => text.slice("say: ".length)).toSorted());
    const asked = models.requests.filter((request) => request.op === "answer" && !request.aux).map((request) => request.user);
    for (const { text } of sent) expect({ text, times: asked.filter((user) => user?.includes(text)).length }).toEqual({ text, times: 1 });
  },
  60_000 + HANDOFFS * 20_000,
);
