import assert from "node:assert/strict";
import { afterAll as after, test } from "bun:test";
import { startFakeModels } from "./fake-models.mjs";

const fake = await startFakeModels({ chunkMs: 0 });
after(() => fake.close());

const post = (path, body, signal) => fetch(fake.url + path, { method: "POST", body: JSON.stringify(body), signal });
const events = async (res) =>
  (await res.text())
    .split("\n")
    .filter((l) => l.startsWith("data: ") && l !== "data: [DONE]")
    .map((l) => JSON.parse(l.slice(6)));
const say = (text, tools = ["Bash", "TaskCreate", "Read"]) => ({
  model: "m",
  stream: true,
  tools: tools.map((name) => ({ name })),
  messages: [{ role: "user", content: text }],
});
const anthropic = async (body) => {
  const all = await events(await post("/v1/messages", body));
  return {
    text: all
      .filter((e) => e.delta?.type === "text_delta")
      .map((e) => e.delta.text)
      .join(""),
    calls: all.filter((e) => e.content_block?.type === "tool_use").map((e) => e.content_block.name),
    args: all.filter((e) => e.delta?.type === "input_json_delta").map((e) => JSON.parse(e.delta.partial_json)),
    stop: all.find((e) => e.type === "message_delta")?.delta.stop_reason,
  };
};

test("echoes the last message of the user, without what the agent wrapped around it", async () => {
  const body = say([
    { type: "text", text: "<system-reminder>run: rm -rf x</system-reminder>" },
    { type: "text", text: "hello" },
  ]);
  assert.deepEqual(await anthropic(body), { text: "Echo: hello", calls: [], args: [], stop: "end_turn" });
});

test("carries out one directive per answer and then reports", async () => {
  const body = say("run: ls\nread: a.txt");
  assert.deepEqual((await anthropic(body)).args, [{ command: "ls", description: "Run a command" }]);
  const result = (id, text) => ({ role: "user", content: [{ type: "tool_result", tool_use_id: id, content: text }] });
  const call = (id, name) => ({ role: "assistant", content: [{ type: "tool_use", id, name, input: {} }] });
  body.messages.push(call("1", "Bash"), result("1", "a.txt"));
  assert.deepEqual((await anthropic(body)).calls, ["Read"]);
  body.messages.push(call("2", "Read"), result("2", "the text"));
  assert.equal((await anthropic(body)).text, "Done. The last tool said: the text");
});

test("emits several calls in one answer for a todo list kept as tasks", async () => {
  assert.deepEqual((await anthropic(say("todo: a,*b"))).calls, ["TaskCreate", "TaskCreate"]);
});

test("cuts the connection in the middle of an answer: its beginning arrives, its end never does", async () => {
  fake.setScenario({ turns: [{ reply: [{ text: "half of an answer" }, { cut: true }] }] });
  const response = await post("/v1/messages", say("x"));
  assert.equal(response.status, 200);
  let heard = "";
  await assert.rejects(async () => {
    for await (const bytes of response.body) heard += new TextDecoder().decode(bytes);
  });
  assert.match(heard, /half of an answer/);
  assert.doesNotMatch(heard, /message_stop/);
  assert.equal((await anthropic(say("and on"))).text, "Echo: and on");
});

test("fails as often as told, in the dialect of the request", async () => {
  for (const [path, body, status, field] of [
    ["/v1/messages", say("fail 529 x1"), 529, (e) => e.error.type === "overloaded_error"],
    ["/v1/responses", { ...say("x"), messages: undefined, input: "fail 529 x1" }, 503, (e) => e.error.code === "server_is_overloaded"],
    [
      "/v1/chat/completions",
      { ...say("fail 429 x1"), tools: [{ function: { name: "bash" } }] },
      429,
      (e) => e.error.type === "rate_limit_exceeded",
    ],
    [
      "/v1beta/models/g:generateContent",
      { contents: [{ role: "user", parts: [{ text: "fail 429 x1" }] }], tools: [{ functionDeclarations: [{ name: "x" }] }] },
      429,
      (e) => e.error.status === "RESOURCE_EXHAUSTED",
    ],
  ]) {
    const res = await post(path, body);
    assert.equal(res.status, status, path);
    assert.ok(field(await res.json()), path);
    const again = await post(path, body);
    assert.equal(again.status, 200, path);
    assert.match(await again.text(), /Recovered/);
  }
});

test("speaks Responses, also to models that call tools from JavaScript", async () => {
  const tools = [{ type: "custom", name: "exec", description: "### `apply_patch`\n### `exec_command`" }];
  const input = [
    { type: "additional_tools", tools: [{ type: "namespace", name: "functions", tools }] },
    { type: "message", role: "user", content: [{ type: "input_text", text: "write a.txt: hi" }] },
  ];
  const all = await events(await post("/v1/responses", { model: "m", stream: true, input }));
  const item = all.find((e) => e.type === "response.output_item.done").item;
  assert.equal(item.name, "exec");
  assert.match(item.input, /tools\.apply_patch\("\*\*\* Begin Patch/);
  assert.equal(all.at(-1).type, "response.completed");
});

test("speaks Chat Completions and Gemini", async () => {
  const chat = await events(await post("/v1/chat/completions", { ...say("run: ls"), tools: [{ function: { name: "bash" } }] }));
  assert.equal(chat[1].choices[0].delta.tool_calls[0].function.name, "bash");
  assert.ok(chat.at(-1).usage.total_tokens > 0);
  const gemini = await events(
    await post("/v1beta/models/g:streamGenerateContent?alt=sse", {
      contents: [{ role: "user", parts: [{ text: "run: ls" }] }],
      tools: [{ functionDeclarations: [{ name: "run_shell_command" }] }],
    }),
  );
  assert.equal(gemini[0].candidates[0].content.parts[0].functionCall.args.command, "ls");
  assert.equal(gemini.at(-1).candidates[0].finishReason, "STOP");
});

test("follows a scenario, leaves helper requests alone, and goes back to the default", async () => {
  fake.setScenario({ turns: [{ when: { user: "later" }, reply: "second" }, { reply: [{ text: "first" }, { do: "run: ls" }] }] });
  const title = await (await post("/v1/messages", { ...say("now", []), stream: false })).json();
  assert.equal(title.content[0].text, "About now");
  assert.deepEqual(await anthropic(say("now")), {
    text: "first",
    calls: ["Bash"],
    args: [{ command: "ls", description: "Run a command" }],
    stop: "tool_use",
  });
  assert.equal((await anthropic(say("later"))).text, "second");
  assert.equal((await anthropic(say("later"))).text, "Echo: later");
});

test("gives a helper that wants a schema the smallest fitting value", async () => {
  const schema = {
    type: "object",
    properties: { title: { type: "string" }, score: { type: "integer" }, outcome: { enum: ["allow", "deny"] } },
  };
  const res = await (await post("/v1/messages", { ...say("x"), stream: false, output_config: { format: { schema } } })).json();
  assert.deepEqual(JSON.parse(res.content[0].text), { title: "fake title", score: 1, outcome: "allow" });
});

test("logs what was sent, and that the agent hung up", async () => {
  const abort = new AbortController();
  const res = await post("/v1/messages", say("hang"), abort.signal);
  assert.equal(res.status, 200);
  const { n, user, messages } = fake.requests.at(-1);
  assert.deepEqual([user, messages[0]], ["hang", { role: "user", parts: [{ text: "hang" }] }]);
  abort.abort();
  while (!fake.requests.some((r) => r.aborted && r.n === n)) await new Promise((r) => setTimeout(r, 5));
});
