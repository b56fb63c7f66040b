/**
 * Asks the agent to give a prompt back, once at a time: who asks too waits for the same answer. The hub does not wait as long as an agent may take.
 */
import type { DriverPrompt } from "@hapi/agents";
import { type Clock, LATE, within } from "@hapi/platform";

/** The hub waits 500 ms for the answer to a cancellation. */
const WITHDRAW_WAIT_MS = 400;

export interface PromptAgent {
  readonly busy: boolean;
  prompt(prompt: DriverPrompt): Promise<void>;
  lookup(localId: string): Promise<"present" | "absent" | "unknown">;
  withdraw(localId: string): Promise<Withdrawal>;
}

export type Withdrawal = "removed" | "consumed" | "unknown";

export interface Withdrawals {
  /** `late`: the answer comes after the time in which the hub hears it; `removed` then goes to `onLate`. */
  inTime(localId: string): Promise<Withdrawal | "late">;
}

export interface WithdrawalsDeps {
  agent: Pick<PromptAgent, "withdraw">;
  clock: Clock;
  /** The agent gave it back after all. */
  onLate(localId: string): Promise<void>;
  /** For what nobody waits for. */
  loosely(written: Promise<void>): void;
}

export function createWithdrawals({ agent, clock, onLate, loosely }: WithdrawalsDeps): Withdrawals {
  /** Asked of the agent, not answered yet. */
  const asked = new Map<string, Promise<Withdrawal>>();

  function withdraw(localId: string): Promise<Withdrawal> {
    const answer =
      asked.get(localId) ??
      agent
        .withdraw(localId)
        .catch(() => "unknown" as const)
        .finally(() => asked.delete(localId));
    asked.set(localId, answer);
    return answer;
  }

  return {
    async inTime(localId) {
      const answer = withdraw(localId);
      const result = await within(clock, WITHDRAW_WAIT_MS, answer);
      if (result !== LATE) return result;
      loosely(answer.then((came) => (came === "removed" ? onLate(localId) : undefined)));
      return "late";
    },
  };
}
