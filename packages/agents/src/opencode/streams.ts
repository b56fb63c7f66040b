/**
 * Text on its way. OpenCode writes a text into its record when it is done, without the white space at its end; so that is held back, and a text whose
 * beginning was not heard is shown when it is done.
 */
import { text, type Fields } from "../shared/read.ts";
import { callOfChild, type Part, partAt } from "./mirror.ts";
import type { Translation } from "./state.ts";

type Kind = "text" | "thought";

const kinds: Readonly<Record<string, Kind>> = { text: "text", reasoning: "thought" };

export function streamDelta(to: Translation, delta: Fields): void {
  const part = partAt(to.mirror, delta);
  const kind = part && kinds[part.type];
  const more = text(delta["delta"]);
  if (!kind || part.live === null || more === undefined || delta["field"] !== "text") return;
  const before = part.live;
  part.live = before + more;
  const sessionId = text(delta["sessionID"]) ?? "";
  const parent = sessionId === to.state.threadId ? undefined : callOfChild(to.mirror, sessionId);
  if (sessionId !== to.state.threadId && parent === undefined) return;
  show(to, { part, kind, from: before.trimEnd().length, until: part.live.trimEnd().length, words: part.live, parent });
}

interface Piece {
  part: Part;
  kind: Kind;
  from: number;
  until: number;
  words: string;
  parent: string | undefined;
}

function show(to: Translation, { part, kind, from, until, words, parent }: Piece): void {
  if (until <= from) return;
  const of = parent === undefined ? {} : { parent };
  to.emit({ type: "stream", delta: { itemId: part.id, kind, offset: from, delta: words.slice(from, until), ...of } });
}

export function endStream(to: Translation, { part, kind, words, parent }: Pick<Piece, "part" | "kind" | "words" | "parent">): void {
  const shown = part.live?.trimEnd() ?? "";
  show(to, { part, kind, from: words.startsWith(shown) ? shown.length : 0, until: words.length, words, parent });
  const of = parent === undefined ? {} : { parent };
  to.emit({ type: "stream", delta: { itemId: part.id, kind, offset: words.length, delta: "", ...of }, done: true });
}
