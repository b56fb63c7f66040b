/** What the built-in agent consists of: `hapi demo acp` (the protocol on stdio) and `hapi demo tui` (its own front end in a terminal). */
import { parseArgs } from "node:util";
import { demoDir, serveDemoOnStdio } from "./agent.ts";

/** Null: not one of its programs. @returns the exit code */
export function demoProgram(words: readonly string[]): (() => Promise<number>) | null {
  if (words[0] === "acp") return serveAcp;
  if (words[0] === "tui") return () => runTui(words.slice(1));
  return null;
}

async function serveAcp(): Promise<number> {
  await serveDemoOnStdio(process.env);
  return 0;
}

async function runTui(words: string[]): Promise<number> {
  const { values } = parseArgs({
    args: words,
    options: { thread: { type: "string" }, mode: { type: "string" }, model: { type: "string" }, answers: { type: "string" } },
    strict: false,
  });
  const given = (value: unknown) => (typeof value === "string" ? value : undefined);
  const { runDemoTui } = await import("./tui.ts");
  return runDemoTui({
    dir: demoDir(process.env),
    thread: given(values["thread"]),
    mode: given(values["mode"]),
    model: given(values["model"]),
    answers: given(values["answers"]),
  });
}
