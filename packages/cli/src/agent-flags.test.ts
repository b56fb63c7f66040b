import { expect, test } from "bun:test";
import fc from "fast-check";
import { parseAgentFlags, withoutOwnFlags } from "./agent-flags.ts";

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

test("a switch of ours with a value is an error, not a word that nobody reads: who asked for a sandbox would get none", () => {
  expect(() => parseAgentFlags(["--sandbox=on"])).toThrow("--sandbox takes no value");
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

test("the agent's own program gets the line without what only HAPI understands", () => {
  const line = ["--new", "-p", "hi", "--yolo", "--hapi-starting-mode", "remote", "--started-by=runner", "--model", "opus", "--", "--new"];
  expect(withoutOwnFlags(line, ["--dangerous"])).toEqual(["-p", "hi", "--dangerous", "--model", "opus", "--", "--new"]);
});

test("a session without a terminal is only made when it is asked for by a flag of HAPI", () => {
  expect(parseAgentFlags(["--hapi-starting-mode", "remote"]).isBackground).toBe(true);
  expect(parseAgentFlags(["--existing-session-id", "x"]).isBackground).toBe(true);
  expect(parseAgentFlags(["--new", "--model", "opus"])).toMatchObject({ isBackground: false, own: ["--new"] });
});
