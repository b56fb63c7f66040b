import { expect, mock, test } from "bun:test";
import type { DriverEvent } from "@hapi/agents";
import type { AgentStateCompletedRequest } from "@hapi/protocol";
import { createAskedPerson } from "./asked-person.ts";
import { createOwnTools } from "./own-tools.ts";

const log = { debug: () => undefined, info: () => undefined, warn: () => undefined };
const never = new AbortController().signal;

function tools(titled: (title: string) => void = () => undefined) {
  const { call } = createOwnTools({ titled, asked: { ask: async () => null, openCount: 0 }, shown: async () => undefined, log });
  return (name: string, given: unknown) => call({ name, arguments: given }, "1", never);
}

test("a title is one clean line; what is none is refused with what to do", async () => {
  const titles: string[] = [];
  const call = tools((title) => titles.push(title));
  expect(await call("change_title", { title: "  Fix\nthe \u202elogin\u001b]0;x\u0007 " })).toEqual({
    text: "The title is now: Fix the login",
  });
  expect(titles).toEqual(["Fix the login"]);
  for (const title of ["", " \u202e\n", "x".repeat(201), 7, undefined, { toString: "x" }])
    expect(await call("change_title", { title })).toMatchObject({ isError: true });
  expect(await call("change_title", "x")).toEqual({ text: "change_title needs `title`, a text.", isError: true });
  expect(titles).toHaveLength(1);
});

test("a tool that this version does not have, or that every object has, is said; a failure is a sentence", async () => {
  expect(await tools()("launch\u202e", {})).toEqual({ text: "This version of HAPI has no tool launch.", isError: true });
  expect(await tools()("constructor", {})).toMatchObject({ isError: true });
  const broken = tools(() => {
    throw new Error("disk");
  });
  expect(await broken("change_title", { title: "x" })).toMatchObject({ isError: true, text: expect.any(String) });
});

function person(before: Record<string, object> = {}) {
  const said: DriverEvent[] = [];
  const interrupt = mock();
  const asked = createAskedPerson({ say: (event) => said.push(event), ended: (id) => before[id] as AgentStateCompletedRequest, interrupt });
  const { call } = createOwnTools({ titled: () => undefined, asked, shown: async () => undefined, log });
  const ask = (given: unknown, id = "1", signal = never) => call({ name: "ask_person", arguments: given }, id, signal);
  return { said, asked, interrupt, ask };
}

test("a question is a request of the session; the answer, or that there is none, goes back in words", async () => {
  const { said, asked, ask, interrupt } = person();
  const first = ask({ question: "Deploy \u202enow?", options: ["Yes", "No"] });
  const input = {
    questions: [
      {
        id: "answer",
        question: "Deploy now?",
        multiSelect: false,
        options: [
          { label: "Yes", description: "" },
          { label: "No", description: "" },
        ],
      },
    ],
  };
  expect(said).toEqual([
    { type: "request", request: { id: "hapi-ask-1", kind: "question", tool: "ask_person", title: "Deploy now?", input } },
  ]);
  expect(asked.answer("hapi-ask-1", { behavior: "allow", answers: { "Deploy now?": ["Yes"] } })).toBe("applied");
  expect(await first).toEqual({ text: "The person answered: Yes" });
  expect(said.at(-1)).toEqual({ type: "request-closed", id: "hapi-ask-1", outcome: "approved", by: "remote" });
  expect(asked.answer("hapi-ask-1", { behavior: "allow" })).toBe("gone");
  expect(asked.answer("toolu_1", { behavior: "allow" })).toBeNull();

  const second = ask({ question: "Why?" }, "2");
  expect(asked.answer("hapi-ask-2", { behavior: "deny", reason: "later", interrupt: true })).toBe("applied");
  expect([await second, interrupt.mock.calls.length]).toEqual([{ text: "The person declined to answer: later" }, 1]);
});

test("withdrawn with its caller, and with the turn; one that was answered while its caller was away is not asked again", async () => {
  const { said, asked, ask } = person({
    "hapi-ask-5": { status: "approved", answers: { answer: ["blue"] } },
    "hapi-ask-6": { status: "canceled" },
  });
  const gone = new AbortController();
  const first = ask({ question: "a" }, "1", gone.signal);
  gone.abort();
  expect(await first).toMatchObject({ isError: true });
  const second = ask({ question: "b" }, "2");
  asked.withdraw();
  expect(await second).toMatchObject({ isError: true });
  expect(said.filter(({ type }) => type === "request-closed")).toMatchObject([{ outcome: "canceled" }, { outcome: "canceled" }]);
  expect(await ask({ question: "c" }, "5")).toEqual({ text: "The person answered: blue" });
  expect(said.filter(({ type }) => type === "request")).toHaveLength(2);
  // Taken for withdrawn while nobody came: its caller is back and waits.
  void ask({ question: "d" }, "6");
  expect(said.at(-1)).toMatchObject({ type: "request", request: { id: "hapi-ask-6" } });
});

test("no question, too much of one, options that are none, and one too many are refused before anybody is asked", async () => {
  const { said, ask } = person();
  const options = Array.from({ length: 11 }, (_, at) => String(at));
  for (const given of [
    {},
    { question: "" },
    { question: "\u202e" },
    { question: "x".repeat(2_001) },
    { question: "a", options },
    { question: "a", options: ["b", "b\u202e"] },
    { question: "a", options: [{ label: "b" }] },
    { question: "a", options: "b" },
  ])
    expect(await ask(given)).toMatchObject({ isError: true });
  expect(said).toEqual([]);
  for (const id of ["1", "2", "3", "4"]) void ask({ question: "a" }, id);
  expect(await ask({ question: "a" }, "5")).toMatchObject({ isError: true, text: expect.stringContaining("4 questions are open") });
});
