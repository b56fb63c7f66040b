/**
 * Whatever fails, the conversation goes on with everything that was said: the next model request holds the whole earlier conversation, and the
 * prompt that failed stands in it exactly once. Each failure on real Claude Code and on the demo agent, with the next prompt and with Retry.
 */
import { describe, expect, test } from "bun:test";
import { machineCalls } from "@hapi/client";
import { type AgentEvent, type AgentFailure, threadKeyOf } from "@hapi/protocol";
import { isAlive } from "@hapi/platform";
import type { FakeScenario } from "@hapi/testkit";
import type { WebSession } from "./web.ts";
import { createWorld, type World } from "./world.ts";

interface Agent {
  flavor: "claude" | "demo";
  /** The newest request to the model, one line per message. */
  lastAsked(world: World): string[];
  /** Words that make the model fail once, at the beginning or in the middle of its answer; said by it, or by a connection that ends. */
  atCapacity: string;
  brokenStream: string;
  cutConnection: string;
  /** Words that take about two seconds to be answered. */
  long: string;
}

const agents: readonly Agent[] = [
  {
    flavor: "claude",
    // What the program tells the model about its surroundings is nobody's words.
    lastAsked: (world) => world.lastConversation().filter((line) => !line.startsWith("system: ")),
    atCapacity: "the words at capacity",
    brokenStream: "the words cut off",
    cutConnection: "the words on a cut line",
    long: "slow 40 50",
  },
  {
    flavor: "demo",
    lastAsked: (world) => world.lastDemoConversation(),
    atCapacity: "fail 529 x1",
    brokenStream: "say: half of an answer\nfail 500 x1",
    cutConnection: "say: half of an answer\ncut x1",
    long: "slow 40 250",
  },
];

type Fault = {
  name: string;
  words(agent: Agent): string;
  /** What the scripted model server does until the turn has ended. */
  turns?: FakeScenario["turns"];
  /** From the moment the prompt was sent; resolves when the fault is over. */
  happens(world: World, session: WebSession, localId: string): Promise<void>;
  ends: "failed" | "interrupted" | "done";
  /** What the turn is said to have failed with. */
  code?: AgentFailure["code"];
};

const failure = { status: 529, message: "Selected model is at capacity" };

const started = (session: WebSession, localId: string): Promise<unknown> =>
  session.web.until(() => session.stages(localId).includes("started"), "its turn runs");

const faults: readonly Fault[] = [
  {
    name: "the provider is at capacity",
    words: (agent) => agent.atCapacity,
    turns: [{ when: { user: "words at capacity" }, error: failure }],
    happens: async () => undefined,
    ends: "failed",
    code: "overloaded",
  },
  {
    name: "the stream breaks off",
    words: (agent) => agent.brokenStream,
    turns: [
      { when: { user: "words cut off" }, reply: [{ text: "half of an answer" }, { error: failure }] },
      // Claude Code asks for the rest by itself, once.
      { when: { user: "was cut off mid-stream" }, error: failure },
    ],
    happens: async () => undefined,
    ends: "failed",
  },
  {
    name: "the connection is cut in the middle",
    words: (agent) => agent.cutConnection,
    turns: [
      // Claude Code asks for the rest by itself, some times: until it gives up, no connection lasts.
      {
        when: { user: "words on a cut line|was cut off mid-stream" },
        reply: [{ text: "half of an answer" }, { cut: true }],
        forever: true,
      },
    ],
    happens: async () => undefined,
    ends: "failed",
    code: "network",
  },
  {
    name: "kill -9 of the agent",
    words: (agent) => agent.long,
    async happens(world, session, localId) {
      await started(session, localId);
      await world.kill(await world.agent(session.id));
    },
    ends: "interrupted",
  },
  {
    name: "kill -9 of the session process",
    words: (agent) => agent.long,
    async happens(world, session, localId) {
      await started(session, localId);
      await world.killSessionProcess(session.id);
    },
    ends: "done",
  },
  {
    name: "kill -9 of the hub",
    words: (agent) => agent.long,
    async happens(world, session, localId) {
      await started(session, localId);
      await world.killHub();
      await world.restartHub();
    },
    ends: "done",
  },
  {
    name: "loss of all processes",
    words: (agent) => agent.long,
    async happens(world, session, localId) {
      await started(session, localId);
      const agent = await world.agent(session.id);
      await world.loseAll();
      await world.until(() => !isAlive(agent), "the agent is gone");
      await world.restartHub();
      await world.startRunner();
    },
    ends: "interrupted",
  },
];

async function spawned(flavor: string): Promise<{ world: World; session: WebSession }> {
  const world = await createWorld();
  try {
    await world.startRunner();
    const [machine] = await world.web.api.machines.list();
    await machineCalls(world.web.api).spawn(machine?.id ?? "", { directory: world.cwd, agent: flavor, permissionMode: "default" });
    const session = await world.session();
    await world.web.until(() => session.value.active && session.value.metadata?.lifecycleState === "running", "running");
    return { world, session };
  } catch (cause) {
    await world[Symbol.asyncDispose]();
    throw cause;
  }
}

/** How often these words stand in what the person said. */
const said = (asked: readonly string[], words: string): number =>
  asked
    .filter((line) => line.startsWith("user: "))
    .join("\n")
    .split(words).length - 1;

