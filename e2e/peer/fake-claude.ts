/** A stand-in for the agent, as far as the peer's remote mode drives it: stream-json in and out, one tool that asks, plain echoes. */

const sessionId = crypto.randomUUID();
const say = (line: object): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
const usage = { input_tokens: 1, output_tokens: 1 };

function assistant(content: object): void {
  const message = { id: `msg_${crypto.randomUUID()}`, type: "message", role: "assistant", model: "fake", content: [content], usage };
  say({ type: "assistant", session_id: sessionId, parent_tool_use_id: null, uuid: crypto.randomUUID(), message });
}

function finish(text: string): void {
  assistant({ type: "text", text });
  const times = { duration_ms: 1, duration_api_ms: 1, num_turns: 1, total_cost_usd: 0 };
  say({ type: "result", subtype: "success", is_error: false, result: text, session_id: sessionId, usage, ...times });
}

interface Line {
  type: string;
  request_id?: string;
  message?: { content: string | { text?: string }[] };
  response?: { response?: { behavior?: string } };
}

function hear(line: Line): void {
  if (line.type === "control_request") {
    say({ type: "control_response", response: { subtype: "success", request_id: line.request_id, response: {} } });
  } else if (line.type === "control_response") finish(`behavior=${line.response?.response?.behavior ?? "none"}`);
  else if (line.type === "user") {
    const content = line.message?.content ?? "";
    const text = typeof content === "string" ? content : content.map((part) => part.text ?? "").join("");
    if (!text.startsWith("run ")) return finish(`echo ${text}`);
    const tool_use_id = `toolu_${crypto.randomUUID()}`;
    const input = { command: text.slice(4) };
    assistant({ type: "tool_use", id: tool_use_id, name: "Bash", input });
    say({
      type: "control_request",
      request_id: crypto.randomUUID(),
      request: { subtype: "can_use_tool", tool_name: "Bash", tool_use_id, input },
    });
  }
}

if (process.argv.includes("--version")) {
  process.stdout.write("2.1.300 (Claude Code)\n");
} else {
  const facts = { cwd: process.cwd(), tools: ["Bash"], model: "fake", permissionMode: "default", slash_commands: [], apiKeySource: "none" };
  say({ type: "system", subtype: "init", session_id: sessionId, ...facts });
  if (process.argv.includes("--print")) finish("probe");
  else for await (const line of console) if (line.trim() !== "") hear(JSON.parse(line) as Line);
}

export {};
