/**
 * HAPI's own tools, as the session carries them out: each acts for this session alone, by the rooms that are there. What an agent gives is a stranger's:
 * it is measured and cleaned here. Whatever goes wrong is a sentence for the agent, never the end of anything.
 */
import { basename } from "node:path";
import { isRecord } from "@hapi/core";
import { cleanLine, cleanText } from "@hapi/platform";
import { toAppError } from "@hapi/protocol";
import type { DriverLog } from "@hapi/agents";
import type { ToolAnswer, ToolCall } from "../hook-protocol.ts";
import type { AskedPerson, PersonsWord, Question } from "./asked-person.ts";
import { MAX_CAPTION_CHARS, MAX_OPTION_CHARS, MAX_OPTIONS, MAX_QUESTION_CHARS, MAX_TITLE_CHARS } from "./tool-list.ts";

const MAX_ASKED = 4;

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
  asked: Pick<AskedPerson, "ask" | "openCount">;
  /** Of a file of the session's folder. @throws AppError with what to do */
  shown(picture: { id: string; path: string; caption: string }): Promise<void>;
  log: DriverLog;
}

export interface ToolRoom {
  call(call: ToolCall, id: string, signal: AbortSignal): Promise<ToolAnswer>;
}

const refuse = (text: string): ToolAnswer => ({ text, isError: true });

/** @returns what is wrong with it, where it can't be asked */
function questionOf({ question, options = [], multiple = false }: CalledTool["given"]): Question | string {
  if (typeof question !== "string") return "ask_person needs `question`, a text.";
  const text = cleanText(question).trim();
  if (text === "" || question.length > MAX_QUESTION_CHARS) return `A question has between 1 and ${MAX_QUESTION_CHARS} characters.`;
  if (!Array.isArray(options) || options.length > MAX_OPTIONS || !options.every((one) => typeof one === "string"))
    return `\`options\` is a list of at most ${MAX_OPTIONS} texts.`;
  const labels = options.map((one) => cleanLine(one).trim());
  if (labels.some((label) => label === "" || label.length > MAX_OPTION_CHARS) || new Set(labels).size < labels.length)
    return `Each option is another one, and has between 1 and ${MAX_OPTION_CHARS} characters.`;
  return { text, options: labels, isMultiple: multiple === true };
}

function told(word: PersonsWord): ToolAnswer {
  if (word === null) return refuse("The question was withdrawn: the turn was stopped.");
  if ("said" in word) return { text: word.said === "" ? "The person agreed without a word." : `The person answered: ${word.said}` };
  return { text: word.declined ? `The person declined to answer: ${word.declined}` : "The person declined to answer." };
}

export function createOwnTools({ titled, asked, shown, log }: OwnToolsDeps): ToolRoom {
  const tools: Readonly<Record<string, Tool>> = {
    change_title({ given: { title } }) {
      if (typeof title !== "string") return refuse("change_title needs `title`, a text.");
      if (title.length > MAX_TITLE_CHARS) return refuse(`A title may have ${MAX_TITLE_CHARS} characters; this one has ${title.length}.`);
      const words = cleanLine(title).trim();
      if (words === "") return refuse("A title needs at least one character that can be seen.");
      titled(words);
      return { text: `The title is now: ${words}` };
    },
    async display_image({ id, given: { path, caption = "" } }) {
      if (typeof path !== "string" || path === "") return refuse("display_image needs `path`, of a file.");
      if (typeof caption !== "string" || caption.length > MAX_CAPTION_CHARS)
        return refuse(`A caption is a text of at most ${MAX_CAPTION_CHARS} characters.`);
      await shown({ id, path, caption: cleanLine(caption).trim() || cleanLine(basename(path)) });
      return { text: "The person sees the picture in the history of this session." };
    },
    async ask_person({ id, given, signal }) {
      const question = questionOf(given);
      if (typeof question === "string") return refuse(question);
      if (asked.openCount >= MAX_ASKED) return refuse(`${MAX_ASKED} questions are open; wait for the person's answers.`);
      return told(await asked.ask(id, question, signal));
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