const sent = (session: WebSession): string[] =>
  session.drawn.filter((line) => line.startsWith("sent: ")).map((line) => line.slice("sent: ".length));

const threadOf = (session: WebSession): unknown => session.value.metadata?.[threadKeyOf(session.value.metadata.flavor)];

/** The failing prompt after one that went well. */
async function fails(agent: Agent, fault: Fault): Promise<{ world: World; session: WebSession; localId: string; words: string }> {
  const { world, session } = await spawned(agent.flavor);
  try {
    await session.ask("remember pineapple");
    world.models.setScenario({ turns: fault.turns ?? [] });
    const words = fault.words(agent);
    const localId = await session.send(words);
    await fault.happens(world, session, localId);
    await session.finished(localId, fault.ends);
    world.models.setScenario(null);
    if (fault.code) {
      const isFailed = (event: AgentEvent): boolean => event.type === "turn-ended" && event.outcome === "failed";
      const ended = await world.web.until(() => session.history.findLast(isFailed), "its end is told");
      expect(ended).toMatchObject({ failure: { code: fault.code, retryable: true } });
    }
    return { world, session, localId, words };
  } catch (cause) {
    await world[Symbol.asyncDispose]();
    throw cause;
  }
}

/** The whole earlier conversation, each of its prompts once, and this one last. */
function expectWhole(asked: readonly string[], words: string, last: string): void {
  expect(said(asked, "remember pineapple")).toBe(1);
  expect(asked[1]).toMatch(/^assistant: .*remember pineapple/s);
  expect(said(asked, words)).toBe(1);
  expect(asked.at(-1)?.startsWith("user: ")).toBe(true);
  expect(asked.at(-1)).toContain(last);
}

for (const agent of agents) {
  describe(agent.flavor, () => {
    test.each([...faults])(
      "$name: the next prompt's request holds the whole conversation, the failed prompt once",
      async (fault) => {
        const { world, session, words } = await fails(agent, fault);
        await using _ = world;
        const thread = threadOf(session);
        await session.ask("and on");
        expectWhole(agent.lastAsked(world), words, "and on");
        expect(sent(session)).toEqual(["remember pineapple", words, "and on"]);
        expect(threadOf(session)).toBe(thread);
        const { lastStart } = await world.web.api.sessions.diagnostics(session.id);
        expect(lastStart?.used).toBe(thread as string);
      },
      120_000,
    );

    test.each(faults.filter(({ ends }) => ends !== "done"))(
      "$name: Retry sends it once, with the whole conversation before it",
      async (fault) => {
        const { world, session, localId, words } = await fails(agent, fault);
        await using _ = world;
        const thread = threadOf(session);
        await world.web.api.sessions.retry(session.id);
        await session.finished(localId);
        expect(said(agent.lastAsked(world), "remember pineapple")).toBe(1);
        expect(said(agent.lastAsked(world), words)).toBe(1);
        await session.ask("and on");
        expectWhole(agent.lastAsked(world), words, "and on");
        expect(sent(session)).toEqual(["remember pineapple", words, "and on"]);
        expect(threadOf(session)).toBe(thread);
      },
      120_000,
    );

    test("all processes are lost right after the first prompt was handed: its thread was known before, and goes on", async () => {
      const { world, session } = await spawned(agent.flavor);
      await using _ = world;
      const thread = threadOf(session);
      expect(thread).toEqual(expect.stringMatching(/.+/));
      const first = await session.send(agent.long);
      await world.web.until(() => session.stages(first).includes("handed"), "handed");
      await world.loseAll();
      await world.restartHub();
      await world.startRunner();
      await world.web.until(() => ["interrupted", "accepted", "handed", "done"].includes(session.rows[0]?.stage ?? ""), "its stage");
      await session.ask("and on");
      const asked = agent.lastAsked(world);
      expect(said(asked, agent.long)).toBe(1);
      expect(asked.at(-1)).toContain("and on");
      expect(threadOf(session)).toBe(thread);
    }, 480_000);

    test("tried again by itself: planned, shown, cancelled; then planned again and done, the prompt once", async () => {
      const { world, session } = await spawned(agent.flavor);
      await using _ = world;
      const { sessions } = world.web.api;
      await sessions.setAutoRetry(session.id, true);
      await session.ask("remember pineapple");
      world.models.setScenario({ turns: [{ when: { user: "words at capacity" }, error: failure, times: 2 }] });
      const words = agent.flavor === "demo" ? "fail 529 x2" : agent.atCapacity;
      const localId = await session.send(words);
      await session.finished(localId, "failed");
      const planned = await world.web.until(() => session.value.agentState?.retry, "planned");
      expect(planned).toMatchObject({ localId, attempt: 1, maxAttempts: 6, failureCode: "overloaded" });
      await sessions.stopRetry(session.id);
      await world.web.until(() => session.value.agentState?.retry == null, "given up");
      await sessions.retry(session.id);
      await world.web.until(() => session.value.agentState?.retry?.attempt === 1, "failed again, planned again");
      await session.finished(localId);
      expect(said(agent.lastAsked(world), words)).toBe(1);
      await session.ask("and on");
      expectWhole(agent.lastAsked(world), words, "and on");
      expect(sent(session)).toEqual(["remember pineapple", words, "and on"]);
    }, 480_000);
  });
}
