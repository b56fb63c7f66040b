/**
 * The words that a Claude Code program has, read from its own code, beside those that HAPI's tables decide about. For a new version:
 *
 *   node tools/setup/run-bun.mjs tools/agents/vocabulary.ts PROGRAM…     prints what no table names; exit code 1 if there is anything
 *
 * The program is one file with its JavaScript in clear text (2.1.329, 2.1.332). Names of variables differ from version to version, the shapes
 * below do not; a shape that finds nothing any more is an error, not an empty answer.
 */
import { closeSync, openSync, readSync, realpathSync, statSync } from "node:fs";
import { TABLES, type Table } from "../../packages/agents/src/claude/vocabulary/index.ts";

export type ProgramWords = Readonly<Record<Exclude<Table["kind"], "blocks" | "requests">, readonly string[]>>;

const WINDOW = 32 * 1024 * 1024;
/** Longer than any one shape. */
const OVERLAP = 64 * 1024;

/** Parts of the program as text, each with the end of the one before. */
function* windows(program: string): Generator<string> {
  const path = realpathSync(program);
  const size = statSync(path).size;
  const file = openSync(path, "r");
  try {
    const buffer = Buffer.alloc(WINDOW + OVERLAP);
    for (let at = 0; at < size; at += WINDOW) yield buffer.toString("latin1", 0, readSync(file, buffer, 0, buffer.length, at));
  } finally {
    closeSync(file);
  }
}

const quoted = (text: string): string[] => [...text.matchAll(/"([A-Za-z_-]+)"/g)].map((match) => match[1] ?? "");
const all = (text: string, shape: RegExp): string[] => [...text.matchAll(shape)].map((match) => match[1] ?? "");

/** The table of all types of lines, by what a compaction does with them. */
function linesIn(text: string): string[] {
  const table = /=\{(user:"transcript",assistant:"transcript"[^}]*)\}/.exec(text)?.[1] ?? "";
  return all(table, /(?:^|,)"?([a-zA-Z-]+)"?:"/g);
}

function attachmentsIn(text: string): string[] {
  const lists = all(text, /new Set\(\[("[a-z_]+"(?:,"[a-z_]+")*)\]\)/g).filter((list) => /"(skill_listing|queued_command)"/.test(list));
  return [...all(text, /attachment\.type==="([a-z_]+)"/g), ...lists.flatMap(quoted)];
}

const systemIn = (text: string): string[] => [
  ...all(text, /type:"system",subtype:"([a-z_]+)"/g),
  ...all(text, /type:[\w$]+\("system"\),subtype:[\w$]+\("([a-z_]+)"\)/g),
];

/** The longest list of hooks is the whole one. */
function hooksIn(text: string): string[] {
  const lists = [...text.matchAll(/\["PreToolUse"(?:,"[A-Za-z]+")+\]/g)].map((match) => quoted(match[0]));
  return lists.sort((a, b) => b.length - a.length)[0] ?? [];
}

/** Schemas of what goes over the pipe have the session's or a request's id. */
function messagesIn(text: string): string[] {
  return [...text.matchAll(/=>[\w$]+\(\{type:[\w$]+\("([a-z_-]+)"\)/g)].flatMap((match) => {
    const schema = text.slice(match.index, endOfCall(text, text.indexOf("({", match.index)));
    return /\b(session_id|request_id):/.test(schema) ? [match[1] ?? ""] : [];
  });
}

function endOfCall(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < Math.min(text.length, start + OVERLAP); at++) {
    const sign = text[at];
    if (sign === "(" || sign === "{") depth += 1;
    if (sign === ")" || sign === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return start;
}

/** Subtypes of the results of a turn and of a request, which have the same shape. */
const NO_REQUESTS: ReadonlySet<string> = new Set(["success", "error", "error_during_execution", "terminated"]);
const controlsIn = (text: string): string[] => [
  ...all(text, /subtype:[\w$]+\("([a-z_]+)"\)/g),
  ...all(text, /request\.subtype==="([a-z_]+)"/g),
];

const shapes = { lines: linesIn, attachments: attachmentsIn, system: systemIn, hooks: hooksIn, messages: messagesIn, controls: controlsIn };

export function wordsOf(program: string): ProgramWords {
  const found = Object.fromEntries(Object.keys(shapes).map((kind) => [kind, new Set<string>()])) as Record<keyof ProgramWords, Set<string>>;
  for (const text of windows(program))
    for (const [kind, read] of Object.entries(shapes)) for (const word of read(text)) found[kind as keyof ProgramWords].add(word);
  const system = found.system;
  found.controls = new Set([...found.controls].filter((word) => !system.has(word) && !NO_REQUESTS.has(word)));
  for (const [kind, words] of Object.entries(found))
    if (words.size === 0)
      throw new Error(`${program}: no ${kind} were found; the program is written otherwise, and this tool has to learn it`);
  return Object.fromEntries(Object.entries(found).map(([kind, words]) => [kind, [...words].sort()])) as Record<
    keyof ProgramWords,
    string[]
  >;
}

/** Words of the program that no table decides about, as `kind/word`. */
export function undecided(words: ProgramWords): string[] {
  const known = (kind: Table["kind"]): string[] => Object.keys(TABLES.find((table) => table.kind === kind)?.words ?? {});
  // Who asks whom is not in the shape of a request.
  const names = {
    ...Object.fromEntries(TABLES.map(({ kind }) => [kind, known(kind)])),
    controls: [...known("controls"), ...known("requests")],
  };
  return Object.entries(words).flatMap(([kind, found]) => {
    const decided = new Set(names[kind as keyof typeof names]);
    return found.filter((word) => !decided.has(word)).map((word) => `${kind}/${word}`);
  });
}

if (import.meta.main) {
  const programs = process.argv.slice(2);
  if (programs.length === 0) throw new Error("Which program? Give the path of one or more Claude Code programs.");
  for (const program of programs) {
    const words = wordsOf(program);
    const missing = undecided(words);
    const sizes = Object.entries(words).map(([kind, found]) => `${found.length} ${kind}`);
    console.log(`${program}: ${sizes.join(", ")}; ${missing.length === 0 ? "all are decided about" : "undecided:"}`);
    for (const word of missing) console.log(`  ${word}`);
    if (missing.length > 0) process.exitCode = 1;
  }
}
