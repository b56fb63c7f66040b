import { expect, test } from "bun:test";
import type { TimelineQuestion } from "@hapi/core";
import { givenAnswers } from "./given-answers.ts";

const question = (id: string, words: string, more: Partial<TimelineQuestion> = {}): TimelineQuestion => ({
  id,
  header: null,
  question: words,
  multiSelect: false,
  options: [
    { label: "red", description: null },
    { label: "a=b", description: null },
  ],
  ...more,
});
const two = [question("0", "Which colour?"), question("1", "Which size?", { header: "Size", multiSelect: true, options: [] })];

test("a question goes by its place, its heading or its words; the only one needs no name", () => {
  expect(givenAnswers(two, ["1=red", "2=small", "Size=large"])).toEqual({ "0": ["red"], "1": ["small", "large"] });
  expect(givenAnswers(two, ["Which colour?=a=b", "Which size?=x"])).toEqual({ "0": ["a=b"], "1": ["x"] });
  expect(givenAnswers([two[0]!], ["a=b"])).toEqual({ "0": ["a=b"] });
  expect(givenAnswers([question("answer", "Why = how?")], ["Why = how?=red"])).toEqual({ answer: ["red"] });
});

test("nothing is guessed: what names no question, what is not on offer, too many, too few, and an empty word", () => {
  const refuses = (questions: TimelineQuestion[], ...words: string[]) =>
    expect(() => givenAnswers(questions, words)).toThrow(expect.objectContaining({ code: "invalid_query" }));
  refuses(two, "red");
  refuses(two, "3=red", "2=x");
  refuses([question("c", "Which?", { isClosed: true })], "blue");
  refuses([question("c", "Which?")], "red", "blue");
  refuses(two, "1=red");
  refuses(two, "1=", "2=x");
  refuses([question("a", "Same?"), question("b", "Same?")], "Same?=red");
});

test("other words are an answer where they may be, and what may be left out is left out", () => {
  expect(givenAnswers([question("c", "Which?")], ["blue"])).toEqual({ c: ["blue"] });
  expect(givenAnswers([question("c", "Which?", { isOptional: true, isClosed: true })], [])).toEqual({});
});
