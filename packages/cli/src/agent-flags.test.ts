import { expect, test } from "bun:test";
import fc from "fast-check";
import { asksForOtherThread, parseAgentFlags } from "./agent-flags.ts";

test("HAPI's flags are taken, the agent's stay verbatim and in order", () => {
  const flags = parseAgentFlags(["--new", "-p", "hi", "--model=opus", "--verbose", "--permission-mode", "plan", "--add-dir", "/x"]);
  expect(flags.isNew).toBe(true);
  expect(flags.model).toBe("opus");
  expect(flags.permissionMode).toBe("plan");
  expect(flags.rest).toEqual(["-p", "hi", "--verbose", "--add-dir", "/x"]);
});

test("after -- nothing is ours", () => {
  expect(parseAgentFlags(["--yolo", "--", "--new", "--yolo"]).rest).toEqual(["--", "--new", "--yolo"]);
});

test("a flag without its value is a specific error", () => {
  expect(() => parseAgentFlags(["--model"])).toThrow("--model needs a value");
  expect(() => parseAgentFlags(["--hapi-starting-mode", "sideways"])).toThrow("must be local or remote");
});

test("words we do not know all arrive", () => {
  const foreign = fc.string({ minLength: 1 }).filter((word) => !word.startsWith("-"));
  fc.assert(
    fc.property(fc.array(foreign), (words) => {
      expect(parseAgentFlags(words).rest).toEqual(words);
    }),
    { examples: [[["toString", "constructor", "__proto__"]]] },
  );
});

test("asking the agent for another conversation is noticed", () => {
  expect(asksForOtherThread(["--resume", "x"])).toBe(true);
  expect(asksForOtherThread(["--resume=x"])).toBe(true);
  expect(asksForOtherThread(["--verbose"])).toBe(false);
});
