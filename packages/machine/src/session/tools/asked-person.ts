/**
 * Questions that an agent asks a person by a tool: requests of the session as the agent's own are, answered by whoever is there first. One is open as
 * long as its caller waits, whatever becomes of this process: the caller comes back with the same id, and so does the question. It is withdrawn
 * with its caller, and with a turn that does not come to its end.
 */
import type { DriverEvent, RequestAnswer } from "@hapi/agents";
import { isRecord } from "@hapi/core";
import type { AgentStateCompletedRequest } from "@hapi/protocol";

export interface Question {
  text: string;
  /** To choose from; none: the person answers in words. */
  options: readonly string[];
  isMultiple: boolean;
}

/** `null`: withdrawn; nobody waits for it. */
export type PersonsWord = { said: string } | { declined: string | null } | null;

export interface AskedPerson {
  ask(id: string, question: Question, signal: AbortSignal): Promise<PersonsWord>;
  /** Null: it is no question of these. */
  answer(requestId: string, answer: RequestAnswer): "applied" | "gone" | null;
  /** The turn that they were asked in was stopped, or failed. */
  withdraw(): void;
  readonly openCount: number;
}

export interface AskedPersonDeps {
  say(event: DriverEvent): void;
  /** How a question ended, if it was asked before: its caller may have missed the answer. */
  ended(requestId: string): AgentStateCompletedRequest | undefined;
  /** The person wants the turn to end, too. */
  interrupt(): void;
}

const PREFIX = "hapi-ask-";
const KEY = "answer";

export function createAskedPerson({ say, ended, interrupt }: AskedPersonDeps): AskedPerson {
  const waiting = new Map<string, (word: PersonsWord) => void>();

  function close(id: string, word: PersonsWord): boolean {
    const resolve = waiting.get(id);
    if (!resolve) return false;
    waiting.delete(id);
    const outcome = word === null ? "canceled" : "said" in word ? "approved" : "denied";
    say({ type: "request-closed", id, outcome, by: word === null ? "agent" : "remote" });
    resolve(word);
    return true;
  }

  return {
    async ask(callId, question, signal) {
      const id = PREFIX + callId;
      const before = ended(id);
      if (before && before.status !== "canceled") return wordOf(before);
      if (signal.aborted) return null;
      const gone = (): void => void close(id, null);
      signal.addEventListener("abort", gone, { once: true });
      const word = new Promise<PersonsWord>((resolve) => waiting.set(id, resolve));
      say({ type: "request", request: { id, kind: "question", tool: "ask_person", title: question.text, input: inputOf(question) } });
      return await word.finally(() => signal.removeEventListener("abort", gone));
    },
    answer(id, answer) {
      if (!id.startsWith(PREFIX)) return null;
      const word = answer.behavior === "deny" ? { declined: answer.reason ?? null } : { said: saidIn(answer.answers) };
      if (answer.behavior === "deny" && answer.interrupt) interrupt();
      return close(id, word) ? "applied" : "gone";
    },
    withdraw() {
      for (const id of waiting.keys()) close(id, null);
    },
    get openCount() {
      return waiting.size;
    },
  };
}

const inputOf = ({ text, options, isMultiple }: Question): object => ({
  questions: [{ id: KEY, question: text, multiSelect: isMultiple, options: options.map((label) => ({ label, description: "" })) }],
});

const wordOf = ({ status, answers, reason }: AgentStateCompletedRequest): PersonsWord =>
  status === "approved" ? { said: saidIn(answers) } : { declined: reason ?? null };

/** There is one question, by whatever name a client calls it. */
function saidIn(answers: unknown): string {
  const [given] = isRecord(answers) ? Object.values(answers) : [];
  const words = Array.isArray(given) ? given : isRecord(given) && Array.isArray(given["answers"]) ? given["answers"] : [];
  return words.map(String).join(", ");
}
