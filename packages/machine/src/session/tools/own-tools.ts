/**
 * HAPI's own tools, as the session carries them out: each acts for this session alone, by the rooms that are there. What an agent gives is a stranger's:
 * it is measured and cleaned here. Whatever goes wrong is a sentence for the agent, never the end of anything.
 */
import { isRecord } from "@hapi/core";
import { cleanLine } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";
import type { DriverLog } from "@hapi/agents";
import type { ToolAnswer, ToolCall } from "../hook-protocol.ts";
import { MAX_TITLE_CHARS } from "./tool-list.ts";

/** One call. `id` is the same when it comes again after a restart of this process; `signal`: nobody waits any more. */
export interface CalledTool {
  id: string;
  given: Readonly<Record<string, unknown>>;
  signal: AbortSignal;
}

type Tool = (call: CalledTool) => Promise<ToolAnswer> | ToolAnswer;

export interface OwnToolsDeps {
  /** The agent chose it: what it calls the conversation by itself does not replace it. */
  titled(title: string): void;
  log: DriverLog;
}

export interface ToolRoom {
  call(call: ToolCall, id: string, signal: AbortSignal): Promise<ToolAnswer>;
}

const refuse = (text: string): ToolAnswer => ({ text, isError: true });

export function createOwnTools({ titled, log }: OwnToolsDeps): ToolRoom {
  const tools: Readonly<Record<string, Tool>> = {
    change_title({ given: { title } }) {
      if (typeof title !== "string") return refuse("change_title needs `title`, a text.");
      if (title.length > MAX_TITLE_CHARS) return refuse(`A title may have ${MAX_TITLE_CHARS} characters; this one has ${title.length}.`);
      const words = cleanLine(title).trim();
      if (words === "") return refuse("A title needs at least one character that can be seen.");
      titled(words);
      return { text: `The title is now: ${words}` };
    },
  };

  return {
    async call({ name, arguments: given }, id, signal) {
      const tool = Object.hasOwn(tools, name) ? tools[name] : undefined;
      if (!tool) return refuse(`This version of HAPI has no tool ${cleanLine(name).slice(0, 100)}.`);
      try {
        const answer = await tool({ id, given: isRecord(given) ? given : {}, signal });
        log.info("tool.called", { tool: name, refused: answer.isError ?? false });
        return answer;
      } catch (cause) {
        const { code, message } = toAppError(cause);
        log.warn("tool.failed", { tool: name, code, cause });
        return refuse(message);
      }
    },
  };
}
