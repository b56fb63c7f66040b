/**
 * What a row means is read by the codec, once, when the row is stored (`packages/core/src/envelope`). Who draws a row reads it through the codec;
 * who decides something reads facts. So outside core nobody looks into an envelope, and the codec's reader is called by those alone that draw.
 */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dir, "../..");

type Exceptions = readonly (readonly [file: string, because: string])[];

/** These lists may only become shorter: one that is not needed any more fails, and so does one more. */
const draws: Exceptions = [
  ["packages/cli/src/hub-queue.ts", "the words of a prompt that waits"],
  ["packages/client/src/answer.ts", "the words of an answer"],
  ["packages/hub/src/http/routes/resume-target.ts", "the first words of a person, for a picker"],
  ["packages/hub/src/messages/ingest.ts", "the door: the length of a prompt, before there is a row"],
  ["packages/hub/src/sessions/conversation-text.ts", "the words of a history, for another agent"],
];
const drawsAtMost = 5;

const looks: Exceptions = [
  ["packages/hub/src/sqlite/migrations.ts", "steps that were released: what they read is what rows were then"],
  ["packages/web/src/features/chat/gallery/script.ts", "makes rows for pictures of the app"],
];
const looksAtMost = 2;

const reader = /\bdecodeContent\b/;
/** Fields and words that are an envelope's alone. */
const inside =
  /\bcontent\??\.(?:content|data|meta|role)\b|\["content"\]\??\.?\["(?:content|data|type)"\]|\$\.content\b|\bisTranscriptEcho\b|\bsentFrom\b|"(?:tool-call-result|token_count|turn-duration|tool_result)"|type: "codex"|=== "codex"/;

const rooms = ["protocol", "platform", "host", "agents", "client", "machine", "hub", "cli", "web"];
/** Agents write these words themselves; what they speak is not what is stored. */
const ofAgents = /^packages\/(?:agents|protocol|testkit)\//;

function filesWith(sign: RegExp, skip?: RegExp): string[] {
  return rooms.flatMap((room) => {
    const src = join(root, "packages", room, "src");
    return readdirSync(src, { recursive: true })
      .map(String)
      .filter((name) => /\.tsx?$/.test(name) && !/\.(test|case|agent)\.tsx?$/.test(name))
      .flatMap((name) => {
        const path = join(src, name);
        const file = relative(root, path);
        if (skip?.test(file)) return [];
        const lines = readFileSync(path, "utf8").split("\n");
        return lines.some((line) => !/^\s*(?:\/?\*|\/\/)/.test(line) && sign.test(line)) ? [file] : [];
      });
  });
}

function judge(found: readonly string[], exceptions: Exceptions): { more: string[]; needless: string[] } {
  const listed = exceptions.map(([file]) => file);
  return { more: found.filter((file) => !listed.includes(file)), needless: listed.filter((file) => !found.includes(file)) };
}

test("rows are read by those that draw them", () => {
  expect(judge(filesWith(reader, /^packages\/protocol\//), draws)).toEqual({ more: [], needless: [] });
  expect(draws.length).toBeLessThanOrEqual(drawsAtMost);
});

test("nobody but the codec looks into an envelope", () => {
  expect(judge(filesWith(inside, ofAgents), looks)).toEqual({ more: [], needless: [] });
  expect(looks.length).toBeLessThanOrEqual(looksAtMost);
});

test("it sees the ways in which envelopes were read before", () => {
  const before = [
    "const data = message.content.data as { type?: string };",
    'if (row.content?.role === "user") return row;',
    'const words = frame["content"]["data"];',
    "WHERE json_extract(content, '$.content.data.type') = 'ready'",
    "  meta: z.optional(z.nullable(z.looseObject({ sentFrom: z.optional(z.string()) }))),",
    'if (payload.type === "codex") return itemOf(payload);',
    'case "tool-call-result":',
  ];
  for (const line of before) expect(line).toMatch(inside);
  expect("for (const event of decodeContent(row.content, row)) {").toMatch(reader);
  expect("const found = promptOfRow(message.content);").not.toMatch(inside);
});
