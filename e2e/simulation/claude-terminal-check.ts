/** What must be true of a terminal besides: of the words that were entered there, of its turns, and of what it asked. */
import { decodeContent } from "@hapi/core";
import type { AgentEvent } from "@hapi/protocol";
import type { Violation } from "@hapi/testkit";
import type { ClaudeRecord } from "./claude-record.ts";
import type { Told } from "./sim-agent.ts";

const bare = (words: string): string => words.replace(/\s/g, "");

export function checkTerminal(record: ClaudeRecord, { rows, state, thinking }: Told): Violation[] {
  const events = rows.flatMap((row) => decodeContent(row.content, { id: row.id }));
  const open = Object.keys(state?.requests ?? {});
  return [
    ...record.brokenOff.map((what) => ({ kind: "turn-broken-off" as const, what })),
    ...checkWords(record, events),
    ...open.map((id) => ({ kind: "answer-untrue" as const, what: `${id} is still asked, and nobody waits for its answer` })),
    ...(thinking && record.atWork.size === 0 ? [{ kind: "turn-unended" as const, what: "it is shown as working, and nothing works" }] : []),
  ];
}

/** Each stands once in the history if Claude wrote it down, and is named as not sent if it was left in the terminal. */
function checkWords({ typed, halfTyped }: ClaudeRecord, events: readonly AgentEvent[]): Violation[] {
  const shown = events.flatMap((event) => (event.type === "user-message" && event.localId === undefined ? [event.text] : []));
  const notices = events.flatMap((event) => (event.type === "notice" ? [event] : []));
  const named = bare(notices.map((event) => JSON.stringify(event)).join(""));
  const isNamed = (words: string): boolean => words.split("\n").every((part) => named.includes(bare(part)));
  const isDoubtful = notices.some(({ code }) => code === "entered_uncertain" || code === "half_typed_lost");
  const found: Violation[] = [];
  for (const text of new Set(typed.filter(({ how }) => how === "stands").map((one) => one.text))) {
    const wanted = typed.filter((one) => one.how === "stands" && one.text === text).length;
    const count = shown.filter((one) => one === text).length;
    if (count < wanted)
      found.push({ kind: "words-lost", what: `"${text}" stands in the record ${wanted} times and is shown ${count} times` });
    if (count > typed.filter((one) => one.text === text).length)
      found.push({ kind: "prompt-doubled", what: `"${text}" is shown ${count} times` });
  }
  const unsent = [...typed.filter(({ how }) => how === "left").map(({ text }) => text), ...halfTyped];
  for (const text of unsent)
    if (!isNamed(text) && !isDoubtful) found.push({ kind: "words-lost", what: `"${text}" was left in the terminal, and nobody was told` });
  return found;
}
