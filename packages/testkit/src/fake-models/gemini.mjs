// Gemini generateContent.
import { textOf } from "./text.mjs";
import { shortId, sse, tokens } from "./wire.mjs";

export function read(body) {
  const part = (p) =>
    p.functionCall
      ? { call: { id: p.functionCall.id, name: p.functionCall.name, args: p.functionCall.args } }
      : p.functionResponse
        ? {
            result: {
              id: p.functionResponse.id,
              name: p.functionResponse.name,
              text: textOf(p.functionResponse.response),
              isError: !!p.functionResponse.response?.error,
            },
          }
        : p.thought
          ? { thinking: p.text }
          : p.text != null
            ? { text: p.text }
            : { image: p.inlineData?.mimeType ?? "part" };
  return {
    system: textOf(body.systemInstruction?.parts),
    messages: (body.contents ?? []).map((c) => ({ role: c.role === "model" ? "assistant" : "user", parts: (c.parts ?? []).map(part) })),
    tools: (body.tools ?? []).flatMap((t) => t.functionDeclarations?.map((f) => f.name) ?? Object.keys(t)),
    effort: body.generationConfig?.thinkingConfig?.thinkingLevel?.toLowerCase(),
    schema: body.generationConfig?.responseJsonSchema ?? body.generationConfig?.responseSchema,
  };
}

const GEMINI_ERRORS = {
  400: "INVALID_ARGUMENT",
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  503: "UNAVAILABLE",
  529: "UNAVAILABLE",
};
export const errorBody = ({ status, message }) => ({
  error: { code: status === 529 ? 503 : status, message, status: GEMINI_ERRORS[status] ?? "INTERNAL" },
});

export async function write(req, res, events) {
  const all = [];
  const send = (parts, more = {}) => {
    all.push(...parts);
    if (req.stream)
      sse(res, {
        candidates: [{ content: { role: "model", parts }, index: 0, ...more.candidate }],
        modelVersion: req.model,
        responseId: "fake",
        ...more.top,
      });
  };
  let kind;
  for await (const e of events) {
    if (e.type === "open") kind = e.kind;
    else if (e.type === "chunk") send([kind === "think" ? { text: e.chunk, thought: true } : { text: e.chunk }]);
    else if (e.type === "tool")
      send([{ functionCall: { id: e.id ?? shortId("call_"), name: e.name, args: e.args }, thoughtSignature: "c2lnbmVk" }]);
    else if (e.type === "error") return sse(res, errorBody(e));
  }
  const usageMetadata = {
    promptTokenCount: tokens(req.messages) + tokens(req.system),
    candidatesTokenCount: tokens(all),
    totalTokenCount: tokens(req.messages) + tokens(req.system) + tokens(all),
  };
  if (!req.stream)
    return res.end(
      JSON.stringify({
        candidates: [{ content: { role: "model", parts: all }, finishReason: "STOP", index: 0 }],
        usageMetadata,
        modelVersion: req.model,
      }),
    );
  send([{ text: "" }], { candidate: { finishReason: "STOP" }, top: { usageMetadata } });
}
