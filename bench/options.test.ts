import { expect, test } from "bun:test";
import { helpText, isComplete, type Options, parseOptions } from "./options.ts";
import { shareOf } from "./run.ts";

const names = ["coldstart", "ingest", "crash"];
const parse = (...args: string[]) => parseOptions(args, names, () => 5);
const optionsOf = (...args: string[]): Options => {
  const parsed = parse(...args);
  if (!("options" in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
};

test("without arguments: everything, three rounds, a new seed, and nothing but the usual document", () => {
  const options = optionsOf();
  expect(options).toMatchObject({ phases: names, rounds: 3, crashRuns: 3, seed: 5, quick: false, oursOnly: false });
  expect([options.out, options.doc, options.ours]).toEqual([null, null, null]);
});

test("phases and numbers are taken as given", () => {
  expect(optionsOf("--phases", "crash,ingest", "--rounds", "5", "--crash-runs", "100", "--seed", "42", "--quick")).toMatchObject({
    phases: ["crash", "ingest"],
    rounds: 5,
    crashRuns: 100,
    seed: 42,
    quick: true,
  });
});

test.each([
  [["--phases", "fast"], "fast"],
  [["--phases", ","], "nothing"],
  [["--rounds", "0"], "--rounds"],
  [["--rounds", "three"], "three"],
  [["--crash-runs", "-1"], "--crash-runs"],
  [["--seed", "1.5"], "--seed"],
  [["--fast"], "--fast"],
  [["ingest"], "ingest"],
])("%j is refused with what is wrong", (args, word) => {
  const parsed = parse(...args);
  expect("wrong" in parsed && parsed.wrong).toContain(word);
});

test("help names every phase and every option", () => {
  expect(parse("--help")).toEqual({ help: true });
  const text = helpText([{ name: "coldstart", summary: "how it starts" }]);
  for (const word of ["coldstart  how it starts", "--phases", "--rounds", "--quick", "--ours-only", "--crash-runs", "--out", "--doc"])
    expect(text).toContain(word);
});

test("only a whole run with the peer may stand in the docs", () => {
  expect(isComplete(optionsOf(), names, true)).toBe(true);
  expect(isComplete(optionsOf(), names, false)).toBe(false);
  expect(isComplete(optionsOf("--quick"), names, true)).toBe(false);
  expect(isComplete(optionsOf("--rounds", "2"), names, true)).toBe(false);
  expect(isComplete(optionsOf("--phases", "ingest"), names, true)).toBe(false);
});

test("runs are spread over the rounds, none too many and none too few", () => {
  expect([0, 1, 2].map((round) => shareOf(100, 3, round))).toEqual([34, 33, 33]);
  expect([0, 1, 2].map((round) => shareOf(1, 3, round))).toEqual([1, 0, 0]);
});
