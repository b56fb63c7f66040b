/**
 * Where the edits that an agent asks for stand in their files: whoever approves sees real line numbers and the lines around, or, of a file that is
 * written anew, what it held. Read when it is asked, within the session's folder only; of a file that can't be read, what the agent shows of it. One
 * that holds the text no more has no place.
 */
import { cutText, cutTextStart, diffsOfInput, isRecord, toolKindOf } from "@hapi/core";
import type { AgentRequest } from "@hapi/agents";
import type { EditPlace } from "@hapi/protocol";
import { type Confinement, readBytes } from "../files/index.ts";

const CONTEXT_LINES = 3;
/** Of a line far too long only this much goes along. */
const MAX_CONTEXT_CHARS = 2_000;
/** A file that is written anew is compared with what it held up to this size. */
const MAX_WHOLE_CHARS = 20_000;
const MAX_EDITS = 20;

/** A larger file is not read for the lines around an edit. */
const MAX_READ_BYTES = 2 * 1024 * 1024;

export type ReadText = (path: string) => Promise<string | null>;

/** Files of the session's folder. */
export const textReader =
  (confinement: Confinement): ReadText =>
  async (path) =>
    await readBytes(confinement, path, MAX_READ_BYTES).then(
      ({ bytes }) => bytes.toString("utf8"),
      () => null,
    );

function linesBefore(text: string, at: number): string {
  const all = text.slice(0, at).split("\n");
  // The first piece of the line that the edit begins in belongs to it, and is told with the others.
  const kept = all.slice(-1 - CONTEXT_LINES).join("\n");
  return kept.length > MAX_CONTEXT_CHARS ? cutTextStart(all.at(-1) ?? "", MAX_CONTEXT_CHARS) : kept;
}

function linesAfter(text: string, at: number): string {
  const rest = cutText(text.slice(at), MAX_CONTEXT_CHARS);
  const all = rest.split("\n");
  // The rest of the line in which the edit ends, and the lines after it.
  return all.slice(0, 1 + CONTEXT_LINES).join("\n");
}

function placeIn(text: string, oldText: string): EditPlace | null {
  const at = text.indexOf(oldText);
  if (at === -1) return null;
  const before = linesBefore(text, at);
  const line = text.slice(0, at - before.length).split("\n").length;
  return { line, before, after: linesAfter(text, at + oldText.length) };
}

/** Of an edit in a file that can't be read: what the agent itself shows of it beside the input (`diffs`), as a rule the whole file. */
function shownText({ input }: Pick<AgentRequest, "input">, path: string): string | null {
  const shown: unknown = isRecord(input) ? input["diffs"] : undefined;
  if (!Array.isArray(shown)) return null;
  const diff: unknown = shown.find((one) => isRecord(one) && (one["path"] === path || String(one["path"]).endsWith(`/${path}`)));
  return isRecord(diff) && typeof diff["oldText"] === "string" ? diff["oldText"] : null;
}

/** One for each change of `diffsOfInput`, in its order; null: not known. Undefined: the request changes no file. */
export async function editPlacesOf(
  request: Pick<AgentRequest, "tool" | "input">,
  read: ReadText,
): Promise<(EditPlace | null)[] | undefined> {
  const diffs = diffsOfInput(toolKindOf(request.tool), request.input).slice(0, MAX_EDITS);
  if (diffs.length === 0) return undefined;
  const texts = new Map<string, string | null>();
  for (const { path } of diffs) if (!texts.has(path)) texts.set(path, (await read(path)) ?? shownText(request, path));
  return diffs.map(({ path, oldText }) => {
    const text = texts.get(path) ?? null;
    if (text === null) return null;
    if (oldText !== null) return oldText === "" ? null : placeIn(text, oldText);
    return text.length <= MAX_WHOLE_CHARS ? { line: 1, before: "", after: "", old: text } : null;
  });
}
