/** Ids, errors, answers, the command line and the event stream, each by itself. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { opencodeLine } from "./argv.ts";
import { readEvents } from "./events.ts";
import { failureOf } from "./failure.ts";
import { createIds } from "./ids.ts";
import { closingOf } from "./requests.ts";
import type { OpenRequest } from "./state.ts";

test("ids are in OpenCode's form and only grow, also within a millisecond and when the clock goes back", () => {
  let now = 1_796_051_838_618;
  const ids = createIds(() => now);
  const made = [ids.message(), ids.message()];
  now -= 5_000;
  made.push(ids.message());
  now += 10_000;
  made.push(ids.message());
  for (const id of made) expect(id).toMatch(/^msg_[0-9a-f]{12}[0-9A-Za-z]{14}$/);
  expect(made.toSorted()).toEqual(made);
  // Of a recorded message that says when it was made: they sort together.
  const { message } = createIds(() => 1_795_188_686_820);
  expect(message().slice(0, 13)).toBe("msg_1f9957fe4001UP5E1FIAVf5O21".slice(0, 13));
  expect(ids.part()).toMatch(/^prt_/);
});

const api = (message: string, statusCode?: number, responseHeaders?: Record<string, string>) => ({
  name: "APIError",
  data: {
    message,
    isRetryable: false,
    ...(statusCode === undefined ? {} : { statusCode }),
    ...(responseHeaders ? { responseHeaders } : {}),
  },
});

test.each([
  [api("Selected model is at capacity. Please try a different model.", 400), { code: "overloaded", retryable: true, httpStatus: 400 }],
  [api("slow down", 429, { "retry-after": "7" }), { code: "rate_limit", retryable: true, retryAfterMs: 7000 }],
  [
    api("5 hour usage limit reached. It will reset in 2 hours.", 429, { "retry-after": "7200" }),
    { code: "usage_limit", retryable: true, retryAfterMs: 7_200_000, resetsAt: 7_201_000 },
  ],
  [api("You exceeded your current quota", 429), { code: "usage_limit", retryable: true, httpStatus: 429 }],
  [api("no", 401), { code: "auth", retryable: false }],
  [api("bad", 400), { code: "invalid_request", retryable: false }],
  [api("oops", 500), { code: "server_error", retryable: true }],
  [api("The socket connection was closed unexpectedly"), { code: "network", retryable: true }],
  [
    { name: "ProviderAuthError", data: { providerID: "x", message: "log in" } },
    { code: "auth", message: "log in" },
  ],
  [
    { name: "ContextOverflowError", data: { message: "too long" } },
    { code: "invalid_request", message: "too long" },
  ],
  [undefined, { code: "unknown", message: "The agent did not say what went wrong", retryable: true }],
])("failure %#", (error, expected) => {
  expect(failureOf(error, 1_000)).toMatchObject(expected);
});

const permission: OpenRequest = {
  sessionId: "ses_1",
  request: { id: "per_1", kind: "permission", tool: "bash", input: { command: "ls" } },
};
const question: OpenRequest = {
  sessionId: "ses_1",
  request: {
    id: "que_1",
    kind: "question",
    tool: "AskUserQuestion",
    input: {
      questions: [
        { question: "Which?", header: "Q" },
        { question: "How?", header: "H" },
      ],
    },
  },
};

test("nothing but an allow is answered with an allow", () => {
  fc.assert(
    fc.property(fc.option(fc.string(), { nil: undefined }), fc.boolean(), (reason, interrupt) => {
      const deny = { behavior: "deny" as const, interrupt, ...(reason === undefined ? {} : { reason }) };
      const { outcome, body } = closingOf(permission, deny);
      expect(outcome).toBe("denied");
      expect(body).toMatchObject({ reply: "reject" });
    }),
  );
  expect(closingOf(permission, { behavior: "allow", updatedInput: { command: "rm" } })).toMatchObject({ body: { reply: "reject" } });
  expect(closingOf(permission, { behavior: "allow", updatedInput: { command: "ls" } }).body).toEqual({ reply: "once" });
  expect(closingOf(permission, { behavior: "allow", forSession: true }).body).toEqual({ reply: "always" });
});

test("a denial has words, or OpenCode's turn would end with it; one that shall end it has none", () => {
  expect(closingOf(permission, { behavior: "deny" }).body).toMatchObject({ message: expect.stringContaining("did not allow") });
  expect(closingOf(permission, { behavior: "deny", reason: "not today" }).body).toEqual({ reply: "reject", message: "not today" });
  expect(closingOf(permission, { behavior: "deny", interrupt: true }).body).toEqual({ reply: "reject" });
});

test("answers are found by the question's words, its header or its place", () => {
  const answer = (answers: Record<string, string[]>) => closingOf(question, { behavior: "allow", answers }).body;
  expect(answer({ "Which?": ["A"], H: ["B", "C"] })).toEqual({ answers: [["A"], ["B", "C"]] });
  expect(answer({ "0": ["A"], "1": ["B"] })).toEqual({ answers: [["A"], ["B"]] });
  expect(closingOf(question, { behavior: "deny" }).path).toBe("/question/que_1/reject");
});

test("a line is a conversation, or OpenCode's own business", () => {
  expect(opencodeLine.ownBusiness([])).toBeNull();
  expect(opencodeLine.ownBusiness(["--model", "a/b", "--auto"])).toBeNull();
  expect(opencodeLine.ownBusiness(["run", "hello"])).toBe("run");
  expect(opencodeLine.ownBusiness(["--version"])).toBe("--version");
  expect(opencodeLine.ownBusiness(["--never-heard-of"])).toBe("--never-heard-of");
  expect(opencodeLine.ownBusiness(["--agent", "plan"])).toBeNull();
  expect(opencodeLine.ownBusiness(["--agent", "of-my-own"])).toBe("--agent");
  const where = { env: {}, cwd: "/" };
  expect(opencodeLine.threadAsked(["-s", "ses_1", "--fork"], where)).toEqual({ threadId: "ses_1", fork: true });
  expect(opencodeLine.threadAsked(["--session=ses_2"], where)).toEqual({ threadId: "ses_2", fork: false });
  expect(opencodeLine.threadAsked(["--model", "a/b"], where)).toBeNull();
});

test("any cutting of the stream gives the same events; what is no JSON is one of them", async () => {
  const text =
    'data: {"type":"a","properties":{"x":"ü🚀"}}\n\n: a comment\n\nevent: m\ndata: {"type":\ndata: "b"}\r\n\r\ndata: nonsense\n\n';
  const bytes = new TextEncoder().encode(text);
  const wanted = [{ type: "a", properties: { x: "ü🚀" } }, { type: "b" }, { type: "unreadable", properties: { data: "nonsense" } }];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async (cuts) => {
      const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
      const pieces = edges.slice(1).map((end, index) => bytes.subarray(edges[index], end));
      const found: unknown[] = [];
      for await (const event of readEvents(new Blob(pieces).stream())) found.push(event);
      expect(found).toEqual(wanted);
      const stream = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(piece);
          controller.close();
        },
      });
      const again: unknown[] = [];
      for await (const event of readEvents(stream)) again.push(event);
      expect(again).toEqual(wanted);
    }),
    { numRuns: 30 },
  );
});
