/**
 * A restore while the hub runs: the hub is closed, the databases change places, a hub is opened on the same port. When that one can't be
 * opened, the database it had comes back. Whatever happens is written down for whoever asked.
 */
import { attempt, type Logger } from "@hapi/platform";
import { AppError, toAppError } from "@hapi/protocol";
import { type InPlace, putBack, putInPlace, writeOutcome } from "./restore.ts";

export interface SwapRequest<Running> {
  home: string;
  id: string;
  now: number;
  log: Logger;
  close(): Promise<void>;
  open(): Promise<Running>;
}

const nothing: InPlace = { keptAs: null, areSignInsKnown: true };

export async function swapDatabase<Running>(request: SwapRequest<Running>): Promise<Running> {
  const { home, id, now, log } = request;
  log.info("restore.started", { id });
  await request.close();
  let done: InPlace = nothing;
  let failure: AppError | null = null;
  let running: Running | null = null;
  try {
    done = await putInPlace(home, id, now);
    running = await request.open();
  } catch (cause) {
    failure = toAppError(cause);
    log.error("restore.failed", { id, cause });
    if (done.keptAs !== null) putBack(home, done.keptAs);
    running = await request.open();
    done = nothing;
  }
  const reason = failure?.code === "internal" && failure.cause instanceof Error ? failure.cause.message : failure?.message;
  attempt(
    () => writeOutcome(home, { id, at: now, ...done, failure: reason ?? null }),
    "the hub serves all the same; the log says how it went",
  );
  if (failure === null) log.info("restore.finished", { id, ...done });
  return running;
}
