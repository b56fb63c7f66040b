/** `hapi demo acp`: the built-in agent on stdio, for our driver and for any other ACP client. `hapi demo tui`: its own front end in a terminal. */
import { demoProgram } from "@hapi/agents/demo";

export async function runDemoProgram(words: string[]): Promise<number> {
  const program = demoProgram(words.length === 0 ? ["acp"] : words);
  return program ? program() : 2;
}
