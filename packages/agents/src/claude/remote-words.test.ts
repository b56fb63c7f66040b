import { expect, test } from "bun:test";
import type { AgentEvent } from "@hapi/protocol";
import type { DriverEvent } from "../driver.ts";
import type { Core } from "./core.ts";
import type { Json } from "./json.ts";
import { createRemoteWords } from "./remote-words.ts";
import { createTranscriptParser } from "./transcript-parser.ts";

function world() {
  const said: { key: string; event: AgentEvent }[] = [];
  const emit = (event: DriverEvent): void => {
    if (event.type === "record") said.push({ key: event.key, event: event.event });
  };
  const parser = createTranscriptParser({ promptOf: () => undefined, history: false });
  const context = { emit, clock: { now: () => 1 } } as unknown as Core["context"];
  const words = createRemoteWords({ context, feed: () => ({ parser }) as unknown as Core["feed"] });
  return { said, parser, words };
}

const system = (subtype: string, more: Json): Json => ({ type: "system", subtype, uuid: "u", ...more });

test("what Claude says beside its turns is told, under the key that the transcript's own line would have", () => {
  const { said, words, parser } = world();
  words.system(system("informational", { content: "auto mode is off", level: "warning" }));
  const line = { ...system("informational", { content: "auto mode is off", level: "warning" }) };
  expect(said).toEqual(parser.read(line).records);
  said.length = 0;
  words.system(system("session_writes_lost", { error_code: "ENOSPC", lost: ["transcript", "global_config"] }));
  words.system(system("notification", { text: "nothing urgent", priority: "low" }));
  words.status(system("status", { status: null, compact_result: "success" }));
  words.status(system("status", { status: null, compact_result: "failed", compact_error: "Not enough messages" }));
  words.auth({ type: "auth_status", error: "expired", uuid: "a" });
  words.unserved("r1", { subtype: "elicitation", mcp_server_name: "files", message: "Which folder?" });
  expect(said.map(({ event }) => (event.type === "notice" ? `${event.level}: ${event.text}` : event.type))).toEqual([
    "warning: The disk is full (ENOSPC): Claude Code could not write the conversation's own record and its settings",
    "warning: The conversation could not be compacted: Not enough messages",
    "warning: Claude Code could not sign in: expired",
    "warning: The MCP server files asked something that can't be answered here, and was told so: Which folder?",
  ]);
});

test("a message that no table names is kept raw, and counted with what the transcript has of that kind", () => {
  const { said, words, parser } = world();
  words.unknown("message", "brand-new", { type: "brand-new", uuid: "m", words: "for nobody" });
  parser.read({ type: "other-new" });
  expect(said).toEqual([
    { key: "m:raw", event: { type: "unknown", id: "m:raw", raw: { type: "brand-new", uuid: "m", words: "for nobody" } } },
  ]);
  expect(parser.state.unknown).toEqual({ "message/brand-new": 1, "line/other-new": 1 });
});
