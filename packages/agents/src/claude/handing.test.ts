/** Stop while something is still on its way to the agent. */
import { expect, test } from "bun:test";
import { systemClock } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import type { Core } from "./core.ts";
import { createHanding } from "./handing.ts";
import type { RemoteFront } from "./remote-front.ts";

function open(interrupt: () => Promise<unknown>) {
  const asked: string[] = [];
  const front = {
    busy: true,
    process: { launchId: "l1" },
    send: async () => undefined,
    control: {
      async request(what: string) {
        asked.push(what);
        return await interrupt();
      },
    },
  } as unknown as RemoteFront;
  const core = { prompts: { pending: [] }, stopTurn: async () => undefined, context: { clock: systemClock } } as unknown as Core;
  const handing = createHanding({ core, running: () => front, lookup: async () => "absent", answerMs: 50 });
  // Held up by a hub that is away: its line never comes to the host.
  void handing.hand(front, () => new Promise(() => undefined));
  return { handing, asked };
}

test("the turn was stopped, what is still being handed could not be: that is no agent that answers nothing", async () => {
  const { handing, asked } = open(async () => ({}));
  await expect(handing.interrupt()).rejects.toMatchObject({ code: "not_ready" });
  expect(asked).toEqual(["interrupt"]);
});

test("an agent that does not answer Stop is told as that, also while something is being handed", async () => {
  const { handing } = open(async () => {
    throw new AppError("timeout");
  });
  await expect(handing.interrupt()).rejects.toMatchObject({ code: "timeout", message: expect.stringContaining("does not answer") });
});
