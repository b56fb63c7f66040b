/** Parsers for what stdout tells of sub-agents in place of their records: one for each, the latest ones only. */
import { createTranscriptParser, type TranscriptParser } from "./transcript-parser.ts";

/** Sub-agents of which stdout is told at once. */
const MAX_SUBS = 50;

/** `parent`: the call that the sub-agent works for. */
export function createToldSubagents(): (parent: string) => TranscriptParser {
  const parsers = new Map<string, TranscriptParser>();
  return (parent) => {
    const parser = parsers.get(parent) ?? createTranscriptParser({ promptOf: () => undefined, history: false, parent });
    parsers.delete(parent);
    parsers.set(parent, parser);
    if (parsers.size > MAX_SUBS) parsers.delete(parsers.keys().next().value as string);
    return parser;
  };
}
