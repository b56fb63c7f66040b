/** The same story on SQLite and in memory: every answer, every event and everything that is left must be the same. */
import { expect, test } from "bun:test";
import { silentLogger } from "@hapi/platform";
import type { AgentState, LastTurn, Session } from "@hapi/protocol";
import fc from "fast-check";
import { firstPlace } from "../../src/facts/store.ts";
import { createBus } from "../../src/events/bus.ts";
import type { Stores, TransactionStores } from "../../src/stores.ts";
import { openStores } from "../../src/testing.ts";
import { MemoryDatabase } from "./memory/database.ts";
import { memoryStores } from "./memory/stores.ts";

type Step = (stores: TransactionStores, now: number) => Promise<unknown>;

const session = fc.constantFrom("s1", "s2", "s3");
const prompt = fc.constantFrom("p1", "p2", "p3", "p4");
const prompts = fc.subarray(["p1", "p2", "p3", "p4"], { minLength: 1 });
const stage = fc.constantFrom("accepted", "handed", "in-transcript", "started", "done", "failed", "interrupted", "unknown" as const);
const requestId = fc.constantFrom("r1", "r2", "r3");
const at = fc.integer({ min: 0, max: 50 });

const create = fc.tuple(session, fc.constantFrom("t1", "t2")).map(
  ([id, tag]): Step =>
    ({ sessions }) =>
      sessions.create({ id, namespace: "ns", tag, metadata: { path: "/p", host: "h" }, agentState: null, model: "opus" }),
);

const say = fc.tuple(session, fc.constantFrom("k1", "k2", undefined), fc.boolean(), fc.boolean(), fc.boolean()).map(
  ([id, key, isContent, hasTodos, isWork]): Step =>
    ({ messages }) =>
      messages.append(id, {
        content: { role: "agent", content: { key } },
        text: JSON.stringify({ role: "agent", content: { key } }),
        isContent,
        isWork,
        facts: hasTodos ? [{ kind: "turn-started" }] : [],
        ...(key === undefined ? {} : { key }),
        ...(hasTodos ? { todos: [{ id: "1", content: "do", status: "pending", priority: "low" }] } : {}),
      }),
);

const end = fc.tuple(session, fc.constantFrom<LastTurn["outcome"]>("completed", "failed", "interrupted"), prompt).map(
  ([id, outcome, localId]): Step =>
    ({ messages }) =>
      messages.append(id, {
        content: { role: "agent", content: { type: "ready" } },
        text: '{"role":"agent","content":{"type":"ready"}}',
        isContent: false,
        isWork: false,
        facts: [],
        turn: { outcome, at: 0, localId },
      }),
);

const ask = fc.tuple(session, prompt, fc.option(at), fc.boolean(), fc.boolean()).map(
  ([id, localId, later, wake, sent]): Step =>
    ({ messages }, now) =>
      messages.enqueue(id, {
        localId,
        content: { role: "user" },
        scheduledAt: later === null ? null : now + later,
        wake,
        holder: sent ? "session" : "hub",
      }),
);

const queue = fc.oneof(
  fc.tuple(session, prompts, fc.boolean()).map(
    ([id, names, steered]): Step =>
      ({ messages }) =>
        messages.consume(id, names, steered),
  ),
  fc.tuple(session, prompts).map(
    ([id, names]): Step =>
      ({ messages }) =>
        messages.indeterminate(id, names),
  ),
  fc.tuple(session, prompts).map(
    ([id, names]): Step =>
      ({ messages }) =>
        messages.requeue(id, names),
  ),
  fc.tuple(session, prompts).map(
    ([id, names]): Step =>
      ({ messages }) =>
        messages.markSent(id, names),
  ),
  fc.tuple(session, prompts).map(
    ([id, names]): Step =>
      ({ messages }) =>
        messages.returned(id, names),
  ),
  fc.tuple(session, prompts).map(
    ([id, names]): Step =>
      ({ messages }) =>
        messages.note(id, names, { code: "timeout" }),
  ),
  fc.tuple(session, prompt).map(
    ([id, name]): Step =>
      ({ messages }) =>
        messages.cancel(id, name, name),
  ),
  fc.tuple(session, prompt, stage, at).map(
    ([id, localId, said, when]): Step =>
      ({ messages }, now) =>
        messages.stage(id, { localId, stage: said, at: now - when }),
  ),
  session.map(
    (id): Step =>
      ({ messages }) =>
        messages.rest(id),
  ),
  fc.constant<Step>(async ({ messages }) =>
    (
      await messages.matured([
        { sessionId: "s1", localId: "p1" },
        { sessionId: "s2", localId: "p1" },
      ])
    ).toSorted(),
  ),
);

const state = fc.tuple(session, fc.subarray(["r1", "r2", "r3"]), fc.subarray(["r1", "r2", "r3"])).map(
  ([id, open, done]): Step =>
    ({ sessions }) =>
      sessions.updateAgentState(id, null, (): AgentState => ({
        controlledByUser: open.length > 1,
        requests: Object.fromEntries(open.map((one) => [one, { tool: "Bash", arguments: { one } }])),
        completedRequests: Object.fromEntries(
          done.map((one) => [one, { tool: "Bash", arguments: { one }, status: "approved", completedAt: 7 }]),
        ),
      })),
);

