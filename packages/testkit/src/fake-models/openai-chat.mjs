// OpenAI Chat Completions.
import { parseArgs, textOf } from "./text.mjs";
import { openaiError, shortId, sse, tokens } from "./wire.mjs";

/** A tool without a schema takes plain text. */
const readCall = (c) =>
  c.custom
    ? { id: c.id, name: c.custom.name, args: { input: c.custom.input } }
    : { id: c.id, name: c.function.name, args: parseArgs(c.function.arguments) };
const nameOf = (tool) => tool.function?.name ?? tool.custom?.name ?? tool.type;

export function read(body) {
  const names = new Map();
  const messages = [];
  for (const m of body.messages ?? []) {
    if (m.role === "tool") {
      messages.push({
        role: "user",
        parts: [{ result: { id: m.tool_call_id, name: names.get(m.tool_call_id), text: textOf(m.content), isError: false } }],
      });
      continue;
    }
    const parts = [];
    if (m.reasoning_content) parts.push({ thinking: m.reasoning_content });
    for (const c of typeof m.content === "string" ? [{ text: m.content }] : (m.content ?? [])) {
      if (c.text != null) {
        if (c.text) parts.push({ text: c.text });
      } else parts.push({ image: c.type });
    }
    for (const c of m.tool_calls ?? []) {
      const call = readCall(c);
      names.set(call.id, call.name);
      parts.push({ call });
    }
    messages.push({ role: m.role === "developer" ? "system" : m.role, parts });
  }
  const system = messages
    .filter((m) => m.role === "system")
    .map((m) => textOf(m.parts))
    .join("\n");
  return {
    system,
    messages: messages.filter((m) => m.role !== "system"),
    tools: (body.tools ?? []).map(nameOf),
    schema: body.response_format?.json_schema?.schema,
    effort: body.reasoning_effort,
  };
}

export const errorBody = ({ status, message }) => ({ error: { message, type: openaiError(status), code: String(status) } });

export async function write(req, res, events) {
  const base = { id: shortId("chatcmpl-"), created: Math.floor(Date.now() / 1000), model: req.model };
  const send = (delta, finish_reason = null) =>
    req.stream && sse(res, { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] });
  const message = { role: "assistant", content: "", tool_calls: [] };
  send({ role: "assistant", content: "" });
  let kind;
  for await (const e of events) {
    if (e.type === "open") kind = e.kind;
    else if (e.type === "chunk") send(kind === "think" ? { reasoning_content: e.chunk } : { content: e.chunk });
    else if (e.type === "close" && kind === "text") message.content += e.full;
    else if (e.type === "tool") {
      const call = { id: e.id ?? shortId("call_"), type: "function", function: { name: e.name, arguments: JSON.stringify(e.args) } };
      send({ tool_calls: [{ index: message.tool_calls.length, ...call }] });
      message.tool_calls.push(call);
    } else if (e.type === "error") return sse(res, errorBody(e));
  }
  const finish = message.tool_calls.length ? "tool_calls" : "stop";
  const used = { prompt_tokens: tokens(req.messages) + tokens(req.system), completion_tokens: tokens(message) };
  const usage = { ...used, total_tokens: used.prompt_tokens + used.completion_tokens };
  if (!req.stream)
    return res.end(JSON.stringify({ ...base, object: "chat.completion", choices: [{ index: 0, message, finish_reason: finish }], usage }));
  send({}, finish);
  sse(res, { ...base, object: "chat.completion.chunk", choices: [], usage });
  sse(res, "[DONE]");
}
