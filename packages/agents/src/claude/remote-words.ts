/**
 * What a driven Claude says on stdout beside its turns: notices, and words that no table names. Both are records under keys that come from the
 * message, so one that stands in the transcript too, or is read again after a restart, counts once.
 */
import { type AgentEvent, noticeWords } from "@hapi/protocol";
import type { Core } from "./core.ts";
import { type Json, str } from "./json.ts";
import { AGENT_NAME } from "./name.ts";
import { type Notice, statusNotice, systemNotice } from "./notices.ts";
import { countUnknown } from "../shared/unknown-words.ts";
import { rawKey, rawOf } from "./raw-rows.ts";

export interface RemoteWords {
  /** `system` of a subtype that is shown. */
  system(line: Json): void;
  /** `system` of the subtype `status`. */
  status(line: Json): void;
  auth(line: Json): void;
  /** A request that no person gets to see here. */
  unserved(controlId: string, request: Json): void;
  /** Kept as it is, and counted with what the transcript has of that kind. */
  unknown(place: string, name: unknown, line: Json): void;
}

export function createRemoteWords({ context, ...core }: Pick<Core, "context"> & { feed(): Core["feed"] }): RemoteWords {
  function record(key: string, event: AgentEvent): void {
    context.emit({ type: "record", key, event, at: context.clock.now() });
  }

  function say(line: Json, notice: Notice | null): void {
    const uuid = str(line["uuid"]);
    if (notice) record(uuid === undefined ? rawKey(line) : `${uuid}:0`, { type: "notice", id: uuid ?? rawKey(line), ...notice });
  }

  return {
    system: (line) => say(line, systemNotice(line)),
    status: (line) => say(line, statusNotice(line)),
    auth(line) {
      const error = str(line["error"]);
      say(line, error ? { ...noticeWords("sign_in_failed", { agent: AGENT_NAME, reason: error }), level: "warning" } : null);
    },
    unserved(controlId, request) {
      if (request["subtype"] !== "elicitation") return;
      const id = `elicitation:${controlId}`;
      const server = str(request["mcp_server_name"]) ?? "";
      const question = str(request["message"]) ?? "";
      record(id, { type: "notice", id, ...noticeWords("question_unserved", { server, question }), level: "warning" });
    },
    unknown(place, name, line) {
      const state = core.feed()?.parser.state;
      if (!state) return context.log.warn("claude.word_unknown", { place, name: String(name) });
      state.unknown ??= {};
      if (countUnknown(state.unknown, place, name)) record(rawKey(line), { type: "unknown", id: rawKey(line), raw: rawOf(line) });
    },
  };
}
