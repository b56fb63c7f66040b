/**
 * What a session process that was just started does with the Claude that the host still runs, or ran: takes it over where the one before it was
 * killed, or ends in the session what ended while nobody looked.
 */
import type { HostProcess, TypedLine } from "@hapi/host";
import type { BegunByHost, Conversation, Front } from "../driver.ts";
import type { Core } from "./core.ts";
import { hasExited } from "../shared/process-end.ts";
import type { Fronts } from "./fronts.ts";
import type { LaunchMark } from "./state.ts";

const MAX_EARLY = 200;

export interface Adopt extends Pick<Conversation, "adopt"> {
  /** To be given to the terminal once that is taken over; nothing is kept when that is behind us. */
  typedEarly(line: TypedLine): void;
}

export type Adoption =
  /** There is nothing of a former launch, or its end was told. */
  | { do: "nothing" }
  /** It ended while nobody looked. `process`: whose output may not be read to its end. */
  | { do: "finish"; launchId: string; process: HostProcess | null }
  | { do: "take over"; front: Front; process: HostProcess };

/** Pure. `process`: what the host has of the last launch; `isGone`: it ended. */
export function adoptionOf(last: LaunchMark | undefined, process: HostProcess | undefined, isGone: boolean): Adoption {
  if (!last || last.over) return { do: "nothing" };
  if (!process || isGone) return { do: "finish", launchId: last.id, process: process?.kind === "pipe" ? process : null };
  return { do: "take over", front: last.front, process };
}

export function createAdopt(core: Core, fronts: Fronts): Adopt {
  /** What was typed into a Claude that is not taken up yet; null: that is behind us. */
  let early: TypedLine[] | null = [];

  function takeOverLocal(process: HostProcess, line: string | null): void {
    const local = fronts.runLocal(process, { line });
    local.takeOver();
    for (const typed of early ?? []) local.typed(typed);
  }

  async function adopt(begun?: BegunByHost): Promise<Front | null> {
    const process = begun && core.context.host.process(begun.launchId);
    if (!begun || !process || core.lastLaunch()?.id === begun.launchId) return adoptLast();
    // Nothing of a former launch lives: whoever began this one has seen to it.
    await adoptLast();
    await core.useThread(begun.threadId, { isNew: begun.how === "new" });
    await core.nextLaunch("local", begun.launchId);
    takeOverLocal(process, "");
    return "local";
  }

  async function adoptLast(): Promise<Front | null> {
    const { thread } = core;
    const last = core.lastLaunch();
    const process = last && core.context.host.process(last.id);
    if (last?.over !== true && process?.kind === "pipe") core.outputIsRead();
    if (thread) await core.useThread(thread.id, thread);
    const next = adoptionOf(last, process, process !== undefined && (await hasExited(process)));
    if (next.do === "take over") await takeOver(next);
    if (next.do === "finish") await finishUnseen(core, fronts, next);
    return next.do === "take over" ? next.front : null;
  }

  async function takeOver({ front, process }: Extract<Adoption, { do: "take over" }>): Promise<void> {
    await core.feed?.sync();
    if (front === "local") takeOverLocal(process, null);
    else await fronts.runRemote(process).takeOver();
    core.context.emit({ type: "thinking", thinking: core.thinking });
    core.background.announce();
  }

  return {
    adopt: (begun) => adopt(begun).finally(() => (early = null)),
    typedEarly(line) {
      if (early) early = [...early, line].slice(-MAX_EARLY);
    },
  };
}

async function finishUnseen(core: Core, fronts: Fronts, { launchId, process }: Extract<Adoption, { do: "finish" }>): Promise<void> {
  if (process) return await fronts.readToEnd(process);
  await core.finish({ launchId });
  core.context.emit({ type: "thinking", thinking: false });
}
