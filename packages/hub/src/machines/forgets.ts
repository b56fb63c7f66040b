/**
 * A deleted session leaves its machine too: the runner is told to forget what it keeps of it, at once or when it is there again. A session
 * that still runs there is not forgotten; it is ended first, by whoever refuses it, and asked for again.
 */
import type { Logger } from "@hapi/platform";
import { RpcRefusal } from "../rpc/answer.ts";
import type { MachineRef, Rpc } from "../rpc/rpc.ts";
import type { MachineStore } from "./store.ts";

/** Deleted sessions whose machine was not told yet. */
export interface ForgetStore {
  put(entry: { sessionId: string; machineId: string; namespace: string; at: number }): Promise<void>;
  of(machineId: string, namespace: string): Promise<string[]>;
  drop(sessionId: string): Promise<void>;
}

export interface ForgetsDeps {
  store: ForgetStore;
  machines: MachineStore;
  rpc: Rpc;
  log: Logger;
}

export class Forgets {
  readonly #deps: ForgetsDeps;

  constructor(deps: ForgetsDeps) {
    this.#deps = deps;
  }

  /** Tells the machine of every deleted session it has not heard of. */
  async deliver(machineId: string): Promise<void> {
    const { store, machines, rpc } = this.#deps;
    const machine = await machines.get(machineId);
    if (!machine) return;
    for (const sessionId of await store.of(machineId, machine.namespace)) {
      if (!rpc.has("machine", machine, "forgetSession")) return;
      if (!(await this.#tell(machine, sessionId))) return;
    }
  }

  /** False when the machine did not answer: the others wait too. */
  async #tell(machine: MachineRef, sessionId: string): Promise<boolean> {
    const { store, rpc, log } = this.#deps;
    const answer = await rpc
      .machine(machine)
      .forgetSession({ sessionId })
      .catch((cause: unknown) => {
        if (cause instanceof RpcRefusal) return { status: cause.message };
        log.info("session.forget_not_heard", { sessionId, machineId: machine.id, cause });
        return null;
      });
    if (answer === null) return false;
    const { status } = answer;
    if (status === "forgotten" || status === "not-found") await store.drop(sessionId);
    else log.info("session.not_forgotten", { sessionId, machineId: machine.id, status: String(status) });
    return true;
  }
}
