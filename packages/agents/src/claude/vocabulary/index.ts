/** Every word of Claude Code that is known here, by where it stands. */
import { ATTACHMENTS } from "./attachments.ts";
import { CONTROLS } from "./control.ts";
import { HOOKS } from "./hooks.ts";
import { BLOCKS, LINES } from "./lines.ts";
import { MESSAGES, REQUESTS } from "./messages.ts";
import { SYSTEM } from "./system.ts";
import type { Words } from "./words.ts";

export interface Table {
  /** As the tool that reads a program names it. */
  kind: "lines" | "blocks" | "system" | "attachments" | "messages" | "requests" | "controls" | "hooks";
  title: string;
  words: Words;
}

export const TABLES: readonly Table[] = [
  { kind: "lines", title: "Lines of a transcript", words: LINES },
  { kind: "blocks", title: "Blocks of an answer", words: BLOCKS },
  { kind: "messages", title: "Messages on stdout", words: MESSAGES },
  { kind: "system", title: "`system`, on stdout and in transcripts", words: SYSTEM },
  { kind: "attachments", title: "Attachments in a transcript", words: ATTACHMENTS },
  { kind: "requests", title: "Control requests of Claude's", words: REQUESTS },
  { kind: "controls", title: "Control requests to Claude", words: CONTROLS },
  { kind: "hooks", title: "Hooks", words: HOOKS },
];
