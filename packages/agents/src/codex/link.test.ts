/** A server that takes connections and never answers, as one does that is stopped. */
import { expect, test } from "bun:test";
import { createManualClock } from "@hapi/testkit";
import { openLink, type OpenWire, type Wire, type WireEvents } from "./link.ts";
import { openScripted } from "./scripted.case.ts";
import { newTurn } from "./state.ts";

test("a connection that does not open ends in time; opening late all the same, it is closed, and nobody hears of it", async () => {
  const clock = createManualClock(1_000);
  const opened = Promise.withResolvers<Wire>();
  const told: string[] = [];
  let events: WireEvents | undefined;
  const open: OpenWire = (_, to) => {
    events = to;
    return opened.promise;
  };
  const heard = { heard: () => told.push("heard"), garbage: () => told.push("garbage"), closed: () => told.push("closed") };
  const opening = openLink("/s", { open, clock, events: heard }).catch((cause: unknown) => cause);
  await clock.advance(15_000);
  expect(await opening).toMatchObject({ code: "timeout" });
  const closed = Promise.withResolvers<void>();
  opened.resolve({ send: () => undefined, close: () => (events?.closed(), closed.resolve()) });
  await closed.promise;
  events?.message("{}");
  expect(told).toEqual([]);
});

test("a server that nobody can talk to after a kill of the session process is ended with its screen, and so is its turn", async () => {
  const codex = openScripted({ turn: { ...newTurn("t1", false), begun: true, localIds: ["p1"] } });
  // It says no to whoever says hello.
  codex.answers["initialize"] = () => ({ error: { code: -1, message: "no" } });
  expect(await codex.conversation.adopt()).toBeNull();
  expect([codex.server.signals, codex.screen.signals]).toEqual([["SIGTERM"], ["SIGTERM"]]);
  expect(codex.events.find((event) => event.type === "terminal-closed")).toMatchObject({ expected: true });
  expect(codex.events.find((event) => event.type === "record" && event.event.type === "turn-ended")).toMatchObject({
    event: {
      outcome: "interrupted",
      localIds: ["p1"],
      failure: { code: "agent_exited", message: "Codex did not answer any more, and was ended: no", retryable: true },
    },
  });
  expect(codex.kept()).toMatchObject({ turn: null, unread: "t1" });
});
