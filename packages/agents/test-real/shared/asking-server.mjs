// An MCP server (stdio) with one tool, `deploy {how}`, that asks the person before it answers: `form`, `sure` (a form without fields), `visit` (an address,
// where everything is done as soon as a file `visited` is made in the project). What it was answered is what the tool says.
import { watch } from "node:fs";
import { createInterface } from "node:readline";

const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const where = { type: "string", title: "Target", enum: ["staging", "production"] };
const properties = { where, count: { type: "integer", description: "How many" }, dry: { type: "boolean", title: "Dry run?" } };
const visit = { mode: "url", message: "Log in there", elicitationId: "login-1", url: "https://example.com/login" };
const asks = {
  form: { message: "Where to?", requestedSchema: { type: "object", properties, required: ["where"] } },
  sure: { message: "Really?", requestedSchema: { type: "object", properties: {} } },
  visit,
};
const inputSchema = { type: "object", properties: { how: { type: "string", enum: Object.keys(asks) } } };
const waiting = new Map();
watch(process.cwd(), (_, name) => {
  if (name === "visited") say({ method: "notifications/elicitation/complete", params: { elicitationId: visit.elicitationId } });
});

const answers = {
  initialize: ({ protocolVersion }) => ({ protocolVersion, capabilities: { tools: {} }, serverInfo: { name: "asking", version: "1.0.0" } }),
  "tools/list": () => ({ tools: [{ name: "deploy", description: "Deploys", inputSchema }] }),
  ping: () => ({}),
};

function call({ id, params }) {
  const { how } = params.arguments;
  const asked = `ask-${waiting.size + 1}`;
  waiting.set(asked, id);
  say({ id: asked, method: "elicitation/create", params: asks[how] });
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const answer = answers[message.method];
  if (answer) say({ id: message.id, result: answer(message.params) });
  else if (message.method === "tools/call") call(message);
  else if (waiting.has(message.id)) {
    const text = JSON.stringify(message.result ?? message.error);
    say({ id: waiting.get(message.id), result: { content: [{ type: "text", text }] } });
  } else if (message.method && message.id !== undefined) say({ id: message.id, error: { code: -32601, message: "Method not found" } });
}
// The watcher would keep it alive.
process.exit();
