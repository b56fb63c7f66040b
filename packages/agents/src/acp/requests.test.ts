import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { RequestAnswer } from "../driver.ts";
import { failureOf } from "./failure.ts";
import { replyTo, requestIdOf } from "./requests.ts";
import { newState, type ChoiceOption, type OpenRequest, type Translation } from "./state.ts";
import { factsOf } from "./facts.ts";

const quiet = () => undefined;
const translation = (): Translation => ({
  state: newState("launch", "thread", factsOf({}, {}), { offset: 0, nextInput: 1 }),
  profile: { flavor: "x", displayName: "X", command: () => ["x"] },
  log: { debug: quiet, info: quiet, warn: quiet },
  now: () => 0,
  emit: quiet,
});

const request = (options: ChoiceOption[]): OpenRequest => ({
  request: { id: "r", kind: "permission", tool: "execute", input: { command: "ls" } },
  rpcId: 0,
  ask: { type: "choice", options },
});

const kinds = ["allow_once", "allow_always", "reject_once", "reject_always", "something_new", ""];
const options = fc.uniqueArray(
  fc.record({ id: fc.string({ minLength: 1, maxLength: 4 }), name: fc.string(), kind: fc.constantFrom(...kinds) }),
  { selector: (one) => one.id, maxLength: 6 },
);
const deny: fc.Arbitrary<RequestAnswer> = fc.record({
  behavior: fc.constant("deny" as const),
  reason: fc.option(fc.string(), { nil: undefined }),
});
const allow: fc.Arbitrary<RequestAnswer> = fc.record({
  behavior: fc.constant("allow" as const),
  forSession: fc.option(fc.boolean(), { nil: undefined }),
  updatedInput: fc.constantFrom(undefined, { command: "ls" }, { command: "rm" }),
});

const chosen = (result: unknown, from: readonly ChoiceOption[]) => {
  const { outcome } = result as { outcome: { outcome: string; optionId?: string } };
  return outcome.outcome === "selected" ? from.find((option) => option.id === outcome.optionId) : null;
};

test("an error is typed by the status in front of its details, where an agent gives no other", () => {
  const error = { code: -32603, message: "Internal error", data: { details: "400 The model does not exist" } };
  expect(failureOf(error)).toMatchObject({
    code: "invalid_request",
    retryable: false,
    httpStatus: 400,
    message: "400 The model does not exist",
  });
  expect(failureOf({ ...error, data: { details: "4000 files were read" } })).toMatchObject({ code: "unknown" });
});

describe("answers", () => {
  test("a denial never picks an option that allows", () => {
    fc.assert(
      fc.property(options, deny, (offered, answer) => {
        const reply = replyTo(translation(), request(offered), answer);
        const option = chosen(reply.result, offered);
        expect(reply.outcome).toBe("denied");
        expect(option === null || option?.kind === "reject_once").toBe(true);
      }),
    );
  });

  test("an approval allows what was said and not more", () => {
    fc.assert(
      fc.property(options, allow, (offered, answer) => {
        const reply = replyTo(translation(), request(offered), answer);
        const option = chosen(reply.result, offered);
        if (answer.behavior !== "allow") return;
        const edited = JSON.stringify(answer.updatedInput ?? { command: "ls" }) !== JSON.stringify({ command: "ls" });
        if (edited) expect(reply.outcome).toBe("denied");
        if (reply.outcome === "approved") expect(["allow_once", "allow_always"]).toContain(option?.kind ?? "none");
        else expect(option === null || option?.kind === "reject_once").toBe(true);
        if (option?.kind === "allow_always") expect(answer.forSession).toBe(true);
      }),
    );
  });

  test("answers of a form are found by name, words or place, and get the type that was asked for", () => {
    const fields = [
      { name: "colour", question: "Which colour?", type: "string", options: [{ label: "Sky", value: "blue" }] },
      { name: "many", question: "Which ones?", type: "array", options: [] },
      { name: "count", question: "How many?", type: "integer", options: [] },
      {
        name: "sure",
        question: "Sure?",
        type: "boolean",
        options: [
          { label: "Yes", value: "true" },
          { label: "No", value: "false" },
        ],
      },
    ];
    const open: OpenRequest = { request: { id: "r", kind: "question", tool: "q", input: {} }, rpcId: 0, ask: { type: "form", fields } };
    const answers = { "Which colour?": ["Sky"], "1": ["a", "b"], count: ["3"], "3": ["No"] };
    expect(replyTo(translation(), open, { behavior: "allow", answers })).toEqual({
      result: { action: "accept", content: { colour: "blue", many: ["a", "b"], count: 3, sure: false } },
      outcome: "approved",
    });
    const nested = { colour: { answers: ["Sky"] } };
    expect(replyTo(translation(), open, { behavior: "allow", answers: nested }).result).toEqual({
      action: "accept",
      content: { colour: "blue" },
    });
    expect(replyTo(translation(), open, { behavior: "deny" }).result).toEqual({ action: "decline" });
  });

  test("request ids of numbers and words can't meet", () => {
    expect(requestIdOf("l", 1)).not.toBe(requestIdOf("l", "1"));
  });
});

describe("failures", () => {
  test.each([
    [{ code: -32603, message: "x", data: { httpStatus: 529 } }, "overloaded", true],
    [{ code: 429, message: "slow down" }, "rate_limit", true],
    [{ code: 400, message: "bad" }, "invalid_request", false],
    [{ code: -32000, message: "Authentication required" }, "auth", false],
    [{ code: -32602, message: "Invalid params" }, "invalid_request", false],
    [{ code: -32603, message: "Selected model is at capacity" }, "overloaded", true],
    [{ code: -32603, message: "fetch failed" }, "network", true],
    [{ code: -32603, message: "who knows" }, "unknown", true],
  ])("%j is %s", (error, code, retryable) => {
    expect(failureOf(error)).toMatchObject({ code, retryable });
  });

  test("the useful sentence of `data` is the message", () => {
    expect(failureOf({ code: -32603, message: "Internal error", data: { details: "The disk is full" } }).message).toBe("The disk is full");
  });
});
