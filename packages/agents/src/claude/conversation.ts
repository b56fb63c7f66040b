/**
 * One session's Claude, and everything the session asks of it. The fronts do the work; here is put together what holds for both: one process at a
 * time (`fronts.ts`, `start.ts`, `adopt.ts`), durable marks before bytes (`prompting.ts`), and the same answers whether a process runs or not.
 */
import { LATE, within } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import type { Conversation, DriverContext } from "../driver.ts";
import { createAdopt } from "./adopt.ts";
import { createChoices } from "./choices.ts";
import { ANSWER_MS } from "./control.ts";
import { type Core, createCore } from "./core.ts";
import { decide } from "./elicited.ts";
import { createFronts, type Fronts } from "./fronts.ts";
import { createHanding } from "./handing.ts";
import { isJson } from "./json.ts";
import { untilAlone } from "./live-sessions.ts";
import { createLookup } from "./lookup.ts";
import { createPrompting } from "./prompting.ts";
import { createStart } from "./start.ts";
import { type ClaudeContext, ownSystem, type System } from "./system.ts";
import { PATIENCE, type Patience } from "./witness.ts";

const GONE_MS = 3_000;
/** Claude repeats an answer on stdout when it takes it. */
const ANSWER_TAKEN_MS = 10_000;

export function createConversation(
  given: DriverContext,
  { answerMs = ANSWER_MS, patience = PATIENCE, system = ownSystem }: { answerMs?: number; patience?: Patience; system?: System } = {},
): Conversation {
  const context: ClaudeContext = { ...given, system };
  const core = createCore(context, patience);
  const fronts = createFronts(core, answerMs);
  const choices = createChoices(core, fronts);
  const lookup = createLookup(core, fronts);
  const driven = () => (fronts.running?.front === "remote" ? fronts.running.now : null);
  const handing = createHanding({ core, running: driven, lookup, answerMs });
  const { adopt, typedEarly } = createAdopt(core, fronts);
  const { withdraw, withdrawRetry } = handing;

  return {
    ...createStart({ core, fronts, choices }),
    adopt,
    ...createPrompting({ core, fronts, handing, lookup, answerMs }),
    withdraw,
    lookup,
    withdrawRetry,
    ...createAsking(core, fronts),
    interrupt: () => (fronts.running?.front === "local" ? fronts.running.now.interrupt() : handing.interrupt()),
    ...choices.offered,
    typed: (line) => (fronts.running?.front === "local" ? fronts.running.now.typed(line) : typedEarly(line)),
    get busy() {
      return fronts.running?.now.busy ?? false;
    },
    get front() {
      return fronts.running?.front ?? null;
    },
    get threadId() {
      return core.thread?.id ?? null;
    },
    get unknownWords() {
      return core.feed?.parser.state.unknown ?? {};
    },
    async settled() {
      const front = fronts.running?.now;
      if (front?.ending) await front.ended;
    },
    stop: (options) => stopFront(core, fronts, options),
    async [Symbol.asyncDispose]() {
      await fronts.detach();
      await core.dispose();
    },
  };
}

async function stopFront(core: Core, fronts: Fronts, options: Parameters<Conversation["stop"]>[0]): Promise<void> {
  await fronts.running?.now.stop({ graceMs: options.graceMs, interrupt: options.interrupt === true });
  const { thread } = core;
  if (thread && !(await untilAlone(core.context, thread.id, GONE_MS)))
    throw new AppError("thread_in_use", "Another process has taken this conversation");
}

/** What Claude asks, by a hook in the terminal and on its pipes when it is driven. */
function createAsking(core: Core, fronts: Fronts): Pick<Conversation, "answer"> & Required<Pick<Conversation, "onHook">> {
  return {
    async answer(requestId, given) {
      const { running } = fronts;
      if (running?.front === "local") return await running.now.hooks.answer(requestId, given);
      const open = core.requests.get(requestId);
      if (!open?.controlId || running?.front !== "remote") return "gone";
      const closed = core.requests.closed(requestId);
      const response = { subtype: "success", request_id: open.controlId, response: await decide(core.requests, open, given) };
      await running.now.send({ type: "control_response", response });
      const closing = await within(core.context.clock, ANSWER_TAKEN_MS, closed);
      if (closing === LATE || closing === null) return "sent";
      return closing.by === "remote" ? "applied" : "gone";
    },
    async onHook(payload, signal) {
      const { running } = fronts;
      if (running?.front === "local") return await running.now.hooks.onHook(payload, signal);
      // A driven Claude says everything else on its stdout; its timers only here.
      if (running && isJson(payload) && payload["hook_event_name"] === "Stop") core.background.stopped(payload);
      return {};
    },
  };
}
