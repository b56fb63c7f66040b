/**
 * A deleted session leaves its machine too: the runner is told to forget what it keeps of it, at once or when it is there again. A session
 * that still runs there is not forgotten; it is ended first, by whoever refuses it, and asked for again.
 */
import type { Logger } from "@hapi/platform";
import type { Job, JobStore, NewJob } from "../jobs/store.ts";
import { RpcRefusal } from "../rpc/answer.ts";
import type { MachineRef, Rpc } from "../rpc/rpc.ts";
import type { MachineStore } from "./store.ts";

export const forgetKind = "session-forget";

/** Waits for its machine. */
export const forgetJob = (sessionId: string, machine: MachineRef): NewJob => ({
  kind: forgetKind,
  key: sessionId,
  subject: machine.id,
  due: null,
  data: { namespace: machine.namespace },
});

export interface ForgetsDeps {
  store: Pick<JobStore, "done" | "putOff">;
  machines: MachineStore;
  rpc: Rpc;
  log: Logger;
}

/** Tells machines which sessions they may forget. What one does not hear, or can't do yet, waits for it. */
export const forgets =
  ({ store, machines, rpc, log }: ForgetsDeps) =>
  async (jobs: readonly Job[]): Promise<void> => {
    const away = new Set<string>();
    for (const job of jobs) {
      const machine = await machines.get(job.subject ?? "");
      const isItsOwn = machine?.namespace === (job.data as { namespace: string }).namespace;
      const canHear = machine && isItsOwn && !away.has(machine.id) && rpc.has("machine", machine, "forgetSession");
      const answer = canHear ? await tell({ rpc, log }, machine, job.key) : "away";
      if (answer === "away") away.add(job.subject ?? "");
      if (answer === "done") await store.done(job);
      else await store.putOff(job, null);
    }
  };

/** `away`: it did not answer; the others wait too. */
async function tell(
  { rpc, log }: Pick<ForgetsDeps, "rpc" | "log">,
  machine: MachineRef,
  sessionId: string,
): Promise<"done" | "kept" | "away"> {
  const answer = await rpc
    .machine(machine)
    .forgetSession({ sessionId })
    .catch((cause: unknown) => {
      if (cause instanceof RpcRefusal) return { status: cause.message };
      log.info("session.forget_not_heard", { sessionId, machineId: machine.id, cause });
      return null;
    });
  if (answer === null) return "away";
  const { status } = answer;
  if (status === "forgotten" || status === "not-found") return "done";
  log.info("session.not_forgotten", { sessionId, machineId: machine.id, status: String(status) });
  return "kept";
}
