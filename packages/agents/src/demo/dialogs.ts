/**
 * What the demo agent asks on its own screen. A dialog ends with the first answer, typed here or given elsewhere (`answers.ts`), or with the turn.
 */
import type { Interface } from "node:readline/promises";
import type {
  CreateElicitationRequest,
  CreateElicitationResponse,
  RequestPermissionRequest,
  RequestPermissionResponse,
} from "@agentclientprotocol/sdk";
import type { Clock } from "@hapi/platform/lean";
import { fields, filled, list } from "../shared/read.ts";
import { takeAnswer } from "./answers.ts";
import { ASK_ID } from "./record.ts";
import { style } from "./style.ts";

export interface Dialogs {
  permission(asked: RequestPermissionRequest): Promise<RequestPermissionResponse>;
  form(asked: CreateElicitationRequest): Promise<CreateElicitationResponse>;
  /** The turn is stopped: nothing is asked any more. */
  close(): void;
}

export interface DialogsOptions {
  clock: Clock;
  keyboard: Interface;
  /** The person is gone. */
  left: AbortSignal;
  out(text: string): void;
  /** Folder of the answers from elsewhere. */
  answers?: string | undefined;
}

/** @throws when the dialog is over before a line was entered */
type Read = (words: string) => Promise<string>;

export function createDialogs({ clock, keyboard, left, out, answers }: DialogsOptions): Dialogs {
  let open: AbortController | null = null;

  /** Null: it is over without an answer. `typed` reads it here; `words`: what was answered elsewhere, for the screen. */
  async function first<R>(asked: object, typed: (read: Read) => Promise<R>, words: (answer: R) => string): Promise<R | null> {
    const over = new AbortController();
    open = over;
    const signal = AbortSignal.any([left, over.signal]);
    try {
      if (left.aborted) return null;
      const here = typed((prompt) => keyboard.question(style.yellow(prompt), { signal })).catch((cause: unknown) => {
        if (signal.aborted) return null;
        throw cause;
      });
      const answer = await Promise.race([here.then((given) => ({ given, here: true })), elsewhere<R>(asked, signal)]);
      if (answer.here || answer.given === null) return answer.given;
      // Clears what was typed of an answer, and begins a new line.
      over.abort();
      out(`${style.dim(`Answered elsewhere: ${words(answer.given)}`)}\n`);
      return answer.given;
    } finally {
      over.abort();
      open = null;
    }
  }

  async function elsewhere<R>(asked: object, signal: AbortSignal): Promise<{ given: R | null; here: false }> {
    const { sessionId, _meta } = fields(asked);
    const id = filled(fields(_meta)[ASK_ID]);
    if (answers === undefined || id === undefined) return await new Promise(() => undefined);
    // In ACP's words; the agent's side of the connection checks them.
    return { given: (await takeAnswer(answers, String(sessionId), id, { clock, signal })) as R | null, here: false };
  }

  const choices = (names: readonly string[]): void => {
    for (const [index, name] of names.entries()) out(`  ${style.bold(String(index + 1))} ${name}\n`);
  };

  return {
    async permission(asked) {
      const { options } = asked;
      choices(options.map(({ name }) => name));
      const nameOf = (id: unknown): string => options.find(({ optionId }) => optionId === id)?.name ?? "no";
      // By number; anything else is no.
      const typed = async (read: Read): Promise<RequestPermissionResponse> => {
        const number = Number((await read("Which one? ")).trim());
        const picked = options[number - 1] ?? options.find((option) => option.kind === "reject_once");
        return { outcome: picked ? { outcome: "selected", optionId: picked.optionId } : { outcome: "cancelled" } };
      };
      const answer = await first(asked, typed, ({ outcome }) => nameOf(fields(outcome)["optionId"]));
      return answer ?? { outcome: { outcome: "cancelled" } };
    },
    async form(asked) {
      const { name, options } = fieldOf(asked);
      out(`${style.bold(asked.message)}\n`);
      if (options.length > 0) choices([...options, "Skip"]);
      const typed = async (read: Read): Promise<CreateElicitationResponse> => {
        const line = (await read(options.length > 0 ? "Which one? " : "Your answer? ")).trim();
        const value = options.length > 0 ? options[Number(line) - 1] : line;
        return value ? { action: "accept", content: { [name]: value } } : { action: "decline" };
      };
      const words = (answer: CreateElicitationResponse): string => filled(fields(fields(answer)["content"])[name]) ?? "no answer";
      return (await first(asked, typed, words)) ?? { action: "cancel" };
    },
    close: () => open?.abort(),
  };
}

/** The demo agent's forms have one field: one of these words, or any. */
function fieldOf(asked: CreateElicitationRequest): { name: string; options: string[] } {
  const [[name, schema] = ["answer", {}]] = Object.entries(fields(fields(fields(asked)["requestedSchema"])["properties"]));
  return { name, options: list(fields(schema)["enum"]).map(String) };
}
