/** What a driven Claude asks on its output: permissions and questions, our answers that it repeats, and what it does not ask any more. */
import { noticeWords } from "@hapi/protocol";
import type { Control } from "./control.ts";
import type { Core } from "./core.ts";
import { elicitedRequest, visitDone } from "./elicited.ts";
import { isJson, type Json, list, obj, str } from "./json.ts";
import { AGENT_NAME } from "./name.ts";
import type { RemoteWords } from "./remote-words.ts";
import { WITHDRAWN } from "./request-fate.ts";
import { openRequestOf, titleOf } from "./requests.ts";
import type { OpenRequest } from "./state.ts";
import { REQUESTS } from "./vocabulary/messages.ts";
import { wordOf } from "./vocabulary/words.ts";

const TOO_MANY_OPEN = "Too many permission requests are open at once, so the user was not asked. Wait for the open ones, then ask again.";

export interface RemoteRequestParts {
  core: Core;
  launchId: string;
  control: Control;
  said: RemoteWords;
  /** Answer a request of Claude's that we don't serve. */
  refuse(controlId: string, subtype: string): Promise<void>;
  /** Answer one that is shown to nobody, or that nobody needs to answer any more. */
  reply(controlId: string, answer: Json): Promise<void>;
  replaying(): boolean;
}

export interface RemoteRequests {
  asked(line: Json): Promise<void> | void;
  answered(line: Json): void;
  canceled(line: Json): void;
  /** `system/elicitation_complete`. */
  visited(line: Json): Promise<void>;
}

export function createRemoteRequests(parts: RemoteRequestParts): RemoteRequests {
  const { core, control, said } = parts;
  const { requests, context } = core;
  return {
    asked(line) {
      const controlId = str(line["request_id"]) ?? "";
      const request = obj(line["request"]);
      const subtype = request["subtype"];
      if (!wordOf(REQUESTS, subtype)) said.unknown("request", subtype, line);
      // A dialog of a kind that was not declared must not be answered, not even with a refusal (2.1.329).
      if (subtype === "request_user_dialog") return context.log.warn("claude.dialog_undeclared", { kind: str(request["kind"]) ?? "" });
      const open = subtype === "can_use_tool" ? permissionAsked(controlId, request) : elicitedRequest(controlId, request);
      if (!open) {
        said.unserved(controlId, request);
        return parts.refuse(controlId, str(subtype) ?? "");
      }
      if (requests.isFullFor(controlId)) return denyUnasked(parts, controlId, open.request.tool);
      void requests.open(open, { quiet: parts.replaying() });
    },
    /** Claude repeats our answer when it has taken it. */
    answered(line) {
      const response = obj(line["response"]);
      if (control.settle(response)) return;
      const open = requests.byControl(str(response["request_id"]) ?? "");
      if (!open) return;
      const answer = obj(response["response"]);
      const denied = open.elicited ? answer["action"] !== "accept" : answer["behavior"] === "deny";
      const reason = denied ? (str(answer["message"]) ?? open.said) || undefined : undefined;
      const outcome = denied ? "denied" : "approved";
      requests.close(open.request.id, { outcome, by: "remote", ...(reason === undefined ? {} : { reason }) });
    },
    canceled(line) {
      const open = requests.byControl(str(line["request_id"]) ?? "");
      if (open) requests.close(open.request.id, { outcome: "canceled", by: "agent", ...(core.stopping ? { reason: WITHDRAWN } : {}) });
    },
    visited: (line) => visitDone(requests, line, parts.reply),
  };
}

function permissionAsked(controlId: string, request: Json): OpenRequest {
  return openRequestOf({
    id: controlId,
    controlId,
    tool: str(request["tool_name"]) ?? "tool",
    input: obj(request["input"]),
    suggestions: list(request["permission_suggestions"]).filter(isJson),
    toolCallId: str(request["tool_use_id"]),
    title: titleOf(request),
  });
}

/** Nobody can be asked for one more: Claude hears so, or it would wait for ever. */
async function denyUnasked({ core, launchId, reply }: RemoteRequestParts, controlId: string, tool: string): Promise<void> {
  const { context } = core;
  await reply(controlId, { behavior: "deny", message: TOO_MANY_OPEN });
  const id = `unasked:${launchId}:${controlId}`;
  const words = noticeWords("request_unasked", { agent: AGENT_NAME, tool });
  context.log.warn("claude.requests_full", { tool });
  context.emit({ type: "record", key: id, event: { type: "notice", id, level: "warning", ...words }, at: context.clock.now() });
}
