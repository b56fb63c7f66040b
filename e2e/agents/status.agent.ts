/** What the glance says of a real Claude: a failed turn is failed everywhere, a tool's time is its own, and the gauge has its figures. */
import { expect, test } from "bun:test";
import { createTimeline, sessionStatus, statusWord } from "@hapi/core";
import { BANNER, shows } from "./tui.ts";
import { createWorld } from "./world.ts";

test("done, seen, a failure that waiting can't cure, and an approval that took its time", async () => {
  await using world = await createWorld();
  const { terminal, session } = await world.start("claude --hapi-starting-mode remote");
  await shows(terminal, BANNER);
  const { api } = world.web;
  const summary = () => world.web.state.summaries[session.id];
  const word = (): string | null => {
    const now = summary();
    return now ? statusWord(sessionStatus(now)) : null;
  };
  const timeline = () => {
    const window = world.web.state.windows[session.id];
    const { agentState } = session.value;
    return createTimeline().update({ messages: [...(window?.rows ?? []), ...(window?.queued ?? [])], agentState });
  };

  await session.ask("hello");
  await session.idle();
  await world.web.until(() => word() === "Done", "done and unread");
  const { usage } = timeline();
  expect(usage?.contextTokens).toBeGreaterThan(0);
  expect(usage?.contextWindow).toBeGreaterThan(usage?.contextTokens ?? 0);
  await api.sessions.seen(session.id, summary()?.lastTurn?.at ?? 0);
  await world.web.until(() => word() === "Idle", "seen");

  const allowed = await session.send("run: touch allowed");
  const request = await session.request();
  await world.web.until(() => word() === "Waiting", "waiting");
  const askedAt = request.createdAt ?? 0;
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  await api.permissions.approve(session.id, request.id, { decision: "approved" });
  await session.finished(allowed);
  await session.turns(2);
  const [tool] = timeline().items.flatMap((item) => (item.type === "tool" ? [item] : []));
  const closed = Object.values(session.value.agentState?.completedRequests ?? {})[0];
  const wall = (closed?.completedAt ?? 0) - askedAt;
  expect(wall).toBeGreaterThanOrEqual(4_000);
  const result = session.history.find((event) => event.type === "tool-result");
  expect(result).toMatchObject({ waitedMs: wall });
  expect(tool?.durationMs).toBeLessThan(wall);

  const refusal = { status: 401, message: "invalid x-api-key" };
  world.models.setScenario({ turns: [{ when: { user: "refused-words" }, error: refusal }] });
  const failed = await session.send("refused-words");
  await session.finished(failed, "failed");
  await world.web.until(() => word() === "Failed", "failed");
  const listed = (await api.sessions.list()).find(({ id }) => id === session.id);
  expect(listed).toMatchObject({
    lastTurn: { outcome: "failed", code: "auth", retryable: false, localId: failed },
    status: { what: "failed", code: "auth", cure: true, unread: true },
  });
}, 480_000);
