/**
 * What a parser says while it reads one line, and the turn it has open. Keys are the line's uuid and the place in it. Readers of the several kinds
 * of lines write through this.
 */
import { cutText } from "@hapi/core";
import { type AgentEvent, type AgentFailure, noticeWords, type TurnOutcome } from "@hapi/protocol";
import type { Json } from "./json.ts";
import type { Notice } from "./notices.ts";
import { MAX_FIRST_WORDS, type ParserState } from "./parser-state.ts";
import { countUnknown } from "../shared/unknown-words.ts";
import { rawKey, rawOf } from "./raw-rows.ts";
import { afterPrompt } from "./rewinds.ts";
import { bounded } from "./tool-results.ts";
import type { Parsed, ParserContext } from "./transcript-parser.ts";
import { type Words, wordOf } from "./vocabulary/words.ts";

/** `entrypoint` of the lines of a Claude in the terminal. */
export const CLI = "cli";

export interface ParserWriter {
  readonly context: ParserContext;
  readonly state: ParserState;
  /** The sub-agent's call, for events of its file. */
  readonly family: { parent?: string };
  /** Begins a line; `at` is its time. */
  begin(at: number | undefined): void;
  readonly out: Parsed;
  /** The line's own time; 0 where it has none. */
  readonly at: number;
  emit(key: string, event: AgentEvent): void;
  /** A notice under the line's own key. */
  say(uuid: string, notice: Notice, command?: string): void;
  keepRaw(place: string, name: unknown, line: Json, key?: string): void;
  /** True: not to be read. Decided so, or of no table and kept raw. */
  passesOver(table: Words, place: string, name: unknown, line: Json, key?: string): boolean;
  startTurn(uuid: string, localIds: string[]): void;
  closeTurn(outcome: TurnOutcome, more?: { failure?: AgentFailure; durationMs?: number }): void;
  /** Answers the local id, where the prompt is one of ours. */
  userMessage(uuid: string, text: string, line: Json): string | null;
  prompt(line: Json, uuid: string, text: string, merged: readonly string[]): void;
  noteBranch(line: Json, uuid: string, text: string): void;
}

export function createParserWriter(context: ParserContext, state: ParserState): ParserWriter {
  const { parent } = context;
  const family = parent === undefined ? {} : { parent };
  let out: Parsed = { records: [], facts: [] };
  let at: number | undefined;

  function emit(key: string, event: AgentEvent): void {
    out.records.push({ key, event, ...(at === undefined ? {} : { at }) });
  }

  function say(uuid: string, notice: Notice, command?: string): void {
    emit(`${uuid}:0`, { type: "notice", id: uuid, ...notice, ...(command ? { command } : {}), ...family });
  }

  /** A word that no table names is never dropped in silence. */
  function keepRaw(place: string, name: unknown, line: Json, key = rawKey(line)): void {
    state.unknown ??= {};
    if (countUnknown(state.unknown, place, name)) emit(key, { type: "unknown", id: key, raw: rawOf(line), ...family });
  }

  /** True: decided about, and not to be read. */
  function passesOver(table: Words, place: string, name: unknown, line: Json, key?: string): boolean {
    const word = wordOf(table, name);
    if (!word) keepRaw(place, name, line, key);
    return word?.fate === "ignored" || !word;
  }

  function startTurn(uuid: string, localIds: string[]): void {
    if (context.history || parent !== undefined) return;
    state.turn = { id: uuid, at: at ?? 0, localIds, usage: null };
    const localId = localIds.at(-1);
    emit(`${uuid}:turn`, { type: "turn-started", id: `${uuid}:turn`, ...(localId === undefined ? {} : { localId }) });
    out.facts.push({ type: "turn", running: true, at: state.turn.at });
  }

  function closeTurn(outcome: TurnOutcome, more: { failure?: AgentFailure; durationMs?: number } = {}): void {
    const turn = state.turn;
    if (!turn) return;
    state.turn = null;
    const durationMs = more.durationMs ?? (at === undefined || turn.at === 0 ? undefined : Math.max(0, at - turn.at));
    emit(`${turn.id}:end`, {
      type: "turn-ended",
      id: `${turn.id}:end`,
      outcome,
      ...(durationMs === undefined ? {} : { durationMs }),
      ...(turn.usage ? { usage: turn.usage } : {}),
      ...(more.failure ? { failure: more.failure } : {}),
      ...(turn.localIds.length > 0 ? { localIds: turn.localIds } : {}),
    });
    out.facts.push({ type: "turn", running: false, at: at ?? 0 });
  }

  function userMessage(uuid: string, text: string, line: Json): string | null {
    const known = context.promptOf(uuid);
    if (known?.hidden) return known.localId;
    const origin = known || line["entrypoint"] !== CLI ? "remote" : "terminal";
    emit(`${uuid}:0`, { type: "user-message", id: uuid, text: bounded(text), origin, ...(known ? { localId: known.localId } : {}) });
    return known?.localId ?? null;
  }

  /** A prompt in the place of an earlier one: the person went back to before that. A repetition of ours stands there too, and is none. */
  function noteBranch(line: Json, uuid: string, text: string): void {
    const { said, instead } = afterPrompt(state.said ?? [], line, uuid, text);
    state.said = said;
    if (!instead || context.history || context.promptOf(uuid)?.hidden) return;
    const id = `${uuid}:rewound`;
    emit(id, { type: "notice", id, ...noticeWords("conversation_rewound", { words: instead.words }), level: "info" });
  }

  function prompt(line: Json, uuid: string, text: string, merged: readonly string[]): void {
    // Lines that waited in the terminal's queue go to the agent together and are answered together.
    const joins = line["promptSource"] === "queued" && state.turn !== null && state.turn.answered !== true;
    if (line["entrypoint"] === CLI && !joins) closeTurn("completed");
    state.first ??= cutText(text, MAX_FIRST_WORDS);
    noteBranch(line, uuid, text);
    const uuids = [...merged, uuid];
    const localIds = merged.flatMap((one) => {
      const known = context.promptOf(one);
      return known ? [userMessage(one, known.text, line) ?? known.localId] : [];
    });
    // Sendings that Claude took together stand in one line, and a command in Claude's own words: each is shown as it was said.
    const own = context.promptOf(uuid)?.text || text;
    const localId = userMessage(uuid, own, line);
    out.facts.push({ type: "prompts", uuids });
    if (!joins) startTurn(uuid, localId === null ? localIds : [...localIds, localId]);
  }

  return {
    context,
    state,
    family,
    begin(time) {
      out = { records: [], facts: [] };
      at = time;
    },
    get out() {
      return out;
    },
    get at() {
      return at ?? 0;
    },
    emit,
    say,
    keepRaw,
    passesOver,
    startTurn,
    closeTurn,
    userMessage,
    prompt,
    noteBranch,
  };
}
