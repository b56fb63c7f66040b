// Anthropic Messages: read into the neutral form (request.mjs), errors, and an answer as its stream or its body.
import { textOf } from "./text.mjs";
import { shortId, sse, tokens } from "./wire.mjs";

export function read(body) {
  const part = (b) =>
    b.type === "text"
      ? { text: b.text }
      : b.type === "tool_use"
        ? { call: { id: b.id, name: b.name, args: b.input } }
        : b.type === "tool_result"
          ? { result: { id: b.tool_use_id, text: textOf(b.content), isError: !!b.is_error } }
          : b.type === "thinking"
            ? { thinking: b.thinking }
            : { image: b.type };
  return {
    system: textOf(body.system),
    messages: (body.messages ?? []).map((m) => ({
      role: m.role,
      parts: typeof m.content === "string" ? [{ text: m.content }] : m.content.map(part),
    })),
    tools: (body.tools ?? []).map((t) => t.name),
    schema: body.output_config?.format?.schema,
    effort: body.output_config?.effort,
  };
}

const ANTHROPIC_ERRORS = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  500: "api_error",
  529: "overloaded_error",
};
export const errorBody = ({ status, message }) => ({
  type: "error",
  error: { type: ANTHROPIC_ERRORS[status] ?? "api_error", message },
  request_id: shortId("req_"),
});

export async function write(req, res, events) {
  const usage = {
    input_tokens: tokens(req.messages),
    output_tokens: 1,
    cache_read_input_tokens: tokens(req.system),
    cache_creation_input_tokens: 0,
  };
  const message = {
    id: shortId("msg_"),
    type: "message",
    role: "assistant",
    model: req.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
  let index = -1;
  let stop = "end_turn";
  let out = 0;
  if (req.stream) sse(res, { type: "message_start", message }, "message_start");
  const block = (content_block) => {
    index += 1;
    message.content.push(content_block);
    if (req.stream) sse(res, { type: "content_block_start", index, content_block }, "content_block_start");
  };
  const delta = (d) => req.stream && sse(res, { type: "content_block_delta", index, delta: d }, "content_block_delta");
  const end = () => req.stream && sse(res, { type: "content_block_stop", index }, "content_block_stop");
  let kind;
  for await (const e of events) {
    if (e.type === "open") {
      kind = e.kind;
      block(kind === "think" ? { type: "thinking", thinking: "", signature: "" } : { type: "text", text: "" });
    } else if (e.type === "chunk") {
      out += tokens(e.chunk);
      delta(kind === "think" ? { type: "thinking_delta", thinking: e.chunk } : { type: "text_delta", text: e.chunk });
    } else if (e.type === "close") {
      if (kind === "think") delta({ type: "signature_delta", signature: "c2lnbmVk" });
      Object.assign(message.content[index], kind === "think" ? { thinking: e.full, signature: "c2lnbmVk" } : { text: e.full });
      end();
    } else if (e.type === "tool") {
      block({ type: "tool_use", id: e.id ?? shortId("toolu_"), name: e.name, input: {} });
      delta({ type: "input_json_delta", partial_json: JSON.stringify(e.args) });
      message.content[index].input = e.args;
      stop = "tool_use";
      out += tokens(e.args);
      end();
    } else if (e.type === "error") return sse(res, errorBody(e), "error");
  }
  const final = { ...usage, output_tokens: Math.max(1, out) };
  if (!req.stream) return res.end(JSON.stringify({ ...message, stop_reason: stop, usage: final }));
  sse(res, { type: "message_delta", delta: { stop_reason: stop, stop_sequence: null }, usage: final }, "message_delta");
  sse(res, { type: "message_stop" }, "message_stop");
}
