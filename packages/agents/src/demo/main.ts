/** `bun main.ts acp|tui`: the demo agent without the rest of the CLI. For tests. */
import { demoProgram } from "./program.ts";

const program = demoProgram(process.argv.slice(2));
process.exit(program ? await program() : 2);
