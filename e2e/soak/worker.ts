/**
 * One person's day with one session: prompts of several kinds, some two at a time, through the client's outbox; every question answered; a
 * pause; and again until it is told to stop. Keeps what was accepted, for the checker.
 */
import { randomUUID } from "node:crypto";
import { isFinalStage } from "@hapi/core";
import { delay } from "@hapi/platform";
import { type PromptStage, toAppError } from "@hapi/protocol";
import { seededRandom } from "@hapi/testkit";
import type { SessionPlace } from "../faults/session-place.ts";
import type { World } from "../faults/world.ts";

export interface Worker {
  readonly session: SessionPlace;
  readonly accepted: { localId: string; text: string }[];
  /** Files the agent was allowed to write, by prompt. */
  readonly files: ReadonlyMap<string, string>;
  readonly stages: ReadonlyMap<string, PromptStage>;
  readonly answers: number;
  /** Rejects when the day goes wrong, and never resolves. */
  readonly failed: Promise<never>;
  /** Ends when every prompt that was begun has come to its end. */
  stop(): Promise<void>;
}

/** A prompt that has not ended by then never will. */
const PROMPT_WITHIN_MS = 120_000;
const LOOK_EVERY_MS = 150;

/** The hub may be away for a moment, and so may the way to it; anything else ends the run. */
function whileAway(cause: unknown): undefined {
  const error = toAppError(cause);
  if (!error.retryable) throw error;
}

export function startWorker(world: World, session: SessionPlace, seed: number, name: string): Worker {
  const random = seededRandom(seed);
  const accepted: { localId: string; text: string }[] = [];
  const files = new Map<string, string>();
  const stages = new Map<string, PromptStage>();
  let turn = 0;
  let answers = 0;
  let stopping = false;

  function text(): { text: string; file: string | null } {
    const number = `${name}-${++turn}`;
    const kind = random();
    // Streamed three words at a time; each text is said once in a session, so that it can be found again.
    if (kind < 0.55) return { text: `say: ${"some words ".repeat(5 + Math.floor(random() * 40))}${number}`, file: null };
    if (kind < 0.8) {
      const file = `f-${number}.md`;
      return { text: `think: of ${number}\nwrite ${file}: by ${number}\nsay: wrote ${number}`, file };
    }
    if (kind < 0.9) return { text: `todo: +a ${number},*b\nrun: echo ${number}\nsay: ran ${number}`, file: null };
    if (kind < 0.95) return { text: `fail 529: overloaded ${number}`, file: null };
    return { text: `think: ${"long ".repeat(400)}${number}\nsay: thought ${number}`, file: null };
  }

  async function give(): Promise<string> {
    const localId = randomUUID();
    const prompt = text();
    if (prompt.file !== null) files.set(localId, prompt.file);
    await world.client.give({ localId, sessionId: session.id, text: prompt.text });
    accepted.push({ localId, text: prompt.text });
    return localId;
  }

  /** Answers what is asked, also when somebody else may have. */
  async function answer(): Promise<void> {
    const { agentState } = await world.api.sessions.get(session.id);
    for (const id of Object.keys(agentState?.requests ?? {})) {
      const { status } = await world.person.permissions.approve(session.id, id, { decision: "approved" });
      if (status !== "closed") answers += 1;
    }
  }

  async function stageOf(localId: string): Promise<PromptStage | undefined> {
    const { messages } = await world.api.messages.page(session.id, { limit: 60 });
    return messages.find((row) => row.localId === localId)?.stage;
  }

  async function ended(localId: string): Promise<void> {
    for (const deadline = Date.now() + PROMPT_WITHIN_MS; ;) {
      const stage = await answer()
        .then(() => stageOf(localId))
        .catch(whileAway);
      if (stage !== undefined) stages.set(localId, stage);
      if (stage !== undefined && (isFinalStage(stage) || stage === "unknown")) return;
      if (Date.now() > deadline) throw new Error(`a prompt of ${name} stays at ${stage ?? "nowhere"}: ${localId}\n${world.log()}`);
      await delay(LOOK_EVERY_MS);
    }
  }

  async function work(): Promise<void> {
    while (!stopping) {
      const given = [await give()];
      if (random() < 0.2) given.push(await give());
      for (const localId of given) await ended(localId);
      await delay(random() * 1_500);
    }
  }
  const working = work();
  const failed = working.then(() => new Promise<never>(() => undefined));

  return {
    session,
    failed,
    accepted,
    files,
    stages,
    get answers() {
      return answers;
    },
    async stop() {
      stopping = true;
      await working;
    },
  };
}
