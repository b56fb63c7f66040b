/** The demo agent's commands: all pretended, nothing is ever executed. A few read the scratch folder so that they look alive. */
import type { Scratch } from "./scratch.ts";
import { ScratchError } from "./scratch.ts";

export interface CommandResult {
  stdout: string;
  stderr: string;
  exitCode: number;
}

const ok = (stdout: string): CommandResult => ({ stdout, stderr: "", exitCode: 0 });
const failed = (stderr: string, exitCode = 1): CommandResult => ({ stdout: "", stderr, exitCode });

export function pretend(command: string, scratch: Scratch): CommandResult {
  const [program = "", ...words] = command.trim().split(/\s+/);
  const rest = words.join(" ");
  if (program === "ls") return ok(scratch.list().join("\n") + "\n");
  if (program === "pwd") return ok(`${scratch.root}\n`);
  if (program === "echo") return ok(`${rest.replace(/^(["'])(.*)\1$/, "$2")}\n`);
  if (program === "true") return ok("");
  if (program === "false") return failed("");
  if (program === "cat") return cat(rest, scratch);
  if (/^(npm|bun|pnpm|yarn)$/.test(program) && /\btest\b/.test(rest)) return test(scratch);
  if (program === "git") return ok("On branch main\nnothing to commit, working tree clean\n");
  return ok(`(the demo agent only pretends to run: ${command})\n`);
}

function cat(name: string, scratch: Scratch): CommandResult {
  try {
    const text = scratch.read(name);
    return text === null ? failed(`cat: ${name}: No such file or directory\n`) : ok(text);
  } catch (cause) {
    if (cause instanceof ScratchError) return failed(`cat: ${cause.message}\n`);
    throw cause;
  }
}

function test(scratch: Scratch): CommandResult {
  const fixed = scratch.read("greeting.ts")?.includes("Hello") ?? false;
  if (fixed) return ok("greeting.test.ts:\n✓ greets by name\n✓ says Hello\n\n 2 pass\n 0 fail\n");
  return {
    stdout: 'greeting.test.ts:\n✓ greets by name\n✗ says Hello\n    expected "Hello, Ada!", got "Helo, Ada!"\n\n 1 pass\n 1 fail\n',
    stderr: "",
    exitCode: 1,
  };
}
