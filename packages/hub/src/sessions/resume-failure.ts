/** Why a session could not be brought back, in the words of whoever noticed, and what can be done instead. */
import { capability, AppError, CARRIES_HISTORY, mayBeginAfter, mayBranchAfter, threadKeyOf, type Session } from "@hapi/protocol";
import type { MachineStore } from "../machines/store.ts";
import type { MessageStore } from "../messages/store.ts";
import type { Rpc } from "../rpc/rpc.ts";

export interface OfferDeps {
  machines: Pick<MachineStore, "get">;
  messages: Pick<MessageStore, "hasHistory">;
  rpc: Pick<Rpc, "has">;
}

/** A branch is one of the agent's own thread: without that there is nothing to branch off from, whatever history the hub has. */
export function canFork({ metadata }: Session): boolean {
  const thread = metadata?.[threadKeyOf(metadata.flavor)];
  return capability(metadata, "fork") === true && typeof thread === "string" && thread !== "";
}

/** Without that thread its agent can be given what was said, by a runner that knows how. */
export async function offersHistory(deps: OfferDeps, { id, metadata, namespace }: Session): Promise<boolean> {
  const machineId = metadata?.machineId;
  if (!machineId || !deps.rpc.has("machine", { id: machineId, namespace }, "spawnHappySession")) return false;
  const machine = await deps.machines.get(machineId);
  return (
    machine?.namespace === namespace &&
    machine.metadata?.capabilities?.includes(CARRIES_HISTORY) === true &&
    (await deps.messages.hasHistory(id))
  );
}

export interface StartFailure {
  /** The code of whoever noticed. */
  code: string | undefined;
  message?: string | undefined;
  cause?: unknown;
}

export async function resumeFailed(deps: OfferDeps, session: Session, { code, message, cause }: StartFailure): Promise<AppError> {
  const isBranchable = canFork(session) && mayBranchAfter(code);
  const offers = isBranchable ? ["fork"] : mayBeginAfter(code) && (await offersHistory(deps, session)) ? ["history"] : [];
  return new AppError("resume_failed", message, {
    cause,
    details: { ...(code === undefined ? {} : { cause: code }), ...(offers.length > 0 ? { offers } : {}) },
  });
}
