/**
 * What is handed to a driven Claude, and what is asked back of it: by its sender, with a retry that is given up, or when a person stops
 * everything. What was taken back does not run, what runs is said to run, and a Claude that does not read holds nobody up.
 */
import { LATE, within } from "@hapi/platform/lean";
import { AppError } from "@hapi/protocol";
import type { Conversation } from "../driver.ts";
import { ANSWER_MS } from "./control.ts";
import type { Core } from "./core.ts";
import type { AskedBack } from "./prompts.ts";
import { type RemoteFront, TURN_ONLY } from "./remote-front.ts";
import { commitMarks, type PendingPrompt } from "./state.ts";

/** What becomes of a prompt that was asked back stands on stdout beside the answer. */
const FATE_MS = 5_000;
const NOT_HANDED = "A prompt is still on its way to the agent and could not be taken back. Try again, or end the session";

export interface Handing extends Pick<Conversation, "withdraw" | "withdrawRetry" | "interrupt"> {
  /** Runs `work`, which sends one line; others wait with taking back until that line is with the host. */
  hand<T>(front: RemoteFront, work: (send: RemoteFront["send"]) => Promise<T>): Promise<T>;
  /** False: it takes longer than an answer may. */
  inTime(work: Promise<unknown>): Promise<boolean>;
}

export interface HandingDeps {
  core: Core;
  /** The driven Claude, while one runs. */
  running(): RemoteFront | null;
  lookup: Conversation["lookup"];
  answerMs?: number;
}

export function createHanding({ core, running, lookup, answerMs = ANSWER_MS }: HandingDeps): Handing {
  const { context } = core;

  /**
   * What is being handed, until its line is with the host: taking back waits for that, or its own line would come before. From there on lines
   * keep their order, and a Claude that does not read them is not waited for.
   */
  let handing: Promise<unknown> = Promise.resolve();

  async function hand<T>(front: RemoteFront, work: (send: RemoteFront["send"]) => Promise<T>): Promise<T> {
    const sent = Promise.withResolvers<void>();
    const mine = work((line, inputId) => {
      const written = front.send(line, inputId);
      sent.resolve();
      return written;
    });
    handing = Promise.allSettled([handing, Promise.race([sent.promise, mine])]);
    return await mine;
  }

  const inTime = async (work: Promise<unknown>): Promise<boolean> => (await within(context.clock, answerMs, work)) !== LATE;

  /** False: something is still being handed, held up by a hub that is away for long. */
  const handedAll = (): Promise<boolean> => inTime(handing);

  /** Handed to the process that runs, and not in its record. */
  function open(front: RemoteFront): PendingPrompt[] {
    return core.prompts.pending.filter((prompt) => prompt.launchId === front.process.launchId && !prompt.recorded);
  }

  /**
   * Measured on 2.1.329: what it has just taken from its queue and not begun, it drops as well, but answers that it did not; the lifecycle of the
   * prompt says right after which of the two it is.
   */
  async function takeBack(front: RemoteFront, { uuid, begun }: PendingPrompt, why: AskedBack): Promise<"removed" | "consumed" | "unknown"> {
    if (begun) return "consumed";
    const fate = core.prompts.fate(uuid, why);
    try {
      const answer = await front.control.request("cancel_async_message", { message_uuid: uuid });
      if (answer["cancelled"] === true) {
        core.prompts.cancelled(uuid);
        await commitMarks(context, core.prompts.mark());
      }
      const said = await within(context.clock, FATE_MS, fate);
      if (said === LATE && why !== "withdraw" && !front.busy) {
        // Neither dropped nor begun: Claude has nothing of it, and nothing else would end it.
        core.prompts.cancelled(uuid);
        await commitMarks(context, core.prompts.mark());
        return "removed";
      }
      return said === LATE ? "unknown" : said === "begun" ? "consumed" : "removed";
    } finally {
      core.prompts.askedBack(uuid);
    }
  }

  async function withdraw(localId: string): Promise<"removed" | "consumed" | "unknown"> {
    if (!(await handedAll())) return "unknown";
    const pending = core.prompts.find(localId);
    const front = running();
    if (!pending || !front || !open(front).includes(pending)) return (await lookup(localId)) === "present" ? "consumed" : "unknown";
    try {
      return await takeBack(front, pending, "withdraw");
    } catch (cause) {
      if (isUnanswered(cause)) return "unknown";
      throw cause;
    }
  }

  async function withdrawRetry(): Promise<"removed" | "consumed" | "none"> {
    if (!(await handedAll())) throw new AppError("timeout", NOT_HANDED);
    const front = running();
    if (!front) return "none";
    // Nothing else is handed while a retry is on its way.
    const fates = await Promise.all(open(front).map((prompt) => takeBack(front, prompt, "retry"))).catch(unanswered);
    if (front.busy || fates.some((fate) => fate !== "removed")) return "consumed";
    return fates.length === 0 ? "none" : "removed";
  }

  async function interrupt(): Promise<void> {
    const isAllThere = await handedAll();
    const front = running();
    if (!front) return;
    // Of what is not there yet nothing can be taken back; what runs is ended all the same.
    const handed = isAllThere ? open(front) : [];
    if (handed.length > 0 || front.busy) {
      await core.stopTurn();
      // In this order: what can't be taken back has begun by then, and is interrupted.
      const taken = handed.map((prompt) => takeBack(front, prompt, "stop"));
      await Promise.all([...taken, front.control.request("interrupt", TURN_ONLY)]).catch(unanswered);
    }
    // Not `timeout`: that is a Claude which answers nothing, and is ended for it.
    if (!isAllThere) throw new AppError("not_ready", NOT_HANDED);
  }

  return { hand, inTime, withdraw, withdrawRetry, interrupt };
}

const isUnanswered = (cause: unknown): boolean => cause instanceof AppError && cause.code === "timeout";

/** Its line stands behind what Claude has not read yet, and is obeyed when it reads again. */
function unanswered(cause: unknown): never {
  if (isUnanswered(cause))
    throw new AppError(
      "timeout",
      "The agent does not answer. What was asked of it happens when it goes on; if it does not, End session ends it at once",
      { cause },
    );
  throw cause;
}
