// OpenAI Responses.
import { parseArgs, textOf } from "./text.mjs";
import { openaiError, shortId, sse, tokens } from "./wire.mjs";

export function read(body) {
  const messages = [];
  const add = (role, part) => {
    const last = messages.at(-1);
    if (last && last.role === role && !part.text) last.parts.push(part);
    else messages.push({ role, parts: [part] });
  };
  const items = typeof body.input === "string" ? [{ type: "message", role: "user", content: body.input }] : (body.input ?? []);
  for (const item of items) {
    if (item.type === "function_call") add("assistant", { call: { id: item.call_id, name: item.name, args: parseArgs(item.arguments) } });
    else if (item.type === "custom_tool_call")
      add("assistant", { call: { id: item.call_id, name: item.name, args: { input: item.input } } });
    else if (item.type?.endsWith("_output")) add("user", { result: { id: item.call_id, text: textOf(item.output), isError: false } });
    else if (item.type === "reasoning") add("assistant", { thinking: textOf(item.summary) });
    else if (item.type === "message" || item.role) {
      const role = item.role === "developer" ? "system" : item.role;
      const parts =
        typeof item.content === "string"
          ? [{ text: item.content }]
          : (item.content ?? []).map((c) => (c.text != null ? { text: c.text } : { image: c.type }));
      messages.push({ role, parts });
    }
  }
  // Newer Codex models get their tools as an input item, in namespaces, and call most of them from
  // JavaScript given to one tool, "exec", whose description lists them: those become "exec:<name>".
  const offered = [...(body.tools ?? []), ...items.flatMap((i) => (i.type === "additional_tools" ? i.tools : []))];
  const names = (tools, space = "") =>
    tools.flatMap((t) =>
      t.tools
        ? names(t.tools, t.name === "functions" ? "" : `${t.name}.`)
        : [
            space + (t.name ?? t.type),
            ...(t.name === "exec" ? [...t.description.matchAll(/^### `(\w+)`/gm)].map((m) => `exec:${m[1]}`) : []),
          ],
    );
  return {
    system: body.instructions ?? "",
    messages,
    tools: names(offered),
    schema: body.text?.format?.schema,
    effort: body.reasoning?.effort,
  };
}

export const errorBody = ({ status, message }) => ({
  error: { message, type: openaiError(status), code: status === 529 || status === 503 ? "server_is_overloaded" : null },
});

export async function write(req, res, events) {
  const response = {
    id: shortId("resp_"),
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    status: "in_progress",
    model: req.model,
    output: [],
  };
  let seq = 0;
  const send = (type, data) => req.stream && sse(res, { type, sequence_number: seq++, ...data }, type);
  send("response.created", { response });
  let item;
  let out = 0;
  const open = (it) => {
    item = it;
    response.output.push(it);
    send("response.output_item.added", { output_index: response.output.length - 1, item: it });
  };
  const close = () => send("response.output_item.done", { output_index: response.output.length - 1, item });
  for await (const e of events) {
    const at = { item_id: item?.id, output_index: response.output.length - 1 };
    if (e.type === "open" && e.kind === "think") {
      open({ id: shortId("rs_"), type: "reasoning", summary: [] });
      send("response.reasoning_summary_part.added", {
        item_id: item.id,
        output_index: response.output.length - 1,
        summary_index: 0,
        part: { type: "summary_text", text: "" },
      });
    } else if (e.type === "open") open({ id: shortId("msg_"), type: "message", role: "assistant", status: "in_progress", content: [] });
    else if (e.type === "chunk") {
      out += tokens(e.chunk);
      if (item.type === "reasoning") send("response.reasoning_summary_text.delta", { ...at, summary_index: 0, delta: e.chunk });
      else send("response.output_text.delta", { ...at, content_index: 0, delta: e.chunk });
    } else if (e.type === "close") {
      if (item.type === "reasoning")
        Object.assign(item, { summary: [{ type: "summary_text", text: e.full }], encrypted_content: "ZmFrZQ==" });
      else Object.assign(item, { status: "completed", content: [{ type: "output_text", text: e.full, annotations: [] }] });
      close();
    } else if (e.type === "tool") {
      const base = { id: shortId("fc_"), call_id: e.id ?? shortId("call_"), status: "completed" };
      const [namespace, inner] = e.name.includes(".") ? e.name.split(".") : [undefined, e.name];
      open(
        e.form === "custom"
          ? { ...base, type: "custom_tool_call", name: inner, input: e.args.input }
          : { ...base, type: "function_call", ...(namespace && { namespace }), name: inner, arguments: JSON.stringify(e.args) },
      );
      out += tokens(e.args);
      close();
    } else if (e.type === "error")
      return send("response.failed", {
        response: {
          ...response,
          status: "failed",
          error: { code: e.code ?? (e.status === 429 ? "rate_limit_exceeded" : "server_is_overloaded"), message: e.message },
        },
      });
  }
  const input = tokens(req.messages) + tokens(req.system);
  const usage = {
    input_tokens: input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: Math.max(1, out),
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + Math.max(1, out),
  };
  Object.assign(response, { status: "completed", usage });
  if (req.stream) send("response.completed", { response });
  else res.end(JSON.stringify(response));
  return { input: usage.input_tokens, output: usage.output_tokens };
}