const rest = fc.oneof(
  fc.tuple(session, fc.integer({ min: 1, max: 3 })).map(
    ([id, version]): Step =>
      ({ sessions }) =>
        sessions.updateMetadata(id, version, (current) => ({ path: "/p", host: "h", name: `n${version}`, ...current })),
  ),
  fc.tuple(session, fc.boolean(), fc.constantFrom("none", "project", undefined)).map(
    ([id, active, pinned]): Step =>
      ({ sessions }, now) =>
        sessions.change(id, { active, activeAt: now, updatedAt: now, thinking: active, ...(pinned === undefined ? {} : { pinned }) }),
  ),
  fc.tuple(session, at, fc.boolean()).map(
    ([id, when, isBack]): Step =>
      ({ sessions }, now) =>
        sessions.markSeen(id, now - when, isBack),
  ),
  fc.tuple(session, session).map(
    ([from, into]): Step =>
      ({ sessions }) =>
        sessions.merge(from, into),
  ),
  session.map(
    (id): Step =>
      ({ sessions }) =>
        sessions.remove(id),
  ),
  fc.tuple(session, requestId).map(
    ([id, one]): Step =>
      ({ permissions }) =>
        permissions.saveDecision(id, one, { id: one, approved: true }),
  ),
  fc.tuple(session, requestId).map(
    ([id, one]): Step =>
      ({ permissions }) =>
        permissions.dropDecision(id, one),
  ),
  fc.tuple(session, session, prompt).map(([from, to, cut]): Step => async ({ messages, sessions }) => {
    // Only ever into a session of which nothing was said.
    if (from !== to && (await sessions.get(to))?.hasConversationContent === false && (await messages.all(to)).length === 0)
      return messages.copyHistory(from, to, cut);
  }),
);

const step = fc.oneof(
  { weight: 2, arbitrary: create },
  { weight: 4, arbitrary: say },
  { weight: 2, arbitrary: end },
  { weight: 4, arbitrary: ask },
  { weight: 6, arbitrary: queue },
  { weight: 3, arbitrary: state },
  { weight: 5, arbitrary: rest },
);

/** Without what each database makes up for itself: ids of messages, the number of a session's row, and who comes first of what came at once. */
function plain(value: unknown): unknown {
  const ids = new Map<string, string>();
  const text = JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null) return inner;
    if ("facts" in inner) return { ...inner, facts: (inner.facts as unknown[]).map((one) => JSON.stringify(one)).toSorted() };
    if (!("seq" in inner)) return inner;
    if ("content" in inner && "id" in inner) ids.set(String(inner.id), `#${String(inner.seq)}`);
    return "metadataVersion" in inner ? { ...inner, seq: 0 } : inner;
  });
  return JSON.parse([...ids].reduce((all, [id, name]) => all.replaceAll(id, name), text ?? "null"));
}

async function story(
  open: (now: () => number) => { stores: Stores; bus: ReturnType<typeof createBus> },
  steps: readonly (readonly Step[])[],
) {
  let now = 1_000_000;
  const { stores, bus } = open(() => now);
  const told: unknown[] = [];
  bus.subscribe((events) => void told.push(...events.map(({ event, seq, needs, holder }) => ({ event, seq, needs, holder }))));
  const answers: unknown[] = [];
  for (const group of steps) {
    now += 10;
    // Several are one transaction, the last of which may fail.
    if (group.length === 1) answers.push(await group[0]?.(stores, now));
    else {
      const isFailed = group.length === 3;
      const whole = stores.transaction(async (inside) => {
        for (const one of group) answers.push(await one(inside, now));
        if (isFailed) throw new Error("taken back");
      });
      await whole.catch((cause: unknown) => answers.push(String(cause)));
    }
  }
  const left: unknown[] = [];
  for (const id of ["s1", "s2", "s3"]) {
    const { messages, permissions, sessions } = stores;
    left.push(await sessions.canonicalId(id), await sessions.get(id), await messages.all(id), await permissions.waiting(id));
    left.push(
      await messages.page(id, { direction: "latest", limit: 3 }),
      await messages.deliverable(id, now),
      await messages.since(id, 1, 9, now),
    );
    left.push(await stores.facts.ofSession(id, firstPlace, 7));
    left.push(await messages.waitingRows(id, 9), await messages.handedRows(id, now, 9), await messages.hasHistory(id));
  }
  const list: Session[] = await stores.sessions.listPage("ns", null, 9);
  left.push(
    list.map(({ id }) => id),
    [...(await stores.messages.scheduledCounts("ns", now))].toSorted(),
  );
  left.push((await stores.messages.waitingToWake(now)).toSorted(), (await stores.messages.sessionsWithQueue(9)).toSorted());
  left.push(
    (await stores.log.after("ns", 0, 10_000))?.map(({ type, entity }) => [type, entity]),
    await stores.facts.after(0, 1_000),
  );
  await stores.close();
  return plain({ answers, told, left });
}

test("SQLite and memory tell the same story", async () => {
  const group = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(step) },
    { weight: 1, arbitrary: fc.tuple(step, step) },
    { weight: 1, arbitrary: fc.tuple(step, step, step) },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(group, { minLength: 1, maxLength: 40, size: "max" }), async (steps) => {
      const memory = await story((now) => {
        const bus = createBus(silentLogger);
        return { stores: memoryStores({ database: new MemoryDatabase(), bus, now }), bus };
      }, steps);
      expect(memory).toEqual(await story((now) => openStores({ now, log: silentLogger }), steps));
    }),
    { numRuns: 60 },
  );
}, 60_000);
